-- error, pcall, xpcall and assert (5.1), and the texts and positions of errors.
--- case: error levels
local function f(level) error("msg", level) end
try(f, 0)
try(f, 1)
try(f, nil)
try(function() f(2) end)
try(function()
  f(2)
end)
local function g() f(3) end
try(function() g() end)
try(f, 100)
--- case: error values of every type
try(error, "s") try(error, 42) try(error, nil) try(error, true) try(error) try(error, {}) try(error, print)
try(error, "s", 0) try(error, 42, 1) try(error, "s", "1")
--- case: numbers get positions as strings do
try(function() error(42) end)
try(function() error("42") end)
try(function() error(42, 0) end)
--- case: error level argument
try(error, "x", "notanumber")
try(error, "x", {})
--- case: error objects pass untouched
local e = { code = 1 }
local ok, got = pcall(error, e)
local ok2, got2 = pcall(function() error(setmetatable(e, { __tostring = function() return "E!" end })) end)
return got == e, got2 == e, tostring(got2)
--- case: pcall results
show(pcall(function() end))
show(pcall(function() return nil, nil end))
show(pcall(function(...) return ... end, 1, 2, 3))
show(pcall(pcall))
show(pcall(nil))
show(pcall(1))
show(pcall({}))
--- case: nested pcall
show(pcall(pcall, error, "e"))
show(pcall(pcall, pcall, error, "e"))
show(pcall(function() local ok, m = pcall(error, "inner", 0) error("outer " .. m, 0) end))
--- case: pcall of a callable table
show(pcall(setmetatable({}, { __call = function(self, a) return a end }), 5))
--- case: xpcall
show(xpcall(function() return 1, 2 end, print))
show(xpcall(function() error("x", 0) end, function(m) return "handled " .. m, "second" end))
show(xpcall(function() error() end, function(m) return m end))
show(xpcall(function() local x = nil + 1 end, function(m) return "<" .. m .. ">" end))
--- case: xpcall passes no arguments in 5.1
show(xpcall(function(...) return select("#", ...) end, print, 1, 2, 3))
--- case: xpcall with natives and non-functions
show(xpcall(nil, function(m) return "h " .. tostring(m) end))
show(xpcall({}, function(m) return "h " .. tostring(m) end))
try(xpcall)
try(xpcall, print)
--- case: an error in the handler
show(xpcall(function() error("first", 0) end, function(m) error("second", 0) end))
show(xpcall(function() error("first") end, nil))
show(xpcall(function() error("first") end, 5))
--- case: the handler runs at the point of the error
local depth
local function f() local marker = "local of f" error("x") end
show(xpcall(f, function(m) depth = getfenv(2) ~= nil return m end))
return depth
--- case: stack overflow in a handler's function
local function loop() return 1 + loop() end
local ok, m = xpcall(loop, function(m) return "caught " .. tostring(m):sub(1, 22) end)
return ok, m
--- case: assert
show(assert(1, "unused", 3))
show(assert("v"))
try(assert, false)
try(assert, nil, "message")
try(assert, false, 42)
try(assert, false, { 1 })
try(assert, false, nil)
try(assert)
try(function() assert(false, "no position") end)
try(function() assert(nil) end)
show(select("#", assert(true, nil, nil)))
--- case: runtime errors have positions, lines count from one
try(function()
  local x


  x()
end)
try(function() return nil .. "x" end) try(
  function()
    return {} + 1
  end)
