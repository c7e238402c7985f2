-- Ping-pong between coroutines, generators, and many that live at once.
local yield, resume, wrap = coroutine.yield, coroutine.resume, coroutine.wrap
local co = coroutine.create(function(a)
  while true do a = yield(a + 1) end
end)
local n = 0
for i = 1, 500000 do local _, v = resume(co, n) n = v end
local function walk(depth) if depth > 0 then walk(depth - 1) yield(depth) walk(depth - 1) end end
local sum = 0
for v in wrap(function() walk(16) end) do sum = sum + v end
local tasks = {}
for i = 1, 500 do tasks[i] = wrap(function() local x = i while true do x = x + 1 yield(x) end end) end
for round = 1, 200 do for i = 1, 500 do sum = sum + tasks[i]() % 2 end end
for i = 1, 30000 do sum = sum + wrap(function(a) return yield(a) end)(1) end
print(n, sum)
