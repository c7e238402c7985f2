-- Manual 2.10: collection, finalizers and weak tables, as far as a script can see them.
--- case: collectgarbage options
collectgarbage()
show(type(collectgarbage("count")), collectgarbage("collect"), collectgarbage("stop"), collectgarbage("restart"))
show(type(collectgarbage("step")), type(collectgarbage("step", 100)))
show(collectgarbage("count") > 0, collectgarbage())
--- case: setpause and setstepmul answer the old values
local p = collectgarbage("setpause", 150)
local p2 = collectgarbage("setpause", p)
local s = collectgarbage("setstepmul", 300)
local s2 = collectgarbage("setstepmul", s)
return p, p2, s, s2
--- case: option errors
try(collectgarbage, "bogus")
try(collectgarbage, 1)
try(collectgarbage, {})
try(collectgarbage, "step", "x")
try(collectgarbage, "generational")
try(collectgarbage, "isrunning")
try(collectgarbage, nil)
--- case: memory comes back
collectgarbage()
local before = collectgarbage("count")
local t = {}
for i = 1, 10000 do t[i] = { i } end
local grown = collectgarbage("count") - before
t = nil
collectgarbage() collectgarbage()
local left = collectgarbage("count") - before
return grown > 200, left < 50
--- case: gcinfo
return type(gcinfo()), gcinfo() == math.floor(gcinfo()), select("#", gcinfo())
--- case: a full step finishes a cycle
collectgarbage()
local n = 0
repeat n = n + 1 until collectgarbage("step", 1000) or n > 10000
return n <= 10000
--- case: finalizers run
local log = {}
for i = 1, 3 do
  local p = newproxy(true)
  getmetatable(p).__gc = function() log[#log + 1] = "gc" end
end
collectgarbage() collectgarbage()
return table.concat(log, " ")
--- case: finalizers run once
local n = 0
local p = newproxy(true)
getmetatable(p).__gc = function() n = n + 1 end
p = nil
collectgarbage() collectgarbage() collectgarbage()
return n
--- case: a finalizer gets its object
local seen
local p = newproxy(true)
local mt = getmetatable(p)
mt.__gc = function(o) seen = getmetatable(o) == mt end
p = nil
collectgarbage()
return seen
--- case: resurrection
local keep, n = nil, 0
local p = newproxy(true)
getmetatable(p).__gc = function(o) keep, n = o, n + 1 end
p = nil
collectgarbage()
local type_now = type(keep)
keep = nil
collectgarbage() collectgarbage()
return type_now, n
--- case: finalizers run in reverse order of creation
local log = {}
local function make(name)
  local p = newproxy(true)
  getmetatable(p).__gc = function() log[#log + 1] = name end
  return p
end
local a, b, c = make("a"), make("b"), make("c")
a, b, c = nil, nil, nil
collectgarbage()
return table.concat(log, " ")
--- case: __gc set after creation counts
local p = newproxy(true)
local done
local mt = getmetatable(p)
p = nil
mt.__gc = function() done = true end
collectgarbage()
return done
--- case: tables have no finalizers
local n = 0
for i = 1, 10 do setmetatable({}, { __gc = function() n = n + 1 end }) end
collectgarbage()
return n
--- case: proxies that share a metatable are all finalized
local n = 0
local first = newproxy(true)
getmetatable(first).__gc = function() n = n + 1 end
for i = 1, 9 do newproxy(first) end
collectgarbage()
local without = n
first = nil
collectgarbage()
return without, n
--- case: weak values
local t = setmetatable({}, { __mode = "v" })
t[1], t[2], t.x, t.n, t.s, t.b = {}, print, {}, 5, "string", true
local keep = {}
t.kept = keep
collectgarbage()
return t[1], t[2] == print, t.x, t.n, t.s, t.b, t.kept == keep
--- case: weak keys
local t = setmetatable({}, { __mode = "k" })
local keep = {}
t[{}], t[keep], t.s, t[1] = 1, 2, 3, 4
collectgarbage()
local n = 0
for k in pairs(t) do n = n + 1 end
return n, t[keep], t.s, t[1]
--- case: weak keys and values
local t = setmetatable({}, { __mode = "kv" })
local k, v = {}, {}
t[k], t[{}], t[1], t.v = {}, v, {}, v
collectgarbage()
local n = 0
for _ in pairs(t) do n = n + 1 end
return n, t.v == v
--- case: weak array parts are cleared
local t = setmetatable({}, { __mode = "v" })
for i = 1, 10 do t[i] = { i } end
local keep = t[5]
collectgarbage()
local left = {}
for i = 1, 10 do if t[i] then left[#left + 1] = i end end
return table.concat(left, ",")
--- case: weak keys hold their values strongly
local t = setmetatable({}, { __mode = "k" })
local keep = {}
t[keep] = { "value" }
collectgarbage()
return t[keep][1]
--- case: no ephemerons in 5.1
local t = setmetatable({}, { __mode = "k" })
do local k = {} t[k] = { k } end
collectgarbage() collectgarbage()
return next(t) ~= nil
--- case: strings are never removed from weak tables
local t = setmetatable({}, { __mode = "kv" })
t["a" .. 1] = "b" .. 2
t[1] = "c" .. 3
collectgarbage()
return t.a1, t[1]
--- case: closures and coroutines as weak values
local t = setmetatable({}, { __mode = "v" })
local up = 1
t.f, t.co, t.p = function() return up end, coroutine.create(function() end), newproxy()
collectgarbage()
return t.f, t.co, t.p
--- case: userdata with finalizers leave weak values before, weak keys after
local v, k = setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" })
local in_v, in_k
do
  local p = newproxy(true)
  getmetatable(p).__gc = function(o) in_v, in_k = v[1], k[o] end
  v[1], k[p] = p, "still a key"
end
collectgarbage()
return in_v, in_k
--- case: changing the mode later
local mt = {}
local t = setmetatable({ {} }, mt)
collectgarbage()
local before = t[1] ~= nil
mt.__mode = "v"
collectgarbage()
return before, t[1]
--- case: weak tables while iterating
local t = setmetatable({}, { __mode = "k" })
for i = 1, 20 do t[{}] = i end
local n = 0
for k in pairs(t) do collectgarbage() n = n + 1 end
k = nil
collectgarbage()
return n >= 1
--- case: cycles are collected
local weak = setmetatable({}, { __mode = "v" })
do
  local a, b = {}, {}
  a.b, b.a = b, a
  a.f = function() return a, b end
  weak[1], weak[2] = a, b
end
collectgarbage()
return weak[1], weak[2]
--- case: cycles through metatables, upvalues and environments
local weak = setmetatable({}, { __mode = "v" })
do
  local t = {}
  setmetatable(t, { __index = t })
  local f = setfenv(function() return t end, t)
  t.f = f
  local co = coroutine.create(function() local x = t coroutine.yield(x) end)
  coroutine.resume(co)
  t.co = co
  weak[1], weak[2], weak[3] = t, f, co
end
collectgarbage()
return weak[1], weak[2], weak[3]
--- case: what is reachable only from a suspended coroutine lives
local weak = setmetatable({}, { __mode = "v" })
local co = coroutine.create(function() local t = { "held" } weak[1] = t coroutine.yield() return t[1] end)
coroutine.resume(co)
collectgarbage()
return weak[1] ~= nil, coroutine.resume(co)
--- case: arguments and varargs live while they can be reached
local weak = setmetatable({}, { __mode = "v" })
local function f(...)
  weak[1] = (...)
  collectgarbage()
  return weak[1] ~= nil, ...
end
return (f({}))
--- case: allocation inside a finalizer
local out
local p = newproxy(true)
getmetatable(p).__gc = function() local t = {} for i = 1, 1000 do t[i] = { i } end out = #t end
p = nil
collectgarbage()
return out
--- case: collecting inside a finalizer
local n = 0
local p = newproxy(true)
getmetatable(p).__gc = function() collectgarbage() n = n + 1 end
p = nil
collectgarbage()
return n
--- case: an error in a finalizer reaches collectgarbage
local p = newproxy(true)
getmetatable(p).__gc = function() error("in gc", 0) end
p = nil
try(collectgarbage)
collectgarbage()
--- case: garbage made by every kind of object
local t
for i = 1, 3000 do
  t = { i, { i }, function() return t end, "s" .. i, coroutine.create(function() coroutine.yield(i) end) }
  coroutine.resume(t[5])
end
collectgarbage()
return t[1], t[2][1], t[4]
--- case: stopping and restarting
collectgarbage()
collectgarbage("stop")
local before = collectgarbage("count")
for i = 1, 20000 do local t = { i } end
local grown = collectgarbage("count") - before
collectgarbage("restart")
collectgarbage()
return grown > 500, collectgarbage("count") < before + 100
--- case: string interning survives collection
local s = "inter" .. "ned"
local t = { [s] = 1 }
for i = 1, 100 do local x = ("x"):rep(i) end
collectgarbage()
return t["in" .. "terned"], t[table.concat { "inter", "ned" }]
--- case: tables keep their order over collections
local t = {}
for i = 1, 50 do t["k" .. i] = {} end
local a, b = {}, {}
for k in pairs(t) do a[#a + 1] = k end
collectgarbage()
for k in pairs(t) do b[#b + 1] = k end
return table.concat(a) == table.concat(b)
