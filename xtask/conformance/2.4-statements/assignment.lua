-- Manual 2.4.3: assignment.
--- case: swap
local a, b = 1, 2
a, b = b, a
return a, b
--- case: missing values are nil, extra are dropped
local a, b, c = 1
local d, e = 1, 2, 3
a, b = "x"
return a, b, c, d, e
--- case: only the last call expands
local function f() return 1, 2, 3 end
local a, b, c, d = f(), f()
local e, g, h = (f())
local i, j = f(), 10
return a, b, c, d, e, g, h, i, j
--- case: expressions are evaluated before assigning
local i, t = 3, {}
i, t[i] = i + 1, 20
return i, t[3], t[4]
--- case: table and key are fixed before assignment
local t = { 1, 2 }
local u = t
t, t[1] = nil, "new"
return t, u[1]
--- case: index expression uses the old local
local a = {}
local b = a
a.x, a = 1, { y = 2 }
return b.x, a.x, a.y
--- case: order of stores in a multiple assignment
local log = {}
local t = setmetatable({}, { __newindex = function(_, k, v) log[#log + 1] = k .. "=" .. tostring(v) end })
t.a, t.b, t.c = 1, 2
return table.concat(log, " ")
--- case: order of evaluation of the right side
local log = {}
local function f(x) log[#log + 1] = x return x end
local a, b, c = f(1), f(2), f(3)
local t = {}
t[f("k1")], t[f("k2")] = f("v1"), f("v2")
return table.concat(log, " ")
--- case: the same variable twice
local a
a, a = 1, 2
return a
--- case: the same field twice
local t = {}
t.x, t.x = 1, 2
return t.x
--- case: self reference
local t = {}
t.t, t = t, 5
return t
--- case: calls with fewer results than targets
local function none() end
local a, b = none()
local t = { none(), none(), (none()) }
return a, b, #t, select("#", none()), select("#", (none()))
--- case: vararg on the right side
local function f(...)
  local a, b, c = ...
  local d, e = (...)
  return a, b, c, d, e
end
return f(1, 2)
--- case: many targets
local t = {}
t[1], t[2], t[3], t[4], t[5], t[6] = (function() return 1, 2, 3, 4 end)()
return #t, t[4], t[5]
--- case: assignment to a global, field and upvalue at once
local up
local t = {}
local function f() up, t.x, glob = 1, 2, 3 end
f()
return up, t.x, glob
--- case: conflict between local and its use as a table in the same assignment
local a = { 10, 20 }
local i = 1
i, a[i], a[i + 1] = 2, "i1", "i2"
return i, a[1], a[2]
--- case: bad targets
compile "1 = 2"
compile "f() = 1"
compile "(a) = 1"
compile "a, f() = 1, 2"
compile "a + b = 1"
compile "'x' = 1"
compile "nil = 1"
compile "... = 1"
compile "a.b:c = 1"
compile "x, = 1"
compile "local x.y = 1"
compile "local (x) = 1"
compile "f().x = 1"
compile "(f()).x = 1"
compile "('x').y = 1"
--- case: chains are no statements
compile "a.b"
compile "a"
compile "a = b = c"
compile "a == b"
compile "a + 1"
compile "(f)()"
compile "(f())"
compile "f{}.x"
compile "f()()"
compile "f'x':y()"
--- case: index assignment on non-tables
try(function() local a = 1 a.x = 2 end)
try(function() local a a.x = 2 end)
try(function() nosuch.x = 2 end)
try(function() local t = {} t.x.y = 2 end)
try(function() local t = {} t[1][2] = 2 end)
try(function() ("x").y = 1 end)
