-- Building strings: chains, buffers, growing, and numbers turned into text.
local sum = 0
for i = 1, 150000 do
  local s = "item:" .. i .. ":" .. i % 10 .. ";"
  sum = sum + #s
end
for round = 1, 15 do
  local parts = {}
  for i = 1, 8000 do parts[#parts + 1] = "line " .. i end
  sum = sum + #table.concat(parts, "\n")
end
local s = ""
for i = 1, 4000 do s = s .. "x" .. i end
for i = 1, 100000 do sum = sum + #tostring(i * 1.5) end
print(sum, #s)
