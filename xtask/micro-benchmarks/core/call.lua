-- One call of a local function of one argument.
local function f(x) return x end
for i = 1, tonumber((...)) do f(i) end
