-- Manual 5.5: table functions.
--- case: insert
local t = {}
table.insert(t, "a") table.insert(t, "c") table.insert(t, 2, "b") table.insert(t, 1, "z") table.insert(t, 5, "end")
return table.concat(t, " "), #t
--- case: insert returns nothing
return select("#", table.insert({}, 1)), select("#", table.insert({}, 1, 2))
--- case: insert beyond the end and before the start
local t = { 1, 2 }
table.insert(t, 5, "five")
local u = { 1, 2, 3 }
table.insert(u, 0, "zero") table.insert(u, -1, "neg")
return t[5], #t, u[0], u[-1], u[1], u[2], u[3], u[4]
--- case: insert errors
try(table.insert) try(table.insert, {}) try(table.insert, 1, 2) try(table.insert, {}, "x", 1) try(table.insert, {}, 1, 2, 3) try(table.insert, nil, 1) try(table.insert, {}, nil, 1)
--- case: insert of nil
local t = { 1 }
table.insert(t, nil)
table.insert(t, 1, nil)
return #t, t[1], t[2]
--- case: remove
local t = { "a", "b", "c", "d" }
show(table.remove(t)) show(table.remove(t, 1)) show(table.concat(t, " ")) show(table.remove(t, 2)) show(table.remove(t)) show(table.remove(t)) show(#t)
--- case: remove out of range
local t = { 1, 2, 3 }
show(table.remove(t, 4)) show(table.remove(t, 10)) show(table.remove(t, 0)) show(table.remove(t, -1)) show(#t, t[1], t[3])
show(select("#", table.remove({}))) show(select("#", table.remove({}, 1))) show(select("#", table.remove({ 1 }, 5)))
--- case: remove errors
try(table.remove) try(table.remove, 1) try(table.remove, {}, "x") try(table.remove, {}, {})
--- case: insert and remove ignore metamethods
local log = 0
local t = setmetatable({}, { __newindex = function() log = log + 1 end, __index = function() log = log + 1 end })
table.insert(t, 1) table.insert(t, 1, 2) table.remove(t)
return log, rawget(t, 1), #t
--- case: insert and remove as a queue
local q, out = {}, {}
for i = 1, 10 do table.insert(q, i) end
while #q > 0 do out[#out + 1] = table.remove(q, 1) end
return table.concat(out, " ")
--- case: concat
show(table.concat({}), table.concat({ 1, 2, 3 }), table.concat({ 1, 2, 3 }, ", "), table.concat({ "a", 1.5, "b" }, "-"), table.concat({ 1, 2, 3 }, ",", 2), table.concat({ 1, 2, 3 }, ",", 2, 3), table.concat({ 1, 2, 3 }, ",", 3, 2), table.concat({ 1, 2, 3 }, 0))
--- case: concat of ranges outside
show(table.concat({ [0] = "z", "a" }, ",", 0, 1), table.concat({ [-1] = "m", [0] = "z" }, ",", -1, 0), table.concat({ 1, 2 }, ",", 5), table.concat({}, "x", 1, 0))
try(table.concat, { 1, 2 }, ",", 1, 3)
try(table.concat, { 1 }, ",", 0, 1)
--- case: concat errors
try(table.concat) try(table.concat, 1) try(table.concat, { {} }) try(table.concat, { 1, {}, 3 }) try(table.concat, { true }) try(table.concat, { 1, nil, 3 }, ",", 1, 3) try(table.concat, { print }) try(table.concat, {}, {}) try(table.concat, { 1 }, ",", "x") try(table.concat, { setmetatable({}, { __tostring = function() return "x" end }) })
--- case: concat is raw
try(table.concat, setmetatable({}, { __index = function(_, i) return i end }), ",", 1, 3)
--- case: concat with long and binary parts
local t = {}
for i = 1, 1000 do t[i] = ("\0x"):rep(10) end
local s = table.concat(t, "\0")
return #s, s:sub(1, 3)
--- case: maxn
show(table.maxn {}, table.maxn { 1, 2, 3 }, table.maxn { 1, nil, 3 }, table.maxn { [100] = 1, x = 2 }, table.maxn { [1.5] = 1 }, table.maxn { [-5] = 1 }, table.maxn { [2^53] = 1 }, table.maxn { [1/0] = 1 })
try(table.maxn) try(table.maxn, 1)
--- case: getn and setn
show(table.getn { 1, 2, 3 }, table.getn { n = 10 }, table.getn {})
try(table.setn, {}, 5) try(table.getn) try(table.setn, {})
--- case: foreach and foreachi
table.foreachi({ "a", "b" }, function(i, v) show(i, v) end)
show(table.foreachi({ "a", "b", "c" }, function(i, v) if i == 2 then return v, "second" end end))
show(table.foreach({ 10 }, function(k, v) return k, v end))
table.foreach({ x = 1 }, function(k, v) show(k, v) end)
show(select("#", table.foreach({}, print)))
try(table.foreach) try(table.foreach, {}) try(table.foreach, {}, 1) try(table.foreachi, {}, nil) try(table.foreachi, { 1 }, function() error("x", 0) end)
--- case: unpack and pack are not in table
return table.unpack, table.pack, table.move
--- case: sort numbers and strings
local t = { 5, 2, 8, 1, 9, 3 }
table.sort(t)
local u = { "pear", "apple", "fig", "Apple", "" }
table.sort(u)
return table.concat(t, " "), table.concat(u, " ")
--- case: sort with a comparator
local t = { 5, 2, 8, 1 }
table.sort(t, function(a, b) return a > b end)
local people = { { n = "b", a = 2 }, { n = "a", a = 2 }, { n = "c", a = 1 } }
table.sort(people, function(x, y) if x.a ~= y.a then return x.a < y.a end return x.n < y.n end)
return table.concat(t, " "), people[1].n .. people[2].n .. people[3].n
--- case: sort of small and sorted tables
local function s(t) table.sort(t) return table.concat(t, " ") end
return s {}, s { 1 }, s { 2, 1 }, s { 1, 2, 3, 4, 5 }, s { 5, 4, 3, 2, 1 }, s { 1, 1, 1, 1 }, s { 2, 1, 2, 1, 2 }
--- case: sort returns nothing
return select("#", table.sort {}), select("#", table.sort { 2, 1 })
--- case: the number of comparisons is the reference's
local t, n = {}, 0
local x = 7
for i = 1, 200 do x = x * 16807 % 2147483647 t[i] = x end
table.sort(t, function(a, b) n = n + 1 return a < b end)
for i = 2, 200 do assert(t[i - 1] <= t[i]) end
return n
--- case: the order of equal elements is the reference's
local t, x = {}, 11
for i = 1, 40 do x = x * 16807 % 2147483647 t[i] = { k = x % 5, i = i } end
table.sort(t, function(a, b) return a.k < b.k end)
local out = {}
for i, v in ipairs(t) do out[i] = v.k .. ":" .. v.i end
return table.concat(out, " ")
--- case: the sequence of comparisons is the reference's
local log = {}
table.sort({ 3, 1, 4, 1, 5, 9, 2, 6 }, function(a, b) log[#log + 1] = a .. b return a < b end)
return table.concat(log, " ")
--- case: sort errors
try(table.sort) try(table.sort, 1) try(table.sort, {}, 1) try(table.sort, { 1, "x" }) try(table.sort, { 1, 2, {} }) try(table.sort, { {}, {} }) try(table.sort, { true, false }) try(table.sort, { 1, nil, 3 }) try(table.sort, {}, nil) try(table.sort, { 2, 1 }, {})
--- case: invalid order functions
try(table.sort, { 1, 2, 3, 4, 5 }, function() return true end)
local t = {}
for i = 1, 50 do t[i] = i % 7 end
local ok, m = pcall(table.sort, t, function(a, b) return true end)
show(ok, m)
try(table.sort, { 3, 2, 1 }, function() return false end)
try(table.sort, { 1, 2, 3 }, function(a, b) return nil end)
--- case: sort with a comparator that errors
local t = { 3, 2, 1 }
try(table.sort, t, function(a, b) error("cmp " .. a .. b, 0) end)
return #t
--- case: sort with nan
local nan = 0/0
local t = { 3, nan, 1, 2 }
local ok = pcall(table.sort, t)
return #t
--- case: sort a large table
local t, x = {}, 1
for i = 1, 20000 do x = x * 16807 % 2147483647 t[i] = x % 1000 end
table.sort(t)
local sorted, sum = true, 0
for i = 1, #t do if i > 1 and t[i - 1] > t[i] then sorted = false end sum = (sum * 3 + t[i]) % 1000003 end
return sorted, sum
--- case: sort uses __lt
local mt = { __lt = function(a, b) return a.v > b.v end }
local t = {}
for i = 1, 5 do t[i] = setmetatable({ v = i }, mt) end
table.sort(t)
return t[1].v, t[5].v
--- case: sort is raw
local n = 0
local t = setmetatable({ 3, 1, 2 }, { __index = function() n = n + 1 end, __newindex = function() n = n + 1 end })
table.sort(t)
return n, t[1], t[2], t[3]
--- case: array operations keep the length right
local t = {}
for i = 1, 100 do table.insert(t, 1, i) end
for i = 1, 50 do table.remove(t, 25) end
return #t, t[1], t[24], t[25], t[50], t[51]
--- case: tables as sets, counters and matrices
local words = {}
for w in ("a b a c b a"):gmatch("%a") do words[w] = (words[w] or 0) + 1 end
local m = {}
for i = 1, 3 do m[i] = {} for j = 1, 3 do m[i][j] = i * j end end
return words.a, words.b, words.c, m[2][3], m[3][3]
