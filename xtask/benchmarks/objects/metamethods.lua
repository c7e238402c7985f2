-- Events with functions behind them: __index, __newindex, arithmetic, comparison and __call.
local V = {}
V.__index = V
local function vec(x, y) return setmetatable({ x = x, y = y }, V) end
V.__add = function(a, b) return vec(a.x + b.x, a.y + b.y) end
V.__mul = function(a, k) return vec(a.x * k, a.y * k) end
V.__eq = function(a, b) return a.x == b.x and a.y == b.y end
V.__lt = function(a, b) return a.x < b.x end
V.__unm = function(a) return vec(-a.x, -a.y) end
V.__call = function(self, k) return self.x + k end

local acc, equal, less = vec(0, 0), 0, 0
for i = 1, 130000 do
  local v = vec(i % 10, 1)
  acc = acc + v * 2 + -v
  if v == vec(3, 1) then equal = equal + 1 end
  if v < acc then less = less + 1 end
  equal = equal + v(1) % 2
end
local store, reads = {}, 0
local proxy = setmetatable({}, {
  __index = function(_, k) reads = reads + 1 return store[k] or 0 end,
  __newindex = function(_, k, v) store[k] = v end,
})
for i = 1, 500000 do proxy[i % 50] = proxy[i % 50] + 1 end
print(acc.x, acc.y, equal, less, reads, store[7])
