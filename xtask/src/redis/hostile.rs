//! What a hostile script or client may not do: stop the server, take its memory, or spoil it for
//! the next client. After each attack a new client must be answered, a script must run as before,
//! and memory must be back where it was.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::connection::Connection;
use super::resp::{Line, encode_command};
use super::server::{Kind, Launch, Server};
use super::{Options, judge};
use crate::known::KnownFailures;
use crate::summary::Summary;

/// How long an attack may hold the server: far above what the limits allow.
const ATTACK_LIMIT: Duration = Duration::from_secs(60);

/// The limits of the server under attack.
const INSTRUCTION_LIMIT: &str = "20000000";
const MEMORY_LIMIT_BYTES: &str = "67108864";

/// What an attack may leave behind: in the interpreter, and in the process, whose allocator keeps
/// some of what it got.
const LEFT_IN_LUA_BYTES: u64 = 1 << 20;
const LEFT_RESIDENT_BYTES: u64 = 160 << 20;

/// What a script must be answered.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// This line, exactly.
    Is(&'static str),
    /// An error that names this.
    Error(&'static str),
    /// Anything: what matters is the server afterwards.
    Any,
}

use self::Answer::{Any, Error, Is};

/// Said of a script that used up its instructions or its memory.
const INSTRUCTIONS: &str = "instruction limit";
const MEMORY: &str = "memory limit";

/// Scripts that want everything.
const SCRIPTS: &[(&str, &str, Answer)] = &[
    // Time.
    ("endless loop", "while true do end", Error(INSTRUCTIONS)),
    (
        "endless for",
        "for i = 1, math.huge do end",
        Error(INSTRUCTIONS),
    ),
    ("endless repeat", "repeat until false", Error(INSTRUCTIONS)),
    (
        "endless loop in pcall",
        "while true do pcall(function() while true do end end) end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in xpcall's handler",
        "xpcall(error, function() while true do end end) return 1",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a coroutine",
        "coroutine.wrap(function() while true do end end)()",
        Error(INSTRUCTIONS),
    ),
    (
        "endless resumes",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a comparator",
        "table.sort({3, 2, 1}, function() while true do end end)",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a metamethod",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in gsub",
        "return ('x'):gsub('x', function() while true do end end)",
        Error(INSTRUCTIONS),
    ),
    (
        "endless commands",
        "while true do redis.call('ping') end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless tail calls",
        "local function f() return f() end return f()",
        Error(INSTRUCTIONS),
    ),
    (
        "pattern that backtracks for ever",
        "return ('a'):rep(200):find(('a*'):rep(30) .. 'b')",
        Error(INSTRUCTIONS),
    ),
    (
        "inconsistent comparator",
        "local t = {} for i = 1, 500 do t[i] = i % 7 end table.sort(t, function() return true end) return #t",
        Any,
    ),
    // Memory.
    (
        "endless table",
        "local t, i = {}, 0 while true do i = i + 1 t[i] = {i} end",
        Error(MEMORY),
    ),
    (
        "endless table in pcall",
        "local t, i = {}, 0 while true do pcall(function() while true do i = i + 1 t[i] = {i} end end) end",
        Error(MEMORY),
    ),
    (
        "doubling string",
        "local s = 'x' while true do s = s .. s end",
        Error(""),
    ),
    ("string.rep", "return #string.rep('x', 1e10)", Error("")),
    (
        "string.rep in pcall",
        "local ok = pcall(string.rep, 'x', 1e10) return 'went on'",
        Any,
    ),
    (
        "gsub that multiplies",
        "local s = ('x'):rep(1e5) while true do s = s:gsub('x', 'xxxxxxxxxx') end",
        Error(""),
    ),
    (
        "concat of one string many times",
        "local s, t = ('x'):rep(1e6), {} for i = 1, 1e4 do t[i] = s end return #table.concat(t)",
        Error(""),
    ),
    (
        "coroutines without end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        Error(""),
    ),
    (
        "closures without end",
        "local f = function() end while true do local g = f f = function() return g end end",
        Error(""),
    ),
    (
        "keys of every kind",
        "local t = {} for i = 1, 1e9 do t[i + 0.5] = true t['k' .. i] = true end",
        Error(""),
    ),
    (
        "garbage that must be collected",
        "for i = 1, 100000 do local t = {i, {i}} local s = 'x' .. i end return 'done'",
        Is("\"done\""),
    ),
    (
        "format of great width",
        "return #string.format('%99d', 1)",
        Any,
    ),
    // Depth.
    (
        "deep recursion",
        "local function f() return 1 + f() end return f()",
        Error("stack overflow"),
    ),
    (
        "deep recursion through pcall",
        "local function f() return 1, pcall(f) end f() return 'went on'",
        Any,
    ),
    (
        "deep recursion through __index",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k + 1] end return t[1]",
        Error("stack overflow"),
    ),
    (
        "cycle of __index",
        "local t = {} setmetatable(t, {__index = t}) return t.x",
        Error("loop in gettable"),
    ),
    (
        "deep recursion through gsub",
        "local function f(s) return (s:gsub('.', f)) end return f('x')",
        Error("stack overflow"),
    ),
    (
        "deep recursion through sort",
        "local function f() table.sort({2, 1}, f) end f()",
        Error("stack overflow"),
    ),
    (
        "deep recursion through tostring",
        "local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) return tostring(t)",
        Error("stack overflow"),
    ),
    (
        "coroutines inside coroutines",
        "local function f() return coroutine.wrap(f)() end return f()",
        Error(""),
    ),
    (
        "loadstring inside loadstring",
        "local s = 'return 1' for i = 1, 300 do s = 'return loadstring(' .. ('%q'):format(s) .. ')()' if #s > 1e6 then break end end return type(loadstring(s))",
        Any,
    ),
    (
        "deep parentheses",
        "return loadstring(('('):rep(1e6) .. '1' .. (')'):rep(1e6)) == nil",
        Is(":1"),
    ),
    (
        "deep tables in a source",
        "return loadstring('return ' .. ('{'):rep(1e6) .. ('}'):rep(1e6)) == nil",
        Is(":1"),
    ),
    (
        "long chain of concatenations",
        "return loadstring('return ' .. ('1 ..'):rep(1e6) .. '1') == nil",
        Is(":1"),
    ),
    (
        "deep blocks in a source",
        "return loadstring(('do '):rep(1e5) .. ('end '):rep(1e5)) == nil",
        Is(":1"),
    ),
    // Replies.
    (
        "nested reply",
        "local t = {} for i = 1, 100000 do t = {t} end return t",
        Any,
    ),
    ("cyclic reply", "local t = {} t[1] = t return t", Any),
    (
        "cyclic map",
        "redis.setresp(3) local t = {} t.map = {a = t} return t",
        Any,
    ),
    (
        "long reply",
        "local t = {} for i = 1, 1000000 do t[i] = i end return t",
        Any,
    ),
    (
        "too many results",
        "return select('#', unpack({}, 1, 1e7))",
        Error("too many results to unpack"),
    ),
    (
        "unpack at the end of the integers",
        "return {unpack({}, 2147483646, 2147483647)}",
        Any,
    ),
    // Errors that bite.
    ("error that is a table", "error({})", Error("")),
    ("error whose err is a table", "error({err = {}})", Error("")),
    (
        "error that raises when it is read",
        "error(setmetatable({}, {__index = function() error('q') end}))",
        Error(""),
    ),
    (
        "error that raises when it is shown",
        "error(setmetatable({}, {__tostring = function() error('q') end}))",
        Error(""),
    ),
    (
        "status with line ends",
        "return {ok = 'a\\r\\n$-1\\r\\n+OK'}",
        Is("+a  $-1  +OK"),
    ),
    // Code.
    (
        "damaged binary chunks",
        "local d = string.dump(function(a) return a + 1 end) local n = 0 for i = 1, #d do if loadstring(d:sub(1, i - 1) .. '\\255' .. d:sub(i + 1)) then n = n + 1 end end return n",
        Is(":0"),
    ),
    (
        "long bracket of great level",
        "return loadstring('return [' .. ('='):rep(1e6) .. '[') == nil",
        Is(":1"),
    ),
];

