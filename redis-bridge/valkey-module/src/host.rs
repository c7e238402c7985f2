#![forbid(unsafe_code)]
//! Valkey as a [`Host`]: what a script's `redis.call` runs on.

use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState, Stop};
use redis_bridge::reply::ReplySink;

use crate::engine::Counters;
use crate::ffi::{Context, Running};

/// The engine asks whether a script may go on about every 20,000 instructions. Of a
/// script that has run for too long each question takes a round of the server's event
/// loop, so only some are passed on.
const POLLS_PER_QUESTION: u8 = 5;

/// The server, while one script runs.
pub(crate) struct ServerHost<'a> {
    running: Running<'a>,
    counters: &'a Counters,
    polls: u8,
}

impl<'a> ServerHost<'a> {
    pub(crate) fn new(running: Running<'a>, counters: &'a Counters) -> Self {
        Self {
            running,
            counters,
            polls: 0,
        }
    }
}

impl Host for ServerHost<'_> {
    fn call(
        &mut self,
        argv: &[&[u8]],
        options: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        // The server knows by itself whether the script may write.
        self.running.call(argv, options, reply)
    }

    fn check_permissions(&mut self, argv: &[&[u8]]) -> Result<bool, Refusal> {
        self.running.check_permissions(argv)
    }

    fn log(&mut self, level: LogLevel, message: &[u8]) {
        log(self.running.context(), level, message);
    }

    fn note_stop(&mut self, why: Stop) {
        self.counters.note_stop(why);
    }

    fn poll(&mut self) -> RunState {
        self.polls += 1;
        if self.polls < POLLS_PER_QUESTION {
            return RunState::Continue;
        }
        self.polls = 0;
        let state = self.running.poll();
        if state == RunState::Killed {
            self.log(LogLevel::Notice, b"the script was killed by a client");
        }
        state
    }
}

fn log(context: Context<'_>, level: LogLevel, message: &[u8]) {
    let level = match level {
        LogLevel::Debug => c"debug",
        LogLevel::Verbose => c"verbose",
        LogLevel::Notice => c"notice",
        LogLevel::Warning => c"warning",
    };
    context.log(level, message);
}

/// The server, while a library is loaded: it can be logged to, and that is all.
pub(crate) struct LoadHost<'a> {
    context: Context<'a>,
    counters: &'a Counters,
}

impl<'a> LoadHost<'a> {
    pub(crate) fn new(context: Context<'a>, counters: &'a Counters) -> Self {
        Self { context, counters }
    }
}

impl Host for LoadHost<'_> {
    fn call(
        &mut self,
        _argv: &[&[u8]],
        _options: CallOptions,
        _reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        Err(Refusal::NotAllowedFromScript)
    }

    fn check_permissions(&mut self, _argv: &[&[u8]]) -> Result<bool, Refusal> {
        Err(Refusal::UnknownCommand)
    }

    fn log(&mut self, level: LogLevel, message: &[u8]) {
        log(self.context, level, message);
    }

    fn note_stop(&mut self, why: Stop) {
        self.counters.note_stop(why);
    }

    fn poll(&mut self) -> RunState {
        RunState::Continue
    }
}
