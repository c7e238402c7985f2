//! One run of a script or a function: what is lent to the API's functions meanwhile, and
//! the call from its arguments to its reply.

use std::time::Instant;

use lua_vm::{Builtin, CallCx, ErrorKind, LuaError, Results, Returned, Root, Scoped, Value, Vm};

use crate::convert::to_reply::send_value;
use crate::debugger::{self, Session};
use crate::host::{CallOptions, Host, RunState, Stop};
use crate::reply::{Protocol, ReplySink};
use crate::sandbox::{self, Handles};
use crate::script::failure;
use crate::script::library::LibraryFunction;
use crate::script::wording::Wording;

/// What a script is called with.
#[derive(Clone, Copy, Debug)]
pub struct ScriptCall<'a> {
    /// `KEYS`.
    pub keys: &'a [&'a [u8]],
    /// `ARGV`.
    pub args: &'a [&'a [u8]],
    /// It may not write: it was called by `EVAL_RO`, or has declared so.
    pub read_only: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The reply is an error that the host has been told of before: one of a command
    /// that the script called.
    pub error_is_counted: bool,
}

/// The key under which natives find the [`Run`].
pub(crate) struct HostKey;

/// What is lent to natives while a script runs.
pub(crate) struct Run<'a> {
    /// What the script runs on.
    pub(crate) host: &'a mut (dyn Host + 'a),
    /// How its commands are to be run from now on.
    pub(crate) options: CallOptions,
    /// Whose words it gets.
    pub(crate) wording: &'static Wording,
    /// Who debugs it.
    pub(crate) debugger: Option<Session>,
    /// Set if it is not a script but a library that is being loaded.
    pub(crate) loading: Option<Loading>,
}

/// What is noted while a library is loaded.
pub(crate) struct Loading {
    /// When it is to have ended.
    pub(crate) deadline: Option<Instant>,
    /// What it has registered.
    pub(crate) functions: Vec<LibraryFunction>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(host: &'a mut (dyn Host + 'a), wording: &'static Wording) -> Self {
        Self {
            host,
            options: CallOptions {
                protocol: Protocol::Resp2,
                to_aof: true,
                to_replicas: true,
                read_only: false,
            },
            wording,
            debugger: None,
            loading: None,
        }
    }
}

impl Scoped for HostKey {
    type Value<'a> = Run<'a>;

    fn poll(run: &mut Run<'_>) -> bool {
        match (&run.loading, &run.debugger) {
            (Some(loading), _) => loading.deadline.is_none_or(|end| Instant::now() < end),
            // The user has the server, or a copy of it that shares its connections: nobody else is
            // to be served there.
            (None, Some(debugger)) => !debugger.is_abandoned(),
            (None, None) => run.host.poll() == RunState::Continue,
        }
    }
}

/// A compiled script or function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) function: &'a Root,
    /// What errors call it.
    pub(crate) name: &'a [u8],
    /// What makes tables of its errors.
    pub(crate) error_handler: &'a Root,
    /// How it gets its keys and arguments: as globals, if it is a script.
    pub(crate) globals: Option<&'a Handles>,
}

impl Program<'_> {
    /// Pushes what is to be called, without arguments.
    fn push(&self, cx: &CallCx<'_>, call: &ScriptCall<'_>) -> Result<(), LuaError> {
        let function = cx.value_of(self.function)?;
        match self.globals {
            Some(globals) => {
                globals.set_arguments(cx, call)?;
                cx.push(function);
            }
            None => {
                let keys = Value::Table(sandbox::list(cx, call.keys)?);
                let args = Value::Table(sandbox::list(cx, call.args)?);
                let bound = cx.new_closure(call_bound, &[function, keys, args])?;
                cx.push(Value::Function(bound));
            }
        }
        Ok(())
    }
}

