-- Manual 2.8: arithmetic, concat and comparison events.
--- case: every arithmetic event
local mt = {}
for _, e in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm" } do
  mt["__" .. e] = function(a, b) return e .. (type(a) == "table" and "T" or tostring(a)) .. (type(b) == "table" and "T" or tostring(b)) end
end
local t = setmetatable({}, mt)
return t + 1, 1 - t, t * t, t / "x", "y" % t, t ^ nil, -t
--- case: unary minus gets its operand twice
local t = setmetatable({}, { __unm = function(...) return select("#", ...), (...) == select(2, ...) end })
local a, b = -t
return a, b
--- case: the left operand's metamethod wins
local a = setmetatable({}, { __add = function() return "a" end })
local b = setmetatable({}, { __add = function() return "b" end })
local c = setmetatable({}, { __sub = function() return "c" end })
return a + b, b + a, a + 1, 1 + b, c + b, b + c
--- case: results are cut to one
local t = setmetatable({}, { __add = function() return 1, 2, 3 end, __sub = function() end })
local a, b = t + t
return a, b, t - t, select("#", t - t)
--- case: metamethods may be callable tables
local add = setmetatable({}, { __call = function(self, a, b) return "called" end })
return setmetatable({}, { __add = add }) + 1
--- case: a metamethod that is not callable
try(function() return setmetatable({}, { __add = 1 }) + 1 end)
try(function() return setmetatable({}, { __concat = true }) .. 1 end)
try(function() return setmetatable({}, { __lt = "x" }) < setmetatable({}, { __lt = "x" }) end)
--- case: nil operands find the other's metamethod
local t = setmetatable({}, { __add = function(a, b) return tostring(a) end, __concat = function(a, b) return tostring(a) .. "|" .. type(b) end })
return nil + t, nil .. t, false + t
--- case: numeric strings never reach metamethods
local mt = getmetatable("")
mt.__add = function(a, b) return "string add" end
mt.__unm = function() return "string unm" end
local r = { "1" + "2", pcall(function() return "a" + 1 end) }
return r[1], r[2], r[3], -"5", -"x"
--- case: errors mention the failing operand only
local t = setmetatable({}, { __add = function() end })
try(function() return t - 1 end)
try(function() return {} + {} end)
try(function() return 1 .. t end)
--- case: concat events
local t = setmetatable({}, { __concat = function(a, b) return (type(a) == "table" and "T" or a) .. (type(b) == "table" and "T" or b) end })
return t .. "x", "x" .. t, 1 .. t, t .. 2, t .. t, "a" .. "b" .. t, t .. "a" .. "b"
--- case: concat of numbers and strings has no event
local mt = getmetatable("")
mt.__concat = function() return "never" end
return "a" .. "b", 1 .. 2, "a" .. 1
--- case: concat through the string metatable
local mt = getmetatable("")
mt.__concat = function(a, b) return type(a) .. type(b) end
return "a" .. {}, nil .. "b", "a" .. true
--- case: eq
local n = 0
local mt = { __eq = function(a, b) n = n + 1 return a.v == b.v end }
local a, b, c = setmetatable({ v = 1 }, mt), setmetatable({ v = 1 }, mt), setmetatable({ v = 2 }, mt)
return a == b, a ~= b, a == c, a ~= c, a == a, n
--- case: eq needs the same metamethod on both sides
local f = function() return true end
local a, b = setmetatable({}, { __eq = f }), setmetatable({}, { __eq = f })
local c = setmetatable({}, { __eq = function() return true end })
return a == b, a == c, a == {}, a == 1, 1 == a, a == "x", a == nil
--- case: eq is called for two tables or two userdata only
local f = function() return true end
local p, q = newproxy(true), newproxy(true)
getmetatable(p).__eq, getmetatable(q).__eq = f, f
local t = setmetatable({}, { __eq = f })
return p == q, p == t, t == p, p == newproxy(p), rawequal(p, q)
--- case: eq results become booleans
local mt = { __eq = function() return 1 end }
local nt = { __eq = function() return nil end }
local a, b = setmetatable({}, mt), setmetatable({}, mt)
local c, d = setmetatable({}, nt), setmetatable({}, nt)
return a == b, a ~= b, c == d, c ~= d, a == b and "yes"
--- case: eq ignores rawequal operands and table keys
local mt = { __eq = function() return true end }
local a, b = setmetatable({}, mt), setmetatable({}, mt)
local t = { [a] = 1 }
return t[b], t[a], rawequal(a, b)
--- case: lt and le
local log = {}
local mt = {
  __lt = function(a, b) log[#log + 1] = "lt" return a.v < b.v end,
  __le = function(a, b) log[#log + 1] = "le" return a.v <= b.v end,
}
local a, b = setmetatable({ v = 1 }, mt), setmetatable({ v = 2 }, mt)
return a < b, a > b, a <= b, a >= b, table.concat(log, " ")
--- case: le falls back to not lt with swapped operands
local log = {}
local mt = { __lt = function(a, b) log[#log + 1] = a.n .. "<" .. b.n return a.v < b.v end }
local a, b = setmetatable({ n = "a", v = 1 }, mt), setmetatable({ n = "b", v = 2 }, mt)
return a <= b, a >= b, b <= a, a <= a, table.concat(log, " ")
--- case: lt and le need the same metamethod on both sides
local f = function() return true end
local a, b = setmetatable({}, { __lt = f }), setmetatable({}, { __lt = f })
local c = setmetatable({}, { __lt = function() return true end })
show(a < b)
try(function() return a < c end)
try(function() return a < {} end)
try(function() return a < 1 end)
try(function() return 1 < a end)
try(function() return a <= c end)
--- case: comparison results become booleans
local mt = { __lt = function() return "x" end, __le = function() return nil end }
local a, b = setmetatable({}, mt), setmetatable({}, mt)
return a < b, a > b, a <= b, a >= b, not (a < b)
--- case: comparison metamethods in conditions
local mt = { __lt = function(a, b) return a.v < b.v end, __eq = function(a, b) return a.v == b.v end }
local function n(v) return setmetatable({ v = v }, mt) end
local out = {}
if n(1) < n(2) then out[1] = "lt" end
if not (n(2) < n(1)) then out[2] = "not lt" end
if n(1) == n(1) and n(1) ~= n(2) then out[3] = "eq" end
while n(1) > n(2) do out[4] = "never" break end
if n(1) <= n(1) then out[4] = "le" end
return unpack(out)
--- case: strings and numbers have no comparison events
getmetatable("").__lt = function() return "never" end
getmetatable("").__eq = function() return "never" end
try(function() return "a" < "b" end)
try(function() return "a" == "b" end)
try(function() return "a" < 1 end)
--- case: mixed types never call lt
local mt = { __lt = function() return true end }
try(function() return setmetatable({}, mt) < "x" end)
try(function() return newproxy() < setmetatable({}, mt) end)
--- case: a complex number class
local C = {}
C.__index = C
local function new(re, im) return setmetatable({ re = re, im = im }, C) end
C.__add = function(a, b)
  if type(a) == "number" then a = new(a, 0) elseif type(b) == "number" then b = new(b, 0) end
  return new(a.re + b.re, a.im + b.im)
end
C.__mul = function(a, b) return new(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re) end
C.__eq = function(a, b) return a.re == b.re and a.im == b.im end
C.__tostring = function(a) return a.re .. "+" .. a.im .. "i" end
C.__unm = function(a) return new(-a.re, -a.im) end
C.__lt = function(a, b) return a.re < b.re end
local i = new(0, 1)
return tostring(i * i), i * i == new(-1, 0), tostring(1 + i + 2), tostring(-i), i < new(1, 0), new(1, 0) <= i
--- case: errors inside metamethods have their own position
local t = setmetatable({}, { __add = function(a, b)
  error("inside")
end, __index = function(t, k)
  return k + nil
end })
try(function() return t + 1 end)
try(function() return t.x end)
--- case: metamethods called from natives
local log = {}
local mt = { __lt = function(a, b) log[#log + 1] = "lt" return a.v < b.v end }
local t = {}
for i, v in ipairs { 3, 1, 2 } do t[i] = setmetatable({ v = v }, mt) end
table.sort(t)
return t[1].v, t[2].v, t[3].v, #log > 0
--- case: yield inside a metamethod is an error
local t = setmetatable({}, { __add = function() return coroutine.yield(1) end })
local co = coroutine.create(function() return t + 1 end)
return coroutine.resume(co)
