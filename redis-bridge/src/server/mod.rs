//! The embedded server: its state, its clients, and everything between a socket and
//! a command's handler. It owns no data types and no commands that act on keys (see
//! [`crate::keyspace`] and [`crate::commands`]).

pub mod acl;
pub mod aof;
pub mod blocking;
mod busy;
pub mod cli;
pub mod client;
pub(crate) mod commands;
pub mod config;
mod digest;
pub mod dispatch;
pub mod embedded_host;
pub mod evict;
pub mod latency;
pub mod listen;
pub mod log;
pub mod memory;
pub mod pubsub;
mod recovery;
mod refusal;
pub mod session;
pub mod state;
pub mod stats;
pub mod tracking;
pub mod watch;

pub use embedded_host::EmbeddedHost;
pub use session::Session;
pub use state::Server;
