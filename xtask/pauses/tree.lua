-- A million leaves of a tree with ten branches at each node, one of eight new ones replacing an
-- old one.
local function grow(depth)
  if depth == 0 then return { 1 } end
  local node = {}
  for i = 1, 10 do node[i] = grow(depth - 1) end
  return node
end
local tree = grow(6)

local function sum(node, depth)
  if depth == 0 then return node[1] end
  local total = 0
  for i = 1, 10 do total = total + sum(node[i], depth - 1) end
  return total
end

return function(i)
  local leaf = { i }
  if i % 8 == 0 then
    local path, node = i * 7919 % 1000000, tree
    for _ = 1, 5 do
      node = node[path % 10 + 1]
      path = math.floor(path / 10)
    end
    node[path % 10 + 1] = leaf
  end
end, function() return sum(tree, 6) end
