-- One closure with an upvalue, called once.
for i = 1, tonumber((...)) do local f = function() return i end f() end
