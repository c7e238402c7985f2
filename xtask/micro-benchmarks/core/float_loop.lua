-- Five floating point operations.
local x, y = 0.5, 1.25
for i = 1, tonumber((...)) do x = x * y + i - x / 3 * 0.75 end
