//! What a client has sent: reading it, and running it command by command.

use std::io::{self, Read as _};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use smallvec::SmallVec;
use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::output::Output;
use super::{Client, End};
use crate::compat::Compat;
use crate::keyspace::value::Type;
use crate::reply::ReplySink;
use crate::resp::parse::{Limits, Progress, RequestParser};
use crate::resp::write::RespWriter;
use crate::server::config::output_limits::Class;
use crate::server::dispatch;
use crate::server::session::Session;
use crate::server::state::Server;
use crate::server::stats::Stats;
use crate::server::watch::DbKey;

/// Room that is made in the input buffer before each read, in bytes.
const READ_BYTES: usize = 16 * 1024;
/// The most room made at once for a long argument, in bytes: its length is only a claim.
/// A client that is held is read so far.
pub(super) const MAX_READ_BYTES: usize = 1024 * 1024;
/// With so many bytes of replies unsent, no further request of that client runs.
const OUTPUT_FULL_BYTES: usize = 1024 * 1024;
/// Buffers larger than this are given back once they are empty.
const KEPT_BUFFER_BYTES: usize = 256 * 1024;

/// The part of a connection that is its task's alone while that runs.
pub(crate) struct ClientState {
    pub(super) stream: TcpStream,
    pub(super) input: BytesMut,
    parser: RequestParser,
    pub(super) out: Output,
    pub(crate) session: Session,
    pub(super) blocked: Option<Blocked>,
    pub(super) is_paused: bool,
}

impl ClientState {
    /// That of a client that has just connected.
    pub(super) fn new(stream: TcpStream, session: Session) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            parser: RequestParser::default(),
            out: Output::default(),
            session,
            blocked: None,
            is_paused: false,
        }
    }
}

/// A command that waits for a key.
pub(super) struct Blocked {
    args: Vec<Vec<u8>>,
    /// The type of value it waits for.
    wanted: Option<Type>,
    /// It waits for the end of a key, too.
    wants_removal: bool,
    pub(super) deadline: Option<Instant>,
}

/// Why a blocked command runs again.
#[derive(Clone, Copy)]
pub(super) enum Retry<'a> {
    /// This key was written.
    Ready(&'a DbKey),
    /// Its time is over.
    Over,
}

/// Why a client's requests stopped running.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// There is no complete request left.
    NeedsInput,
    /// The replies must be sent first.
    OutputFull,
    /// It is blocked, paused or about to close.
    Held,
}

/// Runs the commands that wait for keys which have since been written, until none
/// of them has anything left to take.
pub(crate) fn serve_blocked(server: &mut Server) {
    while server.blocking.has_ready() {
        for (key, ids) in server.blocking.take_ready() {
            for id in ids {
                let Some(client) = server.clients.get(id).cloned() else {
                    continue;
                };
                // The running client is not blocked, so its state being in use loses
                // nothing.
                if let Ok(mut state) = client.state.try_borrow_mut() {
                    state.retry_blocked(&client, server, Retry::Ready(&key));
                }
                client.wake();
            }
        }
    }
}

impl ClientState {
    /// Runs complete requests until there are none or something holds the client.
    pub(super) fn run_requests(&mut self, client: &Client, server: &mut Server) -> Stopped {
        let mut start = 0;
        let stopped = loop {
            if self.blocked.is_some() || self.session.closing || client.end.get() != End::No {
                break Stopped::Held;
            }
            if self.out.n_unsent() > OUTPUT_FULL_BYTES {
                break Stopped::OutputFull;
            }
            let input = &self.input[start..];
            if input.is_empty() {
                break Stopped::NeedsInput;
            }
            let limits = Limits {
                max_bulk_bytes: server.settings.max_bulk_bytes,
                authenticated: self.session.authenticated || !server.acl.demands_password(),
            };
            match self.parser.parse(input, limits) {
                Ok(Progress::Incomplete(missing)) => {
                    self.input.advance(start);
                    start = 0;
                    self.input
                        .reserve(missing.clamp(READ_BYTES, MAX_READ_BYTES));
                    break Stopped::NeedsInput;
                }
                Ok(Progress::Complete(n)) => {
                    let args: SmallVec<[&[u8]; 16]> = self.parser.args(input).collect();
                    if !args.is_empty() {
                        self.is_paused = server.must_wait(&self.session, &args);
                        if self.is_paused {
                            break Stopped::Held;
                        }
                        self.session.has_unsent = self.out.n_unsent() > 0;
                        if self.session.debug.is_some() {
                            self.session.debug_socket = self.stream_for_debugger();
                        }
                        let out = &mut self.out.bytes;
                        dispatch::execute(server, &mut self.session, &args, out);
                        client.protocol.set(self.session.protocol);
                        client.class.set(self.class());
                        if let Some(request) = self.session.block.take() {
                            server
                                .blocking
                                .wait(client.id, self.session.db, &request.keys);
                            let timeout = request.timeout_ms.map(Duration::from_millis);
                            let as_it_came = || args.iter().map(|arg| arg.to_vec()).collect();
                            self.blocked = Some(Blocked {
                                args: request.args.unwrap_or_else(as_it_came),
                                wanted: request.wanted,
                                wants_removal: request.wants_removal,
                                deadline: timeout.and_then(|t| Instant::now().checked_add(t)),
                            });
                        }
                    }
                    drop(args);
                    start += n;
                    if server.blocking.has_ready() {
                        serve_blocked(server);
                    }
                    if client.has_mail.get() {
                        self.take_mail(client);
                    }
                }
                Err(error) => {
                    let text = [b"ERR ", &error.to_bytes()[..]].concat();
                    RespWriter::new(&mut self.out.bytes, self.session.protocol).error(&text);
                    server.stats.record_error(&text);
                    self.session.closing = true;
                    start = self.input.len();
                    break Stopped::Held;
                }
            }
        };
        self.input.advance(start);
        if self.input.is_empty() {
            self.input.clear();
            self.parser.shrink();
        }
        stopped
    }

