-- Manual 2.5.7: table constructors.
--- case: forms of fields
local k = "key"
local t = { 1, "two"; x = 3, ["y z"] = 4, [k] = 5, [10] = 6, [1 + 1.5] = 7, }
return t[1], t[2], t.x, t["y z"], t.key, t[10], t[2.5]
--- case: empty and trailing separators
compile "return {}"
compile "return {1,}"
compile "return {1;}"
compile "return {1;2,3;}"
compile "return {,}"
compile "return {;}"
compile "return {1,,2}"
compile "return {1 2}"
compile "return {x=}"
compile "return {[1]}"
compile "return {[1=2}"
compile "return {x.y=1}"
compile "return {x:y()}"
compile "return {'a'=1}"
compile "return {1=2}"
compile "return {...}"
compile "return {f{}, -x, not y, function() end}"
compile "return {\n1,\n2\n"
--- case: positional and explicit indexes collide
local t = { [1] = "explicit", "positional" }
local u = { "positional", [1] = "explicit" }
local v = { "a", "b", [2] = "x", "c" }
return t[1], u[1], v[1], v[2], v[3]
--- case: the last call expands
local function f() return 1, 2, 3 end
local a, b, c, d = { f() }, { f(), f() }, { (f()) }, { f(), x = 1 }
return #a, #b, #c, #d, #{ f(), nil }, #{ f(), (f()) }
--- case: call before a keyed field at the end
local function f() return 1, 2, 3 end
local t = { f(), n = 5 }
local u = { n = 5, f() }
return #t, #u, t.n, u.n
--- case: vararg in the middle is one value
local function f(...) local t = { ..., "end" } return #t, t[1], t[2] end
show(f("a", "b", "c"))
show(f())
--- case: nil values
local t = { nil, nil, x = nil, 3 }
return t[1], t[2], t[3], t.x
--- case: more than fifty items flush in blocks
local parts = {}
for i = 1, 173 do parts[i] = tostring(i * 2) end
local t = loadstring("return {" .. table.concat(parts, ",") .. "}")()
return #t, t[1], t[50], t[51], t[100], t[101], t[150], t[173], t[174]
--- case: exactly fifty and a call
local parts = {}
for i = 1, 50 do parts[i] = tostring(i) end
local list = table.concat(parts, ",")
local t = loadstring("return {" .. list .. ", ...}")("x", "y")
local u = loadstring("return {" .. list .. "}")()
local v = loadstring("return {" .. list .. ", ...}")()
return #t, t[50], t[51], t[52], #u, #v
--- case: thousands of items
local parts = {}
for i = 1, 30000 do parts[i] = i % 10 end
local t = loadstring("return {" .. table.concat(parts, ",") .. "}")()
local sum = 0
for i = 1, #t do sum = sum + t[i] end
return #t, sum
--- case: thousands of keyed items
local parts = {}
for i = 1, 3000 do parts[i] = "k" .. i .. "=" .. i end
local t = loadstring("return {" .. table.concat(parts, ",") .. "}")()
local n = 0
for k, v in pairs(t) do n = n + v end
return n, t.k1, t.k3000
--- case: order of evaluation
local log = {}
local function f(x) log[#log + 1] = x return x end
local t = { f(1), [f("k")] = f("v"), f(2), x = f(3), f(4) }
return table.concat(log, " ")
--- case: nested
local t = { { 1, { 2, { 3 } } }, a = { b = { c = "deep" } } }
return t[1][2][2][1], t.a.b.c
--- case: each evaluation makes a new table
local ts = {}
for i = 1, 3 do ts[i] = { i } end
return ts[1] ~= ts[2], ts[1][1], ts[3][1]
--- case: function values in constructors
local t = { function() return 1 end, f = function() return 2 end, [3] = function(...) return ... end }
return t[1](), t.f(), t[3](7, 8)
--- case: keys may be any expression
local a = {}
local t = { [a] = 1, [print] = 2, [true] = 3, [-1] = 4, [0.5] = 5, [#"abc"] = 6, ["a" .. "b"] = 7, [{}] = 8 }
return t[a], t[print], t[true], t[-1], t[0.5], t[3], t.ab
--- case: bad keys
try(function() return { [nil] = 1 } end)
try(function() local k return { [k] = 1 } end)
try(function() return { [0/0] = 1 } end)
try(function() local t = {} t[t.x] = 1 end)
--- case: the error has the line of the field
try(function()
  return {
    1,
    x = nil + 1,
  }
end)
--- case: a constructor has no metamethods
local t = setmetatable({}, { __newindex = error })
local u = { 1, 2, x = t }
return #u
--- case: a field that begins as nil leaves its place to others
local names = { "a", "b", "c", "d", "e", "f", "g", "h", "x", "y", "z", "id", "key", "name" }
local firsts = {}
for _, nothing in ipairs(names) do
  for _, something in ipairs(names) do
    if nothing ~= something then
      local code = "return { " .. nothing .. " = nil, " .. something .. " = 1 }"
      local t = assert(loadstring(code))()
      t[nothing] = 2
      firsts[#firsts + 1] = next(t) == nothing and "1" or "2"
    end
  end
end
return table.concat(firsts)
--- case: the order of fields where some begin as nil
n1="x"
local function show(t) for k,v in pairs(t) do io.write(k,"=",type(v)," ") end print() end
show{n1 = n1, n2 = nil; b1 = 4 , t1 = {}}
show{x = nil, y = 1}
show{y = 1, x = nil}
show{a = nil, b = nil, c = 1, d = 2, e = nil, f = 3}
show{a = n1, b = nil, c = n1, d = nil, e = n1, f = 3, g = nil, h = 1}
show{n1 = nil}
show{n2 = nil, n1 = n1, b1 = 4, t1 = nil, s1 = "a", s2 = nil, s3 = n1}
