-- Manual 2.5.8 and 2.5.9: function calls and definitions, varargs, adjustment of results.
--- case: missing and extra arguments
local function f(a, b, c) return a, b, c end
show(f())
show(f(1))
show(f(1, 2, 3, 4))
--- case: varargs
local function f(...) return select("#", ...), ... end
show(f())
show(f(nil))
show(f(1, nil, 3, nil))
show((f(1, 2)))
--- case: varargs after fixed parameters
local function f(a, b, ...) return a, b, select("#", ...), ... end
show(f())
show(f(1))
show(f(1, 2))
show(f(1, 2, 3, 4))
--- case: the old arg table
local function f(...) return arg, ... end
local function g(...) local arg = { n = select("#", ...), ... } return arg.n end
show(type(f(1, 2)), g(1, 2))
local function h(...) return type(arg) == "table" and arg.n, arg[1] end
show(h("a", "b", nil))
--- case: arg exists only where dots are unused
local function with(...) return arg.n end
local function without(...) local x = ... return arg == nil or arg end
show(with(1, 2, 3), type(without(1)))
--- case: varargs in expressions
local function f(...) return (...), ... == 1, #{ ... }, -... , not ... end
show(f(1, 2))
local function g(...) local a = ... + 1 return a, ... .. "!" end
show(g(5, 6))
--- case: varargs outside a vararg function
compile "function f() return ... end"
compile "return ..."
compile "return function() return ... end"
compile "function f(...) return function() return ... end end"
compile "local x = function(...) return ... end"
--- case: the main chunk is vararg
return loadstring("return select('#', ...), ...")(1, nil)
--- case: results in the middle are cut to one
local function f() return 1, 2 end
show(f(), f())
show(f(), (f()))
show((f()))
show(({ f(), f() })[3])
--- case: results adjusted in each place
local function f() return 1, 2, 3 end
local function count(...) return select("#", ...) end
local t = {}
t.a, t.b = f()
show(count(f()), count(f(), 1), count((f())), t.a, t.b, #{ f() }, f() + f())
if f() then show("if") end
local a = { f(), f() }
show(#a)
--- case: parentheses cut
local function f() return 1, 2 end
local function none() end
show((f()))
show((none()))
show(select("#", none()), select("#", (none())))
--- case: call syntax
local t = { f = function(...) return select("#", ...), ... end, n = 1 }
function t:m(...) return self.n, ... end
show(t.f"x")
show(t.f{ 1 })
show(t:m"y")
show(t:m(1, 2))
show(t["f"](1))
show((t.f)(2))
show((t.f{}), ("x"):rep(3), ("%d"):format(5))
--- case: chained calls
local function adder(a) return function(b) return function(c) return a + b + c end end end
local o = { v = 0 }
function o:add(n) self.v = self.v + n return self end
return adder(1)(2)(3), o:add(1):add(2):add(3).v
--- case: a newline before parentheses is ambiguous
compile "local x = f\n(g or h)()"
compile "f\n()"
compile "local a = b\n;(c or d)()"
compile "x = a\n{}"
compile "x = a\n'str'"
--- case: tail calls do not grow the stack
local function loop(n) if n == 0 then return "done" end return loop(n - 1) end
return loop(200000)
--- case: mutual tail calls
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
return even(100001), odd(100001)
--- case: tail calls of methods, natives and callables
local o = { n = 0 }
function o:down(k) if k == 0 then return self.n end self.n = self.n + 1 return self:down(k - 1) end
local c = setmetatable({}, { __call = function(self, k) if k == 0 then return "c" end return self(k - 1) end })
local function nat(s) return string.rep(s, 2) end
return o:down(50000), c(50000), nat("ab")
--- case: tail call with varargs and different counts
local function f(n, ...) if n == 0 then return select("#", ...) end return f(n - 1, n, ...) end
return f(100), f(3, nil, nil)
--- case: parentheses make it no tail call but it still works
local function f(n) if n == 0 then return 1, 2 end return (f(n - 1)) end
return f(100)
--- case: too deep recursion is an error
local function f(n) return 1 + f(n + 1) end
local ok, m = pcall(f, 1)
return ok, m:match("stack overflow") ~= nil, (m:gsub("%s*%(.*", ""))
--- case: recursion as deep as it goes is survived again and again
local function f(n) local ok = n f(n + 1) return ok end
local out = {}
for i = 1, 5 do out[i] = tostring((pcall(f, 1))) end
return table.concat(out, " ")
--- case: recursion through metamethods overflows too
local t = setmetatable({}, {})
getmetatable(t).__index = function(t, k) return t[k .. "x"] end
local ok, m = pcall(function() return t.a end)
return ok, type(m)
--- case: deep but legal recursion
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
return depth(15000)
--- case: calling what is not a function
local t = { x = 1 }
local l
try(function() l() end)
try(function() local m m() end)
try(function() undefinedfunction() end)
try(function() t.x() end)
try(function() t.y() end)
try(function() t:nomethod() end)
try(function() t.a.b() end)
try(function() t[1]() end)
try(function() (1)() end)
try(function() ("x")() end)
try(function() ({})() end)
try(function() (nil)() end)
--- case: names in call errors
local t = {}
local k = "key"
try(function() t[k]() end)
try(function() t["const"]() end)
try(function() string.nofunction() end)
try(function() ("x"):nomethod() end)
try(function() local s = "x" s:nomethod() end)
try(function() (t.a or t.b)() end)
try(function() t.f(t.g)() end)
try(function() return t.tail() end)
try(function() return undefinedtail() end)
try(function() local x = 5 x{} end)
try(function() math.floor(1)() end)
--- case: arguments are evaluated after the function
local log = {}
local function f(x) log[#log + 1] = x return x end
pcall(function() undefinedfunction(f("arg")) end)
local function g() log[#log + 1] = "g" return function() end end
g()(f(1), f(2))
return table.concat(log, " ")
--- case: many arguments
local args = {}
for i = 1, 200 do args[i] = i end
local function count(...) return select("#", ...), (select(200, ...)) end
return count(unpack(args)), loadstring("return select('#', " .. table.concat(args, ",") .. ")")()
--- case: results of many values
local function many(n) local t = {} for i = 1, n do t[i] = i end return unpack(t) end
return select("#", many(0)), select("#", many(1)), select("#", many(5000)), (select(4999, many(5000)))
--- case: recursive anonymous functions through the fixed point
local Y = function(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end
return Y(function(self) return function(n) return n < 2 and n or self(n - 1) + self(n - 2) end end)(15)
--- case: ackermann
local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return ack(m - 1, 1) end
  return ack(m - 1, ack(m, n - 1))
end
return ack(2, 9), ack(3, 3)
--- case: functions compare by identity
local function f() end
local g = f
return f == g, f == function() end, tostring(f) == tostring(g)
