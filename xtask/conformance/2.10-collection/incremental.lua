-- Manual 2.10: what scripts do between two steps of the collector loses nothing: large tables,
-- which are marked in parts, and small ones, which are marked again. (The ballast is there because
-- of a small heap the collector treats tables alike.)
--- case: elements of large arrays are replaced and change places
local seed = 1
local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
end
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local size = 6000
local arrays, sum = { {}, {} }, 0
for i = 1, size do
    arrays[1][i], arrays[2][i] = { i }, { i }
    sum = sum + 2 * i
end
for i = 1, 40000 do
    local a, b = random(size), random(size)
    local array = arrays[i % 2 + 1]
    if i % 3 == 0 then
        sum = sum - array[a][1] + i
        array[a] = { i }
    elseif i % 3 == 1 then
        for _ = 1, 9 do sum = sum - table.remove(array)[1] end
        for k = 1, 9 do table.insert(array, { k }) end
        sum = sum + 45
    else
        -- For a moment only the array has either, each in one place.
        local kept = array[a]
        array[a] = array[b]
        array[b] = kept
        kept = nil
    end
end
local total = 0
for i = 1, size do total = total + arrays[1][i][1] + arrays[2][i][1] end
return total == sum, #arrays[1], #arrays[2]
--- case: a large map gets new keys, loses old ones and grows
local seed = 7
local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
end
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local map, order = {}, {}
for i = 1, 1500 do
    order[i] = { i }
    map[order[i]] = { value = i }
end
for i = 1, 20000 do
    local at = random(#order)
    local key = order[at]
    if i % 4 == 0 then
        local moved = map[key]
        map[key] = nil
        local fresh = { "fresh " .. i, moved.value }
        map[fresh] = moved
        order[at] = fresh
    elseif i % 4 == 1 and i % 80 == 1 then
        order[#order + 1] = { i }
        map[order[#order]] = { value = i }
    elseif i % 4 == 2 then
        -- The same key again, after it had no value.
        local value = map[key].value
        map[key] = nil
        map[key] = { value = value }
    else
        map[key] = { value = map[key].value }
    end
end
local n, sum = 0, 0
for key, entry in pairs(map) do
    n = n + 1
    sum = sum + entry.value * #key
end
local expected = 0
for _, key in ipairs(order) do expected = expected + map[key].value * #key end
return n, #order, sum == expected
--- case: long strings as keys of a large map
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local map = {}
local function key(i) return ("k"):rep(60) .. i end
for i = 1, 1200 do map[key(i)] = { i } end
for i = 1, 12000 do
    local k = key(i * 7 % 1200 + 1)
    local entry = map[k]
    map[k] = nil
    local garbage = { k }
    map[key(i * 7 % 1200 + 1)] = { entry[1] }
end
local sum = 0
for i = 1, 1200 do sum = sum + map[key(i)][1] end
return sum
--- case: a list that is moved about
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local list = {}
for i = 1, 4000 do list[i] = { i } end
for i = 1, 6000 do
    table.insert(list, i % 4000 + 1, { i })
    local entry = table.remove(list, (i * 31) % 4000 + 1)
    if i % 5 == 0 then list[#list + 1] = { table.remove(list, 1)[1] } end
end
local sum = 0
for i = 1, #list do sum = sum + list[i][1] end
return #list, sum
--- case: a large list is sorted
local seed = 5
local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
end
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local list = {}
for i = 1, 4000 do list[i] = { random(1000000) } end
for round = 1, 3 do
    table.sort(list, function(a, b)
        local garbage = { a, b }
        if round == 2 then return a[1] > b[1] end
        return a[1] < b[1]
    end)
end
local sum = 0
for i = 2, 4000 do
    assert(list[i - 1][1] <= list[i][1])
    sum = sum + list[i][1] * i
end
return sum
--- case: many small tables are written to
local seed = 3
local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
end
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local function grow(depth)
    if depth == 0 then return { 0 } end
    local node = {}
    for i = 1, 8 do node[i] = grow(depth - 1) end
    return node
end
local function at(node, path)
    for _ = 1, 3 do
        node = node[path % 8 + 1]
        path = math.floor(path / 8)
    end
    return node, path % 8 + 1
end
local tree, written = grow(4), {}
for i = 1, 30000 do
    local path = random(4096) - 1
    local node, slot = at(tree, path)
    if i % 3 == 0 then
        -- A branch goes from one node to another, and back.
        local other, place = at(tree, random(4096) - 1)
        node[slot], other[place] = other[place], node[slot]
    else
        node[slot] = { i }
    end
end
local n = 0
local function count(node, depth)
    if depth == 0 then
        n = n + 1
        return node[1]
    end
    local sum = 0
    for i = 1, 8 do sum = sum + count(node[i], depth - 1) end
    return sum
end
return count(tree, 4) > 0, n
--- case: a large table becomes weak while it is marked
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
for round = 1, 5 do
    local cache = {}
    for i = 1, 4000 do cache[i] = { i } end
    local kept = {}
    for i = 1, 3000 do
        kept[i % 50 + 1] = cache[i]
        if i == 500 * round then setmetatable(cache, { __mode = "v" }) end
    end
    collectgarbage()
    collectgarbage()
    local n = 0
    for _, entry in pairs(cache) do n = n + 1 end
    show(round, n)
end
--- case: a table with __newindex and a new metatable now and then
local seed = 11
local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
end
collectgarbage("setpause", 100)
collectgarbage("setstepmul", 130)
local ballast = ("x"):rep(8000000)
local guarded, n_new = {}, 0
local function meta()
    local owner = { 1 }
    return { __newindex = function(t, k, v) n_new = n_new + owner[1] rawset(t, k, v) end }
end
for i = 1, 3000 do guarded[i] = { i } end
setmetatable(guarded, meta())
local sum = 3000 * 3001 / 2
for i = 1, 30000 do
    local at = random(3000)
    sum = sum - guarded[at][1] + i
    guarded[at] = { i }
    if i % 10 == 0 then
        guarded["k" .. i % 500] = nil
        guarded["k" .. i % 500] = { i }
    end
    if i % 100 == 0 then setmetatable(guarded, meta()) end
end
local total = 0
for i = 1, 3000 do total = total + guarded[i][1] end
local rest = 0
for i = 0, 499, 10 do rest = rest + guarded["k" .. i][1] end
return total == sum, n_new, rest
