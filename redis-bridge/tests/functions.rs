//! The engine of functions on a host of its own: what a server adds around it is compared
//! with real servers by the Redis suite.

use std::time::Duration;

use redis_bridge::compat::Compat;
use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState};
use redis_bridge::reply::{Protocol, ReplySink};
use redis_bridge::resp::write::RespWriter;
use redis_bridge::script::{FunctionEngine, LibraryFunction, ScriptCall};

/// A host whose commands all answer with their name.
#[derive(Default)]
struct Echo {
    log: Vec<String>,
    is_killed: bool,
}

impl Host for Echo {
    fn call(
        &mut self,
        argv: &[&[u8]],
        _: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        reply.bulk(argv[0]);
        Ok(())
    }

    fn check_permissions(&mut self, _: &[&[u8]]) -> Result<bool, Refusal> {
        Ok(true)
    }

    fn log(&mut self, _: LogLevel, message: &[u8]) {
        self.log.push(String::from_utf8_lossy(message).into_owned());
    }

    fn poll(&mut self) -> RunState {
        if self.is_killed {
            RunState::Killed
        } else {
            RunState::Continue
        }
    }
}

fn engine() -> FunctionEngine {
    FunctionEngine::new(&Compat::Valkey91.into()).expect("an engine")
}

fn load(engine: &mut FunctionEngine, code: &str) -> Result<Vec<LibraryFunction>, String> {
    let timeout = Some(Duration::from_millis(50));
    engine
        .load(code.as_bytes(), timeout, &mut Echo::default())
        .map_err(|text| String::from_utf8_lossy(&text).into_owned())
}

fn run(engine: &mut FunctionEngine, function: &LibraryFunction, host: &mut Echo) -> String {
    let mut out = Vec::new();
    let call = ScriptCall {
        keys: &[b"k"],
        args: &[b"a", b"b"],
        read_only: false,
    };
    let mut reply = RespWriter::new(&mut out, Protocol::Resp2);
    engine.run(function, &call, host, &mut reply);
    String::from_utf8_lossy(&out).replace("\r\n", " ")
}

/// Loads a library of one function and compares what it answers.
fn check(code: &str, expected: &str) {
    let mut engine = engine();
    let answer = match load(&mut engine, code) {
        Ok(library) => run(&mut engine, &library[0], &mut Echo::default()),
        Err(text) => text,
    };
    assert_eq!(answer, expected, "{code}");
}

/// As [`check`], for the body of the function.
fn check_body(body: &str, expected: &str) {
    check(
        &format!("\nserver.register_function('f', function(keys, args) {body} end)"),
        expected,
    );
}

#[test]
fn what_functions_see() {
    check_body("return {keys, args}", "*2 *1 $1 k *2 $1 a $1 b ");
    check_body("return redis.call('x')", "$1 x ");
    check_body(
        "return _G.server == redis and type(math.floor)",
        "$8 function ",
    );
    check_body(
        "return tostring(redis.breakpoint) .. tostring(redis.register_function)",
        "$6 nilnil ",
    );
    check_body(
        "return KEYS",
        "-ERR user_function:2: Script attempted to access nonexistent global variable 'KEYS' \
         script: on @user_function:2. ",
    );
    check_body(
        "x = 1",
        "-ERR user_function:2: Attempt to modify a readonly table script: on @user_function:2. ",
    );
    check_body(
        "coroutine.yield()",
        "-ERR attempt to yield across metamethod/C-call boundary script: on @user_function:2. ",
    );
}

#[test]
fn what_libraries_see_while_they_load() {
    for name in ["error", "pcall", "_G", "string", "KEYS", "setmetatable"] {
        check(
            &format!("\n\nlocal x = {name}"),
            &format!(
                "Error registering functions: ERR user_function:3: Script attempted to access \
                 nonexistent global variable '{name}'"
            ),
        );
    }
    check(
        "\nredis.call('x')",
        "Error registering functions: ERR user_function:2: Script attempted to access \
         nonexistent global variable 'call'",
    );
    check(
        "\nredis.x = 1",
        "Error registering functions: ERR user_function:2: Attempt to modify a readonly table",
    );
    check(
        "\nlocal r = ('x'):rep(3) redis.register_function(r, function() return r end)",
        "$3 xxx ",
    );
    check(
        "\nreturn +",
        "Error compiling function: user_function:2: unexpected symbol near '+'",
    );
    check(
        "\nwhile true do end",
        "Error registering functions: ERR FUNCTION LOAD timeout",
    );
    check(
        "\nlocal register = redis.register_function \
         register('f', function() register('g', function() end) end)",
        "-ERR server.register_function can only be called on FUNCTION LOAD command \
         script: on @user_function:2. ",
    );
}

