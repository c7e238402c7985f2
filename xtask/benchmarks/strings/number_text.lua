-- tonumber, tostring and string.format.
local sum, format = 0, string.format
for i = 1, 100000 do
  sum = sum + tonumber(tostring(i)) + tonumber(i .. ".25")
  sum = sum + #format("%d:%s", i, "x") + #format("%5.2f|%-8s|%x", i / 3, "ab", i)
end
for i = 1, 40000 do
  sum = sum + tonumber("0x" .. format("%x", i)) + tonumber(format("%g", i * 0.5)) + tonumber(format("%x", i), 16)
  sum = sum + #format("%q", "line " .. i) + #format("%05d%%", i)
end
print(sum)
