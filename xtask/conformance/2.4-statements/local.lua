-- Manual 2.4.7: local declarations, and functions as statements (2.5.9).
--- case: a local is not in scope in its own initialiser
x = "global"
local x = x
local f = function() return f end
return x, f()
--- case: a local function sees itself
local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end
local f = fact
fact = nil
return pcall(f, 1), (pcall(f, 3))
--- case: redeclaration shadows
local a = 1
local function get1() return a end
local a = 2
local function get2() return a end
return get1(), get2(), a
--- case: the same name twice in one declaration
local a, a = 1, 2
return a
--- case: duplicate parameters
local function f(a, a) return a end
return f(1, 2)
--- case: unassigned locals are nil
local a, b, c
local d = nil
return a, b, c, d
--- case: two hundred locals are the limit
local names = {}
for i = 1, 200 do names[i] = "v" .. i end
compile("local " .. table.concat(names, ", "))
names[201] = "v201"
compile("local " .. table.concat(names, ", "))
compile("\n\nlocal function f()\nlocal " .. table.concat(names, "\nlocal ") .. "\nend")
compile("do local " .. table.concat(names, ", ", 1, 150) .. " end local " .. table.concat(names, ", ", 1, 199))
--- case: sixty upvalues are the limit
local decl, uses = {}, {}
for i = 1, 61 do decl[i], uses[i] = "local v" .. i, "v" .. i end
compile(table.concat(decl, "\n", 1, 60) .. "\nreturn function() return " .. table.concat(uses, ", ", 1, 60) .. " end")
compile(table.concat(decl, "\n") .. "\nreturn function() return " .. table.concat(uses, ", ") .. " end")
compile(table.concat(decl, "\n") .. "\nfunction f()\n  return " .. table.concat(uses, ", ") .. " end")
--- case: function statements
local t = { a = { b = {} } }
function t.f(x) return x end
function t.a.b.g(x) return x + 1 end
function t.a:m(x) return self == t.a, x end
function glob(x) return x * 2 end
return t.f(1), t.a.b.g(1), t.a:m(3), glob(4)
--- case: a function statement assigns to a local in scope
local f
function f() return "local" end
return f(), rawget(_G, "f")
--- case: function names in syntax errors
compile "function a.b:c.d() end"
compile "function a:b:c() end"
compile "function a[1]() end"
compile "function () end"
compile "local function a.b() end"
compile "local function a:b() end"
compile "function f(a, b,) end"
compile "function f(..., a) end"
compile "function f(a, ...) end"
compile "function f(1) end"
compile "function f(a b) end"
compile "function f(self, a) end"
compile "function f a end"
--- case: methods have self
local account = { balance = 10 }
function account:deposit(n) self.balance = self.balance + n return self end
return account:deposit(5):deposit(1).balance, account.deposit({ balance = 1 }, 1).balance
--- case: self is an ordinary parameter
local t = {}
function t:f(self) return self end
return t:f("arg")
--- case: local with vararg
local function f(...) local a, b = ..., "b" return a, b end
return f(1, 2, 3)
--- case: local attribs are not in 5.1
compile "local x <const> = 1"
compile "local function f() end local"
compile "global x = 1"
