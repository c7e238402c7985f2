//! Patterns and formatting: the parts of the libraries that do the most work per call.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lua_stdlib::{Preset, open};
use lua_vm::{Vm, VmConfig};

/// Name and body of a loop of 1000 rounds; `s` is a text of about 4000 bytes.
const PROGRAMS: &[(&str, &str)] = &[
    ("find a literal near the end", "s:find('needle', 1, true)"),
    ("find a class", "s:find('%d%d%d')"),
    (
        "match captures",
        "('key = value'):match('^(%w+)%s*=%s*(%w+)$')",
    ),
    ("gsub by template", "('a b c d'):gsub('%a', '<%0>')"),
    ("gsub by table", "('a b c d'):gsub('%a', t)"),
    (
        "format numbers",
        "string.format('%d %5.2f %g', 42, 3.14159, 1e20)",
    ),
    (
        "format strings",
        "string.format('%s=%q', 'key', 'a \"value\"')",
    ),
    ("sort numbers", "table.sort({9, 3, 7, 1, 8, 2, 6, 4, 5})"),
];

fn programs(c: &mut Criterion) {
    let mut group = c.benchmark_group("1000 calls");
    for (name, body) in PROGRAMS {
        let mut vm = Vm::new(VmConfig::default());
        open(&mut vm, Preset::Sandboxed).expect("libraries fit the memory");
        let source = format!(
            "local s = ('lorem ipsum dolor '):rep(220) .. 'needle 123'\n\
             local t = {{a = 'x', c = 'y'}}\n\
             return function() for i = 1, 1000 do local _ = {body} end end"
        );
        let chunk = vm.load(source.as_bytes(), b"=bench").expect("it compiles");
        let function = vm
            .enter(|cx| {
                cx.push(cx.value_of(&chunk)?);
                cx.call(0, lua_vm::Results::Exactly(1))?;
                cx.root(cx.value(-1))
            })
            .expect("it runs");
        group.bench_function(*name, |b| {
            b.iter(|| black_box(vm.call(&function, |_, count| count)).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, programs);
criterion_main!(benches);
