-- One store into an array that has its size.
local t = {}
for i = 1, 100 do t[i] = 0 end
for i = 1, tonumber((...)) / 100 do for j = 1, 100 do t[j] = i end end
