//! The `debug` library, script in and output out.

use lua_stdlib::Preset;
use lua_vm::VmConfig;

use super::check;
use expect_test::expect;

#[test]
fn tracebacks() {
    check(
        r##"
local function f() return (debug.traceback("m"):match("^(.-\n.-\n.-)\n")) end
print(f())
print(debug.traceback("x", 100))
print(debug.traceback({}) ~= nil, debug.traceback(nil), debug.traceback(nil, 7))
print((debug.traceback(12):match("^12\nstack")), (debug.traceback():match("^stack")))
print(select(2, xpcall(function() error("E") end, debug.traceback)):match("^[^\n]*\n[^\n]*\n[^\n]*"))
"##,
        expect![[r#"
            m
            stack traceback:
            	test:2: in function 'f'
            x
            stack traceback:
            true	nil	nil
            12
            stack	stack
            test:7: E
            stack traceback:
            	[C]: in function 'error'
        "#]],
    );
}

#[test]
fn without_protection() {
    check(
        r##"
local t = setmetatable({}, {__metatable = "locked"})
print(type(debug.getmetatable(t)), debug.setmetatable(t, nil), getmetatable(t))
debug.setmetatable(5, {__index = {double = function(n) return n * 2 end}})
print((5):double(), debug.setmetatable(5, nil))
print(pcall(debug.setmetatable, {}, 1))
print(pcall(debug.getmetatable))
local function f() return x end
print(debug.getfenv(f) == _G, debug.setfenv(f, {x = "own"}) == f, f(), debug.getfenv(1))
print(pcall(debug.setfenv, 1, {}))
print(type(debug.getregistry()))
"##,
        expect![[r#"
            table	true	nil
            10	true
            false	bad argument #2 to '?' (nil or table expected)
            false	bad argument #1 to '?' (value expected)
            true	true	own	nil
            false	'setfenv' cannot change environment of given object
            table
        "#]],
    );
}

#[test]
fn a_subject_taken_away_from_gsub() {
    // The reference goes on with the old string.
    check(
        r##"
local function shorten(value)
    return function() debug.setlocal(2, 1, "x") return value end
end
print(("hello"):gsub("l", shorten("z")))
print(("hello"):gsub("l", shorten(false)))
"##,
        expect![[r#"
            hezzo	2
            hello	2
        "#]],
    );
}

/// A hook that a finalizer sets hears of the next line, wherever the finalizer was called.
#[test]
fn hooks_set_in_finalizers() {
    let config = VmConfig {
        stress_collector: true,
        ..VmConfig::default()
    };
    for collects in [
        "local s = ('x'):rep(50 + i % 500)",
        "local t = {}",
        "local f = function() end",
        "local s = 'x' .. i",
        "collectgarbage()",
    ] {
        let source = format!(
            "local lines = {{}}
             local function note(_, line) lines[#lines + 1] = line end
             do
               local proxy = newproxy(true)
               getmetatable(proxy).__gc = function() done = true debug.sethook(note, 'l') end
             end
             local a, b, c, d, e, f -- where the proxy was
             for i = 1, 1e5 do
               {collects}
               if done then break end
             end
             debug.sethook()
             print(lines[1])"
        );
        let output = super::run(config.clone(), Preset::Full, &source);
        assert_eq!(output, "10\n", "{collects}");
    }
}
