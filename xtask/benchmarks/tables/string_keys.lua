-- Dynamic string keys: hits, misses, updates and removals.
local t, hits, misses = {}, 0, 0
for i = 1, 2000 do t["key:" .. i] = i end
for round = 1, 120 do
  for i = 1, 2000 do
    local k = "key:" .. i + round
    local v = t[k]
    if v then hits = hits + v t[k] = v + 1 else misses = misses + 1 end
  end
  for i = round, 2000, 977 do t["key:" .. i] = nil end
end
local left, sum = 0, 0
for k, v in pairs(t) do left, sum = left + 1, sum + v end
print(hits, misses, left, sum)
