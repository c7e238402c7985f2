-- Methods found directly, and through one and three levels of __index.
local Base = {} Base.__index = Base
function Base:add(n) self.total = self.total + n return self end
function Base:get() return self.total end
local Middle = setmetatable({}, Base) Middle.__index = Middle
local Leaf = setmetatable({}, Middle) Leaf.__index = Leaf
function Leaf:own(n) self.total = self.total - n end

local near = setmetatable({ total = 0 }, Base)
local far = setmetatable({ total = 0 }, Leaf)
local plain = { total = 0, add = Base.add }
for i = 1, 1500000 do
  near:add(i)
  far:add(i):own(1)
  plain:add(2)
end
print(near:get(), far:get(), plain.total)
