//! Compiling and verifying, apart from parsing: a one-line script, a script as
//! servers get them, and a large chunk.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lua_compiler::{compile, verify};

const LINE: &str = "return redis.call('get', KEYS[1])";

const SCRIPT: &str = r#"
local key, amount = KEYS[1], tonumber(ARGV[1]) or 10
local current = tonumber(redis.call('get', key) or '0')
if current + amount > 100 then
  return { err = 'limit', current = current }
end
for i = 1, amount do
  current = current + i % 3
  if current > 100 then break end
end
return { current, key .. ':' .. amount, function(x) return x + current end }
"#;

fn large() -> String {
    let function = |i: usize| {
        format!(
            "local function f{i}(a, b) local t = {{ a, b, n = {i} }} \
             if a > b and not t.x then return t[1] + (b or {i}) * t.n end \
             for k, v in pairs(t) do a = a .. k .. tostring(v) end r[{i}] = f{i}(a) end\n"
        )
    };
    let functions: String = (0..4000)
        .map(|i| format!("do {} end\n", function(i)))
        .collect();
    format!("local r = ...\n{functions}return #r")
}

fn load(c: &mut Criterion) {
    let large = large();
    for (name, source) in [("line", LINE), ("script", SCRIPT), ("large", &large)] {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(source.len() as u64));
        let source = source.as_bytes();
        let chunk = lua_syntax::parse(source, b"=bench").unwrap();
        group.bench_function("load", |b| {
            b.iter(|| lua_compiler::load(black_box(source), b"=bench"))
        });
        group.bench_function("parse", |b| {
            b.iter(|| lua_syntax::parse(black_box(source), b"=bench"))
        });
        group.bench_function("compile", |b| b.iter(|| compile(black_box(&chunk), source)));
        let proto = compile(&chunk, source).unwrap();
        group.bench_function("verify", |b| {
            b.iter_batched(|| proto.clone(), verify, BatchSize::LargeInput)
        });
        group.finish();
    }
}

criterion_group!(benches, load);
criterion_main!(benches);
