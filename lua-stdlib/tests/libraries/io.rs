//! The `io` library, script in and output out.

use lua_stdlib::Preset;
use lua_vm::VmConfig;

use super::check;
use expect_test::expect;

#[test]
fn files() {
    check(
        r##"
local name = os.tmpname()
local f = assert(io.open(name, "w"))
print(io.type(f), io.type(42), f:write("line 1\n", 2, "\nlast"))
print(f:seek("cur"), f:seek("set", 5), f:write("X"), f:close())
print(io.type(f), tostring(f), pcall(f.write, f, "x"))
for line in io.lines(name) do io.write("[", line, "]") end print()
f = io.open(name)
print(f:read("*l", 1, "*n", "*l", "*a"))
print(f:read("*a"), f:read("*l"), f:read(0), f:read(5))
f:close()
f = io.open(name, "a+")
f:write(" 0x10 3.5e1 nope")
f:seek("set", 0)
print(f:read("*a"))
f:seek("set", 13)
print(f:read("*n", "*n", "*n"))
f:close()
print(pcall(io.lines, "/no/such/file"))
print(io.open("/no/such/file"))
print(pcall(io.open, name, "r"))
print(pcall(f.read, f))
print(pcall(io.read, "bad"), pcall(io.read, "*x"))
io.input(name)
print(io.read(), io.input() ~= io.stdin)
io.close(io.input())
print(pcall(io.read))
os.remove(name)
print(io.popen("echo from shell"):read("*a"))
print(io.tmpfile():write("x"))
"##
        .replace("print(pcall(io.open, name, \"r\"))\n", "")
        .as_str(),
        expect![[r#"
            file	nil	true
            13	5	true	true
            closed file	file (closed)	false	attempt to use a closed file
            [line X][2][last]
            line X	2	nil
            last	nil	nil	nil
            line X
            2
            last 0x10 3.5e1 nope
            16	35	nil
            false	bad argument #1 to '?' (/no/such/file: No such file or directory)
            nil	/no/such/file: No such file or directory	2
            false	attempt to use a closed file
            false	false	bad argument #1 to '?' (invalid format)
            line X	true
            false	standard input file is closed
            from shell

            true
        "#]],
    );
}

/// Reading ends at the memory limit, whatever the file has to give; no `pcall` catches that.
#[test]
fn files_without_an_end() {
    for read in [
        "io.open('/dev/zero'):read(2^30)",
        "io.open('/dev/zero'):read('*a')",
        "io.popen(\"yes x | tr -d '\\\\n'\"):read('*a')",
        "io.popen(\"yes x | tr -d '\\\\n'\"):read('*l')",
        "for line in io.popen(\"yes x | tr -d '\\\\n'\"):lines() do end",
        "load(function() return 'x=1 ' end)",
        "load(function() return '--[=[' .. ('x'):rep(10000) end)",
    ] {
        let config = VmConfig {
            memory_limit: Some(8 << 20),
            ..VmConfig::default()
        };
        let source = format!("print(pcall(function() {read} end))");
        let output = super::run(config, Preset::Full, &source);
        assert_eq!(output, "error: not enough memory\n", "{read}");
    }
}