#[test]
fn a_failed_load_leaves_nothing() {
    let mut engine = engine();
    let code = "\nredis.register_function('f', function() return _VERSION end) local x = y";
    assert!(load(&mut engine, code).is_err());
    let library = load(&mut engine, &code.replace("local x = y", "")).expect("a library");
    assert_eq!(
        run(&mut engine, &library[0], &mut Echo::default()),
        "$7 Lua 5.1 "
    );
}

#[test]
fn libraries_log_while_they_load() {
    let mut host = Echo::default();
    let code = b"\nredis.log(redis.LOG_WARNING, 'loading', 1)";
    let library = engine().load(code, None, &mut host).expect("a library");
    assert!(library.is_empty());
    assert_eq!(host.log, ["loading 1"]);
}

#[test]
fn libraries_keep_what_is_theirs() {
    let mut engine = engine();
    let code = "\nlocal n = 0 redis.register_function('f', function() n = n + 1 return n end)";
    let first = load(&mut engine, code).expect("a library");
    let second = load(&mut engine, code).expect("a library of the same name");
    let mut host = Echo::default();
    assert_eq!(run(&mut engine, &first[0], &mut host), ":1 ");
    assert_eq!(run(&mut engine, &first[0], &mut host), ":2 ");
    assert_eq!(run(&mut engine, &second[0], &mut host), ":1 ");
    drop(first);
    engine.reset();
    assert_eq!(run(&mut engine, &second[0], &mut host), ":2 ");
}

#[test]
fn dropped_libraries_are_freed() {
    let mut engine = engine();
    engine.collect();
    let before = engine.vm_bytes();
    let code = format!(
        "\nlocal x = '{}' redis.register_function('f', function() return x end)",
        "x".repeat(100_000)
    );
    let library = load(&mut engine, &code).expect("a library");
    assert!(engine.vm_bytes() > before + 100_000);
    drop(library);
    engine.collect();
    assert!(engine.vm_bytes() < before + 10_000);
}

#[test]
fn functions_of_another_engine_are_refused() {
    let library = load(
        &mut engine(),
        "\nredis.register_function('f', function() end)",
    );
    let library = library.expect("a library");
    let answer = run(&mut engine(), &library[0], &mut Echo::default());
    assert_eq!(
        answer,
        "-ERR Error running script, value belongs to another VM "
    );
}

#[test]
fn killed_functions_end() {
    let mut engine = engine();
    let code = "\nredis.register_function('f', function() while true do pcall(error) end end)";
    let library = load(&mut engine, code).expect("a library");
    let mut host = Echo {
        is_killed: true,
        ..Echo::default()
    };
    assert_eq!(
        run(&mut engine, &library[0], &mut host),
        "-ERR Script killed by user with FUNCTION KILL. script: on @user_function:2. "
    );
}

#[test]
fn what_a_large_run_leaves_behind_goes_between_small_ones() {
    let mut engine = engine();
    let code = "\nserver.register_function('string', function() return #('x'):rep(2 ^ 24) end) \
                server.register_function('tables', function() \
                    local t = {} for i = 1, 1e5 do t[i] = {} end return #t end) \
                server.register_function('small', function() return 1 end)";
    let library = load(&mut engine, code).expect("a library");
    let mut host = Echo::default();
    let mut run_often = |place: usize, n_runs: usize, expected: &str| {
        for _ in 0..n_runs {
            assert_eq!(run(&mut engine, &library[place], &mut host), expected);
        }
        engine.vm_bytes()
    };
    for (place, expected) in [(0, ":16777216 "), (1, ":100000 ")] {
        run_often(place, 1, expected);
        assert!(run_often(2, 200, ":1 ") < 256 << 10);
    }
}
