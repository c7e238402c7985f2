-- One concatenation of a string and a number.
for i = 1, tonumber((...)) do local s = "k" .. i end
