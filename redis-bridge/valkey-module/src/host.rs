#![forbid(unsafe_code)]
//! Valkey as a [`Host`]: what a script's `redis.call` runs on.

use redis_bridge::host::{CallOptions, Host, LogLevel, Refusal, RunState};
use redis_bridge::reply::ReplySink;

use crate::ffi::Running;

/// The engine asks whether a script may go on about every 20,000 instructions. Of a
/// script that has run for too long each question takes a round of the server's event
/// loop, so only some are passed on.
const POLLS_PER_QUESTION: u8 = 5;

/// The server, while one script runs.
pub(crate) struct ServerHost<'a> {
    running: Running<'a>,
    polls: u8,
}

impl<'a> ServerHost<'a> {
    pub(crate) fn new(running: Running<'a>) -> Self {
        Self { running, polls: 0 }
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
        let level = match level {
            LogLevel::Debug => c"debug",
            LogLevel::Verbose => c"verbose",
            LogLevel::Notice => c"notice",
            LogLevel::Warning => c"warning",
        };
        self.running.context().log(level, message);
    }

    fn poll(&mut self) -> RunState {
        self.polls += 1;
        if self.polls < POLLS_PER_QUESTION {
            return RunState::Continue;
        }
        self.polls = 0;
        self.running.poll()
    }
}
