-- Manual 5.5: insert, remove, concat, maxn and the old functions in odd forms.
--- case: insert at every position around a list
for pos = -1, 5 do
  local t = { "a", "b", "c" }
  table.insert(t, pos, "X")
  local keys = {}
  for i = -2, 7 do keys[#keys + 1] = tostring(t[i]) end
  print(pos, table.concat(keys, " "))
end
--- case: insert at text and fractions
local t = { 1, 2, 3 }
table.insert(t, "2", "x")
table.insert(t, 1.9, "y")
show(unpack(t))
--- case: insert with too many or too few arguments
try(table.insert)
try(table.insert, {})
try(table.insert, {}, 1, 2, 3)
try(table.insert, {}, nil)
try(table.insert, {}, nil, 1)
try(table.insert, nil, 1)
--- case: insert at a position that is no number
try(table.insert, {}, "x", 1)
try(table.insert, {}, {}, 1)
--- case: insert of explicit nil
local t = { 1, 2 }
table.insert(t, nil)
table.insert(t, 1, nil)
show(#t, t[1], t[2], t[3])
--- case: insert into a list with a hole
local t = { 1, 2, nil, 4 }
table.insert(t, "x")
show(t[1], t[2], t[3], t[4], t[5])
--- case: insert at huge positions
local t = { 1 }
table.insert(t, 100, "far")
show(#t, t[100])
table.insert(t, -100, "low")
show(t[-100], t[1], t[2])
--- case: remove at every position around a list
for pos = -1, 5 do
  local t = { "a", "b", "c" }
  local r = table.remove(t, pos)
  print(pos, r, t[1], t[2], t[3], t[4])
end
--- case: remove from the empty list
show(table.remove({}), select("#", table.remove({})), select("#", table.remove({}, 1)), select("#", table.remove({}, 0)))
--- case: remove what lies in the field zero
local t = { [0] = "zero" }
show(table.remove(t), table.remove(t, 0), t[0])
--- case: remove with text and nil positions
local t = { "a", "b", "c" }
show(table.remove(t, "1"), #t)
show(table.remove(t, nil), #t)
show(table.remove(t, 1.9), #t)
--- case: remove argument errors
try(table.remove)
try(table.remove, 1)
try(table.remove, {}, "x")
try(table.remove, {}, {})
--- case: remove returns false values
local t = { false, false }
show(table.remove(t), table.remove(t, 1), table.remove(t))
--- case: remove over and over
local t, out = {}, {}
for i = 1, 10 do t[i] = i end
while #t > 0 do out[#out + 1] = table.remove(t, #t % 2 == 0 and 1 or #t) end
return table.concat(out, " ")
--- case: concat of nothing
show(table.concat({}), table.concat({}, ","), table.concat({ "a" }, ","), table.concat({ "a" }, ",", 2), table.concat({}, ",", 1, 0))
--- case: concat of numbers and separators
show(table.concat({ 1, 2.5, -3 }), table.concat({ 1, 2 }, 0), table.concat({ 1, 2 }, 1.5), table.concat({ "a", 1e100 }, " "))
--- case: concat of ranges
local t = { "a", "b", "c", "d" }
show(table.concat(t, "-", 2), table.concat(t, "-", 2, 3), table.concat(t, "-", 4, 4), table.concat(t, "-", 3, 2), table.concat(t, "-", "2", "3"), table.concat(t, "-", 1.9, 2.9))
--- case: concat of ranges with negative indexes
show(table.concat({ [-1] = "m", [0] = "z", "a" }, ",", -1, 1))
--- case: concat names the index and type
try(table.concat, { 1, nil, 3 }, ",", 1, 3)
try(table.concat, { "a", {}, "c" })
try(table.concat, { true })
try(table.concat, { "a", print })
try(table.concat, { newproxy() })
try(table.concat, {}, "", 5, 5)
try(table.concat, {}, "", -1, 0)
--- case: concat argument errors
try(table.concat)
try(table.concat, "x")
try(table.concat, {}, {})
try(table.concat, {}, "", "x")
try(table.concat, {}, "", 1, "x")
try(table.concat, {}, true)
--- case: concat with nil arguments
show(table.concat({ 1, 2 }, nil), table.concat({ 1, 2 }, nil, nil, nil), table.concat({ 1, 2, 3 }, ",", nil, 2))
--- case: concat near the integer limits
local t = { [2^31 - 2] = "a", [2^31 - 1] = "b" }
show(table.concat(t, ",", 2^31 - 2, 2^31 - 2))
show(table.concat({ [-2^31] = "low" }, ",", -2^31, -2^31))
--- case: concat with separators that hold zeros
show(table.concat({ "a", "b", "c" }, "\0"), #table.concat({ "", "", "" }, "\0\0"))
--- case: concat of a thousand
local t = {}
for i = 1, 1000 do t[i] = i end
local s = table.concat(t, ",")
show(#s, s:sub(1, 20), s:sub(-20))
--- case: maxn of every kind of key
show(table.maxn({}), table.maxn({ 1, 2, 3 }), table.maxn({ 1, nil, 3 }), table.maxn({ [10] = 1, [5] = 1 }), table.maxn({ x = 1 }))
show(table.maxn({ [1.5] = 1 }), table.maxn({ [-1] = 1 }), table.maxn({ [1e100] = 1 }), table.maxn({ [1/0] = 1 }), table.maxn({ ["5"] = 1 }))
--- case: maxn ignores metamethods and removed keys
local t = setmetatable({ 1, 2 }, { __index = { 1, 2, 3, 4 }, __len = function() return 10 end })
show(table.maxn(t))
t[2] = nil
show(table.maxn(t))
try(table.maxn)
try(table.maxn, "x")
--- case: getn counts and wants a table
show(table.getn({}), table.getn({ 1, 2, 3 }), table.getn({ n = 5 }), table.getn({ 1, nil, 3 }) ~= nil)
try(table.getn)
try(table.getn, "x")
--- case: setn is obsolete
try(table.setn, {}, 1)
try(table.setn, {})
try(table.setn)
try(table.setn, 1, 1)
--- case: foreach visits everything until an answer
local t = { 10, 20, x = 30 }
local n = 0
show(table.foreach(t, function(k, v) n = n + v end), n)
show(table.foreach(t, function(k, v) if k == "x" then return v, "second" end end))
show(table.foreach(t, function() return false end))
show(table.foreach({}, error))
--- case: foreach argument errors
try(table.foreach)
try(table.foreach, {})
try(table.foreach, {}, "x")
try(table.foreach, 1, print)
try(table.foreach, { 1 }, setmetatable({}, { __call = print }))
--- case: foreach passes errors on
try(table.foreach, { 1 }, function() error("inside", 0) end)
--- case: foreach that clears fields
local t = { a = 1, b = 2, c = 3 }
table.foreach(t, function(k) t[k] = nil end)
show(next(t))
--- case: foreachi visits one to the length
local out = {}
show(table.foreachi({ "a", "b", nil, "d" }, function(i, v) out[#out + 1] = i .. tostring(v) end))
show(table.concat(out, " "))
show(table.foreachi({ 5, 6, 7 }, function(i, v) if v == 6 then return i end end))
show(table.foreachi({ x = 1 }, error))
--- case: foreachi argument errors
try(table.foreachi)
try(table.foreachi, {})
try(table.foreachi, {}, 1)
try(table.foreachi, "abc", print)
--- case: foreachi fixes its length at the start
local t = { 1, 2, 3 }
local n = 0
table.foreachi(t, function(i) n = n + 1 t[#t + 1] = "more" end)
show(n, #t)
--- case: a yield inside foreach
local co = coroutine.create(function() table.foreach({ 1 }, coroutine.yield) end)
show(coroutine.resume(co))
co = coroutine.create(function() table.foreachi({ 1 }, coroutine.yield) end)
show(coroutine.resume(co))
--- case: what the table library holds
local names = {}
for k in pairs(table) do names[#names + 1] = k end
table.sort(names)
return table.concat(names, " ")
--- case: insertions and removals at random positions, with holes and in both parts
local seed = 7
local function random(n) seed = (seed * 16807) % 2147483647 return seed % n + 1 end
local function show(t) local out = {} for i = -3, 24 do out[#out + 1] = tostring(t[i]) end return #t .. ": " .. table.concat(out, " ") end
for round = 1, 30 do
  local t = {}
  if round % 3 == 0 then t = { 1, 2, 3, 4, 5, 6, 7, 8 } elseif round % 3 == 1 then t = { [3] = 3, [2] = 2, [1] = 1 } end
  for step = 1, 30 do
    local what = random(5)
    if what == 1 then table.insert(t, step)
    elseif what == 2 then table.insert(t, random(#t + 3) - 2, -step)
    elseif what == 3 then t[random(10)] = step
    elseif what == 4 and #t > 0 then io.write(tostring(table.remove(t, random(#t))), " ")
    else io.write(tostring((table.remove(t))), " ") end
  end
  print(show(t))
end
