-- Manual 5.9: call and return hooks.
--- case: calls and returns
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function g() return 1 end
watch("cr", function() local x = g() x = g() + 1 end)
--- case: tail calls
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function g() return 1 end
local function f() return g() end
watch("cr", function() local x = f() end)
--- case: a chain of tail calls
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function f(n) if n == 0 then return 1 end return f(n - 1) end
watch("cr", function() local x = f(3) end)
--- case: tail calls of vararg functions
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function g(...) return ... end
local function f(...) return g(0, ...) end
watch("cr", function() local x, y, z = f(1, 2) log[#log + 1] = x .. y .. z end)
--- case: tail calls of natives
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function f() return tostring(1) end
watch("cr", function() local x = f() end)
--- case: natives
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() local x = math.floor(1.5) x = ("x"):rep(3) x = tostring(x) .. type(x) end)
--- case: protected calls
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() pcall(error, "x") pcall(pcall) xpcall(function() end, print) end)
--- case: an error has no return
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function f() error("x") end
watch("cr", function() pcall(f) end)
--- case: metamethods
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local t = setmetatable({}, {__index = function(t, k) return k end, __add = function() return 1 end, __call = function() end})
watch("cr", function() local x = t.x + (t + 1) t() end)
--- case: iterators
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local function iter(_, i) if i < 2 then return i + 1 end end
watch("cr", function() for i in iter, nil, 0 do end for k in pairs({1}) do end for i in ipairs({1}) do end end)
--- case: callbacks
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() table.sort({2, 1}, function(a, b) return a < b end) ("x"):gsub("x", function() end) end)
--- case: coroutines are not watched
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() local co = coroutine.create(function() coroutine.yield(1) end) coroutine.resume(co) coroutine.resume(co) end)
--- case: in a coroutine
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
local co = coroutine.create(function() local x = math.abs(1) coroutine.yield() x = math.abs(2) end)
debug.sethook(co, function(e) local i = debug.getinfo(2, "nS") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what end, "cr")
coroutine.resume(co) coroutine.resume(co)
print(table.concat(log, " "))
--- case: wrapped coroutines
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() local f = coroutine.wrap(function() coroutine.yield(1) end) f() f() end)
--- case: load
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("cr", function() loadstring("return 1")() end)
--- case: only returns
local log = {}
local function watch(mask, f, ...)
  debug.sethook(function(e) local i = debug.getinfo(2, "nSl") log[#log + 1] = e .. ":" .. tostring(i.name) .. ":" .. i.what .. ":" .. i.currentline end, mask)
  f(...)
  debug.sethook()
  print(table.concat(log, "\n"))
end
watch("r", function() local x = math.abs(1) end)
