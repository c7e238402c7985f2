//! A client's connection: bytes out, whole replies in, with a time limit on every wait.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::resp::{Line, Scan, encode_command, scan};
use super::text::quote;

/// How long a peer may leave us writing: it stopped reading.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// How long any answer may take: far more than a busy machine needs.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Why there is no reply; with the bytes of one that was cut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// The server closed the connection.
    Closed(String),
    /// Not in time.
    Timeout(String),
    /// What came is not RESP.
    Malformed(String),
}

impl std::error::Error for NoReply {}

impl std::fmt::Display for NoReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoReply::Closed(rest) => write!(f, "(closed{rest})"),
            NoReply::Timeout(rest) => write!(f, "(no reply{rest})"),
            NoReply::Malformed(what) => write!(f, "(malformed: {what})"),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// Received and not yet part of a reply.
    buffer: Vec<u8>,
}

impl Connection {
    /// Takes over a connected socket.
    pub(crate) fn new(stream: TcpStream) -> Result<Connection> {
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        stream.set_write_timeout(Some(WRITE_LIMIT))?;
        Ok(Connection {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).context("cannot send")
    }

    /// Tells the server that nothing more will be sent, unless it has closed before.
    pub(crate) fn half_close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The answer to a command, an error too.
    pub(crate) fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<Vec<Line>> {
        self.send(&encode_command(words))?;
        let answer = self.reply(ANSWER_LIMIT);
        answer.map_err(|why| anyhow!("the answer is {why}"))
    }

    /// The next reply.
    pub(crate) fn reply(&mut self, limit: Duration) -> Result<Vec<Line>, NoReply> {
        let deadline = Instant::now() + limit;
        loop {
            match scan(&self.buffer) {
                Scan::Reply { n_bytes, lines } => {
                    self.buffer.drain(..n_bytes);
                    return Ok(lines);
                }
                Scan::Malformed(what) => return Err(NoReply::Malformed(what)),
                Scan::Incomplete => {}
            }
            if !self.fill(deadline)? {
                return Err(NoReply::Closed(self.rest()));
            }
        }
    }

    /// Waits for the end of the connection, and says what stands in its place.
    pub(crate) fn end(&mut self, limit: Duration) -> NoReply {
        let deadline = Instant::now() + limit;
        loop {
            match self.fill(deadline) {
                Ok(true) => {}
                Ok(false) => return NoReply::Closed(self.rest()),
                Err(error) => return error,
            }
        }
    }

    /// Bytes that came and that no reply has taken, without waiting for more.
    pub(crate) fn unread(&mut self) -> String {
        let mut chunk = [0; 4096];
        let read = self.stream.set_nonblocking(true);
        if let Ok(n_read) = read.and_then(|()| self.stream.read(&mut chunk)) {
            self.buffer.extend_from_slice(&chunk[..n_read]);
        }
        if self.buffer.is_empty() {
            String::new()
        } else {
            quote(&self.buffer[..self.buffer.len().min(200)])
        }
    }

    fn rest(&self) -> String {
        let n_shown = self.buffer.len().min(200);
        if n_shown == 0 {
            String::new()
        } else {
            format!(" after {}", quote(&self.buffer[..n_shown]))
        }
    }

    /// Reads some bytes; `false` at the end of the stream.
    fn fill(&mut self, deadline: Instant) -> Result<bool, NoReply> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut chunk = vec![0; 1 << 18];
        let read = if left.is_zero() {
            Err(ErrorKind::TimedOut.into())
        } else {
            let limited = self.stream.set_read_timeout(Some(left));
            limited.and_then(|()| self.stream.read(&mut chunk))
        };
        match read {
            Ok(n_read) => {
                self.buffer.extend_from_slice(&chunk[..n_read]);
                Ok(n_read > 0)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(NoReply::Timeout(self.rest())),
                ErrorKind::Interrupted => Ok(true),
                // A server that closes with input unread resets the connection.
                _ => Ok(false),
            },
        }
    }
}
