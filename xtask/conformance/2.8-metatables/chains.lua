-- Manual 2.8: every event with mixed types, chains and odd handlers.
--- case: every binary event with every type on the right
local log = {}
local meta = {}
for _, e in ipairs { "add", "sub", "mul", "div", "mod", "pow", "concat" } do meta["__" .. e] = function(a, b) return e .. ":" .. type(a) .. ":" .. type(b) end end
local t = setmetatable({}, meta)
for _, v in ipairs { 1, "s", true, {}, print, newproxy() } do show(t + v, t - v, t * v, t / v, t % v, t ^ v, t .. v) end
show(t + nil, t .. nil)
--- case: every binary event with every type on the left
local meta = {}
for _, e in ipairs { "add", "sub", "mul", "div", "mod", "pow", "concat" } do meta["__" .. e] = function(a, b) return e .. ":" .. type(a) .. ":" .. type(b) end end
local t = setmetatable({}, meta)
for _, v in ipairs { 1, "s", true, {}, print, newproxy() } do show(v + t, v - t, v * t, v / t, v % t, v ^ t, v .. t) end
show(nil + t, nil .. t)
--- case: constants on either side of a metamethod
local t = setmetatable({}, { __add = function(a, b) return type(a) .. type(b) end, __sub = function(a, b) return a == 10 or b == 10 end, __concat = function(a, b) return "cat" end })
show(t + 1, 1 + t, t - 10, 10 - t, t + "x", "x" + t, t .. "x", "x" .. t, 1 .. t, t .. 1)
--- case: __unm of both arguments is the operand
local t
t = setmetatable({}, { __unm = function(a, b) return rawequal(a, t), rawequal(b, t) end })
show(-t, (-t))
--- case: __unm falls back to nothing
try(function() return -setmetatable({}, {}) end)
try(function() return -setmetatable({}, { __sub = function() return 1 end }) end)
--- case: only the second operand has the event
local a = setmetatable({}, {})
local b = setmetatable({}, { __add = function(x, y) return rawequal(x, a) end })
show(a + b)
try(function() return a - b end)
--- case: a false event field is not looked past
local a = setmetatable({}, { __add = false })
local b = setmetatable({}, { __add = function() return "b" end })
try(function() return a + b end)
try(function() return b + a end)
--- case: event fields that are callable tables and userdata
local p = newproxy(true)
getmetatable(p).__call = function(self, a, b) return "proxy" end
local t = setmetatable({}, { __add = setmetatable({}, { __call = function(self, a, b) return "table" end }), __sub = p, __index = p, __newindex = p, __concat = p })
show(t + 1, t - 1, t .. "x")
show(pcall(function() return t.x end))
--- case: event fields that cannot be called
for _, v in ipairs { 1, "x", true, {}, coroutine.create(print) } do
  local t = setmetatable({}, { __add = v, __call = v, __lt = v, __eq = v, __unm = v })
  try(function() return t + 1 end)
  try(function() return t() end)
  try(function() return t < t end)
  try(function() return -t end)
  try(function() return t == setmetatable({}, getmetatable(t)) end)
end
--- case: names of operands when a handler cannot be called
local t = setmetatable({}, { __add = 5, __call = 5, __concat = 5 })
try(function() local x = t return x + 1 end)
try(function() local x = t return x() end)
try(function() local x = t return x .. "a" end)
--- case: __index tables five deep
local t = {}
local deepest = { found = "deep" }
local chain = deepest
for i = 1, 5 do chain = setmetatable({ ["level" .. i] = i }, { __index = chain }) end
show(chain.found, chain.level1, chain.level5, chain.none)
--- case: __index ending in every type
for _, v in ipairs { 1, true, print, "text", newproxy() } do
  local t = setmetatable({}, { __index = v })
  try(function() return t.len end)
