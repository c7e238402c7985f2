-- Arrays: appending in three ways, reading, reversing, removing.
local total = 0
for round = 1, 12 do
  local t = {}
  for i = 1, 30000 do t[i] = i end
  for i = 1, 30000 do t[#t + 1] = i end
  for i = 1, 20000 do table.insert(t, i) end
  local lo, hi = 1, #t
  while lo < hi do
    t[lo], t[hi] = t[hi], t[lo]
    lo, hi = lo + 1, hi - 1
  end
  for i = 1, #t, 2 do total = total + t[i] end
  for i = 1, 20000 do total = total - table.remove(t) end
  while #t > 40000 do t[#t] = nil end
  total = (total + #t) % 1000000007
end
print(total)
