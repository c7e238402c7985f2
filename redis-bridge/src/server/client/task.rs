//! The task of a connection: what it waits for, and when it ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

use super::requests::{ClientState, MAX_READ_BYTES, Retry, Stopped};
use super::{Client, End};
use crate::host::LogLevel;
use crate::server::session::Session;
use crate::server::state::Server;

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
            n_unsent: Cell::new(0),
            class: Cell::default(),
            over_soft_since: Cell::new(None),
            waker: RefCell::new(None),
            state: RefCell::new(ClientState::new(stream, session)),
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
            if client.end.get().is_at_once() {
                return Poll::Ready(Ok(()));
            }
            let mut server = self.server.borrow_mut();
            if client.has_mail.get() {
                state.take_mail(&client);
            }
            let log_end = server.log_end();
            let stopped = state.run_requests(&client, &mut server);
            state.out.release(client.id, &mut server, log_end);
            client.n_unsent.set(state.out.n_unsent());
            client.check_output(&server.settings.output_limits);
            if client.end.get().is_at_once() {
                return Poll::Ready(Ok(()));
            }
            let is_sent = state.send(cx, &mut server.stats)?;
            client.n_unsent.set(state.out.n_unsent());
            if is_sent && (state.session.closing || client.end.get() != End::No) {
                return Poll::Ready(Ok(()));
            }
            // Whose replies wait for the disk is woken when it has answered; to run
            // further requests would only make the replies wait longer.
            if state.out.is_held() || (!is_sent && stopped == Stopped::OutputFull) {
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
            if n_read == 0 {
                return Poll::Ready(Ok(()));
            }
            if state.input.len() > max_query_bytes {
                let server = &mut *self.server.borrow_mut();
                server.stats.query_limit_disconnections += 1;
                let why = "Closing client that reached max query buffer length";
                note_end(server, &client, why);
                return Poll::Ready(Ok(()));
            }
            client.last_active.set(Instant::now());
            self.server.borrow_mut().stats.record_read(n_read);
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
        let server = &mut *self.server.borrow_mut();
        if self.client.end.get() == End::TooSlow {
            server.stats.output_limit_disconnections += 1;
            let why = "Client closed for overcoming of output buffer limits";
            note_end(server, &self.client, why);
        }
        server.forget_client(self.client.id);
        Poll::Ready(())
    }
}

/// Says in the log why a connection ends.
fn note_end(server: &mut Server, client: &Client, why: &str) {
    let text = format!("{why}: id={} addr={}", client.id, client.addresses[0]);
    server.logger.log(LogLevel::Warning, text.as_bytes());
}