/// A client that misbehaves: name and deed.
type BadClient = (&'static str, fn(&Server) -> Result<()>);

/// Clients that misbehave.
const CLIENTS: &[BadClient] = &[
    ("ten megabytes of noise", noise),
    ("ten megabytes of an inline command", endless_line),
    ("lengths that promise much", promises),
    ("half a command from each of 200 clients", half_commands),
    (
        "clients that go away in the middle of a pipeline",
        killed_in_pipeline,
    ),
    ("clients that never read", never_reads),
    (
        "a client that goes away from its running script",
        killed_in_script,
    ),
    ("500 connections", many_connections),
    ("a transaction without end", long_transaction),
    ("a thousand scripts never seen again", many_scripts),
];

/// Runs all attacks on one server of ours; the real one lacks the limits.
pub(super) fn run(ours: &Path, options: &Options, known: &KnownFailures) -> Result<Summary> {
    let mut summary = Summary::default();
    let limits = [
        "--script-instruction-limit",
        INSTRUCTION_LIMIT,
        "--script-memory-limit",
        MEMORY_LIMIT_BYTES,
    ];
    let launch = Launch::ours(ours, &limits);
    let n_attacks = SCRIPTS.len() + CLIENTS.len();
    if launch.kind == Kind::Redis {
        summary.skip(
            n_attacks,
            "redis: hostile: redis-server has no script limits",
        );
        return Ok(summary);
    }
    let mut arena = Arena {
        server: Server::start(launch)?,
        before: None,
    };
    for (name, script, answer) in SCRIPTS {
        let attack = |server: &Server| attack_by_script(server, script, *answer);
        arena.attack(
            &format!("hostile/script: {name}"),
            attack,
            options,
            known,
            &mut summary,
        )?;
    }
    for (name, attack) in CLIENTS {
        arena.attack(
            &format!("hostile/client: {name}"),
            attack,
            options,
            known,
            &mut summary,
        )?;
    }
    Ok(summary)
}

/// The server under attack, and what it used before the first one.
struct Arena {
    server: Server,
    before: Option<Usage>,
}

/// What a server uses, in bytes.
#[derive(Debug, Clone, Copy)]
struct Usage {
    lua_bytes: u64,
    resident_bytes: u64,
}

impl Arena {
    fn attack(
        &mut self,
        name: &str,
        attack: impl Fn(&Server) -> Result<()>,
        options: &Options,
        known: &KnownFailures,
        summary: &mut Summary,
    ) -> Result<()> {
        if !options.selects(name) {
            return Ok(());
        }
        let before = match self.before {
            Some(before) => before,
            None => usage(&self.server)?,
        };
        self.before = Some(before);
        let mut problem = attack(&self.server)
            .err()
            .map(|error| format!("  {error:#}\n"));
        let fault = match self.server.crash()? {
            Some(how) => Some(format!("the server crashed: {how}")),
            None => aftermath(&self.server, before)
                .err()
                .map(|error| format!("{error:#}")),
        };
        if let Some(fault) = fault {
            let text = problem.get_or_insert_default();
            text.push_str(&format!("  {fault}\n{}", self.server.log_tail()));
            self.server.restart()?;
            self.before = None;
        }
        judge(name, problem, known, summary);
        Ok(())
    }
}

/// The next client is answered, a script runs, memory is back.
fn aftermath(server: &Server, before: Usage) -> Result<()> {
    server.ping()?;
    let answer = ask(server, &["EVAL", "return {6 * 7, redis.call('ping')}", "0"])?;
    if shown(&answer) != "*2 :42 +PONG" {
        bail!("afterwards a script is answered {}", shown(&answer));
    }
    ask(server, &["FLUSHALL"])?;
    ask(server, &["SCRIPT", "FLUSH"])?;
    let after = usage(server)?;
    let grew = |before: u64, after: u64, limit: u64| after.saturating_sub(before) > limit;
    if grew(before.lua_bytes, after.lua_bytes, LEFT_IN_LUA_BYTES)
        || grew(
            before.resident_bytes,
            after.resident_bytes,
            LEFT_RESIDENT_BYTES,
        )
    {
        bail!("memory is not given back: {before:?}, then {after:?}");
    }
    Ok(())
}

fn usage(server: &Server) -> Result<Usage> {
    ask(
        server,
        &["EVAL", "collectgarbage() collectgarbage() return 1", "0"],
    )?;
    let info = ask(server, &["INFO", "memory"])?;
    let text = info
        .first()
        .and_then(Line::value)
        .context("INFO is no string")?;
    let text = String::from_utf8_lossy(&text);
    let lua = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory_lua:"));
    let lua = lua.context("INFO has no used_memory_lua")?;
    Ok(Usage {
        lua_bytes: lua.trim().parse().context("used_memory_lua")?,
        resident_bytes: server.resident_bytes()?,
    })
}

/// One command on a connection of its own.
fn ask(server: &Server, words: &[&str]) -> Result<Vec<Line>> {
    let mut connection = server.connect()?;
    connection.send(&encode_command(words))?;
    reply(&mut connection)
}

fn reply(connection: &mut Connection) -> Result<Vec<Line>> {
    let reply = connection.reply(ATTACK_LIMIT);
    reply.map_err(|error| anyhow::anyhow!("the answer is {error}"))
}

/// A reply on one line, cut where it is long.
fn shown(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().take(10) {
        text.push_str(&line.text);
        text.push(' ');
    }
    let cut: String = text.trim_end().chars().take(400).collect();
    cut
}

fn attack_by_script(server: &Server, script: &str, answer: Answer) -> Result<()> {
    let lines = ask(server, &["EVAL", script, "0"])?;
    let got = shown(&lines);
    let is_right = match answer {
        Is(expected) => got == expected,
        Error(words) => got.starts_with('-') && got.contains(words),
        Any => true,
    };
    if !is_right {
        bail!("expected {answer:?}, got {got}");
    }
    Ok(())
}

/// Bytes that look random and are the same in every run.
fn random_bytes(n_bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(n_bytes);
    for _ in 0..n_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push(state.to_le_bytes()[3]);
    }
    bytes
}

