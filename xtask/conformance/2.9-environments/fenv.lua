-- Manual 2.9: environments.
--- case: getfenv of functions and levels
local function f() return getfenv(1), getfenv() end
local e1, e2 = f()
return e1 == _G, e2 == _G, getfenv(0) == _G, getfenv(f) == _G, getfenv(print) == _G, getfenv(2) == _G
--- case: setfenv of a function
local function f() return x end
x = "global"
local before = f()
local r = setfenv(f, { x = "env" })
return before, f(), r == f, x
--- case: setfenv of the running function
local _G = _G
local function f()
  setfenv(1, { y = 5, z = 6 })
  y = y + 1
  return y, z, tostring
end
show(f())
show(y, z)
--- case: setfenv of the caller
local function set() setfenv(2, { v = "callers", show = show }) end
local function f() set() show(v) end
f()
show(v)
--- case: new functions inherit the environment of their creator
local function f() setfenv(1, { x = 1 }) return function() return x end end
x = 2
return f()()
--- case: functions created before keep theirs
local g = function() return x end
x = "old"
local function f() setfenv(1, { x = "new", g = g }) return g(), x end
return f()
--- case: loadstring uses the global environment
local function f() local load, s = loadstring, show setfenv(1, { x = "inner" }) return load("return x")() end
x = "outer"
return f()
--- case: the thread environment
local env = setmetatable({ x = "thread" }, { __index = _G })
local keep, load = setfenv, loadstring
local co = coroutine.create(function()
  setfenv(0, env)
  return getfenv(0) == env, load("return x")(), x
end)
return coroutine.resume(co)
--- case: setfenv 0 in the main thread
local env = setmetatable({ marker = "new" }, { __index = _G })
local load, set, g = loadstring, setfenv, _G
show(set(0, env))
local a = load("return marker")()
set(0, g)
return a, load("return marker")()
--- case: coroutines inherit the thread environment
local env = { x = "inherited" }
local load, set, g, create, resume = loadstring, setfenv, _G, coroutine.create, coroutine.resume
set(0, env)
local co = create(function() return load("return x")() end)
set(0, g)
return resume(co)
--- case: environments with metatables
local env = setmetatable({}, { __index = _G })
local f = setfenv(function() newvar = 1 return type(print), newvar end, env)
show(f())
return rawget(_G, "newvar"), env.newvar
--- case: environment events
local log = {}
local env = setmetatable({}, { __index = function(_, k) log[#log + 1] = "get " .. k return 1 end, __newindex = function(_, k, v) log[#log + 1] = "set " .. k end })
setfenv(function() a = b + c end, env)()
return table.concat(log, ", ")
--- case: argument errors
try(setfenv)
try(setfenv, 1)
try(setfenv, print, {})
try(setfenv, "x", {})
try(setfenv, 100, {})
try(setfenv, -1, {})
try(setfenv, function() end, 1)
try(getfenv, -1)
try(getfenv, 100)
try(getfenv, {})
try(getfenv, "1")
try(getfenv, "x")
try(setfenv, {}, {})
--- case: tail calls hide levels
local function f() return getfenv(2) end
local function g() return f() end
show((pcall(g)))
try(g)
--- case: pcall levels
show(pcall(getfenv, 1))
show(select(2, pcall(getfenv, 1)) == _G)
try(setfenv, 1, {})
--- case: environment of a function with no globals
local f = setfenv(function(a) return a end, {})
return f(1), next(getfenv(f))
--- case: global functions are variables
function print2(x) return "p" .. x end
local old = print2
print2 = function(x) return old(x) .. "!" end
return print2(1), _G.print2 == print2, _G["print2"](2)
--- case: _G is an ordinary variable
local g = _G
_G = nil
x = 5
local r = x
return r, g.x, rawget(g, "_G")
--- case: names in errors for missing globals in an environment
local f = setfenv(function() return missing.x end, {})
try(f)
try(setfenv(function() missing() end, {}))
--- case: sandbox
local function run(code) local f = loadstring(code, "=sandbox") setfenv(f, { print = print }) return pcall(f) end
show(run("print('allowed') return os"))
show(run("return os.time()"))
show(run("x = 1 return x"))
return x
--- case: module-like environment
local M = {}
setfenv(function() function hello() return "hi " .. name() end function name() return "mod" end end, M)()
return M.hello(), hello
--- case: each closure has its own environment
local fs = {}
for i = 1, 3 do fs[i] = setfenv(function() return v end, { v = i }) end
return fs[1](), fs[2](), fs[3]()
--- case: upvalues are not affected
local v = "upvalue"
return setfenv(function() return v end, { v = "env" })()
--- case: setfenv on a loaded chunk
local f = loadstring("a = 1; b = a + 1; return function() return b end")
local env = {}
setfenv(f, env)
local g = f()
return env.a, env.b, g(), a
