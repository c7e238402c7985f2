-- A million objects as closures with upvalues of their own and a list of strings, changed as
-- scripts do.
local counters, names = {}, {}
local function counter(start)
  local count = start
  return function(by)
    count = count + by
    return count
  end
end
for i = 1, 300000 do
  counters[i] = counter(i)
  names[i] = "name " .. i
end

return function(i)
  local fresh = counter(i)
  if i % 8 == 0 then
    local slot = i * 7919 % 300000 + 1
    counters[slot] = fresh
    names[slot] = "new name " .. i % 1000
  end
  counters[i % 300000 + 1](1)
end, function()
  local sum = 0
  for i = 1, 300000 do sum = sum + counters[i](0) + #names[i] end
  return sum
end
