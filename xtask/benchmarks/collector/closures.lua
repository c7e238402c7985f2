-- Closures and their upvalues that live for a moment, and a cyclic structure dropped each round.
local sum = 0
for i = 1, 400000 do
  local n = i
  local function get() return n end
  local function set(x) n = x end
  set(get() + 1)
  sum = sum + n % 3
end
for round = 1, 60 do
  local first = {}
  local last = first
  for i = 1, 3000 do
    local node = { previous = last, value = i }
    last.next = node
    last = node
  end
  last.next, first.previous = first, last
  sum = sum + first.next.value + first.previous.value
end
print(sum)
