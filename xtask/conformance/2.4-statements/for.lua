-- Manual 2.4.5: numeric and generic for.
--- case: counting up and down
for i = 1, 3 do print(i) end
for i = 3, 1, -1 do print(i) end
--- case: no iterations
for i = 1, 0 do print "never" end
for i = 0, 1, -1 do print "never" end
for i = 1, 0.5 do print "never" end
return "done"
--- case: fractional steps
local t = {}
for i = 0, 1, 0.25 do t[#t + 1] = i end
for i = 1, 0, -0.5 do t[#t + 1] = i end
return unpack(t)
--- case: accumulated rounding
local n, last = 0
for i = 0, 1, 0.1 do n, last = n + 1, i end
return n, last
--- case: step zero does nothing or loops for ever
local n = 0
for i = 1, 0, 0 do n = n + 1 if n == 5 then break end end
local m = 0
for i = 1, 1, 0 do m = m + 1 if m == 5 then break end end
return n, m
--- case: infinite limits
local n = 0
for i = 1, 1/0 do n = n + 1 if i == 4 then break end end
for i = 1, -1/0 do n = n + 100 end
for i = -1/0, 0 do n = n + 1000 break end
return n
--- case: nan
local n = 0
local nan = 0/0
for i = nan, 1 do n = n + 1 end
for i = 1, nan do n = n + 10 end
for i = 1, 2, nan do n = n + 100 break end
return n
--- case: beyond the exact integers
local n, base = 0, 2^53
for i = base, base + 4 do n = n + 1 if n == 10 then break end end
return n
--- case: near the integer limits
local t = {}
for i = 2147483646, 2147483649 do t[#t + 1] = i end
for i = -2147483647, -2147483650, -1 do t[#t + 1] = i end
for i = 4294967295, 4294967297 do t[#t + 1] = i end
return unpack(t)
--- case: around 2^31 with wide steps
local t = {}
for i = 2147483600, 2147483647, 40 do t[#t + 1] = i end
for i = 0, 2147483647, 2147483647 do t[#t + 1] = i end
for i = 0, -2147483648, -2147483648 do t[#t + 1] = i end
for i = 1, 2147483647, 1073741824 do t[#t + 1] = i end
return unpack(t)
--- case: minus zero start
for i = -0, 0 do show(i) end
for i = 1, -1, -1 do show(i) end
for i = -1, 1 do show(i) end
--- case: assigning the control variable changes only the copy
local t = {}
for i = 1, 4 do t[#t + 1] = i i = i * 10 t[#t + 1] = i end
return unpack(t)
--- case: the limit is evaluated once
local calls = 0
local function limit() calls = calls + 1 return 3 end
for i = 1, limit(), 1 do end
local n = 2
local seen = 0
for i = 1, n do n = 100 seen = seen + 1 end
return calls, seen
--- case: the control variable is local to the loop
local i = "outer"
for i = 1, 2 do end
return i
--- case: initial value may use an outer variable of the same name
local i = 5
local t = {}
for i = i, i + 1 do t[#t + 1] = i end
return unpack(t)
--- case: each iteration has a fresh variable
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 1 return i end end
return fs[1](), fs[1](), fs[2](), fs[3]()
--- case: each iteration of a generic for has fresh variables
local fs = {}
for k, v in ipairs { "a", "b" } do fs[k] = function() v = v .. k return v end end
return fs[1](), fs[1](), fs[2]()
--- case: errors for bad bounds
try(function() for i = "x", 2 do end end)
try(function() for i = 1, "x" do end end)
try(function() for i = 1, 2, "x" do end end)
try(function() for i = nil, 2 do end end)
try(function() for i = 1, {} do end end)
try(function() for i = 1, 2, false do end end)
try(function() local t = setmetatable({}, { __unm = function() return 1 end }) for i = t, 2 do end end)
--- case: order of checks
try(function() for i = {}, {}, {} do end end)
try(function() for i = 1, {}, {} do end end)
--- case: generic for protocol
local function iter(state, control)
  show(state, control)
  if control < 3 then return control + 1, "v" end
end
for a, b, c in iter, "state", 0 do show(a, b, c) end
--- case: generic for stops at nil only
local n = 0
local function iter() n = n + 1 if n < 3 then return false end end
for v in iter do show(v) end
return n
--- case: generic for with a callable table
local t = setmetatable({}, { __call = function(self, s, c) c = c + 1 if c <= s then return c end end })
for i in t, 3, 0 do print(i) end
--- case: generic for with extra values
for a, b in next, { 10 }, nil, "ignored" do show(a, b) end
for a, b, c in pairs { x = 1 } do show(a, b, c) end
--- case: iterator not callable
try(function() for x in nil do end end)
try(function() for x in {} do end end)
try(function() for x in 5 do end end)
try(function() local t = {} for x in t.iter do end end)
try(function() for x in pairs(nil) do end end)
try(function() for x in ipairs() do end end)
--- case: the control variable of a generic for may be assigned
local t = {}
for k, v in ipairs { "a", "b", "c" } do k = "changed" t[#t + 1] = v end
return unpack(t)
--- case: closures as iterators
local function chars(s)
  local i = 0
  return function() i = i + 1 if i <= #s then return s:sub(i, i) end end
end
local t = {}
for c in chars "abc" do t[#t + 1] = c end
return table.concat(t, "-")
--- case: error inside an iterator
try(function() for x in function() error("iter", 0) end do end end)
try(function() for x in function() error({}) end do end end)
--- case: break and return out of loops
local function f() for i = 1, 10 do for _, v in ipairs { 1, 2, 3 } do if i * v == 6 then return i, v end end end end
return f()
--- case: nested loops over the same table
local t, n = { 1, 2, 3 }, 0
for _, a in ipairs(t) do for _, b in ipairs(t) do n = n + a * b end end
return n
--- case: three variables in a generic for without values
for a, b, c in function(_, c) if not c then return 1 end end do show(a, b, c) end
--- case: loops with many iterations
local n = 0
for i = 1, 100000 do n = n + i % 7 end
for i = 100000, 1, -3 do n = n - i % 5 end
return n
--- case: syntax errors
compile "for 1 = 1, 2 do end"
compile "for i = 1 do end"
compile "for i = 1, 2, 3, 4 do end"
compile "for i, j = 1, 2 do end"
compile "for i.x = 1, 2 do end"
compile "for i in do end"
compile "for in pairs(t) do end"
compile "for i = 1, 2 end"
compile "for (i) = 1, 2 do end"
compile "for i, in x do end"
compile "for k, v of t do end"

--- case: the line of a loop over a string of several lines
print(pcall(function()
  for k in [[
  ]] do
  end
end))
print(pcall(function()
  for k in [[
  ]] .. [[
  ]] do
  end
end))