--- case: the line of a call that spans lines
local function bad() error("here", 2) end
try(function()
  bad(
    1,
    2
  )
end)
try(function()
  local t = {
    a = 1,
    b = nil + 1,
  }
end)
try(function()
  return 1 +
    2 +
    nil
end)
try(function()
  local s = "a" ..
    "b" ..
    {}
end)
try(function()
  undefined
  .x
  .y = 1
end)
--- case: positions inside other chunks
local f = loadstring("\n\nerror('in chunk')", "@file.lua")
try(f)
try(loadstring("error('x')", "=name"))
try(loadstring("error('x')", "a = 1"))
try(loadstring("error('x')", "first line\nsecond"))
try(loadstring("error('x')", "@" .. string.rep("d/", 60) .. "f.lua"))
try(loadstring("error('x')", string.rep("long ", 30)))
try(loadstring("error('x')", "=" .. string.rep("n", 100)))
try(loadstring("error('x')", ""))
try(loadstring("error('x')", "="))
try(loadstring("error('x')", "@"))
try(loadstring("\n\n\nlocal a = nil .. 1"))
--- case: chunk name defaults to the source
try(loadstring("error('x') -- and more text than fits in the sixty bytes of a chunk name"))
try(loadstring("error('x')"))
try(loadstring("\nerror('x')"))
show(loadstring("x ="))
--- case: names: locals, upvalues, globals, fields, methods, constants
local up
local t = {}
try(function() local loc; loc.x = 1 end)
try(function() up.x = 1 end)
try(function() glob.x = 1 end)
try(function() t.field.x = 1 end)
try(function() t["field"].x = 1 end)
try(function() t[1].x = 1 end)
try(function() local k = "key" t[k].x = 1 end)
try(function() t:method() end)
try(function() up() end)
try(function() t.a.b.c = 1 end)
try(function(param) param.x = 1 end)
try(function(...) local a = ... a.x = 1 end)
--- case: names of loop variables
try(function() for i = 1, 1 do i.x.y = 1 end end)
try(function() for k, v in pairs { 1 } do v.x.y = 1 end end)
try(function() for k, v in pairs { 1 } do k() end end)
--- case: names after jumps and logic
local a, b
try(function() local x = a or b; x.y = 1 end)
try(function() (a or b).y = 1 end)
try(function() local x = a and a.b; return x.c end)
try(function() return (a or {}).x.y end)
try(function() if a then else a.x = 1 end end)
--- case: names of temporaries
local function f() end
try(function() f().x = 1 end)
try(function() return f() + 1 end)
try(function() return f()() end)
try(function() return #f() end)
try(function() return -f() end)
try(function() return ("x").y.z end)
try(function() return (1 + 1).x end)
try(function() return ({}).x.y end)
--- case: bad argument numbers and names
try(function() string.rep() end)
try(function() ("x"):rep() end)
try(function() ("x"):rep({}) end)
try(function() string.rep("x", {}) end)
try(function() local rep = string.rep rep("x", {}) end)
try(function() local s = string s.rep("x", {}) end)
try(function() math.floor("x") end)
try(function() math.floor({}) end)
try(function() math.floor(nil) end)
try(function() setmetatable(1, {}) end)
try(function() ipairs() end)
try(function() tostring() end)
try(function() ("x"):bad() end)
try(function() string.char(256) end)
try(function() table.concat({ {} }) end)
--- case: bad argument through pcall, metamethods and coroutines
try(string.rep)
show(pcall(string.rep, "x", "y"))
local t = setmetatable({}, { __index = string.rep, __call = string.rep, __add = math.floor })
try(function() return t.x end)
try(function() return t() end)
try(function() return t + 1 end)
show(coroutine.resume(coroutine.create(function() string.rep() end)))
--- case: bad self
try(function() string.upper() end)
try(function() ("x").upper() end)
local o = { rep = string.rep }
try(function() o:rep(1) end)
try(function() o.rep(o, 1) end)
--- case: expected and got
local vals = { n = 7, nil, true, 1, "x", {}, print, newproxy() }
for i = 1, 7 do print(select(2, pcall(math.abs, vals[i]))) end
for i = 1, 7 do print(select(2, pcall(string.len, vals[i]))) end
for i = 1, 7 do print(select(2, pcall(pairs, vals[i]))) end
for i = 1, 7 do print((select(2, pcall(coroutine.status, vals[i])))) end
--- case: errors thrown by error in nested functions keep their level
local function level1() error("L1", 1) end
local function level2() error("L2", 2) end
local function via() level2() end
try(level1) try(via)
try(function() via() end)
--- case: level 2 through a tail call
local function f() error("x", 2) end
local function g() return f() end
try(function() g() end)
--- case: level 2 from a native
try(function() pcall(error, "x", 2) show(pcall(error, "x", 2)) end)
show(pcall(function() return pcall(error, "x", 1) end))
show(pcall(function() return pcall(error, "x", 3) end))
--- case: rethrowing keeps the message
local ok, m = pcall(function() error("once") end)
local ok2, m2 = pcall(error, m, 0)
local ok3, m3 = pcall(error, m)
return m, m2, m3
--- case: error in a table sort, gsub and iterator
try(function() table.sort({ 3, 2, 1 }, function(a, b) error("cmp", 0) end) end)
try(function() string.gsub("abc", "b", function() error("repl", 0) end) end)
try(function() string.gsub("abc", "b", function() local x = nil; x.y = 1 end) end)
try(function() for _ in function() error("it", 0) end do end end)
--- case: state is intact after many errors
local n = 0
for i = 1, 10000 do
  local ok = pcall(function() if i % 2 == 0 then error("x") elseif i % 3 == 0 then local y = nil + 1 end n = n + 1 end)
end
return n
--- case: upvalues after an error
local x = 0
pcall(function() x = 1 error() end)
pcall(function() x = x + 1 local y = nil + x end)
return x
--- case: pcall in a loop with closures
local fs = {}
for i = 1, 3 do
  pcall(function() local j = i fs[i] = function() j = j + 1 return j end error("after") end)
end
return fs[1](), fs[1](), fs[2](), fs[3]()
--- case: break out of a loop with pcall
for i = 1, 3 do
  local ok, m = pcall(function() if i == 2 then error("two", 0) end return i end)
  show(ok, m)
  if not ok then break end
end
--- case: return values through pcall keep nils
show(select("#", pcall(function() return nil, nil, nil end)))
show(select("#", pcall(error)))
--- case: deep pcall nesting
local function f(n) if n == 0 then error("bottom", 0) end local ok, m = pcall(f, n - 1) error(m, 0) end
return pcall(f, 100)
--- case: deep pcall nesting ends in an error
local function f(n) local ok, m = pcall(f, n + 1) if not ok then error(m, 0) end return m end
local ok, m = pcall(f, 1)
return ok, m:match("stack overflow")
--- case: too many results to unpack
try(function() return unpack({}, 1, 1e7) end)
try(function() return unpack({}, 1, 1e8) end)
try(function() return unpack({}, -1e8, 1e8) end)
--- case: string of a too big repeat
try(function() return #string.rep("x", -5) end)
--- case: concat of an error object
local ok, e = pcall(error, {})
try(function() return "error: " .. e end)
--- case: error with a table and position is not added
local e = { "m" }
local ok, r = pcall(function() error(e, 2) end)
return r == e, r[1]
--- case: comparison errors
try(function() return 1 < "x" end)
try(function() return {} < {} end)
try(function() return {} <= nil end)
try(function() return nil > 1 end)
try(function() return print < print end)
try(function() local a, b = 1, {} return a < b end)

--- case: a message handler that is no function
print(xpcall(function() error("x") end, nil))
print(xpcall(function() return nil + 1 end, 5))
print(xpcall(function() local t; return t.x end, setmetatable({}, { __call = function() return "called" end })))
print(xpcall(function() return 1 end, nil))
print(pcall(function() xpcall(function() local a = -nil end, nil) end))
--- case: a message handler that overflows the stack
local function deep() local x = deep() return x end
show(xpcall(function() error("a", 0) end, function() return deep() end))
show(xpcall(deep, function() return deep() end))
show(xpcall(function() error("a", 0) end, function() return select(2, pcall(deep)) end))
show(xpcall(deep, function() return select(2, pcall(deep)) end))
--- case: a message handler that is told of its own overflow
local function deep() local x = deep() return x end
local heard = {}
show(xpcall(function() error("first", 0) end, function(e)
  heard[#heard + 1] = e
  return #heard == 1 and deep() or "second time"
end))
show(unpack(heard))
--- case: a message handler of an overflow has room to work
local function deep() local x = deep() return x end
local function count(n) return n == 0 and 0 or 1 + count(n - 1) end
show(xpcall(deep, function() return count(3000) end))
--- case: a message handler that fails in turn
local n = 0
show(xpcall(function() error("first", 0) end, function(e)
  n = n + 1
  if n < 5 then
    error(e .. n, 0)
  end
  return e .. " at last"
end))
show(n)
show(xpcall(function() error("first", 0) end, function(e) error(e) end))
show(xpcall(function() error("first", 0) end, error))
show(xpcall(function() error({}) end, string.upper))
--- case: message handlers that are no functions
show(xpcall(function() error("a", 0) end, nil))
show(xpcall(function() error("a", 0) end, 5))
show(xpcall(function() error("a", 0) end, setmetatable({}, { __call = function() return "called" end })))
show(xpcall(function() return "fine" end, nil))
--- case: a message handler that yields
local co = coroutine.create(function()
  return xpcall(function() error("a", 0) end, function(e) coroutine.yield(e) return "resumed" end)
end)
show(coroutine.resume(co))
show(coroutine.status(co))
show(xpcall(function() error("a", 0) end, coroutine.yield))
--- case: xpcall in a message handler
show(xpcall(function() error("a", 0) end, function(e)
  return select(2, xpcall(function() error(e .. "b", 0) end, function(e) return e .. "c" end))
end))
show(xpcall(function() error("a", 0) end, function(e)
  return select(2, xpcall(function() error(e .. "b", 0) end, function(e) error(e) end))
end))
--- case: assertion messages end at a zero byte
show(pcall(assert, false, "before\0after"))
show(pcall(error, "before\0after"))
