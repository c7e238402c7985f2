-- packages: lua-compat53
-- What Lua 5.3 has, written in Lua 5.1: the modules that need no C.
local compat = require "compat53.module"
local table, string, math, io, coroutine, load = compat.table, compat.string, compat.math, compat.io, compat.coroutine, compat.load
local function try(name, f, ...)
    local results = { pcall(f, ...) }
    for i = 1, 4 do results[i] = (tostring(results[i]):gsub("^.-%.lua:%d+: ", "")) end
    print(name, unpack(results))
end
local proxy = setmetatable({}, { __index = { 3, 1, 2 }, __len = function() return 3 end, __pairs = function() return next, { p = 1 }, nil end })
for k, v in compat.pairs(proxy) do print(k, v) end
for i, v in compat.ipairs(proxy) do io.write(i, v, " ") end
print(table.concat({ 1, 2 }, ","), table.unpack({ 1, 2, 3 }, 2), table.pack(1, nil).n)
try("move", table.move, { 1, 2, 3 }, 1, 3, 2)
local list = table.move({ 1, 2, 3, 4, 5 }, 2, 5, 1)
print(table.concat(list, " "))
try("insert", table.insert, { 1 }, 5, 2)
try("remove", table.remove, { 1 }, 7)
print(string.rep("ab", 3, "-"), math.tointeger(3), math.tointeger(3.5), math.type(3), math.type(3.5), math.type "3", math.ult(1, 2))
print(math.maxinteger, math.mininteger)
local parts = { "return ", "1 + ", "41", nil }
local i = 0
print(load(function() i = i + 1 return parts[i] end, "=parts")())
try("load", load, "syntax error here", "=bad")
print(load("return x", "=env", "t", { x = "from env" })())
try("binary", load, "return 1", "=mode", "b")
print(compat.rawlen { 1, 2 }, compat.rawlen "abc", compat.select("#", 1, 2), compat.select(-1, 1, 2))
local co = coroutine.create(function(...) local x = coroutine.yield(select(2, coroutine.running())) error("in " .. x) end)
print(coroutine.resume(co, 1))
print(coroutine.resume(co, "co"))
print(select(2, coroutine.running()))
print(compat.xpcall(function(a, b) return a + b end, print, 1, 2))
print(compat.pcall(compat.error, { code = 1 }))
local file = assert(io.open("lines.txt", "w"))
print(file:write("one\n", "2 3\n", "last") == file, file:close())
for line in io.lines "lines.txt" do io.write("[", line, "]") end
try("lines", io.lines, "nosuch.txt")
print(compat.tostring(setmetatable({}, { __name = "Named" })):gsub("0x%x+", "0xADDRESS"))
print(pcall(compat.setmetatable, {}, { __gc = true }), compat.getmetatable "x" ~= nil)
