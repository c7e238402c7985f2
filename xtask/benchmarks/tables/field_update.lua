-- Reading and writing fields of records.
local function particle(i)
  return { x = i, y = -i, vx = i % 7 - 3, vy = i % 5 - 2, age = 0, hits = 0 }
end
local ps = {}
for i = 1, 100 do ps[i] = particle(i) end
for step = 1, 12000 do
  for i = 1, 100 do
    local p = ps[i]
    p.x = p.x + p.vx
    p.y = p.y + p.vy
    p.age = p.age + 1
    if p.x > 100 or p.x < -100 then p.vx = -p.vx p.hits = p.hits + 1 end
  end
end
local x, hits, age = 0, 0, 0
for i = 1, 100 do x, hits, age = x + ps[i].x, hits + ps[i].hits, age + ps[i].age end
print(x, hits, age)
