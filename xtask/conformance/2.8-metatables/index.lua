-- Manual 2.8: index, newindex and call events.
--- case: index function
local t = setmetatable({ a = 1 }, { __index = function(t, k) return k .. "?" end })
return t.a, t.b, t[1], rawget(t, "b")
--- case: index table
local base = { x = 1, y = 2 }
local t = setmetatable({ x = 10 }, { __index = base })
return t.x, t.y, t.z
--- case: chains of index tables
local a = { v = "a", only = 1 }
local b = setmetatable({ v = "b" }, { __index = a })
local c = setmetatable({}, { __index = b })
local d = setmetatable({}, { __index = c })
return d.v, d.only, d.none
--- case: a chain ending in a function
local a = setmetatable({}, { __index = function(self, k) return k .. "!" end })
local b = setmetatable({}, { __index = a })
local c = setmetatable({}, { __index = b })
return c.x
--- case: the function gets the table it was found on
local a = setmetatable({ name = "a" }, { __index = function(self, k) return rawget(self, "name") end })
local b = setmetatable({ name = "b" }, { __index = a })
return b.missing
--- case: index of a present nil
local t = setmetatable({ x = nil, y = false }, { __index = function() return "default" end })
return t.x, t.y
--- case: index results are cut to one
local t = setmetatable({}, { __index = function() return 1, 2 end })
local a, b = t.x
return a, b
--- case: index with every kind of key
local log = {}
local t = setmetatable({}, { __index = function(_, k) log[#log + 1] = type(k) end })
local _ = t[1], t[1.5], t.x, t[true], t[{}], t[print], t[nil], t[0/0]
return table.concat(log, " ")
--- case: newindex function
local log = {}
local t = setmetatable({ a = 1 }, { __newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v) rawset(t, k, v) end })
t.a, t.b = 2, 3
t.b = 4
t.c = nil
return t.a, t.b, table.concat(log, " ")
--- case: newindex table
local store = {}
local t = setmetatable({ own = 1 }, { __newindex = store })
t.own, t.new = 2, 3
return t.own, rawget(t, "new"), store.new
--- case: newindex chains
local c = {}
local b = setmetatable({}, { __newindex = c })
local a = setmetatable({}, { __newindex = b })
a.x = 1
return rawget(a, "x"), rawget(b, "x"), c.x
--- case: newindex chain ending in a function
local log = {}
local b = setmetatable({}, { __newindex = function(t, k, v) log[1] = k log[2] = v end })
local a = setmetatable({}, { __newindex = b })
a.x = 1
return log[1], log[2], rawget(b, "x")
--- case: newindex with nil and nan keys
local t = setmetatable({}, { __newindex = function(_, k, v) show(k, v) end })
t[nil] = 1
t[0/0] = 2
local u = setmetatable({}, { __newindex = {} })
try(function() u[nil] = 1 end)
--- case: newindex for an existing nil field
local log = {}
local t = setmetatable({ x = 1 }, { __newindex = function(_, k) log[#log + 1] = k end })
t.x = nil
t.x = 2
return rawget(t, "x"), log[1]
--- case: proxies
local function proxy(t)
  local log = {}
  return setmetatable({}, {
    __index = function(_, k) log[#log + 1] = "get " .. k return t[k] end,
    __newindex = function(_, k, v) log[#log + 1] = "set " .. k t[k] = v end,
  }), log
end
local p, log = proxy({ x = 1 })
p.x = p.x + 1
p.y = p.x
return p.y, table.concat(log, ", ")
--- case: read only tables
local function readonly(t) return setmetatable({}, { __index = t, __newindex = function(_, k) error("attempt to update " .. k, 2) end }) end
local r = readonly { x = 1 }
show(r.x)
try(function() r.x = 2 end)
--- case: default values
local t = setmetatable({}, { __index = function(t, k) local v = {} rawset(t, k, v) return v end })
t.a.b = 1
t.a.c = 2
return t.a.b + t.a.c
--- case: index loops are noticed
local t = {}
setmetatable(t, { __index = t })
try(function() return t.x end)
local a, b = {}, {}
setmetatable(a, { __index = b }) setmetatable(b, { __index = a })
try(function() return a.x end)
local c = {}
setmetatable(c, { __newindex = c })
try(function() c.x = 1 end)
--- case: long index chains
local t = {}
for i = 1, 90 do t = setmetatable({}, { __index = t }) end
show(t.x)
for i = 1, 20 do t = setmetatable({}, { __index = t }) end
try(function() return t.x end)
--- case: index through a non-table
local t = setmetatable({}, { __index = 5 })
try(function() return t.x end)
local u = setmetatable({}, { __index = "str" })
show(u.len == string.len, u.nothing)
try(function() setmetatable({}, { __newindex = 5 }).x = 1 end)
try(function() setmetatable({}, { __newindex = "s" }).x = 1 end)
--- case: strings are indexed through their metatable
return ("x").len == string.len, ("abc").nothing, #("x").rep("ab", 3), ("x"):upper()
--- case: changing the string metatable's index
getmetatable("").__index = function(s, k) return s .. "." .. tostring(k) end
return ("a").b, ("a")[1]
--- case: userdata index and newindex
local p = newproxy(true)
local mt = getmetatable(p)
local log = {}
mt.__index = function(u, k) return k .. tostring(u == p) end
mt.__newindex = function(u, k, v) log[1] = k .. v end
p.x = 5
return p.field, log[1]
--- case: indexing what cannot be indexed
try(function() return (nil).x end)
try(function() return (5).x end)
try(function() return (true).x end)
try(function() return print.x end)
try(function() return newproxy().x end)
try(function() return coroutine.create(function() end).x end)
try(function() local t = {} return t.x.y.z end)
try(function() local t = { x = {} } return t.x.y.z end)
try(function() local a = 5 return a.b end)
try(function() local a = 5 return a[1] end)
try(function() return undefinedtable.x end)
try(function() return undefinedtable[1] end)
--- case: methods of what cannot be indexed
try(function() local a a:m() end)
try(function() local t = {} t.x:m() end)
try(function() undefinedobject:m() end)
try(function() (5):m() end)
--- case: call events
local t = setmetatable({}, { __call = function(self, ...) return type(self), select("#", ...), ... end })
show(t())
show(t(1, nil))
show(t"s")
show(pcall(t, 1))
--- case: __call is not looked up through __call
local inner = setmetatable({}, { __call = function() return "inner" end })
local outer = setmetatable({}, { __call = inner })
try(function() return outer() end)
try(outer)
--- case: call on userdata and as method
local p = newproxy(true)
getmetatable(p).__call = function(self, a) return a end
local o = { m = setmetatable({}, { __call = function(self, obj, a) return self ~= obj, a end }) }
show(p(1)) show(o:m(2))
--- case: call errors keep the name
local t = setmetatable({}, {})
try(function() t() end)
local u = setmetatable({}, { __call = 1 })
try(function() u() end)
--- case: __index on the global table
setmetatable(_G, { __index = function(_, k) return "global " .. k end })
local r = undefinedname
return r
--- case: __newindex on the global table
local log = {}
setmetatable(_G, { __newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end })
newglobal = 1
newglobal = 2
return newglobal, #log, log[1]
--- case: strict globals
setmetatable(_G, { __index = function(_, k) error("undeclared " .. k, 2) end, __newindex = function(_, k) error("assign " .. k, 2) end })
try(function() return missing end)
try(function() missing = 1 end)
--- case: classes and inheritance
local Animal = {} Animal.__index = Animal
function Animal.new(name) return setmetatable({ name = name }, Animal) end
function Animal:speak() return self.name .. " makes a sound" end
local Dog = setmetatable({}, { __index = Animal }) Dog.__index = Dog
function Dog.new(name) local d = Animal.new(name) return setmetatable(d, Dog) end
function Dog:speak() return Animal.speak(self) .. ": woof" end
return Animal.new("cat"):speak(), Dog.new("rex"):speak(), getmetatable(Dog.new("x")) == Dog
--- case: a changed metatable takes effect at once
local mt = {}
local t = setmetatable({}, mt)
local a = t.x
mt.__index = function() return 1 end
local b = t.x
mt.__index = { x = 2 }
local c = t.x
mt.__index = nil
local d = t.x
rawset(mt, "__index", function() return 3 end)
return a, b, c, d, t.x
--- case: absent metamethods are cached safely
local mt = {}
local t = setmetatable({}, mt)
for i = 1, 3 do local _ = t.x, #t, t == {} end
mt.__newindex = function(t, k, v) rawset(t, k, v * 2) end
t.y = 5
mt.__newindex = nil
t.z = 5
mt.__call = function() return "called" end
return t.y, t.z, t()
--- case: cached absence and every way of setting the event
local mt = {}
local t = setmetatable({}, mt)
local _ = t.a
for k, v in pairs { __index = function() return "pairs" end } do mt[k] = v end
local a = t.x
mt.__index = nil
_ = t.x
local key = "__in" .. "dex"
mt[key] = function() return "computed" end
return a, t.x
--- case: metatables shared by many
local mt = { __index = function(t, k) return t.id end }
local sum = 0
for i = 1, 100 do sum = sum + setmetatable({ id = i }, mt).x end
return sum
--- case: names of fields in errors through __index functions
local t = setmetatable({}, { __index = function(t, k) return nil end })
try(function() return t.a.b end)
try(function() t.m() end)
try(function() t:m() end)
--- case: __index for integer keys beyond the array
local t = setmetatable({ 1, 2, 3 }, { __index = function(_, k) return -k end })
local sum = 0
for i = 1, 6 do sum = sum + t[i] end
return sum, t[0], t[4]
--- case: tail call inside __index
local t = setmetatable({}, { __index = function(t, k) return tostring(k) end })
return t[5], t.x
--- case: ipairs and next are raw
local t = setmetatable({ 1 }, { __index = function(_, k) if k < 4 then return k end end })
local n = 0
for _ in ipairs(t) do n = n + 1 end
return n, next(setmetatable({}, { __index = { x = 1 } }))

--- case: a key gets its entry before __newindex is asked
local t = setmetatable({ n1 = 1, t1 = 2 }, { __newindex = function(_, k) print("new", k) end })
t.s1 = "one"
t.s1 = "two"
for k, v in pairs(t) do print(k, v) end
print(rawget(t, "s1"), next({}, nil))
