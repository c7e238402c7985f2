-- Manual 5.1 and 7.3: collectgarbage, gcinfo and newproxy.
--- case: collectgarbage answers zero for most
show(collectgarbage(), collectgarbage("collect"), collectgarbage("stop"), collectgarbage("restart"), collectgarbage(nil))
--- case: collectgarbage counts kilobytes with a fraction
local n = collectgarbage("count")
show(type(n), n > 1, n < 1e6, collectgarbage("count") * 1024 % 1)
--- case: collectgarbage step answers a boolean
show(type(collectgarbage("step")), type(collectgarbage("step", 0)), type(collectgarbage("step", 100)), collectgarbage("step", 1e6))
--- case: steps end a cycle sooner or later
collectgarbage()
local n = 0
repeat n = n + 1 until collectgarbage("step", 10) or n > 1e5
show(n <= 1e5)
--- case: setpause and setstepmul keep what they get
local p, m = collectgarbage("setpause", 150), collectgarbage("setstepmul", 300)
show(p, m, collectgarbage("setpause", p), collectgarbage("setstepmul", m))
show(collectgarbage("setpause", p), collectgarbage("setstepmul", m))
--- case: setpause with odd values
local p = collectgarbage("setpause", 0)
show(collectgarbage("setpause", -5), collectgarbage("setpause", 1.9), collectgarbage("setpause", "12"), collectgarbage("setpause"), collectgarbage("setpause", p))
--- case: collectgarbage argument errors
try(collectgarbage, "x")
try(collectgarbage, "Collect")
try(collectgarbage, "")
try(collectgarbage, {})
try(collectgarbage, true)
try(collectgarbage, 1)
try(collectgarbage, "collect", "x")
try(collectgarbage, "step", {})
try(collectgarbage, "count", "x")
try(collectgarbage, "collect\0")
--- case: options of later versions
for _, o in ipairs { "isrunning", "generational", "incremental", "inc", "gen" } do try(collectgarbage, o) end
--- case: gcinfo is a whole number
local k = gcinfo()
show(type(k), k % 1, k <= collectgarbage("count"), select("#", gcinfo()))
--- case: gcinfo ignores arguments
show(type(gcinfo(1, {})))
--- case: memory comes down after a collection
local function used() collectgarbage() collectgarbage() return collectgarbage("count") end
local before = used()
local t = {}
for i = 1, 1000 do t[i] = { i } end
local full = used()
t = nil
local after = used()
show(full > before + 20, after < full - 20)
--- case: newproxy of each kind
show(type(newproxy()), getmetatable(newproxy()), getmetatable(newproxy(false)), getmetatable(newproxy(nil)), type(getmetatable(newproxy(true))))
--- case: newproxy of a proxy shares the metatable
local a = newproxy(true)
local b = newproxy(a)
show(getmetatable(a) == getmetatable(b), a == b, getmetatable(newproxy(b)) == getmetatable(a), getmetatable(newproxy(true)) == getmetatable(a))
--- case: newproxy of other things
try(newproxy, 1)
try(newproxy, "x")
try(newproxy, {})
try(newproxy, print)
try(newproxy, newproxy())
try(newproxy, io.stdout)
--- case: newproxy of a proxy whose metatable was changed
local a = newproxy(true)
debug.setmetatable(a, {})
try(newproxy, a)
--- case: a proxy does nothing without metamethods
local p = newproxy(true)
try(function() return p.x end)
try(function() p.x = 1 end)
try(function() return p() end)
try(function() return p + 1 end)
try(function() return p < p end)
try(function() return #p end)
show(p == p, (tostring(p):gsub("0x%x+", "ADDRESS")))
--- case: a proxy with every metamethod
local p = newproxy(true)
local m = getmetatable(p)
for _, e in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "concat", "len", "call" } do m["__" .. e] = function() return e end end
m.__index = function(_, k) return "index " .. k end
m.__newindex = function(_, k, v) m.last = k .. "=" .. v end
m.__tostring = function() return "a proxy" end
p.field = 5
show(p + 1, p - 1, p * 1, p / 1, p % 1, p ^ 1, -p, p .. "x", #p, p(), p.key, m.last, tostring(p))
print(p)
--- case: proxies as keys
local a, b = newproxy(), newproxy()
local t = { [a] = "a", [b] = "b" }
show(t[a], t[b], t[newproxy()])
--- case: finalizers see each object once and in order
local log = {}
local function make(n) local p = newproxy(true) getmetatable(p).__gc = function() log[#log + 1] = n end end
for i = 1, 5 do make(i) end
collectgarbage() collectgarbage()
show(table.concat(log, " "))
--- case: a finalizer that is not a function
local p = newproxy(true)
getmetatable(p).__gc = 5
p = nil
show(pcall(collectgarbage))
p = newproxy(true)
getmetatable(p).__gc = true
p = nil
show((pcall(collectgarbage)))
--- case: a callable finalizer
local log = {}
local p = newproxy(true)
getmetatable(p).__gc = setmetatable({}, { __call = function() log[#log + 1] = "called" end })
p = nil
pcall(collectgarbage)
show(#log)
--- case: errors in finalizers come out of the collection
local p = newproxy(true)
getmetatable(p).__gc = function() error("in finalizer", 0) end
p = nil
show(pcall(collectgarbage))
show(pcall(collectgarbage))
--- case: the finalizer of a proxy kept by its environment
local p = newproxy(true)
local m = getmetatable(p)
m.object = p
m.__gc = function(o) end
p, m = nil, nil
show(pcall(collectgarbage))
--- case: a finalizer may set globals and make tables
local p = newproxy(true)
getmetatable(p).__gc = function() finalized = { "yes" } end
p = nil
collectgarbage()
show(finalized and finalized[1])
--- case: a finalizer that yields or returns is ignored
local p = newproxy(true)
getmetatable(p).__gc = function() return 1, 2, 3 end
p = nil
show(select("#", collectgarbage()))
--- case: the finalizer gets its proxy, usable
local seen
local p = newproxy(true)
local m = getmetatable(p)
m.__index = function() return "alive" end
m.__gc = function(o) seen = o.x end
p, m = nil, nil
collectgarbage()
show(seen)
