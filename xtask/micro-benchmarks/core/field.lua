-- Four reads and two writes of fields.
local t = { x = 1, y = 2 }
for i = 1, tonumber((...)) do t.x = t.x + t.y t.y = t.y - t.x end
