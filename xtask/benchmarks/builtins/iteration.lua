-- pairs, ipairs and next over arrays and maps, and clearing while iterating.
local array, map = {}, {}
for i = 1, 1000 do array[i] = i map["k" .. i] = i end
local sum = 0
for round = 1, 1200 do
  for i, v in ipairs(array) do sum = sum + i * v % 7 end
  for k, v in pairs(map) do sum = sum + v end
  for _, v in pairs(array) do sum = sum + v end
  local k, v = next(map)
  while k do
    sum = sum + 1
    k, v = next(map, k)
  end
end
for round = 1, 100 do
  local t = {}
  for i = 1, 500 do t[i] = i t["x" .. i % 50] = i end
  for k in pairs(t) do t[k] = nil sum = sum + 1 end
end
print(sum)
