-- packages: lua-dkjson
-- dkjson's own tests, with and without lpeg (which is not there), and values there and back.
local json = require "dkjson"
package.preload["dkjson-nopeg"] = function() return json end
local tests = arg[1] .. "/lua-dkjson/usr/share/doc/lua-dkjson/examples/jsontest.lua"
loadfile(tests)("dkjson")
print(pcall(loadfile(tests), "dkjson", "refcycle"))
loadfile(tests)("dkjson", "esc_asc")

local value = {
    list = { 1, 2.5, -1e300, 0.1, 1e15, 123456789012, json.null, true, false },
    text = "quote \" back \\ slash / \0\1\31\127 \226\130\172 \240\157\132\158 \226\128\168",
    empty = {}, nested = { { { {} } } }, [10] = "sparse",
    object = setmetatable({}, { __jsontype = "object" }),
    custom = setmetatable({}, { __tojson = function() return "\"custom\"" end }),
}
local order = { "text", "list", "nested", "empty", "object", "custom", "10" }
local text = json.encode(value, { indent = true, keyorder = order })
print(text)
local back = json.decode(text)
print(json.encode(back, { keyorder = order }) == json.encode(value, { keyorder = order }))
for _, bad in ipairs {
    "", "{", "[1,", "[1 2]", "{\"a\" 1}", "nul", "\"open", "[1e]", "{1:2}", "/* comment", "01", "[,]",
} do
    print(bad, json.decode(bad))
end
print(pcall(json.encode, { print }))
print(json.encode({ 0 / 0, 1 / 0, -1 / 0 }))
print(json.encode({ print }, { exception = function(reason) return "\"" .. reason .. "\"" end }))
