-- 300,000 records of two objects each in one map, under keys that are strings: a million objects.
-- One of eight new records takes the place of an old one. No keys are new: a map that has to grow
-- takes its time whatever the collector does.
local records, keys = {}, {}
for i = 1, 300000 do
  keys[i] = "key" .. i
  records[keys[i]] = { id = i, tags = { i } }
end

return function(i)
  local record = { id = i, tags = { i } }
  if i % 8 == 0 then records[keys[i * 7919 % 300000 + 1]] = record end
end, function()
  local sum = 0
  for i = 1, 300000 do
    local record = records[keys[i]]
    sum = sum + record.id + record.tags[1]
  end
  return sum
end
