//! Debugging of scripts: the commands that the server offers to its users in our name,
//! and the way of lines and commands between a session and the server.
//!
//! # Invariants
//!
//! - **D1** While [`converse`] waits in the server, [`EXECUTOR`] is the address of its
//!   [`Executor`], which nothing else uses; otherwise it is null. A handler takes it out
//!   while it uses it. Only the thread that runs the script comes here.

use std::any::Any;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null;
use std::sync::atomic::{AtomicPtr, Ordering};

use redis_bridge::debugger::{Answer, Hangup, Line};

use super::api::Api;
use super::strings::{ServerString, all_bytes, bytes};
use super::types::{DEBUGGER_COMMAND_ABI, DebuggerCommand, DebuggerParam, RawString};

/// What carries a user's command out.
struct Executor<'a> {
    execute: &'a mut dyn FnMut(&[&[u8]]) -> Answer,
    panic: Option<Box<dyn Any + Send>>,
}

/// The executor of the session that waits for commands, without its lifetime.
static EXECUTOR: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// What handlers tell the server: to read the next command, or to let the script go on.
const READ_ON: c_int = 1;
const RESUME: c_int = 0;

/// Can scripts be debugged on this server?
pub(super) fn is_supported() -> bool {
    Api::get().is_some_and(|api| {
        api.debugger_log.is_some()
            && api.debugger_flush_logs.is_some()
            && api.debugger_process_commands.is_some()
    })
}

/// Gives the server lines for the user, which it sends with those that follow.
pub(crate) fn log(lines: Vec<Line>) {
    let Some((api, log)) = Api::get().and_then(|api| Some((api, api.debugger_log?))) else {
        return;
    };
    for line in lines {
        // The server cuts a line in place, which only a string that was appended to stands.
        let Some(string) = ServerString::new(api, b"") else {
            continue;
        };
        string.append(&line.text);
        // SAFETY: F1; the reference goes to the server (W1).
        unsafe { log(string.into_raw(), c_int::from(line.may_be_cut)) };
    }
}

/// Shows the user lines.
pub(crate) fn show(lines: Vec<Line>) {
    log(lines);
    if let Some(flush) = Api::get().and_then(|api| api.debugger_flush_logs) {
        // SAFETY: F1.
        unsafe { flush() };
    }
}

/// Has the user's commands carried out until one lets the script go on.
///
/// # Errors
///
/// There are no more commands.
pub(crate) fn converse(execute: &mut dyn FnMut(&[&[u8]]) -> Answer) -> Result<(), Hangup> {
    let Some((api, process)) = Api::get().and_then(|api| {
        let process = api.debugger_process_commands?;
        Some((api, process))
    }) else {
        return Err(Hangup::Gone);
    };
    let mut executor = Executor {
        execute,
        panic: None,
    };
    let (mut is_gone, mut error) = (0, std::ptr::null_mut());
    EXECUTOR.store((&raw mut executor).cast(), Ordering::Release);
    // SAFETY: F1. D1: the executor lives until the server is back.
    unsafe { process(&mut is_gone, &mut error) };
    EXECUTOR.store(std::ptr::null_mut(), Ordering::Release);
    // SAFETY: the server gives the error away (W1); it lives as long as we hold it.
    let error = unsafe {
        ServerString::from_raw(api, error)
            .map(|error| String::from_utf8_lossy(bytes(api, error.as_ptr())).into_owned())
    };
    if let Some(panic) = executor.panic {
        resume_unwind(panic);
    }
    match error {
        Some(text) => Err(Hangup::Failed(text)),
        None if is_gone != 0 => Err(Hangup::Gone),
        None => Ok(()),
    }
}

