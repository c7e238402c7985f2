-- Manual 5.1: tonumber and tostring in odd forms.
--- case: tonumber keeps numbers as they are
return tonumber(1/0), tonumber(-1/0), tonumber(2^53), tonumber(5e-324)
--- case: tonumber of white space around
show(tonumber("\t12\n"), tonumber("\v12\f"), tonumber("\r 12 \r"), tonumber("12 x"))
show(tonumber(" "), tonumber("\n"), tonumber("1 2"))
--- case: tonumber of signs
show(tonumber("-5"), tonumber("+5"), tonumber("--5"), tonumber("+-5"), tonumber("- 5"), tonumber("-"), tonumber("+"))
--- case: tonumber of points
show(tonumber("."), tonumber("1."), tonumber(".5"), tonumber("-.5"), tonumber("5.e1"), tonumber("..5"), tonumber("1.2.3"))
--- case: tonumber of exponents
show(tonumber("1e"), tonumber("1e+"), tonumber("1e-"), tonumber("e5"), tonumber("1e5.0"), tonumber("1E5"), tonumber("1e+5"), tonumber("1e-5"), tonumber("1ee5"))
--- case: tonumber of hexadecimals
show(tonumber("0x"), tonumber("0X"), tonumber("0x1"), tonumber("0XaF"), tonumber("-0x10"), tonumber("+0x10"), tonumber("0x "), tonumber("0xg"), tonumber(" 0x10 "))
--- case: tonumber of hexadecimal fractions and exponents
show(tonumber("0x1.8"), tonumber("0x.8"), tonumber("0x1p4"), tonumber("0x1P-2"), tonumber("0x.p1"), tonumber("0x1p"), tonumber("0xA.8p1"))
--- case: tonumber of large hexadecimals
show(tonumber("0xffffffff"), tonumber("0x100000000"), tonumber("0xffffffffffffffff"), tonumber("0x10000000000000000"), tonumber("0xfffffffffffffffffff"))
--- case: tonumber of large negative hexadecimals
show(tonumber("-0xffffffff"), tonumber("-0xffffffffffffffff"), tonumber("-0x8000000000000000"))
--- case: tonumber of names of special values
show(tonumber("inf"), tonumber("INF"), tonumber("-inf"), tonumber("infinity"), tonumber("infinit"), tonumber("Infinity"))
print(tonumber("nan") ~= tonumber("nan"), type(tonumber("nan")), tonumber("nanx"), type(tonumber("NaN")))
--- case: tonumber of nan with a payload
print(type(tonumber("nan(1)")), type(tonumber("nan()")), type(tonumber("nan(abc_1)")), tonumber("nan("), tonumber("nan(-)"))
--- case: tonumber of overflow and underflow
show(tonumber("1e308"), tonumber("1e309"), tonumber("-1e309"), tonumber("1e-323"), tonumber("1e-324"), tonumber("1e99999999999"), tonumber("1e-99999999999"))
--- case: tonumber of many digits
show(tonumber(("1"):rep(400)), tonumber("0." .. ("0"):rep(400) .. "1"), tonumber(("9"):rep(40)), tonumber("0." .. ("9"):rep(40)))
--- case: tonumber of zeros
show(tonumber("0"), tonumber("-0"), tonumber("+0"), tonumber("00"), tonumber("-0.0e5"), tonumber("0x0"), tonumber("-0x0"))
--- case: tonumber rounds to nearest
show(tonumber("9007199254740993") == 2^53, tonumber("9007199254740993.00001") == 2^53 + 2, tonumber("0.1") == 0.1, tonumber("2.2250738585072011e-308"))
--- case: tonumber of embedded zeros
show(tonumber("12\0"), tonumber("\00012"), tonumber("12\0 "), tonumber("1\0002"), tonumber("\0"))
--- case: tonumber of embedded zeros in a base
show(tonumber("12\0", 10), tonumber("12\0", 16), tonumber("12\000zz", 36), tonumber("\0001", 16))
--- case: tonumber ignores further arguments
show(tonumber("12", 10, "x"), tonumber("12", nil), tonumber("12", nil, {}))
--- case: tonumber of numbers with a base
show(tonumber(12, 16), tonumber(1e15, 36), tonumber(1.5, 16), tonumber(-12, 16), tonumber(12, 10))
--- case: tonumber with a base wants text
try(tonumber, {}, 16)
try(tonumber, nil, 16)
try(tonumber, true, 2)
try(tonumber, print, 10)
--- case: the base as text and fraction
show(tonumber("11", "2"), tonumber("11", 2.9), tonumber("11", "0x10"))
try(tonumber, "11", "x")
try(tonumber, "11", {})
--- case: bases out of range
for _, base in ipairs { 0, 1, -1, 37, 1e10, -1e10, 1/0 } do try(tonumber, "1", base) end
--- case: the largest and smallest base
show(tonumber("z", 36), tonumber("Z", 36), tonumber("y", 35), tonumber("z", 35), tonumber("1", 2), tonumber("2", 2))
--- case: every base reads 10 as itself
local sum = {}
for base = 2, 36 do sum[#sum + 1] = tonumber("10", base) end
return table.concat(sum, " ")
--- case: a base of sixteen takes the prefix
show(tonumber("0x10", 16), tonumber("0X10", 16), tonumber("-0x10", 16), tonumber("0x", 16), tonumber("0x10", 15), tonumber("0x0x1", 16))
--- case: a base of eight and two take no prefix
show(tonumber("010", 8), tonumber("0b1", 2), tonumber("0o7", 8), tonumber("08", 8))
--- case: fractions and exponents in a base
show(tonumber("1.0", 16), tonumber("1e1", 16), tonumber("1e1", 10), tonumber("1.5", 10), tonumber("1.5", 2))
--- case: values past 64 bits in a base
show(tonumber(("f"):rep(15), 16), tonumber(("f"):rep(17), 16), tonumber(("1"):rep(63), 2), tonumber(("1"):rep(65), 2), tonumber(("z"):rep(30), 36))
--- case: tostring of integers around fifteen digits
show(tostring(99999999999999), tostring(100000000000000), tostring(999999999999999), tostring(123456789012345), tostring(1e14), tostring(1e15 + 0.5))
--- case: tostring of fractions around fourteen digits
show(tostring(0.1 + 0.2), tostring(1 / 3), tostring(2 / 3), tostring(100 / 3), tostring(1e-5), tostring(0.0001), tostring(0.00012345678901234567))
--- case: tostring of extremes
show(tostring(1.7976931348623157e308), tostring(2.2250738585072014e-308), tostring(5e-324), tostring(-1e100), tostring(2^63), tostring(-2^63), tostring(2^64))
--- case: tostring of special numbers
show(tostring(1 / 0), tostring(-1 / 0), tostring(0))
print((tostring(0 / 0):gsub("-", "")))
--- case: tostring needs an argument but not a value
try(tostring)
show(tostring(nil), tostring(nil, 1))
--- case: tostring of values with addresses
for _, v in ipairs { {}, print, function() end, coroutine.create(print), newproxy() } do
  print((tostring(v):gsub("0x%x+", "ADDRESS")))
end
--- case: __tostring is called with its object
local t = setmetatable({}, { __tostring = function(...) return select("#", ...) .. type(...) end })
return tostring(t)
--- case: __tostring may return anything to tostring
for _, value in ipairs { 12, true, {}, print } do
  local t = setmetatable({}, { __tostring = function() return value end })
  print(rawequal(tostring(t), value), type(tostring(t)))
end
--- case: __tostring that returns nothing
local t = setmetatable({}, { __tostring = function() end })
show(tostring(t))
print(pcall(print, t))
--- case: __tostring that is not callable
local t = setmetatable({}, { __tostring = "text" })
try(tostring, t)
t = setmetatable({}, { __tostring = false })
try(tostring, t)
--- case: __tostring that is a callable table
local t = setmetatable({}, { __tostring = setmetatable({}, { __call = function(self, object) return "called" end }) })
return tostring(t)
--- case: __tostring in the metatable of strings
getmetatable("").__tostring = function(s) return "<" .. s .. ">" end
local result = tostring("x")
getmetatable("").__tostring = nil
return result, tostring("x")
--- case: __tostring is looked up raw
local meta = setmetatable({}, { __index = function(_, k) return function() return "inherited" end end })
local t = setmetatable({}, meta)
return (tostring(t):gsub(": 0x%x+", ""))
--- case: __metatable does not hide __tostring
local t = setmetatable({}, { __metatable = "locked", __tostring = function() return "shown" end })
return tostring(t), getmetatable(t)
--- case: __tostring is not inherited by concatenation
local t = setmetatable({}, { __tostring = function() return "x" end })
try(function() return t .. "" end)
try(string.format, "%s", t)
try(table.concat, { t })
--- case: print with several values and a changed tostring that errors
tostring = function(v) if v == 2 then error("two", 0) end return "v" end
try(print, 1, 2, 3)
--- case: print calls tostring with one argument
tostring = function(...) return tostring and select("#", ...) .. "!" end
print(nil, 1)
--- case: print takes a number from tostring
tostring = function(v) return 1.5 end
print("x", "y")
--- case: print looks tostring up by the metatable of globals
setmetatable(_G, { __index = function(_, k) if k == "tostring" then return function() return "from index" end end end })
rawset(_G, "tostring", nil)
print(1)
--- case: print of embedded zeros
print("a\0b", "\0")
--- case: print of nothing and nil
print()
print(nil)
print(nil, nil)
print((print()))
--- case: type of everything
return type(nil), type(1), type(""), type({}), type(print), type(true), type(coroutine.create(print)), type(newproxy()), type(io.stdout)
--- case: type takes the first argument only
return type(1, "x"), type("x", 1), type(nil, 1)
