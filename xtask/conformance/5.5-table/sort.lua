-- Manual 5.5: table.sort.
--- case: nothing to sort
show(table.sort({}))
local t = { 1 }
table.sort(t, function() error("never called") end)
show(t[1])
--- case: order functions may return anything
local t = { 3, 1, 2 }
table.sort(t, function(a, b) return a < b and 0 or nil end)
show(unpack(t))
table.sort(t, function(a, b) return a > b and "yes" end)
show(unpack(t))
--- case: an order function must be a function
try(table.sort, { 1, 2 }, 1)
try(table.sort, { 1, 2 }, "x")
try(table.sort, { 1, 2 }, {})
try(table.sort, { 1, 2 }, setmetatable({}, { __call = function() return false end }))
try(table.sort, { 2, 1 }, nil)
try(table.sort, { 2, 1 }, false)
--- case: sort wants a table
try(table.sort)
try(table.sort, nil)
try(table.sort, "x")
try(table.sort, 1, print)
--- case: an order that is always true
try(table.sort, { 1, 2, 3 }, function() return true end)
try(table.sort, { 1, 2, 3, 4 }, function() return true end)
try(table.sort, { 1, 1, 1, 1, 1 }, function() return true end)
--- case: an order that is always false leaves what it leaves
local t = { 5, 4, 3, 2, 1 }
table.sort(t, function() return false end)
show(unpack(t))
--- case: an order by less or equal
try(table.sort, { 1, 2, 3 }, function(a, b) return a <= b end)
try(table.sort, { 3, 3, 3 }, function(a, b) return a <= b end)
try(table.sort, { 3, 3, 3, 3, 3, 3 }, function(a, b) return a <= b end)
--- case: values that cannot be compared
try(table.sort, { 1, "x" })
try(table.sort, { "x", 1, 2 })
try(table.sort, { {}, {} })
try(table.sort, { 1, {} })
try(table.sort, { true, false })
try(table.sort, { print, print })
try(table.sort, { 1, 2, "3" })
--- case: holes in the list
try(table.sort, { 1, nil, 3 })
try(table.sort, { 3, nil, nil, 1 })
--- case: a nil that the order function takes
local t = { 3, nil, 1 }
local ok = pcall(table.sort, t, function(a, b) return (a or 0) < (b or 0) end)
show(ok)
--- case: strings in byte order
local t = { "b", "B", "a", "A", "", "ab", "a\0", "\255", "1", "10", "9" }
table.sort(t)
show(unpack(t))
--- case: numbers of every size
local t = { 1/0, -1/0, 0.5, -0.5, 1e300, -1e300, 5e-324, 2^53, 0 }
table.sort(t)
show(unpack(t))
--- case: sorting downwards
local t = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9 }
table.sort(t, function(a, b) return a > b end)
return table.concat(t, " ")
--- case: only the first n elements take part
local t = { 3, 2, 1, n = 10, [5] = 0 }
table.sort(t)
show(t[1], t[2], t[3], t[4], t[5])
--- case: sorting by a field with ties
local t = {}
for i = 1, 20 do t[i] = { key = i * 7 % 5, id = i } end
table.sort(t, function(a, b) if a.key ~= b.key then return a.key < b.key end return a.id < b.id end)
local out = {}
for i, v in ipairs(t) do out[i] = v.key .. ":" .. v.id end
return table.concat(out, " ")
--- case: an error in the order function leaves all elements
local t = { 5, 3, 8, 1, 9, 2 }
local n = 0
show(pcall(table.sort, t, function(a, b) n = n + 1 if n == 5 then error("stop", 0) end return a < b end))
local sum = 0
for _, v in ipairs(t) do sum = sum + v end
show(#t, sum)
--- case: an order function that removes elements
local t = { 4, 3, 2, 1 }
local first = true
show(pcall(table.sort, t, function(a, b) if first then first = false t[2] = nil end return (a or 0) < (b or 0) end))
--- case: a yield in the order function
local co = coroutine.create(function() table.sort({ 2, 1 }, function(a, b) return coroutine.yield() end) end)
show(coroutine.resume(co))
--- case: __lt decides between tables
local meta = { __lt = function(a, b) return a.v < b.v end }
local t = {}
for i = 1, 6 do t[i] = setmetatable({ v = i * 5 % 7 }, meta) end
table.sort(t)
local out = {}
for i, v in ipairs(t) do out[i] = v.v end
return table.concat(out, " ")
--- case: __lt of different tables
local a = setmetatable({}, { __lt = function() return true end })
local b = setmetatable({}, { __lt = function() return true end })
try(table.sort, { a, b })
--- case: __le does not help sort
local meta = { __le = function() return true end }
try(table.sort, { setmetatable({}, meta), setmetatable({}, meta) })
--- case: sort inside an order function
local t = { 3, 1, 2 }
table.sort(t, function(a, b) local inner = { a, b } table.sort(inner) return inner[1] == a and a ~= b end)
show(unpack(t))
--- case: patterns that are bad for quicksort
local function check(make)
  local t = {}
  for i = 1, 100 do t[i] = make(i) end
  table.sort(t)
  for i = 2, 100 do if t[i] < t[i - 1] then return "unsorted" end end
  return "sorted"
end
show(check(function(i) return i end), check(function(i) return -i end), check(function() return 1 end), check(function(i) return i % 2 end), check(function(i) return i < 50 and i or 100 - i end), check(function(i) return i * 37 % 101 end))
--- case: the elements compared in a sort of five
local log = {}
local t = { 4, 2, 5, 1, 3 }
table.sort(t, function(a, b) log[#log + 1] = a .. b return a < b end)
return table.concat(log, " ")
--- case: mixed integers and fractions
local t = { 1.5, 1, 2, 1.25, -1.5, -1 }
table.sort(t)
return table.concat(t, " ")
