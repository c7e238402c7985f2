-- Calls of vararg functions with about as many arguments as a byte can count.
local values = {}
for i = 1, 300 do values[i] = i end
local function count(...) return select('#', ...) end
local function first_and_count(...) local n = select('#', ...) return (...), n end
local function by_tail_call(...) return count(...) end
for n = 253, 257 do
  print(n, count(unpack(values, 1, n)), by_tail_call(unpack(values, 1, n)), first_and_count(unpack(values, 1, n)))
end
