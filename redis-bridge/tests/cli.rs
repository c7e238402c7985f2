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
    let mut command = ferrous(&["--port", "0", "--bind", "127.0.0.1"]);
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
        &["--port", "70000"],
        2,
        "ferrous: --port 70000: argument must be between 0 and 65535 inclusive\n",
    );
    check_failure(
        &["--bind", "nowhere"],
        2,
        "ferrous: cannot listen on nowhere:6379: invalid input parameter\n",
    );
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
