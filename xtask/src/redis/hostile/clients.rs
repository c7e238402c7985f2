//! Clients that misbehave: noise, promises of bytes that never come, commands cut off, replies never
//! read. What must hold afterwards is looked at by [`hostile`](super).

use std::time::Duration;

use anyhow::{Result, bail};

use super::super::connection::{Connection, NoReply};
use super::super::resp::encode_command;
use super::super::server::Server;
use super::{ATTACK_LIMIT, ask, reply, shown};

/// Name and deed.
pub(super) type BadClient = (&'static str, fn(&Server) -> Result<()>);

/// All of them, in the order they are let loose.
pub(super) const CLIENTS: &[BadClient] = &[
    ("ten megabytes of noise", noise),
    ("ten megabytes of an inline command", endless_line),
    ("lengths that promise much", promises),
    ("half a command from each of 200 clients", half_commands),
    (
        "clients that go away in the middle of a pipeline",
        killed_in_pipeline,
    ),
    ("clients that never read", never_reads),
    (
        "a client that goes away from its running script",
        killed_in_script,
    ),
    ("noise for the debugger of scripts", noise_for_the_debugger),
    (
        "clients that go away from the debugger",
        killed_in_the_debugger,
    ),
    ("500 connections", many_connections),
    ("a transaction without end", long_transaction),
    ("a thousand scripts never seen again", many_scripts),
];

/// Bytes that look random and are the same in every run.
fn random_bytes(n_bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(n_bytes);
    for _ in 0..n_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push(state.to_le_bytes()[3]);
    }
    bytes
}

const NOISE_BYTES: usize = 10 << 20;

fn noise(server: &Server) -> Result<()> {
    let bytes = random_bytes(NOISE_BYTES);
    // As it is, behind the start of a command, and behind the start of an argument. A server that
    // closes in the middle is right, so that what cannot be sent is no error.
    for start in ["", "*3\r\n", "*2\r\n$3\r\nget\r\n$"] {
        let mut connection = server.connect()?;
        let _ = connection.send(start.as_bytes());
        let _ = connection.send(&bytes);
        connection.half_close();
        while connection.reply(ATTACK_LIMIT).is_ok() {}
    }
    Ok(())
}

fn endless_line(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    let _ = connection.send(&vec![b'x'; NOISE_BYTES]);
    let answer = connection.reply(ATTACK_LIMIT);
    match answer {
        Ok(lines) if shown(&lines) == "-ERR Protocol error: too big inline request" => Ok(()),
        // The server may have closed while we were sending, and its error been lost.
        Err(NoReply::Closed(_)) => Ok(()),
        other => bail!("an endless line is answered {other:?}"),
    }
}

fn promises(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for start in [
        "*1048576\r\n",
        "*1\r\n$536870912\r\n",
        "*1048576\r\n$536870912\r\nx",
    ] {
        for _ in 0..50 {
            let mut connection = server.connect()?;
            connection.send(start.as_bytes())?;
            connections.push(connection);
        }
    }
    server.ping()
}

fn half_commands(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for idx in 0..200 {
        let mut connection = server.connect()?;
        let command = encode_command(&["set", "key", "value"]);
        connection.send(&command[..1 + idx % (command.len() - 1)])?;
        if idx % 2 == 0 {
            connection.half_close();
        }
        connections.push(connection);
    }
    server.ping()
}

fn killed_in_pipeline(server: &Server) -> Result<()> {
    for _ in 0..50 {
        let mut connection = server.connect()?;
        let mut bytes = Vec::new();
        for _ in 0..100 {
            bytes.extend(encode_command(&["EVAL", "return ('x'):rep(1000)", "0"]));
            bytes.extend(encode_command(&["INCR", "n"]));
        }
        bytes.truncate(bytes.len() - 5);
        connection.send(&bytes)?;
    }
    server.ping()
}

fn never_reads(server: &Server) -> Result<()> {
    ask(
        server,
        &[
            "EVAL",
            "redis.call('set', 'big', ('x'):rep(1000000)) return 1",
            "0",
        ],
    )?;
    let mut connections = Vec::new();
    for _ in 0..4 {
        let mut connection = server.connect()?;
        let mut bytes = Vec::new();
        for _ in 0..20 {
            bytes.extend(encode_command(&["GET", "big"]));
        }
        connection.send(&bytes)?;
        connections.push(connection);
    }
    server.ping()
}

fn killed_in_script(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    connection.send(&encode_command(&["EVAL", "while true do end", "0"]))?;
    std::thread::sleep(Duration::from_millis(50));
    drop(connection);
    let answer = ask(server, &["ECHO", "served"])?;
    if shown(&answer) != "\"served\"" {
        bail!("the next client is answered {}", shown(&answer));
    }
    Ok(())
}

/// A client whose script has stopped at its first line.
fn stopped_script(server: &Server, mode: &str) -> Result<Connection> {
    let mut connection = server.connect()?;
    for command in [["SCRIPT", "DEBUG", mode], ["EVAL", "return 1", "0"]] {
        connection.send(&encode_command(&command))?;
        reply(&mut connection)?;
    }
    Ok(connection)
}

pub(crate) fn noise_for_the_debugger(server: &Server) -> Result<()> {
    let noise = random_bytes(2 << 20);
    let inputs: [&[u8]; 7] = [
        &noise,
        b"x",
        b"*-1\r\n",
        b"*1024\r\n$1\r\n",
        b"*1\r\n$99999999999999999999\r\n",
        b"*2\r\n$1\r\ne\r\n$6\r\n(error\r\n",
        b"*2\r\n$1\r\nl\r\n$20\r\n-9223372036854775808\r\n",
    ];
    for mode in ["YES", "SYNC"] {
        for input in inputs {
            let mut connection = stopped_script(server, mode)?;
            // It may be refused in the middle.
            let _ = connection.send(input);
            connection.half_close();
            while connection.reply(ATTACK_LIMIT).is_ok() {}
            server.ping()?;
        }
    }
    Ok(())
}

fn killed_in_the_debugger(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(stopped_script(server, "YES")?);
    }
    server.ping()?;
    drop(connections);
    drop(stopped_script(server, "SYNC")?);
    server.ping()
}

fn many_connections(server: &Server) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..500 {
        connections.push(server.connect()?);
    }
    for connection in &mut connections {
        connection.send(b"PING\r\n")?;
    }
    for connection in &mut connections {
        let answer = reply(connection)?;
        if shown(&answer) != "+PONG" {
            bail!("a client of many is answered {}", shown(&answer));
        }
    }
    Ok(())
}

fn long_transaction(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    let mut bytes = encode_command(&["MULTI"]);
    for _ in 0..100_000 {
        bytes.extend(encode_command(&["INCR", "n"]));
    }
    connection.send(&bytes)?;
    for _ in 0..=100_000 {
        reply(&mut connection)?;
    }
    connection.send(&encode_command(&["EXEC"]))?;
    let lines = reply(&mut connection)?;
    match lines.last() {
        Some(last) if last.text == ":100000" => Ok(()),
        _ => bail!("EXEC is answered {}", shown(&lines)),
    }
}

fn many_scripts(server: &Server) -> Result<()> {
    let mut connection = server.connect()?;
    for number in 0..1000 {
        let script = format!("local unused = ('%d'):rep(3) return {number}");
        connection.send(&encode_command(&["EVAL", script.as_str(), "0"]))?;
        let answer = reply(&mut connection)?;
        if shown(&answer) != format!(":{number}") {
            bail!("script {number} is answered {}", shown(&answer));
        }
    }
    Ok(())
}
