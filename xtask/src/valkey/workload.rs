//! What the clients of the [soak test](super::soak) do: scripts and functions with the answers that
//! they must have, and all that goes on meanwhile.

use std::sync::RwLock;
use std::thread::sleep;
use std::time::Duration;

use crate::redis::hostile::SCRIPTS;
use crate::redis::resp::on_one_line;
use crate::redis::soak::client::{Client, Failure, Outcome};

/// A client, which works only while nobody wants the server for himself.
pub(super) struct Gate<'a> {
    client: &'a mut Client,
    gate: &'a RwLock<()>,
}

impl<'a> Gate<'a> {
    pub(super) fn new(client: &'a mut Client, gate: &'a RwLock<()>) -> Self {
        Gate { client, gate }
    }

    /// The answer to a command on one line, an error too.
    fn ask(&mut self, words: &[&str]) -> Outcome<String> {
        let Ok(_open) = self.gate.read() else {
            return Err(Failure::Lost);
        };
        Ok(on_one_line(&self.client.ask_any(words)?))
    }

    /// Sends a command and leaves without hearing the answer.
    fn leave(&mut self, words: &[&str]) -> Outcome<()> {
        let Ok(_open) = self.gate.read() else {
            return Err(Failure::Lost);
        };
        self.client.send(words)?;
        Err(Failure::Lost)
    }
}

/// One round of work.
pub(super) type Work = fn(&mut Gate<'_>) -> Outcome<()>;

/// The kinds of clients.
pub(super) const WORKERS: &[(&str, Work)] = &[
    ("scripts", call_script),
    ("digests", call_digest),
    ("functions", call_function),
    ("new scripts", call_new_script),
    ("libraries", change_libraries),
    ("hostile scripts", attack),
    ("flushes", flush),
    ("settings", change_settings),
    ("questions", ask_about),
    ("debugger", debug),
];

/// What any call may be answered while others kill, limit and flush.
const INTERRUPTIONS: &[&str] = &[
    "-BUSY ",
    "-ERR Error running script",
    "-ERR Script killed by user",
    "-ERR Function killed by user",
    "-OOM script memory limit exceeded",
    "-LIMIT script instruction limit exceeded",
    "-ERR Error compiling script (new function): not enough memory",
    "-ERR Error compiling function: not enough memory",
];

/// Is the answer right, or one that others have caused?
fn weigh(what: &str, got: &str, expected: &str) -> Outcome<()> {
    let is_interrupted = INTERRUPTIONS.iter().any(|text| got.starts_with(text));
    if got == expected || is_interrupted {
        return Ok(());
    }
    let cut = |text: &str| text.chars().take(300).collect::<String>();
    let (what, got) = (cut(what), cut(got));
    Err(Failure::Violation(format!(
        "{what} is answered {got}, not {expected}"
    )))
}

fn pick<T>(all: &[T]) -> &T {
    &all[fastrand::usize(..all.len())]
}

/// Scripts whose answer is known: each is called with the key `soak` and the argument 7.
pub(super) const CALLS: &[(&str, &str)] = &[
    ("return 1", ":1"),
    (
        "return {KEYS[1], ARGV[1], #KEYS, #ARGV}",
        "*4 \"soak\" \"7\" :1 :1",
    ),
    (
        "local s = 0 for i = 1, 10000 do s = (s * 31 + i) % 65521 end return s",
        ":56292",
    ),
    (
        "local t = {} for i = 1, 500 do t[i] = {id = i, name = 'n' .. i, list = {i, i + 1}} end \
         local back = cjson.decode(cjson.encode(t)) return {#back, back[500].name, back[7].list[2]}",
        "*3 :500 \"n500\" :8",
    ),
    (
        "local t = {} for i = 1, 300 do t[i] = ('x'):rep(i) end \
         local back = cmsgpack.unpack(cmsgpack.pack(t)) return #back[300] + #back",
        ":600",
    ),
    (
        "local n = 0 for word in (('the quick brown fox '):rep(200)):gmatch('%a+') do \
         n = n + #word end return n",
        ":3200",
    ),
    (
        "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) \
         for i = 2, 1000 do if t[i - 1] > t[i] then return 'unsorted' end end return 'sorted'",
        "\"sorted\"",
    ),
    (
        "local co = coroutine.wrap(function() for i = 1, 200 do coroutine.yield(i) end end) \
         local s = 0 for i = 1, 200 do s = s + co() end return s",
        ":20100",
    ),
    (
        "redis.call('set', KEYS[1], ARGV[1]) local n = 0 \
         for i = 1, 100 do n = n + redis.call('get', KEYS[1]) end return n",
        ":700",
    ),
    (
        "redis.call('del', 'soak:h') for i = 1, 50 do redis.call('hset', 'soak:h', i, i * i) end \
         local all = redis.call('hgetall', 'soak:h') return #all",
        ":100",
    ),
    (
        "local ok, err = pcall(redis.call, 'lpush', KEYS[1]) return {tostring(ok), err}",
        "*2 \"false\" \"ERR Wrong number of args calling command from script\"",
    ),
    ("return redis.error_reply('MINE own')", "-MINE own"),
    ("return redis.status_reply('FINE')", "+FINE"),
    (
        "local ok, e = pcall(error, {code = 5}) return {tostring(ok), e.code}",
        "*2 \"false\" :5",
    ),
    (
        "local t = setmetatable({}, {__index = function(_, k) return k * 2 end, \
         __call = function(_, a) return a + 1 end}) return {t[21], t(1)}",
        "*2 :42 :2",
    ),
    (
        "local f = loadstring('local a, b = ... return a * b') return f(6, 7)",
        ":42",
    ),
    (
        "local s = '' for i = 1, 300 do s = s .. string.char(97 + i % 26) end \
         return {#s, (s:gsub('[aeiou]', '')):len(), s:sub(1, 5)}",
        "*3 :300 :242 \"bcdef\"",
    ),
    (
        "return {bit.band(255, 60), bit.tohex(48879), struct.unpack('>I2', struct.pack('>I2', 513))}",
        "*4 :60 \"0000beef\" :513 :3",
    ),
];

fn call_script(gate: &mut Gate<'_>) -> Outcome<()> {
    let (script, expected) = pick(CALLS);
    let got = gate.ask(&["EVAL", script, "1", "soak", "7"])?;
    weigh(script, &got, expected)
}

fn call_digest(gate: &mut Gate<'_>) -> Outcome<()> {
    let (script, expected) = pick(CALLS);
    let loaded = gate.ask(&["SCRIPT", "LOAD", script])?;
    let Some(digest) = loaded
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return weigh("SCRIPT LOAD", &loaded, "a digest");
    };
    for _ in 0..20 {
        let got = gate.ask(&["EVALSHA", digest, "1", "soak", "7"])?;
        if got.starts_with("-NOSCRIPT") {
            break; // Flushed meanwhile.
        }
        weigh(script, &got, expected)?;
    }
    Ok(())
}

