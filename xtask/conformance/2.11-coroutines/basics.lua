-- Manual 2.11 and 5.2: coroutines.
--- case: values go both ways
local co = coroutine.create(function(a, b)
  show("start", a, b)
  local c = coroutine.yield(a + b)
  show("resumed", c)
  local d, e = coroutine.yield(c * 2, "two")
  show("again", d, e)
  return "end", d
end)
show(coroutine.resume(co, 1, 2))
show(coroutine.resume(co, 10))
show(coroutine.resume(co, "x", "y"))
show(coroutine.resume(co))
--- case: status
local co
co = coroutine.create(function()
  show(coroutine.status(co))
  coroutine.yield()
  show(coroutine.status(co))
end)
show(coroutine.status(co))
coroutine.resume(co)
show(coroutine.status(co))
coroutine.resume(co)
show(coroutine.status(co))
--- case: normal status
local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function() return coroutine.status(outer) end)
  return coroutine.resume(inner)
end)
return coroutine.resume(outer)
--- case: status of a failed coroutine
local co = coroutine.create(function() error("x") end)
show(coroutine.resume(co))
show(coroutine.status(co))
show(coroutine.resume(co))
--- case: resuming the dead, the running and the normal
local co = coroutine.create(function() end)
coroutine.resume(co)
show(coroutine.resume(co))
local self
self = coroutine.create(function() return coroutine.resume(self) end)
show(coroutine.resume(self))
local a
a = coroutine.create(function()
  return coroutine.resume(coroutine.create(function() return coroutine.resume(a) end))
end)
show(coroutine.resume(a))
--- case: wrap
local gen = coroutine.wrap(function(...) show(...) show(coroutine.yield(1, 2)) return 3 end)
show(gen("a", "b"))
show(gen("c"))
try(gen)
--- case: wrap propagates errors
local f = coroutine.wrap(function() error("plain", 0) end)
try(f)
try(f)
local g = coroutine.wrap(function() error({ code = 5 }) end)
local ok, e = pcall(g)
show(ok, type(e), e.code)
local h = coroutine.wrap(function() local x = nil; x.y = 1 end)
try(h)
--- case: wrap adds a position to messages, once per level
try(function() coroutine.wrap(function() error("in", 0) end)() end)
try(function() coroutine.wrap(function() error("positioned") end)() end)
try(function()
  coroutine.wrap(function()
    coroutine.wrap(function() error("nested", 0) end)()
  end)()
end)
try(function() coroutine.wrap(function() local x = nil + 1 end)() end)
try(function() coroutine.wrap(function() error({}) end)() end)
try(function() local f = coroutine.wrap(function() end) f() f() end)
for _ in coroutine.wrap(function() coroutine.yield(1) end) do show "once" end
try(function() for _ in coroutine.wrap(function() error("iter", 0) end) do end end)
--- case: running
show(coroutine.running())
coroutine.wrap(function() show(type(coroutine.running())) end)()
local co
co = coroutine.create(function() return coroutine.running() == co end)
show(coroutine.resume(co))
--- case: isyieldable and close are not in 5.1
return coroutine.isyieldable, coroutine.close
--- case: argument errors
try(coroutine.create)
try(coroutine.create, 1)
try(coroutine.create, {})
try(coroutine.create, print)
try(coroutine.wrap)
try(coroutine.wrap, "x")
try(coroutine.resume)
try(coroutine.resume, 1)
try(coroutine.resume, function() end)
try(coroutine.status)
try(coroutine.status, {})
try(coroutine.status, nil)
--- case: create refuses natives
try(coroutine.create, string.len)
try(coroutine.wrap, math.floor)
try(coroutine.create, setmetatable({}, { __call = print }))
--- case: yield outside a coroutine
try(coroutine.yield, 1)
try(function() coroutine.yield() end)
--- case: yield across pcall
local co = coroutine.create(function()
  show(pcall(function() coroutine.yield(1) return "back" end))
  return "end"
end)
show(coroutine.resume(co))
show(coroutine.resume(co))
--- case: yield across pcall of yield itself
local co = coroutine.create(function() return pcall(coroutine.yield, "x") end)
show(coroutine.resume(co))
show(coroutine.resume(co, "y"))
--- case: yield across natives that call back
local co = coroutine.create(function() table.sort({ 1, 2, 3 }, function(a, b) coroutine.yield() return a < b end) end)
show(coroutine.resume(co))
local co = coroutine.create(function() return string.gsub("abc", "b", function(c) return coroutine.yield(c) end) end)
show(coroutine.resume(co))
--- case: yield across metamethods
local t = setmetatable({}, { __index = function(t, k) return coroutine.yield(k) end })
local co = coroutine.create(function() return t.x end)
show(coroutine.resume(co))
--- case: yield across __call and tail calls is fine
local t = setmetatable({}, { __call = function(self, x) return coroutine.yield(x) end })
local co = coroutine.create(function() local r = t(1) return r, t(2) end)
show(coroutine.resume(co))
show(coroutine.resume(co, "a"))
show(coroutine.resume(co, "b"))
--- case: yield in an iterator
local co = coroutine.wrap(function()
  for v in function() return coroutine.yield("next?") end do show("got", v) end
  return "finished"
end)
show(co()) show(co(1)) show(co(2)) show(co(nil))
--- case: yield as a tail call
local co = coroutine.create(function(...) return coroutine.yield(...) end)
show(coroutine.resume(co, 1, 2))
show(coroutine.resume(co, 3, 4))
show(coroutine.status(co))
--- case: yield with no values and many values
local co = coroutine.wrap(function()
  local n = select("#", coroutine.yield())
  local m = select("#", coroutine.yield(n))
  return m
end)
show(co())
show(co(nil, nil))
local t = {}
for i = 1, 100 do t[i] = i end
show(co(unpack(t)))
--- case: results fit the place of the yield
local co = coroutine.wrap(function()
  local a, b = coroutine.yield()
  local t = { coroutine.yield() }
  local x = (coroutine.yield())
  show(a, b, #t, x)
end)
co() co(1, 2, 3) co(4, 5, 6) co("p", "q")
--- case: generators
local function permutations(a, n)
  n = n or #a
  if n <= 1 then coroutine.yield(a) else
    for i = 1, n do
      a[n], a[i] = a[i], a[n]
      permutations(a, n - 1)
      a[n], a[i] = a[i], a[n]
    end
  end
end
for p in coroutine.wrap(function() permutations { "a", "b", "c" } end) do print(table.concat(p, " ")) end
--- case: producer and consumer
local function producer() return coroutine.create(function() for i = 1, 3 do coroutine.yield("line " .. i) end return nil end) end
local function filter(p) return coroutine.create(function()
  local n = 1
  while true do
    local _, line = coroutine.resume(p)
    if not line then return nil end
    coroutine.yield(n .. ": " .. line)
    n = n + 1
  end
end) end
local f = filter(producer())
while true do
  local _, line = coroutine.resume(f)
  if not line then break end
  print(line)
end
--- case: recursion inside a coroutine
local function walk(t) if type(t) == "table" then for i = 1, #t do walk(t[i]) end else coroutine.yield(t) end end
local out = {}
for v in coroutine.wrap(function() walk { 1, { 2, { 3, 4 }, 5 }, { { 6 } } } end) do out[#out + 1] = v end
return table.concat(out, " ")
--- case: coroutines inside coroutines
local log = {}
local inner = coroutine.wrap(function() log[#log + 1] = "i1" coroutine.yield() log[#log + 1] = "i2" end)
local outer = coroutine.wrap(function() inner() log[#log + 1] = "o1" coroutine.yield() inner() log[#log + 1] = "o2" end)
outer() log[#log + 1] = "m" outer()
return table.concat(log, " ")
--- case: many coroutines alive at once
local cos = {}
for i = 1, 1000 do cos[i] = coroutine.wrap(function() local n = i while true do coroutine.yield(n) n = n + 1 end end) end
local sum = 0
for round = 1, 3 do for i = 1, 1000 do sum = sum + cos[i]() end end
return sum
--- case: nested resumes have a limit
local function nest(n)
  local co = coroutine.create(nest)
  local ok, m = coroutine.resume(co, n + 1)
  if not ok then error(m, 0) end
  return m
end
local ok, m = pcall(nest, 1)
return ok, type(m) == "string" and m:match("stack overflow")
--- case: errors carry positions and objects out
local co = coroutine.create(function() error("positioned") end)
show(coroutine.resume(co))
show(coroutine.resume(coroutine.create(function() error("level 0", 0) end)))
show(coroutine.resume(coroutine.create(function() error("level 2", 2) end)))
show(coroutine.resume(coroutine.create(function() error() end)))
show(coroutine.resume(coroutine.create(function() error(nil) end)))
show(coroutine.resume(coroutine.create(function() error(42) end)))
local t = {}
local _, e = coroutine.resume(coroutine.create(function() error(t) end))
show(e == t)
--- case: pcall inside a coroutine
local co = coroutine.create(function()
  local ok, m = pcall(error, "inner", 0)
  coroutine.yield(ok, m)
  error("outer", 0)
end)
show(coroutine.resume(co))
show(coroutine.resume(co))
show(coroutine.status(co))
--- case: error after yield keeps the right line
local co = coroutine.create(function()
  coroutine.yield()

  error("here")
end)
coroutine.resume(co)
show(coroutine.resume(co))
--- case: a stack overflow inside a coroutine
local co = coroutine.create(function() local function f() return 1 + f() end return f() end)
local ok, m = coroutine.resume(co)
return ok, m:match("stack overflow"), coroutine.status(co)
--- case: deep recursion and yield from the depth
local function down(n) if n == 0 then coroutine.yield("bottom") return 0 end return 1 + down(n - 1) end
local co = coroutine.wrap(down)
show(co(5000))
show(co())
--- case: wrap inside for with state
local function iter(t) return coroutine.wrap(function() for i, v in ipairs(t) do coroutine.yield(i, v) end end) end
for i, v in iter { "a", "b" } do show(i, v) end
--- case: yield inside nested loops and blocks keeps locals
local co = coroutine.wrap(function()
  for i = 1, 2 do
    local x = i * 10
    for j = 1, 2 do
      local y = x + j
      coroutine.yield(y)
    end
  end
end)
return co(), co(), co(), co(), co()
--- case: passing coroutines around
local co = coroutine.create(function(other) local ok, v = coroutine.resume(other, "from co") return v end)
local other = coroutine.create(function(m) return m .. "!" end)
show(coroutine.resume(co, other))
show(coroutine.status(co), coroutine.status(other))
--- case: functions of a table of tasks
local log, tasks = {}, {}
for id = 1, 3 do tasks[id] = coroutine.create(function() for step = 1, id do log[#log + 1] = id .. "." .. step coroutine.yield() end end) end
while #tasks > 0 do
  for i = #tasks, 1, -1 do
    coroutine.resume(tasks[i])
    if coroutine.status(tasks[i]) == "dead" then table.remove(tasks, i) end
  end
end
return table.concat(log, " ")
--- case: an abandoned coroutine is collected
local weak = setmetatable({}, { __mode = "v" })
do
  local co = coroutine.create(function() local big = {} weak[1] = big coroutine.yield() end)
  coroutine.resume(co)
  weak[2] = co
end
collectgarbage()
return weak[1], weak[2]
--- case: pairs, ipairs and string.gmatch across yields
local co = coroutine.wrap(function()
  for k, v in pairs { 1, 2 } do coroutine.yield(k, v) end
  for w in ("a b"):gmatch("%a") do coroutine.yield(w) end
end)
show(co()) show(co()) show(co()) show(co())
--- case: yielding from a function with varargs
local co = coroutine.wrap(function(...)
  local function f(...) coroutine.yield(select("#", ...)) return ... end
  return f(...)
end)
show(co(1, nil, nil)) show(co())
--- case: status matrix from inside
local main_view = {}
local a, b
a = coroutine.create(function()
  b = coroutine.create(function()
    main_view[#main_view + 1] = "a:" .. coroutine.status(a) .. " b:" .. coroutine.status(b)
    coroutine.yield()
  end)
  coroutine.resume(b)
  main_view[#main_view + 1] = "a:" .. coroutine.status(a) .. " b:" .. coroutine.status(b)
  coroutine.yield()
end)
coroutine.resume(a)
main_view[#main_view + 1] = "a:" .. coroutine.status(a) .. " b:" .. coroutine.status(b)
coroutine.resume(a) coroutine.resume(b)
main_view[#main_view + 1] = "a:" .. coroutine.status(a) .. " b:" .. coroutine.status(b)
print(table.concat(main_view, "\n"))
--- case: loadstring chunks as coroutine bodies
local co = coroutine.create(loadstring("local a = ... local b = coroutine.yield(a) return a + b"))
show(coroutine.resume(co, 1)) show(coroutine.resume(co, 2))
--- case: coroutine library functions through pcall in a coroutine
local co = coroutine.create(function() show(pcall(coroutine.resume, 5)) show(pcall(coroutine.status, coroutine.running())) end)
show(coroutine.resume(co))
