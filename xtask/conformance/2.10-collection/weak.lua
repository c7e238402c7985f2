-- Manual 2.10: weak tables with every kind of key and value.
--- case: which values are collected
local t = setmetatable({}, { __mode = "v" })
t.number, t.text, t.yes, t.native = 1, "text", true, print
t.table, t.func, t.proxy, t.co = {}, function() return t end, newproxy(), coroutine.create(function() end)
collectgarbage()
local left = {}
for k in pairs(t) do left[#left + 1] = k end
table.sort(left)
show(unpack(left))
--- case: which keys are collected
local t = setmetatable({}, { __mode = "k" })
t[1], t.x, t[true], t[print] = 1, 2, 3, 4
t[{}], t[function() return t end], t[newproxy()], t[coroutine.create(function() end)] = 5, 6, 7, 8
collectgarbage()
local sum = 0
for k, v in pairs(t) do sum = sum + v end
show(sum)
--- case: a value kept elsewhere stays
local t, keep = setmetatable({}, { __mode = "kv" }), {}
t.a, t.b, t[keep] = keep, {}, keep
collectgarbage()
show(t.a == keep, t.b, t[keep] == keep)
--- case: a weak list shrinks from inside
local t, keep = setmetatable({}, { __mode = "v" }), { {}, {} }
for i = 1, 10 do t[i] = i % 5 == 0 and keep[i / 5] or {} end
collectgarbage()
local n = 0
for i = 1, 10 do if t[i] then n = n + 1 end end
show(n, t[5] == keep[1], t[10] == keep[2])
--- case: a weak table may be filled again
local t = setmetatable({}, { __mode = "k" })
for round = 1, 3 do for i = 1, 20 do t[{}] = i end collectgarbage() end
show(next(t))
--- case: the mode counts when the collection runs
local t = setmetatable({}, {})
t[1] = {}
collectgarbage()
show(t[1] ~= nil)
getmetatable(t).__mode = "v"
collectgarbage()
show(t[1])
--- case: a mode taken away
local meta = { __mode = "v" }
local t = setmetatable({}, meta)
meta.__mode = nil
t[1] = {}
collectgarbage()
show(t[1] ~= nil)
--- case: a metatable taken away
local t = setmetatable({}, { __mode = "v" })
setmetatable(t, nil)
t[1] = {}
collectgarbage()
show(t[1] ~= nil)
--- case: a key that its own value holds stays in 5.1
local t = setmetatable({}, { __mode = "k" })
do local k = {} t[k] = { k } end
collectgarbage()
show(next(t) ~= nil)
--- case: a weak table in a weak table
local outer = setmetatable({}, { __mode = "v" })
outer[1] = setmetatable({ {} }, { __mode = "v" })
local keep = outer[1]
collectgarbage()
show(outer[1] == keep, keep[1])
--- case: a weak table that holds itself
local t = setmetatable({}, { __mode = "kv" })
t[t], t.me = t, t
collectgarbage()
show(t[t] == t, t.me == t)
--- case: a memoizing function with a weak cache
local calls = 0
local cache = setmetatable({}, { __mode = "v" })
local function make(n) local v = cache[n] if not v then calls = calls + 1 v = { n } cache[n] = v end return v end
local a = make(1)
make(2)
show(make(1) == a, calls)
collectgarbage()
make(2)
show(make(1) == a, calls)
--- case: strings as weak keys and values stay
local t = setmetatable({}, { __mode = "kv" })
t[("k"):rep(50)] = ("v"):rep(50)
collectgarbage()
show(#next(t), #t[("k"):rep(50)])
--- case: userdata with finalizers as weak values and keys
local values, keys, log = setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" }), {}
local p = newproxy(true)
getmetatable(p).__gc = function(o) log[1], log[2] = values[1] == nil, keys[o] end
values[1], keys[p] = p, "still there"
p = nil
collectgarbage()
show(unpack(log))
collectgarbage()
show(next(keys))
--- case: next over a weak table after a collection
local t, keep = setmetatable({}, { __mode = "k" }), {}
for i = 1, 20 do local k = {} t[k] = i if i % 4 == 0 then keep[#keep + 1] = k end end
collectgarbage()
local n = 0
for k, v in pairs(t) do n = n + v end
show(n, #keep)
--- case: finalized userdata in a table with weak keys
local keys, values = setmetatable({ false, false }, { __mode = "k" }), setmetatable({ false, false }, { __mode = "v" })
do
  local p = newproxy(true)
  getmetatable(p).__gc = function(p) keys[1], keys.x, values[1], values.x = p, p, p, p end
end
collectgarbage()
collectgarbage()
show(type(keys[1]), keys.x, values[1], values.x)