/// A script that nobody has seen: the server's list of scripts overflows with them.
fn call_new_script(gate: &mut Gate<'_>) -> Outcome<()> {
    let number = fastrand::u32(..);
    let script = format!(
        "local t = {{}} for i = 1, 20 do t['k' .. i] = {{i, '{number}'}} end \
         local function f(x) return x .. '{number}' end return f(t.k20[2])"
    );
    let got = gate.ask(&["EVAL", &script, "0"])?;
    weigh(&script, &got, &format!("\"{number}{number}\""))
}

/// A library of many functions, as version `number`.
fn library(name: &str, number: u32) -> String {
    let mut text = format!("#!lua name={name}\nlocal version = {number}\n");
    for at in 0..5 {
        text += &format!(
            "redis.register_function('{name}_{at}', function(keys, args) \
             local t = {{}} for i = 1, 50 do t[i] = args[1] .. i end \
             return #table.concat(t) + {at} end)\n"
        );
    }
    text + &format!(
        "redis.register_function('{name}_loop', function() while true do end end)\n\
         redis.register_function{{function_name='{name}_version', flags={{'no-writes'}}, \
         callback=function() return version end}}"
    )
}

const LIBRARIES: &[&str] = &["one", "two", "three"];
const NOT_FOUND: &str = "-ERR Function not found";

