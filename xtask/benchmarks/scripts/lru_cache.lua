-- An LRU cache: a map with a doubly linked list through its entries.
local Cache = {} Cache.__index = Cache
function Cache.new(capacity)
  local head, tail = {}, {}
  head.next, tail.prev = tail, head
  return setmetatable({ map = {}, size = 0, capacity = capacity, head = head, tail = tail }, Cache)
end
local function unlink(e) e.prev.next, e.next.prev = e.next, e.prev end
function Cache:front(e)
  local head = self.head
  e.next, e.prev = head.next, head
  head.next.prev, head.next = e, e
end
function Cache:get(k)
  local e = self.map[k]
  if not e then return nil end
  unlink(e)
  self:front(e)
  return e.value
end
function Cache:put(k, v)
  local e = self.map[k]
  if e then
    e.value = v
    unlink(e)
  else
    if self.size == self.capacity then
      local old = self.tail.prev
      unlink(old)
      self.map[old.key] = nil
      self.size = self.size - 1
    end
    e = { key = k, value = v }
    self.map[k] = e
    self.size = self.size + 1
  end
  self:front(e)
end
local cache, hits, misses, seed = Cache.new(1000), 0, 0, 9
for i = 1, 600000 do
  seed = seed * 16807 % 2147483647
  local k = seed % 10 < 7 and seed % 600 or seed % 4000
  if cache:get(k) then hits = hits + 1 else misses = misses + 1 cache:put(k, i) end
end
print(hits, misses, cache.size)
