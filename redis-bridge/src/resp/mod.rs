//! The Redis serialization protocol: requests in ([`parse`]), replies out ([`write`](mod@write)),
//! and replies read back by a client ([`value`]). It knows no commands and no sockets.

pub mod number;
pub mod parse;
pub mod relay;
pub mod value;
pub mod write;
