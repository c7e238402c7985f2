-- Manual 5.8: os functions. The time zone is that of the machine; dates that are compared are in UTC.
--- case: every conversion of a date
for c in ("aAbBcCdDeFgGhHIjklmMnprRsStTuUVwWxXyYzZ%"):gmatch(".") do
  show(c, os.date("!%" .. c, 1234567890))
end
--- case: every conversion on the first of January
for c in ("CdeFgGIjklmpuUVwWyY"):gmatch(".") do show(c, os.date("!%" .. c, 1104537600), os.date("!%" .. c, 1230768000)) end
--- case: every conversion on the last of December
for c in ("CdeFgGIjmpuUVwWyY"):gmatch(".") do show(c, os.date("!%" .. c, 1230767999), os.date("!%" .. c, 1293839999)) end
--- case: weeks around each new year
for year = 0, 12 do
  local t = 946684800 + year * 31557600
  show(os.date("!%Y-%m-%d %a %U %V %G %g %W %j", t - t % 86400))
end
--- case: twelve hour clocks
for hour = 0, 23, 3 do show(os.date("!%H %I %p %r %l %k", hour * 3600)) end
show(os.date("!%I %p", 12 * 3600), os.date("!%I %p", 0))
--- case: unknown conversions
for c in ("fiJKLNoQqv"):gmatch(".") do show(c, os.date("!%" .. c, 0)) end
--- case: modifiers of conversions
show(os.date("!%Ey %EY %Ec %EC %Ex %EX", 0))
show(os.date("!%Od %Oe %OH %OI %Om %OM %OS %Ou %OU %OV %Ow %OW %Oy", 86400 * 40))
--- case: flags of conversions
show(os.date("!%-d %_d %0e %^a %#Z %-H %_H", 86400))
--- case: widths of conversions
show(os.date("!%5d|%10Y|%3y|%05e", 86400))
--- case: a percent sign at the end
show(os.date("!abc%", 0))
show(os.date("!%", 0))
--- case: no conversion at all
show(os.date("!plain", 0), os.date("!", 0), os.date("", 0))
--- case: zeros in a date format
show(os.date("!a\0b", 0))
show(os.date("!%Y\0%Y", 0))
--- case: long formats
local s = os.date("!" .. ("%A "):rep(100), 0)
show(#s, s:sub(1, 20))
--- case: tables of dates
local t = os.date("!*t", 1234567890)
show(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst)
local n = 0
for k in pairs(t) do n = n + 1 end
show(n)
--- case: a table format with more text
show(type(os.date("*t")), type(os.date("*time")), type(os.date("!*t extra", 0)), type(os.date("*")), os.date("!*x", 0))
--- case: times before 1970 and far away
show(os.date("!%Y-%m-%d %H:%M:%S", -1), os.date("!%c", -86400 * 365), os.date("!%Y-%m-%d", 253402300799), os.date("!%F %T", -2208988800))
--- case: times beyond the ninth millennium
show(os.date("!%Y-%m-%d %H:%M:%S", 253402300800))
show(os.date("!%Y", 1e12))
--- case: times outside the calendar
show(os.date("!%Y", 1e18))
show(os.date("!*t", 1e18))
show(os.date("!%Y", -1e18))
--- case: fractions and text as times
show(os.date("!%S", 1.9), os.date("!%S", "5"), os.date("!%S", -0.5))
try(os.date, "!%S", "x")
try(os.date, "!%S", {})
try(os.date, {})
--- case: nil arguments
show(type(os.date(nil)), type(os.date("!%c", nil)), type(os.date(nil, nil)))
--- case: leap years in dates
show(os.date("!%j %d %b", 951782400), os.date("!%j", 978220800), os.date("!%d %b", 4107542400))
--- case: time of a table and back
for _, t in ipairs { 0, 86399, 951782400, 1234567890, 1709164800 } do
  local d = os.date("*t", t)
  show(os.time(d) == t)
end
--- case: months and days carry over
local function norm(t) t.hour = t.hour or 12 return os.date("%Y-%m-%d %H:%M:%S", os.time(t)) end
show(norm { year = 2000, month = 13, day = 1 }, norm { year = 2000, month = 0, day = 1 }, norm { year = 2000, month = -11, day = 1 }, norm { year = 2000, month = 25, day = 1 })
show(norm { year = 2000, month = 1, day = 0 }, norm { year = 2000, month = 3, day = 0 }, norm { year = 2001, month = 2, day = 29 }, norm { year = 2000, month = 1, day = 400 }, norm { year = 2000, month = 1, day = -30 })
--- case: hours, minutes and seconds carry over
local function norm(t) return os.date("%Y-%m-%d %H:%M:%S", os.time(t)) end
show(norm { year = 2000, month = 1, day = 1, hour = 25 }, norm { year = 2000, month = 1, day = 1, hour = -1 }, norm { year = 2000, month = 1, day = 1, hour = 0, min = 61 }, norm { year = 2000, month = 1, day = 1, hour = 0, min = -1 })
show(norm { year = 2000, month = 1, day = 1, hour = 0, sec = 3661 }, norm { year = 2000, month = 1, day = 1, hour = 0, sec = -1 }, norm { year = 2000, month = 12, day = 31, hour = 23, min = 59, sec = 60 })
--- case: the default hour is noon
local function norm(t) return os.date("%H:%M:%S", os.time(t)) end
show(norm { year = 2000, month = 1, day = 1 }, norm { year = 2000, month = 1, day = 1, min = 5 }, norm { year = 2000, month = 1, day = 1, hour = 3 })
--- case: fields as text and fractions
show(os.time { year = "2000", month = "1", day = "2", hour = "3" } == os.time { year = 2000, month = 1, day = 2, hour = 3 })
show(os.time { year = 2000.9, month = 1.9, day = 2.9, hour = 3.9 } == os.time { year = 2000, month = 1, day = 2, hour = 3 })
--- case: missing fields are named
try(os.time, {})
try(os.time, { year = 2000 })
try(os.time, { year = 2000, month = 1 })
try(os.time, { month = 1, day = 1 })
try(os.time, { year = 2000, day = 1 })
try(os.time, { year = "x", month = 1, day = 1 })
try(os.time, { year = 2000, month = {}, day = 1 })
--- case: fields that are no numbers but have defaults
show(os.time { year = 2000, month = 1, day = 1, hour = "x", min = {}, sec = true } == os.time { year = 2000, month = 1, day = 1 })
--- case: fields come by metamethods
local t = setmetatable({}, { __index = { year = 2000, month = 1, day = 1 } })
show(pcall(os.time, t))
show(os.time { year = 2000, month = 1, day = 1 } ~= nil)
--- case: time argument errors
try(os.time, 1)
try(os.time, "x")
show(os.time(nil) ~= nil, type(os.time()), os.time() > 1e9, os.time() % 1)
--- case: far years
show(os.time { year = 9999, month = 12, day = 31, hour = 0 } ~= nil)
show(os.time { year = 1900, month = 1, day = 1, hour = 0 } ~= nil)
show(os.time { year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 58 })
--- case: the second before the epoch looks like a failure
show(os.time { year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 59 })
show(os.time { year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 58 })
--- case: years beyond four digits
show(os.time { year = 10000, month = 1, day = 1, hour = 0 }, os.time { year = 100000, month = 6, day = 15 }, os.time { year = 2^31 - 1, month = 1, day = 1 })
show(os.time { year = 0, month = 1, day = 1, hour = 0 }, os.time { year = -1, month = 1, day = 1, hour = 0 }, os.time { year = -100000, month = 3, day = 1, hour = 0 })
--- case: fields at the limits of their type
show(os.time { year = 2000, month = 2^31 - 1, day = 1, hour = 0 })
show(os.time { year = 2000, month = 1, day = 2^31 - 1, hour = 0 })
show(os.time { year = 2000, month = 1, day = 1, hour = 2^31 - 1, min = -2^31, sec = 2^31 - 1 })
--- case: dates of years beyond four digits
for _, t in ipairs { 253402300800, 1e13, 1e15, -1e12, -1e14 } do
  show(os.date("!%Y %m %d %H:%M:%S %a %j %U %W %w", t))
end
--- case: the last year that C knows
show(os.date("!%Y-%m-%d", 67768036191676799), os.date("!%Y", 67768036191676800))
--- case: difftime
show(os.difftime(5, 3), os.difftime(3, 5), os.difftime(5), os.difftime(1.9, 0.1), os.difftime("10", "4"))
try(os.difftime)
try(os.difftime, "x")
try(os.difftime, 1, {})
--- case: clock rises
local a = os.clock()
for i = 1, 1000 do end
show(type(a), os.clock() >= a, a >= 0)
--- case: getenv
show(type(os.getenv("PATH")), os.getenv("NO_SUCH_VARIABLE_HERE"), os.getenv(""), os.getenv("A=B"))
try(os.getenv)
try(os.getenv, {})
show(os.getenv(12))
--- case: remove
local name = os.tmpname()
show(os.remove(name))
local ok, e, code = os.remove(name)
show(ok, e:gsub("^.*: ", ""), code)
show(os.remove("/no/such/file"))
show(os.remove(""))
try(os.remove)
try(os.remove, {})
--- case: remove of directories
show(os.remove("/"))
show(os.remove("/tmp/."))
show(os.remove("/proc"))
--- case: rename
local a, b = os.tmpname(), os.tmpname()
local f = io.open(a, "w") f:write("moved") f:close()
show(os.rename(a, b))
local f = io.open(b)
show(f:read("*a"), (io.open(a)))
f:close()
local ok, e, code = os.rename(a, b)
show(ok, (e:gsub("^.*: ", "")), code)
show(e:find(a, 1, true) == 1)
os.remove(b)
--- case: rename of missing files and to bad places
show(os.rename("/no/such/file", "/tmp/x"))
local name = os.tmpname()
local ok, e, code = os.rename(name, "/no/such/dir/x")
show(ok, (e:gsub("^.*: ", "")), code)
os.remove(name)
try(os.rename)
try(os.rename, "x")
try(os.rename, "x", {})
--- case: tmpname makes a file of its own
local a, b = os.tmpname(), os.tmpname()
show(a ~= b, io.type(io.open(a)), io.type(io.open(b)), #io.open(a):read("*a"), a:match("^/tmp/lua_"))
os.remove(a) os.remove(b)
--- case: execute
show(os.execute("true"), os.execute("false"), os.execute("exit 7"), os.execute("kill -9 $$"), os.execute(""), os.execute("exit 300"))
show(os.execute() ~= 0, os.execute(nil) ~= 0)
try(os.execute, {})
--- case: execute shares standard output in order
io.write("before ")
io.stdout:flush()
os.execute("printf 'from the shell '")
print("after")
--- case: setlocale
show(os.setlocale(), os.setlocale("C"), os.setlocale(nil), os.setlocale("POSIX"), os.setlocale(nil, "all"), os.setlocale("no_such_LOCALE"))
for _, category in ipairs { "all", "collate", "ctype", "monetary", "numeric", "time" } do show(os.setlocale("C", category)) end
try(os.setlocale, "C", "x")
try(os.setlocale, {})
try(os.setlocale, "C", {})
--- case: exit wants a number
try(os.exit, "x")
try(os.exit, {})
--- case: what the os library holds
local names = {}
for k, v in pairs(os) do names[#names + 1] = k .. ":" .. type(v) end
table.sort(names)
return table.concat(names, " ")
--- case: fields that overflow C's integers
for _, year in ipairs { 2147483647, 2147483648, -2147483648, 4294967296, 2147485547, 2147485548, -2147481748, -2147481749, 1e15, -1e300 } do
  show(year, (pcall(os.time, { year = year, month = 1, day = 1 })))
  local ok, seconds = pcall(os.time, { year = year, month = 1, day = 1 })
  show(("%.17g"):format(ok and seconds or 0))
  seconds = os.time { year = 2000, month = year, day = 1 }
  show(("%.17g"):format(seconds or 0))
  seconds = os.time { year = 2000, month = 1, day = year, hour = year, min = year, sec = year }
  show(("%.17g"):format(seconds or 0))
end
--- case: dates of the years that overflow C's
for _, seconds in ipairs { 6.7767976291e16, 67767976233532799, 67767976233532800, 67768036191676799, 67768036191676800, -67768040609740800, -67768040609740801 } do
  show(os.date("!%c %C %y %G %g %F", seconds))
end
show(os.date("!*t", 6.7767976291e16).year)
