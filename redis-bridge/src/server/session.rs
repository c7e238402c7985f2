//! What the server knows about one client between its commands. It holds neither
//! the socket nor the buffers; see [`client`](super::client).

use std::net::TcpStream;
use std::rc::Rc;

use crate::commands::spec::CommandSpec;
use crate::keyspace::value::Type;
use crate::reply::Protocol;
use crate::script::DebugMode;
use crate::server::acl::{Acl, DEFAULT_USER, Denial, UserRef};

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
    /// The library it says it uses, and that library's version (`CLIENT SETINFO`).
    pub library: [Vec<u8>; 2],
    /// The protocol its replies are written in (`HELLO`).
    pub protocol: Protocol,
    /// Whether it may run commands other than `AUTH` and `HELLO`.
    pub authenticated: bool,
    /// As whom it acts; `None` is the server itself, who may do everything.
    pub user: Option<UserRef>,
    /// The command runs where waiting is impossible (a script, a transaction): a
    /// blocking command must answer as if its timeout had passed.
    pub deny_blocking: bool,
    /// Set by a blocking command that found nothing and sent no reply: the server
    /// runs the command again when one of the keys is written, or a last time, with
    /// [`deny_blocking`](Self::deny_blocking) set, when the time is over.
    pub block: Option<BlockRequest>,
    /// A blocking command runs for the last time because its time is over.
    pub is_time_over: bool,
    /// A blocking command runs again because this key was written, and may look at no
    /// other.
    pub ready_key: Option<Box<[u8]>>,
    /// The commands since `MULTI`.
    pub transaction: Option<Transaction>,
    /// How many channels and patterns it listens to.
    pub subscriptions: usize,
    /// Which of its replies it wants (`CLIENT REPLY`).
    pub replies: Replies,
    /// It gets every command of every client (`MONITOR`).
    pub is_monitor: bool,
    /// The last command's name, in full.
    pub last_command: &'static str,
    /// `CLIENT NO-EVICT`.
    pub no_evict: bool,
    /// `CLIENT NO-TOUCH`.
    pub no_touch: bool,
    /// How its scripts are to be debugged (`SCRIPT DEBUG`).
    pub debug: Option<DebugMode>,
    /// While they are, another handle of the connection, for the debugger.
    pub debug_socket: Option<TcpStream>,
    /// Debugs the script that is running.
    pub debugger: Option<crate::debugger::Session>,
    /// There were replies that had not been sent when the command under way began.
    pub has_unsent: bool,
    /// The connection ends once the replies so far are sent.
    pub closing: bool,
}

/// What a blocking command waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockRequest {
    /// The keys, in the client's database, any of which may wake it.
    pub keys: Vec<Vec<u8>>,
    /// The type of value that such a key must hold; `None` if there are no keys.
    pub wanted: Option<Type>,
    /// It also runs again when such a key is gone, or holds another type.
    pub wants_removal: bool,
    /// How long to wait, in milliseconds; `None` is for ever.
    pub timeout_ms: Option<u64>,
    /// What to run then, if not the command as it came.
    pub args: Option<Vec<Vec<u8>>>,
}

/// What is queued between `MULTI` and `EXEC`.
#[derive(Debug, Default)]
pub struct Transaction {
    /// The commands, checked and in order.
    pub queued: Vec<Queued>,
    /// A command could not be queued, so `EXEC` will refuse.
    pub aborted: bool,
}

/// One queued command.
#[derive(Debug)]
pub struct Queued {
    /// Its row.
    pub spec: &'static CommandSpec,
    /// Its arguments, the name included.
    pub args: Vec<Vec<u8>>,
}

/// Which of its replies a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replies {
    /// All.
    #[default]
    On,
    /// None.
    Off,
    /// All but that to the next command; this one was `CLIENT REPLY SKIP`.
    SkipNext,
    /// All but that to this command.
    Skip,
}

impl Session {
    /// A client that has just connected, as the user `default`.
    #[must_use]
    pub fn of_client(id: ClientId, acl: &Acl) -> Self {
        Self {
            authenticated: !acl.demands_password(),
            user: Some(Rc::clone(acl.default_user())),
            ..Self::new(id)
        }
    }

    /// The name of its user.
    #[must_use]
    pub fn user_name(&self) -> Vec<u8> {
        let user = self.user.as_ref();
        user.map_or_else(|| DEFAULT_USER.to_vec(), |user| user.borrow().name.clone())
    }

    /// May its user run this command with these arguments?
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn permits(&self, spec: &'static CommandSpec, args: &[&[u8]]) -> Result<(), Denial> {
        let user = self.user.as_ref();
        user.map_or(Ok(()), |user| user.borrow().check(spec, args))
    }

    /// A session of the server itself, which may do everything.
    #[must_use]
    pub fn new(id: ClientId) -> Self {
        Self {
            id,
            db: 0,
            name: Vec::new(),
            library: [Vec::new(), Vec::new()],
            protocol: Protocol::Resp2,
            authenticated: true,
            user: None,
            deny_blocking: false,
            block: None,
            is_time_over: false,
            ready_key: None,
            transaction: None,
            subscriptions: 0,
            replies: Replies::On,
            is_monitor: false,
            last_command: "NULL",
            no_evict: false,
            no_touch: false,
            debug: None,
            debug_socket: None,
            debugger: None,
            has_unsent: false,
            closing: false,
        }
    }

    /// Does RESP2 keep it to the subscription commands?
    #[must_use]
    pub fn is_subscriber_only(&self) -> bool {
        self.subscriptions > 0 && self.protocol == Protocol::Resp2
    }
}
