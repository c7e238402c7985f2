//! A client in thirty lines: requests out, replies in and printed as `redis-cli` does.
//! `cargo run -p redis-bridge --example resp_client -- [PORT] < commands`
//!
//! Reads one command a line; words in quotes may hold blanks. Try it on `ferrous`.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use redis_bridge::resp::parse::split_quoted;
use redis_bridge::resp::value::read_value;

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "6379".to_owned());
    let mut server = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    let mut replies = BufReader::new(server.try_clone()?);
    for line in io::stdin().lock().lines() {
        let (mut words, mut ranges) = (Vec::new(), Vec::new());
        if split_quoted(line?.as_bytes(), &mut words, &mut ranges).is_none() {
            eprintln!("unbalanced quotes");
            continue;
        }
        if ranges.is_empty() {
            continue;
        }
        // A request is an array of bulk strings.
        let mut request = format!("*{}\r\n", ranges.len()).into_bytes();
        for range in ranges {
            let word = &words[range];
            write!(request, "${}\r\n", word.len())?;
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        server.write_all(&request)?;
        let reply = read_value(&mut replies)?;
        io::stdout().write_all(&reply.to_terminal())?;
    }
    Ok(())
}
