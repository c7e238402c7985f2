//! How fast source becomes a tree: a one-line script, where fixed costs count,
//! and a long program, where bytes do.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ONE_LINE: &str = "return redis.call('SET', KEYS[1], ARGV[1])";

const PROGRAM: &str = r#"
-- Takes tokens from a bucket that refills over time.
local bucket, now = KEYS[1], tonumber(ARGV[1])
local rate, capacity = tonumber(ARGV[2]), tonumber(ARGV[3])
local function read(field, default)
  local value = redis.call('HGET', bucket, field)
  if not value then return default end
  return tonumber(value)
end
local tokens = read('tokens', capacity)
local filled = math.min(capacity, tokens + math.max(0, now - read('time', now)) * rate / 1000)
local allowed = filled >= 1 and filled or nil
if allowed then
  filled = filled - 1
elseif capacity == 0 then
  return { err = "NOTOKEN " .. bucket .. ' has no room: "' .. capacity .. '"' }
else
  for i = #ARGV, 4, -1 do
    redis.log(redis.LOG_WARNING, ("%d: %s"):format(i, ARGV[i] or '?'))
  end
end
redis.call('HMSET', bucket, 'tokens', filled, 'time', now)
redis.call('PEXPIRE', bucket, math.ceil(capacity / rate) * 1000 + 1)
return { allowed and 1 or 0, tostring(filled), [0x10] = 1.5e-3 }
"#;

fn parse(c: &mut Criterion) {
    let long = format!("do {PROGRAM} end\n").repeat(200);
    let mut group = c.benchmark_group("parse");
    for (name, source) in [
        ("one line", ONE_LINE),
        ("program", PROGRAM),
        ("long", &long),
    ] {
        group.throughput(Throughput::Bytes(source.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| lua_syntax::parse(black_box(source.as_bytes()), b"=bench").unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
