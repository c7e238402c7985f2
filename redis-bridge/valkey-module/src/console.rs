#![forbid(unsafe_code)]
//! The server as the console of a debugging session.

use redis_bridge::debugger::{Answer, Console, Hangup, Line};

use crate::ffi::debugger;

/// Lines and commands go through the server, which has the user's connection.
pub(crate) struct ServerConsole;

impl Console for ServerConsole {
    fn show(&mut self, lines: Vec<Line>) {
        debugger::show(lines);
    }

    fn converse(&mut self, execute: &mut dyn FnMut(&[&[u8]]) -> Answer) -> Result<(), Hangup> {
        debugger::converse(execute)
    }
}
