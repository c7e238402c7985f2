-- Breadth-first search, Dijkstra with buckets, and a flood over a grid.
local W, H = 120, 120
local wall, seed = {}, 5
for i = 1, W * H do
  seed = seed * 16807 % 2147483647
  wall[i] = seed % 100 < 28
end
wall[1] = false
local function bfs(start)
  local dist, queue, head, tail = { [start] = 0 }, { start }, 1, 1
  while head <= tail do
    local at = queue[head]
    head = head + 1
    local d, x = dist[at] + 1, (at - 1) % W
    local function visit(n)
      if not wall[n] and not dist[n] then dist[n] = d tail = tail + 1 queue[tail] = n end
    end
    if x > 0 then visit(at - 1) end
    if x < W - 1 then visit(at + 1) end
    if at > W then visit(at - W) end
    if at <= W * (H - 1) then visit(at + W) end
  end
  return dist, tail
end
local function cheapest(start)
  local cost, buckets = { [start] = 0 }, { [0] = { start } }
  local c, settled = 0, 0
  while buckets[c] or c < 600 do
    for _, at in ipairs(buckets[c] or {}) do
      if cost[at] == c then
        settled = settled + 1
        for _, step in ipairs { 1, -1, W, -W } do
          local n = at + step
          if n >= 1 and n <= W * H and not wall[n] then
            local nc = c + 1 + n % 3
            if not cost[n] or nc < cost[n] then
              cost[n] = nc
              local b = buckets[nc]
              if b then b[#b + 1] = n else buckets[nc] = { n } end
            end
          end
        end
      end
    end
    c = c + 1
  end
  return cost, settled
end
local sum = 0
for round = 1, 10 do
  local dist, reached = bfs(1)
  for i = 1, W * H, 7 do sum = (sum + (dist[i] or 0)) % 1000003 end
  sum = sum + reached
end
for round = 1, 3 do
  local cost, settled = cheapest(1)
  for i = 1, W * H, 11 do sum = (sum + (cost[i] or 0)) % 1000003 end
  sum = sum + settled
end
print(sum)
