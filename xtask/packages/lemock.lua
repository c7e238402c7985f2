-- packages: lua-lemock lua-logging
local lemock = require "lemock"
local function try(name, f, ...)
    local results = { pcall(f, ...) }
    for i = 1, 3 do results[i] = tostring(results[i]):gsub("^.-%.lua:%d+: ", ""):gsub("0x%x+", "0xADDRESS") end
    print(name, unpack(results, 1, 3))
end
local function scenario(name, record, replay)
    try(name, function()
        local controller = lemock.controller()
        local object = controller:mock()
        record(controller, object)
        controller:replay()
        local result = replay(object)
        controller:verify()
        return result
    end)
end
scenario("calls", function(c, m) m.open "x" c:returns(1) m:close() end, function(m) local r = m.open "x" m:close() return r end)
scenario("missing", function(_, m) m.a() m.b() end, function(m) m.a() end)
scenario("unexpected", function(_, m) m.a() end, function(m) m.a() m.c(1, "two", { 3 }) end)
scenario("fields", function(c, m) local _ = m.x c:returns(5) m.y = 6 end, function(m) local x = m.x m.y = 6 return x end)
scenario("times", function(c, m) m.a() c:times(2, 3) end, function(m) m.a() m.a() m.a() end)
scenario("too often", function(c, m) m.a() c:times(1) end, function(m) m.a() m.a() end)
scenario("any", function(c, m) m.a(1, c.ANYARG) m.b(c.ANYARGS) end, function(m) m.a(1, {}) m.b(1, 2, 3) end)
scenario("errors", function(c, m) m.a() c:error "made up" end, function(m) return m.a() end)
scenario("order", function(c, m) m.a() c:label "first" m.b() c:depends "first" end, function(m) m.b() m.a() end)
scenario("closed", function(c, m) m.a() c:label "open" c:times(0, 5) m.b() c:close "open" end, function(m) m.a() m.b() m.a() end)
scenario("metamethods", function(c, m) m(1) c:returns "called" end, function(m) return m(1) end)

require "logging.console"
require "logging.file"
os.date = function(format) return "DATE " .. tostring(format) end
for _, pattern in ipairs { "%date %level %message\n", "%level: %message\n" } do
    local logger = logging.console(pattern)
    for _, level in ipairs { "DEBUG", "INFO", "WARN", "ERROR", "FATAL" } do
        logger:setLevel(level)
        logger:debug "at debug"
        logger:info("%s formatted %d", "well", 5)
        logger:warn { a = 1, b = { true }, [1] = "list" }
        logger:error(function(x) return "lazy " .. x end, 7)
        logger:fatal(nil)
    end
    try("bad level", logger.setLevel, logger, "LOUD")
end
local logger = logging.file("test.log", nil, "%level %message\n")
for i = 1, 5 do logger:info("line " .. i) end
for line in io.lines "test.log" do print(line) end
print(logging.tostring { 1, { x = "y" }, nil, true, print ~= nil })
