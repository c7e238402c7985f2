-- Manual 2.5: coercions, precedence and evaluation in more places.
--- case: strings in every arithmetic operator
show("10" + 5, "10" - "3", "4" * "2.5", "9" / "2", "7" % "4", "2" ^ "3", -"5", - -"5", -" 5 ")
--- case: hexadecimal and spaced strings in arithmetic
show("0x10" + 0, " 10 " + 0, "1e1" + 0, "\t7\n" + 0, ".5" + 0, "5." + 0, "-0x10" + 0)
--- case: strings that are no numbers in arithmetic
for _, s in ipairs { "", " ", "x", "1x", "1 2", "0x", "--1", "1e", "nil", "1,5", "1\0" } do show(s, pcall(function() return s + 1 end)) end
--- case: string arithmetic is on doubles
show("9007199254740993" + 0, "0.1" + "0.2", "1e308" * "10", "-1" ^ "0.5" ~= "-1" ^ "0.5")
--- case: results of arithmetic on strings are numbers
show(type("1" + "1"), type(-"1"), ("1" + "1") .. "", "10" + 1 == 11, "10" == 10)
--- case: numbers in concatenation
show(1 .. 2, 1.5 .. "", -1 .. "", 1e100 .. "", 2^53 .. "", 0.1 .. "|" .. 1/3, 1e15 .. "", 1e14 .. "", 123456789012345 .. "")
--- case: comparison never converts
show("1" == 1, "a" == "a", pcall(function() return "1" < 2 end))
show("10" < "9", "2" < "10", "" < " ", "a" < "b")
--- case: modulo agrees with floor
for _, p in ipairs { { 5, 3 }, { -5, 3 }, { 5, -3 }, { -5, -3 }, { 5.5, 2 }, { -5.5, 2 }, { 1e15, 7 }, { 3, 0.1 } } do show(p[1] % p[2], p[1] - math.floor(p[1] / p[2]) * p[2] == p[1] % p[2]) end
--- case: modulo by infinity and zero
local inf = 1 / 0
for _, p in ipairs { { 5, inf }, { -5, inf }, { 5, -inf }, { -5, -inf }, { inf, 5 }, { 5, 0 }, { 0, 5 } } do local r = p[1] % p[2] show(r == r and r or "nan") end
--- case: powers of negatives and fractions
show((-2) ^ 2, (-2) ^ 3, -2 ^ 2, 2 ^ -2, 4 ^ 0.5, 0 ^ 0, 2 ^ 3 ^ 2, (2 ^ 3) ^ 2)
--- case: every pair of neighbours in precedence
show(1 + 2 * 3 - 4 / 2, 2 * 3 % 4, 7 - 3 - 2, 2 ^ 2 * 3, -3 ^ 2, not 1 == 2, #"abc" + 1, -#"abc", not not nil)
show(1 .. 2 + 3 .. 4, "a" .. 1 + 2, 1 < 2 == true, "a" .. "b" == "ab", 1 + 1 == 2 and 2 + 2 == 4)
show(nil or 1 and 2, false and 1 or 2, 1 or nil and error(), nil == false or false)
show(2 - -2, - - 2, not - 1, - "2" + 1, #{ 1, 2 } * 2)
--- case: comparisons chain to the left
show(1 < 2 == true, 1 == 1 == true, pcall(loadstring("return 1 < 2 < 3")))
--- case: and and or keep values
show(nil and 1, false and 1, 0 and 1, "" and 1, nil or false, false or nil, 1 or 2, nil and nil or 3)
--- case: the right side is only evaluated when needed
local log = {}
local function note(x, v) log[#log + 1] = x return v end
local _ = note("a", true) and note("b", false) and note("c", true) or note("d", 1) or note("e", 2)
show(table.concat(log))
--- case: conditions over comparisons of locals, constants and nil
local function f(a, b)
  local r = {}
  if a == nil then r[#r + 1] = "nil" end
  if a ~= b then r[#r + 1] = "ne" end
  if a == 1 then r[#r + 1] = "one" end
  if a == "x" then r[#r + 1] = "x" end
  if a == true then r[#r + 1] = "true" end
  if not (a == false) then r[#r + 1] = "notfalse" end
  return table.concat(r, ",")
end
show(f(nil, nil), f(1, 2), f("x", "x"), f(true, false), f(false))
--- case: negated conditions
local function f(a, b) return not (a < b), not (a <= b), not (a == b), not (a > b), not (a and b), not (a or b), not not (a == b) end
show(f(1, 2)) show(f(2, 1)) show(f(1, 1)) show(f(0 / 0, 1))
--- case: values of comparisons stored
local a, b = 1, 2
local lt, le, eq, ne, gt, ge = a < b, a <= b, a == b, a ~= b, a > b, a >= b
show(lt, le, eq, ne, gt, ge)
local t = { a < b, x = a == b, [a > b] = "key" }
show(t[1], t.x, t[false])
--- case: logic as arguments and indexes
local t = { [1] = "one", ["no"] = "zero" }
local function id(...) return ... end
show(id(1 and 2, nil or "x", not nil), t[nil or 1], t[false and 1 or "no"])
--- case: vararg in each kind of list
local function f(...) return { ... }, { ..., 10 }, { 10, ... }, (...), select("#", ...) end
local a, b, c, d, e = f(1, 2, 3)
show(#a, #b, #c, d, e)
local function g(...) local a, b = ... return a, b, ... end
show(g()) show(g(1)) show(g(1, 2, 3))
--- case: the arg table of old functions
local function f(...) return arg end
show(type(f(1, 2)) == "table" and f(1, 2).n or "none")
local function g(...) local a = ... return arg end
show(type(g(1)))
local function h(...) return arg.n, arg[1], arg[2] end
show(h("x", nil)) show(h())
--- case: a parameter named arg
local function f(arg, ...) return arg, ... end
show(f(1, 2))
local function g(...) local arg = 5 return arg end
show(g(1))
--- case: calls with strings and tables
local function f(x, ...) return type(x), ... end
show(f"s", f[[l]], f{ 1 }, (f"x"))
local o = { m = function(self, x) return type(x) end }
show(o:m"s", o:m{ }, o:m[[x]], o.m(o, 1))
--- case: calls chain through results
local function adder(a) return function(b) return function(c) return a + b + c end end end
show(adder(1)(2)(3), (adder"1" "2")("3"))
local s = ("x"):rep(3):upper():lower():len()
show(s)
--- case: constructors with mixed fields
local t = { 1, 2, x = "x", 3, [10] = 10, ["y z"] = 1, [1 + 1] = "lost", nil, 5 }
show(t[1], t[2], t[3], t[4], t[5], t[10], t.x, t["y z"], #t)
--- case: constructors with calls at the end and in the middle
local function f() return 1, 2, 3 end
show(#{ f() }, #{ f(), f() }, #{ (f()) }, #{ f(), nil }, #{ x = f() }, #{ f(), x = 1 })
--- case: nested functions in expressions
show((function(...) return select("#", ...) end)(1, 2), (function() return function() return 5 end end)()())
--- case: long expressions of each operator
local s, n = "0", "1"
for i = 1, 100 do s = s .. "+" .. i n = n .. " and " .. i end
show(loadstring("return " .. s)(), loadstring("return " .. n)(), loadstring("return " .. ("("):rep(100) .. "1" .. (")"):rep(100))(), loadstring("return " .. ("-"):rep(1) .. (" -"):rep(50) .. "1")(), loadstring("return " .. ("not "):rep(51) .. "1")())
--- case: folded constants are exact
show(0.1 + 0.2 == 0.3, 1 / 3 * 3 == 1, 2 ^ 53 + 1 == 2 ^ 53, 1e308 * 10 == 1 / 0, 5 % 3 == 2, -5 % 3, 7 / 2, 2 ^ 0.5 * 2 ^ 0.5)
--- case: division by constant zero
show(1 / 0, -1 / 0, 0 / 0 ~= 0 / 0, 1 % 0 ~= 1 % 0, pcall(loadstring("return 1 / 0")))
--- case: upvalues and globals in expressions
local a, b = 3, 4
x, y = 5, 6
local function f() return a + x * b - y, a .. x, a < x and b or y, -a ^ 2, #"s" + a end
show(f())
--- case: assignment of an expression to its own operand
local a, b = 2, 3
a = a + b; b = a - b; a = a - b
show(a, b)
a = a .. b .. a; b = -b; a = #a
show(a, b)
