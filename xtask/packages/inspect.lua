-- packages: lua-inspect
local inspect = require "inspect"
local cyclic = { name = "cyclic" }
cyclic.self = cyclic
cyclic.list = { cyclic, { cyclic.name } }
local meta = setmetatable({ 1, 2 }, { __index = cyclic, __tostring = function() return "meta" end })
local values = {
    nil_ = nil, number = 1.5, text = "it's \"quoted\"\n\t\0\127", flag = true, [1] = "one", [2] = "two", [4] = "four",
    [1.5] = "float", [true] = "boolean", ["not a name"] = 1, ["end"] = 2, nested = { { { { "deep" } } } },
    cyclic = cyclic, meta = meta, f = print, thread = coroutine.create(function() end),
}
print(inspect(values))
print(inspect(values, { depth = 1 }))
print(inspect(values, { newline = "", indent = "" }))
print(inspect({ a = { b = 1 }, c = 2 }, {
    process = function(item, path)
        if path[#path] ~= "b" then return item end
    end,
}))
print(inspect(_G, { depth = 2, process = function(item) if type(item) ~= "function" then return item end end }) ~= "")
print(inspect("x"), inspect(1e100), inspect(-0.5), inspect(0 / 0) ~= "", inspect(1 / 0), inspect(nil))
