//! What stream commands log does the same again: a server that runs the log has the
//! streams of the one that wrote it. What the commands answer is in the side-by-side
//! suite.

use crate::resp::parse::split_quoted;
use crate::resp::value::{Value, read_value};
use crate::server::config::Config;
use crate::server::{Server, Session, dispatch};

fn run(server: &mut Server, args: &[&[u8]]) -> Vec<u8> {
    let mut reply = Vec::new();
    dispatch::execute(server, &mut Session::new(1), args, &mut reply);
    reply
}

fn run_line(server: &mut Server, line: &str) -> Vec<u8> {
    let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
    split_quoted(line.as_bytes(), &mut bytes, &mut ranges).expect("quotes are balanced");
    let args: Vec<&[u8]> = ranges.into_iter().map(|range| &bytes[range]).collect();
    run(server, &args)
}

/// All that is known of the stream `s`, but for when its consumers were seen last.
fn known(server: &mut Server) -> String {
    let text = run_line(server, "xinfo stream s full count 0");
    let mut lines: Vec<&str> = Vec::new();
    let text = String::from_utf8_lossy(&text).into_owned();
    for line in text.lines() {
        let is_time = lines
            .last()
            .is_some_and(|name| matches!(*name, "seen-time" | "active-time"));
        lines.push(if is_time { "time" } else { line });
    }
    lines.join(" ")
}

/// Runs lines, then what they logged on another server; returns the names logged.
fn check(lines: &[&str], expected: &str) {
    let mut server = Server::new(Config::default());
    server.keyspace.effects.want(true);
    let mut replica = Server::new(Config::default());
    let mut names = Vec::new();
    for line in lines {
        run_line(&mut server, line);
        let log = server.keyspace.effects.log().to_vec();
        server.keyspace.effects.forget_log(log.len());
        let mut log = &log[..];
        while !log.is_empty() {
            let Value::Array(words) = read_value(&mut log).expect("a whole command") else {
                panic!("the log has commands only");
            };
            let words = words.into_iter().map(|word| match word {
                Value::Bulk(bytes) => bytes,
                other => panic!("{other:?} in a command"),
            });
            let words: Vec<Vec<u8>> = words.collect();
            let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let name = String::from_utf8_lossy(args[0]).to_ascii_lowercase();
            // What they frame is the business of those who replay logs.
            if matches!(name.as_str(), "select" | "multi" | "exec") {
                continue;
            }
            names.push(name);
            let reply = run(&mut replica, &args);
            assert_ne!(reply.first(), Some(&b'-'), "{line}");
        }
    }
    assert_eq!(known(&mut replica), known(&mut server), "{lines:?}");
    assert_eq!(names.join(" "), expected, "{lines:?}");
}

#[test]
fn logs_do_the_same_again() {
    check(
        &[
            "xadd s * f v",
            "xadd s maxlen ~ 1 * f v",
            "xadd s nomkstream * f v",
        ],
        "xadd xadd xadd",
    );
    check(
        &[
            "xadd s 1-* f v",
            "xadd s 5-1 f v",
            "xtrim s minid ~ 3",
            "xtrim s maxlen 1",
            "xdel s 5-1",
        ],
        "xadd xadd xtrim xdel",
    );
    let group = ["xadd s 1-1 f v", "xadd s 2-1 f w", "xgroup create s g 0"];
    let with = |more: &[&'static str], expected: &str| {
        let lines = [&group[..], more].concat();
        check(&lines, format!("xadd xadd xgroup {expected}").trim_end());
    };
    with(
        &["xreadgroup group g c streams s >"],
        "xgroup xclaim xclaim xgroup",
    );
    with(
        &["xreadgroup group g c noack count 1 streams s >"],
        "xgroup xgroup",
    );
    with(&["xreadgroup group g c streams s 0"], "xgroup");
    with(
        &[
            "xreadgroup group g c count 1 streams s >",
            "xreadgroup group g c streams s 0",
            "xreadgroup group g c streams s >",
            "xreadgroup group g c streams s >",
        ],
        "xgroup xclaim xgroup xclaim xclaim xgroup",
    );
    let pending = "xreadgroup group g c streams s >";
    with(
        &[
            pending,
            "xclaim s g d 0 1-1",
            "xclaim s g d 100000 2-1",
            "xack s g 2-1",
        ],
        "xgroup xclaim xclaim xgroup xgroup xclaim xack",
    );
    with(
        &[
            pending,
            "xdel s 1-1",
            "xautoclaim s g d 0 0",
            "xclaim s g d 0 2-1 lastid 9-9",
        ],
        "xgroup xclaim xclaim xgroup xdel xgroup xack xclaim xgroup xclaim",
    );
    with(
        &[
            "xgroup setid s g $",
            "xgroup delconsumer s g c",
            "xsetid s 9-9",
            "xgroup destroy s g",
        ],
        "xgroup xsetid xgroup",
    );
}
