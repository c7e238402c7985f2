-- One method call through __index that updates a field.
local C = {} C.__index = C
function C:add(n) self.v = self.v + n end
local o = setmetatable({ v = 0 }, C)
for i = 1, tonumber((...)) do o:add(i) end