fn call_function(gate: &mut Gate<'_>) -> Outcome<()> {
    let (name, at) = (pick(LIBRARIES), fastrand::usize(..5));
    let function = format!("{name}_{at}");
    if fastrand::u8(..200) == 0 {
        let got = gate.ask(&["FCALL", &format!("{name}_loop"), "0"])?;
        return if got == NOT_FOUND {
            Ok(())
        } else {
            weigh("a loop", &got, "an end")
        };
    }
    let got = gate.ask(&["FCALL", &function, "0", "7"])?;
    if got == NOT_FOUND {
        let number = fastrand::u32(..);
        let answer = gate.ask(&["FUNCTION", "LOAD", "REPLACE", &library(name, number)])?;
        return weigh("FUNCTION LOAD", &answer, &format!("\"{name}\""));
    }
    // Fifty arguments, 9 of them with one digit more and 41 with two.
    weigh(&function, &got, &format!(":{}", 9 * 2 + 41 * 3 + at))
}

fn change_libraries(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(1..30)));
    let name = pick(LIBRARIES);
    match fastrand::u8(..6) {
        0 => {
            let got = gate.ask(&["FUNCTION", "DELETE", name])?;
            if got == "-ERR Library not found" {
                Ok(())
            } else {
                weigh("DELETE", &got, "+OK")
            }
        }
        1 => {
            // A library that does not load leaves the old one.
            let broken = library(name, 0) + "\nredis.register_function('broken', 1)";
            let got = gate.ask(&["FUNCTION", "LOAD", "REPLACE", &broken])?;
            let expected = "-ERR Error registering functions: ERR second argument to \
                            server.register_function must be a function";
            weigh("a broken library", &got, expected)
        }
        _ => {
            let code = library(name, fastrand::u32(..));
            let got = gate.ask(&["FUNCTION", "LOAD", "REPLACE", &code])?;
            weigh("FUNCTION LOAD", &got, &format!("\"{name}\""))
        }
    }
}

fn attack(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(1..50)));
    let (_, script, _) = pick(SCRIPTS);
    let words = ["EVAL", script, "0"];
    if fastrand::u8(..10) == 0 {
        return gate.leave(&words);
    }
    // How it ends depends on the settings of the moment; that it ends is what matters.
    gate.ask(&words).map(drop)
}

fn flush(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(1..300)));
    let what = *pick(&["SCRIPT", "FUNCTION"]);
    let how = *pick(&["SYNC", "ASYNC"]);
    let got = gate.ask(&[what, "FLUSH", how])?;
    weigh("FLUSH", &got, "+OK")
}

fn change_settings(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(1..300)));
    let (setting, value) = *pick(&[
        ("ferrous.script-memory-limit", "8mb"),
        ("ferrous.script-memory-limit", "64mb"),
        ("ferrous.script-memory-limit", "128mb"),
        ("ferrous.script-instruction-limit", "0"),
        ("ferrous.script-instruction-limit", "100000"),
        ("ferrous.script-instruction-limit", "20000000"),
    ]);
    let got = gate.ask(&["CONFIG", "SET", setting, value])?;
    weigh(setting, &got, "+OK")
}

fn ask_about(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(1..20)));
    let all: [&[&str]; 7] = [
        &["INFO", "everything"],
        &["MEMORY", "STATS"],
        &["FUNCTION", "STATS"],
        &["FUNCTION", "LIST", "WITHCODE"],
        &["FUNCTION", "DUMP"],
        &["EVAL", "return #redis.call('info', 'everything')", "0"],
        &[
            "SCRIPT",
            "EXISTS",
            "e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
        ],
    ];
    gate.ask(all[fastrand::usize(..all.len())]).map(drop)
}

/// Steps through a script, in a copy of the server, and goes away.
fn debug(gate: &mut Gate<'_>) -> Outcome<()> {
    sleep(Duration::from_millis(fastrand::u64(100..1000)));
    let begun = gate.ask(&["SCRIPT", "DEBUG", "YES"])?;
    if begun != "+OK" {
        return weigh("SCRIPT DEBUG", &begun, "+OK");
    }
    let stopped = gate.ask(&["EVAL", "local a = 1\nlocal b = a + 1\nreturn a + b", "0"])?;
    if stopped.contains("Stopped at 1") {
        for command in ["step", "print", "whole", "continue"] {
            gate.ask(&[command])?;
        }
    }
    Err(Failure::Lost)
}
