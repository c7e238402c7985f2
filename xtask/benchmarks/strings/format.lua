-- string.format with every conversion that scripts use.
local format, sum = string.format, 0
for i = 1, 120000 do
  sum = sum + #format("%d:%s:%5.2f", i, "name", i / 7)
  sum = sum + #format("%-10s|%5d|%x", "left", i % 1000, i)
  sum = sum + #format("%s %s %s", i, i * 0.5, tostring(i % 2 == 0))
end
for i = 1, 40000 do
  sum = sum + #format("%q", "a \"quoted\"\nline " .. i) + #format("%e %g %05d %c", i * 1.1, i / 3, i % 99999, 65 + i % 26)
end
print(sum)
