//! What waits to be sent to a client: replies and messages, in order.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::server::session::ClientId;
use crate::server::state::Server;
use crate::server::stats::Stats;

/// Buffers larger than this are given back once they are empty.
const KEPT_BYTES: usize = 256 * 1024;
/// What is kept of them.
const SMALL_BYTES: usize = 16 * 1024;

/// The bytes, and how far they have got.
#[derive(Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    n_sent: usize,
    /// So many bytes may be sent.
    n_released: usize,
    held: Option<Held>,
}

/// Replies that wait for the disk (`appendfsync always`).
#[derive(Clone, Copy)]
struct Held {
    /// They go when the log is safe up to here.
    position: u64,
    /// Where they end in the buffer.
    end: usize,
}

impl Output {
    /// How many bytes are left to send.
    pub(super) fn n_unsent(&self) -> usize {
        self.bytes.len() - self.n_sent
    }

    /// Do some wait for the disk?
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Finds out how much may be sent: under `appendfsync always` a reply waits until
    /// the disk has everything that it may tell of. The log ended at `log_end` before
    /// this client's requests ran.
    pub(super) fn release(&mut self, client: ClientId, server: &mut Server, log_end: u64) {
        server.flush_aof();
        if let Some(held) = self.held {
            if !server.aof.is_safe(held.position, server.settings.aof) {
                return server.aof.wake_later(client);
            }
            self.n_released = held.end;
            self.held = None;
        }
        if self.n_released == self.bytes.len() {
            return;
        }
        let end = server
            .aof
            .end_to_wait_for(&server.keyspace.effects, server.settings.aof)
            // While the log cannot be written, those who do not write need not wait.
            .filter(|_| server.aof.error().is_none() || server.log_end() != log_end);
        match end {
            Some(position) => {
                let end = self.bytes.len();
                self.held = Some(Held { position, end });
                server.aof.wake_later(client);
            }
            None => self.n_released = self.bytes.len(),
        }
    }

    /// Sends what can be sent now; true if nothing is left.
    pub(super) fn send(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
        stats: &mut Stats,
    ) -> io::Result<bool> {
        while self.n_sent < self.n_released {
            let released = &self.bytes[self.n_sent..self.n_released];
            match Pin::new(&mut *stream).poll_write(cx, released) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => {
                    self.n_sent += n;
                    stats.record_write(n);
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        self.tidy();
        Ok(self.n_unsent() == 0)
    }

    /// Sends what can be sent now, past the task; the rest and errors are left to it.
    pub(super) fn send_now(&mut self, stream: &TcpStream, stats: &mut Stats) {
        while self.n_sent < self.n_released {
            let released = &self.bytes[self.n_sent..self.n_released];
            match (&*SockRef::from(stream)).write(released) {
                Ok(n) if n > 0 => {
                    self.n_sent += n;
                    stats.record_write(n);
                }
                _ => break,
            }
        }
        self.tidy();
    }

    /// Gives back the room of what was sent. Whoever reads as fast as others write would
    /// else have all that it was ever sent kept for it.
    fn tidy(&mut self) {
        if self.n_sent == self.bytes.len() {
            self.bytes.clear();
            (self.n_sent, self.n_released) = (0, 0);
            if self.bytes.capacity() > KEPT_BYTES {
                self.bytes.shrink_to(SMALL_BYTES);
            }
        } else if self.n_sent > KEPT_BYTES && self.n_sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.n_sent);
            self.n_released -= self.n_sent;
            if let Some(held) = &mut self.held {
                held.end -= self.n_sent;
            }
            self.n_sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_kept() {
        let mut output = Output::default();
        for _ in 0..1000 {
            // The receiver takes as much as is added, but never all.
            output.bytes.extend_from_slice(&[b'x'; 2000]);
            output.n_released = output.bytes.len();
            output.n_sent = output.bytes.len() - 100;
            output.tidy();
            assert_eq!(output.n_unsent(), 100);
            assert!(output.bytes.len() <= KEPT_BYTES + 2100);
            assert_eq!(output.n_released, output.bytes.len());
        }
        output.n_sent = output.bytes.len();
        output.tidy();
        assert_eq!(
            (output.bytes.len(), output.n_sent, output.n_released),
            (0, 0, 0)
        );
        assert!(output.bytes.capacity() <= KEPT_BYTES);
    }
}
