-- Classes: constructors, overridden methods, calls of the base class, and fields found in a class.
local Shape = {} Shape.__index = Shape
function Shape.new(class, name) return setmetatable({ name = name }, class) end
function Shape:area() return 0 end
function Shape:describe() return self:area() + self.scale end
Shape.scale = 2
local function extend(base)
  local class = setmetatable({}, { __index = base })
  class.__index = class
  return class
end
local Box = extend(Shape)
function Box.new(class, w, h) local box = Shape.new(class, "box") box.w, box.h = w, h return box end
function Box:area() return self.w * self.h end
local Cube = extend(Box)
function Cube.new(class, side) local cube = Box.new(class, side, side) cube.depth = side return cube end
function Cube:area() return Box.area(self) * 2 + self.depth end
local sum = 0
local shapes = { Shape:new("s"), Box:new(2, 3), Cube:new(4) }
for i = 1, 900000 do sum = sum + shapes[i % 3 + 1]:describe() end
for i = 1, 200000 do
  local cube = Cube:new(i % 10)
  sum = sum + cube:area() + cube.scale
end
print(sum)
