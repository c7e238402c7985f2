//! What objects take of the memory limit, in bytes: the table in docs/performance.md.

use lua_stdlib::Preset;
use lua_vm::VmConfig;

use super::run;

/// Makes objects that stay, and tells how much one more takes.
const MEASURE: &str = r#"
local make, n, keep = ..., 2000, {}
for i = 1, n do keep[i] = false end
collectgarbage()
local before = collectgarbage("count")
for i = 1, n do keep[i] = make(i) end
collectgarbage()
print((collectgarbage("count") - before) * 1024 / n)
"#;

fn check(make: &str, bytes: f64) {
    let script = format!("assert(loadstring([==[{MEASURE}]==]))(function(i) {make} end)");
    let measured: f64 = run(VmConfig::default(), Preset::Full, &script)
        .trim()
        .parse()
        .unwrap();
    assert_eq!(measured, bytes, "{make}");
}

#[test]
fn of_tables() {
    check("return {}", 40.0);
    check("return { 1 }", 56.0);
    check("return { 1, 2, 3, 4 }", 72.0);
    check(
        "local t = {} for i = 1, 100 do t[i] = i end return t",
        1064.0,
    );
    check("return { a = 1 }", 64.0);
    check("return { a = 1, b = 2, c = 3 }", 136.0);
    check(
        "local t = {} for k = 1, 64 do t[k * 1024] = i end return t",
        1576.0,
    );
}

#[test]
fn of_functions_and_coroutines() {
    check("return function() return print end", 24.0);
    check("return function() return i end", 56.0);
    check("return coroutine.create(function() end)", 1144.0);
}

#[test]
fn of_strings_and_userdata() {
    check("return ('%08d'):format(i)", 32.0);
    check("return ('%030d'):format(i)", 48.0);
    check("return ('x'):rep(92) .. ('%08d'):format(i)", 120.0);
    check("return newproxy()", 40.0);
}
