//! The `ferrous` command as a process.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn ferrous(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrous"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Starts a server; returns it with the rest of its output and its address.
fn serve() -> (Child, impl BufRead, String) {
    serve_with(&["--port", "0", "--bind", "127.0.0.1"])
}

fn serve_with(args: &[&str]) -> (Child, impl BufRead, String) {
    let mut command = ferrous(args);
    let mut server = command.stdout(Stdio::piped()).spawn().expect("a process");
    let mut output = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    let address = line
        .trim_end()
        .strip_prefix("ferrous listening on ")
        .expect("an address");
    (server, output, address.to_owned())
}

#[test]
fn a_signal_stops_the_server_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let (mut server, mut output, address) = serve();
        let mut client = TcpStream::connect(address).expect("a connection");
        client.write_all(b"PING\r\n").expect("sent");
        let mut pong = [0; 7];
        client.read_exact(&mut pong).expect("a reply");
        let id = server.id().to_string();
        let killed = Command::new("kill")
            .args([signal, &id])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).expect("an orderly end");
        assert_eq!(
            (pong.as_slice(), rest.as_slice()),
            (&b"+PONG\r\n"[..], &b""[..])
        );
        let mut last_lines = String::new();
        output.read_to_string(&mut last_lines).expect("text");
        assert_eq!(last_lines, "ferrous stopped\n");
        assert!(server.wait().expect("an end").success());
    }
}

/// Runs the command to its end; compares status and error output.
fn check_failure(args: &[&str], status: i32, expected: &str) {
    let output = ferrous(args).output().expect("a process");
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(status));
}

#[test]
fn what_cannot_work_says_why() {
    check_failure(
        &["eval"],
        2,
        "ferrous: there is no script: give a FILE or -e SCRIPT\n",
    );
    check_failure(
        &["eval", "-p", "1", "--script-memory-limit", "1mb", "x.lua"],
        2,
        "error: the argument '--script-memory-limit <VALUE>' cannot be used with:\n  \
         --host <HOST>\n  --server-port <PORT>\n\n\
         Usage: ferrous eval [OPTIONS] [FILE | -e SCRIPT] [KEY...] [, ARG...]\n\n\
         For more information, try '--help'.\n",
    );
    check_failure(
        &["eval", "-a", "secret", "-e", "return 1"],
        2,
        "error: the following required arguments were not provided:\n  \
         <--host <HOST>|--server-port <PORT>>\n\n\
         Usage: ferrous eval [OPTIONS] [FILE | -e SCRIPT] [KEY...] [, ARG...]\n\n\
         For more information, try '--help'.\n",
    );
    let fatal = "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n\
                 Reading the configuration file, at line 3\n\
                 >>> 'port \"70000\"'\nargument must be between 0 and 65535 inclusive\n";
    check_failure(
        &["--script-compat", "redis-7.0", "--port", "70000"],
        1,
        fatal,
    );
    let fatal = "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n\
                 Reading the configuration file, at line 2\n\
                 >>> 'nosuch \"1\"'\nBad directive or wrong number of arguments\n";
    check_failure(&["--nosuch", "1"], 1, fatal);
    check_failure(
        &["--bind", "nowhere"],
        2,
        "ferrous: cannot listen on nowhere:6379: invalid input parameter\n",
    );
}

/// Sends lines; returns all that comes until the server ends the connection.
fn talk(address: &str, lines: &str) -> String {
    let mut client = TcpStream::connect(address).expect("a connection");
    client.write_all(lines.as_bytes()).expect("sent");
    let mut replies = String::new();
    client.read_to_string(&mut replies).expect("text");
    replies.replace("\r\n", "\n")
}

#[test]
fn a_configuration_file_is_read_and_rewritten() {
    let folder = std::env::temp_dir().join(format!("ferrous-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("a.conf");
    let text = "# mine\nport 0\nbind 127.0.0.1\nhz 20\nhz 25\nuser alice on nopass ~* +ping\n";
    std::fs::write(&path, text).expect("a file");
    let file = path.to_str().expect("a name");
    let (mut server, _, address) = serve_with(&[file, "--maxmemory", "1mb"]);
    let replies = talk(
        &address,
        "CONFIG GET hz\nACL WHOAMI\nCONFIG SET hz 30 maxmemory-policy allkeys-lru\n\
         CONFIG REWRITE\nCONFIG SET hz 40\nAUTH alice x\nPING\nSHUTDOWN\nQUIT\n",
    );
    let expected = "*2\n$2\nhz\n$2\n25\n$7\ndefault\n+OK\n+OK\n+OK\n+OK\n+PONG\n";
    let (answers, denied) = replies.split_once("-NOPERM ").expect("a refusal");
    assert_eq!(answers, expected);
    assert!(denied.contains("shutdown"), "{denied}");
    assert_eq!(talk(&address, "SHUTDOWN NOSAVE\n"), "");
    assert!(server.wait().expect("an end").success());
    let rewritten = std::fs::read_to_string(&path).expect("a file");
    let dir = std::env::current_dir().expect("a folder");
    let expected = format!(
        "# mine\nport 0\nbind 127.0.0.1\nhz 30\n\nuser alice on nopass sanitize-payload ~* \
         resetchannels -@all +ping\n# Generated by CONFIG REWRITE\ndir \"{}\"\nmaxmemory 1mb\n\
         maxmemory-policy allkeys-lru\nuser default on nopass sanitize-payload ~* &* +@all\n",
        dir.display()
    );
    assert_eq!(rewritten, expected);
    // It can be read again.
    let (mut server, _, address) = serve_with(&["serve", file]);
    let replies = talk(&address, "CONFIG GET hz\nACL USERS\nSHUTDOWN NOSAVE\n");
    let expected = "*2\n$2\nhz\n$2\n30\n*2\n$5\nalice\n$7\ndefault\n";
    assert_eq!(replies, expected);
    assert!(server.wait().expect("an end").success());
    let wrong = "user alice on\n user bob +nosuch \nport 0\n";
    std::fs::write(&path, wrong).expect("a file");
    let fatal = "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n\
                 Reading the configuration file, at line 2\n>>> 'user bob +nosuch'\n\
                 Error in user declaration '+nosuch': Unknown command or category name in ACL\n";
    check_failure(&[file], 1, fatal);
    std::fs::remove_dir_all(&folder).expect("a folder");
}

#[test]
fn without_a_file_there_is_none_to_rewrite() {
    let (mut server, _, address) = serve();
    let replies = talk(&address, "CONFIG REWRITE\nSHUTDOWN NOSAVE\n");
    assert_eq!(
        replies,
        "-ERR The server is running without a config file\n"
    );
    assert!(server.wait().expect("an end").success());
}

#[test]
fn a_profile_of_a_script() {
    let folder = std::env::temp_dir().join(format!("ferrous-profile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("p.svg");
    let option = format!("--profile={}", path.display());
    let script = "local n = 0\nfor i = 1, 100000 do\n  n = n + i\nend\nreturn n";
    let output = ferrous(&["eval", &option, "-e", script])
        .output()
        .expect("a process");
    let picture = std::fs::read_to_string(&path).expect("a picture");
    std::fs::remove_dir_all(&folder).expect("a folder");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "(integer) 5000050000\n"
    );
    let shown = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = shown
        .lines()
        .map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(
        lines[2..5],
        [Some("line"), Some("user_script:2"), Some("user_script:3")],
        "{shown}"
    );
    assert!(picture.contains("user_script"), "{picture}");
}
