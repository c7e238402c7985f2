//! What goes over the wire, byte by byte.

use super::*;

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
