-- Half a million objects that live, and garbage beside them.
local alive = {}
for i = 1, 250000 do alive[i] = { i, name = "object " .. i } end
local sum = 0
for i = 1, 900000 do
  local t = { i, i + 1 }
  sum = sum + t[2] % 7
  if i % 10 == 0 then alive[i % 250000 + 1] = { i, name = alive[i % 250000 + 1].name } end
end
for i = 1, #alive, 1000 do sum = sum + alive[i][1] % 11 + #alive[i].name end
print(sum)
