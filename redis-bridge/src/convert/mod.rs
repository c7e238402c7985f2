//! Between Lua values and commands: arguments, replies to scripts, and what scripts
//! return. It runs nothing.

pub(crate) mod args;
pub(crate) mod to_lua;
pub(crate) mod to_reply;
