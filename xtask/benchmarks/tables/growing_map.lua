-- Maps that grow to hundreds of thousands of entries, with number and string keys.
local numbers, n = {}, 0
for i = 1, 300000 do
  local k = i * 7919 % 1000003
  if not numbers[k] then n = n + 1 end
  numbers[k] = i
end
local strings = {}
for i = 1, 120000 do strings["user:" .. i] = i end
local found = 0
for i = 1, 300000 do if numbers[i] then found = found + 1 end end
for i = 1, 120000, 3 do found = found + strings["user:" .. i] % 2 end
print(n, found)
