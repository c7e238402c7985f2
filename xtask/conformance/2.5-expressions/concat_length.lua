-- Manual 2.5.4 and 2.5.5: concatenation and the length operator.
--- case: concatenation
return "a" .. "b", "a" .. 1, 1 .. "a", 1 .. 2, "" .. "", "a" .. "b" .. "c" .. 1 .. 2.5
--- case: right associative
local log = {}
local mt = { __concat = function(a, b)
  local function n(x) return type(x) == "table" and x.n or x end
  log[#log + 1] = n(a) .. "+" .. n(b)
  return setmetatable({ n = n(a) .. n(b) }, getmetatable(type(a) == "table" and a or b))
end }
local x = setmetatable({ n = "x" }, mt)
local r = "1" .. x .. "2" .. "3"
return r.n, table.concat(log, " ")
--- case: a metamethod in the middle of a chain
local mt = { __concat = function(a, b)
  return (type(a) == "table" and "T" or a) .. "|" .. (type(b) == "table" and "T" or b)
end }
local x = setmetatable({}, mt)
return "a" .. "b" .. x .. "c" .. "d", x .. "a" .. "b", "a" .. "b" .. x, x .. x, 1 .. x .. 2
--- case: long chains
local s = ""
for i = 1, 300 do s = s .. i end
local t = "a" .. "b" .. "c" .. "d" .. "e" .. "f" .. "g" .. "h" .. "i" .. "j" .. "k" .. "l" .. "m" .. "n" .. "o" .. "p"
return #s, t, s:sub(-9)
--- case: embedded zeros
local s = "a\0" .. "b\0" .. "c"
return #s, s
--- case: errors
try(function() return "a" .. nil end)
try(function() return nil .. "a" end)
try(function() return "a" .. {} end)
try(function() return {} .. "a" end)
try(function() return "a" .. true end)
try(function() return 1 .. print end)
try(function() local t = {} return "x" .. t.name .. "y" end)
try(function() local t = {} return t.a .. t.b end)
try(function() local s = nil return "x" .. s end)
try(function() return "x" .. globalname end)
try(function() return "a" .. "b" .. nil .. "c" end)
try(function() local a, b = "x" return a .. b end)
--- case: which operand is blamed in a chain
local a, b, c = "a", nil, {}
try(function() return a .. b .. c end)
try(function() return c .. a .. a end)
try(function() return a .. c .. a end)
--- case: operands are not modified
local a, b = "x", "y"
local c = a .. b .. a
return a, b, c
--- case: order of evaluation
local log = {}
local function f(x) log[#log + 1] = x return x end
local s = f("a") .. f("b") .. f("c")
return s, table.concat(log)
--- case: length of strings
return #"", #"abc", #"a\0b", #("x"):rep(1000), -#"ab", #"a" + 1, #"ab" .. "c"
--- case: length of tables
return #{}, #{ 1 }, #{ 1, 2, 3 }, #{ 1, 2, nil }, #{ n = 5 }, #{ nil }, #{ [1] = "a", [2] = "b" }
--- case: length with holes made by constructors
return #{ 1, nil, 3 }, #{ nil, nil, 3 }, #{ nil, 2 }, #{ 1, nil }, #{ nil, 2, nil, 4 }, #{ 1, 2, nil, 4, nil }, #{ 1, nil, 3, nil, nil }
--- case: length with holes made by assignment
local t = { 1, 2, 3, 4 }
t[4] = nil
local a = #t
t[2] = nil
local b = #t
local u = {}
u[1], u[2], u[4] = 1, 2, 4
local v = { 1, 2, 3 }
v[5] = 5
local w = {}
for i = 1, 16 do w[i] = i end
w[8] = nil
return a, b, #u, #v, #w
--- case: length grows and shrinks
local t, log = {}, {}
for i = 1, 20 do t[i] = i log[#log + 1] = #t end
for i = 20, 1, -3 do t[i] = nil log[#log + 1] = #t end
return table.concat(log, " ")
--- case: length of a table filled backwards
local t = {}
for i = 10, 1, -1 do t[i] = i end
local u = {}
for i = 10, 2, -1 do u[i] = i end
return #t, #u
--- case: length in the hash part
local t = { [1] = 1, [2] = 2, [3] = 3, [4] = 4, x = 1 }
local u = { [2] = 2, [3] = 3 }
local v = { [1] = 1, [3] = 3, [4] = 4 }
return #t, #u, #v
--- case: length with a vararg constructor
local function f(...) return #{ ... }, #{ n = 1, ... }, #{ ..., 1 } end
show(f())
show(f(1, 2, 3))
show(f(nil, nil, 3))
show(f(1, nil))
--- case: length errors
try(function() return #nil end)
try(function() return #5 end)
try(function() return #true end)
try(function() return #print end)
try(function() local t = {} return #t.x end)
try(function() local x return #x end)
try(function() return #undefined end)
--- case: length ignores __len of tables
return #setmetatable({ 1, 2 }, { __len = function() return 99 end })
--- case: length uses __len of userdata
local p = newproxy(true)
getmetatable(p).__len = function() return 42 end
return #p
--- case: append idiom
local t = {}
for i = 1, 100 do t[#t + 1] = i * i end
return #t, t[100], t[101]
--- case: length where values come and go
local seed, sum, longest = 7, 0, 0
local function random(n) seed = seed * 16807 % 2147483647 return math.floor(seed / 128) % n end
for round = 1, 40 do
  local t = {}
  if round % 4 == 0 then t.name = "list" end
  for i = 1, random(80) do t[i] = i end
  for step = 1, 400 do
    local what = random(6)
    if what == 0 then t[#t + 1] = step
    elseif what == 1 and #t > 0 then t[#t] = nil
    elseif what == 2 then table.insert(t, step)
    elseif what == 3 then sum = sum + (table.remove(t) or 1)
    elseif what == 4 then t[random(90) + 1] = step
    else t[random(90) + 1] = nil end
    sum = (sum * 31 + #t) % 1000003
    if #t > longest then longest = #t end
  end
end
return sum, longest
