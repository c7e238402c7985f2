//! Where scripts and debugger meet: the function that the VM calls for each line.

use std::time::Instant;

use lua_vm::{CallCx, HookEvents, LuaError, Returned, Value};

use super::{Hangup, Session, State, commands};
use crate::convert::to_lua::error_table;
use crate::script::run::with_run;

/// Instructions after which a script that stays on one line is looked at.
const COUNT: i32 = 100_000;

/// What scripts are called as chunks; others are not stopped.
pub(super) const SCRIPT: &[u8] = b"@user_script";

/// Has scripts be stopped from now on.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn install(cx: &CallCx<'_>) -> Result<(), LuaError> {
    let events = HookEvents {
        line: true,
        count: COUNT,
        ..HookEvents::default()
    };
    cx.set_inherited_hook(cx.new_native(hook)?, events)
}

/// Ends what [`install`] began.
///
/// # Errors
///
/// None that can happen.
pub(crate) fn remove(cx: &CallCx<'_>) -> Result<(), LuaError> {
    cx.set_hook(None, None, HookEvents::default())
}

/// Is called for each line that the script comes to, and every [`COUNT`] instructions.
fn hook(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let Some(session) = with_run(cx, |run| run.debugger.clone())? else {
        return cx.ret0();
    };
    let is_line = cx.arg(1).as_bytes() == Some(b"line");
    let Some(line) = current_line(cx, &session)? else {
        return cx.ret0();
    };
    let Some(reason) = session.with_state(|state| state.reason_to_stop(line, is_line)) else {
        return cx.ret0();
    };
    // Lua code that the user has evaluated does not stop.
    let Ok(mut console) = session.0.console.try_borrow_mut() else {
        return cx.ret0();
    };
    let lines = session.with_state(|state| {
        state.is_stepping = false;
        state.has_called = false;
        state.note(format!(
            "* Stopped at {line}, stop reason = {}",
            reason.text(state)
        ));
        state.note_source(line);
        state.take_log()
    });
    console.show(lines);
    let mut stopped = None;
    let ended = console.converse(&mut |args| match commands::execute(cx, &session, args) {
        Ok(answer) => answer,
        Err(error) => {
            stopped = Some(error);
            super::Answer::Resume
        }
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    let complaint = session.with_state(|state| {
        state.resumed = Instant::now();
        state.complaint(ended, reason)
    });
    match complaint {
        Some(text) => {
            let table = error_table(cx, format!("ERR {text}").as_bytes())?;
            Err(cx.throw(Value::Table(table)))
        }
        None => cx.ret0(),
    }
}

/// The line of the function that is running, if it is one of the script's.
fn current_line(cx: &CallCx<'_>, session: &Session) -> Result<Option<usize>, LuaError> {
    // Level 0 is the hook.
    let Some(level) = cx.level(None, 1)? else {
        return Ok(None);
    };
    let line = level.current_line().map(|line| line as usize);
    session.with_state(|state| state.line = line.unwrap_or(0));
    let is_script = level
        .function()
        .is_some_and(|function| function.source() == Some(SCRIPT));
    Ok(line.filter(|_| is_script))
}

/// Why a script stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Step,
    Breakpoint,
    Call,
    Timeout,
}

impl Reason {
    fn text(self, state: &State) -> String {
        let api = if state.compat.is_valkey() {
            "server"
        } else {
            "redis"
        };
        match self {
            Reason::Step => "step over".to_owned(),
            Reason::Breakpoint => "break point".to_owned(),
            Reason::Call => format!("{api}.breakpoint() called"),
            Reason::Timeout => "timeout reached, infinite loop?".to_owned(),
        }
    }
}

impl State {
    fn reason_to_stop(&self, line: usize, is_line: bool) -> Option<Reason> {
        if self.has_called {
            Some(Reason::Call)
        } else if self.is_breakpoint(line) {
            Some(Reason::Breakpoint)
        } else if self.is_stepping {
            Some(Reason::Step)
        } else {
            let is_late = !is_line && self.resumed.elapsed() >= self.patience;
            is_late.then_some(Reason::Timeout)
        }
    }

    /// The error with which the script is to end, now that the user has ended the stop.
    fn complaint(&mut self, ended: Result<(), Hangup>, reason: Reason) -> Option<String> {
        match ended {
            Ok(()) => std::mem::take(&mut self.is_aborted)
                .then(|| "script aborted for user request".to_owned()),
            Err(Hangup::Failed(text)) => Some(text),
            Err(Hangup::Gone) => {
                self.is_stepping = false;
                self.breakpoints.clear();
                self.hung_up.get_or_insert_with(Instant::now);
                // Nobody is left to end a loop.
                (reason == Reason::Timeout).then(|| {
                    "timeout during Lua debugging with client closing connection".to_owned()
                })
            }
        }
    }
}
