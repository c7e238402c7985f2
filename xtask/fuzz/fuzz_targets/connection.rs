#![no_main]
//! Bytes as what a client sends: every complete request runs on a server of its own, scripts and
//! all, and every reply must be one that a client can read.

use libfuzzer_sys::fuzz_target;
use redis_bridge::resp::parse::{Limits, Progress, RequestParser};
use redis_bridge::resp::value::read_value;
use redis_bridge::server::config::Config;
use redis_bridge::server::{Server, Session, dispatch};

/// Settings under which a hostile client can neither take all memory nor all time.
const SETTINGS: &[(&str, &str)] = &[
    ("script-instruction-limit", "20000"),
    ("script-memory-limit", "16mb"),
    ("proto-max-bulk-len", "1mb"),
    ("maxmemory", "512mb"),
    ("loglevel", "warning"),
];

/// Commands that reach outside the server, or wait.
const LEFT_OUT: &[&[u8]] = &[b"shutdown", b"config", b"debug", b"monitor"];

fn server() -> Server {
    let mut config = Config::default();
    for (name, value) in SETTINGS {
        let at = Config::find(name.as_bytes()).expect("a setting");
        config.set(at, value).expect("a value that fits");
    }
    Server::new(config)
}

fuzz_target!(|data: &[u8]| {
    let mut server = server();
    let mut session = Session::new(server.clients.next_id());
    let limits = Limits { max_bulk_bytes: 1 << 20, authenticated: true };
    let mut parser = RequestParser::default();
    let mut input = data;
    while let Ok(Progress::Complete(len)) = parser.parse(input, limits) {
        let args: Vec<&[u8]> = parser.args(input).collect();
        let is_wanted = args.first().is_some_and(|name| {
            LEFT_OUT.iter().all(|other| !name.eq_ignore_ascii_case(other))
        });
        if is_wanted {
            let mut out = Vec::new();
            dispatch::execute(&mut server, &mut session, &args, &mut out);
            let mut replies = out.as_slice();
            while !replies.is_empty() {
                let reply = read_value(&mut replies);
                assert!(reply.is_ok(), "{reply:?} in {}", String::from_utf8_lossy(&out));
            }
            // A request that would wait is given up, as when its client leaves.
            session.block = None;
        }
        if session.closing {
            break;
        }
        input = &input[len..];
    }
});
