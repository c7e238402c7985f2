-- Manual 5.6: mathematical functions.
--- case: constants
return math.pi, math.huge, -math.huge, math.pi == 3.141592653589793
--- case: floor and ceil
show(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2), math.floor(5), math.ceil(5), math.floor(1e300), math.floor(-1e300), math.ceil(0.1), math.floor(2^31 + 0.5))
--- case: floor and ceil of special values
show(math.floor(1/0), math.floor(-1/0), math.ceil(1/0), math.floor(0/0) ~= math.floor(0/0), math.ceil(-0.5), math.floor(-0.0))
--- case: abs, max, min
show(math.abs(-5), math.abs(5), math.abs(-1/0), math.max(1, 3, 2), math.min(1, 3, 2), math.max(5), math.min(5), math.max(-1, -2), math.max(1.5, "2"), math.min(1/0, -1/0))
--- case: max and min with nan
local nan = 0/0
local function name(x) return x ~= x and "nan" or x end
show(name(math.max(nan, 1)), name(math.max(1, nan)), name(math.min(nan, 1)), name(math.min(1, nan)))
--- case: max and min need arguments
try(math.max) try(math.min) try(math.max, "x") try(math.max, 1, {}) try(math.min, nil)
--- case: sqrt, exp, log, log10, pow
show(math.sqrt(16), math.sqrt(2), math.exp(0), math.exp(1), math.log(1), math.log(math.exp(1)), math.log10(1000), math.log10(2), math.pow(2, 10), math.pow(2, 0.5), math.log(0), math.log10(0))
--- case: log takes one argument in 5.1
show(math.log(8, 2) == math.log(8))
--- case: domain errors are nan
local function nan(x) return x ~= x end
show(nan(math.sqrt(-1)), nan(math.log(-1)), nan(math.acos(2)), nan(math.asin(-2)), nan(math.fmod(1, 0)), nan(math.pow(-8, 1/3)), nan(math.fmod(1/0, 1)))
--- case: trigonometry
local function r(x) return string.format("%.10f", x) end
show(r(math.sin(1)), r(math.cos(1)), r(math.tan(1)), r(math.asin(0.5)), r(math.acos(0.5)), r(math.atan(1)), r(math.atan2(1, -1)), r(math.sinh(1)), r(math.cosh(1)), r(math.tanh(1)), r(math.deg(math.pi)), r(math.rad(180)))
--- case: atan2 quadrants
show(math.atan2(0, 1), math.atan2(1, 0), math.atan2(0, -1), math.atan2(-1, 0), math.atan2(0, 0), math.atan(1/0))
--- case: atan takes one argument
show(math.atan(1, -1) == math.atan(1))
--- case: fmod and modf
show(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(5.5, 2), math.fmod(1e300, 7), math.mod == math.fmod)
show(math.modf(3.7)) show(math.modf(-3.7)) show(math.modf(5)) show(math.modf(1/0)) show(math.modf(-1/0)) show(math.modf(0.5))
--- case: frexp and ldexp
show(math.frexp(8)) show(math.frexp(0.75)) show(math.frexp(0)) show(math.frexp(-3)) show(math.frexp(1e300)) show(math.ldexp(0.5, 4), math.ldexp(1, -1), math.ldexp(1, 10), math.ldexp(3, 2.9))
--- case: random is in range
math.randomseed(42)
local ok = true
for i = 1, 1000 do
  local a, b, c = math.random(), math.random(10), math.random(-5, 5)
  if a < 0 or a >= 1 or b < 1 or b > 10 or b % 1 ~= 0 or c < -5 or c > 5 or c % 1 ~= 0 then ok = false end
end
return ok
--- case: random repeats with its seed
math.randomseed(7)
local a = { math.random(), math.random(100), math.random() }
math.randomseed(7)
local b = { math.random(), math.random(100), math.random() }
return a[1] == b[1], a[2] == b[2], a[3] == b[3]
--- case: random argument errors
try(math.random, 0) try(math.random, -1) try(math.random, 2, 1) try(math.random, 1, 2, 3) try(math.random, "x") try(math.random, {}) try(math.randomseed) try(math.randomseed, "x")
show(math.random(1), math.random(5, 5), math.random(1, 1))
--- case: argument errors
for _, name in ipairs { "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "ldexp", "log", "log10", "modf", "pow", "rad", "sin", "sinh", "sqrt", "tan", "tanh" } do
  try(math[name])
  try(math[name], {})
end
--- case: second argument errors
try(math.fmod, 1) try(math.pow, 2) try(math.atan2, 1) try(math.ldexp, 1) try(math.fmod, 1, "x") try(math.ldexp, 1, {})
--- case: numerals as arguments
show(math.floor("3.7"), math.sqrt("16"), math.max("10", 9), math.abs("-1"))
--- case: what math holds
local names = {}
for k in pairs(math) do names[#names + 1] = k end
table.sort(names)
return table.concat(names, " ")
--- case: rounding idioms
local function round(x) return math.floor(x + 0.5) end
return round(2.5), round(-2.5), round(0.49999), string.format("%.0f", 2.5)
--- case: pow operator and function agree
return 2 ^ 0.5 == math.pow(2, 0.5), 10 ^ -3 == math.pow(10, -3), (-2) ^ 3 == math.pow(-2, 3), 0 ^ 0 == math.pow(0, 0)
--- case: exactness of integers
local x = 2 ^ 53
return x == x + 1, x - 1 == x, x + 2 == x, math.floor(x) == x, x % 2, (x - 1) % 2
--- case: floor of quotients
return math.floor(7 / 2), math.floor(-7 / 2), 7 - 7 % 2, math.floor(1e15 / 3), 10 / 0.1
