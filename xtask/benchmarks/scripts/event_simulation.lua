-- A discrete event simulation on a binary heap: arrivals, service and departures.
local heap, size = {}, 0
local function push(time, kind, id)
  size = size + 1
  local i, e = size, { time = time, kind = kind, id = id }
  while i > 1 do
    local parent = math.floor(i / 2)
    if heap[parent].time <= time then break end
    heap[i], i = heap[parent], parent
  end
  heap[i] = e
end
local function pop()
  local top, last = heap[1], heap[size]
  heap[size] = nil
  size = size - 1
  if size > 0 then
    local i = 1
    while true do
      local child = i * 2
      if child > size then break end
      if child < size and heap[child + 1].time < heap[child].time then child = child + 1 end
      if heap[child].time >= last.time then break end
      heap[i], i = heap[child], child
    end
    heap[i] = last
  end
  return top
end
local seed = 11
local function random() seed = seed * 16807 % 2147483647 return seed / 2147483647 end
local queue, first, busy, served, waited = {}, 1, 0, 0, 0
local arrivals = 60000
push(0, "arrive", 1)
while size > 0 do
  local e = pop()
  if e.kind == "arrive" then
    if busy < 3 then busy = busy + 1 push(e.time + random() * 3, "leave", e.id)
    else queue[#queue + 1] = e end
    if e.id < arrivals then push(e.time + random() * 1.1, "arrive", e.id + 1) end
  else
    served = served + 1
    local next_one = queue[first]
    if next_one then
      first = first + 1
      waited = waited + e.time - next_one.time
      push(e.time + random() * 3, "leave", next_one.id)
    else busy = busy - 1 end
  end
end
print(served, string.format("%.6f", waited))