const NOISE_BYTES: usize = 10 << 20;

fn noise(server: &Server) -> Result<()> {
    let bytes = random_bytes(NOISE_BYTES);
    // As it is, behind the start of a command, and behind the start of an argument. A server that
    // closes in the middle is right, so that what cannot be sent is no error.
    for start in ["", "*3\r\n", "*2\r\n$3\r\nget\r\n$"] {
        let mut connection = server.connect()?;
        let _ = connection.send(start.as_bytes());
        let _ = connection.send(&bytes);
        connection.half_close();
        while connection.reply(ATTACK_LIMIT).is_ok() {}
    }
    Ok(())
}

fn endless_line(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    let _ = connection.send(&vec![b'x'; NOISE_BYTES]);
    let answer = connection.reply(ATTACK_LIMIT);
    match answer {
        Ok(lines) if shown(&lines) == "-ERR Protocol error: too big inline request" => Ok(()),
        // The server may have closed while we were sending, and its error been lost.
        Err(super::connection::NoReply::Closed(_)) => Ok(()),
        other => bail!("an endless line is answered {other:?}"),
    }
}

fn promises(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for start in [
        "*1048576\r\n",
        "*1\r\n$536870912\r\n",
        "*1048576\r\n$536870912\r\nx",
    ] {
        for _ in 0..50 {
            let mut connection = server.connect()?;
            connection.send(start.as_bytes())?;
            connections.push(connection);
        }
    }
    server.ping()
}

