-- unpack of short and longer tables, into calls and constructors, and math.max over them.
local unpack, max = unpack, math.max
local function three(a, b, c) return a + b * c end
local sum, short, long = 0, { 1, 2, 3 }, {}
for i = 1, 40 do long[i] = i * 7 % 41 end
for i = 1, 700000 do
  short[1] = i % 5
  sum = sum + three(unpack(short))
  local a, b = unpack(short, 2)
  sum = sum + a - b
end
for i = 1, 60000 do
  long[i % 40 + 1] = i % 100
  sum = sum + max(unpack(long)) + #{ unpack(long, 3, 20) }
end
print(sum)
