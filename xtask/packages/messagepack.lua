-- packages: lua-messagepack
local mp = require "MessagePack"
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function show(value)
    if type(value) ~= "table" then return type(value) .. ":" .. tostring(value) end
    local parts = {}
    for key, item in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. show(item) end
    return "{" .. table.concat(parts, " ") .. "}"
end
local values = {
    true, false, 0, 1, 127, 128, 255, 256, 65535, 65536, 2 ^ 31, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53, -1, -32, -33, -128, -129,
    -32768, -32769, -2 ^ 31, -2 ^ 31 - 1, -2 ^ 53, 0.5, -1.25, 1e300, 5e-324, 1 / 0, -1 / 0, "", "short", ("x"):rep(31),
    ("x"):rep(32), ("x"):rep(255), ("x"):rep(256), "\0\255", {}, { 1, 2, 3 }, { a = 1 }, { 1, nil, 3 }, { { { {} } } },
    { key = { list = { 1, { deep = true } } } },
}
for _, option in ipairs { "set_number:float", "set_number:double", "set_integer:signed", "set_integer:unsigned", "set_string:binary",
    "set_string:string_compat", "set_array:with_hole", "set_array:always_as_map", "set_array:without_hole" } do
    local setter, what = option:match "(.*):(.*)"
    mp[setter](what)
    print(option)
    for i, value in ipairs(values) do
        local ok, packed = pcall(mp.pack, value)
        if ok then
            local text = hex(packed)
            print(i, #text > 80 and text:sub(1, 80) .. "..." or text, show(mp.unpack(packed)))
        else
            print(i, (packed:gsub("^.*/", "")))
        end
    end
end
local long = {}
for i = 1, 70000 do long[i] = i % 300 end
local packed = mp.pack(long)
local back = mp.unpack(packed)
print(#packed, #back, back[70000])
for i, value in mp.unpacker(mp.pack(1) .. mp.pack("two") .. mp.pack { 3 }) do print(i, show(value)) end
for _, bad in ipairs { "", "\193", "\146\1", "\217", "\217\5ab", "\203\0" } do
    print(hex(bad), (tostring(select(2, pcall(mp.unpack, bad))):gsub("^.*/", "")))
end
