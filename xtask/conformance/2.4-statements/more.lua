-- Manual 2.4: statements: messages of the parser, evaluation order, numeric loops at the edges.
--- case: unexpected ends
for _, text in ipairs { "if", "if x", "if x then", "if x then else", "if x then elseif", "while", "while x", "while x do", "repeat", "repeat until", "for", "for i", "for i =", "for i = 1", "for i = 1,", "for i = 1, 2", "for i = 1, 2 do", "for i in", "for i, in x", "for k, v in x do", "do", "function", "function f", "function f(", "function f()", "local", "local function", "local function f", "local x =", "return function()", "x", "x.", "x =", "x,", "x, y =", "x[", "x[1", "x(", "x(1", "x{", "x:y", "{}", "break" } do compile(text) end
--- case: unexpected tokens
for _, text in ipairs { "then", "end", "else", "until", "do end end", "if x do end", "while x then end", "for 1 = 2, 3 do end", "for i = 1 do end", "for i = 1, 2, 3, 4 do end", "for i, j = 1, 2 do end", "for i.x = 1, 2 do end", "for i in 1, 2 do", "function f.x:y.z() end", "function f:x:y() end", "function 1() end", "function () end", "local function f.x() end", "local x.y = 1", "local x, = 1", "local 'x'", "return return", "return 1,", "x = = 1", "x y", "x = 1 = 2", "(x) = 1", "f() = 1", "x + 1", "1", "'s'", "not x", "-x", "x.y.z", "x[1]", "nil = 1", "f(), x = 1", "x, f() = 1", "x:y = 1", "a.b:c = 1", "local function(x) end", "function(x) end" } do compile(text) end
--- case: unmatched ends name the line they should close
compile("if x then\n\n\nend end")
compile("function f()\n\nif x then\n\nend\n")
compile("for i = 1, 2 do\n\n")
compile("while x do\nrepeat\nend")
compile("f(\n\n")
compile("x = {\n1,\n2\n")
compile("x = (\n1\n")
compile("repeat\n\n\nend")
compile("f(1,\n2\nx)")
compile("x[1\n")
--- case: bad parameters
for _, p in ipairs { "1", "a,", ",a", "a b", "a, ..., b", "..., a", "a.b", "'x'", "a = 1", "(a)", "{}", "... ...", "nil" } do compile("function f(" .. p .. ") end") end
--- case: bad table constructors
for _, t in ipairs { "1 2", ",", ";", "1,,2", "[1] 2", "[1]", "x = ", "= 1", "[x = 1", "x.y = 1", "x = 1 y = 2", "1;;", "...", "'a' = 1", "[1] = 2 [2] = 3", "function f() end" } do compile("local t = {" .. t .. "}") end
--- case: bad calls and indexes
for _, e in ipairs { "f(,)", "f(1,)", "f(1 2)", "f(", "f)", "f{1 2}", "f.1", "f.'x'", "f:1()", "f:x", "f:x.y", "f:x = 1", "f[]", "f[1,2]", "f[1", "f'x", "f.()", "f::x()", "f..x", "f:(x)" } do compile("x = " .. e) end
--- case: dots outside a vararg function
compile("function f() return ... end")
compile("function f(...) return function() return ... end end")
compile("return ...")
compile("local function f(a) local b = ... end")
--- case: break in odd places
compile("break")
compile("while x do break end")
compile("while x do if y then break end end")
compile("while x do break x = 1 end")
compile("while x do function f() break end end")
compile("for i = 1, 2 do do break end end")
compile("repeat break until x")
compile("if x then break end")
--- case: return in odd places
compile("return 1 x = 2")
compile("do return end x = 2")
compile("return; x = 1")
compile("return ; ;")
compile("if x then return 1 else return 2 end return 3")
compile("while true do return end")
compile("return 1; return 2")
--- case: semicolons
compile("x = 1;")
compile(";")
compile("x = 1;;")
compile("do ; end")
compile("x = 1; y = 2; local z; z = 3;")
compile("f();")
compile("return;")
--- case: ambiguous calls on a new line
compile("x = f\n(1)")
compile("f\n(1)")
compile("x = f\n'a'")
compile("x = f\n{1}")
compile("x = f --c\n (1)")
compile("x = a.b\n:c\n(1)")
compile("x = f[[\n]](1)")
--- case: too many locals, upvalues and others
local function many(n, make) local t = {} for i = 1, n do t[i] = make(i) end return table.concat(t, "\n") end
compile(many(200, function(i) return "local a" .. i end))
compile(many(201, function(i) return "local a" .. i end))
compile("function f() " .. many(201, function(i) return "local a" .. i end) .. " end")
compile(many(61, function(i) return "local a" .. i end) .. "\nfunction f() return " .. many(61, function(i) return "a" .. i .. (i < 61 and "+" or "") end) .. " end")
compile(many(60, function(i) return "local a" .. i end) .. "\nfunction f() return " .. many(60, function(i) return "a" .. i .. (i < 60 and "+" or "") end) .. " end")
--- case: evaluation order of assignments with calls
local log = {}
local function note(x) log[#log + 1] = x return x end
local t = {}
t[note("k1")], t[note("k2")] = note("v1"), note("v2")
show(table.concat(log, " "), t.k1, t.k2)
--- case: order of stores is from right to left
local log = {}
local t = setmetatable({}, { __newindex = function(_, k, v) log[#log + 1] = k .. "=" .. tostring(v) end })
t.a, t.b, t.c = 1, 2
show(unpack(log))
t.x, t.x, t.x = 1, 2, 3
show(unpack(log, 4))
--- case: an assignment that changes its own table
local t = { 1, 2 }
local i = 1
i, t[i] = i + 1, 20
show(i, t[1], t[2])
local a = { x = {} }
local b = a
a.x, a = 1, nil
show(b.x, a)
--- case: swap of fields and elements
local t = { 1, 2, 3, x = "x", y = "y" }
t[1], t[3] = t[3], t[1]
t.x, t.y = t.y, t.x
show(t[1], t[3], t.x, t.y)
--- case: assignment from calls in each position
local function f() return 1, 2, 3 end
local a, b, c, d = f(), f()
show(a, b, c, d)
a, b, c, d = 0, f()
show(a, b, c, d)
a, b, c, d = (f())
show(a, b, c, d)
a, b = f(), 10, f()
show(a, b)
--- case: a numeric loop at the limits of doubles
local n = 0
for i = 2^53 - 2, 2^53 + 2 do n = n + 1 if n > 10 then break end end
show(n)
n = 0
for i = 1e308, 1.7e308, 1e307 do n = n + 1 end
show(n)
for i = 5e-324, 5e-324 do show(i) end
--- case: a numeric loop with infinite bounds
local n = 0
for i = 1, 1/0 do n = n + 1 if n == 5 then break end end
for i = -1/0, 1 do n = n + 1 if n == 10 then break end end
for i = 1/0, 1 do n = n + 100 end
for i = 1, -1/0, -1e308 do n = n + 1000 if n > 1e5 then break end end
for i = 1, 2, 1/0 do n = n + 10000 end
show(n)
--- case: a numeric loop with nan anywhere runs not at all
local n = 0
for i = 0/0, 1 do n = n + 1 end
for i = 1, 0/0 do n = n + 1 end
for i = 1, 2, 0/0 do n = n + 1 end
show(n)
--- case: a numeric loop with a step of zero
local n = 0
for i = 1, 2, 0 do n = n + 1 if n > 5 then break end end
for i = 1, 0, 0 do n = n + 1 if n > 10 then break end end
for i = 1, 1, 0 do n = n + 1 if n > 20 then break end end
show(n)
--- case: a numeric loop with tiny steps
local n, last = 0
for i = 0, 1, 0.1 do n = n + 1 last = i end
show(n, last)
n = 0
for i = 1, 0, -0.25 do n = n + 1 end
for i = 1, 1 + 1e-15, 2^-52 do n = n + 1 end
show(n)
--- case: a numeric loop with text bounds
local out = {}
for i = "1", "3" do out[#out + 1] = i end
for i = " 0x10 ", "1e1", "-2" do out[#out + 1] = i end
show(unpack(out))
show(pcall(loadstring("for i = '1x', 2 do end")))
--- case: the loop variable is a copy
local out = {}
for i = 1, 3 do out[#out + 1] = i i = i * 10 out[#out + 1] = i end
show(unpack(out))
--- case: bounds are evaluated once and in order
local log = {}
local function note(x) log[#log + 1] = x return x end
for i = note(1), note(2), note(1) do log[#log + 1] = "b" .. i end
show(unpack(log))
--- case: closures in loops capture each round
local fs = {}
for i = 1, 3 do local j = i * 10 fs[#fs + 1] = function() i = i + 1 j = j + 1 return i, j end end
show(fs[1]()) show(fs[1]()) show(fs[2]()) show(fs[3]())
--- case: closures in while and repeat loops capture each round
local fs, n = {}, 0
while n < 3 do n = n + 1 local m = n fs[#fs + 1] = function() return m, n end end
repeat local k = n n = n - 1 fs[#fs + 1] = function() return k, n end until k == 2
for i = 1, #fs do show(fs[i]()) end
--- case: until sees locals that closures captured
local fs = {}
local n = 0
repeat n = n + 1 local done = n >= 3 fs[n] = function() return done, n end until done
show(fs[1]()) show(fs[3]())
--- case: generic for with state and control
local function iter(s, c) if c < s.n then return c + 1, s end end
local out = {}
for i, s in iter, { n = 3 }, 0 do out[#out + 1] = i .. type(s) end
show(unpack(out))
--- case: generic for evaluates its list once
local n = 0
local function list() n = n + 1 return next, { 1, 2, 3 } end
local sum = 0
for k, v in list() do sum = sum + v end
show(n, sum)
--- case: generic for stops at nil, not at false
local values = { false, 0, "", nil, 1 }
local i, n = 0, 0
for v in function() i = i + 1 return values[i] end do n = n + 1 end
show(n, i)
--- case: generic for with more variables than results
for a, b, c, d in function(s, c) if not c then return 1, 2 end end do show(a, b, c, d) end
--- case: changing the control variable of a generic for
local seen = {}
for k, v in next, { "a", "b", "c" } do seen[#seen + 1] = v k = 100 end
show(unpack(seen))
--- case: break leaves upvalues of the loop usable
local f
for i = 1, 10 do local x = i f = function() x = x + 1 return x, i end if i == 4 then break end end
show(f()) show(f())
--- case: nested functions and returns through loops
local function find(t, x) for i, row in ipairs(t) do for j, v in ipairs(row) do if v == x then return i, j end end end return nil end
show(find({ { 1, 2 }, { 3, 4 } }, 3)) show(find({ { 1 } }, 9))
--- case: local functions, recursion and their order
local function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
show(even(10), odd(7), even(3))
local fact = function(n) return n == 0 and 1 or n * fact(n - 1) end
show(pcall(fact, 3))
--- case: a local statement with fewer and more values
local a, b, c = 1
local d, e = 1, 2, 3
local f, g = (function() return 1, 2 end)()
local h
show(a, b, c, d, e, f, g, h)
--- case: locals in blocks hide and come back
local x = 1
do local x = x + 1 do local x = x + 1 show(x) end show(x) end
if true then local x = "if" show(x) end
while true do local x = "while" show(x) break end
show(x)
