-- Manual 2.9 and 5.1: getfenv and setfenv in odd forms.
--- case: getfenv of each kind of argument
show(getfenv() == _G, getfenv(0) == _G, getfenv(1) == _G, getfenv(print) == _G, getfenv(function() end) == _G)
show(getfenv(nil) == _G, getfenv("1") == _G, getfenv(1.9) == _G)
try(getfenv, "x")
try(getfenv, {})
try(getfenv, true)
try(getfenv, -1)
try(getfenv, 50)
try(getfenv, -0.5)
--- case: setfenv of each kind of argument
local function f() return x end
show(setfenv(f, { x = 5 }) == f, f())
try(setfenv)
try(setfenv, f)
try(setfenv, f, nil)
try(setfenv, f, 1)
try(setfenv, nil, {})
try(setfenv, "x", {})
try(setfenv, -1, {})
try(setfenv, 50, {})
try(setfenv, {}, {})
--- case: setfenv of natives
try(setfenv, print, {})
try(setfenv, coroutine.wrap(function() end), {})
try(setfenv, pcall, {})
--- case: setfenv by text levels
local function f() setfenv("1", { tag = "mine" }) return tag end
show(f())
--- case: levels count functions, not blocks
local function f() do do return getfenv(1) end end end
setfenv(f, { getfenv = getfenv, mine = true })
show(f().mine)
--- case: level two is the caller
local function callee() return getfenv(2) end
local function caller() local e = callee() return e end
setfenv(caller, { tag = "caller" })
setfenv(callee, setmetatable({}, { __index = _G }))
show(caller().tag)
--- case: setfenv of level two
local function callee() setfenv(2, { tag = "changed" }) end
local function caller() callee() return tag end
show(caller())
--- case: levels through pcall and natives
local function f() return getfenv(2) == getfenv(0), pcall(getfenv, 3) end
show(pcall(f))
--- case: setfenv does not change closures made before
local function outer()
  local function before() return v end
  setfenv(1, { v = "new", outer_before = before })
  local function after() return v end
  return before, after
end
local before, after = outer()
v = "old"
show(before(), after())
--- case: environments may be any table with metamethods
local log = {}
local env = setmetatable({}, { __index = function(_, k) log[#log + 1] = "get " .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "set " .. k end })
local function f() a = b; c = d.len; e() end
setfenv(f, env)
show(pcall(f))
show(unpack(log))
--- case: an environment whose __index fails
local function f() return missing end
setfenv(f, setmetatable({}, { __index = function(_, k) error("no variable " .. k, 2) end }))
show(pcall(f))
--- case: an environment that is gone from globals
local function f() local function g() return x end return g end
setfenv(f, { x = 1 })
local g = f()
f = nil
collectgarbage()
show(g())
--- case: getfenv 0 follows setfenv 0
local env = setmetatable({}, { __index = _G })
local old = getfenv(0)
setfenv(0, env)
local f = loadstring("marker = 1 return marker")
local same = getfenv(0) == env
local r = f()
setfenv(0, old)
show(same, r, rawget(env, "marker"), rawget(_G, "marker"))
--- case: functions of loaded chunks get the thread's environment
local env = setmetatable({}, { __index = _G })
setfenv(0, env)
local f = loadstring("return function() return getfenv(1) end")()
setfenv(0, _G)
show(f() == env)
--- case: dofile and require run in the thread's environment
local name = os.tmpname()
local file = io.open(name, "w") file:write("from_file = 1") file:close()
local env = setmetatable({}, { __index = _G })
local function f() dofile(name) end
setfenv(f, env)
f()
show(rawget(env, "from_file"), rawget(_G, "from_file"))
os.remove(name)
--- case: natives look up globals in their own environment
local env = { tostring = function() return "never" end, print = print }
local function f() print(1) end
setfenv(f, env)
f()
--- case: __metatable and environments
local env = setmetatable({}, { __metatable = "locked", __index = { x = 1 } })
local function f() return x end
setfenv(f, env)
show(f(), getfenv(f) == env)
--- case: __fenv protects
local env = { __fenv = "hidden" }
local function f() end
setfenv(f, env)
show(getfenv(f))
try(setfenv, f, {})
--- case: functions of one prototype have their own environments
local list = {}
for i = 1, 3 do list[i] = setfenv(function() return name end, { name = "env" .. i }) end
show(list[1](), list[2](), list[3]())
--- case: assignment of globals in a changed environment
local env = {}
local function f() x, y = 1, 2 local z = 3 function g() return x end w = z end
setfenv(f, env)
f()
show(env.x, env.y, env.w, env.g(), env.z, rawget(_G, "x"))
--- case: an environment in a coroutine and its creator
local env = setmetatable({ tag = "co" }, { __index = _G })
local co = coroutine.create(setfenv(function() coroutine.yield(tag) tag = "changed" coroutine.yield(tag) end, env))
show(select(2, coroutine.resume(co)), select(2, coroutine.resume(co)), env.tag, rawget(_G, "tag"))
--- case: a table as its own environment
local env = {}
env.env = env
local function f() return env.env.env == env end
show(setfenv(f, env)())
