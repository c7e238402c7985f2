-- Manual 2.5.1: arithmetic.
--- case: the four and more
return 7 + 2, 7 - 2, 7 * 2, 7 / 2, 7 % 2, 7 ^ 2, -7
--- case: modulo signs
return 5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, -5.5 % 2, 0 % 5, 3 % 3
--- case: modulo with infinities
local inf = 1/0
return 5 % inf, -5 % inf, 5 % -inf, -5 % -inf, inf % 5
--- case: modulo at the edges
local a, b = 2^53, 3
return a % b, 1e308 % 7, -1e308 % 7, 1e-300 % 1, 5 % 1e-300 < 1e-300
--- case: modulo of minus zero
local z = 0
show(-z % 5, z % -5, -z % -5)
--- case: division by zero
local z = 0
return 1 / z, -1 / z, 1 / -z
--- case: powers
return 2 ^ 10, 2 ^ 0.5, 2 ^ -1, (-8) ^ (1/3) ~= (-8) ^ (1/3), 0 ^ 0, 10 ^ 2, 4 ^ 0.5
--- case: power is right associative
return 2 ^ 3 ^ 2, (2 ^ 3) ^ 2, -2 ^ 2, 2 ^ -2, -2 ^ -2
--- case: precedence of unary operators
return -3 ^ 2, not 1 == 2, -2 * 3, #"abc" + 1, - -2, not not nil, -"2" + 0, not nil == true
--- case: precedence of binary operators
return 2 + 3 * 4 ^ 2 / 2, 10 - 2 - 3, 100 / 10 / 2, 7 % 4 * 2, 2 * 7 % 4, 1 + 2 .. 3 + 4
--- case: comparison binds weaker than arithmetic and concatenation
return 1 + 1 == 2, "a" .. "b" == "ab", 2 * 3 > 5, 1 .. 2 == "12", -1 < 1 == true
--- case: and binds stronger than or
return true or false and nil, (true or false) and nil, nil and 1 or 2, false or nil and 3, 1 and 2 or 3
--- case: comparisons are left associative
return 1 < 2 == true, 2 == 2 == true, "x" == "x" ~= false
--- case: parentheses
return (1 + 2) * 3, -(1 + 2), ((((5)))), (2 ^ 3) ^ 2
--- case: folding equals runtime
local a, b, c = 7, 2, 0
return 7 / 2 == a / b, 7 % 2 == a % b, 7 ^ 2 == a ^ b, -7 == -a, 7 - 2 == a - b, 1/0 == 1/c, 0.1 + 0.2 == 0.1 + b / 10
--- case: folding keeps nan and minus zero apart
local zero = 0
show(0 / 1, -zero, 0 * -1, zero * -1)
return 0/0 ~= 0/0, (0/0) == (0/0)
--- case: large and small
return 1e308 * 10, -1e308 * 10, 1e-308 / 1e10, 2^1023 * 2, 2^-1074, 2^-1075
--- case: integer-like results
return 2^31, 2^32, 2^31 - 1, -2^31, 2^63, 2^53 + 1 - 2^53
--- case: overflow of 32-bit arithmetic does not wrap
local a = 2147483647
return a + 1, a * 2, -a - 2, a * a, 65536 * 65536
--- case: errors name what they can
local t = {}
try(function() return t + 1 end)
try(function() return 1 - t end)
try(function() return t.x * 2 end)
try(function() return t.x.y end)
try(function() return undefinedglobal / 2 end)
try(function() local l = {} return l % 2 end)
try(function() local s = "x" return s ^ 2 end)
try(function() return -{} end)
try(function() return -nil end)
try(function() return 2 + nil end)
try(function() return nil + 2 end)
try(function() return true + false end)
try(function() return print + 1 end)
try(function() return (t.a or t.b) + 1 end)
--- case: which operand is blamed
local a, b = nil, {}
try(function() return a + b end)
try(function() return b + a end)
try(function() return 1 + a end)
try(function() return "x" + a end)
try(function() return a + "x" end)
try(function() return "10" + a end)
try(function() return "x" + 1 end)
--- case: constants as operands in errors
try(function() local x return x + 5 end)
try(function() local x return 5 + x end)
try(function() local x return x .. "s" end)
try(function() local x return 5 - x.y end)
--- case: compound expressions
local x, y, z = 3, 4, 5
return (x ^ 2 + y ^ 2) ^ 0.5 == z, x * y - z / x + y % x, -(x - y) * -z, (x + y) / (z - x) ^ 2
--- case: unary minus on strings
return -"2", -"-2", - "0x10", -" 3 "
--- case: modulo of large numbers and fractions
print(("%.17g %.17g %.17g"):format(2147483648 % 3, 4503599627370497 % 7, 1e15 % 2147483647))
print(("%.17g %.17g %.17g"):format(-2147483648 % 3, -4503599627370497 % 7, 2147483648 % -3))
print(("%.17g %.17g %.17g"):format(5.5 % 2.25, -5.5 % 2.25, 5.5 % -2.25))
print(("%.17g %.17g %.17g"):format(9007199254740993 % 10, 1e300 % 7, -1e300 % 7))
local z, tiny, big = 0, 5e-324, 2 ^ 52
print(("%.17g %.17g %.17g"):format(tiny % 3, -tiny % 3, tiny % -3))
print(("%.17g %.17g %.17g %.17g"):format(1 / (-z % 3), 1 / (z % -3), 1 / (-z % -3), 1 / (-6 % 3)))
print(("%.17g %.17g %.17g"):format((big + 1) % 1, (big - 0.5) % 1, -(big - 0.5) % 1))
print(("%.17g %.17g"):format(6 % tiny, 1 % 1e308))
local seed = 1
for i = 1, 1000 do seed = seed * 16807 % 2147483647 end
print(seed, 0.1 % 0.01, 1e17 % 3)
