-- A million tables in one array, one of eight new tables replacing an old one.
local alive = {}
for i = 1, 1000000 do alive[i] = { i } end

return function(i)
  local record = { i }
  if i % 8 == 0 then alive[i * 7919 % 1000000 + 1] = record end
end, function()
  local sum = 0
  for i = 1, 1000000 do sum = sum + alive[i][1] end
  return sum
end
