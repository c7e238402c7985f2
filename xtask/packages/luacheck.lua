-- packages: lua-check lua-argparse lua-penlight lua-unit lua-markdown lua-moses
-- A static analyser of Lua, written in Lua, over the sources of large packages: a lexer, a parser and
-- data flow analysis at work on some 25,000 lines.
local check, filter = require "luacheck.check", require "luacheck.filter"
local format, options = require "luacheck.format", require "luacheck.options"
local files = {
    "lua-argparse/usr/share/lua/5.1/argparse", "lua-unit/usr/share/lua/5.1/luaunit", "lua-markdown/usr/share/lua/5.1/markdown",
    "lua-moses/usr/share/lua/5.1/moses",
}
for name in ("List Map OrderedMap Set app array2d class comprehension data dir func lapp lexer luabalanced path pretty seq sip "
    .. "stringx tablex template text utils xml"):gmatch "%S+" do
    files[#files + 1] = "lua-penlight/usr/share/lua/5.1/pl/" .. name
end
for name in ("check lexer parser stages.linearize utils options filter format config runner cache"):gmatch "%S+" do
    files[#files + 1] = "lua-check/usr/share/lua/5.1/luacheck/" .. name
end
local reports, n_lines = {}, 0
for i, name in ipairs(files) do
    local file = io.open(arg[1] .. "/" .. name:gsub("stages%.", "stages/") .. ".lua")
    if file then
        local source = file:read "*a"
        file:close()
        n_lines = n_lines + select(2, source:gsub("\n", "\n"))
        reports[i] = check(source)
    else
        reports[i] = { fatal = "I/O", msg = "not there", warnings = {} }
    end
end
local filtered = filter.filter(reports, { std = "lua51" })
print(format.format(filtered, files, { formatter = "plain", ranges = true, codes = true, quiet = 0, color = false }))
print(format.format(filtered, files, { formatter = "TAP", quiet = 0, color = false }))
print(n_lines > 10000)
for i, source in ipairs {
    "x =", "local a local a", "for i = 1, 2 do break x() end", "goto done ::done::", "return 'unfinished", "while true do end local function f() f() end",
    "-- luacheck: ignore 211\nlocal unused", "local t = {1, 2, [1] = 3} print(t.x) if x == 1 then elseif x == 1 then end", "local x = 0x1p4 .. [==[ long ]==] .. '\\z  \\x41\\u{48}'",
} do
    print(i, format.format(filter.filter({ check(source) }, {}), { "case" }, { formatter = "plain", codes = true, color = false }))
end
