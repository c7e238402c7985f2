//! Inputs that published vulnerabilities name, and others that have brought the engine in C down:
//! each on a server of its own, with the module and with the engine in C. The module has to give
//! the right answer and go on as before; what the other does is printed.

use std::time::Duration;

use anyhow::{Result, bail};

use super::Rig;
use super::node::wait_until;
use crate::known::KnownFailures;
use crate::redis::connection::NoReply;
use crate::redis::hostile::{self, Answer, Answer::Any, Answer::Error, Answer::Is};
use crate::redis::judge;
use crate::redis::resp::{encode_command, on_one_line};
use crate::redis::server::{Launch, Server, free_port};
use crate::summary::Summary;

/// How long one command may take; a server that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What is sent.
#[derive(Clone, Copy)]
enum Input {
    /// A script.
    Script(&'static str),
    /// Commands; the answer to the last one is weighed.
    Commands(&'static [&'static [&'static str]]),
    /// What takes more than one client.
    Deed(fn(&mut Server) -> Result<String>),
}

use self::Input::{Commands, Deed, Script};

/// Number or name of what is known, the input, and the right answer.
const INPUTS: &[(&str, Input, Answer)] = &[
    (
        "CVE-2026-23631, a full copy arrives while a script runs",
        Deed(copy_into_a_running_script),
        Is("the script was ended, and the next runs"),
    ),
    (
        "CVE-2025-67733, line ends in an error",
        Script("return redis.error_reply('x\\r\\n+FORGED')"),
        Is("-ERR x  +FORGED"),
    ),
    (
        "CVE-2025-49844, the collector runs while a chunk is parsed",
        Script(
            "for i = 1, 300 do local name = ('n' .. i):rep(60) \
             loadstring(('local x = {\"' .. name .. '\"} '):rep(150), '=' .. name) \
             loadstring('x = = ' .. name, '=' .. name) collectgarbage('step', 1) end return 'fine'",
        ),
        Is("\"fine\""),
    ),
    (
        "CVE-2025-46817, unpack near the ends of integers",
        Script("return {pcall(unpack, {}, 0, 2147483647)}"),
        Is("*2 $-1 \"too many results to unpack\""),
    ),
    (
        "CVE-2025-46818, the metatable of strings",
        Commands(&[
            &[
                "EVAL",
                "getmetatable('').__index = function() return 'mine' end",
                "0",
            ],
            &["EVAL", "return ('x'):rep(3)", "0"],
        ]),
        Is("\"xxx\""),
    ),
    (
        "CVE-2025-46819, long brackets of enormous levels",
        Script("return loadstring('return [' .. ('='):rep(1e7) .. '[') == nil"),
        Is(":1"),
    ),
    (
        "CVE-2024-46981, finalizers while the state is torn down",
        Commands(&[
            &[
                "EVAL",
                "collectgarbage('setpause', 0) local t = setmetatable({}, {__gc = function() \
                 redis.call('set', 'gc', 1) end}) for i = 1, 1000 do t = {t} end return 1",
                "0",
            ],
            &["SCRIPT", "FLUSH", "SYNC"],
            &["EVAL", "return redis.call('exists', 'gc')", "0"],
        ]),
        Is(":0"),
    ),
    (
        "CVE-2024-31449, bit.tohex of the smallest number of digits",
        Script("return bit.tohex(1, -2147483648)"),
        Is("\"00000001\""),
    ),
    (
        "CVE-2024-31228, patterns of many stars",
        Commands(&[
            &["EVAL", "return redis.call('set', ('a'):rep(80), 1)", "0"],
            &[
                "EVAL",
                "return #redis.call('keys', ('a*'):rep(1000) .. 'b')",
                "0",
            ],
        ]),
        Is(":0"),
    ),
    (
        "CVE-2022-36021, a pattern of many stars for SCAN",
        Script("return redis.call('scan', '0', 'match', ('*?'):rep(40) .. 'b')[1]"),
        Is("\"0\""),
    ),
    (
        "CVE-2022-24834, lengths that overflow when they are encoded",
        Script("return #cjson.encode(('\\1'):rep(6e7))"),
        Is(":360000002"),
    ),
    (
        "CVE-2022-24736, a body that closes the function around it",
        Script("end return function()"),
        Is(
            "-ERR Error compiling script (new function): user_script:1: '<eof>' expected near 'end'",
        ),
    ),
    (
        "CVE-2022-24735, globals that another user's script would use",
        Commands(&[
            &["EVAL", "redis.call = function() return 'mine' end", "0"],
            &["EVAL", "return redis.call('echo', 'yours')", "0"],
        ]),
        Is("\"yours\""),
    ),
    (
        "CVE-2022-0543, the library package",
        Script("return rawget(_G, 'package') == nil and rawget(_G, 'require') == nil"),
        Is(":1"),
    ),
    (
        "CVE-2021-32672, noise for the debugger",
        Deed(noise_for_the_debugger),
        Is("served"),
    ),
    (
        "CVE-2021-32626, a stack that is reserved too small",
        Script(
            "local t = {} for i = 1, 7900 do t[i] = 'k' .. i end return #redis.call('mget', unpack(t))",
        ),
        Is(":7900"),
    ),
    (
        "CVE-2021-32626, a reply that is nested too deep",
        Script("local t = {} for i = 1, 1000000 do t = {t} end return t"),
        Any,
    ),
    (
        "CVE-2020-14147, sizes of struct",
        Script("return struct.pack('i2147483648', 1)"),
        Is("-ERR user_script:1: integral size overflow script: on @user_script:1."),
    ),
    (
        "CVE-2018-11219, positions of struct.unpack",
        Script("return struct.unpack('i', 'abcd', 2147483647)"),
        Error("data string too short"),
    ),
    (
        "CVE-2018-11218, many arguments for cmsgpack",
        Script("local t = {} for i = 1, 7900 do t[i] = i end return #cmsgpack.pack(unpack(t))"),
        Error("Too many arguments for MessagePack pack."),
    ),
    (
        "CVE-2018-11218, deep nesting for cmsgpack",
        Script("return {pcall(cmsgpack.unpack, ('\\145'):rep(1e6))}"),
        Is("*2 $-1 \"stack overflow (in function mp_decode_to_lua_array)\""),
    ),
    (
        "CVE-2015-4335, bytecode by hand",
        Script("return loadstring(string.dump(function() return 1 end)) == nil"),
        Is(":1"),
    ),
    (
        "CVE-2014-5461, many fixed parameters and few arguments",
        Script(
            "local f = loadstring('return function(' .. ('a,'):rep(150) .. \
             '...) return select(\"#\", ...) end')() return {f(), f(1), f(unpack({}, 1, 200))}",
        ),
        Is("*3 :0 :0 :50"),
    ),
    (
        "an error object whose metatable raises",
        Script("error(setmetatable({}, {__index = function() error('q') end}))"),
        Is("-ERR unknown error script: on @user_script:1."),
    ),
    (
        "a result whose metatable raises",
        Script("return setmetatable({err = 'ERR mine'}, {__index = function() error('q') end})"),
        Is("-ERR mine"),
    ),
    (
        "an error object with an error in it",
        Script("error({err = {}})"),
        Error(""),
    ),
    (
        "a log line while a library is loaded",
        Commands(&[&[
            "FUNCTION",
            "LOAD",
            "#!lua name=lib\nredis.log(redis.LOG_NOTICE, 'x') \
             redis.register_function('f', function() return 1 end)",
        ]]),
        Is("\"lib\""),
    ),
    (
        "functions that differ in case only",
        Commands(&[
            &[
                "FUNCTION",
                "LOAD",
                "#!lua name=lib\nredis.register_function('f', function() return 1 end) \
                 redis.register_function('F', function() return 2 end)",
            ],
            &["FUNCTION", "DELETE", "lib"],
            &[
                "FUNCTION",
                "LOAD",
                "#!lua name=lib\nredis.register_function('f', function() return 3 end)",
            ],
            &["FCALL", "f", "0"],
        ]),
        Is(":3"),
    ),
    (
        "an empty script for the debugger",
        Deed(empty_script_for_the_debugger),
        Is("served"),
    ),
    (
        "a pattern that exhausts the stack",
        Script("return #string.match(('x'):rep(2e5), ('x?'):rep(2e5))"),
        Is(":200000"),
    ),
    (
        "a struct format that exhausts the stack",
        Script("return select('#', struct.unpack(('b'):rep(1e6), ('x'):rep(1e6)))"),
        Is("-ERR user_script:1: stack overflow (too many results) script: on @user_script:1."),
    ),
    (
        "a comparator that contradicts itself",
        Script(
            "local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1000 end \
             pcall(table.sort, t, function(a, b) return true end) return #t",
        ),
        Is(":1000"),
    ),
    (
        "a command with keys of several slots, and the next",
        Deed(keys_of_several_slots),
        Is("+OK"),
    ),
];

/// Tries all inputs, prints what the engine in C does, and judges the module.
pub(super) fn run(
    rig: &Rig<'_>,
    selects: &dyn Fn(&str) -> bool,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    for (name, input, answer) in INPUTS {
        let name = format!("vulnerabilities/{name}");
        if !selects(&name) {
            continue;
        }
        let theirs = attempt(rig.in_c(&[]), *input, *answer)?;
        println!("valkey: {name}: engine in C: {theirs}");
        let problem = match attempt(rig.ours(&[]), *input, *answer)? {
            Outcome::Clean => None,
            other => Some(format!("  {other}\n")),
        };
        judge(&name, problem, known, &mut summary);
    }
    Ok(summary)
}

/// What an input did to a server.
enum Outcome {
    /// The right answer, and a server that is as it was.
    Clean,
    /// Another answer, or a server that answers otherwise since.
    Wrong(String),
    /// No answer.
    Hangs,
    /// No server.
    Crash(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Clean => write!(f, "clean"),
            Outcome::Wrong(what) => write!(f, "wrong: {what}"),
            Outcome::Hangs => write!(f, "hangs"),
            Outcome::Crash(how) => write!(f, "crash: {how}"),
        }
    }
}

/// Tries an input on a server of its own.
fn attempt(launch: Launch, input: Input, answer: Answer) -> Result<Outcome> {
    let mut server = Server::start(launch)?;
    let given = match input {
        Script(script) => ask(&server, &["EVAL", script, "0"]),
        Commands(commands) => {
            let mut last = Ok(String::new());
            for words in commands {
                last = ask(&server, words);
                if last.is_err() {
                    break;
                }
            }
            last
        }
        Deed(deed) => deed(&mut server),
    };
    let afterwards = ask(
        &server,
        &["EVAL", "return {6 * 7, redis.call('ping')}", "0"],
    );
    // A server that is about to end closes its connections first.
    if afterwards.is_err() && !is_hang(&afterwards) {
        let ended = wait_until("the server ends", || Ok(server.crash()?.is_some()));
        if let (Ok(()), Some(how)) = (ended, server.crash()?) {
            return Ok(Outcome::Crash(how));
        }
    }
    if is_hang(&given) || is_hang(&afterwards) {
        return Ok(Outcome::Hangs);
    }
    let given = match given {
        Ok(given) => given,
        Err(error) => return Ok(Outcome::Wrong(format!("{error:#}"))),
    };
    let cut = |text: &str| text.chars().take(100).collect::<String>();
    if !answer.allows(&given) {
        return Ok(Outcome::Wrong(cut(&given)));
    }
    match afterwards {
        Ok(text) if text == "*2 :42 +PONG" => Ok(Outcome::Clean),
        Ok(text) => Ok(Outcome::Wrong(format!("then {}", cut(&text)))),
        Err(error) => Ok(Outcome::Wrong(format!("then {error:#}"))),
    }
}

fn is_hang(answer: &Result<String>) -> bool {
    let error = answer.as_ref().err().and_then(|error| error.downcast_ref());
    matches!(error, Some(NoReply::Timeout(_)))
}

/// One command on a connection of its own.
fn ask(server: &Server, words: &[&str]) -> Result<String> {
    let mut client = server.connect()?;
    client.send(&encode_command(words))?;
    Ok(on_one_line(&client.reply(LIMIT)?))
}

/// Has a full copy of a primary's data come in while a script runs and will not end.
fn copy_into_a_running_script(replica: &mut Server) -> Result<String> {
    const LIBRARY: &str = "#!lua name=lib\nredis.register_function{function_name='loop', \
        flags={'no-writes'}, callback=function() while true do end end}";
    let delayed = [
        "--repl-diskless-sync",
        "yes",
        "--repl-diskless-sync-delay",
        "1",
    ];
    let primary = Server::start(replica.launch().clone().with(&delayed))?;
    for server in [&primary, replica] {
        ask(server, &["FUNCTION", "LOAD", LIBRARY])?;
    }
    ask(replica, &["CONFIG", "SET", "busy-reply-threshold", "1"])?;
    ask(
        replica,
        &["REPLICAOF", "127.0.0.1", &primary.port().to_string()],
    )?;
    let mut caller = replica.connect()?;
    caller.send(&encode_command(&["FCALL_RO", "loop", "0"]))?;
    wait_until("the script keeps others waiting", || {
        Ok(ask(replica, &["PING"])?.starts_with("-BUSY"))
    })?;
    // Whether the copy is taken in now or when the script has ended is for the server to choose.
    for _ in 0..150 {
        let info = ask(&primary, &["INFO", "replication"])?;
        if info.contains("state=online") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = ask(replica, &["FUNCTION", "KILL"])?;
    if killed != "+OK" {
        bail!("FUNCTION KILL is answered {killed}");
    }
    let ended = on_one_line(&caller.reply(LIMIT)?);
    if !ended.starts_with('-') {
        bail!("the script is answered {ended}");
    }
    wait_until("the replica has its copy", || {
        Ok(ask(replica, &["INFO", "replication"])?.contains("master_link_status:up"))
    })?;
    let listed = ask(replica, &["FUNCTION", "LIST"])?;
    if !listed.contains("\"lib\"") {
        bail!("then FUNCTION LIST is answered {listed}");
    }
    Ok("the script was ended, and the next runs".to_owned())
}

fn noise_for_the_debugger(server: &mut Server) -> Result<String> {
    hostile::noise_for_the_debugger(server)?;
    server.ping()?;
    Ok("served".to_owned())
}

fn empty_script_for_the_debugger(server: &mut Server) -> Result<String> {
    let mut client = server.connect()?;
    for words in [&["SCRIPT", "DEBUG", "SYNC"][..], &["EVAL", "", "0"]] {
        client.send(&encode_command(words))?;
        client.reply(LIMIT)?;
    }
    client.half_close();
    while client.reply(LIMIT).is_ok() {}
    server.ping()?;
    Ok("served".to_owned())
}

/// On a node of a cluster: a command of a script touches two slots, then another one.
fn keys_of_several_slots(server: &mut Server) -> Result<String> {
    let bus_port = free_port()?.to_string();
    let args = ["--cluster-enabled", "yes", "--cluster-port", &bus_port];
    let node = Server::start(server.launch().clone().with(&args))?;
    let assigned = ask(&node, &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
    if assigned != "+OK" {
        bail!("CLUSTER ADDSLOTSRANGE is answered {assigned}");
    }
    wait_until("the cluster is well", || {
        Ok(ask(&node, &["CLUSTER", "INFO"])?.contains("cluster_state:ok"))
    })?;
    let refused = ask(&node, &["EVAL", "return redis.call('mget', 'a', 'b')", "0"])?;
    if !refused.starts_with("-ERR Attempted to access a non local key") {
        bail!("two slots are answered {refused}");
    }
    ask(
        &node,
        &["EVAL", "return redis.call('set', KEYS[1], 1)", "1", "a"],
    )
}
