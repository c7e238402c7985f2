-- table.insert and table.remove at the end, at the front and in the middle, table.concat of parts.
local insert, remove, concat = table.insert, table.remove, table.concat
local stack, sum = {}, 0
for round = 1, 40 do
  for i = 1, 15000 do insert(stack, i) end
  for i = 1, 15000 do sum = sum + remove(stack) end
end
local line = {}
for i = 1, 60 do line[i] = i end
for i = 1, 60000 do
  insert(line, 1, i)
  insert(line, 30, i + 1)
  sum = sum + remove(line, 1) + remove(line, 30)
end
local parts = {}
for i = 1, 2000 do parts[i] = "part" .. i end
for round = 1, 300 do sum = sum + #concat(parts, ", ", round) end
print(sum, #stack, #line)
