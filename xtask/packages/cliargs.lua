-- packages: lua-cliargs lua-inifile
local function show(value)
    if type(value) ~= "table" then return tostring(value) end
    local keys, parts = {}, {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. "=" .. show(value[key]) end
    return "{" .. table.concat(parts, " ") .. "}"
end

local function tool()
    -- The module is one command line: each gets its own.
    package.loaded["cliargs"], package.loaded["cliargs.core"] = nil
    local cli = require "cliargs"
    cli:set_name "tool"
    cli:set_description "Does one thing."
    cli:argument("INPUT", "the input file, with a description that is far too long for one line of the screen")
    cli:splat("REST", "more files", "none", 3)
    cli:option("-o, --output=FILE", "where to", "a.out")
    cli:option("-d, --define=PAIR", "a definition", {})
    cli:option("--level=LEVEL", "1 to 3", "1", function(_, value)
        if not tonumber(value) then return nil, "not a number: " .. value end
    end)
    cli:flag("-v, --[no-]verbose", "say more", true)
    cli:flag("-x", "short only")
    return cli
end

print(tool():print_usage())
print(tool():print_help())
for _, line in ipairs {
    "in", "", "in a b c", "in a b c d", "-o out in", "--output=out in", "--output out in", "-d a -d b in", "--level=x in",
    "--level=2 in", "--no-verbose in", "-x in", "--nosuch in", "-- -x", "in -x", "--help",
} do
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    local results = { tool():parse(words, true) }
    print(line, show(results))
end

local inifile = require "inifile"
local file = assert(io.open("settings.ini", "w"))
file:write "; first comment\n[window]\nwidth=640\nratio = 1.5\n; about the title\ntitle=a = b\nvisible=true\n\n[paths]\nhome=/home/me\nempty=\nbad line\n"
file:close()
local settings = inifile.parse "settings.ini"
print(show(settings))
settings.window.width = 800
settings.new = { added = false }
inifile.save("settings.ini", settings)
for line in io.lines "settings.ini" do print(line) end
print(inifile.save("", { a = { 1, b = 2 } }, "memory"))
