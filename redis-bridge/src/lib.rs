//! Redis scripting on Ferrous Lua: the script engine, what it runs on, an embedded
//! store and a server for it.

pub mod commands;
pub mod compat;
pub mod host;
pub mod keyspace;
pub mod reply;
pub mod resp;
pub mod server;
