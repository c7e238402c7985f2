-- Peak memory: closures with upvalues of their own, and coroutines.
local functions, threads = {}, {}
for i = 1, 400000 do
  local n = i
  functions[i] = function() n = n + 1 return n end
end
for i = 1, 20000 do
  threads[i] = coroutine.create(function(a) local b = coroutine.yield(a) return a + b end)
  coroutine.resume(threads[i], i)
end
print(functions[7](), select(2, coroutine.resume(threads[20000], 1)))
