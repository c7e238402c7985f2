-- Manual 5.6: each function with odd values. C's library decides; only exact cases are here.
--- case: abs
show(math.abs(-1), math.abs(1), math.abs(-1/0), math.abs("-5"), math.abs(-0.5), 1 / math.abs(-1e-320) > 0)
--- case: ceil and floor of fractions
for _, x in ipairs { 0.5, -0.5, 1.5, -1.5, 2, -2, 0.999999, -0.999999, 1e-300, -1e-300 } do show(math.floor(x), math.ceil(x)) end
--- case: ceil and floor of large numbers
show(math.floor(1e300), math.ceil(-1e300), math.floor(2^53 + 2), math.floor(4503599627370495.5), math.ceil(4503599627370495.5), math.floor(1/0), math.ceil(-1/0))
--- case: ceil and floor of nan
show(math.floor(0/0) ~= math.floor(0/0), math.ceil(0/0) ~= math.ceil(0/0))
--- case: sqrt
show(math.sqrt(0), math.sqrt(4), math.sqrt(2), math.sqrt(1e-320) > 0, math.sqrt(1/0))
show(math.sqrt(-1) ~= math.sqrt(-1))
--- case: exp at its limits
show(math.exp(0), math.exp(1), math.exp(-1/0), math.exp(1/0), math.exp(710), math.exp(-750), math.exp(709) < 1/0)
--- case: log and log10
show(math.log(1), math.log(0), math.log(1/0), math.log10(1000), math.log10(0), math.log10(1e-5), math.log(math.exp(1)))
show(math.log(-1) ~= math.log(-1), math.log10(-1) ~= math.log10(-1))
--- case: log ignores a base
show(math.log(8, 2) == math.log(8), math.log10(100, 2))
--- case: pow of special pairs
for _, p in ipairs { { 0, 0 }, { 0, -1 }, { 2, 0.5 }, { 2, -1 }, { -8, 1/3 }, { -2, 3 }, { -2, 2 }, { 1, 1/0 }, { 0/0, 0 }, { 1, 0/0 }, { 2, 1/0 }, { 0.5, 1/0 }, { -1, 1/0 }, { 1/0, -1 }, { -1/0, 3 }, { 10, 308 }, { 10, 309 }, { 2, -1075 } } do
  local r = math.pow(p[1], p[2])
  show(p[1] == p[1] and p[1] or "nan", p[2] == p[2] and p[2] or "nan", r == r and r or "nan")
