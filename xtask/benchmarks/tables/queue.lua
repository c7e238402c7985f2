-- Queues by head and tail index, a ring, and a deque: keys that move through an array's part.
local sum = 0
local queue, head, tail = {}, 1, 0
for i = 1, 900000 do
  tail = tail + 1
  queue[tail] = i
  if i % 3 ~= 0 then
    sum = sum + queue[head]
    queue[head] = nil
    head = head + 1
  end
end
local ring, at = {}, 0
for i = 0, 255 do ring[i] = 0 end
for i = 1, 1500000 do
  at = (at + 1) % 256
  ring[at] = ring[at] + i
end
for i = 0, 255 do sum = sum + ring[i] % 1000 end
local low, high, deque = 0, -1, {}
for i = 1, 500000 do
  if i % 2 == 0 then low = low - 1 deque[low] = i else high = high + 1 deque[high] = i end
  if i % 5 == 0 then
    sum = sum + deque[low]
    deque[low] = nil
    low = low + 1
  end
end
print(sum, tail - head, high - low)
