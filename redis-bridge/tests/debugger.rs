//! The debugger as Valkey has it, with a user who has written all commands down before.
//! What Redis has is compared with it by the Redis suite.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use redis_bridge::compat::Compat;
use redis_bridge::debugger::wire::Wire;
use redis_bridge::debugger::{Answer, Console, Hangup, Line, Session};
use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState};
use redis_bridge::reply::{Protocol, ReplySink};
use redis_bridge::resp::write::RespWriter;
use redis_bridge::script::{Environment, ScriptCall};

/// A host that has one command.
struct Echo;

impl Host for Echo {
    fn call(
        &mut self,
        argv: &[&[u8]],
        _: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        match argv {
            [b"echo", text] => reply.bulk(text),
            [b"fail"] => reply.error(b"MY failure"),
            _ => return Err(Refusal::UnknownCommand),
        }
        Ok(())
    }

    fn check_permissions(&mut self, _: &[&[u8]]) -> Result<bool, Refusal> {
        Ok(true)
    }

    fn log(&mut self, _: LogLevel, _: &[u8]) {}

    /// Is not to be asked: a server that serves others meanwhile would do so in the copy of itself
    /// that is debugged, on connections that are the original's.
    fn poll(&mut self) -> RunState {
        RunState::Killed
    }
}

/// A user who says this, and then hangs up.
struct Written {
    commands: Vec<&'static str>,
    shown: Rc<RefCell<Vec<String>>>,
}

impl Console for Written {
    fn show(&mut self, lines: Vec<Line>) {
        let texts = lines
            .iter()
            .map(|line| String::from_utf8_lossy(&line.text).into_owned());
        self.shown.borrow_mut().extend(texts);
    }

    fn converse(&mut self, execute: &mut dyn FnMut(&[&[u8]]) -> Answer) -> Result<(), Hangup> {
        while !self.commands.is_empty() {
            let command = self.commands.remove(0);
            let args: Vec<_> = command.split(' ').map(str::as_bytes).collect();
            match execute(&args) {
                Answer::Lines(lines) => self.show(lines),
                Answer::Resume => return Ok(()),
                Answer::Unknown => self.shown.borrow_mut().push("?".to_owned()),
            }
        }
        Err(Hangup::Gone)
    }
}

/// Runs a script with a user behind it; the reply.
fn run(script: &str, user: Box<dyn Console>, patience: Duration) -> String {
    let compat = Compat::Valkey91;
    let mut environment = Environment::new(&compat.into()).expect("an environment");
    let session = Session::new(script.as_bytes(), user, compat, patience);
    environment.set_debugger(Some(session.clone()));
    let compiled = environment.compile(script.as_bytes()).expect("a script");
    let call = ScriptCall {
        keys: &[b"k"],
        args: &[],
        read_only: false,
    };
    let mut out = Vec::new();
    let mut reply = RespWriter::new(&mut out, Protocol::Resp2);
    environment.run(&compiled, b"", &call, &mut Echo, &mut reply);
    session.end();
    String::from_utf8_lossy(&out).replace("\r\n", " ")
}

