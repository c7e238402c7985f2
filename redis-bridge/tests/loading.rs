//! Clients that come while the append-only file is loaded.

use std::fs::{self, OpenOptions};
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use redis_bridge::resp::value::{Value, read_value};
use redis_bridge::server::config::Config;
use redis_bridge::server::listen;

/// A port that nobody uses, or nearly: the server's is to be known before it has loaded.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    listener.local_addr().expect("an address").port()
}

/// Starts a server; also returns what tells that it has loaded its data.
fn start(folder: &Path, port: u16) -> (JoinHandle<()>, mpsc::Receiver<()>) {
    let port = port.to_string();
    let mut config = Config::default();
    for (name, value) in [
        ("port", port.as_str()),
        ("bind", "127.0.0.1"),
        ("loglevel", "nothing"),
        ("dir", folder.to_str().expect("a plain path")),
        ("appendonly", "yes"),
        ("enable-debug-command", "yes"),
    ] {
        let at = Config::find(name.as_bytes()).expect("a setting");
        config.set(at, value).expect("a value that fits");
    }
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        let announce = |_: &[_]| tell.send(()).expect("a listener");
        listen::run(config, announce).expect("a server that runs");
    });
    (thread, told)
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects as soon as there is a server.
    fn connect(port: u16) -> Self {
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                return Self(BufReader::new(stream));
            }
            thread::yield_now();
        }
    }

    fn ask(&mut self, command: &str) -> String {
        let line = format!("{command}\r\n");
        self.0.get_mut().write_all(line.as_bytes()).expect("sent");
        match read_value(&mut self.0) {
            Ok(Value::Bulk(text)) => String::from_utf8_lossy(&text).into_owned(),
            Ok(reply) => String::from_utf8_lossy(&reply.to_terminal()).into_owned(),
            Err(_) => "closed".to_owned(),
        }
    }
}

/// A folder with the log of a server that had `k` and then was slow.
fn slow_log(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ferrous-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let port = free_port();
    let (server, loaded) = start(&folder, port);
    loaded.recv().expect("an empty log");
    let mut client = Client::connect(port);
    assert_eq!(client.ask("SET k v"), "OK\n");
    client.ask("SHUTDOWN NOSAVE");
    server.join().expect("an end");
    let log = folder.join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut log = OpenOptions::new().append(true).open(log).expect("a log");
    let nap = b"*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$4\r\n0.01\r\n";
    log.write_all(&nap.repeat(200)).expect("written");
    folder
}

const LOADING: &str = "(error) LOADING Valkey is loading the dataset in memory\n";

#[test]
fn clients_are_told_to_wait() {
    let folder = slow_log("loading");
    let port = free_port();
    let (server, loaded) = start(&folder, port);
    let mut client = Client::connect(port);
    assert_eq!(client.ask("PING"), LOADING);
    assert_eq!(client.ask("GET k"), LOADING);
    assert_eq!(client.ask("SELECT 0"), "OK\n");
    let info = client.ask("INFO persistence");
    let field = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    assert_eq!(field("loading:"), "1");
    assert!(
        field("loading_loaded_bytes:")
            .parse::<u64>()
            .expect("a number")
            > 0
    );
    let refused = client.ask("CONFIG SET appendonly no");
    assert!(
        refused.ends_with("the append-only file is being loaded\n"),
        "{refused}"
    );
    loaded.recv().expect("an end of loading");
    assert_eq!(client.ask("GET k"), "v");
    assert!(client.ask("INFO persistence").contains("\nloading:0\r\n"));
    client.ask("SHUTDOWN NOSAVE");
    server.join().expect("an end");
    fs::remove_dir_all(&folder).expect("a folder");
}

#[test]
fn a_server_that_loads_can_be_stopped() {
    let folder = slow_log("loading-stopped");
    let port = free_port();
    let (server, loaded) = start(&folder, port);
    let mut client = Client::connect(port);
    assert_eq!(client.ask("SHUTDOWN NOSAVE"), "closed");
    server.join().expect("an end");
    assert!(loaded.recv().is_err());
    fs::remove_dir_all(&folder).expect("a folder");
}
