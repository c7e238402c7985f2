//! Redis scripting on Ferrous Lua: the script engine, what it runs on, an embedded
//! store and a server for it.

mod api;
pub mod commands;
pub mod compat;
mod convert;
pub mod debugger;
mod ext;
pub mod host;
pub mod keyspace;
pub mod rdb;
pub mod reply;
pub mod resp;
mod sandbox;
pub mod script;
pub mod server;

pub use script::{FunctionEngine, ScriptEngine};