end
--- case: __index through a string
local t = setmetatable({}, { __index = "a string" })
show(t.len, t.upper == string.upper, t.nothing)
show(t.rep("x", 2))
--- case: __index through a file
local t = setmetatable({}, { __index = io.stdout })
show(t.write == io.stdout.write, t.nothing)
--- case: __index functions get the key as it is
local keys = {}
local t = setmetatable({}, { __index = function(_, k) keys[#keys + 1] = type(k) .. ":" .. tostring(k ~= k and "nan" or type(k) == "table" and "table" or k) return k end })
local _ = t[1], t["1"], t[1.5], t[true], t[nil], t[0 / 0], t[{}]
show(unpack(keys))
--- case: __newindex through tables and functions
local log = {}
local base = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v) rawset(t, k, v) end })
local t = setmetatable({}, { __newindex = base })
t.a = 1
t.a = 2
base.a = 3
show(rawget(t, "a"), base.a, unpack(log))
--- case: __newindex ending in every type
for _, v in ipairs { 1, true, "text", newproxy() } do
  local t = setmetatable({}, { __newindex = v })
  try(function() t.x = 1 end)
end
--- case: __newindex gets nil values
local log = {}
local t = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = k .. tostring(v) end })
t.a = nil
t.b = false
show(unpack(log))
--- case: __newindex is asked again after removal
local n = 0
local t = setmetatable({}, { __newindex = function(t, k, v) n = n + 1 rawset(t, k, v) end })
t.x = 1
t.x = 2
t.x = nil
t.x = 3
show(n, t.x)
--- case: __newindex and integer keys
local log = {}
local t = setmetatable({ 1, 2 }, { __newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end })
t[1], t[2], t[3], t[5], t[0], t[-1] = 1, 1, 1, 1, 1, 1
t[3] = 4
table.sort(log)
show(unpack(log))
--- case: multiple assignment with __newindex
local log = {}
local t = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = k .. v end })
t.a, t.b, t.c = 1, 2, 3
table.sort(log)
show(unpack(log))
--- case: loops in __index and __newindex
local a, b = {}, {}
setmetatable(a, { __index = b, __newindex = b })
setmetatable(b, { __index = a, __newindex = a })
try(function() return a.x end)
try(function() a.x = 1 end)
local s = setmetatable({}, {})
getmetatable(s).__index = s
try(function() return s.x end)
--- case: a hundred tables in a chain are too many
local function chain(n) local t = { x = "end" } for i = 1, n do t = setmetatable({}, { __index = t }) end return t end
for _, n in ipairs { 50, 98, 99, 100, 101, 150 } do show(n, pcall(function() return chain(n).x end)) end
--- case: a hundred tables in a chain of assignments
local function chain(n) local t = { } for i = 1, n do t = setmetatable({}, { __newindex = t }) end return t end
for _, n in ipairs { 50, 98, 99, 100, 101 } do show(n, pcall(function() chain(n).x = 1 end)) end
--- case: chains of __call
local f = function(...) return select("#", ...) end
local a = setmetatable({}, { __call = f })
local b = setmetatable({}, { __call = a })
show(a(1, 2))
try(b, 1, 2)
--- case: __call adds the object in front
local t = setmetatable({}, { __call = function(self, ...) return type(self), ... end })
show(t())
show(t(nil))
show(t(1, 2, nil))
show(pcall(t, 1))
show((t(5)))
--- case: __call in every position
local t = setmetatable({}, { __call = function(self, a) return a end })
local o = { m = t, [1] = t }
show(o.m(1), o[1](2), t { 3 }[1], t "x")
show(o:m() == o)
for a in t, nil, nil do break end
local co = coroutine.wrap(function() return t("in coroutine") end)
show(co())
--- case: __call as a tail call and in pcall
local t = setmetatable({}, { __call = function(self, n) if n == 0 then return "done" end return self(n - 1) end })
show(t(5), pcall(t, 3), select("#", pcall(t, 0)))
--- case: __call of natives
local t = setmetatable({}, { __call = string.rep })
try(t, 3)
t = setmetatable({}, { __call = rawget })
t.x = 5
show(t("x"))
t = setmetatable({}, { __call = coroutine.wrap(function(...) while true do coroutine.yield(select("#", ...)) end end) })
show(t(), t(1, 2))
--- case: equality asks one shared function
local eq = function(a, b) return true end
local a, b = setmetatable({}, { __eq = eq }), setmetatable({}, { __eq = eq })
local c = setmetatable({}, { __eq = function() return true end })
show(a == b, b == a, a == c, a ~= b, a == {}, a == 1, a == nil)
--- case: equality of userdata
local p, q = newproxy(true), newproxy(true)
getmetatable(p).__eq = function() return true end
show(p == q)
getmetatable(q).__eq = getmetatable(p).__eq
show(p == q, p ~= q, p == newproxy(p), newproxy(p) == q)
show(p == {}, p == 1)
--- case: equality of a table and userdata
local eq = function() return true end
local p, t = newproxy(true), setmetatable({}, { __eq = eq })
getmetatable(p).__eq = eq
show(p == t, t == p)
--- case: results of __eq are made boolean
local meta = {}
local a, b = setmetatable({}, meta), setmetatable({}, meta)
for _, v in ipairs { 1, "x", true } do meta.__eq = function() return v, "second" end show(a == b, a ~= b) end
meta.__eq = function() return nil end
show(a == b, a ~= b)
meta.__eq = function() end
show(a == b)
--- case: __eq is not asked for keys, rawequal and table functions
local n = 0
local meta = { __eq = function() n = n + 1 return true end }
local a, b = setmetatable({}, meta), setmetatable({}, meta)
local t = { [a] = 1 }
show(t[b], rawequal(a, b), n, a == b, n)
--- case: order with one shared function
local lt = function(a, b) return a.v < b.v end
local function make(v) return setmetatable({ v = v }, { __lt = lt }) end
local a, b = make(1), make(2)
show(a < b, a > b, a <= b, a >= b, b < a, not (a < b))
--- case: order of different functions
local a, b = setmetatable({}, { __lt = function() return true end }), setmetatable({}, { __lt = function() return true end })
try(function() return a < b end)
try(function() return a <= b end)
--- case: order with only one side
local a, b = setmetatable({}, { __lt = function() return true end }), setmetatable({}, {})
try(function() return a < b end)
try(function() return b < a end)
try(function() return a < {} end)
--- case: order of mixed types never asks
local a = setmetatable({}, { __lt = function() return true end, __le = function() return true end })
try(function() return a < 1 end)
try(function() return 1 < a end)
try(function() return a <= "x" end)
try(function() return "x" >= a end)
try(function() return a < print end)
try(function() return nil < a end)
--- case: __le before __lt
local meta = { __le = function() return "le" end, __lt = function() return false end }
local a, b = setmetatable({}, meta), setmetatable({}, meta)
show(a <= b, a >= b, a < b, a > b)
meta.__le = nil
show(a <= b, a >= b)
--- case: __le through __lt swaps and negates
local log = {}
local meta = { __lt = function(x, y) log[#log + 1] = x.n .. "<" .. y.n return x.n < y.n end }
local a, b = setmetatable({ n = 1 }, meta), setmetatable({ n = 2 }, meta)
show(a <= b, b <= a, a >= b, unpack(log))
--- case: order of userdata
local p = newproxy(true)
getmetatable(p).__lt = function() return true end
getmetatable(p).__le = function() return false end
local q = newproxy(p)
show(p < q, p <= q, p > q, p >= q)
--- case: concat runs from the right
local log = {}
local meta = {}
meta.__concat = function(a, b) local r = (type(a) == "table" and a.n or a) .. "+" .. (type(b) == "table" and b.n or b) log[#log + 1] = r return r end
local x = setmetatable({ n = "x" }, meta)
show("a" .. "b" .. x .. "c" .. "d", unpack(log))
--- case: concat of two objects
local meta = { __concat = function(a, b) return setmetatable({ s = (a.s or a) .. (b.s or b) }, getmetatable(a) or getmetatable(b)) end }
local function make(s) return setmetatable({ s = s }, meta) end
getmetatable("").__concat = nil
show((make("a") .. make("b") .. make("c")).s)
--- case: concat of numbers beside an object
local t = setmetatable({}, { __concat = function(a, b) return type(a) .. type(b) end })
show(1 .. 2 .. t, t .. 1 .. 2, 1 .. t .. 2)
--- case: concat that returns a number or nothing
local t = setmetatable({}, { __concat = function() return 5 end })
show("a" .. t, t .. "b" .. "c", "a" .. t .. "b")
t = setmetatable({}, { __concat = function() end })
show("a" .. t)
try(function() return "x" .. ("a" .. t) end)
--- case: length ignores tables and asks userdata
local t = setmetatable({ 1, 2 }, { __len = function() return 99 end })
local p = newproxy(true)
getmetatable(p).__len = function(...) return select("#", ...), "second" end
show(#t, #p)
try(function() return #newproxy() end)
--- case: length of strings ignores the metatable
getmetatable("").__len = function() return 99 end
show(#"abc", ("abc"):len())
getmetatable("").__len = nil
--- case: metamethods that yield many results give one
local t = setmetatable({}, { __add = function() return 1, 2, 3 end, __index = function() return 4, 5 end, __call = function() return 6, 7 end })
show(t + 1)
show(t.x)
show(t())
show((t()))
--- case: arithmetic inside __index inside arithmetic
local t = setmetatable({}, { __index = function(t, k) return k + 1 end, __add = function(a, b) return b[5] end })
show(t + t, t[t[1]])
--- case: metamethods and recursion limits
local t = setmetatable({}, { __index = function(t, k) return t[k] end })
local ok, e = pcall(function() return t.x end)
show(ok, e:find("overflow") ~= nil)
t = setmetatable({}, { __add = function(a, b) return a + b end })
ok, e = pcall(function() return t + 1 end)
show(ok, e:find("overflow") ~= nil)
--- case: setting metamethods late
local meta = {}
local t = setmetatable({}, meta)
show(pcall(function() return t + 1 end) == false, t.x, pcall(t) == false)
meta.__add, meta.__index, meta.__call = function() return "add" end, function() return "index" end, function() return "call" end
show(t + 1, t.x, t())
meta.__add, meta.__index, meta.__call = nil, nil, nil
show(pcall(function() return t + 1 end) == false, t.x, pcall(t) == false)
--- case: a metatable with a metatable does not pass events on
local t = setmetatable({}, setmetatable({}, { __index = { __add = function() return "inherited" end, __index = function() return "never" end } }))
try(function() return t + 1 end)
show(t.x)
--- case: the metatable of a function through debug
debug.setmetatable(print, { __index = function(f, k) return k end, __add = function() return "sum" end })
show(print.name, print + 1, type(function() end + 1))
debug.setmetatable(print, nil)
try(function() return print.name end)
--- case: the metatable of nil through debug
debug.setmetatable(nil, { __index = function(_, k) return "nil." .. k end, __call = function() return "called nil" end })
show((nil).x, undefined_variable.y, undefined_variable())
debug.setmetatable(nil, nil)
try(function() return undefined_variable.y end)
--- case: the metatable of numbers through debug
debug.setmetatable(0, { __index = { double = function(n) return n * 2 end }, __call = function(n, x) return n + x end, __len = function(n) return n end, __concat = function() return "never" end })
show((5):double(), (5)(3), #7, 1 .. 2)
try(function() return 1 < "x" end)
debug.setmetatable(0, nil)
try(function() return (5).x end)
--- case: the metatable of booleans through debug
debug.setmetatable(true, { __index = { name = "boolean" }, __tostring = function(b) return "B" end, __eq = function() return true end, __lt = function() return true end })
show(true.name == "boolean" or true, (true).name, tostring(true), tostring(false), true == false, true < false)
debug.setmetatable(true, nil)
show(tostring(true))
--- case: __tostring of numbers through debug
debug.setmetatable(0, { __tostring = function(n) return "number!" end })
show(tostring(5), 5 .. "", string.format("%s", 5))
print(6)
debug.setmetatable(0, nil)
show(tostring(5))
--- case: the metatable of a coroutine through debug
local co = coroutine.create(print)
debug.setmetatable(co, { __index = coroutine, __call = function(co, ...) return select("#", ...) end })
show(co:status(), co(1, 2))
debug.setmetatable(co, nil)
--- case: __gc of a table is never called
setmetatable({}, { __gc = function() print("never") end })
collectgarbage() collectgarbage()
--- case: __mode takes text only
for _, mode in ipairs { "k", "v", "kv", "x", "", "K", "weak" } do
  local t = setmetatable({}, { __mode = mode })
  t[1], t[{}] = {}, 1
  collectgarbage()
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  show(mode, n)
end
for _, mode in ipairs { 1, true } do
  local t = setmetatable({}, { __mode = mode })
  t[1] = {}
  collectgarbage()
  show(t[1] ~= nil)
end
