-- Nested conditionals, and/or chains and comparisons of every kind.
local function classify(n, s)
  if n % 15 == 0 then return 1
  elseif n % 3 == 0 and n > 100 or n == 9 then return 2
  elseif n % 5 == 0 then
    if n < 500 then return 3 elseif n <= 1000 or s == "b" then return 4 else return 5 end
  elseif not (n % 7 ~= 0) then
    return s == "a" and 6 or s == "b" and 7 or 8
  elseif s ~= nil and (n >= 5000 and n < 9000 or n == 4) then
    return 9
  end
  return 0
end
local names, counts = { "a", "b", "c" }, {}
for i = 0, 9 do counts[i] = 0 end
for round = 1, 200 do
  for i = 1, 10000 do
    local k = classify(i, names[i % 3 + 1])
    counts[k] = counts[k] + 1
  end
end
print(table.concat(counts, " ", 0, 9))
