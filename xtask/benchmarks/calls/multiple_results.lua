-- Functions of several results, swapped and passed on.
local function divmod(a, b) local r = a % b return (a - r) / b, r end
local function minmax(a, b) if a < b then return a, b end return b, a end
local function three(n) return n, n + 1, n + 2 end
local function forward(n) return three(n) end
local a, b, sum = 1, 2, 0
for i = 1, 900000 do
  local q, r = divmod(i, 7)
  local lo, hi = minmax(q, r)
  local x, y, z = forward(i)
  a, b = b, (a + hi - lo + x + z - y) % 1000
  sum = sum + a
end
print(sum, a, b)
