-- Variable arguments: passing on, select, tables of arguments, unpack.
local select, unpack = select, unpack
local function sum(...)
  local s = 0
  for i = 1, select("#", ...) do s = s + (select(i, ...)) end
  return s
end
local function pass(...) return ... end
local function pack(...) return { n = select("#", ...), ... } end
local function tail(first, ...) if first == nil then return 0 end return 1 + tail(...) end
local total = 0
for i = 1, 120000 do
  total = total + sum(i, 2, 3, 4, 5)
  total = total + select("#", pass(1, nil, i))
  local t = pack(i, i + 1, i + 2)
  total = total + t.n + select(2, unpack(t, 1, t.n))
  total = (total + tail(1, 2, 3, 4)) % 1000003
end
print(total)
