-- Whole numbers: greatest common divisors, Collatz chains and a linear congruential generator.
local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end
local sum = 0
for i = 1, 1000 do
  for j = 1, 130 do sum = sum + gcd(i, j * 7) end
end
local longest, at = 0, 0
for start = 1, 15000 do
  local n, steps = start, 0
  while n ~= 1 do
    if n % 2 == 0 then n = n / 2 else n = 3 * n + 1 end
    steps = steps + 1
  end
  if steps > longest then longest, at = steps, start end
end
local seed = 1
for i = 1, 1500000 do seed = seed * 16807 % 2147483647 end
print(sum, longest, at, seed)
