-- Manual 5.9: the debug library.
--- case: traceback
local function a() return debug.traceback("msg") .. "" end
local function b() local s = a() return s end
print((b():gsub("\t[^\n]-case%w+%.lua:%d+", "\tFILE")))
--- case: traceback levels and messages
local function f() return (debug.traceback("m", 1):match("^(.-\n.-\n.-)\n")) end
print(f())
show(debug.traceback({}) ~= nil, type(debug.traceback({})), debug.traceback(nil) == nil, debug.traceback(12):match("^12\n") ~= nil)
show(debug.traceback("x", 100))
show((debug.traceback("only"):match("^only\nstack traceback:\n")))
--- case: traceback of kinds of functions
function globalfunction() return debug.traceback("g") .. "" end
local t = { method = function(self) local s = globalfunction() return s end }
local up = function() local s = t:method() return s end
local function localfunction() local s = up() return s end
local s = localfunction()
local out = {}
for line in s:gmatch("\tcase:[^\n]+") do out[#out + 1] = line end
print(table.concat(out, "\n"))
--- case: traceback across tail calls and natives
local function deep() return debug.traceback("t") .. "" end
local function tail() return deep() end
local ok, s = pcall(tail)
print((s:match("^[^\n]+\n[^\n]+\n[^\n]+\n[^\n]+\n[^\n]+\n[^\n]+")))
--- case: long tracebacks are cut in the middle
local function rec(n) if n == 0 then return debug.traceback("deep") .. "" end local s = rec(n - 1) return s end
local s = rec(50)
local n, dots = 0, s:find("\n\t%.%.%.\n") ~= nil
for _ in s:gmatch("\n") do n = n + 1 end
return n, dots
--- case: traceback of a coroutine
local co = coroutine.create(function(x) local function inner() coroutine.yield(x) end inner() end)
print(debug.traceback(co))
coroutine.resume(co, 1)
print(debug.traceback(co)) print(debug.traceback(co, "msg")) print(debug.traceback(co, nil, 1))
coroutine.resume(co)
print(debug.traceback(co))
--- case: traceback of a failed coroutine
local co = coroutine.create(function() local x = nil; x.y = 1 end)
print(coroutine.resume(co))
print(debug.traceback(co))
--- case: xpcall with traceback
local ok, s = xpcall(function() error("E") end, debug.traceback)
print((s:match("^[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*")))
--- case: getinfo of a Lua function
local function f(a, b) local c end
local i = debug.getinfo(f)
show(i.source, i.short_src, i.what, i.currentline, i.linedefined, i.lastlinedefined, i.nups, i.func == f, i.name, i.namewhat, i.activelines)
--- case: getinfo of a native
local i = debug.getinfo(print)
show(i.source, i.short_src, i.what, i.currentline, i.linedefined, i.lastlinedefined, i.nups, i.func == print, i.name, i.namewhat)
--- case: getinfo by level
local function f() local i = debug.getinfo(1) return i.name, i.namewhat, i.currentline, i.what end
local a, b, c, d = f()
show(a, b, c, d)
local t = { m = f }
local a, b = t.m()
show(a, b)
local a, b = t:m()
show(a, b)
globalf = f
local a, b = globalf()
show(a, b)
show(debug.getinfo(100))
show(debug.getinfo(0, "n").name, debug.getinfo(0, "S").what)
--- case: getinfo options
local function f() end
local i = debug.getinfo(f, "S")
show(i.what, i.func, i.nups, i.currentline)
local i = debug.getinfo(f, "u") show(i.nups, i.what)
local i = debug.getinfo(f, "f") show(i.func == f, i.what)
local i = debug.getinfo(1, "l") show(i.currentline, i.source)
local i = debug.getinfo(f, "L")
local lines = {} for l in pairs(i.activelines) do lines[#lines + 1] = l end table.sort(lines) show(unpack(lines))
try(debug.getinfo, f, "X") try(debug.getinfo) try(debug.getinfo, "x") try(debug.getinfo, {}) try(debug.getinfo, f, {})
--- case: getinfo of the main chunk and of tail calls
local i = debug.getinfo(1, "S")
show(i.what, i.linedefined, i.lastlinedefined)
local function tail() return debug.getinfo(2) end
local function caller() return tail() end
local i = caller()
show(i.what, i.namewhat, i.short_src, i.currentline, i.func)
--- case: active lines of a longer function
local function f(x)
  local a = 1

  if x then
    return a
  end
  -- comment
  return function() end
end
local lines = {}
for l in pairs(debug.getinfo(f, "L").activelines) do lines[#lines + 1] = l end
table.sort(lines)
return unpack(lines)
--- case: getlocal
local function f(a, b)
  local c = "c"
  do local d = "d" end
  local out = {}
  for i = 1, 10 do local n, v = debug.getlocal(1, i) if not n then break end out[#out + 1] = n .. "=" .. tostring(v):sub(1, 5) end
  return table.concat(out, " ")
end
show((f(1, 2):gsub("table", "T")))
show(debug.getlocal(1, 100))
try(debug.getlocal, 100, 1) try(debug.getlocal) try(debug.getlocal, 1) try(debug.getlocal, "x", 1)
--- case: setlocal
local function f()
  local a, b = 1, 2
  show(debug.setlocal(1, 1, "new"))
  show(debug.setlocal(1, 50, "none"))
  return a, b
end
show(f())
--- case: locals of a coroutine
local co = coroutine.create(function(p) local q = "q" coroutine.yield() return q end)
coroutine.resume(co, "p")
show(debug.getlocal(co, 1, 1)) show(debug.getlocal(co, 1, 2)) show(debug.setlocal(co, 1, 2, "changed")) show(coroutine.resume(co))
--- case: upvalues
local a, b = 1, 2
local function f() return a, b end
show(debug.getupvalue(f, 1)) show(debug.getupvalue(f, 2)) show(debug.getupvalue(f, 3)) show(debug.setupvalue(f, 1, "x")) show(f()) show(a) show(debug.setupvalue(f, 5, 1)) show(debug.getupvalue(print, 1)) show(debug.getupvalue(string.gmatch("x", "x"), 1))
try(debug.getupvalue) try(debug.getupvalue, 1, 1) try(debug.setupvalue, f, 1)
--- case: metatables without protection
local t = setmetatable({}, { __metatable = "locked" })
show(type(debug.getmetatable(t)), debug.setmetatable(t, nil), getmetatable(t))
debug.setmetatable(5, { __index = { double = function(n) return n * 2 end } })
show((5):double())
debug.setmetatable(5, nil)
debug.setmetatable(nil, { __index = function(_, k) return k end })
show((nil).field)
debug.setmetatable(nil, nil)
debug.setmetatable(print, { __index = { x = 1 }, __add = function() return "sum" end })
show(print.x, type + 1)
debug.setmetatable(print, nil)
try(debug.setmetatable) try(debug.setmetatable, 1) try(debug.setmetatable, {}, 5) show(debug.getmetatable(5))
--- case: length of tables through a debug metatable is still raw
debug.setmetatable(true, { __len = function() return 7 end, __call = function(self, x) return x end })
show(#true, (true)(5))
debug.setmetatable(true, nil)
--- case: environments
local function f() return x end
show(debug.getfenv(f) == _G, debug.setfenv(f, { x = "env" }) == f, f())
local p, env = newproxy(), {}
debug.setfenv(p, env)
show(debug.getfenv(p) == env, debug.getfenv(5), debug.getfenv({}))
try(debug.setfenv, 5, {}) try(debug.setfenv, f, 5) try(debug.getfenv)
--- case: the registry
return type(debug.getregistry())
--- case: count hooks
local n = 0
debug.sethook(function(e) n = n + 1 end, "", 100)
for i = 1, 10000 do end
debug.sethook()
return n > 10, debug.gethook()
--- case: line hooks
local lines = {}
local function f()
  local a = 1
  a = a + 1
  for i = 1, 2 do
    a = a + i
  end
  return a
end
debug.sethook(function(e, l) lines[#lines + 1] = l end, "l")
f()
debug.sethook()
return table.concat(lines, " ")
--- case: call and return hooks
local log = {}
local function g() return 1 end
local function f() local x = g() return g() end
debug.sethook(function(e) local i = debug.getinfo(2, "nS") log[#log + 1] = e .. ":" .. tostring(i.name or i.what) end, "cr")
f()
debug.sethook()
print(table.concat(log, " "))
--- case: gethook
local function h() end
debug.sethook(h, "crl", 5)
local a, b, c = debug.gethook()
debug.sethook()
return a == h, b, c
--- case: an error in a hook reaches the hooked code
debug.sethook(function() debug.sethook() error("from hook", 0) end, "l")
local ok, m = pcall(function()
  local x = 1
  x = 2
end)
debug.sethook()
return ok, m
--- case: hooks of a coroutine
local n = 0
local co = coroutine.create(function()
  local a = 1
  coroutine.yield()
  a = 2
end)
debug.sethook(co, function(e, l) n = n + 1 end, "l")
coroutine.resume(co)
local x = 1
x = 2
coroutine.resume(co)
return n, debug.gethook()
