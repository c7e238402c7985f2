//! The embedded server under a script: which commands a script may run, and what
//! they leave behind.

use redis_bridge::host::{CallOptions, Host, Refusal};
use redis_bridge::reply::Protocol;
use redis_bridge::resp::write::RespWriter;
use redis_bridge::server::config::Config;
use redis_bridge::server::state::{RunningScript, ScriptKind};
use redis_bridge::server::{EmbeddedHost, Server, Session};

const OPTIONS: CallOptions = CallOptions {
    protocol: Protocol::Resp2,
    to_aof: true,
    to_replicas: true,
    read_only: false,
};

/// Runs one command as a script does: its reply, or why there is none.
fn call(host: &mut EmbeddedHost<'_>, command: &str, read_only: bool) -> Result<String, Refusal> {
    let args: Vec<_> = command.split(' ').map(str::as_bytes).collect();
    let mut out = Vec::new();
    let options = CallOptions {
        read_only,
        ..OPTIONS
    };
    host.call(
        &args,
        options,
        &mut RespWriter::new(&mut out, options.protocol),
    )?;
    Ok(out.escape_ascii().to_string())
}

/// Runs commands in one script on an empty server; compares all outcomes.
fn check(commands: &[&str], read_only: bool, expected: &[Result<&str, Refusal>]) {
    let mut server = Server::new(Config::default());
    let mut session = Session::new(1);
    server.running_script = Some(RunningScript::new(ScriptKind::Eval, b"", &[b"EVAL"]));
    let mut host = EmbeddedHost::new(&mut server, &mut session);
    let outcomes: Vec<_> = commands
        .iter()
        .map(|command| call(&mut host, command, read_only))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|outcome| outcome.clone().map(str::to_owned))
        .collect();
    assert_eq!(outcomes, expected);
}

#[test]
fn commands_run_and_reply() {
    check(
        &["set k 1", "INCR k", "lpush k x", "get none"],
        false,
        &[
            Ok(r"+OK\r\n"),
            Ok(r":2\r\n"),
            Ok(r"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
            Ok(r"$-1\r\n"),
        ],
    );
}

#[test]
fn what_may_not_run_is_refused() {
    let no_sub = b"ERR unknown subcommand 'nosuch'. Try OBJECT HELP.".to_vec();
    check(
        &[
            "nosuch",
            "get",
            "multi",
            "subscribe c",
            "object nosuch",
            "config get hz",
        ],
        false,
        &[
            Err(Refusal::UnknownCommand),
            Err(Refusal::WrongArity),
            Err(Refusal::NotAllowedFromScript),
            Err(Refusal::NotAllowedFromScript),
            Err(Refusal::UnknownSubcommand(no_sub)),
            Err(Refusal::NotAllowedFromScript),
        ],
    );
}

#[test]
fn a_read_only_script_does_not_write() {
    check(
        &["get k", "set k 1", "publish c m"],
        true,
        &[
            Ok(r"$-1\r\n"),
            Err(Refusal::WriteInReadOnlyScript),
            Err(Refusal::WriteInReadOnlyScript),
        ],
    );
}

#[test]
fn blocking_commands_do_not_wait() {
    check(
        &["blpop k 0", "wait 1 0"],
        false,
        &[Ok(r"*-1\r\n"), Ok(r":0\r\n")],
    );
}

#[test]
fn a_script_selects_for_itself_only() {
    let mut server = Server::new(Config::default());
    let mut session = Session::new(1);
    server.running_script = Some(RunningScript::new(ScriptKind::Eval, b"", &[b"EVAL"]));
    let mut host = EmbeddedHost::new(&mut server, &mut session);
    assert_eq!(
        call(&mut host, "select 3", false),
        Ok(r"+OK\r\n".to_owned())
    );
    assert_eq!(call(&mut host, "set k 1", false), Ok(r"+OK\r\n".to_owned()));
    drop(host);
    assert_eq!(session.db, 0);
    assert!(!session.deny_blocking);
    assert_eq!(
        (server.keyspace.db(0).len(), server.keyspace.db(3).len()),
        (0, 1)
    );
    assert!(
        server
            .running_script
            .is_some_and(|script| script.has_written)
    );
}
