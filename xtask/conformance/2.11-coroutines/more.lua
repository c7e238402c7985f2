-- Manual 2.11 and 5.2: coroutines: every function, status and error.
--- case: create wants a Lua function
for _, v in ipairs { 1, "x", true, {}, print, setmetatable({}, { __call = print }), newproxy() } do try(coroutine.create, v) end
try(coroutine.create)
try(coroutine.create, nil)
--- case: wrap wants a Lua function
for _, v in ipairs { 1, {}, print } do try(coroutine.wrap, v) end
try(coroutine.wrap)
--- case: create ignores further arguments
local co = coroutine.create(function(...) return select("#", ...) end, 1, 2)
show(coroutine.resume(co))
--- case: resume wants a coroutine
for _, v in ipairs { 1, "x", {}, print } do try(coroutine.resume, v) end
try(coroutine.resume)
try(coroutine.resume, nil)
--- case: status wants a coroutine
try(coroutine.status)
try(coroutine.status, {})
try(coroutine.status, print)
--- case: resume of a dead coroutine
local co = coroutine.create(function() end)
show(coroutine.resume(co))
show(coroutine.resume(co))
show(coroutine.resume(co, 1, 2))
show(coroutine.status(co))
--- case: resume of a failed coroutine
local co = coroutine.create(function() error("broken", 0) end)
show(coroutine.resume(co))
show(coroutine.resume(co))
show(coroutine.status(co))
--- case: resume of itself
local co
co = coroutine.create(function() return coroutine.resume(co) end)
show(coroutine.resume(co))
--- case: resume of the one that resumed
local a, b
a = coroutine.create(function() return coroutine.resume(b) end)
b = coroutine.create(function() return coroutine.resume(a) end)
show(coroutine.resume(a))
show(coroutine.status(a), coroutine.status(b))
--- case: a wrapped coroutine that calls itself
local f
f = coroutine.wrap(function() return f() end)
show(pcall(f))
--- case: a dead wrapped coroutine
local f = coroutine.wrap(function() return 1 end)
show(f())
show(pcall(f))
show(pcall(f))
--- case: a wrapped coroutine that failed
local f = coroutine.wrap(function() error("broken", 0) end)
show(pcall(f))
show(pcall(f))
--- case: error objects through wrap
local object = setmetatable({}, { __tostring = function() return "object" end })
local f = coroutine.wrap(function() error(object) end)
local ok, e = pcall(f)
show(ok, e == object)
f = coroutine.wrap(function() error() end)
show(pcall(f))
f = coroutine.wrap(function() error(12) end)
show(pcall(f))
--- case: positions through wrap
local f = coroutine.wrap(function() error("inside") end)
show(pcall(f))
show(pcall(function() local g = coroutine.wrap(function() local x = nil; x() end) g() end))
--- case: positions through two wraps
local inner = function() error("deep") end
local f = coroutine.wrap(function()
  coroutine.wrap(inner)()
end)
show(pcall(f))
--- case: first resume gives arguments, later ones results
local co = coroutine.create(function(...)
  show("start", ...)
  show("got", coroutine.yield(1, 2))
  show("got", coroutine.yield())
  return "end", nil
end)
show(coroutine.resume(co, "a", nil))
show(coroutine.resume(co, nil))
show(coroutine.resume(co))
--- case: many values both ways
local function count(...) return select("#", ...) end
local co = coroutine.create(function(...) local n = count(...) while true do n = count(coroutine.yield(n)) end end)
local t = {}
for i = 1, 250 do t[i] = i end
show(coroutine.resume(co, unpack(t)))
show(coroutine.resume(co, unpack(t, 1, 100)))
show(coroutine.resume(co))
--- case: many values out
local t = {}
for i = 1, 250 do t[i] = i end
local co = coroutine.create(function() coroutine.yield(unpack(t)) return unpack(t) end)
show(select("#", coroutine.resume(co)))
show(select(-1, coroutine.resume(co)))
--- case: status at each moment
local co
co = coroutine.create(function()
  show(coroutine.status(co))
  coroutine.wrap(function() show(coroutine.status(co)) end)()
  coroutine.yield()
end)
show(coroutine.status(co))
coroutine.resume(co)
show(coroutine.status(co))
coroutine.resume(co)
show(coroutine.status(co))
--- case: running in the main thread and inside
show(coroutine.running())
local co = coroutine.create(function() return coroutine.running() end)
local ok, inside = coroutine.resume(co)
show(inside == co, select("#", coroutine.running()))
--- case: running inside a wrapped one
local f = coroutine.wrap(function() return type(coroutine.running()), coroutine.status(coroutine.running()) end)
show(f())
--- case: yield outside
show(pcall(coroutine.yield))
show(pcall(coroutine.yield, 1, 2))
--- case: yield as a direct body is refused, through Lua it is fine
try(coroutine.create, coroutine.yield)
local f = coroutine.wrap(function(...) return coroutine.yield(...) end)
show(f(1, 2))
show(f(3))
--- case: a tail called yield
local co = coroutine.create(function(...) return coroutine.yield(...) end)
show(coroutine.resume(co, 1))
show(coroutine.resume(co, 2, 3))
show(coroutine.status(co))
--- case: yield in each kind of expression
local co = coroutine.wrap(function()
  local a = coroutine.yield(1) + coroutine.yield(2)
  local t = { coroutine.yield(3), coroutine.yield(4), x = coroutine.yield(5) }
  local s = coroutine.yield(6) .. coroutine.yield(7)
  local c = coroutine.yield(8) == coroutine.yield(9)
  local l = coroutine.yield(10) and coroutine.yield(11) or coroutine.yield(12)
  return a, #t, t.x, s, c, l
end)
show(co())
for i = 1, 8 do show(co(i)) end
show(co(9))
show(co(false))
show(co("last"))
--- case: yield in loops and conditions
local co = coroutine.wrap(function()
  local n = 0
  while coroutine.yield("while") do n = n + 1 end
  repeat n = n + 10 until coroutine.yield("repeat")
  for i = coroutine.yield("from"), coroutine.yield("to"), coroutine.yield("step") do n = n + i end
  if coroutine.yield("if") then n = -n end
  return n
end)
show(co())
show(co(true), co(true), co(false))
show(co(false), co(true))
show(co(1), co(3), co(1))
show(co(true))
--- case: yield from arguments of a call
local co = coroutine.wrap(function() return math.max(coroutine.yield("a"), coroutine.yield("b"), coroutine.yield("c")) end)
show(co(), co(1), co(5), co(3))
--- case: yield as an argument list
local co = coroutine.wrap(function() return select("#", coroutine.yield()) end)
co()
show(co(1, nil, nil))
--- case: yield as a table index and key
local co = coroutine.wrap(function()
  local t = {}
  t[coroutine.yield("key")] = coroutine.yield("value")
  return next(t)
end)
show(co(), co("k"), co("v"))
--- case: yield in a method call
local object = { v = 5, get = function(self, extra) return self.v + coroutine.yield(extra) end }
local co = coroutine.wrap(function() return object:get("x") end)
show(co(), co(10))
--- case: yield in varargs functions keeps the varargs
local function f(...)
  local a = coroutine.yield(select("#", ...))
  return a, ...
