-- Manual 5.1: select, unpack, next, pairs, ipairs and the raw functions.
--- case: select from the end
show(select(-1, 1, 2, 3))
show(select(-3, 1, 2, 3))
try(select, -4, 1, 2, 3)
try(select, -1)
--- case: select beyond the end
show(select("#", select(4, 1, 2, 3)), select("#", select(1000000, 1)), select("#", select(1)))
--- case: select of huge and odd numbers
try(select, 1e10, 1)
try(select, -1e10, 1)
try(select, 1.9, "a", "b")
try(select, -1.9, "a", "b")
try(select, 0.9, "a")
--- case: select of nan and infinities
try(select, 0/0, "a")
try(select, 1/0, "a")
try(select, -1/0, "a")
--- case: select with text
show(select("2", "a", "b", "c"))
try(select, "-1", "a", "b")
try(select, "x", 1)
try(select, "", 1)
try(select, " 1 ", "a")
--- case: select takes any text that starts with the sign
show(select("#"), select("#x", 1, 2), select("#", nil, nil))
try(select, " #", 1)
--- case: select argument types
try(select)
try(select, nil)
try(select, {}, 1)
try(select, true, 1)
--- case: select keeps nils
show(select(2, nil, nil, nil))
show(select(1, nil))
--- case: select in the middle of a list
show(1, select(2, "a", "b", "c"), 2, (select(2, "a", "b", "c")))
--- case: select of many values
local t = {}
for i = 1, 200 do t[i] = i end
show(select("#", select(100, unpack(t))), (select(150, unpack(t))), (select(-10, unpack(t))))
--- case: unpack of a range
local t = { 10, 20, 30 }
show(unpack(t, 2))
show(unpack(t, 2, 3))
show(unpack(t, 0, 4))
show(unpack(t, -1, 1))
show(unpack(t, 3, 2))
--- case: unpack of empty ranges
show(select("#", unpack({})), select("#", unpack({}, 1, 0)), select("#", unpack({}, 5, -5)), select("#", unpack({}, 1, 3)))
--- case: unpack with nil bounds
local t = { 1, 2, 3 }
show(unpack(t, nil))
show(unpack(t, nil, 2))
show(unpack(t, 2, nil))
--- case: unpack with fractions and text
show(unpack({ 1, 2, 3 }, 1.7, 2.9))
show(unpack({ 1, 2, 3 }, "2", "3"))
try(unpack, {}, "x")
try(unpack, {}, 1, {})
--- case: unpack of holes
show(unpack({ 1, nil, 3 }))
show(unpack({ nil, nil, 3 }, 1, 3))
show(unpack({ n = 2 }, 1, 2))
--- case: unpack of too much
try(unpack, {}, 1, 1e6)
try(unpack, {}, 1, 1e7)
try(unpack, {}, 1, 2^31 - 2)
try(unpack, {}, 1, 8e3)
--- case: unpack near the integer limits
show(unpack({ [2^31 - 1] = "max" }, 2^31 - 1, 2^31 - 1))
show(unpack({ [-2^31] = "min" }, -2^31, -2^31))
show(unpack({ [2^31 - 2] = "a", [2^31 - 1] = "b" }, 2^31 - 2, 2^31 - 1))
try(unpack, {}, -1e9, 1e9)
--- case: unpack of bounds that are no integers in range
try(unpack, {}, 1e100, 1e100)
try(unpack, {}, 1, 0/0)
--- case: unpack ignores metamethods and __len
show(unpack(setmetatable({}, { __index = function() return 1 end, __len = function() return 2 end }), 1, 2))
--- case: unpack wants a table
try(unpack)
try(unpack, nil)
try(unpack, "abc")
try(unpack, newproxy())
--- case: unpack in the middle of things
local t = { 1, 2 }
show(unpack(t), unpack(t))
show((unpack(t)))
show({ unpack(t), 3 }[2] == nil)
--- case: next walks to the end
local t = { 10, x = 1 }
local k, v = next(t)
show(k, v)
show(next(t, k))
show(next(t, "x"))
show(next({}))
show(next({}, nil))
--- case: next of keys that are not there
try(next, {}, 1)
try(next, { 1, 2 }, 3)
try(next, { x = 1 }, "y")
try(next, {}, {})
try(next, {}, 0/0)
try(next, { 1 }, 1.5)
try(next, { 1 }, -1)
try(next, { 1 }, true)
--- case: next argument errors
try(next)
try(next, nil)
try(next, 1)
try(next, "x")
--- case: next with a numeric text is another key
local t = { 10, 20 }
try(next, t, "1")
show(next(t, 1))
--- case: next returns one nil at the end
show(select("#", next({})), select("#", next({ 1 }, 1)))
--- case: removing while walking
local t = {}
for i = 1, 20 do t[i] = i t["k" .. i] = i end
local n = 0
for k in next, t do t[k] = nil n = n + 1 end
show(n, next(t))
--- case: next after removal of the same key
local t = { a = 1, b = 2, c = 3 }
local k = next(t)
t[k] = nil
show(pcall(next, t, k))
local count = 0
for _ in pairs(t) do count = count + 1 end
show(count)
--- case: pairs argument errors
try(pairs)
try(pairs, nil)
try(pairs, 5)
try(pairs, "x")
try(pairs, newproxy(true))
--- case: pairs returns the table and nil
local t = {}
local f, s, c = pairs(t)
show(type(f), s == t, c, select("#", pairs(t)))
--- case: ipairs argument errors
try(ipairs)
try(ipairs, nil)
try(ipairs, 5)
try(ipairs, "x")
--- case: ipairs returns a function, the table and zero
local t = { "a" }
local f, s, c = ipairs(t)
show(type(f), s == t, c)
show(f(t, 0))
show(f(t, 1))
show(select("#", f(t, 1)))
--- case: the iterator of ipairs with odd arguments
local f = ipairs({})
show(f({ "a", "b" }, 1))
show(f({ [0] = "z" }, -1))
try(f, {}, "x")
try(f, 5, 1)
try(f)
--- case: the iterator of ipairs takes text and fractions
local f = ipairs({})
show(f({ "a", "b", "c" }, "1"))
show(f({ "a", "b", "c" }, 1.5))
--- case: ipairs stops at the first nil
local seen = {}
for i, v in ipairs { 1, 2, nil, 4 } do seen[#seen + 1] = v end
show(#seen)
for i in ipairs { nil, 1 } do print("never", i) end
for i, v in ipairs { false } do show(i, v) end
--- case: ipairs is always the same function
show(ipairs({}) == ipairs({ 1 }))
--- case: rawequal of every kind
local t, u = {}, setmetatable({}, { __eq = function() return true end })
show(rawequal(t, t), rawequal(u, setmetatable({}, getmetatable(u))), u == setmetatable({}, getmetatable(u)))
show(rawequal(1, 1), rawequal(1, "1"), rawequal("a", "a"), rawequal(0/0, 0/0), rawequal(0, -0), rawequal(nil, false), rawequal(nil, nil))
--- case: rawequal argument errors
try(rawequal)
try(rawequal, 1)
try(rawequal, nil, nil)
--- case: rawget argument errors
try(rawget)
try(rawget, {})
try(rawget, {}, nil)
try(rawget, "x", 1)
try(rawget, nil, 1)
--- case: rawget ignores further arguments
show(rawget({ 5 }, 1, 2, 3))
--- case: rawset argument errors
try(rawset)
try(rawset, {})
try(rawset, {}, 1)
try(rawset, {}, nil, 1)
try(rawset, {}, 0/0, 1)
try(rawset, 1, 2, 3)
--- case: rawset of nil removes
local t = { 1, 2 }
rawset(t, 2, nil)
show(#t, rawset(t, "x", nil) == t, next(t, 1))
--- case: rawset takes three arguments and ignores more
local t = {}
show(rawset(t, "a", 1, 2) == t, t.a)
--- case: rawget and rawset skip chains of tables
local base = { x = 1 }
local t = setmetatable({}, { __index = base, __newindex = base })
t.y = 2
show(rawget(t, "x"), t.x, rawget(t, "y"), base.y)
rawset(t, "y", 3)
show(rawget(t, "y"), base.y)
--- case: setmetatable with every second argument
local t = {}
try(setmetatable, t)
try(setmetatable, t, 1)
try(setmetatable, t, false)
show(setmetatable(t, nil) == t, setmetatable(t, {}) == t, setmetatable(t, {}, 1) == t)
--- case: setmetatable with every first argument
for _, v in ipairs { 1, "x", true, print, newproxy() } do try(setmetatable, v, {}) end
try(setmetatable, nil, {})
--- case: a protected metatable with a false or nil field
local t = setmetatable({}, { __metatable = false })
show(getmetatable(t))
try(setmetatable, t, nil)
t = setmetatable({}, { __metatable = nil })
show(getmetatable(t) ~= nil, pcall(setmetatable, t, nil))
--- case: getmetatable of each type
show(getmetatable(1), getmetatable(nil), getmetatable(print), getmetatable(true), getmetatable({}), type(getmetatable("")), type(getmetatable(io.stdout)))
--- case: getmetatable takes its field raw
local meta = setmetatable({}, { __index = { __metatable = "inherited" } })
local t = setmetatable({}, meta)
show(getmetatable(t) == meta)
