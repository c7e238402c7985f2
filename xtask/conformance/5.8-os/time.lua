-- Manual 5.8, as far as it is pure: os.clock, os.time, os.date, os.difftime.
--- case: clock and time are numbers
return type(os.clock()), os.clock() >= 0, type(os.time()), os.time() > 1.5e9, os.time() == math.floor(os.time())
--- case: difftime
return os.difftime(10, 4), os.difftime(4, 10), os.difftime(5)
--- case: date in UTC
return os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!%x %X", 86400), os.date("!%d/%m/%y", 1e9)
--- case: date tables
local t = os.date("!*t", 1e9)
return t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst
--- case: names in dates
return os.date("!%A %a %B %b %p %j %w", 1e9), os.date("!%%", 0), os.date("!", 0)
--- case: leap days
return os.date("!%Y-%m-%d %j", 951782400), os.date("!%Y-%m-%d", 68169600), os.date("!%Y-%m-%d %j", 1735603200)
--- case: before the epoch
return os.date("!%Y-%m-%d %H:%M:%S", -1), os.date("!%Y-%m-%d", -86400 * 365)
--- case: time and date invert each other
local now = 1234567890
return os.time(os.date("*t", now)) == now
--- case: time normalises fields
local a = os.time { year = 2001, month = 1, day = 1, hour = 12 }
local b = os.time { year = 2000, month = 13, day = 1, hour = 12 }
local c = os.time { year = 2001, month = 1, day = 1 }
local d = os.time { year = 2001, month = 1, day = 0, hour = 36 }
return a == b, a == c, a == d
--- case: time field errors
try(os.time, {})
try(os.time, { year = 2000 })
try(os.time, { year = 2000, month = 1 })
try(os.time, { year = 2000, month = "x", day = 1 })
try(os.time, 5)
try(os.date, {})
try(os.difftime)
