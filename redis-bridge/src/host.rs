//! What the scripting engine runs on.
//!
//! A [`Host`] executes commands on behalf of a script and answers the few other
//! questions a script can raise. The embedded store and a real server are both
//! thin implementations of it. It knows no Lua.

use crate::reply::{Protocol, ReplySink};

/// How a script wants one command to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallOptions {
    /// The protocol version the reply is to be shaped for (`redis.setresp`).
    pub protocol: Protocol,
    /// Propagate the effects to the append-only file (`redis.set_repl`).
    pub to_aof: bool,
    /// Propagate the effects to replicas (`redis.set_repl`).
    pub to_replicas: bool,
    /// The script may not write: it was called with a read-only command, or
    /// declared `no-writes`.
    pub read_only: bool,
}

/// Why a command was not executed. The engine words the error in the style of the
/// server that `script-compat` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such command.
    UnknownCommand,
    /// The command has no such subcommand; the text is the server's own error.
    UnknownSubcommand(Vec<u8>),
    /// The number of arguments does not fit the command.
    WrongArity,
    /// The command may not be called from scripts.
    NotAllowedFromScript,
    /// A write command in a read-only context.
    WriteInReadOnlyScript,
    /// The user lacks a permission; the text is the reason, without a code.
    NoPermission(Vec<u8>),
    /// Any other refusal, worded by the server with its code: `OOM ...`.
    Other(Vec<u8>),
}

/// The levels of `redis.log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // named as the API names them
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
}

/// Whether a running script may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Go on.
    Continue,
    /// A client sent `SCRIPT KILL` or `FUNCTION KILL`.
    Killed,
}

/// Why a script was stopped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It needed more memory than it may take.
    Memory,
    /// It took more instructions than it may.
    Instructions,
    /// Somebody wanted it to end, or its time was over.
    Killed,
}

/// The server under a script.
pub trait Host {
    /// Runs a command (`argv[0]` is its name, in any case) and streams its one
    /// reply, an error reply included, into `reply`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if the command was not executed; then nothing was sent.
    fn call(
        &mut self,
        argv: &[&[u8]],
        options: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal>;

    /// `redis.acl_check_cmd`: may the current user run this command on these keys?
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownCommand`] if there is no such command.
    fn check_permissions(&mut self, argv: &[&[u8]]) -> Result<bool, Refusal>;

    /// `redis.log`: one line for the server's log.
    fn log(&mut self, level: LogLevel, message: &[u8]);

    /// A refused command has become an error with this text, code included, which the
    /// script may catch or not.
    fn note_error(&mut self, _text: &[u8]) {}

    /// A script, a function or the loading of a library is about to end for this reason.
    fn note_stop(&mut self, _why: Stop) {}

    /// Called every so often while a script runs: lets the server breathe and says
    /// whether the script may go on.
    fn poll(&mut self) -> RunState;
}
