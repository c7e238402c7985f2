-- Peak memory: maps by string and by number, and records.
local map, by_number, records = {}, {}, {}
for i = 1, 300000 do map["key:" .. i] = i end
for i = 1, 300000 do by_number[i * 1024] = true end
for i = 1, 150000 do records[i] = { id = i, name = "n", next = false } end
print(map["key:77"], by_number[2048], records[150000].id)