fn half_commands(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for idx in 0..200 {
        let mut connection = server.connect()?;
        let command = encode_command(&["set", "key", "value"]);
        connection.send(&command[..1 + idx % (command.len() - 1)])?;
        if idx % 2 == 0 {
            connection.half_close();
        }
        connections.push(connection);
    }
    server.ping()
}

fn killed_in_pipeline(server: &Server) -> Result<()> {
    for _ in 0..50 {
        let mut connection = server.connect()?;
        let mut bytes = Vec::new();
        for _ in 0..100 {
            bytes.extend(encode_command(&["EVAL", "return ('x'):rep(1000)", "0"]));
            bytes.extend(encode_command(&["INCR", "n"]));
        }
        bytes.truncate(bytes.len() - 5);
        connection.send(&bytes)?;
    }
    server.ping()
}

fn never_reads(server: &Server) -> Result<()> {
    ask(
        server,
        &[
            "EVAL",
            "redis.call('set', 'big', ('x'):rep(1000000)) return 1",
            "0",
        ],
    )?;
    let mut connections = Vec::new();
    for _ in 0..4 {
        let mut connection = server.connect()?;
        let mut bytes = Vec::new();
        for _ in 0..20 {
            bytes.extend(encode_command(&["GET", "big"]));
        }
        connection.send(&bytes)?;
        connections.push(connection);
    }
    server.ping()
}

fn killed_in_script(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    connection.send(&encode_command(&["EVAL", "while true do end", "0"]))?;
    std::thread::sleep(Duration::from_millis(50));
    drop(connection);
    let answer = ask(server, &["ECHO", "served"])?;
    if shown(&answer) != "\"served\"" {
        bail!("the next client is answered {}", shown(&answer));
    }
    Ok(())
}

fn many_connections(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..500 {
        connections.push(server.connect()?);
    }
    for connection in &mut connections {
        connection.send(b"PING\r\n")?;
    }
    for connection in &mut connections {
        let answer = reply(connection)?;
        if shown(&answer) != "+PONG" {
            bail!("a client of many is answered {}", shown(&answer));
        }
    }
    Ok(())
}

fn long_transaction(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    let mut bytes = encode_command(&["MULTI"]);
    for _ in 0..100_000 {
        bytes.extend(encode_command(&["INCR", "n"]));
    }
    connection.send(&bytes)?;
    for _ in 0..=100_000 {
        reply(&mut connection)?;
    }
    connection.send(&encode_command(&["EXEC"]))?;
    let lines = reply(&mut connection)?;
    match lines.last() {
        Some(last) if last.text == ":100000" => Ok(()),
        _ => bail!("EXEC is answered {}", shown(&lines)),
    }
}

fn many_scripts(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    for number in 0..1000 {
        let script = format!("local unused = ('%d'):rep(3) return {number}");
        connection.send(&encode_command(&["EVAL", script.as_str(), "0"]))?;
        let answer = reply(&mut connection)?;
        if shown(&answer) != format!(":{number}") {
            bail!("script {number} is answered {}", shown(&answer));
        }
    }
    Ok(())
}
