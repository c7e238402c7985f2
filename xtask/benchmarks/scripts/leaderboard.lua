-- A leaderboard: scores by name, kept sorted by binary insertion, read by rank and range.
local scores, order = {}, {}
local function before(a, b)
  local x, y = scores[a], scores[b]
  if x ~= y then return x > y end
  return a < b
end
local function position(name)
  local lo, hi = 1, #order
  while lo <= hi do
    local mid = math.floor((lo + hi) / 2)
    if before(order[mid], name) then lo = mid + 1 else hi = mid - 1 end
  end
  return lo
end
local function add(name, points)
  if scores[name] then table.remove(order, position(name)) end
  scores[name] = (scores[name] or 0) + points
  table.insert(order, position(name), name)
end
local seed, check = 3, 0
for i = 1, 40000 do
  seed = seed * 16807 % 2147483647
  local name = "player" .. seed % 500
  add(name, seed % 100)
  check = (check + position(name)) % 1000003
  if i % 100 == 0 then
    for rank = 1, 10 do local n = order[rank] if n then check = (check * 7 + scores[n]) % 1000003 end end
  end
end
print(check, order[1], scores[order[1]], #order)
