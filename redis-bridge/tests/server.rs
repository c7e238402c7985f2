//! The server over real sockets: what clients send, and the exact bytes they get.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use expect_test::{Expect, expect};
use redis_bridge::resp::value::{Value, read_value};
use redis_bridge::server::config::Config;
use redis_bridge::server::listen;

/// A server in a thread of its own, on a port that the system chose.
struct TestServer {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(settings: &[(&str, &str)]) -> Self {
        let mut config = Config::default();
        for (name, value) in [&[("port", "0"), ("bind", "127.0.0.1")], settings].concat() {
            let at = Config::find(name.as_bytes()).expect("a setting");
            config.set(at, value).expect("a value that fits");
        }
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let announce = |addresses: &[SocketAddr]| tell.send(addresses[0]).expect("listening");
            listen::run(config, announce).expect("a server that runs");
        });
        Self {
            address: told.recv().expect("an address"),
            thread: Some(thread),
        }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        Client {
            replies: BufReader::new(stream),
        }
    }

    /// All that one client gets for these bytes, in pieces of `step`, until the end.
    fn transcript(&self, input: &[u8], step: usize) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        for piece in input.chunks(step) {
            // The server may have closed the connection for an error.
            if stream.write_all(piece).is_err() {
                break;
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
        let mut output = Vec::new();
        let _ = stream.read_to_end(&mut output);
        output
    }

    /// Sends `input`, where `\n` stands for CRLF, and compares all output, in which
    /// CRLF is a line break.
    fn check(&self, input: &str, expected: Expect) {
        let output = self.transcript(input.replace('\n', "\r\n").as_bytes(), usize::MAX);
        expected.assert_eq(&String::from_utf8_lossy(&output).replace("\r\n", "\n"));
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.connect().send("shutdown nosave");
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            assert!(
                outcome.is_ok() || thread::panicking(),
                "the server panicked"
            );
        }
    }
}

struct Client {
    replies: BufReader<TcpStream>,
}

impl Client {
    /// Sends one command, its arguments separated by spaces.
    fn send(&mut self, command: &str) {
        let args: Vec<_> = command.split(' ').collect();
        let mut wire = format!("*{}\r\n", args.len());
        for arg in args {
            wire += &format!("${}\r\n{arg}\r\n", arg.len());
        }
        self.replies
            .get_mut()
            .write_all(wire.as_bytes())
            .expect("sent");
    }

    fn receive(&mut self) -> Value {
        read_value(&mut self.replies).expect("a reply")
    }

    /// Sends commands, one on each line, and compares the replies as `redis-cli` prints
    /// them. A line that begins with `<` only waits for one more reply.
    fn check(&mut self, commands: &str, expected: Expect) {
        let mut printed = Vec::new();
        for command in commands
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            if command != "<" {
                self.send(command);
            }
            printed.extend(self.receive().to_terminal());
        }
        expected.assert_eq(&String::from_utf8_lossy(&printed));
    }

    /// Did the server end the connection?
    fn is_closed(&mut self) -> bool {
        read_value(&mut self.replies).is_err()
    }
}

