//! One connection: its socket and buffers, the task that moves bytes between them
//! and the dispatcher, and the list of all connections. What a command does is not
//! its concern.
//!
//! A connection is a future polled by hand. One poll reads once, runs every complete
//! request, and writes once; the shared [`Server`] is borrowed only while requests
//! run, never across a wait. Others reach a connection through its [`Client`]: they
//! put messages into its mailbox, look at its state, or end it.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use smallvec::SmallVec;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

use crate::compat::Compat;
use crate::keyspace::value::Type;
use crate::reply::{Protocol, ReplySink};
use crate::resp::parse::{Limits, Progress, RequestParser};
use crate::resp::write::RespWriter;
use crate::server::dispatch;
use crate::server::session::{ClientId, Session};
use crate::server::state::Server;
use crate::server::watch::DbKey;

/// Room that is made in the input buffer before each read, in bytes.
const READ_BYTES: usize = 16 * 1024;
/// The most room made at once for a long argument, in bytes: its length is only a claim.
const MAX_READ_BYTES: usize = 1024 * 1024;
/// With so many bytes of replies unsent, no further request of that client runs.
const OUTPUT_FULL_BYTES: usize = 1024 * 1024;
/// A client that lets so many bytes of messages pile up is disconnected
/// (`client-output-buffer-limit pubsub`).
const MAX_MAIL_BYTES: usize = 32 * 1024 * 1024;
/// Buffers larger than this are given back once they are empty.
const KEPT_BUFFER_BYTES: usize = 256 * 1024;

/// All connections, by id.
#[derive(Default)]
pub struct Clients {
    by_id: BTreeMap<ClientId, Rc<Client>>,
    last_id: ClientId,
    /// Told when the last connection has ended.
    pub(crate) all_gone: Rc<tokio::sync::Notify>,
}

impl Clients {
    /// An id for one more client.
    pub fn next_id(&mut self) -> ClientId {
        self.last_id += 1;
        self.last_id
    }

    /// The connection of that id.
    #[must_use]
    pub fn get(&self, id: ClientId) -> Option<&Rc<Client>> {
        self.by_id.get(&id)
    }

    /// All connections, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rc<Client>> {
        self.by_id.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(crate) fn remove(&mut self, id: ClientId) {
        self.by_id.remove(&id);
        if self.by_id.is_empty() {
            self.all_gone.notify_one();
        }
    }

    /// Sends a push message to a client, if it is still there.
    pub fn send(&self, id: ClientId, message: impl FnOnce(&mut dyn ReplySink)) {
        if let Some(client) = self.get(id) {
            client.send(message);
        }
    }
}

/// A connection as others see it.
pub struct Client {
    /// The id.
    pub id: ClientId,
    /// The client's address, and ours.
    pub addresses: [String; 2],
    /// When it connected.
    pub connected: Instant,
    /// When it last sent something.
    pub last_active: Cell<Instant>,
    /// The protocol of messages to it; follows its session.
    pub protocol: Cell<Protocol>,
    /// Messages to it that wait to be sent.
    mail: RefCell<Vec<u8>>,
    has_mail: Cell<bool>,
    end: Cell<End>,
    waker: RefCell<Option<Waker>>,
    state: RefCell<ClientState>,
}

/// Whether and how a connection is to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    No,
    /// After sending what there is to send.
    Flushed,
    Now,
}

/// The part of a connection that is its task's alone while that runs.
pub(crate) struct ClientState {
    stream: TcpStream,
    input: BytesMut,
    parser: RequestParser,
    out: Vec<u8>,
    n_sent: usize,
    pub(crate) session: Session,
    blocked: Option<Blocked>,
    is_paused: bool,
    /// So many bytes of `out` may be sent.
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

/// A command that waits for a key.
struct Blocked {
    args: Vec<Vec<u8>>,
    /// The type of value it waits for.
    wanted: Option<Type>,
    /// It waits for the end of a key, too.
    wants_removal: bool,
    deadline: Option<Instant>,
}

/// Why a blocked command runs again.
#[derive(Clone, Copy)]
enum Retry<'a> {
    /// This key was written.
    Ready(&'a DbKey),
    /// Its time is over.
    Over,
}

/// Why a client's requests stopped running.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// There is no complete request left.
    NeedsInput,
    /// The replies must be sent first.
    OutputFull,
    /// It is blocked, paused or about to close.
    Held,
}

