-- A large heap that stays, with garbage made beside it: the price of collecting.
local tree
local function grow(depth)
  if depth == 0 then return { value = 1 } end
  return { left = grow(depth - 1), right = grow(depth - 1), value = depth }
end
local function count(node)
  if not node.left then return node.value end
  return node.value + count(node.left) + count(node.right)
end
tree = grow(14)
local ring, sum = {}, 0
for i = 1, 300000 do
  local slot = i % 5000
  ring[slot] = { i, { "payload " .. i % 100 } }
  local other = ring[slot * 7 % 5000]
  if other then sum = sum + other[1] % 3 end
end
print(count(tree), sum)
