//! Clients and scripts that take more than they may.

use super::*;

/// Waits until a number that `INFO` shows is as it should be.
fn wait_for(client: &mut Client, section: &str, field: &str, wanted: usize) {
    while client.info(section, field) != wanted {
        thread::yield_now();
    }
}

const CLOSED: &str = "client_output_buffer_limit_disconnections";

#[test]
fn a_reply_may_be_too_long() {
    let server = TestServer::with(&[("client-output-buffer-limit", "normal 100kb 0 0")]);
    let (mut client, mut other) = (server.connect(), server.connect());
    client.send(&format!("SET k {}", "x".repeat(200 * 1024)));
    assert_eq!(client.receive(), Value::Status(b"OK".to_vec()));
    client.check(
        "STRLEN k",
        expect![[r#"
            (integer) 204800
        "#]],
    );
    client.send("GET k");
    assert!(client.is_closed());
    assert_eq!(other.info("stats", CLOSED), 1);
}

/// Publishes far more than sockets hold to somebody who does not read.
fn flood(server: &TestServer, listen: &str, n_listeners: &str) {
    let (mut deaf, mut publisher) = (server.connect(), server.connect());
    deaf.send(listen);
    deaf.receive();
    let text = "x".repeat(1024 * 1024);
    for _ in 0..100 {
        publisher.send(&format!("PUBLISH c {text}"));
        publisher.receive();
    }
    wait_for(&mut publisher, "stats", CLOSED, 1);
    wait_for(&mut publisher, "clients", n_listeners, 0);
}

#[test]
fn who_does_not_read_messages_is_disconnected() {
    let server = TestServer::start();
    flood(&server, "SUBSCRIBE c", "pubsub_clients");
}

#[test]
fn who_does_not_read_for_too_long_is_disconnected() {
    let limits = "pubsub 0 1mb 0";
    let server = TestServer::with(&[("client-output-buffer-limit", limits)]);
    flood(&server, "PSUBSCRIBE *", "pubsub_clients");
}

#[test]
fn who_does_not_read_what_others_do_is_disconnected() {
    let server = TestServer::start();
    flood(&server, "MONITOR", "blocked_clients");
}

#[test]
fn a_script_that_publishes_floods_nobody() {
    let server = TestServer::start();
    let (mut deaf, mut client) = (server.connect(), server.connect());
    deaf.send("SUBSCRIBE c");
    deaf.receive();
    client.send("EVAL local\tx=('x'):rep(1e6)for\ti=1,200\tdo\tredis.call('publish','c',x)end 0");
    assert_eq!(client.receive(), Value::Null);
    wait_for(&mut client, "stats", CLOSED, 1);
}

#[test]
fn debugging_sessions_with_a_copy_are_counted() {
    let server = TestServer::with(&[("script-debug-sessions", "1")]);
    let (mut first, mut second) = (server.connect(), server.connect());
    let debug = |client: &mut Client| {
        client.send("SCRIPT DEBUG YES");
        assert_eq!(client.receive(), Value::Status(b"OK".to_vec()));
        client.send("EVAL return 0");
        client.receive().to_terminal()
    };
    let stopped = String::from_utf8(debug(&mut first)).expect("text");
    assert!(stopped.contains("stop reason = step over"), "{stopped}");
    assert_eq!(second.info("ferrous", "ferrous_debug_sessions"), 1);
    second.check(
        "SCRIPT DEBUG YES
         EVAL return 0
         EVAL return 0",
        expect![[r#"
            OK
            (error) ERR can't run EVAL in debugging mode: script-debug-sessions copies of the data are in use
            (nil)
        "#]],
    );
    drop(first);
    wait_for(&mut second, "ferrous", "ferrous_debug_sessions", 0);
    debug(&mut second);
}

#[test]
fn scripts_that_are_stopped_are_counted() {
    let server = TestServer::with(&[
        ("script-instruction-limit", "100000"),
        ("script-memory-limit", "2mb"),
    ]);
    let mut client = server.connect();
    client.check(
        "EVAL while(true)do\tend 0
         EVAL return('x'):rep(1e7) 0
         EVAL return(1) 0",
        expect![[r#"
            (error) LIMIT script instruction limit exceeded
            (error) OOM script memory limit exceeded
            (integer) 1
        "#]],
    );
    client.send("FUNCTION LOAD #!lua\tname=l\nwhile(true)do\tend");
    let text = client.receive().to_terminal();
    let limit =
        "(error) ERR Error registering functions: LIMIT script instruction limit exceeded\n";
    assert_eq!(String::from_utf8_lossy(&text), limit);
    let mut count = |field: &str| client.info("ferrous", field);
    assert_eq!(count("ferrous_calls"), 3);
    assert_eq!(count("ferrous_stopped_by_instruction_limit"), 2);
    assert_eq!(count("ferrous_stopped_by_memory_limit"), 1);
    assert_eq!(count("ferrous_stopped_by_kill"), 0);
}
