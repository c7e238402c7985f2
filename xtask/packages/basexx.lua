-- packages: lua-basexx
local basexx = require "basexx"
local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
local all = table.concat(bytes)
local samples = { "", "f", "fo", "foo", "foob", "fooba", "foobar", all, all:reverse() .. "x", ("\0"):rep(9) }
for _, name in ipairs { "bit", "hex", "base32", "crockford", "base64", "url64", "z85" } do
    for _, sample in ipairs(samples) do
        local ok, text = pcall(basexx["to_" .. name], sample)
        print(name, #sample, ok, text)
        if ok and text then
            local back = basexx["from_" .. name](text)
            print(back == sample)
        end
    end
    print(name, pcall(basexx["from_" .. name], "!? not in any alphabet \n"))
    print(name, pcall(basexx["from_" .. name], "a b-c\nd", " -\n"))
end
