-- One call of a recursive function that adds to its result.
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
for i = 1, tonumber((...)) / 100 do depth(99) end
