-- Manual 5.1: `select` and `unpack` in every place, and `setmetatable` as the last thing done.
--- case: unpack into each number of places
local t = { 1, 2, 3, nil, 5 }
unpack(t)
local a = unpack(t)
local b, c = unpack(t)
local d, e, f, g, h, i = unpack(t)
show(a, b, c, d, e, f, g, h, i)
show(unpack(t))
show((unpack(t)), unpack(t, 2))
show(#{ unpack(t) }, ({ unpack(t) })[3], select("#", unpack({ 1, 2, nil }, 1, 3)))
--- case: ranges of unpack
local t = { 1, 2, 3, 4 }
local function both(...) local a, b, c = unpack(t, ...) show(a, b, c) show(unpack(t, ...)) end
both(2) both(4) both(5) both(6) both(1, 2) both(2, 3) both(4, 4) both(4, 3) both(3, 6) both(-1, 1) both(0) both(-2, -1)
both(2.7, 3.9) both("2", "3") both(nil, 2) both(nil, nil) both(1, nil) both(1e300, 2) both(5, -5)
both(2147483647) both(2147483647, 2147483646) both(-2147483648, -2147483648)
--- case: unpack with arguments too many or wrong
local t = { 1, 2, 3 }
show(unpack(t, 1, 2, 3, 4))
try(unpack) try(unpack, 1) try(unpack, t, {}) try(unpack, t, 1, {}) try(unpack, nil, 1, 2) try(unpack, "abc")
try(function() local a = unpack(5) end)
try(function() local a, b = unpack({}, "x") end)
try(function() return unpack({}, 1, "x") end)
--- case: unpack of too many
try(function() local a = unpack({}, 1, 1e8) end)
try(function() return unpack({}, 1, 1e7) end)
try(function() show(unpack({}, -1e9, 1e9)) end)
show(select("#", unpack({}, 1, 200)), select("#", unpack({}, 1, 300)), select("#", unpack({}, 1, 7000)))
local t = {}
for i = 1, 300 do t[i] = i end
show(select("#", unpack(t)), (select(300, unpack(t))), select("#", unpack(t, 1, 256)), select("#", unpack(t, 2, 258)))
local function last(...) return (select(select("#", ...), ...)) end
for _, n in ipairs { 1, 15, 16, 17, 100, 255, 256, 257, 300 } do show(n, last(unpack(t, 1, n)), math.max(unpack(t, 1, n))) end
--- case: unpack knows no metamethods
local t = setmetatable({ 1 }, { __index = function(_, k) return k * 10 end, __len = function() return 5 end })
show(unpack(t)) show(unpack(t, 1, 3))
local a, b = unpack(t, 1, 2)
show(a, b)
--- case: unpack of what is not in the array part
local t = { [1] = "a", [2] = "b", [4] = "d" }
show(unpack(t, 1, 4))
local a, b, c, d = unpack(t, 1, 4)
show(a, b, c, d)
local t = {}
for i = 10, 1, -1 do t[i] = i end
show(unpack(t)) show(unpack(t, 8, 12))
--- case: unpack into calls of each kind
local t = { 3, 1, 2 }
local function count(...) return select("#", ...), ... end
local function three(a, b, c) return c, b, a end
local obj = { m = function(self, ...) return self.n, ... end, n = "n" }
show(count(unpack(t))) show(three(unpack(t))) show(three(0, unpack(t))) show(obj:m(unpack(t)))
show(math.max(unpack(t)), string.char(unpack { 65, 66 }), (math.min(unpack(t, 2))))
show(pcall(three, unpack(t))) show(pcall(unpack, t))
show(coroutine.wrap(count)(unpack(t)))
t[#t + 1], t[#t + 2] = unpack(t)
show(unpack(t))
--- case: results of unpack outlive the table
local function list() return unpack({ {}, { 1 }, { 2 } }) end
local a, b, c = list()
collectgarbage()
show(type(a), b[1], c[1])
local function pass(...) collectgarbage() return ... end
local x, y = pass(unpack({ { 7 }, { 8 } }))
show(x[1], y[1])
--- case: select with a number
local function f(...) local a = select(1, ...) local b = select(2, ...) local c = select(3, ...) return a, b, c end
show(f()) show(f(1)) show(f(1, nil)) show(f(1, nil, 3)) show(f(1, nil, 3, 4))
local function g(...) return select(2, ...) end
show(g(1)) show(g(1, 2)) show(g(1, 2, 3))
local function h(i, ...) local a = select(i, ...) local b, c = select(i, ...) show(a, b, c) show(select(i, ...)) end
h(1, "a", "b", "c") h(2, "a", "b", "c") h(3, "a", "b", "c") h(4, "a", "b", "c") h(100, "a") h(-1, "a", "b", "c") h(-3, "a", "b", "c")
h(1.5, "a", "b") h("2", "a", "b") h(1e15, "a")
--- case: select out of range
local function one(i, ...) local a = select(i, ...) return a end
try(one, 0, 1) try(one, -2, 1) try(one, -1) try(one) try(one, nil) try(one, {}) try(one, "x") try(one, 0 / 0, 1) try(one, 0.5, 1) try(one, -1e15, 1)
--- case: select counts
local function n(...) local a = select("#", ...) return a, select("#", ...) end
show(n()) show(n(nil)) show(n(nil, nil)) show(n(1, 2, 3))
local function m(...) local a = select("#x", ...) return a end
show(m(1, 2)) try(function(...) local a = select("", ...) return a end, 1)
show(select("#")) show(select('#', unpack({}, 1, 250)))
--- case: select with fixed arguments before the list
local function f(a, b, ...) local c = select(a, b, ...) local d = select("#", a, b, ...) return c, d, a, b end
show(f(1, "x")) show(f(2, "x", "y")) show(f(3, "x", "y", "z"))
local function few(a, b, c, ...) local n, m = select("#", ...), select(1, ...) return n, m, a, b, c end
show(few()) show(few(1)) show(few(1, 2, 3)) show(few(1, 2, 3, 4))
--- case: another function under the name
local function f(...) local a = select("#", ...) return a end
local old = select
select = function(...) return "mine" end
show(f(1, 2))
select = nil
try(f, 1)
select = old
show(f(1, 2))
--- case: lists of tables
local function pack(...) return { ... }, { n = select("#", ...), ... }, { 1, 2, ... } end
for n = 0, 20 do
  local t = {}
  for i = 1, n do t[i] = i * i end
  local a, b, c = pack(unpack(t))
  local sum = 0
  for i = 1, n do sum = sum + a[i] + b[i] + c[i + 2] end
  show(n, #a, #b, b.n, #c, sum)
end
local t = { unpack({ 1, nil, 3 }, 1, 3) }
show(t[1], t[2], t[3])
--- case: setmetatable as the last thing done
local mt = { __index = { k = "v" } }
local function make() return setmetatable({}, mt) end
local a = make()
local b, c = make()
show(a.k, b.k, c, getmetatable(make()) == mt, (make()).k, #{ make() })
local function again(t) return setmetatable(t, mt) end
show(again(a) == a, again(again(a)).k)
local function none(t) return setmetatable(t, nil) end
show(none(a).k, none(a) == a)
--- case: setmetatable refused
local mt = { __metatable = "locked" }
local t = setmetatable({}, mt)
local function set(...) return setmetatable(...) end
try(set, t, {}) try(set, t, nil) try(set, {}) try(set, {}, 1) try(set, 1, {}) try(set)
try(function() setmetatable(t, {}) end)
try(function() local a = setmetatable(t, {}) end)
try(function() local a = setmetatable({}) end)
--- case: natives in tail position give all their results
local function f(...) return select(2, ...) end
local function g(s) return string.byte(s, 1, -1) end
local function h(s) return string.find(s, "(b)(c)") end
local a = f(1, 2, 3)
local b = g("abc")
local c, d = g("abc")
show(a, b, c, d, f(1, 2, 3)) show(g("abc")) show(h("abc")) show((h("abc")))
local function len(s) return string.len(s) end
local function tail(s) return len(s) end
show(len("abc"), tail("abcd"), pcall(tail, {}))
for i = 1, 2 do local x = tail("ab") show(x) end
local mt = { __index = function(t, k) return string.rep(k, 2) end, __eq = function(a, b) return rawequal(a, a) end, __lt = function(a, b) return rawequal(a, b) end }
local t, u = setmetatable({}, mt), setmetatable({}, mt)
show(t.ab, t == u, t < u, t.x .. t.y)
