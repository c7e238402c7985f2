-- Manual 2.6: closures over variables of every kind, and when they are closed.
--- case: a parameter, a vararg copy and self are captured
local function f(a, ...) local b = ... return function() a = a + 1 b = b + 1 return a, b end end
local g, h = f(1, 10), f(5, 50)
show(g()) show(g()) show(h())
local o = { n = 1 }
function o:get() return function() self.n = self.n + 1 return self.n end end
show(o:get()(), o.n)
--- case: two closures of one call share, of two calls do not
local function make() local n = 0 return function() n = n + 1 return n end, function() return n end end
local inc1, get1 = make()
local inc2, get2 = make()
inc1() inc1() inc2()
show(get1(), get2())
--- case: a variable captured twice through different functions
local x = 1
local function a() x = x + 1 end
local function b() local function c() x = x * 10 end c() end
a() b() a()
show(x)
--- case: the loop variable of a generic for is fresh
local fs = {}
for k, v in pairs { a = 1, b = 2, c = 3 } do fs[k] = function() v = v + 1 return k, v end end
show(fs.a()) show(fs.a()) show(fs.b()) show(fs.c())
--- case: a closure in the iterator expression sees the outer variable
local i = 10
local f
for i = 1, (function() f = function() return i end return 2 end)() do end
show(f())
--- case: closures created in conditions and steps
local fs = {}
local n = 0
while (function() fs[#fs + 1] = function() return n end return n < 2 end)() do n = n + 1 end
show(#fs, fs[1](), fs[3]())
--- case: break, return and error close variables at once
local f1, f2, f3
for i = 1, 2 do local x = i f1 = function() x = x + 10 return x end break end
local function r() local x = 5 f2 = function() x = x + 10 return x end return x end
r()
pcall(function() local x = 7 f3 = function() x = x + 10 return x end error("x") end)
show(f1(), f1(), f2(), f2(), f3(), f3())
--- case: nested loops with captured variables at both levels
local fs = {}
for i = 1, 2 do
  local a = i * 100
  for j = 1, 2 do
    local b = j
    fs[#fs + 1] = function() a = a + 1 b = b + 1 return i, j, a, b end
  end
end
for i = 1, 4 do show(fs[i]()) end
--- case: a repeated block makes new variables each time
local fs = {}
local n = 0
repeat
  local x = n
  fs[#fs + 1] = function() x = x + 1 return x end
  n = n + 1
until n == 3
show(fs[1](), fs[1](), fs[2](), fs[3]())
--- case: a do block in a loop
local fs = {}
for i = 1, 3 do do local x = i fs[i] = function() x = x + 1 return x end end end
show(fs[1](), fs[1](), fs[2](), fs[3]())
--- case: recursion captures each level
local fs = {}
local function rec(n) local x = n fs[n] = function() x = x + 1 return x end if n > 1 then rec(n - 1) end end
rec(3)
show(fs[1](), fs[2](), fs[3](), fs[1]())
--- case: a local function knows itself, a local with a function does not
local function f(n) return n == 0 and "end" or f(n - 1) end
local g = function(n) return g end
show(f(3), g(1))
--- case: shadowing inside a closure
local x = "outer"
local function f() local y = x local x = "inner" return y, x end
show(f())
show(x)
--- case: an initialiser sees the outer variable of its own name
local x = 1
local x = x + 1
local x = (function() return x end)() + 1
show(x)
--- case: an upvalue assigned in the middle of an expression
local x = 1
local function bump() x = x + 1 return x end
show(x + bump() + x, x)
show(bump() .. x .. bump())
--- case: sixty upvalues work
local src = {}
for i = 1, 60 do src[i] = "local v" .. i .. " = " .. i end
src[#src + 1] = "return function() return 0"
for i = 1, 60 do src[#src + 1] = " + v" .. i end
src[#src + 1] = " end"
show(loadstring(table.concat(src, "\n"))()())
--- case: upvalues through five levels
local a = 1
local f = function() return function() return function() return function() return function() a = a + 1 return a end end end end end
show(f()()()()(), a)
--- case: a closure over a variable that is never assigned
local u
local function f() return u end
show(f())
u = 5
show(f())
--- case: coroutines and closures share until the end
local get, set
local co = coroutine.wrap(function() local v = 1 get = function() return v end set = function(x) v = x end coroutine.yield() v = v + 1 coroutine.yield() end)
co() set(10) co()
show(get())
set(20)
show(get())
--- case: closures in tables built in one expression
local function make(n) return { get = function() return n end, set = function(v) n = v end } end
local a, b = make(1), make(2)
a.set(5)
show(a.get(), b.get())
--- case: loops that capture nothing after ones that do
local f
for i = 1, 3 do f = f or function() return i end end
local sum = 0
for i = 1, 3 do sum = sum + i end
show(f(), sum)
--- case: memoize, compose and curry
local function memo(f) local t = {} return function(x) local v = t[x] if v == nil then v = f(x) t[x] = v end return v end end
local calls = 0
local sq = memo(function(x) calls = calls + 1 return x * x end)
local function compose(f, g) return function(...) return f(g(...)) end end
local function curry(f, a) return function(...) return f(a, ...) end end
show(sq(4), sq(4), calls, compose(sq, math.abs)(-3), curry(math.max, 5)(3, 9))
