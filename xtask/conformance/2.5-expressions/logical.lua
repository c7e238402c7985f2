-- Manual 2.5.3: logical operators.
--- case: table of results
return 10 or 20, 10 or error(), nil or "a", nil and 10, false and error(), false and nil, false or nil, 10 and 20
--- case: not
return not nil, not false, not true, not 0, not "", not {}, not not 1
--- case: short circuit calls
local log = {}
local function f(name, v) log[#log + 1] = name return v end
local r1 = f("a", nil) and f("b", 1)
local r2 = f("c", 1) or f("d", 2)
local r3 = f("e", 1) and f("f", false) or f("g", 3)
return r1, r2, r3, table.concat(log, " ")
--- case: conditional expression idiom
local function max(a, b) return a > b and a or b end
local function bad(c) return c and false or "else" end
return max(1, 2), max(2, 1), bad(true), bad(false)
--- case: mixed with comparisons
local a, b = 1, 2
return a < b and "less" or "not less", a > b and "more" or "not more", a == 1 and b == 2, a == 2 or b == 2, not (a == 1) or not (b == 1)
--- case: value of a comparison inside and/or
local a = 5
local x = a == 5 and a > 3
local y = a == 4 or a < 3
local z = (a == 5) and (a == 4 or a == 5)
return x, y, z
--- case: long chains
local a, b, c, d
return a or b or c or d or 5, a and b and c, 1 and 2 and 3, nil and nil or nil, 1 and nil or 3 and 4
--- case: only one value
local function two() return 1, 2 end
return two() and 3, (two() or 4), nil or two()
--- case: multiple results are cut
local function two() return 1, 2 end
local t = { two() or two(), two() and two() }
return #t, t[1], t[2], t[3]
--- case: in arguments, constructors and returns
local function id(...) return ... end
local x
return id(x or "default", x and x.y), ({ x or 1 })[1] == nil
--- case: constructor with logic
local x
local t = { x or 1, x and 2, [x or "k"] = x == nil, y = not x and 3 or 4 }
return t[1], t[2], t.k, t.y
--- case: default assignment
local t = {}
t.n = t.n or 0
t.n = (t.n or 0) + 1
t.list = t.list or {}
return t.n, type(t.list)
--- case: assignment to the operand itself
local x = nil
x = x or 1
x = x and x + 1
x = not x
return x
--- case: nested not and comparisons
local a, b, c = true, false, nil
return not (a and b), not a and b, not (a or c), not (not a == b), not a == not b, not (b == c)
--- case: and/or over upvalues and globals
local up = false
g = nil
local function f() return up or g or "none", g and up, up == false and not g end
return f()
--- case: while with a complex condition
local i, j, n = 0, 10, 0
while (i < 5 or j > 8) and not (n > 20) do i, j, n = i + 1, j - 1, n + 1 end
return i, j, n
--- case: constants in logic
return nil and 1, 1 and nil, true and "t", false or "f", 1 or nil, "x" and "y" or "z", not 1 and 2, nil == false or 3
--- case: jumps over jumps
local function f(a, b, c, d)
  if (a and b or c) and (not d or a) then return 1 end
  if a and (b and (c and d)) then return 2 end
  if a or (b or (c or d)) then return 3 end
  return 4
end
local out = {}
for i = 0, 15 do
  local bit = function(n) return math.floor(i / n) % 2 == 1 end
  out[#out + 1] = f(bit(1), bit(2), bit(4), bit(8))
end
return table.concat(out)
--- case: value jumps over jumps
local function f(a, b, c) return (a and b) or (not a and c) or (b == c) end
local out = {}
for i = 0, 7 do
  local bit = function(n) return math.floor(i / n) % 2 == 1 end
  out[#out + 1] = tostring(f(bit(1), bit(2), bit(4)))
end
return table.concat(out, " ")