impl Client {
    /// Leaves a message for the client, and wakes its task.
    pub fn send(&self, message: impl FnOnce(&mut dyn ReplySink)) {
        let mut mail = self.mail.borrow_mut();
        message(&mut RespWriter::new(&mut mail, self.protocol.get()));
        self.has_mail.set(true);
        if mail.len() > MAX_MAIL_BYTES {
            self.end.set(End::Now);
        }
        drop(mail);
        self.wake();
    }

    /// Ends the connection without sending what waits to be sent.
    pub fn kill(&self) {
        self.end.set(End::Now);
        self.wake();
    }

    /// Ends the connection once everything is sent.
    pub fn finish(&self) {
        if self.end.get() == End::No {
            self.end.set(End::Flushed);
        }
        self.wake();
    }

    /// Has its task look at everything again.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Does for this client what its task would do, without waiting, while that
    /// cannot run; does nothing for the client whose script keeps the server busy.
    pub(crate) fn serve_without_waiting(&self, server: &mut Server) {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return;
        };
        let has_read = state.read_now(&mut server.stats.bytes_in);
        if has_read {
            self.last_active.set(Instant::now());
        }
        let log_end = server.log_end();
        state.run_requests(self, server);
        state.release(self, server, log_end);
        state.send_now(&mut server.stats.bytes_out);
        if state.out.is_empty() && (state.session.closing || self.end.get() != End::No) {
            // The client is to see the end now, not when the script is over. That it has
            // gone already is no error.
            let _ = SockRef::from(&state.stream).shutdown(Shutdown::Both);
        }
        drop(state);
        // The task finishes what is left, and notices that the client has gone.
        self.wake();
    }

    /// The messages that wait to be sent; they no longer do.
    pub(crate) fn take_mail(&self) -> Vec<u8> {
        self.has_mail.set(false);
        self.mail.take()
    }

    fn expect_wake(&self, waker: &Waker) {
        let mut slot = self.waker.borrow_mut();
        if !slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    /// The session, unless this very client is the one whose command is running.
    #[must_use]
    pub fn session(&self) -> Option<Ref<'_, Session>> {
        self.state
            .try_borrow()
            .ok()
            .map(|state| Ref::map(state, |state| &state.session))
    }

    /// Bytes of requests that have been read but not run, and of replies that have
    /// not been sent; zeros for the client whose command is running.
    #[must_use]
    pub fn buffered(&self) -> (usize, usize) {
        let state = self.state.try_borrow();
        state.map_or((0, 0), |state| {
            (state.input.len(), state.out.len() - state.n_sent)
        })
    }

    /// Is it waiting in a blocking command?
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.state
            .try_borrow()
            .is_ok_and(|state| state.blocked.is_some())
    }

    /// Ends the wait of a blocked client: its command answers as if its time were
    /// over, or with the given error. False if it is not blocked.
    pub fn unblock(&self, server: &mut Server, error: Option<&[u8]>) -> bool {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return false;
        };
        if state.blocked.is_none() {
            return false;
        }
        if let Some(error) = error {
            state.blocked = None;
            server.blocking.forget(self.id);
            RespWriter::new(&mut state.out, self.protocol.get()).error(error);
            server.stats.record_error(error);
        } else {
            state.retry_blocked(self, server, Retry::Over);
        }
        drop(state);
        self.wake();
        true
    }
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
    fn run_requests(&mut self, client: &Client, server: &mut Server) -> Stopped {
        let mut start = 0;
        let stopped = loop {
            if self.blocked.is_some() || self.session.closing || client.end.get() != End::No {
                break Stopped::Held;
            }
            if self.out.len() - self.n_sent > OUTPUT_FULL_BYTES {
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
                        self.session.has_unsent = self.n_sent < self.out.len();
                        if self.session.debug.is_some() {
                            self.session.debug_socket = self.stream_for_debugger();
                        }
                        dispatch::execute(server, &mut self.session, &args, &mut self.out);
                        client.protocol.set(self.session.protocol);
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
                    RespWriter::new(&mut self.out, self.session.protocol).error(&text);
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

    /// Runs the blocked command again. It may find nothing and stay blocked, unless
    /// its time is over.
    fn retry_blocked(&mut self, client: &Client, server: &mut Server, why: Retry<'_>) {
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
        dispatch::run_again(server, &mut self.session, &args, &mut self.out);
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
    fn take_mail(&mut self, client: &Client) {
        self.out.append(&mut client.mail.borrow_mut());
        client.has_mail.set(false);
    }

    /// Finds out how much may be sent: under `appendfsync always` a reply waits until
    /// the disk has everything that it may tell of. The log ended at `log_end` before
    /// this client's requests ran.
    fn release(&mut self, client: &Client, server: &mut Server, log_end: u64) {
        server.flush_aof();
        if let Some(held) = self.held {
            if !server.aof.is_safe(held.position, server.settings.aof) {
                return server.aof.wake_later(client.id);
            }
            self.n_released = held.end;
            self.held = None;
        }
        if self.n_released == self.out.len() {
            return;
        }
        let end = server
            .aof
            .end_to_wait_for(&server.keyspace.effects, server.settings.aof)
            // While the log cannot be written, those who do not write need not wait.
            .filter(|_| server.aof.error().is_none() || server.log_end() != log_end);
        match end {
            Some(position) => {
                let end = self.out.len();
                self.held = Some(Held { position, end });
                server.aof.wake_later(client.id);
            }
            None => self.n_released = self.out.len(),
        }
    }

    /// Sends what can be sent now; true if nothing is left.
    fn send(&mut self, cx: &mut Context<'_>, n_bytes: &mut u64) -> io::Result<bool> {
        while self.n_sent < self.n_released {
            let released = &self.out[self.n_sent..self.n_released];
            match Pin::new(&mut self.stream).poll_write(cx, released) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => {
                    self.n_sent += n;
                    *n_bytes += n as u64;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        if self.n_sent < self.out.len() {
            return Ok(false);
        }
        self.out.clear();
        (self.n_sent, self.n_released) = (0, 0);
        if self.out.capacity() > KEPT_BUFFER_BYTES {
            self.out.shrink_to(READ_BYTES);
        }
        Ok(true)
    }

    /// Sends what can be sent now, past the task; the rest and errors are left to it.
    fn send_now(&mut self, n_bytes: &mut u64) {
        while self.n_sent < self.n_released {
            let released = &self.out[self.n_sent..self.n_released];
            match (&*SockRef::from(&self.stream)).write(released) {
                Ok(n) if n > 0 => {
                    self.n_sent += n;
                    *n_bytes += n as u64;
                }
                _ => return,
            }
        }
        if self.n_sent == self.out.len() {
            self.out.clear();
            (self.n_sent, self.n_released) = (0, 0);
        }
    }

    /// Reads what has arrived, past the task, which is left to see the end and errors.
    fn read_now(&mut self, n_bytes: &mut u64) -> bool {
        let mut chunk = [0; READ_BYTES];
        let mut has_read = false;
        while self.input.len() < MAX_READ_BYTES {
            match (&*SockRef::from(&self.stream)).read(&mut chunk) {
                Ok(n) if n > 0 => {
                    self.input.extend_from_slice(&chunk[..n]);
                    *n_bytes += n as u64;
                    has_read = true;
                }
                _ => break,
            }
        }
        has_read
    }

    /// Reads once. `Ready(Ok(0))` is the end.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
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

/// The task of one connection.
pub(crate) struct Connection {
    server: Rc<RefCell<Server>>,
    client: Rc<Client>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    /// Enters a new connection into the server's list; `None` if the server is ending.
    pub(crate) fn new(
        server: &mut Server,
        stream: TcpStream,
        addresses: [String; 2],
    ) -> Option<Self> {
        let shared = server.myself.upgrade()?;
        let id = server.clients.next_id();
        let session = Session::of_client(id, &server.acl);
        let now = Instant::now();
        let client = Rc::new(Client {
            id,
            addresses,
            connected: now,
            last_active: Cell::new(now),
            protocol: Cell::new(session.protocol),
            mail: RefCell::default(),
            has_mail: Cell::new(false),
            end: Cell::new(End::No),
            waker: RefCell::new(None),
            state: RefCell::new(ClientState {
                stream,
                input: BytesMut::new(),
                parser: RequestParser::default(),
                out: Vec::new(),
                n_sent: 0,
                session,
                blocked: None,
                is_paused: false,
                n_released: 0,
                held: None,
            }),
        });
        server.clients.by_id.insert(id, Rc::clone(&client));
        Some(Self {
            server: shared,
            client,
            timer: None,
        })
    }

    /// Sleeps until the blocked command's time is over, or the pause is.
    fn arm_timer(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }

    /// Everything that can be done now. `Ready` ends the connection.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let client = Rc::clone(&self.client);
        client.expect_wake(cx.waker());
        let mut state = client.state.borrow_mut();
        let state = &mut *state;
        loop {
            if client.end.get() == End::Now {
                return Poll::Ready(Ok(()));
            }
            let mut server = self.server.borrow_mut();
            if client.has_mail.get() {
                state.take_mail(&client);
            }
            let log_end = server.log_end();
            let stopped = state.run_requests(&client, &mut server);
            state.release(&client, &mut server, log_end);
            let is_sent = state.send(cx, &mut server.stats.bytes_out)?;
            if is_sent && (state.session.closing || client.end.get() != End::No) {
                return Poll::Ready(Ok(()));
            }
            // Whose replies wait for the disk is woken when it has answered; to run
            // further requests would only make the replies wait longer.
            if state.held.is_some() || (!is_sent && stopped == Stopped::OutputFull) {
                return Poll::Pending;
            }
            if stopped == Stopped::OutputFull {
                continue;
            }
            let deadline = match &state.blocked {
                Some(blocked) => blocked.deadline,
                None if state.is_paused => server.pause.as_ref().map(|pause| pause.until),
                None => None,
            };
            let max_query_bytes = server.settings.max_query_bytes;
            if deadline.is_some() || self.timer.is_some() {
                drop(server);
                if self.arm_timer(cx, deadline).is_ready() {
                    self.timer = None;
                    let mut server = self.server.borrow_mut();
                    state.retry_blocked(&client, &mut server, Retry::Over);
                    continue;
                }
            } else {
                drop(server);
            }
            // A held client is read only to see it leave, and not without bound.
            if state.session.closing
                || (stopped == Stopped::Held && state.input.len() > MAX_READ_BYTES)
            {
                return Poll::Pending;
            }
            let n_read = match state.read(cx)? {
                Poll::Ready(n) => n,
                Poll::Pending => return Poll::Pending,
            };
            if n_read == 0 || state.input.len() > max_query_bytes {
                return Poll::Ready(Ok(()));
            }
            client.last_active.set(Instant::now());
            self.server.borrow_mut().stats.bytes_in += n_read as u64;
        }
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // An error means that the client is gone, which is no news to anyone.
        if self.drive(cx).is_pending() {
            return Poll::Pending;
        }
        let mut server = self.server.borrow_mut();
        server.forget_client(self.client.id);
        Poll::Ready(())
    }
}
