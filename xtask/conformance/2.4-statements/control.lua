-- Manual 2.4.4: while, repeat, if, break, return.
--- case: while
local i, sum = 0, 0
while i < 5 do i = i + 1 sum = sum + i end
return i, sum
--- case: while with break
local i = 0
while true do
  i = i + 1
  if i == 3 then break end
end
return i
--- case: while false
while false do print "never" end
while nil do print "never" end
return "after"
--- case: while with and, or
local a, b, n = 3, 5, 0
while a > 0 and b > 0 or n == 0 do a, b, n = a - 1, b - 1, n + 1 end
return a, b, n
--- case: repeat
local i = 0
repeat i = i + 1 until i >= 3
return i
--- case: repeat runs at least once
local n = 0
repeat n = n + 1 until true
return n
--- case: until sees the locals of the block
local n = 0
repeat
  n = n + 1
  local done = n > 2
until done
return n
--- case: until sees captured locals
local fs, n = {}, 0
repeat
  n = n + 1
  local x = n * 10
  fs[n] = function() x = x + 1 return x end
until x >= 30
return fs[1](), fs[1](), fs[2](), fs[3](), n
--- case: break inside repeat with captured locals
local fs = {}
repeat
  local x = "captured"
  fs[1] = function() return x end
  if x then break end
until x == nil
return fs[1]()
--- case: repeat until with a closure in the condition
local calls = 0
repeat
  local v = calls
  calls = calls + 1
until (function() return v == 2 end)()
return calls
--- case: nested breaks leave one loop
local log = {}
for i = 1, 3 do
  while true do
    repeat
      if i == 2 then break end
      log[#log + 1] = i
    until true
    break
  end
  log[#log + 1] = "-"
end
return table.concat(log, " ")
--- case: if chains
local function kind(n)
  if n < 0 then return "negative"
  elseif n == 0 then return "zero"
  elseif n < 10 then return "small"
  else return "big" end
end
return kind(-1), kind(0), kind(5), kind(50)
--- case: if without else falls through
local x
if nil then x = 1 elseif false then x = 2 end
return x
--- case: conditions of every shape
local t, f, n, z = true, false, nil, 0
local function c(v) if v then return 1 else return 0 end end
return c(t and f), c(t or f), c(not f), c(n == nil), c(z), c(t and z), c(not (t and not f)), c(f or n or z), c(z ~= 0), c(not z == 0)
--- case: comparison chains in conditions
local out = {}
for i = 1, 6 do
  if i > 1 and i < 3 or i >= 5 and not (i == 6) then out[#out + 1] = i end
end
return table.concat(out, ",")
--- case: constant conditions
local r = {}
if 1 then r[1] = "one" end
if "" then r[2] = "empty" end
if not nil then r[3] = "notnil" end
if nil or false then r[4] = "no" else r[4] = "else" end
return unpack(r)
--- case: return stops a function
local function f(x)
  do return x end
  return "unreachable"
end
return f(1)
--- case: return must be last
compile "return 1 print(2)"
compile "do return 1 end print(2)"
compile "return; x = 1"
compile "return 1;"
compile "return;"
compile "if x then return end y = 1"
--- case: break must be last and in a loop
compile "break"
compile "while true do break x = 1 end"
compile "while true do if x then break end y = 1 end"
compile "while true do break; end"
compile "for i = 1, 2 do local function f() break end end"
compile "if x then break end"
compile "repeat break until true"
--- case: empty statements do not exist
compile ";"
compile "x = 1;;"
compile "x = 1;"
compile "do ; end"
compile "local x; local y;"
--- case: do blocks
local x = 1
do local x = 2 do local x = 3 end x = x + 10 end
do end
return x
--- case: loops with a final return
local function find(t, v)
  for i = 1, #t do if t[i] == v then return i end end
  return nil, "none"
end
return find({ 5, 6, 7 }, 6), find({}, 1)
--- case: locals are nil on each entry
local seen = {}
for i = 1, 3 do
  local x
  seen[#seen + 1] = tostring(x)
  x = i
end
local i = 0
while i < 2 do local y seen[#seen + 1] = tostring(y) y = i i = i + 1 end
return table.concat(seen, " ")
--- case: deep nesting of blocks
local n = 0
do do do do do do do do do do while true do if true then repeat n = n + 1 break until false end break end end end end end end end end end end end
return n
--- case: missing keywords
compile "if x y = 1 end"
compile "while x y = 1 end"
compile "if x then y = 1\n\n"
compile "while x do\ny = 1\n"
compile "for i = 1, 2 do\nif x then\nend\n"
compile "repeat\nx = 1\nend"
compile "else"
compile "end"
compile "until x"
compile "if x then else elseif y then end"
compile "if x then end end"
compile "function f()\nif x then\nelse\n"
--- case: goto free continue
local out = {}
for i = 1, 5 do
  repeat
    if i % 2 == 0 then break end
    out[#out + 1] = i
  until true
end
return table.concat(out, " ")
