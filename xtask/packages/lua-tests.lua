-- packages: lua5.1-doc
-- The programs that come with Lua 5.1 itself.
local folder = arg[1] .. "/lua5.1-doc/usr/share/doc/lua5.1-doc/test/"
os.clock = function() return 0 end
os.date = function() return "today" end

local function run(name, ...)
    print("== " .. name, ...)
    local chunk = assert(loadfile(folder .. name .. ".lua"))
    -- A global table of its own, and arguments as the command passes them.
    local globals = setmetatable({ arg = { [0] = name, ... } }, { __index = _G })
    globals._G = globals
    print(pcall(setfenv(chunk, globals), ...))
end

run "bisect"
run "cf"
run("echo", "one", "two words")
run "factorial"
run("fib", "20")
run("fibfor")
run "hello"
run "life"
run "printf"
run "sieve"
run "sort"
io.input(folder .. "table.lua")
run "table"
io.input(folder .. "xd.lua")
run "xd"
