-- Multiplying matrices of nested arrays.
local function matrix(n, f)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = f(i, j) end
    m[i] = row
  end
  return m
end
local function multiply(a, b)
  local n = #a
  return matrix(n, function(i, j)
    local row, sum = a[i], 0
    for k = 1, n do sum = sum + row[k] * b[k][j] end
    return sum
  end)
end
local n = 150
local a = matrix(n, function(i, j) return (i * j) % 10 end)
local b = matrix(n, function(i, j) return (i + j) % 7 end)
local c = multiply(multiply(a, b), a)
local trace, corner = 0, c[7][n - 1]
for i = 1, n do trace = trace + c[i][i] end
print(trace, corner)
