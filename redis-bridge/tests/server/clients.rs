//! Clients that have to do with each other: transactions, messages, waiting, the end.

use super::*;

#[test]
fn a_password_keeps_strangers_out() {
    let server = TestServer::with(&[("requirepass", "secret")]);
    server.check("GET k\nAUTH wrong\nAUTH other secret\nHELLO 3\nAUTH secret\nGET k\n", expect![[r#"
        -NOAUTH Authentication required.
        -WRONGPASS invalid username-password pair or user is disabled.
        -WRONGPASS invalid username-password pair or user is disabled.
        -NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
        +OK
        $-1
    "#]]);
    server.check(
        "*11\n",
        expect![[r#"
        -ERR Protocol error: unauthenticated multibulk length
    "#]],
    );
    // The server is stopped by a client that has to say the password too.
    let mut client = server.connect();
    client.check(
        "AUTH default secret\nCONFIG SET requirepass \"\"",
        expect![[r#"
        OK
        OK
    "#]],
    );
    client.send("CONFIG SET requirepass ");
    assert_eq!(client.receive(), Value::Status(b"OK".to_vec()));
}

#[test]
fn transactions() {
    let server = TestServer::start();
    let mut client = server.connect();
    client.check(
        "MULTI\nSET a 1\nINCR a\nLPUSH a x\nEXEC\nGET a",
        expect![[r#"
        OK
        QUEUED
        QUEUED
        QUEUED
        1) OK
        2) (integer) 2
        3) (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "2"
    "#]],
    );
    client.check(
        "MULTI\nnosuch\nSET a 9\nEXEC\nGET a",
        expect![[r#"
        OK
        (error) ERR unknown command 'nosuch', with args beginning with: 
        QUEUED
        (error) EXECABORT Transaction discarded because of previous errors.
        "2"
    "#]],
    );
    client.check(
        "EXEC\nDISCARD\nMULTI\nMULTI\nWATCH a\nDISCARD",
        expect![[r#"
        (error) ERR EXEC without MULTI
        (error) ERR DISCARD without MULTI
        OK
        (error) ERR MULTI calls can not be nested
        (error) ERR WATCH inside MULTI is not allowed
        OK
    "#]],
    );
}

#[test]
fn a_watched_key_that_changes_stops_exec() {
    let server = TestServer::start();
    let (mut client, mut other) = (server.connect(), server.connect());
    client.check(
        "SET a 1\nWATCH a\nMULTI\nSET a 2",
        expect![[r#"
        OK
        OK
        OK
        QUEUED
    "#]],
    );
    other.check(
        "SET a 3",
        expect![[r#"
        OK
    "#]],
    );
    client.check(
        "EXEC\nGET a\nMULTI\nSET a 4\nEXEC",
        expect![[r#"
        (nil)
        "3"
        OK
        QUEUED
        1) OK
    "#]],
    );
    client.check(
        "WATCH a\nUNWATCH\nSET a 5\nMULTI\nGET a\nEXEC",
        expect![[r#"
        OK
        OK
        OK
        OK
        QUEUED
        1) "5"
    "#]],
    );
}

#[test]
fn messages_reach_subscribers_in_order() {
    let server = TestServer::start();
    let (mut listener, mut speaker) = (server.connect(), server.connect());
    listener.check("SUBSCRIBE news\nPSUBSCRIBE n*\nGET k\nPING", expect![[r#"
        1) "subscribe"
        2) "news"
        3) (integer) 1
        1) "psubscribe"
        2) "n*"
        3) (integer) 2
        (error) ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context
        1) "pong"
        2) ""
    "#]]);
    speaker.check(
        "PUBLISH news hi\nPUBLISH other hi\nPUBSUB NUMSUB news",
        expect![[r#"
        (integer) 2
        (integer) 0
        1) "news"
        2) (integer) 1
    "#]],
    );
    listener.check(
        "<\n<\nRESET\nGET k",
        expect![[r#"
        1) "message"
        2) "news"
        3) "hi"
        1) "pmessage"
        2) "n*"
        3) "news"
        4) "hi"
        RESET
        (nil)
    "#]],
    );
}

#[test]
fn keyspace_events_are_published() {
    let server = TestServer::with(&[("notify-keyspace-events", "KEA")]);
    let (mut listener, mut writer) = (server.connect(), server.connect());
    listener.check(
        "PSUBSCRIBE __key*",
        expect![[r#"
        1) "psubscribe"
        2) "__key*"
        3) (integer) 1
    "#]],
    );
    writer.check(
        "SET k v",
        expect![[r#"
        OK
    "#]],
    );
    listener.check(
        "<\n<",
        expect![[r#"
        1) "pmessage"
        2) "__key*"
        3) "__keyspace@0__:k"
        4) "set"
        1) "pmessage"
        2) "__key*"
        3) "__keyevent@0__:set"
        4) "k"
    "#]],
    );
}

#[test]
fn clients_know_and_end_each_other() {
    let server = TestServer::start();
    let (mut client, mut victim) = (server.connect(), server.connect());
    victim.check(
        "CLIENT SETNAME victim\nCLIENT ID",
        expect![[r#"
        OK
        (integer) 2
    "#]],
    );
    client.check(
        "CLIENT KILL ID 2\nCLIENT KILL ID 2\nCLIENT GETNAME",
        expect![[r#"
        (integer) 1
        (integer) 0
        (nil)
    "#]],
    );
    assert!(victim.is_closed());
    client.check(
        "CLIENT KILL ID 1 SKIPME no",
        expect![[r#"
        (integer) 1
    "#]],
    );
    assert!(client.is_closed());
}

#[test]
fn there_is_a_limit_of_clients() {
    let server = TestServer::with(&[("maxclients", "2")]);
    let mut first = server.connect();
    first.check(
        "PING",
        expect![[r#"
        PONG
    "#]],
    );
    let mut second = server.connect();
    second.check(
        "PING",
        expect![[r#"
        PONG
    "#]],
    );
    server.check(
        "",
        expect![[r#"
        -ERR max number of clients reached
    "#]],
    );
    second.check(
        "QUIT",
        expect![[r#"
        OK
    "#]],
    );
    assert!(second.is_closed());
}

#[test]
fn a_blocked_client_waits_for_its_key() {
    let server = TestServer::start();
    let (mut waiting, mut writer) = (server.connect(), server.connect());
    waiting.send("BLPOP list 0");
    while writer.info("clients", "blocked_clients") == 0 {
        thread::yield_now();
    }
    writer.check(
        "RPUSH list a b",
        expect![[r#"
        (integer) 2
    "#]],
    );
    waiting.check(
        "<\nBLPOP list 0\nBLPOP list 0.01\nMULTI\nBLPOP list 0\nEXEC",
        expect![[r#"
        1) "list"
        2) "a"
        1) "list"
        2) "b"
        (nil)
        OK
        QUEUED
        1) (nil)
    "#]],
    );
}

#[test]
fn the_key_that_was_written_first_is_served_first() {
    for (compat, served) in [("redis-7.0", "b"), ("valkey-9.1", "a")] {
        let server = TestServer::with(&[("script-compat", compat)]);
        let (mut waiting, mut writer) = (server.connect(), server.connect());
        waiting.send("BLPOP a b 0");
        while writer.info("clients", "blocked_clients") == 0 {
            thread::yield_now();
        }
        for command in ["SET a text", "DEL a", "MULTI"] {
            writer.send(command);
            writer.receive();
        }
        for command in ["RPUSH b 1", "RPUSH a 1", "EXEC"] {
            writer.send(command);
            writer.receive();
        }
        let Value::Array(reply) = waiting.receive() else {
            panic!("no pair of key and element")
        };
        assert_eq!(reply[0], Value::Bulk(served.into()), "{compat}");
    }
}

#[test]
fn a_move_whose_time_is_over_answers_no_array() {
    let server = TestServer::start();
    let mut client = server.connect();
    for (command, expected) in [
        ("BRPOPLPUSH a b 0.01", "*-1\r\n"),
        ("BLMOVE a b LEFT LEFT 0.01", "*-1\r\n"),
        ("MULTI", "+OK\r\n"),
        ("BLMOVE a b LEFT LEFT 0", "+QUEUED\r\n"),
        ("EXEC", "*1\r\n$-1\r\n"),
    ] {
        client.send(command);
        let mut reply = vec![0; expected.len()];
        client.replies.read_exact(&mut reply).expect("a reply");
        assert_eq!(String::from_utf8_lossy(&reply), expected, "{command}");
    }
}

#[test]
fn shutdown_finishes_replies_and_ends_connections() {
    let mut server = TestServer::start();
    let (mut client, mut bystander) = (server.connect(), server.connect());
    bystander.check(
        "PING",
        expect![[r#"
        PONG
    "#]],
    );
    let pipeline = b"ECHO last\r\nSHUTDOWN NOSAVE\r\n";
    client.replies.get_mut().write_all(pipeline).expect("sent");
    client.check(
        "<",
        expect![[r#"
        "last"
    "#]],
    );
    assert!(client.is_closed());
    assert!(bystander.is_closed());
    server
        .thread
        .take()
        .expect("running")
        .join()
        .expect("a clean end");
    assert!(TcpStream::connect(server.address).is_err());
    std::mem::forget(server);
}
