//! All that touches the server's C interface: its types, its functions, the wrappers
//! that make them safe to call, and the callbacks that the server makes. What lies
//! beyond forbids unsafe code.

mod api;
mod callbacks;
mod command;
mod context;
pub(crate) mod debugger;
pub(crate) mod entry;
mod slots;
mod strings;
mod types;
mod words;

pub(crate) use context::{Context, Running};
pub(crate) use words::Words;
