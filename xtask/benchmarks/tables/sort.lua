-- Sorting numbers, strings and records, with and without a comparator.
local seed = 42
local function random(n) seed = seed * 16807 % 2147483647 return seed % n end
local numbers, strings, records = {}, {}, {}
for i = 1, 40000 do numbers[i] = random(1000000) end
for i = 1, 15000 do strings[i] = "name" .. random(100000) end
for i = 1, 15000 do records[i] = { score = random(1000), id = i } end
table.sort(numbers)
table.sort(strings)
table.sort(records, function(a, b)
  if a.score ~= b.score then return a.score > b.score end
  return a.id < b.id
end)
local down = {}
for i = 1, 15000 do down[i] = numbers[i] end
table.sort(down, function(a, b) return a > b end)
local sum = 0
for i = 1, 15000, 50 do sum = (sum * 31 + numbers[i] + records[i].id + down[i] + #strings[i]) % 1000003 end
print(sum, strings[1], strings[15000])
