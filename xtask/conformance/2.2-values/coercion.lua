-- Manual 2.2.1: coercion between strings and numbers.
--- case: strings in arithmetic
return "10" + 1, "10" * "2", 10 / "4", "2" ^ "3", -"5", "7" % "4", "3" - 1
--- case: spaces and forms accepted in arithmetic
return " 10 " + 0, "\t1e1\n" + 0, "0x10" + 0, "-0x10" + 0, ".5" + 0, "5." + 0, "+7" + 0
--- case: what is no numeral
for _, s in ipairs { "", " ", "x", "1x", "0x", "1e", "1 2", "--1", "- 1", "1,5", "0xg", "e5", ".", "1..", "0x1x" } do
  show(s, tonumber(s), (pcall(function() return s + 0 end)))
end
--- case: zeros in numerals
return tonumber("1\0"), tonumber("\0001"), pcall(function() return "1\0" + 1 end)
--- case: inf and nan as text
return tonumber("inf"), tonumber("nan"), tonumber("infinity"), tonumber("-inf"), tonumber("NAN"), tonumber("INF")
--- case: hexadecimal floats as text
return tonumber("0x.8"), tonumber("0x1p4"), tonumber("0x1.8p1"), tonumber("0xA.8"), tonumber("1e+10"), tonumber("1E-2")
--- case: huge numerals as text
return tonumber("1e400"), tonumber("-1e400"), tonumber("1e-400"), tonumber(string.rep("9", 400))
--- case: failing arithmetic names the operand
local s = "abc"
try(function() return s + 1 end)
try(function() return 1 + s end)
try(function() return -s end)
try(function() return "abc" * 2 end)
try(function() return {} .. "x" end)
--- case: numbers in concatenation
return 1 .. "", 1.5 .. "x", -0 .. "", 1e100 .. "", 2^53 .. "", 0.1 .. "|" .. 1/3
--- case: integers print without a fraction
return tostring(1.0), tostring(-3.0), tostring(1e15), tostring(1e14), tostring(123456789012345), tostring(1e16)
--- case: fourteen digits
return tostring(0.1), tostring(1/3), tostring(2/3), tostring(100/3), tostring(1e14/3), tostring(3.14159265358979)
--- case: exponents
return tostring(1e100), tostring(1e-5), tostring(0.0001), tostring(1e-10), tostring(123e20), tostring(5e-324), tostring(1.7976931348623157e308)
--- case: special values
return tostring(1/0), tostring(-1/0), tostring(0/0), tostring(-(0/0))
--- case: computed nan keeps its sign
local inf = 1/0
return inf - inf, -(inf - inf), inf * 0, 0/0, -(0/0), inf % 2, 5 % 0, math.sqrt(-1)
--- case: keys are not coerced
local t = { [10] = "number", ["10"] = "string" }
return t[10], t["10"], t[5 + 5], t[5 .. ""]
--- case: comparison does not coerce
try(function() return 1 < "2" end)
try(function() return "10" < 2 end)
try(function() return "a" >= 1 end)
return 1 == "1", "10" < "9"
--- case: for loops coerce their limits
try(function() for i = "1", 2 do print(i) end end)
try(function() for i = 1, "2" do print(i) end end)
try(function() for i = 1, 2, "1" do print(i) end end)
--- case: functions that want numbers take numerals
return math.abs("-3"), ("x"):rep("3"), string.char("65"), math.max("10", 9), ("abc"):sub("2", "3")
--- case: functions that want strings take numbers
return string.len(123), string.upper(1.5), (5 .. ""):rep(2), string.rep(12, 2), string.sub(12345, 2, 3), table.concat({ 1, 2.5, "x" })
--- case: length of a number is an error
try(function() local n = 5 return #n end)
--- case: tostring round trip at seventeen digits
local x = 0.1 + 0.2
return tonumber(tostring(x)) == x, tonumber(string.format("%.17g", x)) == x, string.format("%.17g", x)
