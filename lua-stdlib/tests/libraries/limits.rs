//! What functions of the libraries do in one call counts against the instruction limit.

use lua_stdlib::{Preset, open};
use lua_vm::{ErrorKind, Vm, VmConfig};

/// A string of a megabyte, two others that are equal, and a list of some thousands.
const PREPARE: &str = r#"
big = ("0123456789abcdef"):rep(2 ^ 16)
other, twin = big .. "!", big .. "!"
list, texts, long = {}, {}, {}
for i = 1, 40000 do list[i] = i texts[i] = "x" .. i end
for i = 1, 40 do long[i] = big end
broken = {}
for i = 1, 40 do broken[i] = big end
broken[41] = {}
short = ("01"):rep(1000)
-- Its border is found by counting: the powers of two that the search tries are there.
misleading = {}
for i = 1, 2 ^ 15 do misleading[i] = i end
for i = 1, 100 do misleading["k" .. i] = 1 end
for i = 1, 100 do misleading["k" .. i] = nil end
local power = 2 ^ 15 + 1
while power <= 2 ^ 31 do misleading[power] = 1 power = power * 2 end
"#;

/// Repeats `work` a thousand times under a limit of a million instructions: it must strike.
#[track_caller]
fn check(work: &str) {
    let mut vm = Vm::new(VmConfig::default());
    open(&mut vm, Preset::Full).expect("libraries fit the memory");
    let prepare = vm.load(PREPARE.as_bytes(), b"=prepare").expect("valid");
    vm.call(&prepare, |_, _| ()).expect("no limit yet");
    let source = format!("local f, c = string.find for i = 1, 1000 do {work} end");
    let function = vm.load(source.as_bytes(), b"=work").expect("valid");
    vm.set_instruction_limit(Some(1_000_000));
    let result = vm.call(&function, |_, _| ());
    assert_eq!(
        result.map_err(|error| error.kind()),
        Err(ErrorKind::Instructions),
        "{work}"
    );
}

#[test]
fn strings() {
    for work in [
        "c = ('x'):rep(1e6)",
        "c = big:upper()",
        "c = big:lower()",
        "c = big:reverse()",
        "c = big:sub(2)",
        "c = ('%s'):format(big)",
        "c = ('%q'):format(big)",
        "c = big:gsub('', '', 1)",
        "c = f(big, '!', 1, true)",
        "c = f(big, '0123456789abcdef!', 1, true)",
        "c = f(big, '!')",
        "c = f(big, '%u')",
        "c = f(big, '![^x]')",
        "c = f(short, '[^01]')",
        "c = rawequal(other, twin)",
        "c = tonumber(big)",
        "c = tonumber(big, 16)",
        "pcall(loadstring, big)",
        "c = {big:byte(1, 7000)}",
    ] {
        check(work);
    }
}

#[test]
fn lists() {
    for work in [
        "table.insert(list, 1, 0)",
        "c = #misleading",
        "table.insert(list, table.remove(list, 1))",
        "c = table.concat(texts)",
        "c = table.concat(long)",
        "pcall(table.concat, broken)",
        "c = table.maxn(list)",
        "table.sort(list)",
        "table.sort(texts)",
        "table.sort(long)",
        "c = select('#', unpack(list, 1, 4000))",
    ] {
        check(work);
    }
}
