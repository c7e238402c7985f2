-- One step of pairs over a map.
local t, s = {}, 0
for i = 1, 100 do t["k" .. i] = i end
for i = 1, tonumber((...)) / 100 do for k, v in pairs(t) do s = s + v end end
