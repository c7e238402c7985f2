-- Manual 5.1: basic functions (error, pcall and assert are in errors/, environments in 2.9).
--- case: _VERSION and _G
return _VERSION, _G._G == _G, type(_G)
--- case: what the global table holds
local names = {}
for k, v in pairs(_G) do if type(v) == "function" then names[#names + 1] = k end end
local known = { "assert", "collectgarbage", "dofile", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "load", "loadfile", "loadstring", "newproxy", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawset", "select", "setfenv", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall" }
local missing = {}
for _, name in ipairs(known) do if type(rawget(_G, name)) ~= "function" then missing[#missing + 1] = name end end
show(#missing, table.concat(missing, " "))
show(rawlen, table.pack, math.type, bit32, utf8, warn, load ~= nil)
--- case: print
print()
print(nil, true, 1, "s", 1.5, -0.5)
print("a\tb", "c\nd")
print(("x"):rep(3), nil)
print(1e15, 1e16, 2^31, 0.1)
--- case: print uses the global tostring
tostring = function(v) return "<" .. type(v) .. ">" end
print(1, "x", nil)
--- case: print needs a tostring that answers strings
tostring = function() return 1 end
try(print, "a")
tostring = function() return {} end
try(print, "a")
tostring = nil
try(print, "a")
--- case: tostring of basics
return tostring(nil), tostring(true), tostring(false), tostring(12), tostring("s"), tostring(1.5), tostring(-7)
--- case: tonumber of numbers and others
return tonumber(5), tonumber("5"), tonumber("x"), tonumber(nil), tonumber(true), tonumber({}), tonumber("")
--- case: tonumber needs an argument
try(tonumber)
try(tonumber, nil)
try(tonumber, nil, 10)
--- case: tonumber with bases
return tonumber("ff", 16), tonumber("FF", 16), tonumber("777", 8), tonumber("1010", 2), tonumber("zz", 36), tonumber("Zz", 36), tonumber("10", 3)
--- case: tonumber with bad digits for the base
return tonumber("8", 8), tonumber("12", 2), tonumber("fg", 16), tonumber("", 16), tonumber(" ", 16), tonumber("1 1", 2), tonumber("z", 35)
--- case: tonumber with spaces and signs in a base
return tonumber(" ff ", 16), tonumber("-ff", 16), tonumber("+10", 2), tonumber("0xff", 16), tonumber("0x", 16), tonumber("- 1", 16)
--- case: tonumber base limits
try(tonumber, "1", 1)
try(tonumber, "1", 37)
try(tonumber, "1", 0)
try(tonumber, "1", -5)
try(tonumber, {}, 16)
try(tonumber, 10, 16)
try(tonumber, 12, 2)
try(tonumber, "1", "x")
try(tonumber, "11", "2")
try(tonumber, "11", 2.9)
try(tonumber, nil, 16)
--- case: tonumber in base 10 is the plain form
return tonumber("1e1", 10), tonumber("0x10", 10), tonumber(5, 10), tonumber(" 7 ", 10), tonumber("x", 10)
--- case: tonumber in a base of big values
return tonumber("ffffffff", 16), tonumber("7fffffffffffffff", 16), tonumber("1fffffffffffff", 16), tonumber("-1", 16), tonumber("ffffffffffffffff", 16), tonumber("fffffffffffffffffff", 16)
--- case: tonumber many forms
for _, s in ipairs { "0", "-0", "1.", ".1", "1e1", "1E+1", "1e-1", "0x1", "0X1F", "-0x1F", " 1", "1 ", "\t1\n", "1\v", "1 x", "0x1p3", "1e1.0", "1..", "1-", "+1", "++1", "+-1", "1e+", "0b1", "1f", "1L", "1d" } do
  show(s, tonumber(s))
end
--- case: select
show(select("#"))
show(select("#", nil, nil))
show(select(1, "a", "b", "c"))
show(select(2, "a", "b", "c"))
show(select(4, "a", "b", "c"))
show(select(-1, "a", "b", "c"))
show(select(-3, "a", "b", "c"))
show((select(2, "a", "b", "c")))
show(select("2", "a", "b"))
show(select(1.9, "a", "b"))
--- case: select errors
try(select)
try(select, 0)
try(select, -1)
try(select, -4, 1, 2, 3)
try(select, "x")
try(select, nil)
try(select, "#x", 1, 2)
--- case: unpack
show(unpack {})
show(unpack { 1, 2, 3 })
show(unpack({ 1, 2, 3 }, 2))
show(unpack({ 1, 2, 3 }, 2, 3))
show(unpack({ 1, 2, 3 }, 0, 4))
show(unpack({ 1, 2, 3 }, 3, 2))
show(unpack({ 1, 2 }, -1, 1))
show(unpack({ 1, nil, 3 }, 1, 3))
show(unpack({ 1, 2 }, 1.7, 2.2))
show(unpack({ 1, 2 }, nil, nil))
--- case: unpack is raw
local t = setmetatable({}, { __index = function(_, k) return k end })
show(unpack(t, 1, 2))
--- case: unpack errors
try(unpack)
try(unpack, 1)
try(unpack, {}, "x")
try(unpack, {}, 1, {})
--- case: ipairs
for i, v in ipairs { "a", "b", nil, "d" } do show(i, v) end
for i, v in ipairs {} do show(i, v) end
show(select("#", ipairs {}), select(3, ipairs {}))
--- case: ipairs is raw
local t = setmetatable({ 1 }, { __index = function() return 2 end })
for i, v in ipairs(t) do show(i, v) end
--- case: ipairs sees changes while it runs
local t = { 1, 2, 3 }
for i, v in ipairs(t) do if i < 3 then t[i + 1] = v * 10 end show(i, v) end
local u = { 1, 2, 3, 4 }
for i in ipairs(u) do u[i + 1] = nil show(i) end
local w = { 1 }
for i in ipairs(w) do if i < 5 then w[i + 1] = i end end
show(#w)
--- case: next
show(next {})
show(next { 10 })
show(next({ 10 }, 1))
show(next { x = 1 })
show(next({ x = 1 }, "x"))
show(next({ 1, 2, nil, 4 }, 2))
show(next({}, nil))
--- case: next errors
try(next)
try(next, 1)
try(next, {}, 1)
try(next, { 1 }, "nokey")
try(next, { 1, 2 }, 3)
try(next, {}, 0/0)
try(next, { 1 }, 1.5)
--- case: next on a table whose field was cleared
local t = { a = 1, b = 2, c = 3 }
local n = 0
for k in pairs(t) do t[k] = nil n = n + 1 end
return n, next(t)
--- case: assigning existing fields while iterating
local t = {}
for i = 1, 20 do t["k" .. i] = i end
local n = 0
for k, v in pairs(t) do t[k] = v * 2 n = n + v end
local m = 0
for _, v in pairs(t) do m = m + v end
return n, m
--- case: clearing and collecting while iterating
local t = {}
for i = 1, 100 do t[i] = {} t["k" .. i] = {} end
local n = 0
for k in pairs(t) do t[k] = nil n = n + 1 if n % 50 == 0 then collectgarbage() end end
return n, next(t)
--- case: pairs
local n = 0
for k, v in pairs { 1, 2, x = 3, y = 4 } do n = n + v end
local f, s, c = pairs { 1 }
show(n, f == next, type(s), c)
--- case: type
return type(nil), type(type), type(type(type))
--- case: rawequal
local t = {}
return rawequal(t, t), rawequal(t, {}), rawequal(1, 1.0), rawequal("a", "a"), rawequal(nil, false), rawequal(0/0, 0/0), rawequal(1, "1")
--- case: rawget and rawset
local t = { 1, x = 2 }
rawset(t, "y", 3) rawset(t, 1, nil) rawset(t, 1.0, 5)
return rawget(t, "x"), rawget(t, "y"), rawget(t, 1), rawget(t, "z")
--- case: loadstring
show(loadstring("return 1 + 1")())
show(loadstring("syntax error here"))
show(loadstring("x =", "=name"))
show(loadstring("x =", "@file"))
show(loadstring("x =", "plain"))
show(type(loadstring("")))
show(loadstring("return ...", "n")(1, 2))
--- case: loadstring errors
try(loadstring)
try(loadstring, nil)
try(loadstring, {})
try(loadstring, "return 1", {})
show(loadstring(12))
show(loadstring("return 1", 5)())
--- case: loadstring of nonsense that looks like precompiled code
show(loadstring("\27"))
show(loadstring("\27Lua"))
show(loadstring("\27Lua\81\0", "=bin"))
show(loadstring("\27nonsense", "=bin"))
--- case: load with a reader
local parts, i = { "return ", "1 ", "+ 41" }, 0
show(load(function() i = i + 1 return parts[i] end)())
local n = 0
show(load(function() n = n + 1 if n == 1 then return "return 5" elseif n == 2 then return "" end return "garbage" end)())
show(load(function() return nil end))
show(load(function() return "x =" end, "=loaded") == nil)
--- case: load names and errors
local function once(s) local done return function() if not done then done = true return s end end end
show(load(once "x =", "=loaded"))
show(load(once "x ="))
show(load(once "error('m')", "@f.lua") ~= nil)
try(load(once "error('m')", "@f.lua"))
try(load(once "error('m')"))
--- case: load reader errors
show(load(function() error("in reader", 0) end))
local once
show(load(function() if not once then once = true return 12 end end))
show(load(function() return {} end))
show(load(function() return true end))
try(load)
try(load, "return 1")
try(load, nil)
try(load, {})
--- case: load splits anywhere
local source = "local a = 'str\\65' --[[c]] return a .. 0x1F .. [==[x]==] .. (1e2)"
local function bytes(n) local at = 1 return function() local s = source:sub(at, at + n - 1) at = at + n if s ~= "" then return s end end end
local out = {}
for n = 1, 10 do out[n] = load(bytes(n))() end
for n = 2, 10 do if out[n] ~= out[1] then return "differs at " .. n end end
return out[1]
--- case: string.dump and back
local f = loadstring(string.dump(function(a, b) return a + b, "const", 1.5 end))
show(f(1, 2))
local up = 5
local g = loadstring(string.dump(function() return up end))
show(pcall(g))
show(type(string.dump(loadstring("return 1"))))
try(string.dump, print)
try(string.dump)
--- case: dofile and loadfile of a missing file
show(loadfile("/nonexistent/file.lua"))
try(dofile, "/nonexistent/file.lua")
--- case: type errors name the function
try(function() type() end)
try(function() rawget(1) end)
try(function() unpack() end)
try(function() next() end)
try(function() loadstring() end)
try(function() select(0) end)
--- case: xpcall, pcall and select as values
local t = { pcall, select, type }
return t[1](t[2], 2, "a", "b")
--- case: globals can be replaced and shadowed
local print = function(...) return "shadow", ... end
type = function() return "replaced" end
return print(1), type(1)

--- case: print ends a string at a NUL, as C does
print("a\0b", "\0", "c")
print(setmetatable({}, { __tostring = function() return "x\0y" end }), 1)

--- case: print writes each part before it looks at the next
local function loud(name, text)
  return setmetatable({}, { __tostring = function() print("tostring of " .. name) return text end })
end
print(loud("a", "A"), loud("b", "B"))
print(pcall(print, "first", loud("c", nil), "never"))
