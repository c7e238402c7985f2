-- Natives called with the extra arguments of a function, alone or behind one argument of their own.
--- case: select counts and picks, whatever the fixed parameters
local function none(n, ...) return select('#', ...), (select(n, ...)) end
local function bare(...) return (select(2, ...)), (select('#', ...)) end
local function two(a, b, ...) return a, b, (select(1, ...)), (select('#', ...)) end
print(none(1, 'a', 'b'))
print(none(2, 'a', 'b'))
print(none(3, 'a', 'b'))
print(none(-1, 'a', 'b'))
print(none(1.9, 'a', 'b'))
print(none('2', 'a', 'b'))
print(bare(1, nil, nil))
print(bare())
print(two(1, 2, 3))
print(two(1))
print(two())
--- case: select refuses
local function pick(n, ...) return (select(n, ...)) end
print(pcall(pick, 0, 1, 2))
print(pcall(pick, -3, 1, 2))
print(pcall(pick, nil, 1, 2))
print(pcall(pick, {}, 1, 2))
print(pcall(pick, 'x', 1, 2))
--- case: natives that take the list alone
local function all(...) return (math.max(...)), (math.min(...)), (string.char(...)) end
print(all(65))
print(all(65, 90, 70))
local function first(...) return (type(...)) end
print(first(nil, 1), first('x'), first({}, 2))
print(pcall(first))
print(pcall(all))
print(pcall(all, 65, {}))
--- case: natives that take one argument more
local function one(x, ...) return (math.max(x, ...)), (string.sub(x, ...)) end
print(one('123', 2))
print(one('123', 2, 3))
print(pcall(one, '123', {}))
print(pcall(one, '123'))
--- case: the function and its fixed arguments are what they were
local function f(...)
  local n = 0
  for i = 1, select('#', ...) do n = n + (select(i, ...)) end
  return n, debug.getinfo(1, 'f').func
end
local sum, itself = f(1, 2, 3, 4)
print(sum, itself == f)
local function g(a, b, ...)
  local m = math.max(b, ...)
  return a, b, m, ...
end
print(g('a', 5, 9, 2))
--- case: a global of the name that is no native
local function select(n, ...) return 'mine', n, ... end
local function f(...) return (select(2, ...)), select('#', ...) end
print(f(1, 2))
--- case: a table that can be called
local t = setmetatable({}, {__call = function(self, n, ...) return n + select('#', ...) end})
local function f(...) return (t(10, ...)) end
print(f(), f(1), f(1, 2))
--- case: what is selected stays, whatever is collected
local function f(...)
  local s = {}
  for i = 1, select('#', ...) do
    s[i] = (select(i, ...)) .. ('x'):rep(i)
    collectgarbage()
  end
  return table.concat(s, ' ')
end
print(f('a' .. 1, 'b' .. 2, 'c' .. 3))
--- case: natives called with the results of a call
local function three() return 3, 1, 2 end
local function none() end
print((math.max(three())), (math.min(10, three())), (select('#', three())), (select(2, three())))
print((select('#', none())), (tostring(three())), (type(three())))
print(pcall(function() return (math.max(none())) end))
print(pcall(function() return (math.max(1, 2, 'x', three())) end))
local x, y, z = select(2, three())
print(x, y, z)
local a, b = pcall(three)
print(a, b)
print((string.char(unpack({72, 105}))), #string.char(unpack({72, 105})))
--- case: hooks see natives called with extra arguments
local seen = {}
local function f(...) return (select('#', ...)) end
debug.sethook(function(event) seen[#seen + 1] = event .. ':' .. tostring(debug.getinfo(2, 'n').name) end, 'cr')
f(1, 2)
debug.sethook()
print(table.concat(seen, ' '))
--- case: in the first function of a coroutine
local function run(f, ...) return coroutine.wrap(f)(...) end
print(run(function(...) local r = ("abc"):sub(...) return r end, 2))
print(run(function(...) local r = string.sub("abc", ...) return r end, 2, 2))
print(run(function(...) local r = string.char(...) return r end, 65, 66))
print(run(function(s, ...) local r = string.sub(s, ...) return r end, "abc", 2))
print(run(function(s, t, ...) local r = string.sub(s, ...) return r, t end, "abc", "t", 3))
print(run(function(t, ...) local r = rawget(t, ...) return r end, {5, 6, 7}, 2))
--- case: with fewer arguments than parameters
local function f(a, b, c, ...) local r = string.char(...) local s = string.sub("xyz", ...) return a, b, c, r, s end
print(pcall(f, 1))
local function g(a, b, c, ...) local r = select('#', ...) local s = math.max(3, ...) return a, b, c, r, s end
print(g(1)) print(g(1, 2)) print(g(1, 2, 3)) print(g(1, 2, 3, 4)) print(g())
--- case: a fresh string from the bytes of many arguments
local function h(...) local r = string.char(...) return r end
local t = {}
for i = 1, 39 do t[i] = 64 + i end
print(h(unpack(t)), #h(unpack(t, 1, 20)), h())
