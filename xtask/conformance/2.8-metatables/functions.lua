-- Manual 2.8: metamethods that are functions, entered and left in every way.
--- case: functions of more and fewer parameters
local t = {}
local function with(f) return setmetatable({}, { __add = f, __index = f, __eq = f, __lt = f, __unm = f, __concat = f, __call = f, __newindex = f }) end
for _, f in ipairs { function() return 1 end, function(a) return type(a) end, function(a, b) return type(b) end,
  function(a, b, c) return c end, function(a, b, c, d) return d, 1, 2 end, function(...) return select("#", ...), "x" end,
  function(a, ...) return select("#", ...) end, function() end, function() return nil, 1 end } do
  local x, y = with(f), with(f)
  show(x + 1, 1 + x, x.k, x[1], x == y, x ~= y, x < y, x > y, x <= y, -x, x .. "a", "a" .. x)
  show(x()) show(x(1)) show((x(1, 2, 3)))
  x.new = 1
  x[1] = 2
  show(rawget(x, "new"), rawget(x, 1))
end
--- case: results cut off to one
local mt = {}
mt.__index = function(t, k) return k, k, k end
mt.__add = function(a, b) return 1, 2 end
local t = setmetatable({}, mt)
show(t.a, t.b) show(t + t, t + 1) show(({ t.a, t.b })[2], #{ t.a })
local a, b = t.x
show(a, b)
--- case: results of tail calls
local function id(...) return ... end
local mt = {}
mt.__index = function(t, k) return id(k) end
mt.__add = function(a, b) return rawget(a, 1) end
mt.__eq = function(a, b) return id(true) end
mt.__lt = function(a, b) return id() end
mt.__unm = function(a) return tostring(1) end
mt.__concat = function(a, b) return id("joined", "more") end
mt.__call = function(self, ...) return id(...) end
local t, u = setmetatable({ "one" }, mt), setmetatable({}, mt)
show(t.k, t + u, t == u, t < u, -t, t .. u, t .. "x" .. u)
show(t(1, 2, 3))
if t == u then show("equal") end
if t ~= u then show("not equal") end
if not (t < u) then show("not less") end
while t == u do show("once") break end
--- case: closing variables on the way out
local fs = {}
local mt = { __index = function(t, k) local v = k .. "!" fs[#fs + 1] = function() return v end return v end,
  __newindex = function(t, k, v) local w = v fs[#fs + 1] = function() w = w + 1 return w end end }
local t = setmetatable({}, mt)
show(t.a, t.b)
t.c = 5
for i = 1, 3 do show(fs[i]()) end
show(fs[3]())
--- case: an entry for a key that __newindex takes
local log = {}
local t = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = tostring(k) .. "=" .. tostring(v) end })
for i = 1, 2 do t[i] = i t["k" .. i] = i t[i + 0.5] = i t[true] = i end
t[1] = nil
show(table.concat(log, " "))
show(next(t), rawget(t, 1), t[1])
rawset(t, 1, "raw")
t[1] = "there"
show(t[1], #log)
t[1] = nil
t[1] = "gone"
show(t[1], #log)
try(function() t[nil] = 1 end)
try(function() t[0 / 0] = 1 end)
--- case: a chain of __newindex
local last = {}
local mid = setmetatable({}, { __newindex = last })
local t = setmetatable({}, { __newindex = mid })
t.a = 1 t[1] = 2
show(rawget(t, "a"), rawget(mid, "a"), last.a, last[1])
rawset(mid, "b", 0)
t.b = 5
show(mid.b, last.b)
--- case: __index of a table, then of a function
local base = setmetatable({ one = 1 }, { __index = function(t, k) return k end })
local t = setmetatable({}, { __index = base })
show(t.one, t.two, t[1], t[true])
for i = 1, 2 do for _, k in ipairs { "one", "two", 3 } do show(t[k]) end end
--- case: a metamethod that yields, and goes on
local mt = { __index = function(t, k) return coroutine.yield(k) end }
local ok, m = pcall(coroutine.wrap(function() local t = setmetatable({}, mt) return t.a end))
show(type(m))
--- case: errors in metamethods have their positions
local mt = {
  __add = function(a, b) error("add") end,
  __index = function(t, k) error("index " .. k) end,
  __eq = function() error("eq") end,
}
local t, u = setmetatable({}, mt), setmetatable({}, mt)
try(function() return t + 1 end)
try(function() return t.k end)
try(function() return t[1] end)
try(function() return t == u end)
try(function() local x = t.k + 1 end)
--- case: an operator that is called from many depths
local mt = {}
mt.__add = function(a, b) if b == 0 then return a.n end return a + (b - 1) end
mt.__index = function(t, k) if k == 0 then return "bottom" end return t[k - 1] end
local t = setmetatable({ n = 7 }, mt)
show(t + 10, t + 150, t[10], t[150])
--- case: what a metamethod is called
local mt = {}
local function what() local i = debug.getinfo(2, "n") return tostring(i.name) .. "/" .. i.namewhat end
mt.__index = function() return what() end
mt.__add = function() return what() end
local t = setmetatable({}, mt)
show(t.x, t + 1)
--- case: garbage is collected in metamethods
local mt = {}
mt.__add = function(a, b) collectgarbage() return setmetatable({ v = a.v .. b.v }, mt) end
mt.__index = function(t, k) collectgarbage() return { k } end
local function new(v) return setmetatable({ v = v }, mt) end
local sum = new("a") + new("b") + new("c")
show(sum.v, sum.other[1])
--- case: comparisons decide jumps
local mt = { __lt = function(a, b) return a.v < b.v end, __le = function(a, b) return a.v <= b.v and 1 end, __eq = function(a, b) if a.v == b.v then return "yes" end end }
local function new(v) return setmetatable({ v = v }, mt) end
local a, b, c = new(1), new(2), new(1)
local out = {}
for _, p in ipairs { { a, b }, { b, a }, { a, c } } do
  local x, y = p[1], p[2]
  if x < y then out[#out + 1] = "<" end
  if not (x < y) then out[#out + 1] = "!<" end
  if x <= y then out[#out + 1] = "<=" end
  if x > y then out[#out + 1] = ">" end
  if x >= y then out[#out + 1] = ">=" end
  if x == y then out[#out + 1] = "==" end
  if x ~= y then out[#out + 1] = "~=" end
  out[#out + 1] = tostring(x < y and x <= y) .. tostring(x == y or x > y)
end
show(table.concat(out, " "))