    /// The class of limits on its output. Those who watch others are sent things without
    /// asking, as those who listen to channels are.
    fn class(&self) -> Class {
        if self.session.subscriptions > 0 || self.session.is_monitor {
            Class::PubSub
        } else {
            Class::Normal
        }
    }

    /// Runs the blocked command again. It may find nothing and stay blocked, unless
    /// its time is over.
    pub(super) fn retry_blocked(&mut self, client: &Client, server: &mut Server, why: Retry<'_>) {
        let is_wanted = |blocked: &mut Blocked| match why {
            Retry::Over => true,
            Retry::Ready((db, key)) => {
                let entry = server.keyspace.db(*db).get(key);
                blocked.wants_removal || entry.map(|it| it.value.type_()) == blocked.wanted
            }
        };
        let Some(blocked) = self.blocked.take_if(is_wanted) else {
            return;
        };
        let is_over = matches!(why, Retry::Over);
        self.session.is_time_over = is_over;
        if let Retry::Ready((_, key)) = why
            && server.compat == Compat::Redis70
        {
            // Later servers run the command as if it had just come.
            self.session.ready_key = Some(key.clone());
        }
        let args: SmallVec<[&[u8]; 16]> = blocked.args.iter().map(Vec::as_slice).collect();
        let denied_before = std::mem::replace(&mut self.session.deny_blocking, is_over);
        dispatch::run_again(server, &mut self.session, &args, &mut self.out.bytes);
        drop(args);
        self.session.deny_blocking = denied_before;
        self.session.is_time_over = false;
        self.session.ready_key = None;
        if self.session.block.take().is_some() && !is_over {
            self.blocked = Some(blocked);
        } else {
            server.blocking.forget(client.id);
        }
    }

    /// Another handle of the connection, for a debugger to go past this task.
    fn stream_for_debugger(&self) -> Option<std::net::TcpStream> {
        let stream = SockRef::from(&self.stream).try_clone().ok()?;
        Some(stream.into())
    }

    /// Moves messages behind the replies.
    pub(super) fn take_mail(&mut self, client: &Client) {
        self.out.bytes.append(&mut client.mail.borrow_mut());
        client.has_mail.set(false);
    }

    /// Reads what has arrived, past the task, which is left to see the end and errors. One
    /// round takes no more than a part of a long command, for others wait too.
    pub(super) fn read_now(&mut self, server: &mut Server) -> bool {
        /// A client that is held is not read without bound, as its task would not.
        const MAX_ROUND_BYTES: usize = 4 * MAX_READ_BYTES;
        let is_held = self.blocked.is_some() || self.is_paused || self.session.closing;
        let most = match is_held {
            true => MAX_READ_BYTES,
            false => server.settings.max_query_bytes.saturating_add(1),
        };
        let end = most.min(self.input.len().saturating_add(MAX_ROUND_BYTES));
        let mut chunk = [0; READ_BYTES];
        let mut has_read = false;
        while self.input.len() < end {
            match (&*SockRef::from(&self.stream)).read(&mut chunk) {
                Ok(n) if n > 0 => {
                    self.input.extend_from_slice(&chunk[..n]);
                    server.stats.record_read(n);
                    has_read = true;
                }
                _ => break,
            }
        }
        has_read
    }

    /// Sends what can be sent now, past the task.
    pub(super) fn send_now(&mut self, stats: &mut Stats) {
        self.out.send_now(&self.stream, stats);
    }

    /// Sends what can be sent now; true if nothing is left.
    pub(super) fn send(&mut self, cx: &mut Context<'_>, stats: &mut Stats) -> io::Result<bool> {
        self.out.send(&mut self.stream, cx, stats)
    }

    /// Reads once. `Ready(Ok(0))` is the end.
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.is_empty() && self.input.capacity() > KEPT_BUFFER_BYTES {
            self.input = BytesMut::new();
        }
        if self.input.capacity() - self.input.len() < READ_BYTES / 4 {
            self.input.reserve(READ_BYTES);
        }
        // Nothing is lost with this future: it has no state of its own, and the
        // socket keeps the waker.
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }
}
