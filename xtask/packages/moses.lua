-- packages: lua-moses
-- Most functions of Moses, called on lists, tables and functions; what they print, sorted or not,
-- shows the order in which tables are walked too.
local M = require "moses"
local function show(value, seen)
    if type(value) ~= "table" then return tostring(value) end
    local parts = {}
    for key, item in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. show(item) end
    return "{" .. table.concat(parts, " ") .. "}"
end
local list, words = { 5, 3, 9, 1, 7, 3 }, { "one", "two", "three", "four", "five" }
local object = { name = "moses", year = 2012, tags = { "lua", "functional" } }
local even = function(v) return v % 2 == 0 end
local odd = function(v) return v % 2 == 1 end
local add = function(a, b) return a + b end
local calls = {
    { "map", list, function(v, k) return v * k end }, { "reduce", list, add }, { "best", words, function(a, b) return #a > #b end },
    { "reduceBy", list, add, odd }, { "reduceRight", words, function(a, b) return a .. b end },
    { "mapReduce", list, add }, { "mapReduceRight", list, add }, { "include", list, 9 }, { "detect", list, 9 },
    { "where", { object, { year = 1 } }, { year = 2012 } }, { "findWhere", { object }, { name = "moses" } },
    { "select", list, odd }, { "reject", list, odd }, { "all", list, odd }, { "invoke", words, "len" },
    { "pluck", { object, object }, "year" }, { "max", list }, { "min", list }, { "same", list, { 3, 3, 1, 5, 7, 9 } },
    { "sort", list }, { "sortBy", words, function(v) return #v end }, { "groupBy", words, function(v) return #v end },
    { "countBy", words, function(v) return #v end }, { "size", object }, { "containsKeys", object, { name = 1 } },
    { "sample", {}, 0 }, { "toArray", 1, 2, 3 }, { "find", list, 9 }, { "reverse", list }, { "fill", list, 0, 2, 3 },
    { "selectWhile", list, odd }, { "dropWhile", list, odd }, { "sortedIndex", { 1, 3, 5 }, 4 }, { "indexOf", list, 3 },
    { "lastIndexOf", list, 3 }, { "findIndex", list, even }, { "findLastIndex", list, odd }, { "addTop", { 1 }, 2, 3 },
    { "prepend", { 3 }, { 1, 2 } }, { "push", { 1 }, 2, 3 }, { "shift", { 1, 2, 3 }, 2 }, { "unshift", { 1, 2, 3 }, 2 },
    { "pull", { 1, 2, 1, 3 }, 1 }, { "removeRange", { 1, 2, 3, 4, 5 }, 2, 4 }, { "chunk", list, odd }, { "slice", list, 2, 4 },
    { "first", list, 2 }, { "initial", list, 2 }, { "last", list, 2 }, { "rest", list, 3 }, { "nth", list, 3 },
    { "compact", { 1, false, 2 } }, { "flatten", { 1, { 2, { 3, { 4 } } } } }, { "flatten", { 1, { 2, { 3 } } }, true },
    { "difference", list, { 3, 1 } }, { "union", { 1, 2 }, { 2, 3 }, { 9 } }, { "intersection", { 1, 2, 3 }, { 2, 3, 4 }, { 3 } },
    { "symmetricDifference", { 1, 2 }, { 2, 3 } }, { "unique", list }, { "isunique", list }, { "zip", { 1, 2 }, { "a", "b" } },
    { "append", { 1 }, { 2 } }, { "interleave", { 1, 2 }, { "a", "b" } }, { "interpose", { 1, 2, 3 }, 0 }, { "range", 1, 10, 3 },
    { "rep", "x", 3 }, { "permutation", { 1, 2, 3 } }, { "concat", words, "-", 2, 4 }, { "xpairs", list, 0 },
    { "keys", { a = 1 } }, { "values", { a = 1 } }, { "kvpairs", { a = 1 } }, { "toObj", { { "a", 1 } } }, { "property", "year" },
    { "invert", words }, { "has", object, "name" }, { "pick", object, "name", "year" }, { "omit", object, "tags" },
    { "template", { a = 1 }, { a = 2, b = 3 } }, { "isEqual", object, M.clone(object) }, { "clone", object }, { "isTable", {} },
    { "isEmpty", {} }, { "isArray", list }, { "isIterable", 1 }, { "isNaN", 0 / 0 }, { "isInteger", 2.5 }, { "tuple", 1 },
}
for _, call in ipairs(calls) do
    local name = call[1]
    if M[name] then
        local outcome = { pcall(M[name], unpack(call, 2)) }
        for i = 1, #outcome do outcome[i] = type(outcome[i]) == "function" and "function" or show(outcome[i]) end
        print(name, (table.concat(outcome, "\t"):gsub("[^%s]*/", "")))
    end
end

print(show(M.chain(list):map(function(v) return v * 2 end):filter(function(v) return v > 6 end):sort():value()))
local square, increment = function(x) return x * x end, function(x) return x + 1 end
print(M.compose(square, increment)(3), M.pipe(3, square, increment), M.partial(add, 5)(6), M.curry(function(a, b, c) return a + b + c end, 3)(1)(2)(3))
local memoized_calls = 0
local slow = M.memoize(function(x) memoized_calls = memoized_calls + 1 return x * 2 end)
print(slow(2), slow(2), slow(3), memoized_calls)
local once = M.once(function(x) return x end)
print(once(1), once(2))
for a, b in M.partition(list, 2) do io.write(show(a), tostring(b), " ") end
for a in M.sliding(list, 3, 1) do io.write(show(a), " ") end
print()
local iterator = M.iterator(function(x) return x * 2 end, 1)
print(iterator(), iterator(), iterator())
local functions = M.functions(M)
table.sort(functions)
print(#functions, functions[1], functions[#functions])
