-- One load from an array, added up.
local t, s = {}, 0
for i = 1, 100 do t[i] = i end
for i = 1, tonumber((...)) / 100 do for j = 1, 100 do s = s + t[j] end end