end
--- case: the power operator agrees with pow
for a = -2, 2 do for b = -2, 2 do local p, q = math.pow(a, b), a ^ b if p ~= q and p == p then print(a, b) end end end
show(2 ^ 10, 2 ^ 0.5 == math.sqrt(2), (-2) ^ 2, -2 ^ 2)
--- case: fmod of signs
show(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(-7, -3), math.fmod(7.5, 2), math.fmod(-7.5, 2))
--- case: fmod of special values
show(math.fmod(1, 1/0), math.fmod(-1, -1/0), math.fmod(0, 5))
for _, p in ipairs { { 1, 0 }, { 1/0, 1 }, { 0/0, 1 }, { 1, 0/0 }, { 0, 0 } } do local r = math.fmod(p[1], p[2]) show(r ~= r) end
--- case: fmod of large quotients
show(math.fmod(1e300, 7), math.fmod(2^53, 3), math.fmod(1e15, 0.1) < 0.1, math.fmod(5e-324, 1))
--- case: mod is the old name of fmod
show(math.mod == nil or math.mod(7, 3), math.mod == math.fmod)
--- case: modf of signs and fractions
for _, x in ipairs { 1.5, -1.5, 2, -2, 0.25, -0.25, 1e300, 123456.75 } do show(math.modf(x)) end
--- case: modf of special values
show(math.modf(1/0))
show(math.modf(-1/0))
local a, b = math.modf(0/0)
show(a ~= a, b ~= b)
show(math.modf("3.5"))
--- case: frexp of everything
for _, x in ipairs { 1, 2, 0.5, 3, -10, 1e300, 1e-300, 5e-324, 2^53 } do show(math.frexp(x)) end
show(math.frexp(0))
--- case: frexp of infinities and nan
show((math.frexp(1/0)), (math.frexp(-1/0)))
local m = math.frexp(0/0)
show(m ~= m)
--- case: ldexp of everything
show(math.ldexp(1, 10), math.ldexp(1, -10), math.ldexp(0.5, 1024), math.ldexp(1, 1024), math.ldexp(1, -1074), math.ldexp(1, -1075), math.ldexp(-3, 2), math.ldexp(0, 100), math.ldexp(1/0, -100))
--- case: ldexp takes a whole exponent
show(math.ldexp(1, 2.9), math.ldexp(1, -2.9), math.ldexp(1, "3"), math.ldexp(1, 5000), math.ldexp(1, -5000))
--- case: frexp and ldexp are inverse
for _, x in ipairs { 1, -0.75, 1e100, 1e-310, 12345.678 } do show(math.ldexp(math.frexp(x)) == x) end
--- case: deg and rad
show(math.deg(math.pi), math.rad(180) == math.pi, math.deg(0), math.rad(-90) == -math.pi / 2, math.deg(1/0), math.rad(1/0))
--- case: sine and its kin at simple places
show(math.sin(0), math.cos(0), math.tan(0), math.asin(0), math.acos(1), math.atan(0), math.sinh(0), math.cosh(0), math.tanh(0))
show(math.sin(1/0) ~= math.sin(1/0), math.cos(1/0) ~= 0, math.asin(2) ~= math.asin(2), math.acos(-2) ~= math.acos(-2))
--- case: hyperbolic limits
show(math.tanh(100), math.tanh(-100), math.sinh(1000), math.sinh(-1000), math.cosh(1000), math.cosh(-1000))
--- case: atan and atan2 limits
show(math.atan(1/0) == math.pi / 2, math.atan(-1/0) == -math.pi / 2, math.atan2(1, 0) == math.pi / 2, math.atan2(0, -1) == math.pi, math.atan2(0, 1), math.atan2(1/0, 1/0) == math.pi / 4, math.atan2(1, -1/0) == math.pi)
--- case: max and min of one and many
show(math.max(5), math.min(5), math.max(1, 2, 3), math.min(3, 2, 1), math.max(-1/0, 1/0), math.max("10", 9), math.min("1", "02"))
--- case: max and min of nan depend on the order
show(math.max(1, 0/0), math.min(1, 0/0), math.max(0/0, 1) ~= math.max(0/0, 1), math.min(0/0, 1) ~= math.min(0/0, 1), math.max(2, 0/0, 1))
--- case: max and min check every argument
try(math.max, 1, "x")
try(math.min, 1, 2, {})
try(math.max, 1, nil)
try(math.max)
try(math.min)
--- case: huge and pi
show(math.huge == 1/0, -math.huge, math.pi, math.pi * 0 == 0)
--- case: random of one and two arguments
math.randomseed(1)
for _ = 1, 50 do
  local a, b, c = math.random(), math.random(6), math.random(-3, 3)
  if a < 0 or a >= 1 or b < 1 or b > 6 or b % 1 ~= 0 or c < -3 or c > 3 or c % 1 ~= 0 then print("out of range", a, b, c) end
end
show(math.random(1), math.random(7, 7), math.random(-5, -5))
--- case: random of empty intervals
try(math.random, 0)
try(math.random, -5)
try(math.random, 2, 1)
try(math.random, 0.5)
--- case: random of too many arguments
try(math.random, 1, 2, 3)
try(math.random, nil, nil, nil)
--- case: random argument types
try(math.random, "x")
try(math.random, {})
try(math.random, nil)
try(math.random, 1, "x")
show(math.random("1"), math.random(3.9, 3.9), math.random("2", "2"))
--- case: randomseed returns nothing and wants a number
show(select("#", math.randomseed(1)))
try(math.randomseed)
try(math.randomseed, "x")
try(math.randomseed, nil)
show(select("#", math.randomseed("12")), select("#", math.randomseed(1.9)), select("#", math.randomseed(-1)))
--- case: one seed, one sequence
local function first(seed) math.randomseed(seed) return math.random(1e6), math.random(1e6) end
local a, b = first(42)
local c, d = first(42)
show(a == c, b == d)
--- case: every function wants a number
for _, name in ipairs { "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "deg", "exp", "floor", "frexp", "log", "log10", "modf", "rad", "sin", "sinh", "sqrt", "tan", "tanh" } do
  show(name, select(2, pcall(math[name])), select(2, pcall(math[name], "x")), select(2, pcall(math[name], {})))
end
--- case: every function of two wants both
for _, name in ipairs { "atan2", "fmod", "ldexp", "pow" } do
  show(name, select(2, pcall(math[name], 1)), select(2, pcall(math[name], 1, {})), select(2, pcall(math[name], {}, 1)), select(2, pcall(math[name], 1, nil)))
end
--- case: functions ignore further arguments
show(math.floor(1.5, "x"), math.sqrt(4, {}), math.fmod(7, 4, 1), math.abs(-1, nil))
--- case: numerals as arguments of every function
show(math.floor("1.5"), math.ceil(" 1.5 "), math.sqrt("0x10"), math.max("1e1"), math.pow("2", "3"), math.fmod("7", "4"))
try(math.floor, "1.5x")
try(math.floor, "")
--- case: results of floor used as keys
local t = {}
t[math.floor(1.5)] = "one"
t[math.ceil(1.5)] = "two"
t[math.sqrt(9)] = "three"
show(t[1], t[2], t[3], #t)
