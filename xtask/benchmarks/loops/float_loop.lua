-- Floating point in a loop: a numeric integral and an orbit, all in locals.
local sum, dx = 0, 1 / 3000000
for i = 0, 2999999 do
  local x = (i + 0.5) * dx
  sum = sum + 4 / (1 + x * x)
end
local x, y, vx, vy = 1, 0, 0, 1
for step = 1, 800000 do
  local r2 = x * x + y * y
  local r3 = r2 * r2 ^ 0.5
  vx, vy = vx - x / r3 * 0.001, vy - y / r3 * 0.001
  x, y = x + vx * 0.001, y + vy * 0.001
end
print(string.format("%.10f %.6f %.6f", sum * dx, x, y))
