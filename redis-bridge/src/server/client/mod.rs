//! The connections: the list of them, and each as others see it. What a command does is
//! not their concern.
//!
//! A connection is a future polled by hand (`task`). One poll reads once, runs every
//! complete request (`requests`), and writes once (`output`); the shared [`Server`] is
//! borrowed only while requests run, never across a wait. Others reach a connection
//! through its [`Client`]: they put messages into its mailbox, look at its state, or end it.

mod output;
mod requests;
mod task;

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

use socket2::SockRef;

use self::requests::{ClientState, Retry};
use crate::reply::{Protocol, ReplySink};
use crate::resp::write::RespWriter;
use crate::server::config::output_limits::{Class, OutputLimits};
use crate::server::session::{ClientId, Session};
use crate::server::state::Server;

pub(crate) use self::requests::serve_blocked;
pub(crate) use self::task::Connection;

/// All connections, by id.
#[derive(Default)]
pub struct Clients {
    by_id: BTreeMap<ClientId, Rc<Client>>,
    last_id: ClientId,
    /// How much may wait to be sent to each (`client-output-buffer-limit`).
    pub(crate) output_limits: OutputLimits,
    /// Told when the last connection has ended.
    pub(crate) all_gone: Rc<tokio::sync::Notify>,
}

impl Clients {
    /// None yet, with limits for those to come.
    pub(crate) fn with_limits(output_limits: OutputLimits) -> Self {
        Self {
            output_limits,
            ..Self::default()
        }
    }

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
            client.send(&self.output_limits, message);
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
    /// Bytes beside its messages that wait to be sent.
    n_unsent: Cell<usize>,
    /// Which limits it has.
    class: Cell<Class>,
    /// Since when it is over the soft one.
    over_soft_since: Cell<Option<Instant>>,
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
    /// Too much waits to be sent.
    TooSlow,
}

impl End {
    fn is_at_once(self) -> bool {
        matches!(self, Self::Now | Self::TooSlow)
    }
}

impl Client {
    /// Leaves a message for the client, and wakes its task.
    pub fn send(&self, limits: &OutputLimits, message: impl FnOnce(&mut dyn ReplySink)) {
        if self.end.get().is_at_once() {
            return;
        }
        let mut mail = self.mail.borrow_mut();
        message(&mut RespWriter::new(&mut mail, self.protocol.get()));
        self.has_mail.set(true);
        drop(mail);
        self.check_output(limits);
        self.wake();
    }

    /// Ends the connection if too much waits to be sent, or has for too long.
    pub(crate) fn check_output(&self, limits: &OutputLimits) {
        let n_bytes = (self.n_unsent.get() + self.mail.borrow().len()) as u64;
        let limit = limits.of(self.class.get());
        let is_over = |bytes: u64| bytes > 0 && n_bytes >= bytes;
        let since = is_over(limit.soft_bytes)
            .then(|| self.over_soft_since.get().unwrap_or_else(Instant::now));
        self.over_soft_since.set(since);
        if is_over(limit.hard_bytes) || since.is_some_and(|it| it.elapsed() > limit.soft_time) {
            self.end.set(End::TooSlow);
            self.take_mail();
            self.wake();
        }
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
        let has_read = state.read_now(server);
        if has_read {
            self.last_active.set(Instant::now());
        }
        if state.input.len() > server.settings.max_query_bytes {
            self.end.set(End::Now);
            server.stats.query_limit_disconnections += 1;
        }
        let log_end = server.log_end();
        state.run_requests(self, server);
        state.out.release(self.id, server, log_end);
        state.send_now(&mut server.stats);
        self.n_unsent.set(state.out.n_unsent());
        self.check_output(&server.settings.output_limits);
        let end = self.end.get();
        let is_closing = state.session.closing || end != End::No;
        if end.is_at_once() || (is_closing && state.out.n_unsent() == 0) {
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
    /// not been sent; of the client whose command is running, only messages to it.
    #[must_use]
    pub fn buffered(&self) -> (usize, usize) {
        let in_mail = self.mail.borrow().len();
        let state = self.state.try_borrow();
        state.map_or((0, in_mail), |state| {
            (state.input.len(), in_mail + state.out.n_unsent())
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
            RespWriter::new(&mut state.out.bytes, self.protocol.get()).error(error);
            server.stats.record_error(error);
        } else {
            state.retry_blocked(self, server, Retry::Over);
        }
        drop(state);
        self.wake();
        true
    }
}