/// Compares what a user gets to see, and the reply.
fn check(script: &str, commands: &[&'static str], expected: &str) {
    let shown = Rc::new(RefCell::new(Vec::new()));
    let user = Written {
        commands: commands.to_vec(),
        shown: Rc::clone(&shown),
    };
    let reply = run(script, Box::new(user), Duration::from_secs(5));
    let transcript = format!("{}\n{reply}", shown.borrow().join("\n"));
    assert_eq!(transcript, expected, "{script} {commands:?}");
}

#[test]
fn words_of_valkey() {
    check(
        "local t = {1, 'x', {y = true}}\nserver.breakpoint()\nserver.debug(t, nil, 'z')\nreturn 1",
        &[
            "print nosuch",
            "c",
            "v echo a",
            "valkey fail",
            "server nosuch",
            "p t",
            "e 1 +",
            "c",
        ],
        "* Stopped at 1, stop reason = step over\n\
         -> 1   local t = {1, 'x', {y = true}}\n\
         No such variable.\n\
         * Stopped at 3, stop reason = server.breakpoint() called\n\
         -> 3   server.debug(t, nil, 'z')\n\
         <command> echo a\n\
         <reply> \"a\"\n\
         <command> fail\n\
         <error> -MY failure\n\
         <reply> \"-MY failure\"\n\
         <command> nosuch\n\
         <error> Unknown command called from script\n\
         <value> {1; x; {[y]=true; }; }\n\
         Error compiling code: ldb_eval:1: unexpected symbol near '1'\n\
         <debug> line 3: {1; x; {[y]=true; }; }, nil, z\n\
         <endsession>\n:1 ",
    );
}

#[test]
fn long_scripts_do_not_let_others_in() {
    check(
        "local n = 0\nfor i = 1, 500000 do n = n + i end\nreturn n",
        &["c"],
        "* Stopped at 1, stop reason = step over\n\
         -> 1   local n = 0\n\
         <endsession>\n:125000250000 ",
    );
}

#[test]
fn aborted() {
    check(
        "return 1",
        &["nosuch", "r", "a"],
        "* Stopped at 1, stop reason = step over\n-> 1   return 1\n?\n?\n<endsession>\n\
         -ERR script aborted for user request script: on @user_script:1. ",
    );
}

#[test]
fn who_hangs_up_lets_the_script_run_on() {
    check(
        "local x = 1\nx = x + 1\nreturn x",
        &["b 2"],
        "* Stopped at 1, stop reason = step over\n-> 1   local x = 1\n\
         -> 1   local x = 1\n  #2   x = x + 1\n   3   return x\n<endsession>\n:2 ",
    );
}

#[test]
fn coroutines_stop_as_well() {
    check(
        "local f = coroutine.wrap(function()\n  return 7\nend)\nreturn f()",
        &["b 2", "c", "p", "t", "c"],
        "* Stopped at 1, stop reason = step over\n-> 1   local f = coroutine.wrap(function()\n\
         -> 1   local f = coroutine.wrap(function()\n  #2     return 7\n   3   end)\n\
         * Stopped at 2, stop reason = break point\n->#2     return 7\n\
         No local variables in the current context.\nIn top level:\n->#2     return 7\n\
         <endsession>\n:7 ",
    );
}

/// A stream that has been written down.
struct Input(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for Input {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn broken_protocol_ends_the_script() {
    let check = |input: &[u8], expected: &str| {
        let stream = Input(std::io::Cursor::new(input.to_vec()));
        let user = Box::new(Wire::new(stream, Compat::Valkey91));
        let reply = run("return 1", user, Duration::from_secs(5));
        assert_eq!(reply, expected, "{:?}", String::from_utf8_lossy(input));
    };
    let broken = "-ERR protocol error script: on @user_script:1. ";
    let full = "-ERR max client buffer reached script: on @user_script:1. ";
    check(b"x", broken);
    check(b"*0\r\n", broken);
    check(b"*99999999999999999999\r\n", broken);
    check(b"*1\r\n$1025\r\n", broken);
    check(b"*1\r\n$-1\r\n", broken);
    check(b"*1\r\n$1\r\nsx\r\n", broken);
    check(&[b"*1", &[b'1'; 1 << 21][..]].concat(), full);
    check(b"*1\r\n$1\r\ns\r\n", ":1 ");
    check(b"*1\r\n$5\r\nab", ":1 ");
    check(
        b"*2\r\n$6\r\nmaxlen\r\n$3\r\n\xff-9\r\n*1\r\n$1\r\nc\r\n",
        ":1 ",
    );
    check(
        b"*1\r\n$1\r\nh\r\n*2\r\n$1\r\nb\r\n$20\r\n99999999999999999999\r\n",
        ":1 ",
    );
}

#[test]
fn loops_without_a_user_end() {
    let user = Written {
        commands: vec!["c", "c"],
        shown: Rc::default(),
    };
    let reply = run(
        "while true do end",
        Box::new(user),
        Duration::from_millis(1),
    );
    assert_eq!(
        reply,
        "-ERR timeout during Lua debugging with client closing connection script: \
         on @user_script:1. "
    );
}

#[test]
fn no_loop_outlives_its_user() {
    for script in [
        "while true do server.breakpoint() end",
        "while true do pcall(function() while true do end end) end",
        "while true do pcall(server.call, 'ping') end",
    ] {
        let user = Written {
            commands: Vec::new(),
            shown: Rc::default(),
        };
        let reply = run(script, Box::new(user), Duration::from_millis(1));
        assert_eq!(
            reply,
            "-ERR Script killed by user with SCRIPT KILL. script: on @user_script:1. "
        );
    }
}

#[test]
fn evaluated_code_does_not_stop() {
    check(
        "local x = 1\nreturn x",
        &[
            "e coroutine.wrap(loadstring('server.breakpoint() return 5'))()",
            "c",
            "c",
        ],
        "* Stopped at 1, stop reason = step over\n-> 1   local x = 1\n<retval> 5\n\
         * Stopped at 2, stop reason = server.breakpoint() called\n-> 2   return x\n\
         <endsession>\n:1 ",
    );
}
