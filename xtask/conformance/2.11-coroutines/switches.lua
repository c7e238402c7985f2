-- Manual 2.11: every shape of call that resumes and yields, and what looks at coroutines meanwhile.
--- case: so many values, into so many places, by resume
local yield, resume = coroutine.yield, coroutine.resume
local function body(...)
  local n = ...
  while true do
    if n == 0 then n = yield() elseif n == 1 then n = yield(1) elseif n == 2 then n = yield(1, nil)
    elseif n == 3 then n = yield(1, nil, 3) else n = yield(1, 2, 3, 4) end
  end
end
local co = coroutine.create(body)
for n = 0, 4 do
  resume(co, n)
  local a = resume(co, n)
  local b, c = resume(co, n)
  local d, e, f = resume(co, n)
  local g, h, i, j, k, l = resume(co, n)
  show(n, a, b, c, d, e, f)
  show(g, h, i, j, k, l)
  show(resume(co, n))
  show((resume(co, n)), ({ resume(co, n) })[2], #{ resume(co, n) })
end
--- case: so many values, into so many places, by a wrapped coroutine
local yield = coroutine.yield
local step = coroutine.wrap(function(n)
  while true do
    if n == 0 then n = yield() elseif n == 1 then n = yield(1) elseif n == 2 then n = yield(1, nil)
    else n = yield(1, nil, 3) end
  end
end)
for n = 0, 3 do
  step(n)
  local a = step(n)
  local b, c = step(n)
  local d, e, f, g, h = step(n)
  show(n, a, b, c, d, e, f, g, h)
  show(step(n))
end
--- case: so many values in, into so many places
local yield = coroutine.yield
local step = coroutine.wrap(function(...)
  show(...)
  while true do
    yield()
    local a = yield()
    local b, c = yield()
    local d, e, f, g = yield()
    show(a, b, c, d, e, f, g)
    show(yield())
    show((yield()))
    show(#{ yield() }, select("#", yield()))
  end
end)
for n = 0, 3 do
  for i = 1, 8 do step(unpack({ i, nil, "x" }, 1, n)) end
end
--- case: arguments as many as there are
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local co = coroutine.create(function(...)
  local function list(...) return ... end
  local a = yield(list(...))
  local b, c = yield(list(a, a, a))
  return list(b, c, yield(list()))
end)
local function list(...) return ... end
local s, x, y = resume(co, list(1, 2))
show(s, x, y)
local s, x, y, z = resume(co, list("a", "b"))
show(s, x, y, z)
local s, x = resume(list(co))
show(s, x)
show(resume(co, list(1, 2, 3)))
show(resume(list(co, 1)))
--- case: tail calls of all three
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local co = coroutine.create(function(...)
  local function again(...) return yield(...) end
  local a, b = again(...)
  local c = again(a, b, 1)
  return again(c)
end)
local function on(...) return resume(co, ...) end
local a, b, c = on("x", "y")
show(a, b, c)
show(on(2, 3))
local ok, v = on("c")
show(ok, v)
show(on(), on())
local step = wrap(function(...) while true do yield(...) end end)
local function go(...) return step(...) end
local p, q = go(1, 2, 3)
show(p, q, go())
--- case: a coroutine that resumes while it is resumed, three deep
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local function source() for i = 1, 5 do yield(i) end end
local function filter(from) for x in from do local back = yield(x * 2) if back then yield(back) end end end
local a = wrap(source)
local b = wrap(function() filter(a) end)
local c = coroutine.create(function() for x in b do yield(x, x + 1) end return "end" end)
for i = 1, 7 do show(resume(c)) end
--- case: statuses seen from each of three
local yield, resume, status = coroutine.yield, coroutine.resume, coroutine.status
local a, b, c
local function all() return status(a), status(b), status(c) end
a = coroutine.create(function() while true do show("a", all()) local ok, v = resume(b) show("back in a", v, all()) yield(v) end end)
b = coroutine.create(function() while true do show("b", all()) local ok, v = resume(c, 1) show("back in b", v, all()) yield(v) end end)
c = coroutine.create(function(n) while true do show("c", all()) n = n + yield(n) end end)
for i = 1, 3 do local ok, v = resume(a) show(i, v, all()) end
show(resume(a, resume(c)))
--- case: the running, the normal and the dead, in a loop
local yield, resume = coroutine.yield, coroutine.resume
local a, b
a = coroutine.create(function() for i = 1, 2 do local s, m = resume(b) yield(s, m) end end)
b = coroutine.create(function() for i = 1, 2 do local s, m = resume(a) yield(s, m) local s, m = resume(b) yield(s, m) end end)
for i = 1, 6 do local s, t, m = resume(a) show(s, t, m) end
for i = 1, 6 do local s, m = resume(b) show(s, m) end
--- case: an error some resumes later
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local function body(n) while true do if n == 4 then error("four") elseif n == 5 then error({}) end n = yield(n) end end
local co, step = coroutine.create(body), wrap(body)
for i = 1, 6 do local ok, v = resume(co, i) show(ok, v) end
for i = 1, 6 do local ok, v = pcall(step, i) show(ok, v) end
local step = wrap(body)
local function through(n) local v = step(n) return v end
for i = 3, 6 do try(through, i) end
--- case: nothing but a coroutine will do, also later in a loop
local resume = coroutine.resume
for i, v in ipairs { 1, "x", {} } do
  local ok, m = pcall(function() local a, b = resume(v, 1) return a end)
  show(ok, m)
end
local ok, m = pcall(function() local a = resume() end)
show(ok, m)
--- case: yield outside of a coroutine, by each shape of call
local yield = coroutine.yield
try(function() yield() end)
try(function() local a, b = yield(1) end)
try(function() return yield(1) end)
try(function() show(yield(1)) end)
--- case: tracebacks of a coroutine that has been resumed several times
local yield, resume = coroutine.yield, coroutine.resume
local co
local function inner(n)
  local x = yield(n)
  return x
end
co = coroutine.create(function(n)
  while true do
    n = inner(n) + 1
  end
end)
for i = 1, 3 do local ok, v = resume(co, i) end
show((debug.traceback(co):gsub("%[string[^]]*%]", "case")))
show(debug.getinfo(co, 0, "n").name, debug.getinfo(co, 1, "l").currentline, debug.getinfo(co, 2, "l").currentline)
show(debug.getlocal(co, 1, 1))
local outer = coroutine.create(function() local ok, v = resume(co, 5) yield(v) end)
resume(outer)
show((debug.traceback(outer):gsub("%[string[^]]*%]", "case")))
show((debug.traceback(co):gsub("%[string[^]]*%]", "case")))
--- case: a traceback from inside, and of the one that waits
local yield, resume = coroutine.yield, coroutine.resume
local main
local function look() return (debug.traceback("now"):gsub("\n%s+%[C%]: in function 'xpcall'.*", "")) end
local co = coroutine.create(function()
  while true do
    yield((look():gsub("case", "case")))
  end
end)
local first, ok, text = true
for i = 1, 2 do ok, text = resume(co) end
show(text)
local waiting
waiting = coroutine.create(function()
  local seen = coroutine.create(function() while true do yield(debug.traceback(waiting)) end end)
  local ok, text
  for i = 1, 2 do ok, text = resume(seen) end
  return text
end)
local ok, text = resume(waiting)
show(text)
--- case: a hook that is set while coroutines go to and fro
local yield, resume = coroutine.yield, coroutine.resume
local lines = {}
local co = coroutine.create(function(n)
  while true do
    n = yield(n + 1)
    if n == 3 then debug.sethook(function(event, line) lines[#lines + 1] = line end, "l") end
    if n == 5 then debug.sethook() end
  end
end)
for i = 1, 7 do local ok, v = resume(co, i) lines[#lines + 1] = "r" .. v end
show(table.concat(lines, " "))
--- case: a hook of the main one does not hear of a coroutine
local yield, resume = coroutine.yield, coroutine.resume
local co = coroutine.create(function(n)
  while true do
    n = yield(n + 1)
  end
end)
for i = 1, 2 do local ok, v = resume(co, i) end
local events = {}
debug.sethook(function(event) local info = debug.getinfo(2, "nl") events[#events + 1] = event .. ":" .. tostring(info.name) end, "cr")
for i = 1, 2 do
  local ok, v = resume(co, i)
end
debug.sethook()
show(table.concat(events, " "))
for i = 1, 2 do local ok, v = resume(co, i) show(ok, v) end
--- case: a count hook in a coroutine that was made under it
local yield, wrap = coroutine.yield, coroutine.wrap
local count = 0
local step = wrap(function()
  debug.sethook(function() count = count + 1 end, "", 1)
  for i = 1, 3 do yield(i) end
  debug.sethook()
  while true do yield(0) end
end)
local sum = 0
for i = 1, 6 do local v = step() sum = sum + v end
show(sum, count > 5)
--- case: variables of a loop around a yield are its own
local yield, wrap = coroutine.yield, coroutine.wrap
local fs = {}
local step = wrap(function()
  for i = 1, 3 do
    local j = i * 10
    fs[#fs + 1] = function(d) j = j + d return i, j end
    local d = yield(i)
    j = j + d
  end
end)
for i = 1, 3 do local v = step(i) end
for i = 1, 3 do show(fs[i](1)) end
step(100)
for i = 1, 3 do show(fs[i](1)) end
--- case: stacks that grow between two resumes
local yield, resume = coroutine.yield, coroutine.resume
local function deep(n) if n == 0 then local x = yield("deep") return x end local r = deep(n - 1) return r end
local co = coroutine.create(function(n) while true do local r = deep(n) n = yield(r) end end)
for _, n in ipairs { 1, 50, 1000, 3 } do
  local ok, v = resume(co, n)
  local ok2, w = resume(co, n + 1)
  show(ok, v, ok2, w)
end
--- case: garbage is collected in the middle of it
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local co = coroutine.create(function(t)
  while true do local u = { t[1] .. "x" } collectgarbage() t = yield(u) end
end)
local t = { "a" }
for i = 1, 4 do local ok, v = resume(co, t) collectgarbage() t = v end
show(t[1])
local kept = setmetatable({}, { __mode = "v" })
local step = wrap(function(v) while true do v = yield(kept[1] == v) end end)
for i = 1, 2 do local v = {} kept[1] = v show(step(v)) end
--- case: many alive at once
local yield, wrap = coroutine.yield, coroutine.wrap
local tasks, sum = {}, 0
for i = 1, 300 do tasks[i] = wrap(function() local x = i while true do x = x + (yield(x) or 0) end end) end
for round = 1, 5 do for i = 1, 300 do local v = tasks[i](round) sum = sum + v end end
show(sum)
--- case: the end of a generator, by each shape of call
local yield, wrap, resume = coroutine.yield, coroutine.wrap, coroutine.resume
local function body(...) for i = 1, 2 do yield(i) end return ... end
for x in wrap(function() return body() end) do show(x) end
local step = wrap(body)
local a, b = step("end")
a, b = step() show(a, b)
a, b = step() show(a, b)
show(pcall(step))
local co = coroutine.create(body)
for i = 1, 4 do local a, b, c = resume(co, "x", "y") show(a, b, c) end
