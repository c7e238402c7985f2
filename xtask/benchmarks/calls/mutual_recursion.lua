-- Functions of three arguments that call each other through upvalues, and Ackermann's function.
local ping, pong
function ping(n, a, b)
  if n == 0 then return a, b end
  return pong(n - 1, b, a + 1)
end
function pong(n, a, b)
  if n == 0 then return b, a end
  local x, y = ping(n - 1, a + b % 3, b)
  return x + 1, y
end
local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return ack(m - 1, 1) end
  return ack(m - 1, ack(m, n - 1))
end
local sum = 0
for i = 1, 20000 do
  local x, y = ping(i % 200, i, 2)
  sum = (sum + x * 3 + y) % 1000003
end
print(sum, ack(2, 400), ack(3, 7))
