-- One call of math.floor.
local floor = math.floor
for i = 1, tonumber((...)) do floor(i * 0.5) end
