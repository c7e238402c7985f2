-- error, assert, pcall and xpcall: levels, values, handlers.
--- case: levels through Lua functions
local function f(level) error("msg", level) end
local function g(level) f(level) end
local function h(level)
  g(level)
end
for level = 0, 5 do show(level, pcall(h, level)) end
--- case: levels out of range
show(pcall(error, "msg", 100))
show(pcall(error, "msg", -1))
show(pcall(function() error("msg", 1000) end))
show(pcall(function() error("msg", 2^31 - 1) end))
--- case: levels that are no integers
show(pcall(function() error("msg", 1.9) end))
show(pcall(function() error("msg", "2") end))
show(pcall(function() error("msg", "x") end))
show(pcall(function() error("msg", {}) end))
show(pcall(function() error("msg", nil) end))
--- case: levels through tail calls
local function f(level) error("msg", level) end
local function g(level) return f(level) end
local function h(level) return g(level) end
for level = 1, 5 do show(level, pcall(h, level)) end
--- case: levels through natives
for level = 1, 4 do
  show(level, pcall(function() table.foreach({ 1 }, function() error("msg", level) end) end))
end
for level = 1, 3 do show(level, pcall(string.gsub, "x", "x", function() error("msg", level) end)) end
--- case: levels through pcall itself
for level = 1, 5 do show(level, pcall(pcall, function() error("msg", level) end)) end
--- case: levels through metamethods
local t = setmetatable({}, { __index = function(t, k) error("no " .. k, 2) end, __add = function() error("no sum", 2) end, __call = function() error("no call", 2) end })
show(pcall(function() return t.x end))
show(pcall(function() return t + 1 end))
show(pcall(function() return t() end))
--- case: levels in coroutines
for level = 1, 3 do
  show(level, coroutine.resume(coroutine.create(function() local function f() error("msg", level) end f() end)))
end
--- case: levels through wrap
for level = 1, 3 do
  local w = coroutine.wrap(function() error("msg", level) end)
  show(level, pcall(function() w() end))
