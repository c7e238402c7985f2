//! What the server knows about one client between its commands. It holds neither
//! the socket nor the buffers; see `server::client`.

use crate::reply::Protocol;

/// Identifies a client for as long as the server runs; never reused.
pub type ClientId = u64;

/// One client's state.
#[derive(Debug)]
pub struct Session {
    /// The client's id.
    pub id: ClientId,
    /// The database its commands act on.
    pub db: usize,
    /// `CLIENT SETNAME`; empty if it has none.
    pub name: Vec<u8>,
    /// The protocol its replies are written in (`HELLO`).
    pub protocol: Protocol,
    /// Whether it may run commands other than `AUTH` and `HELLO`.
    pub authenticated: bool,
    /// The command runs where waiting is impossible (a script, a transaction): a
    /// blocking command must answer as if its timeout had passed.
    pub deny_blocking: bool,
    /// Set by a blocking command that found nothing and sent no reply: the server
    /// runs the command again when one of the keys is written, or a last time, with
    /// [`deny_blocking`](Self::deny_blocking) set, when the time is over.
    pub block: Option<BlockRequest>,
}

/// What a blocking command waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRequest {
    /// The keys, in the client's database, any of which may wake it.
    pub keys: Vec<Vec<u8>>,
    /// How long to wait, in milliseconds; `None` is for ever.
    pub timeout_ms: Option<u64>,
}

impl Session {
    /// A client that has just connected.
    #[must_use]
    pub fn new(id: ClientId) -> Self {
        Self {
            id,
            db: 0,
            name: Vec::new(),
            protocol: Protocol::Resp2,
            authenticated: true,
            deny_blocking: false,
            block: None,
        }
    }
}