#[test]
fn inline_and_pipelined_requests() {
    let server = TestServer::start();
    server.check(
        "PING\nset k \"a b\"\nGET k\nECHO 'it''s'\n",
        expect![[r#"
        +PONG
        +OK
        $3
        a b
        -ERR Protocol error: unbalanced quotes in request
    "#]],
    );
    server.check(
        "*1\n$4\nPING\n*2\n$4\nECHO\n$2\nhi\n\n*0\nPING\n",
        expect![[r#"
        +PONG
        $2
        hi
        +PONG
    "#]],
    );
}

#[test]
fn requests_may_arrive_byte_by_byte() {
    let server = TestServer::start();
    let input =
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\n\0b\r\nGET k\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
    let whole = server.transcript(input, usize::MAX);
    assert_eq!(
        whole.escape_ascii().to_string(),
        r"+OK\r\n$5\r\na\r\n\x00b\r\n$5\r\na\r\n\x00b\r\n"
    );
    assert_eq!(server.transcript(input, 1), whole);
}

#[test]
fn a_long_pipeline_with_long_replies_keeps_its_order() {
    let server = TestServer::start();
    let value = "v".repeat(100_000);
    let mut client = server.connect();
    client.send(&format!("SET big {value}"));
    assert_eq!(client.receive(), Value::Status(b"OK".to_vec()));
    // Far more than the sockets hold, so the server has to wait for the reader.
    let n_requests = 400;
    let mut writer = client
        .replies
        .get_ref()
        .try_clone()
        .expect("a second handle");
    let sender = thread::spawn(move || {
        let requests: String = (0..n_requests)
            .map(|n| format!("GET big\r\nECHO {n}\r\n"))
            .collect();
        writer.write_all(requests.as_bytes()).expect("sent");
    });
    for n in 0..n_requests {
        assert_eq!(client.receive(), Value::Bulk(value.clone().into_bytes()));
        assert_eq!(client.receive(), Value::Bulk(n.to_string().into_bytes()));
    }
    sender.join().expect("sent");
}

#[test]
fn protocol_errors_end_only_their_connection() {
    let server = TestServer::start();
    let mut bystander = server.connect();
    server.check(
        "PING\n*x\nPING\n",
        expect![[r#"
        +PONG
        -ERR Protocol error: invalid multibulk length
    "#]],
    );
    server.check(
        "*1\n:4\n",
        expect![[r#"
        -ERR Protocol error: expected '$', got ':'
    "#]],
    );
    server.check(
        "*1\n$-1\n",
        expect![[r#"
        -ERR Protocol error: invalid bulk length
    "#]],
    );
    server.check(
        "*1\n$536870913\n",
        expect![[r#"
        -ERR Protocol error: invalid bulk length
    "#]],
    );
    bystander.check(
        "PING",
        expect![[r#"
        PONG
    "#]],
    );
}

#[test]
fn errors_of_unknown_and_malformed_commands() {
    let server = TestServer::start();
    server.check(
        "foo a b\nGET\nCLIENT foo\nCLIENT\nCONFIG SET port 1\n",
        expect![[r#"
        -ERR unknown command 'foo', with args beginning with: 'a' 'b' 
        -ERR wrong number of arguments for 'get' command
        -ERR unknown subcommand 'foo'. Try CLIENT HELP.
        -ERR wrong number of arguments for 'client' command
        -ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable config
    "#]],
    );
}

#[test]
fn hello_switches_the_protocol() {
    let server = TestServer::with(&[("script-compat", "redis-7.0")]);
    server.check(
        "HELLO 3\nCONFIG GET hz\nGET none\nHELLO 2\nCONFIG GET hz\nHELLO 4\nHELLO x\n",
        expect![[r#"
        %7
        $6
        server
        $5
        redis
        $7
        version
        $6
        7.0.15
        $5
        proto
        :3
        $2
        id
        :1
        $4
        mode
        $10
        standalone
        $4
        role
        $6
        master
        $7
        modules
        *0
        %1
        $2
        hz
        $2
        10
        _
        *14
        $6
        server
        $5
        redis
        $7
        version
        $6
        7.0.15
        $5
        proto
        :2
        $2
        id
        :1
        $4
        mode
        $10
        standalone
        $4
        role
        $6
        master
        $7
        modules
        *0
        *2
        $2
        hz
        $2
        10
        -NOPROTO unsupported protocol version
        -ERR Protocol version is not an integer or out of range
    "#]],
    );
}

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
fn replies_can_be_turned_off() {
    let server = TestServer::start();
    server.check(
        "CLIENT REPLY OFF\nECHO a\nCLIENT REPLY ON\nCLIENT REPLY SKIP\nECHO b\nECHO c\n",
        expect![[r#"
            +OK
            $1
            c
        "#]],
    );
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
    while writer.blocked_clients() == 0 {
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
        while writer.blocked_clients() == 0 {
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
fn a_web_request_ends_the_connection() {
    let server = TestServer::start();
    server.check("POST / HTTP/1.1\nPING\n", expect![[""]]);
    server.check("PING\nhost: localhost\nPING\n", expect![["+PONG\n"]]);
}

#[test]
fn what_this_server_lacks_it_refuses() {
    let server = TestServer::start();
    let expected = expect![[r#"
        -ERR This instance has cluster support disabled
        -ERR This instance has cluster support disabled
        -ERR This instance has cluster support disabled
        -ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.
    "#]];
    server.check("ASKING\nREADONLY\nREADWRITE\nDEBUG nosuch\n", expected);
    let server = TestServer::with(&[("enable-debug-command", "local")]);
    let expected = expect![[r#"
        +OK
        -ERR unknown subcommand or wrong number of arguments for 'nosuch'. Try DEBUG HELP.
    "#]];
    server.check("DEBUG SLEEP 0\nDEBUG nosuch\n", expected);
}

#[test]
fn own_messages_come_before_the_reply_in_redis_7_0() {
    let pipeline = "HELLO 3\nSUBSCRIBE c\nPUBLISH c own\n";
    for (compat, end) in [
        ("redis-7.0", ">3\n$7\nmessage\n$1\nc\n$3\nown\n:1\n"),
        ("valkey-9.1", ":1\n>3\n$7\nmessage\n$1\nc\n$3\nown\n"),
    ] {
        let server = TestServer::with(&[("script-compat", compat)]);
        let output = server.transcript(pipeline.replace('\n', "\r\n").as_bytes(), usize::MAX);
        let output = String::from_utf8_lossy(&output).replace("\r\n", "\n");
        let confirmed = ">3\n$9\nsubscribe\n$1\nc\n:1\n";
        let after = output.split_once(confirmed).map(|(_, after)| after);
        assert_eq!(after, Some(end), "{compat}");
    }
}

impl Client {
    /// `blocked_clients` of `INFO`.
    fn blocked_clients(&mut self) -> usize {
        self.send("INFO clients");
        let Value::Bulk(text) = self.receive() else {
            panic!("INFO is a string")
        };
        let text = String::from_utf8(text).expect("text");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("blocked_clients:"));
        line.and_then(|n| n.parse().ok()).expect("a number")
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
