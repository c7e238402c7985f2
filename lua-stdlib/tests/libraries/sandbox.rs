//! What the sandboxed preset leaves out.

use super::run;
use expect_test::{Expect, expect};
use lua_stdlib::Preset;
use lua_vm::VmConfig;

/// What a script in a sandbox returns, with or without a memory limit in bytes.
#[track_caller]
fn check(memory_limit: Option<usize>, source: &str, expected: Expect) {
    let config = VmConfig {
        memory_limit,
        ..VmConfig::default()
    };
    // A sandbox cannot print; errors with level 0 report instead.
    expected.assert_eq(&run(config, Preset::Sandboxed, source));
}

#[test]
fn nothing_reaches_outside() {
    check(
        None,
        r##"
local names = {}
for _, name in ipairs{"print", "dofile", "loadfile", "io", "debug", "package", "require",
    "module", "newproxy", "getfenv", "setfenv"} do
  if _G[name] ~= nil then names[#names + 1] = name end
end
for name in pairs(os) do names[#names + 1] = name end
error(table.concat(names, " "), 0)
"##,
        expect![[r#"
            error: clock
        "#]],
    );
}

#[test]
fn big_results_are_refused_before_they_are_built() {
    for source in [
        "return ('x'):rep(1e9)",
        "local s = ('x'):rep(1e6) return (s:gsub('x', s))",
        "local t = {} local s = ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return table.concat(t)",
        "local s = ('x'):rep(1e6) return string.format(('%s'):rep(100), unpack((function() local t = {} for i = 1, 100 do t[i] = s end return t end)()))",
    ] {
        check(
            Some(4 << 20),
            source,
            expect![[r#"
                error: not enough memory
            "#]],
        );
    }
}

#[test]
fn long_work_inside_one_call_is_charged() {
    for source in [
        "return (('a'):rep(60)):match(('a*'):rep(30) .. '[bc]')",
        "return (('a'):rep(1e5)):find('.-.-.-b')",
        "local t = {} for i = 1, 3e4 do t[i] = i % 2 == 0 and i or -i end table.sort(t) table.sort(t)",
        "return table.insert({}, -2e9, 1)",
        "local t = {} for i = 1, 1e4 do t[i] = {} end for i = 1, 100 do collectgarbage() end",
        "local t = {} for i = 1, 1e4 do t[i] = {} end for i = 1, 100 do collectgarbage('step', 1e6) end",
    ] {
        let config = VmConfig {
            instruction_limit: Some(200_000),
            ..VmConfig::default()
        };
        let actual = run(config, Preset::Sandboxed, source);
        assert_eq!(actual, "error: instruction limit exceeded\n", "{source}");
    }
}