end
local co = coroutine.wrap(function() return f(1, nil, 3) end)
show(co())
show(co("resumed"))
--- case: yield deep in recursion
local function walk(n) if n == 0 then coroutine.yield("bottom") return 0 end return 1 + walk(n - 1) end
local co = coroutine.wrap(function() return walk(100) end)
show(co(), co())
--- case: closures made before and after a yield share variables
local co = coroutine.wrap(function()
  local x = 1
  local function get() return x end
  coroutine.yield(get)
  x = 2
  local function set(v) x = v end
  coroutine.yield(set)
  return x
end)
local get = co()
show(get())
local set = co()
show(get())
set(10)
show(get(), co())
--- case: an upvalue of a suspended coroutine seen from outside
local peek
local co = coroutine.wrap(function() local v = 1 peek = function() return v end while true do coroutine.yield() v = v + 1 end end)
co() show(peek()) co() show(peek())
co = nil
collectgarbage()
show(peek())
--- case: errors after a yield
local co = coroutine.create(function() coroutine.yield(1) local t = nil return t.x end)
show(coroutine.resume(co))
show(coroutine.resume(co))
show(coroutine.status(co))
--- case: pcall inside, error after resume
local co = coroutine.wrap(function()
  local ok, e = pcall(function() error("first", 0) end)
  coroutine.yield(ok, e)
  return pcall(error, "second")
end)
show(co())
show(co())
--- case: xpcall inside a coroutine
local co = coroutine.wrap(function() return xpcall(function() local x = {} return x.a.b end, function(m) return "handled: " .. m end) end)
show(co())
--- case: error levels stop at the start of a coroutine
local co = coroutine.create(function() error("level two", 2) end)
show(coroutine.resume(co))
co = coroutine.create(function() error("level three", 3) end)
show(coroutine.resume(co))
--- case: resume inside pcall and the other way round
local co = coroutine.create(function() return pcall(coroutine.resume, coroutine.create(function() error("inner", 0) end)) end)
show(coroutine.resume(co))
--- case: yield across natives that call back
for _, f in ipairs {
  function() table.sort({ 2, 1 }, function() coroutine.yield() end) end,
  function() ("x"):gsub("x", function() coroutine.yield() end) end,
  function() table.foreach({ 1 }, function() coroutine.yield() end) end,
  function() load(function() coroutine.yield() end) end,
  function() dofile("/dev/null") error("after", 0) end,
} do show(coroutine.resume(coroutine.create(f))) end
--- case: yield across load gives a message
local co = coroutine.create(function() return load(function() coroutine.yield() end) end)
show(coroutine.resume(co))
--- case: yield across tostring and print
local t = setmetatable({}, { __tostring = function() coroutine.yield() end })
show(coroutine.resume(coroutine.create(function() return tostring(t) end)))
show(coroutine.resume(coroutine.create(function() print(t) end)))
--- case: yield across require and module options
package.preload.yields = function() coroutine.yield() end
show(coroutine.resume(coroutine.create(function() require("yields") end)))
package.loaded.yields = nil
--- case: generators in for
local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end end) end
local sum = 0
for i, sq in range(5) do sum = sum + sq end
show(sum)
--- case: a generator abandoned by break is suspended
local co
local function gen() co = coroutine.create(function() for i = 1, 10 do coroutine.yield(i) end end) return function() return select(2, coroutine.resume(co)) end end
for i in gen() do if i == 3 then break end end
show(coroutine.status(co), select(2, coroutine.resume(co)))
--- case: permutations by recursion
local function permute(a, n)
  if n == 0 then coroutine.yield(table.concat(a)) end
  for i = 1, n do a[n], a[i] = a[i], a[n] permute(a, n - 1) a[n], a[i] = a[i], a[n] end
