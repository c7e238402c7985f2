//! The embedded server: its state, its clients, and everything between a socket and
//! a command's handler. It owns no data types and no commands that act on keys (see
//! [`crate::keyspace`] and [`crate::commands`]).

pub mod session;
pub mod state;

pub use session::Session;
pub use state::Server;
