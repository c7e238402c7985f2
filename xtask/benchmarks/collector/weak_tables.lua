-- Weak tables as caches: values that die, keys that die, and what stays.
local sum = 0
local cache = setmetatable({}, { __mode = "v" })
local kept = {}
for i = 1, 250000 do
  local key = i % 4000
  local value = cache[key]
  if not value then
    value = { key }
    cache[key] = value
  end
  kept[i % 500] = value
  sum = sum + value[1] % 5
end
local attributes = setmetatable({}, { __mode = "k" })
local objects = {}
for i = 1, 150000 do
  local object = {}
  attributes[object] = i
  objects[i % 3000] = object
  sum = sum + attributes[objects[i * 7 % 3000] or object] % 3
end
local n = 0
collectgarbage()
for object in pairs(attributes) do n = n + 1 end
-- Which values of the cache have died is the collector's affair; that those in use are there is not.
for _, object in pairs(objects) do if not attributes[object] then error("lost") end end
print(n)
