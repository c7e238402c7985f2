-- Strings that are garbage at once, short and long, beside some that stay.
local kept, sum = {}, 0
for i = 1, 700000 do
  local s = "temporary " .. i
  if i % 100 == 0 then kept[i / 100 % 2000] = s end
  sum = sum + #s
end
local piece = ("x"):rep(200)
for i = 1, 150000 do
  local s = piece .. i
  kept[i % 300] = s
  sum = sum + #s
end
print(sum)
