-- Manual 2.6: visibility, closures and shared upvalues.
--- case: counter
local function counter() local n = 0 return function() n = n + 1 return n end end
local a, b = counter(), counter()
return a(), a(), b(), a(), b()
--- case: two closures share a variable
local function pair() local v = 0 return function(x) v = x end, function() return v end end
local set, get = pair()
set(5)
local before = get()
set("x")
return before, get()
--- case: sharing while the variable is still on the stack
local v = 1
local function inc() v = v + 1 end
inc() inc()
v = v * 10
inc()
return v
--- case: sharing across levels
local function outer()
  local x = 0
  local function middle()
    local function inner() x = x + 1 return x end
    return inner
  end
  local a, b = middle(), middle()
  return a, b, function() return x end
end
local a, b, get = outer()
a() b() a()
return get()
--- case: upvalues of upvalues three levels deep
local a = 1
local function f()
  local b = 2
  return function()
    local c = 3
    return function() a, b, c = a + 1, b + 1, c + 1 return a, b, c end
  end
end
local g = f()
local h, i = g(), g()
h() h()
return i()
--- case: each call makes new variables
local fs = {}
local function make(n) fs[#fs + 1] = function() n = n + 1 return n end end
make(10) make(20)
return fs[1](), fs[2](), fs[1](), fs[2]()
--- case: loop variables are fresh
local fs = {}
for i = 1, 3 do local j = i * 10 fs[i] = function() j = j + i return j end end
return fs[1](), fs[1](), fs[2](), fs[3]()
--- case: while body variables are fresh, outer ones shared
local fs, outer, i = {}, 0, 0
while i < 3 do
  i = i + 1
  local inner = i
  fs[i] = function() outer, inner = outer + 1, inner + 1 return outer, inner end
end
show(fs[1]()) show(fs[1]()) show(fs[2]()) show(fs[3]())
--- case: break closes captured variables
local f
for i = 1, 10 do
  local v = i
  f = function() v = v + 1 return v, i end
  if i == 5 then break end
end
show(f()) show(f())
--- case: return closes captured variables
local function g(x)
  local y = x * 2
  local function get() return x, y end
  x, y = x + 1, y + 1
  return get
end
show(g(1)())
--- case: a closure kept by an error
local keep
pcall(function() local v = "kept" keep = function() return v end error("x") end)
return keep()
--- case: closures set before the variable changes
local x = 1
local function get() return x end
x = 2
local a = get()
do local x = 3 a = a .. get() end
return a
--- case: shadowing
local x = "outer"
local function f() return x end
do
  local x = "inner"
  local function g() return x end
  show(f(), g(), x)
end
local x = "new"
show(f(), x)
--- case: parameters are captured
local function curry(f, a) return function(...) return f(a, ...) end end
return curry(math.max, 10)(5, 20), curry(curry, print) ~= nil
--- case: recursive local function through its upvalue
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local keep = fib
return keep(15)
--- case: mutual recursion through forward declarations
local isodd
local function iseven(n) return n == 0 or isodd(n - 1) end
function isodd(n) return n ~= 0 and iseven(n - 1) end
return iseven(10), isodd(10)
--- case: coroutine bodies share upvalues with the main thread
local n = 0
local co = coroutine.wrap(function() while true do n = n + 1 coroutine.yield(n) end end)
co() n = n + 10 co()
return n
--- case: upvalues outlive their coroutine
local get
coroutine.wrap(function() local v = "from coroutine" get = function() return v end end)()
collectgarbage()
return get()
--- case: upvalues of a suspended coroutine
local get, set
local co = coroutine.create(function()
  local v = 1
  get, set = function() return v end, function(x) v = x end
  coroutine.yield()
  return v
end)
coroutine.resume(co)
set(42)
collectgarbage()
return get(), coroutine.resume(co)
--- case: many closures over one variable
local fs, v = {}, 0
for i = 1, 100 do fs[i] = function() v = v + i return v end end
for i = 1, 100 do fs[i]() end
return v
--- case: a function that captures itself and is collected
for i = 1, 1000 do local f f = function() return f end end
collectgarbage()
return "alive"
--- case: captured variables in nested blocks close at their own block
local fs = {}
do
  local a = 1
  do local b = 2 fs[1] = function() a, b = a + 1, b + 1 return a, b end end
  do local b = 3 fs[2] = function() a, b = a + 1, b + 1 return a, b end end
  a = 10
end
show(fs[1]()) show(fs[2]()) show(fs[1]())
--- case: vararg captured through a table
local function bind(f, ...)
  local args, n = { ... }, select("#", ...)
  return function() return f(unpack(args, 1, n)) end
end
return bind(select, "#", nil, nil)()
--- case: globals of a function are looked up when used
x = 1
local function get() return x end
x = 2
return get()
--- case: upvalue assigned in one closure read in a loop
local stop, n = false, 0
local function quit() stop = true end
while not stop do n = n + 1 if n == 7 then quit() end end
return n
--- case: generators from closures
local function range(a, b) return function() if a <= b then a = a + 1 return a - 1 end end end
local sum = 0
for i in range(1, 4) do for j in range(1, i) do sum = sum + j end end
return sum
