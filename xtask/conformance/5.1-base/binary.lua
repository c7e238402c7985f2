-- Manual 5.1 and 5.4: precompiled chunks, from string.dump to the functions that load them.
--- case: constants of every type
local f = loadstring(string.dump(function() return nil, true, false, 0, -1.5, 1e308, 2 ^ 53, "", "text", "a\0b", { x = 1, "y" } end))
local r = { f() }
show(unpack(r, 1, 10))
show(r[11].x, r[11][1])
--- case: parameters and varargs
local function copy(f) return loadstring(string.dump(f)) end
show(copy(function(a, b) return b, a end)(1))
show(copy(function(...) return select("#", ...), ... end)(1, nil, nil))
show(copy(function(a, ...) local t = { ... } return a, #t, arg end)(1, 2, 3))
show(copy(function() end)())
--- case: upvalues are fresh
local n, name = 5, "outer"
local function counter() n = (n or 0) + 1 return n, name end
local a, b = loadstring(string.dump(counter)), loadstring(string.dump(counter))
show(a()) show(a()) show(b())
show(counter())
--- case: upvalues of nested functions are shared
local f = loadstring(string.dump(function()
  local n = 0
  return function() n = n + 1 return n end, function() return n end
end))
local add, get = f()
add() add()
show(get())
--- case: loops and tables
local function work(t)
  local keys, sum = {}, 0
  for k, v in pairs(t) do keys[#keys + 1] = tostring(k) .. "=" .. tostring(v) end
  for i, v in ipairs(t) do sum = sum + i * v end
  for i = 10, 1, -4 do sum = sum + i end
  while sum > 50 do sum = sum - 7 if sum == 53 then break end end
  repeat sum = sum - 1 until sum < 45
  table.sort(keys)
  return sum, table.concat(keys, " ")
end
local t = { 3, 2, 1, x = 4 }
show(work(t))
show(loadstring(string.dump(work))(t))
--- case: methods, metatables and coroutines
local f = loadstring(string.dump(function()
  local class = {} class.__index = class
  class.__add = function(a, b) return a.n + b.n end
  function class.new(n) return setmetatable({ n = n }, class) end
  function class:twice() return self.n * 2 end
  local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
  return class.new(4):twice(), class.new(1) + class.new(2), co(1), co(10)
end))
show(f())
--- case: a dump of a dump is the same
local function f(a, ...) local t = { a, ... } return function() return t, f end end
local dump = string.dump(f)
show(dump == string.dump(f), string.dump(loadstring(dump)) == dump)
show(string.dump(loadstring(dump, "=other")) == dump)
f(1)() for k in pairs { 1 } do end
show(dump == string.dump(f))
--- case: messages keep places and names
local up
local f = loadstring(string.dump(function(what)
  local loc
  if what == 1 then return loc.x end
  if what == 2 then return glob.x.y end
  if what == 3 then return up() end

  if what == 4 then error("message") end
  return loc .. "x"
end), "=ignored")
for i = 1, 5 do try(f, i) end
--- case: messages keep the chunk's name
local f = loadstring("local x\nreturn x.y", "@dir/file.lua")
try(f)
try(loadstring(string.dump(f), "@another.lua"))
--- case: the environment is the global one
local env = { value = "env" }
local f = setfenv(function() return value end, env)
value = "global"
local g = loadstring(string.dump(f))
show(f(), g(), getfenv(g) == _G)
setfenv(g, env)
show(g())
value = nil
--- case: what cannot be dumped
try(string.dump, print)
try(string.dump, coroutine.wrap(function() end))
try(string.dump, string.dump)
try(string.dump, "return 1")
try(string.dump, nil)
try(string.dump)
show(loadstring(string.dump(function() return "all" end, true, "more"))())
--- case: load takes pieces of any size
local dump = string.dump(function(...) return "loaded", ... end)
for size = 1, 5 do
  local at = 1
  local f = load(function()
    local piece = dump:sub(at, at + size - 1)
    at = at + size
    return piece
  end, "=piecewise")
  show(f(size))
end
show(load(function() return nil end) ~= nil)
--- case: names in errors
local dump = string.dump(function() return 1 end)
local cut = dump:sub(1, -2)
show(loadstring(cut))
show(loadstring(cut, "=name"))
show(loadstring(cut, "@dir/file.luac"))
show(loadstring(cut, "plain text"))
show(loadstring(cut, ""))
show(loadstring(cut, "=cut\0off"))
show(loadstring(cut, "\27Lua and more"))
show(loadstring(cut, "=" .. ("long "):rep(30)))
local done
show(load(function() if not done then done = true return cut end end))
--- case: every prefix is refused
local dump = string.dump(function(a) local b = a return function() return a, b, "text", 1.5 end end)
local seen = {}
for n = 1, #dump - 1 do seen[select(2, loadstring(dump:sub(1, n), "=x"))] = true end
for message in pairs(seen) do show(message) end
--- case: bytes behind the end do not matter
show(loadstring(string.dump(function() return "fine" end) .. "rubbish")())
--- case: bad headers
show(loadstring("\27" .. ("x"):rep(100), "=x"))
show(loadstring("\27Lua" .. ("\255"):rep(100), "=x"))
show(loadstring("\27", "=x"))
show(loadstring("\27Lua", "=x"))
--- case: only the first byte makes a chunk binary
show(loadstring(" " .. string.dump(function() end), "=x") == nil)
show(loadstring("\n\27", "=x"))
show(loadstring("return '\27Lua'", "=x")())
show(loadstring("#!shebang\nreturn 1", "=x"))
--- case: pairs gives an iterator of its own
local f, t, k = pairs({ 10 })
show(f == next, f == pairs({}), f({ 5 }), f(t, k))
show(f({}), pcall(f, {}, "no such key"))
local sum = 0
for _, v in f, { 1, 2, 3 } do sum = sum + v end
for _, v in next, { 1, 2, 3 } do sum = sum + v end
show(sum)
try(f)
