-- packages: lua-argparse
local argparse = require "argparse"
local function show(value)
    if type(value) ~= "table" then return tostring(value) end
    local keys, parts = {}, {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. "=" .. show(value[key]) end
    return "{" .. table.concat(parts, " ") .. "}"
end

local parser = argparse("build", "Builds things. " .. ("A long description that has to be wrapped. "):rep(5), "The end.")
parser:argument("input", "Input files."):args "1-3"
parser:option("-o --output", "Output file."):default "a.out"
parser:option("-I --include", "Include paths."):count "*"
parser:option("-l --level"):choices { "low", "high" }
parser:option("-D --define"):args(2):count "0-2"
parser:option("--number"):convert(tonumber)
parser:flag("-v --verbose", "Say more."):count "0-2":target "verbosity"
parser:flag "-q --quiet":action(function(result) result.loudness = 0 end)
parser:mutex(parser:flag "--fast", parser:flag "--small")
parser:group("Other", parser:flag "--other", parser:option "--another":argname "<this>":hidden(false))
print(parser:get_usage())
print(parser:get_help())
for _, line in ipairs {
    "a.c", "a.c b.c c.c", "a.c b.c c.c d.c", "", "-o out a.c", "--output=out a.c", "-oout a.c", "-I x -Iy --include=z a.c",
    "-vv a.c", "-vvv a.c", "-vq a.c", "-l high a.c", "-l middle a.c", "-D a 1 -D b 2 a.c", "-D a", "--number 12 a.c",
    "--number x a.c", "--fast --small a.c", "--fas a.c", "-- -v", "--nosuch a.c", "-x a.c", "--verbos a.c", "a.c --output",
} do
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    local ok, result = parser:pparse(words)
    print(line, ok, show(result))
end

local git = argparse "vcs":require_command(false):command_target "command"
git:add_help { action = function() print "asked for help" end }
git:add_help_command()
git:add_complete()
local add = git:command("add a", "Adds."):summary "adds"
add:argument "path":args "*"
add:flag "-f --force"
local remote = git:command "remote"
remote:command "add":argument "name"
remote:command "remove":option "--all":args "?"
for _, line in ipairs { "add x y -f", "a", "remote add origin", "remote remove --all", "remote", "nosuch", "remote remove --all 3" } do
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    print(line, show { git:pparse(words) })
end
print(git:get_help())
print(git:get_bash_complete())
print(git:get_zsh_complete())
print(git:get_fish_complete())
