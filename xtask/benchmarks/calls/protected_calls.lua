-- pcall with and without errors, error objects, and nesting.
local function fine(a, b) return a + b end
local function fails(n) if n % 2 == 0 then error("even", 0) end return n end
local function throws(n) error({ code = n }) end
local sum, failed = 0, 0
for i = 1, 800000 do
  local ok, v = pcall(fine, i, 1)
  sum = sum + v
end
for i = 1, 300000 do
  local ok, v = pcall(fails, i)
  if ok then sum = sum + v else failed = failed + #v end
end
for i = 1, 100000 do
  local ok, e = pcall(throws, i)
  failed = failed + e.code % 3
end
for i = 1, 60000 do
  local ok, m = pcall(function() local ok, m = pcall(error, "inner") error(m .. " outer", 0) end)
  failed = failed + #m
end
print(sum, failed)
