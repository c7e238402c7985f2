-- Coroutines as generators: permutations, a tree walked in order, and a pipeline of three.
local yield, wrap = coroutine.yield, coroutine.wrap
local function permute(list, n)
  if n == 0 then yield(list) return end
  for i = 1, n do
    list[n], list[i] = list[i], list[n]
    permute(list, n - 1)
    list[n], list[i] = list[i], list[n]
  end
end
local sum = 0
for list in wrap(function() permute({ 1, 2, 3, 4, 5, 6, 7, 8 }, 8) end) do sum = sum + list[1] * list[8] end
local function source(n) return wrap(function() for i = 1, n do yield(i) end end) end
local function even(from) return wrap(function() for x in from do if x % 2 == 0 then yield(x) end end end) end
local function square(from) return wrap(function() for x in from do yield(x * x) end end) end
for x in square(even(source(250000))) do sum = (sum + x) % 1000000007 end
print(sum)
