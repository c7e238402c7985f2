-- Manual 2.5.2: relational operators.
--- case: numbers
return 1 < 2, 2 < 1, 1 <= 1, 1 >= 2, 2 > 1, 1 == 1.0, 1 ~= 2, -1 < 0, 1/0 > 1e308
--- case: nan against everything
local nan = 0/0
return nan < 1, nan > 1, nan <= 1, nan >= 1, nan == 1, nan ~= 1, 1 < nan, not (nan < 1), not (1 >= nan)
--- case: nan in conditions
local nan, out = 0/0, {}
if nan < 1 then out[1] = "lt" else out[1] = "not lt" end
if not (nan < 1) then out[2] = "not" else out[2] = "yes" end
if nan == nan then out[3] = "eq" else out[3] = "ne" end
if nan >= 1 or nan <= 1 then out[4] = "ge or le" else out[4] = "neither" end
while nan < 1 do out[5] = "never" break end
return unpack(out)
--- case: strings
return "a" < "b", "a" < "B", "" < "a", "a" < "aa", "Z" < "a", "10" < "9", "a" <= "a", "b" > "a", "\255" > "a"
--- case: strings with zeros
return "a\0a" < "a\0b", "a\0" > "a", "\0" < "\1", "\0\0" > "\0", "a\0b" <= "a\0b"
--- case: equality of different types
return 0 == false, "" == false, nil == false, "1" == 1, {} == 1, print == 1
--- case: identity
local t, f = {}, function() end
local u = t
return t == u, t == {}, f == f, function() end == function() end
--- case: closures from one place
local function make() return function() end end
return make() == make()
--- case: ordering needs numbers or strings
try(function() return {} < {} end)
try(function() return {} < 1 end)
try(function() return 1 < {} end)
try(function() return nil < 1 end)
try(function() return true < false end)
try(function() return "a" < 1 end)
try(function() return print > print end)
try(function() return nil >= nil end)
try(function() local a, b = {}, "x" return a <= b end)
try(function() return coroutine.create(function() end) < newproxy() end)
--- case: greater is less turned round
try(function() return {} > 1 end)
try(function() return 1 >= "x" end)
--- case: results are values
local a, b = 1, 2
local lt, ge = a < b, a >= b
local t = { a < b, a > b, x = a == b }
return lt, ge, t[1], t[2], t.x, (a < b) == true, not (a < b)
--- case: comparison with constants on both sides
local x = 5
return x == 5, 5 == x, x ~= 5, 5 ~= x, x < 6, 6 < x, x <= 5, 5 <= x, x > 4, 4 > x, x == "5", x == nil, nil ~= x, x == true
--- case: equality with constants of each kind
local n, b, s, k = nil, false, "str", 1.5
return n == nil, b == false, s == "str", k == 1.5, n == false, b == nil, s == 1, k == "1.5"
--- case: comparison of equal long strings
local a = string.rep("ab", 500)
local b = string.rep("ab", 500)
return a == b, a ~= b, a < b, a <= b, a == b .. "", a == b .. "c"
--- case: relational with side effects in order
local log = {}
local function f(x) log[#log + 1] = x return x end
local r = f(1) > f(2)
local q = f(3) <= f(4)
return r, q, table.concat(log, " ")

--- case: the message for a thread and a string
local thread = coroutine.create(function() end)
print(pcall(function() return thread < "x" end))
print(pcall(function() return "x" <= thread end))
print(pcall(function() return thread < 1 end))
