-- Making closures, calling them, and sharing upvalues between them.
local function counter(start)
  local n = start
  return function(by) n = n + by return n end, function() return n end
end
local sum = 0
for i = 1, 250000 do
  local add, get = counter(i)
  add(1) add(2)
  sum = (sum + get()) % 1000003
end
local function compose(f, g) return function(x) return f(g(x)) end end
local function inc(x) return x + 1 end
local f = inc
for i = 1, 50 do f = compose(inc, f) end
for i = 1, 10000 do sum = sum + f(i) end
local function each(t, fn) for i = 1, #t do fn(t[i]) end end
local t, acc = {}, 0
for i = 1, 100 do t[i] = i end
for i = 1, 5000 do each(t, function(v) acc = acc + v end) end
print(sum, acc)
