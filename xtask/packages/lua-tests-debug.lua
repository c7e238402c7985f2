-- packages: lua5.1-doc
-- The programs that come with Lua 5.1 and look at the running program, or read its code.
local folder = arg[1] .. "/lua5.1-doc/usr/share/doc/lua5.1-doc/test/"

local function run(name, input)
    print("== " .. name)
    local file = io.open("input.lua", "w")
    file:write(input)
    file:close()
    local words = { "lua", ("%q"):format(folder .. name .. ".lua"), "<input.lua 2>&1" }
    words[1] = ("%q"):format(arg[-1])
    local child = io.popen(table.concat(words, " "))
    local output = child:read "*a"
    -- The reference's command is a C function that returns last of all.
    output = output:gsub("0 >>> return %(C%) %[C%] \n$", "")
    print((output:gsub("0x%x+", "0xADDRESS")))
    child:close()
end

run("readonly", "")
run("trace-globals", "")
run("trace-calls", "")
run("globals", "")
