//! The `base` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn assert_and_error() {
    check(
        r##"
print(assert(1, "m", 3))
print(pcall(assert, false))
print(pcall(assert, nil, "m"))
print(pcall(assert))
print(pcall(assert, false, {}))
print(pcall(function() assert(false, "here") end))
print(pcall(function() error("here") end))
print(pcall(function() error("here", 0) end))
print(pcall(function() error("here", 2) end))
print(pcall(function() error() end))
print(pcall(error, 12))
print(select(2, pcall(error, { code = 7 })).code)
"##,
        expect![[r#"
            1	m	3
            false	assertion failed!
            false	m
            false	bad argument #1 to '?' (value expected)
            false	bad argument #2 to '?' (string expected, got table)
            false	test:7: here
            false	test:8: here
            false	here
            false	here
            false	nil
            false	12
            7
        "#]],
    );
}

#[test]
fn select_and_unpack() {
    check(
        r##"
print(select("#"), select("#", nil, nil))
print(select(2, "a", "b", "c"))
print(select(-2, "a", "b", "c"))
print((select(2, "a", "b", "c")))
print(select(9, "a"))
print(pcall(select, 0))
print(pcall(select, -5, 1))
print(pcall(select))
print(unpack({1, 2, 3}))
print(unpack({1, 2, 3}, 2))
print(unpack({1, 2, 3}, -1, 1))
print(unpack({}, 2, 1))
print(pcall(unpack, {}, 1, 1e8))
print(pcall(unpack))
"##,
        expect![[r#"
            0	2
            b	c
            b	c
            b

            false	bad argument #1 to '?' (index out of range)
            false	bad argument #1 to '?' (index out of range)
            false	bad argument #1 to '?' (number expected, got no value)
            1	2	3
            2	3
            nil	nil	1

            false	too many results to unpack
            false	bad argument #1 to '?' (table expected, got no value)
        "#]],
    );
}

/// Ranges whose size overflows C's `int`: the reference crashes.
#[test]
fn unpack_of_more_than_an_int() {
    check(
        r##"
print(pcall(unpack, {}, 0, 2^31 - 1))
print(pcall(unpack, {}, -2^31, 2^31 - 1))
"##,
        expect![[r#"
            false	too many results to unpack
            false	too many results to unpack
        "#]],
    );
}

#[test]
fn conversions() {
    check(
        r##"
print(tonumber("0x1F"), tonumber(" 10 "), tonumber("1e2"), tonumber("10a"), tonumber(""))
print(tonumber("ff", 16), tonumber("777", 8), tonumber("zz", 36), tonumber("9", 8))
print(tonumber("-ff", 16), tonumber("10", 10), tonumber({}), tonumber(nil))
print(pcall(tonumber, "1", 1), pcall(tonumber, "1", 37))
print(pcall(tonumber), pcall(tonumber, {}, 16))
print(tostring(nil), tostring(true), tostring(1e100), tostring(-0), tostring(2^53))
print(tostring(setmetatable({}, {__tostring = function() return "custom" end})))
print(pcall(tostring))
print(type(nil), type(1), type("x"), type({}), type(print), pcall(type))
print(rawequal("a", "a"), rawequal({}, {}), rawget({7}, 1), #rawset({}, 1, 2))
print(pcall(rawset, {}, nil, 1))
print(pcall(rawset, {}, 0/0, 1))
"##,
        expect![[r#"
            31	10	100	nil	nil
            255	511	1295	nil
            1.844674407371e+19	10	nil	nil
            false	false	bad argument #2 to '?' (base out of range)
            false	false	bad argument #1 to '?' (string expected, got table)
            nil	true	1e+100	-0	9.007199254741e+15
            custom
            false	bad argument #1 to '?' (value expected)
            nil	number	string	table	function	false	bad argument #1 to '?' (value expected)
            true	false	7	1
            false	table index is nil
            false	table index is NaN
        "#]],
    );
}

#[test]
fn metatables_and_environments() {
    check(
        r##"
print(getmetatable({}), getmetatable("").__index == string)
print(getmetatable(setmetatable({}, {__metatable = "hidden"})))
print(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
print(pcall(setmetatable, {}))
print(pcall(setmetatable, 1, {}))
local function f() return x end
setfenv(f, {x = "own"})
print(f(), getfenv(f).x, getfenv(1) == _G, getfenv(print) == _G)
print(pcall(setfenv, print, {}))
print(pcall(getfenv, -1))
print(pcall(getfenv, 50))
print(pcall(setfenv, 1))
local p = newproxy(true)
getmetatable(p).__len = function() return 42 end
print(#p, type(p), getmetatable(newproxy(p)) == getmetatable(p), getmetatable(newproxy()))
print(pcall(newproxy, {}))
"##,
        expect![[r#"
            nil	true
            hidden
            false	cannot change a protected metatable
            false	bad argument #2 to '?' (nil or table expected)
            false	bad argument #1 to '?' (table expected, got number)
            own	own	true	true
            false	'setfenv' cannot change environment of given object
            false	bad argument #1 to '?' (level must be non-negative)
            false	bad argument #1 to '?' (invalid level)
            false	bad argument #2 to '?' (table expected, got no value)
            42	userdata	true	nil
            false	bad argument #1 to '?' (boolean or proxy expected)
        "#]],
    );
}

#[test]
fn iteration() {
    check(
        r##"
for i, v in ipairs({"a", "b", nil, "d"}) do print(i, v) end
for k, v in pairs({10, 20, x = 30}) do print(k, v) end
print(next({}), next({5}), pcall(next, {}, "no such key"))
print(pcall(ipairs), pcall(pairs, nil))
print(select("#", ipairs({})), (select(3, ipairs({}))))
"##,
        expect![[r#"
            1	a
            2	b
            1	10
            2	20
            x	30
            nil	1	false	invalid key to 'next'
            false	false	bad argument #1 to '?' (table expected, got nil)
            3	0
        "#]],
    );
}

#[test]
fn loading() {
    check(
        r##"
print(loadstring("return 1 + 1")())
print(loadstring("x ="))
print(loadstring("x =", "=name"))
print(loadstring("x =", "@file.lua"))
local parts = {"return ", "4", "2"}
local i = 0
print(load(function() i = i + 1 return parts[i] end)())
print(load(function() return {} end))
print(load(function() error("reader fails", 0) end))
print(load(function() i = i + 1 return i < 9 and "x" or nil end, "=lots"))
print(pcall(load, "not a function"))
print(loadfile("/no/such/file"))
print(pcall(dofile, "/no/such/file"))
local name = os.tmpname()
local f = io.open(name, "w")
f:write("#!shebang\nreturn ...\n") f:close()
print(loadfile(name)("argument"))
os.remove(name)
"##,
        expect![[r#"
            2
            nil	[string "x ="]:1: unexpected symbol near '<eof>'
            nil	name:1: unexpected symbol near '<eof>'
            nil	file.lua:1: unexpected symbol near '<eof>'
            42
            nil	test:9: reader function must return a string
            nil	reader fails
            nil	lots:1: '=' expected near '<eof>'
            false	bad argument #1 to '?' (function expected, got string)
            nil	cannot open /no/such/file: No such file or directory
            false	cannot open /no/such/file: No such file or directory
            argument
        "#]],
    );
}

#[test]
fn printing() {
    check(
        r##"
print()
print(1, nil, true, "x")
local old = tostring
function tostring(v) return "<" .. old(v) .. ">" end
print(1, "x")
function tostring() return nil end
local ok, message = pcall(print, 1)
tostring = old
print(ok, message)
"##,
        expect![[r#"

            1	nil	true	x
            <1>	<x>
            false	'tostring' must return a string to 'print'
        "#]],
    );
}

#[test]
fn collecting() {
    check(
        r##"
print(type(collectgarbage("count")), collectgarbage(), collectgarbage("stop"))
print(collectgarbage("restart"), collectgarbage("setpause", 150), collectgarbage("setpause", 200))
print(collectgarbage("setstepmul", 300), collectgarbage("setstepmul", 200))
print(pcall(collectgarbage, "bogus"))
print(type(gcinfo()), _VERSION, _G._G == _G)
local weak = setmetatable({}, {__mode = "k"})
weak[{}] = true
collectgarbage()
print(next(weak))
"##,
        expect![[r#"
            number	0	0
            0	200	150
            200	300
            false	bad argument #1 to '?' (invalid option 'bogus')
            number	Lua 5.1	true
            nil
        "#]],
    );
}

#[test]
fn protected_calls() {
    check(
        r##"
print(pcall(function(...) return ... end, 1, nil, 3))
print(xpcall(function() error("x", 0) end, function(m) return "handled " .. m end))
print(xpcall(function() return 1, 2 end, print))
print(pcall(pcall))
print(pcall(xpcall))
print(pcall(nil))
"##,
        expect![[r#"
            true	1	nil	3
            false	handled x
            true	1	2
            false	bad argument #1 to '?' (value expected)
            false	bad argument #2 to '?' (value expected)
            false	attempt to call a nil value
        "#]],
    );
}
