//! The script engine on a host of one's own: a map that knows `GET`, `SET` and `INCR`.
//! `cargo run -p redis-bridge --example eval_script`
//!
//! A server does the same with its own commands: implement `Host`, keep an engine,
//! answer `EVAL` by `load`, `prepare` and `run`.

use std::collections::HashMap;

use redis_bridge::ScriptEngine;
use redis_bridge::compat::Compat;
use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState};
use redis_bridge::reply::{Protocol, ReplySink};
use redis_bridge::resp::value::read_value;
use redis_bridge::resp::write::RespWriter;
use redis_bridge::script::{Keep, Limits, ScriptCall};

#[derive(Default)]
struct Map {
    entries: HashMap<Vec<u8>, Vec<u8>>,
}

impl Host for Map {
    fn call(
        &mut self,
        argv: &[&[u8]],
        options: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        let name = argv[0].to_ascii_lowercase();
        if options.read_only && name != b"get" {
            return Err(Refusal::WriteInReadOnlyScript);
        }
        match (&name[..], &argv[1..]) {
            (b"get", [key]) => match self.entries.get(*key) {
                Some(value) => reply.bulk(value),
                None => reply.null(),
            },
            (b"set", [key, value]) => {
                self.entries.insert(key.to_vec(), value.to_vec());
                reply.ok();
            }
            (b"incr", [key]) => {
                let value = self.entries.entry(key.to_vec()).or_insert(b"0".to_vec());
                let number = std::str::from_utf8(value).ok().and_then(|s| s.parse().ok());
                match number.and_then(|n: i64| n.checked_add(1)) {
                    Some(next) => {
                        *value = next.to_string().into_bytes();
                        reply.integer(next);
                    }
                    None => reply.error(b"ERR value is not an integer or out of range"),
                }
            }
            (b"get" | b"set" | b"incr", _) => return Err(Refusal::WrongArity),
            _ => return Err(Refusal::UnknownCommand),
        }
        Ok(())
    }

    fn check_permissions(&mut self, _argv: &[&[u8]]) -> Result<bool, Refusal> {
        Ok(true)
    }

    fn log(&mut self, level: LogLevel, message: &[u8]) {
        println!("log, {level:?}: {}", String::from_utf8_lossy(message));
    }

    fn poll(&mut self) -> RunState {
        RunState::Continue
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut engine = ScriptEngine::new(Compat::default())?;
    engine.set_limits(Limits {
        memory_bytes: Some(16 << 20),
        instructions: Some(1_000_000),
    });
    let mut map = Map::default();
    for script in [
        "redis.call('set', KEYS[1], ARGV[1]) return redis.call('incr', KEYS[1])",
        "redis.log(redis.LOG_NOTICE, 'hello') return {1, 'two', redis.call('get', KEYS[1])}",
        "return redis.call('incr', KEYS[1], 'too', 'many')",
        "return redis.pcall('flushall').err",
        "while true do end",
        "return redis.call('get', KEYS[1])",
    ] {
        println!("> {script}");
        eval(&mut engine, &mut map, script, &[b"counter"], &[b"41"])?;
    }
    Ok(())
}

/// What `EVAL` does: compiles the script unless it is known, runs it, and prints the
/// reply that a client would get.
fn eval(
    engine: &mut ScriptEngine,
    map: &mut Map,
    script: &str,
    keys: &[&[u8]],
    args: &[&[u8]],
) -> std::io::Result<()> {
    let mut wire = Vec::new();
    let mut reply = RespWriter::new(&mut wire, Protocol::Resp2);
    match engine.load(script.as_bytes(), Keep::WhileUsed) {
        Err(text) => reply.error(&text),
        Ok(sha) => {
            if let Some(prepared) = engine.prepare(sha) {
                let flags = prepared.flags().unwrap_or_default();
                let call = ScriptCall {
                    keys,
                    args,
                    read_only: flags.no_writes,
                };
                engine.run(&prepared, &call, map, &mut reply);
            }
        }
    }
    let reply = read_value(&mut wire.as_slice())?;
    print!("{}", String::from_utf8_lossy(&reply.to_terminal()));
    Ok(())
}
