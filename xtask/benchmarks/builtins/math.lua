-- Calls of library functions: math, type, tostring of strings, rawget, select, assert.
local floor, max, min, abs, sqrt = math.floor, math.max, math.min, math.abs, math.sqrt
local sum = 0
for i = 1, 1200000 do
  local x = i * 0.37
  sum = sum + floor(x) % 10 + max(i % 7, 3) + min(i % 5, 2) + abs(3 - i % 6)
end
local t = { 1, 2, 3 }
for i = 1, 800000 do
  if type(i) == "number" and assert(t) then sum = sum + rawget(t, i % 3 + 1) end
  if rawequal(t, t) and tostring("s") == "s" then sum = sum + #t end
end
for i = 1, 300000 do sum = sum + floor(sqrt(i)) + floor(math.sin(i) * 2) + i % 2 end
print(sum)
