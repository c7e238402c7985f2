-- The order of pairs for keys that do not hash by address is the reference's: node layout, string
-- hash and growth rule show in it, and scripts came to lean on it.
--- case: small string tables
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
print(keys { a = 1, b = 2, c = 3 })
print(keys { c = 1, b = 2, a = 3 })
print(keys { x = 1, y = 2, z = 3, w = 4, v = 5 })
print(keys { name = 1, age = 2, city = 3, email = 4, id = 5, tags = 6, score = 7 })
print(keys { one = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9 })
--- case: array part first, then the rest
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
print(keys { 1, 2, 3, x = 1, y = 2 })
print(keys { x = 1, 1, y = 2, 2, z = 3, 3 })
print(keys { [1] = 1, [2] = 2, [3] = 3 })
print(keys { [3] = 1, [2] = 2, [1] = 3, a = 1 })
print(keys { 10, nil, 30, nil, 50 })
--- case: sparse numbers
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
print(keys { [10] = 1, [20] = 2, [30] = 3, [40] = 4 })
print(keys { [100] = 1, [1000] = 2, [10000] = 3, [1] = 4 })
print(keys { [-1] = 1, [-2] = 2, [0] = 3, [1] = 4 })
print(keys { [0.5] = 1, [1.5] = 2, [2.5] = 3, [1e10] = 4, [-1e10] = 5, [1e300] = 6 })
print(keys { [2^31] = 1, [2^32] = 2, [2^53] = 3, [-2^31] = 4, [1/0] = 5, [-1/0] = 6 })
--- case: booleans
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
print(keys { [true] = 1, [false] = 2 })
print(keys { [false] = 1, [true] = 2, x = 3, [0] = 4 })
--- case: tables grown one by one
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
local t = {}
for i = 1, 40 do t["key" .. i] = i if i % 8 == 1 then print(i, keys(t)) end end
--- case: numbers grown one by one downwards
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
local t = {}
for i = 20, 1, -1 do t[i] = i if i % 5 == 0 then print(keys(t)) end end
local u = {}
for i = 1, 60, 3 do u[i] = i end
print(keys(u))
--- case: fractional keys grown one by one
local t, out = {}, {}
for i = 1, 50 do t[i / 8] = i end
for k in pairs(t) do out[#out + 1] = k end
return table.concat(out, " ")
--- case: insertion after removal
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
local t = {}
for i = 1, 16 do t["k" .. i] = i end
for i = 1, 16, 2 do t["k" .. i] = nil end
print(keys(t))
t.new1 = 1
print(keys(t))
t.new2, t.new3 = 2, 3
print(keys(t))
for i = 20, 30 do t["k" .. i] = i end
print(keys(t))
--- case: colliding and moving
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
local t = {}
for _, k in ipairs { "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu" } do
  t[k] = true
  print(keys(t))
end
--- case: long string keys hash a sample of their bytes
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = #k end return table.concat(out, " ") end
local t = {}
for i = 1, 200, 7 do t[("x"):rep(i)] = i end
print(keys(t))
local u = {}
for i = 0, 30 do u[("p"):rep(40) .. i] = i end
local out = {}
for _, v in pairs(u) do out[#out + 1] = v end
print(table.concat(out, " "))
--- case: strings with odd bytes
local t, out = {}, {}
for i = 0, 255, 5 do t[string.char(i)] = i end
for _, v in pairs(t) do out[#out + 1] = v end
print(table.concat(out, " "))
t, out = {}, {}
for i = 0, 200, 9 do t[string.char(i, 0, 255 - i)] = i end
for _, v in pairs(t) do out[#out + 1] = v end
print(table.concat(out, " "))
--- case: mixed keys
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = type(k):sub(1, 1) .. tostring(k) end return table.concat(out, " ") end
local t = { 1, 2, 3 }
t[1.5], t["1"], t[true], t[10], t.x, t[-3], t["2"], t[4] = 1, 2, 3, 4, 5, 6, 7, 8
print(keys(t))
for i = 5, 9 do t[i] = i end
print(keys(t))
--- case: rehash moves integer keys to the array part
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
local t = {}
for _, k in ipairs { 4, 8, 2, 6, 1, 3, 5, 7, 9, 16, 12 } do t[k] = k print(keys(t), #t) end
--- case: length depends on the layout
local out = {}
local function len(t) out[#out + 1] = #t end
local t = {}
for i = 1, 10 do t[i] = i end
for i = 1, 10 do t[i] = nil len(t) end
t = {}
for i = 1, 20 do if i % 3 ~= 0 then t[i] = i end len(t) end
t = { 1, 2, 3, nil, 5, nil, nil, 8 }
len(t) t[9] = 9 len(t) t[4] = 4 len(t)
return table.concat(out, " ")
--- case: constructor sizes
local function keys(t) local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, " ") end
print(keys { a = 1, b = 2, c = 3, d = 4, e = 5 })
local t = { a = 1, b = 2, c = 3, d = 4 }
t.e = 5
print(keys(t))
local u = {}
u.a, u.b, u.c, u.d, u.e = 1, 2, 3, 4, 5
print(keys(u))
print(keys { 1, 2, nil, a = nil, b = 2 })
--- case: globals and library tables iterate without failing
local n = 0
for name in pairs(string) do if type(name) == "string" then n = n + 1 end end
return n > 10
--- case: a table of a thousand keys
local t = {}
for i = 1, 1000 do t["item:" .. i * 7 % 1000] = i end
local sum, i = 0, 0
for k, v in pairs(t) do i = i + 1 sum = (sum * 31 + v * i) % 1000003 end
return i, sum
--- case: a thousand scattered numbers
local t = {}
for i = 1, 1000 do t[i * i % 7919] = i t[-i * 3.25] = i end
local sum, i = 0, 0
for k, v in pairs(t) do i = i + 1 sum = (sum * 31 + v * i + k) % 1000003 end
return i, sum
--- case: next from any key
local t = { 1, 2, 3, a = 1, b = 2 }
local out = {}
for k in pairs(t) do out[#out + 1] = tostring(k) .. "->" .. tostring((next(t, k))) end
return table.concat(out, " ")
