-- Small tables that live for a moment: pairs, points, lists and records.
local function point(x, y) return { x = x, y = y } end
local function add(a, b) return point(a.x + b.x, a.y + b.y) end
local p, sum = point(0, 0), 0
for i = 1, 400000 do
  p = add(p, point(i % 3, 1))
  local list = { i, i + 1, i + 2 }
  sum = sum + list[2] + #list
  if i % 4 == 0 then
    local r = {}
    r.name, r.size, r.next = "n", i, list
    sum = sum + r.size % 10
  end
end
print(p.x, p.y, sum)
