-- Manual 2.8: setmetatable and friends, __metatable, __tostring, __mode, __gc, raw access.
--- case: setmetatable answers its table
local t, mt = {}, {}
return setmetatable(t, mt) == t, getmetatable(t) == mt, getmetatable({})
--- case: removing a metatable
local t = setmetatable({}, { __index = { x = 1 } })
local a = t.x
setmetatable(t, nil)
return a, t.x, getmetatable(t)
--- case: setmetatable argument errors
try(setmetatable)
try(setmetatable, 1)
try(setmetatable, {})
try(setmetatable, {}, 1)
try(setmetatable, "s", {})
try(setmetatable, newproxy(), {})
try(setmetatable, {}, nil)
--- case: getmetatable of everything
return getmetatable(nil), getmetatable(1), getmetatable(true), getmetatable(print), getmetatable("x").__index == string, getmetatable("a") == getmetatable("b"), getmetatable(newproxy())
--- case: getmetatable needs an argument
try(getmetatable)
--- case: protected metatables
local t = setmetatable({}, { __metatable = "locked" })
show(getmetatable(t))
try(setmetatable, t, {})
try(setmetatable, t, nil)
local u = setmetatable({}, { __metatable = false })
show(getmetatable(u))
try(setmetatable, u, {})
--- case: a protected string metatable
getmetatable("").__metatable = "strings"
local r = getmetatable("x")
return r
--- case: tostring event
local t = setmetatable({}, { __tostring = function(self) return "T!" end })
print(t)
return tostring(t), pcall(string.format, "%s", t)
--- case: tostring must answer a string only for print
local t = setmetatable({}, { __tostring = function() return 5 end })
show(tostring(t))
try(print, t)
local u = setmetatable({}, { __tostring = function() return nil end })
show(tostring(u))
try(print, u)
try(print, setmetatable({}, { __tostring = function() return {} end }))
--- case: tostring event errors
try(tostring, setmetatable({}, { __tostring = function() error("in tostring", 0) end }))
try(tostring, setmetatable({}, { __tostring = 1 }))
try(tostring)
--- case: tostring of userdata
local p = newproxy(true)
getmetatable(p).__tostring = function() return "proxy" end
return tostring(p)
--- case: tostring with several results
return tostring(setmetatable({}, { __tostring = function() return "a", "b" end }))
--- case: __name means nothing
return (tostring(setmetatable({}, { __name = "My" })):match("^table"))
--- case: raw functions skip events
local log = {}
local t = setmetatable({}, { __index = function() log[#log + 1] = "index" end, __newindex = function() log[#log + 1] = "newindex" end, __eq = function() log[#log + 1] = "eq" return true end })
rawset(t, "x", 1)
return rawget(t, "x"), rawget(t, "y"), rawequal(t, setmetatable({}, getmetatable(t))), #log
--- case: raw function argument errors
try(rawget)
try(rawget, {})
try(rawget, 1, 2)
try(rawset, {})
try(rawset, {}, 1)
try(rawset, "x", 1, 2)
try(rawequal)
try(rawequal, 1)
try(rawset, {}, nil, 1)
--- case: rawset answers its table
local t = {}
return rawset(t, 1, 2) == t, t[1]
--- case: metatables of metatables
local mt = setmetatable({}, { __index = { __index = function() return "never seen" end, __add = function() return "never" end } })
local t = setmetatable({}, mt)
show(t.x)
try(function() return t + 1 end)
--- case: a table as its own metatable
local t = {}
t.__index = t
t.__add = function(a, b) return "sum" end
t.base = "b"
setmetatable(t, t)
return t + 1, t.base, setmetatable({}, t).base
--- case: __pairs, __ipairs and __len mean nothing
local t = setmetatable({ 1, 2 }, { __pairs = error, __ipairs = error, __len = error, __idiv = error, __close = error })
local n = 0
for _ in pairs(t) do n = n + 1 end
for _ in ipairs(t) do n = n + 1 end
return n, #t
--- case: newproxy
local a = newproxy()
local b = newproxy(true)
local c = newproxy(b)
show(type(a), getmetatable(a), type(getmetatable(b)), getmetatable(c) == getmetatable(b), b == c)
try(newproxy, a)
try(newproxy, {})
try(newproxy, 1)
show(getmetatable(newproxy(false)))
--- case: metatable of functions, numbers, nil cannot be set
try(setmetatable, print, {})
try(setmetatable, nil, {})
try(setmetatable, 5, {})
--- case: __index may be changed while running
local mt = {}
mt.__index = function(t, k) mt.__index = { x = "second" } return "first" end
local t = setmetatable({}, mt)
return t.x, t.x
