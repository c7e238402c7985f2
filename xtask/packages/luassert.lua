-- packages: lua-luassert lua-say
-- Assertions that hold, messages of those that do not, spies, stubs, mocks, snapshots.
local assert = require "luassert"
local spy, stub, mock, match = require "luassert.spy", require "luassert.stub", require "luassert.mock", require "luassert.match"
local say = require "say"
local function try(name, f, ...)
    local ok, err = pcall(f, ...)
    if type(err) == "table" then err = err.message or tostring(err) end
    print(name, ok, ok and "" or (tostring(err):gsub("^[^\n]-%.lua:%d+: ", ""):gsub("0x%x+", "0xADDRESS")))
end
local deep = { a = { b = { c = { 1, 2, 3 } } }, text = "x" }
local cyclic = {} cyclic.self = cyclic
for _, case in ipairs {
    { "is_true", true }, { "is_true", 1 }, { "is_false", false }, { "truthy", nil }, { "falsy", 0 }, { "is_nil", nil }, { "is_nil", 1 },
    { "equal", 1, 1 }, { "equal", 1, 2 }, { "equal", "a\nb", "a\nc" }, { "same", deep, { a = { b = { c = { 1, 2, 3 } } }, text = "x" } },
    { "same", deep, { a = { b = { c = { 1, 2, 4 } } }, text = "x" } }, { "same", cyclic, cyclic }, { "near", 1, 1.1, 0.2 }, { "near", 1, 2, 0.5 },
    { "is_string", "x" }, { "is_number", "x" }, { "is_table", {} }, { "is_function", print }, { "unique", { 1, 2, 2 } }, { "unique", { 1, 2 } },
    { "matches", "l+o", "hello" }, { "matches", "^x", "hello" }, { "matches", "l(l)o", "hello" }, { "error", function() error "x" end },
    { "error", function() end }, { "error", function() error "x" end, "y" }, { "has_error", function() error { code = 1 } end, { code = 1 } },
    { "error_matches", function() error "some text" end, "some" }, { "error_matches", function() error "some text" end, "none" },
    { "no_error", function() error "x" end }, { "is_not_true", true }, { "are_not_same", { 1 }, { 1 } }, { "returned_arguments", 2, function() return 1, 2 end },
    { "is_not_nil", nil }, { "not_equal", 1, 1 }, { "is_boolean", 0 }, { "is_userdata", 1 }, { "is_thread", coroutine.create(function() end) },
} do
    try(case[1], function() return assert[case[1]](unpack(case, 2, 5)) end)
end

local called = spy.new(function(a, b) return a + (b or 0) end)
called(1) called(1, 2)
try("called", function() assert.spy(called).was.called(2) end)
try("called thrice", function() assert.spy(called).was.called(3) end)
try("called_with", function() assert.spy(called).was.called_with(1, 2) end)
try("called_with other", function() assert.spy(called).was.called_with(5, { 1 }) end)
try("match", function() assert.spy(called).was.called_with(match.is_number(), match.is_near(2, 0.5)) end)
try("returned", function() assert.spy(called).returned_with(3) end)
try("at_least", function() assert.spy(called).was.called_at_least(3) end)
local object = { method = function() return "real" end, other = function() return "other" end }
stub(object, "method").returns "fake"
print(object.method(), object.other())
object.method:revert()
print(object.method())
local mocked = mock(object, true)
print(mocked.method(), mocked.other())
try("mocked", function() assert.stub(mocked.method).was.called(1) end)
mock.revert(mocked)

local snapshot = assert:snapshot()
say:set("assertion.has_property.positive", "Expected property %s in:\n%s")
say:set("assertion.has_property.negative", "Expected no property %s in:\n%s")
assert:register("assertion", "has_property", function(_, arguments) return arguments[1][arguments[2]] ~= nil end,
    "assertion.has_property.positive", "assertion.has_property.negative")
try("custom", function() assert.has_property({ x = 1 }, "x") end)
try("custom fails", function() assert.has_property({ x = 1 }, "y") end)
try("custom negated", function() assert.has_no.has_property({ x = 1 }, "x") end)
assert:add_formatter(function(value) if value == 42 then return "the answer" end end)
try("formatter", function() assert.equal(42, 43) end)
snapshot:revert()
try("reverted", function() assert.equal(42, 43) end)
say:set_namespace "fr"
say:set("money", "J'ai %s euros")
print(say("money", { 3 }), say("nosuch"))
say:set_namespace "en"
say:set("money", "I have %s dollars: %s")
print(say("money", { 3, n = 2 }))