/// Handles each of the commands.
extern "C" fn handle(argv: *mut *mut RawString, argc: usize, _context: *mut c_void) -> c_int {
    let taken = EXECUTOR.swap(std::ptr::null_mut(), Ordering::AcqRel);
    let Some(api) = Api::get().filter(|_| !taken.is_null()) else {
        return RESUME;
    };
    // SAFETY: D1; the words are lent until we return (W2).
    let (executor, words) = unsafe {
        let executor = &mut *taken.cast::<Executor<'_>>();
        (executor, all_bytes(api, argv, argc))
    };
    let answer = catch_unwind(AssertUnwindSafe(|| (executor.execute)(&words)));
    let next = match answer {
        Ok(Answer::Lines(lines)) => {
            show(lines);
            READ_ON
        }
        Ok(Answer::Unknown) => {
            show(vec![Line {
                text: b"<error> Unknown debugger command or wrong number of arguments.".to_vec(),
                may_be_cut: false,
            }]);
            READ_ON
        }
        Ok(Answer::Resume) => RESUME,
        Err(panic) => {
            executor.panic = Some(panic);
            RESUME
        }
    };
    EXECUTOR.store(taken, Ordering::Release);
    next
}

/// The commands, for the server to find and to explain.
struct Commands([DebuggerCommand; 13]);

// SAFETY: they and what they point to are constants.
unsafe impl Sync for Commands {}

/// See [`Commands`].
struct Params<const N: usize>([DebuggerParam; N]);

// SAFETY: as for the commands.
unsafe impl<const N: usize> Sync for Params<N> {}

const fn param(name: &'static CStr, optional: bool, variadic: bool) -> DebuggerParam {
    DebuggerParam {
        name: name.as_ptr(),
        optional: optional as c_int,
        variadic: variadic as c_int,
    }
}

static LIST: Params<2> = Params([param(c"line", true, false), param(c"ctx", true, false)]);
static PRINT: Params<1> = Params([param(c"var", true, false)]);
static BREAK: Params<1> = Params([param(c"line|-line", true, false)]);
static EVAL: Params<1> = Params([param(c"code", false, true)]);
static COMMAND: Params<1> = Params([param(c"cmd", false, true)]);

/// A command that can be shortened to its first `prefix` characters, 0 for not at all.
/// Without a description it is not shown.
const fn command(
    name: &'static CStr,
    prefix: usize,
    params: &'static [DebuggerParam],
    description: Option<&'static CStr>,
) -> DebuggerCommand {
    let desc: *const c_char = match description {
        Some(text) => text.as_ptr(),
        None => null(),
    };
    DebuggerCommand {
        version: DEBUGGER_COMMAND_ABI,
        name: name.as_ptr(),
        prefix_len: prefix,
        params: params.as_ptr(),
        params_len: params.len(),
        desc,
        invisible: description.is_none() as c_int,
        handler: Some(handle),
        context: std::ptr::null_mut(),
    }
}

static COMMANDS: Commands = Commands([
    command(
        c"step",
        1,
        &[],
        Some(c"Run the current line and stop again."),
    ),
    command(c"next", 1, &[], Some(c"Alias for step.")),
    command(c"continue", 1, &[], Some(c"Run till the next breakpoint.")),
    command(
        c"list",
        1,
        &LIST.0,
        Some(c"List the source around a line, the current one if none is given. [ctx] is the number of lines before and after it."),
    ),
    command(c"whole", 1, &[], Some(c"List the whole source.")),
    command(
        c"print",
        1,
        &PRINT.0,
        Some(c"Show the value of a variable, also of KEYS and ARGV; without a name, of all local variables."),
    ),
    command(
        c"break",
        1,
        &BREAK.0,
        Some(c"Add a breakpoint, or remove it with a minus, or all with 0; without a line, show all."),
    ),
    command(c"trace", 1, &[], Some(c"Show a backtrace.")),
    command(
        c"eval",
        1,
        &EVAL.0,
        Some(c"Execute some Lua code, in a frame of its own."),
    ),
    command(c"valkey", 1, &COMMAND.0, Some(c"Execute a command.")),
    command(c"redis", 1, &COMMAND.0, None),
    command(c"server", 0, &COMMAND.0, None),
    command(
        c"abort",
        1,
        &[],
        Some(c"Stop the script. In sync mode what it has written stays."),
    ),
]);

/// The commands, as the server takes them.
pub(super) fn commands() -> (*const DebuggerCommand, usize) {
    (COMMANDS.0.as_ptr(), COMMANDS.0.len())
}