end
local out = {}
for p in coroutine.wrap(function() permute({ 1, 2, 3 }, 3) end) do out[#out + 1] = p end
show(unpack(out))
--- case: a pipeline of filters
local function source() return coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end) end
local function filter(f, s) return coroutine.wrap(function() for v in s do if f(v) then coroutine.yield(v) end end end) end
local function map(f, s) return coroutine.wrap(function() for v in s do coroutine.yield(f(v)) end end) end
local out = {}
for v in map(function(v) return v * 10 end, filter(function(v) return v % 3 == 0 end, source())) do out[#out + 1] = v end
show(unpack(out))
--- case: a scheduler of tasks
local log = {}
local function task(name, n) return coroutine.create(function() for i = 1, n do log[#log + 1] = name .. i coroutine.yield() end end) end
local tasks = { task("a", 2), task("b", 3), task("c", 1) }
while #tasks > 0 do
  for i = #tasks, 1, -1 do
    coroutine.resume(tasks[i])
    if coroutine.status(tasks[i]) == "dead" then table.remove(tasks, i) end
  end
end
show(table.concat(log, " "))
--- case: two coroutines of one function have their own locals
local function body(x) local y = x coroutine.yield(y) y = y + 1 coroutine.yield(y) end
local a, b = coroutine.wrap(body), coroutine.wrap(body)
show(a(1), b(10), a(), b())
--- case: coroutines as keys and values
local a, b = coroutine.create(function() end), coroutine.create(function() end)
local t = { [a] = "a", [b] = "b" }
show(t[a], t[b], a == b, a == a, type(a))
try(function() return a < b end)
try(function() return #a end)
try(function() return a() end)
try(function() return a.x end)
--- case: a coroutine created in another one outlives it
local inner
local outer = coroutine.wrap(function() inner = coroutine.wrap(function() coroutine.yield("still here") return "end" end) end)
outer()
outer = nil
collectgarbage()
show(inner(), inner())
--- case: a coroutine that collects garbage
local co = coroutine.wrap(function(...) local t = { ... } collectgarbage() coroutine.yield(#t) collectgarbage() return t[2] end)
show(co(1, "two", 3), co())
--- case: the environment of coroutines
local env = { coroutine = coroutine, getfenv = getfenv }
local f = setfenv(function() coroutine.yield(getfenv(1) == env) return getfenv(0) ~= env end, env)
local co = coroutine.wrap(f)
show(co(), co())
--- case: setfenv 0 inside a coroutine is its own
local env = setmetatable({}, { __index = _G })
local co = coroutine.wrap(function() setfenv(0, env) return getfenv(0) == env, loadstring("return marker") end)
env.marker = "of the coroutine"
local same, chunk = co()
show(same, chunk(), getfenv(0) == _G)
--- case: library functions without arguments
for _, name in ipairs { "create", "resume", "status", "wrap" } do show(name, pcall(coroutine[name])) end
show(select("#", coroutine.running()))
--- case: what the library holds
local names = {}
for k in pairs(coroutine) do names[#names + 1] = k end
table.sort(names)
show(table.concat(names, " "))
