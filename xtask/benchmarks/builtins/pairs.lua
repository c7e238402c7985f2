-- pairs, ipairs and next alone: what a step of an iteration costs.
local list, map, sum = {}, {}, 0
for i = 1, 200 do list[i] = i map["key " .. i] = i end
for round = 1, 6000 do
  for _, v in ipairs(list) do sum = sum + v end
  for _, v in pairs(map) do sum = sum + v end
end
for round = 1, 4000 do
  for k, v in next, list do sum = sum + k - v end
  for k in pairs({ a = 1, b = 2, c = 3 }) do sum = sum + #k end
  if next({}) == nil then sum = sum + 1 end
end
print(sum)