/// Calls upvalue 1 with the others.
fn call_bound(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    for i in 1..=3 {
        cx.push(cx.upvalue(i));
    }
    cx.call(2, Results::Exactly(1))?;
    cx.ret_top(1)
}

/// Runs a program and sends exactly one reply.
pub(crate) fn run<'h>(
    vm: &mut Vm,
    program: Program<'_>,
    call: &ScriptCall<'_>,
    wording: &'static Wording,
    debugger: Option<&Session>,
    host: &'h mut (dyn Host + 'h),
    reply: &mut dyn ReplySink,
) -> Outcome {
    let name = program.name;
    let mut lent = Run::new(host, wording);
    lent.options.read_only = call.read_only;
    lent.debugger = debugger.cloned();
    let mut has_replied = false;
    let result = vm.enter_with::<HostKey, _>(&mut lent, |cx| {
        cx.push(Value::Function(cx.builtin(Builtin::Xpcall)));
        program.push(cx, call)?;
        cx.push(cx.value_of(program.error_handler)?);
        if debugger.is_some() {
            debugger::install(cx)?;
        }
        let called = cx.call(2, Results::Exactly(2));
        if debugger.is_some() {
            debugger::remove(cx)?;
        }
        called?;
        has_replied = true;
        if cx.value(-2).truthy() {
            let protocol = cx.with_scoped::<HostKey, _>(|run| run.options.protocol);
            let value = cx.value(-1);
            send_value(value, protocol.unwrap_or_default(), wording, reply);
            Ok(failure::is_counted(value))
        } else {
            Ok(failure::send(cx.value(-1), name, wording, reply))
        }
    });
    let error_is_counted = match result {
        Ok(is_counted) => is_counted,
        Err(error) => {
            if let Some(why) = stop_of(error) {
                lent.host.note_stop(why);
            }
            if !has_replied {
                reply.error(&abort_text(error, vm, &program, wording));
            }
            false
        }
    };
    Outcome { error_is_counted }
}

/// Why the script was stopped, if this is no ordinary error.
pub(crate) fn stop_of(error: LuaError) -> Option<Stop> {
    match error.kind() {
        ErrorKind::Memory => Some(Stop::Memory),
        ErrorKind::Instructions => Some(Stop::Instructions),
        ErrorKind::Interrupted | ErrorKind::Time => Some(Stop::Killed),
        ErrorKind::Throw => None,
    }
}

/// The error of a script that was stopped.
fn abort_text(error: LuaError, vm: &Vm, program: &Program<'_>, wording: &Wording) -> Vec<u8> {
    let name = program.name;
    match error.kind() {
        ErrorKind::Memory => OUT_OF_MEMORY.to_vec(),
        ErrorKind::Instructions => OUT_OF_INSTRUCTIONS.to_vec(),
        ErrorKind::Interrupted | ErrorKind::Time => {
            let killed = match program.globals {
                Some(_) => wording.killed,
                None => wording.killed_function,
            };
            let mut text = [b"ERR ", killed.as_bytes()].concat();
            if let Some((source, line)) = vm.abort_position() {
                failure::add_position(&mut text, source, line.into(), name, wording);
            }
            text
        }
        ErrorKind::Throw => failure::not_run(&vm.error_message(error), name, wording),
    }
}

/// The error of what took more memory than it may.
pub(crate) const OUT_OF_MEMORY: &[u8] = b"OOM script memory limit exceeded";
/// The error of what took more instructions than it may.
pub(crate) const OUT_OF_INSTRUCTIONS: &[u8] = b"LIMIT script instruction limit exceeded";

/// Uses what is lent to the running script.
///
/// # Errors
///
/// If no script runs, which no native that scripts can reach ever sees.
pub(crate) fn with_run<R>(
    cx: &CallCx<'_>,
    body: impl FnOnce(&mut Run<'_>) -> R,
) -> Result<R, LuaError> {
    cx.with_scoped::<HostKey, _>(body)
        .ok_or_else(|| cx.error("no script is running"))
}
