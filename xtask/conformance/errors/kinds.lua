-- Messages that name what went wrong: every kind of variable, in every kind of operation.
--- case: arithmetic on each kind of variable
local up
global_nil = nil
local t = {}
try(function() local l; return l + 1 end)
try(function() return up + 1 end)
try(function() return global_nil + 1 end)
try(function() return t.field + 1 end)
try(function() return t.a.b + 1 end)
try(function() return t[1] + 1 end)
try(function() return t["a b"] + 1 end)
try(function() return (up) + 1 end)
--- case: arithmetic on results of calls and expressions
local function nothing() end
try(function() return nothing() + 1 end)
try(function() return (nil) + 1 end)
try(function() return ({}) + 1 end)
try(function() return 1 + {} end)
try(function() return #{} + {} end)
try(function() return (1 == 1) + 1 end)
try(function() return not nil + 1 end)
--- case: arithmetic with constants on either side
local x
try(function() return x + 1 end)
try(function() return 1 + x end)
try(function() return x + x end)
try(function() return "a" + 1 end)
try(function() return 1 + "a" end)
try(function() return "a" + "b" end)
try(function() return x + "a" end)
try(function() return "a" + x end)
--- case: which of two bad operands is named
local a, b = nil, {}
try(function() return a + b end)
try(function() return b + a end)
try(function() return 1 + a end)
try(function() local c = "x" return c + a end)
try(function() local c = "x" return a + c end)
try(function() local c = "1" return c + a end)
--- case: unary minus on each kind
local up
local t = {}
try(function() local l; return -l end)
try(function() return -up end)
try(function() return -undefined end)
try(function() return -t.x end)
try(function() return -{} end)
try(function() return -"x" end)
try(function() return -print end)
--- case: each arithmetic operator on nil
local n
for _, op in ipairs { "+", "-", "*", "/", "%", "^" } do show(op, pcall(loadstring("local n return n " .. op .. " 2"))) show(pcall(loadstring("local n return 2 " .. op .. " n"))) end
--- case: concatenation on each kind
local up
local t = {}
try(function() local l; return l .. "x" end)
try(function() return up .. "x" end)
try(function() return "x" .. up end)
try(function() return undefined .. "x" end)
try(function() return t.x .. "x" end)
try(function() return "x" .. t.y .. "z" end)
try(function() return 1 .. {} end)
try(function() return {} .. {} end)
try(function() return "a" .. true end)
try(function() return print .. "" end)
--- case: concatenation in long chains
local a, b, c = "a", nil, "c"
try(function() return a .. b .. c end)
try(function() return a .. c .. b end)
try(function() return b .. a .. c end)
try(function() return a .. "x" .. c .. {} .. b end)
local t = {}
try(function() return a .. t.x .. c end)
try(function() return "1" .. 2 .. t end)
--- case: calls of each kind
local up
local t = { n = 5 }
try(function() local l; l() end)
try(function() up() end)
try(function() undefined() end)
try(function() t.x() end)
try(function() t:x() end)
try(function() t.n() end)
try(function() t[1]() end)
try(function() t.a.b() end)
try(function() ("x")() end)
try(function() (5)() end)
try(function() (nil)() end)
try(function() ({})() end)
try(function() t:n() end)
try(function() ("x"):y() end)
--- case: calls in argument lists and returns
local x
try(function() print(x()) end)
try(function() return x() end)
try(function() return x(1, 2) end)
try(function() local y = x() end)
try(function() local t = { x() } end)
try(function() if x() then end end)
try(function() for i = x(), 2 do end end)
try(function() for k in x() do end end)
try(function() for k in x do end end)
--- case: calls of results
local function f() return nil end
try(function() f()() end)
try(function() f().x() end)
try(function() f():x() end)
local t = { f = f }
try(function() t.f()() end)
--- case: a for iterator that is not callable
try(function() for i in 5 do end end)
try(function() for i in nil do end end)
try(function() for i in {} do end end)
try(function() for i in "x" do end end)
local t = {}
try(function() for i in t.x do end end)
try(function() for i in pairs do end end)
--- case: indexing each kind
local up
local t = {}
try(function() local l; return l.x end)
try(function() return up.x end)
try(function() return undefined.x end)
try(function() return t.a.b end)
try(function() return t.a.b.c end)
try(function() return t[1][2] end)
try(function() return (nil).x end)
try(function() return (5).x end)
try(function() return (true).x end)
try(function() return print.x end)
--- case: indexing with each kind of key
local up
local key = "k"
try(function() return up[key] end)
try(function() return up[1] end)
try(function() return up["a b"] end)
try(function() return up[nil] end)
try(function() local l = up; return l[key] end)
--- case: assigning into each kind
local up
local t = {}
try(function() local l; l.x = 1 end)
try(function() up.x = 1 end)
try(function() undefined.x = 1 end)
try(function() t.a.b = 1 end)
try(function() t[1][2] = 1 end)
try(function() up[1] = 1 end)
try(function() (nil).x = 1 end == nil or function() local n = 5 n.x = 1 end)
try(function() local s = "x" s.y = 1 end)
--- case: methods of each kind
local up
local t = {}
try(function() up:m() end)
try(function() undefined:m() end)
try(function() t.a:m() end)
try(function() t:m() end)
try(function() t.a.b:m() end)
try(function() t[1]:m() end)
try(function() local l; l:m() end)
try(function() (5):m() end)
--- case: functions defined in nil tables
try(loadstring("local t; function t.f() end"))
try(loadstring("function nothere.f() end"))
try(loadstring("function a.b.c() end"))
try(loadstring("local t = {} function t.a.b() end"))
try(loadstring("local t = {} function t.a:b() end"))
--- case: comparison of each pair of types
local values = { 1, "x", true, {}, print, newproxy(), coroutine.create(print) }
for i = 1, 7 do for j = 1, 7 do if i ~= j then
  local ok, e = pcall(function() return values[i] < values[j] end)
  io.write(i, j, " ", (e:gsub("^.-: ", "")), "; ")
end end print() end
show(pcall(function() return nil < 1 end))
show(pcall(function() return 1 <= nil end))
show(pcall(function() return nil < nil end))
--- case: comparison of two of one type
for _, v in ipairs { true, {}, print, newproxy(), coroutine.create(print) } do
  try(function() return v < v end)
  try(function() return v <= v end)
  try(function() return v > v end)
end
--- case: comparison names no variables
local a, b = {}, nil
try(function() return a < b end)
try(function() return b > a end)
try(function() return a.x <= a.y end)
try(function() return a >= 1 end)
--- case: length of each kind
local up
local t = {}
try(function() local l; return #l end)
try(function() return #up end)
try(function() return #undefined end)
try(function() return #t.x end)
try(function() return #5 end)
try(function() return #print end)
try(function() return #(nil) end)
try(function() return #true end)
--- case: bad for loops
try(function() for i = "a", 2 do end end)
try(function() for i = 1, {} do end end)
try(function() for i = 1, 2, nil do end end)
try(function() for i = nil, 2 do end end)
try(function() for i = 1, nil do end end)
try(function() for i = 1, 2, "x" do end end)
try(function() for i = print, 2 do end end)
--- case: nil and nan as keys
local t = {}
local n
try(function() t[nil] = 1 end)
try(function() t[n] = 1 end)
try(function() t[0 / 0] = 1 end)
try(function() return { [nil] = 1 } end)
try(function() return { [0 / 0] = 1 } end)
try(function() t[n], t.x = 1, 2 end)
--- case: varargs and parameters in messages
try(function(...) local a = ... return a.x end)
try(function(p) return p.x end)
try(function(p) return p() end)
try(function(p) p.x.y = 1 end, {})
try(function(self) return self.a.b end, {})
--- case: loop variables in messages
try(function() for i = 1, 1 do return i.x.y end end)
try(function() for i = 1, 1 do i() end end)
try(function() for k, v in pairs { a = 1 } do return v.x.y end end)
try(function() for k, v in pairs { a = 1 } do v() end end)
--- case: upvalues of several levels in messages
local deep
try(function() return (function() return (function() return deep.x end)() end)() end)
try(function() local mid return (function() return mid() end)() end)
--- case: shadowed names in messages
local x = nil
try(function() local x = 5 return x.y.z end)
try(function() local x = {} do local x; x() end end)
try(function() local x = {} do local x end return x.y.z end)
--- case: registers reused after a block are not misnamed
try(function() do local gone = 1 end local t = {} return t.a.b end)
try(function() do local gone = {} end return undefined.x end)
try(function() for i = 1, 2 do end local q = nil; q() end)
--- case: conditional values are not named
local a, b
try(function() return (a or b).x end)
try(function() return (a and a.x or b).y end)
try(function() return (a or b)() end)
try(function() local c = a or b return c.x end)
--- case: fields whose names are not names
local t = {}
try(function() return t["two words"].x end)
try(function() return t[""].x end)
try(function() return t["end"].x end)
try(function() t["a\nb"]() end)
try(function() return t[1.5].x end)
try(function() return t[true].x end)
local k = "dyn"
try(function() return t[k].x end)
try(function() t[k]() end)
--- case: very long names in messages
local name = ("n"):rep(100)
show(pcall(loadstring("local " .. name .. " return " .. name .. ".x")))
show(pcall(loadstring("return " .. name .. ".x")))
show(pcall(loadstring("local t = {} return t." .. name .. ".x")))
--- case: lines of messages in split expressions
try(loadstring("local a\nlocal b = 1 +\n\na", "=split"))
try(loadstring("local a\nlocal b = a\n+ 1", "=split"))
try(loadstring("local t = {\n1,\nnil + 1,\n}", "=split"))
try(loadstring("local f\nf(\n1,\n2\n)", "=split"))
try(loadstring("local f\nf\n(\n1)", "=split") or error)
try(loadstring("local t = {}\nt\n.x\n.y\n= 1", "=split"))
try(loadstring("local s = 'a' ..\n'b' ..\n{} ..\n'c'", "=split"))
try(loadstring("return\n1\n<\n{}", "=split"))
try(loadstring("local t = setmetatable({}, {\n__index = function()\nerror('x')\nend })\nreturn\nt.y", "=split"))
--- case: the line of a bad bound of a loop
try(loadstring("for i = 1,\n2,\n'x' do end", "=split"))
try(loadstring("for i = 'x',\n2\n, 3 do\nend", "=split"))
--- case: the line of a bad bound of a loop whose do stands alone
try(loadstring("for i = 1,\n2,\n'x'\ndo end", "=split"))
--- case: lines of functions that end
try(loadstring("local function f()\nlocal x\nx()\nend\n\nf()", "=lines"))
try(loadstring("local x = (function()\nreturn nil\nend)()\nx()", "=lines"))
try(loadstring("if nil then\nelseif undefined.x then\nend", "=lines"))
try(loadstring("while undefined.x\ndo end", "=lines"))
try(loadstring("repeat\nlocal a\nuntil a.x", "=lines"))
--- case: an error in a stripped name space
local f = loadstring("local x; return x.y", "")
show(pcall(f))
f = loadstring("local x; return x.y", "=")
show(pcall(f))
f = loadstring("local x; return x.y", "@")
show(pcall(f))
--- case: natives called with too few arguments through variables
local s = string
try(function() return s.rep() end)
try(function() local r = s.rep return r("x") end)
try(function() return ("x"):rep() end)
try(function() return ("x"):rep({}) end)
try(function() local t = { r = s.rep } return t.r("x", {}) end)
try(function() local t = { r = s.rep } return t:r(1) end)
--- case: natives as callbacks have no name
try(table.sort, { 3, 2, 1 }, math.floor)
show(pcall(string.gsub, "x", "x", math.floor))
show(pcall(table.foreach, { "x" }, math.floor))
show(pcall(xpcall, math.floor, print))
--- case: natives as metamethods have the names of their place
local t = setmetatable({}, { __index = math.floor, __add = math.floor, __call = math.floor, __concat = string.rep, __newindex = math.sqrt })
try(function() return t.x end)
try(function() return t + 1 end)
try(function() return t() end)
try(function() return t .. 1 end)
try(function() t.x = 1 end)
--- case: natives as iterators
try(function() for x in math.floor do end end)
try(function() for x in string.rep, "x", {} do end end)
try(function() for x in ("x").rep, {} do end end)
--- case: natives in tail calls
try(function() return math.floor("x") end)
try(function() return string.rep() end)
local f = math.floor
try(function() return f({}) end)
--- case: global natives by name
try(function() setmetatable(1, {}) end)
try(function() tonumber() end)
try(function() ipairs() end)
try(function() rawset({}, nil, 1) end)
try(function() select(0) end)
try(function() unpack() end)
try(function() error() end)
try(function() assert() end)
try(function() loadstring() end)
try(function() local p = pcall; p() end)
try(function() xpcall(print) end)
try(function() pcall() end)
try(function() coroutine.resume() end)
try(function() coroutine.wrap() end)
try(function() setfenv() end)
try(function() getfenv(-1) end)
try(function() getfenv(100) end)
try(function() collectgarbage("x") end)
try(function() newproxy(1) end)
--- case: methods of files by name
try(function() io.stdout:seek("bad") end)
try(function() io.stdout:setvbuf() end)
try(function() io.stdout.write() end)
try(function() io.stdout:write({}) end)
try(function() io.lines("/no/such") end)
try(function() io.open() end)
try(function() io.read("x") end)
