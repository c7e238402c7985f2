//! The server over real sockets: what clients send, and the exact bytes they get.

mod clients;
mod limits;
mod protocol;

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

    /// A number that `INFO` shows.
    fn info(&mut self, section: &str, field: &str) -> usize {
        self.send(&format!("INFO {section}"));
        let Value::Bulk(text) = self.receive() else {
            panic!("INFO is a string")
        };
        let text = String::from_utf8(text).expect("text");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|n| n.parse().ok()).expect("a number")
    }
}