end
--- case: levels in the main chunk of a text
for level = 1, 3 do show(level, pcall(loadstring("error('msg', " .. level .. ")", "=chunk"))) end
--- case: level one from a native called by pcall
show(pcall(error, "direct"))
show(pcall(error, "direct", 1))
show(pcall(error, "direct", 2))
show(pcall(error))
--- case: only text and numbers get positions
for _, v in ipairs { true, {}, print } do local ok, e = pcall(function() error(v) end) show(type(e), e == v) end
show(pcall(function() error(nil) end))
show(pcall(function() error(5) end))
show(pcall(function() error(5, 0) end))
show(pcall(function() error("") end))
--- case: assert passes everything on
show(assert(1, 2, 3))
show(assert("x"))
show(select("#", assert(true, nil, nil)))
--- case: assert messages
show(pcall(assert, false))
show(pcall(assert, nil, "message"))
show(pcall(assert, false, 12))
show(pcall(assert, false, nil))
show(pcall(assert, false, {}))
show(pcall(assert, false, true))
show(pcall(assert))
show(pcall(assert, nil, "a", "b"))
show(pcall(function() assert(false, "in function") end))
show(pcall(function() assert(nil) end))
--- case: assert in the middle of calls
local function f() return nil, "reason", 5 end
show(pcall(function() return assert(f()) end))
show(pcall(function() local x = assert(io.open("/no/such/file")) end))
--- case: pcall of everything
show(pcall(1))
show(pcall("x"))
show(pcall({}))
show(pcall(nil))
show(pcall(pcall))
show(pcall(pcall, pcall))
show(pcall(pcall, error, "x"))
show(pcall(error))
show(pcall(type))
--- case: pcall returns every result
show(pcall(function() return end))
show(pcall(function() return nil end))
show(pcall(function() return 1, nil, 3, nil end))
show(select("#", pcall(unpack, {}, 1, 200)))
--- case: pcall keeps its arguments apart
show(pcall(function(...) return select("#", ...), ... end, 1, nil, nil))
show(pcall(select, "#"))
show(pcall(select, 2, "a", "b"))
--- case: pcall in tail position
local function f() return pcall(error, "x", 0) end
show(f())
local function g() return pcall(f) end
show(g())
--- case: pcall deep inside pcall keeps each error
show(pcall(function()
  local ok, e = pcall(function()
    local ok, e = pcall(error, "innermost", 0)
    error(e .. " middle", 0)
  end)
  error(e .. " outer", 0)
end))
--- case: an error after a caught error
local ok, e = pcall(function() pcall(error, "first", 0) local x = nil; return x.y end)
show(ok, e)
--- case: locals survive a caught error
local a, b = 1, 2
local ok = pcall(function() a = 10 error("x") b = 20 end)
show(ok, a, b)
--- case: upvalues are closed by an error
local get
pcall(function() local x = 1 get = function() x = x + 1 return x end error("x") end)
show(get(), get())
--- case: xpcall with results and with errors
show(xpcall(function() return 1, nil, 3 end, error))
show(xpcall(function() error("msg", 0) end, function(m) return m .. "!" end))
show(xpcall(function() error({ 1 }) end, function(m) return type(m), "second" end))
show(xpcall(function() local x = nil; x() end, function(m) return m end))
--- case: xpcall passes no arguments
show(xpcall(function(...) return select("#", ...) end, print, 1, 2))
--- case: xpcall argument errors
show(pcall(xpcall))
show(pcall(xpcall, print))
show(pcall(xpcall, nil, nil))
show(xpcall(nil, function(m) return m end))
show(xpcall(1, function(m) return m end))
--- case: handlers that are not callable
show(xpcall(function() error("x", 0) end, nil))
show(xpcall(function() error("x", 0) end, 5))
show(xpcall(function() error("x", 0) end, {}))
show(xpcall(function() return "no error" end, 5))
--- case: handlers that are callable tables
show(xpcall(function() error("x", 0) end, setmetatable({}, { __call = function(self, m) return "called " .. m end })))
--- case: handlers that return nothing or nil
show(xpcall(function() error("x") end, function() end))
show(xpcall(function() error("x") end, function() return nil, 1 end))
--- case: handlers that fail
show(xpcall(function() error("x") end, function() error("y") end))
show(xpcall(function() error("x") end, function() local t = nil; return t.x end))
show(xpcall(function() error("x") end, error))
show(xpcall(function() error({}) end, error))
--- case: natives as handlers
show(xpcall(function() error("12", 0) end, tonumber))
show(xpcall(function() error("x", 0) end, string.upper))
show(xpcall(function() error("x", 0) end, type))
show(xpcall(function() error() end, type))
show(xpcall(function() error("x", 0) end, select))
--- case: a handler sees the stack of the error
local depth
xpcall(function() local function deep(n) if n == 0 then error("x") end deep(n - 1) return n end deep(5) end, function()
  depth = 0
  while pcall(getfenv, depth + 2) do depth = depth + 1 end
end)
show(depth >= 5)
--- case: a handler may call pcall and error inside
show(xpcall(function() error("one", 0) end, function(m) local ok, e = pcall(error, "two", 0) return m .. " " .. e end))
--- case: nested xpcall uses the nearest handler
show(xpcall(function()
  show(xpcall(function() error("inner", 0) end, function(m) return "A " .. m end))
  error("outer", 0)
end, function(m) return "B " .. m end))
--- case: an inner pcall hides the handler
show(xpcall(function() return pcall(error, "x", 0) end, function(m) return "never" end))
--- case: a handler and a coroutine
show(xpcall(function() return coroutine.resume(coroutine.create(function() error("in co", 0) end)) end, function(m) return "never" end))
show(xpcall(function() coroutine.wrap(function() error("in co", 0) end)() end, function(m) return "handled " .. m end))
--- case: a handler is called for a call of nil
show(xpcall(nil, function(m) return "handled: " .. tostring(m) end))
--- case: stack overflow messages
local function f() return 1 + f() end
local ok, e = pcall(f)
show(ok, (e:gsub("^.-:%d+: ", "")))
local function g() g() end
ok, e = pcall(g)
show(ok, (e:gsub("^.-:%d+: ", "")))
--- case: stack overflow through a metamethod of each kind
for _, event in ipairs { "__index", "__newindex", "__add", "__concat", "__lt", "__eq", "__call", "__unm" } do
  local t = setmetatable({}, {})
  local meta = getmetatable(t)
  local u = setmetatable({}, meta)
  local op = { __index = function() return t.x end, __newindex = function() t.x = 1 end, __add = function() return t + 1 end, __concat = function() return t .. "x" end, __lt = function() return t < u end, __eq = function() return t == u end, __call = function() local r = t() return r end, __unm = function() local r = -t return r end }
  meta[event] = op[event]
  local ok, e = pcall(op[event])
  show(event, ok, e:find("overflow") ~= nil)
end
--- case: stack overflow inside a handler's function
local function f() return 1 + f() end
local ok, e = xpcall(f, function(m) return type(m) end)
show(ok, e)
--- case: after a stack overflow everything works
local function f() return 1 + f() end
for i = 1, 3 do pcall(f) end
local t = {}
for i = 1, 100 do t[i] = i end
show(#t, pcall(string.rep, "x", 3), select("#", unpack(t)))
--- case: too many C levels
local function nest(n) if n == 0 then return "bottom" end return (("x"):gsub("x", function() return nest(n - 1) end)) end
show(pcall(nest, 150))
local ok, e = pcall(nest, 250)
show(ok, (e:gsub("^.-:%d+: ", "")))
--- case: error objects compare by identity when rethrown
local object = {}
local ok, e = pcall(function() local ok, e = pcall(error, object) error(e) end)
show(e == object)
--- case: rethrowing text adds another position
local ok, e = pcall(function()
  local ok, e = pcall(function() error("first") end)
  error(e)
end)
show(e)
ok, e = pcall(function() local ok, e = pcall(function() error("first") end) error(e, 0) end)
show(e)
