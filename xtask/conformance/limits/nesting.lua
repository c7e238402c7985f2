-- How much the compiler takes: nesting, chains and counts. Nothing here may end the process.
--- case: parentheses
local function nest(n) return compile("return " .. ("("):rep(n) .. "1" .. (")"):rep(n)) end
nest(10) nest(100) nest(150) nest(190) nest(1000) nest(100000)
--- case: table constructors
local function nest(n) return compile("return " .. ("{"):rep(n) .. ("}"):rep(n)) end
nest(10) nest(100) nest(150) nest(1000) nest(100000)
--- case: functions
local function nest(n) return compile("return " .. ("function() return "):rep(n) .. "1" .. (" end"):rep(n)) end
nest(10) nest(50) nest(1000) nest(100000)
--- case: blocks
local function nest(open, close, n) return compile(open:rep(n) .. close:rep(n)) end
nest("do ", "end ", 100) nest("do ", "end ", 100000)
nest("while 1 do ", "end ", 100) nest("while 1 do ", "end ", 100000)
nest("if x then ", "end ", 100) nest("if x then ", "end ", 100000)
nest("repeat ", "until x ", 100) nest("repeat ", "until x ", 100000)
nest("for i = 1, 2 do ", "end ", 30) nest("for i = 1, 2 do ", "end ", 100000)
nest("for k in x do ", "end ", 30) nest("for k in x do ", "end ", 100000)
nest("function f() ", "end ", 50) nest("function f() ", "end ", 100000)
nest("local function f() ", "end ", 50) nest("local function f() ", "end ", 100000)
--- case: unary operators
compile("return " .. ("-"):rep(1) .. " 1")
compile("return " .. ("- "):rep(100) .. "1")
compile("return " .. ("- "):rep(100000) .. "1")
compile("return " .. ("not "):rep(100) .. "1")
compile("return " .. ("not "):rep(100000) .. "1")
compile("return " .. ("#"):rep(100) .. "x")
compile("return " .. ("#"):rep(100000) .. "x")
--- case: concatenation chains
local function chain(n) return compile("return " .. ("a .. "):rep(n) .. "a") end
chain(10) chain(100) chain(180) chain(250) chain(1000) chain(100000)
--- case: power chains
local function chain(n) return compile("return " .. ("a ^ "):rep(n) .. "a") end
chain(10) chain(100) chain(1000) chain(100000)
--- case: sums are flat
local f = compile("return " .. ("1 + "):rep(100000) .. "1")
show(f())
local g = compile("local a = 1 return " .. ("a + "):rep(100000) .. "a")
show(g())
--- case: logical chains
local f = compile("local a return " .. ("a or "):rep(1000) .. "7")
show(f and f())
compile("local a return " .. ("a or "):rep(5000) .. "7")
compile("local a return " .. ("a and "):rep(1000) .. "7")
--- case: comparison chains
compile("return " .. ("a < "):rep(1000) .. "a")
compile("return " .. ("a == "):rep(100000) .. "a")
--- case: field chains
compile("return a" .. (".b"):rep(1000))
compile("return a" .. (".b"):rep(100000))
compile("return a" .. ("[1]"):rep(100000))
compile("return a" .. ("['x']"):rep(1000))
--- case: call chains
compile("f" .. ("()"):rep(1000))
compile("f" .. ("()"):rep(100000))
compile("f" .. ("{}"):rep(100000))
compile("f" .. ("''"):rep(100000))
compile("f" .. (":m()"):rep(10000))
compile(("f("):rep(100) .. (")"):rep(100))
compile(("f("):rep(100000) .. (")"):rep(100000))
compile("x = " .. ("f{"):rep(100000) .. ("}"):rep(100000))
compile("x = " .. ("a["):rep(100) .. "1" .. ("]"):rep(100))
compile("x = " .. ("a["):rep(100000) .. "1" .. ("]"):rep(100000))
--- case: elseif chains
local function chain(n) return compile("if x == 0 then y = 0\n" .. ("elseif x == 1 then y = 1\n"):rep(n) .. "else y = 2 end return y") end
show(chain(100)()) show(chain(10000)())
--- case: twenty thousand elseifs
compile("if x then\n" .. ("elseif y then\n"):rep(20000) .. "end")
--- case: a loop body that is too long to jump over
compile("while x do " .. ("y = 1 "):rep(100) .. "end")
compile("while x do " .. ("y = 1 "):rep(131100) .. "end")
compile("for i = 1, 2 do " .. ("y = 1 "):rep(131100) .. "end")
compile("if x then " .. ("y = 1 "):rep(131100) .. "end")
--- case: assignment targets
local function targets(n) return compile(("a, "):rep(n) .. "a = 1") end
targets(10) targets(100) targets(150) targets(250) targets(100000)
local function fields(n) return compile("local t = {} " .. ("t.x, "):rep(n) .. "t.x = 1") end
fields(50) fields(100) fields(300)
--- case: argument and expression lists
local function args(n) return compile("f(" .. ("x, "):rep(n) .. "x)") end
args(10) args(200) args(240) args(300) args(1000) args(100000)
local function returns(n) return compile("return " .. ("x, "):rep(n) .. "x") end
returns(200) returns(300) returns(100000)
local function values(n) return compile("local a = " .. ("x, "):rep(n) .. "x") end
values(200) values(300)
--- case: parameters
local function params(n) local names = {} for i = 1, n do names[i] = "p" .. i end return compile("return function(" .. table.concat(names, ",") .. ") end") end
params(10) params(200) params(201) params(300) params(100000)
--- case: constants
local function constants(n) local t = {} for i = 1, n do t[i] = "x = " .. i .. ".5" end return compile(table.concat(t, "\n")) end
constants(300) constants(100000)
--- case: more constants than an instruction can name
local t = {}
for i = 1, 263000 do t[i] = i + 0.5 end
compile("return {" .. table.concat(t, ",") .. "}")
--- case: strings as constants beyond the short operand
local t = { "local t = {}" }
for i = 1, 600 do t[#t + 1] = ("t.f%d = %d"):format(i, i * 2) end
t[#t + 1] = "local n = 0 for k, v in pairs(t) do n = n + v end return n, t.f1, t.f300, t.f600, t['f' .. 512] == 1024, t.f599 + t.f598, 'f7' .. 'f600', -t.f600 < t.f513"
show(loadstring(table.concat(t, "\n"))())
--- case: operands that are constants beyond the short operand
local t = { "local x = 10 local t = {} local r = 0" }
for i = 1, 300 do t[#t + 1] = "r = r + " .. i .. ".25" end
t[#t + 1] = "return r, x + 1000.5, 1000.5 - x, x * 1000.5, x / 1000.5, x < 1000.5, 1000.5 < x, x == 1000.5, x % 1000.5, 2 ^ 1000.5 > x"
show(loadstring(table.concat(t, "\n"))())
--- case: many locals and registers
local names, sum = {}, {}
for i = 1, 190 do names[i] = "local v" .. i .. " = " .. i sum[i] = "v" .. i end
show(loadstring(table.concat(names, " ") .. " return " .. table.concat(sum, " + "))())
compile(table.concat(names, " ") .. " return " .. ("("):rep(70) .. "f(1, 2, 3, 4, f(5, 6, 7, 8, f(9, 10, 11, 12)))" .. (")"):rep(70))
--- case: function or expression too complex
local names = {}
for i = 1, 199 do names[i] = "v" .. i end
compile("local " .. table.concat(names, ",") .. " = 1 return " .. ("x .. "):rep(100) .. "x")
compile("local " .. table.concat(names, ",") .. " = 1 return f(" .. ("x, "):rep(60) .. "x)")
compile("local " .. table.concat(names, ",") .. " = 1 return {" .. ("x, "):rep(60) .. "x}")
--- case: nested calls use registers
local function nest(n) return compile("return " .. ("f(1, "):rep(n) .. "2" .. (")"):rep(n)) end
nest(10) nest(60) nest(120) nest(190)
--- case: many nested functions side by side
local t = {}
for i = 1, 3000 do t[i] = "local function f" .. i % 150 .. "() return " .. i .. " end" end
compile("do " .. table.concat(t, " end do ") .. " end")
local u = { "local r = 0" }
for i = 1, 2000 do u[#u + 1] = "r = r + (function() return " .. i .. " end)()" end
show(loadstring(table.concat(u, "\n") .. "\nreturn r")())
--- case: long lines and many lines
show(loadstring("return 1 " .. ("\n"):rep(200000) .. "+ 1")())
local _, m = pcall(loadstring(("\n"):rep(100000) .. "error('far down')", "=t"))
show(m)
compile(("\n"):rep(100000) .. "x = ")
compile("x = 1 " .. (" "):rep(100000) .. "y")
--- case: long names
local name = ("n"):rep(10000)
show(loadstring("local " .. name .. " = 5 return " .. name)())
local _, m = pcall(loadstring("local x = " .. name .. ".y", "=t"))
show(#m, m:sub(1, 60))
compile(name .. " " .. name)
--- case: long comments
show(loadstring("--[[" .. ("x"):rep(200000) .. "]] return 1 --" .. ("y"):rep(100000))())
show(loadstring(("--[==[ ]] ]=] ]==]"):rep(10000) .. " return 2")())
compile(("--\n"):rep(50000) .. "x =")
--- case: semicolons and statements by the thousand
show(loadstring(("x = (x or 0) + 1;"):rep(20000) .. " return x")())
show(loadstring(("do local a = 1 end "):rep(20000) .. " return 'ok'")())
--- case: deep data at run time
local t = {}
for i = 1, 100000 do t = { t } end
local n = 0
while t[1] do t = t[1] n = n + 1 end
collectgarbage()
return n
--- case: long lists are collected without recursion
local list
for i = 1, 200000 do list = { next = list } end
collectgarbage()
list = nil
collectgarbage()
return "alive"
--- case: long chains of closures and metatables are collected without recursion
local f = function() end
for i = 1, 100000 do local g = f f = function() return g end end
local t = {}
for i = 1, 100000 do t = setmetatable({}, t) end
collectgarbage()
return type(f), type(t)
--- case: stack overflow in every kind of call
local function msg(f) local ok, m = pcall(f) return ok, tostring(m):match("stack overflow") end
local function plain() return 1 + plain() end
local t = setmetatable({}, { __index = function(t, k) return t[k] .. "" end })
local c = setmetatable({}, { __call = function(self) return 1 + self() end })
local a = setmetatable({}, {}) getmetatable(a).__add = function(x, y) return 1 + (x + y) end
local function var(...) return 1 + var(...) end
show(msg(plain)) show(msg(function() return c() end)) show(msg(function() return var(1, 2, 3) end))
show((msg(function() return t.x end))) show((msg(function() return a + 1 end)))
show((msg(function() local function s() table.sort({ 1, 2 }, s) end s() end)))
show((msg(function() local function g() return (("x"):gsub("x", g)) end g() end)))
show((msg(function() local function p() return tostring(setmetatable({}, { __tostring = p })) end p() end)))
