//! One run of a script: what is lent to the API's functions meanwhile, and the call
//! from the script's arguments to its reply.

use lua_vm::{Builtin, CallCx, ErrorKind, LuaError, Results, Root, Scoped, Value, Vm};

use crate::convert::to_reply::send_value;
use crate::host::{CallOptions, Host, RunState};
use crate::reply::{Protocol, ReplySink};
use crate::sandbox::Handles;
use crate::script::failure;
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
}

impl Scoped for HostKey {
    type Value<'a> = Run<'a>;

    fn poll(run: &mut Run<'_>) -> bool {
        run.host.poll() == RunState::Continue
    }
}

/// A compiled script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) function: &'a Root,
    /// What errors call it.
    pub(crate) name: &'a [u8],
}

/// Runs a compiled script and sends exactly one reply.
pub(crate) fn run<'h>(
    vm: &mut Vm,
    handles: &Handles,
    program: Program<'_>,
    call: &ScriptCall<'_>,
    wording: &'static Wording,
    host: &'h mut (dyn Host + 'h),
    reply: &mut dyn ReplySink,
) -> Outcome {
    let Program { function, name } = program;
    let mut lent = Run {
        host,
        options: CallOptions {
            protocol: Protocol::Resp2,
            to_aof: true,
            to_replicas: true,
            read_only: call.read_only,
        },
        wording,
    };
    let mut has_replied = false;
    let result = vm.enter_with::<HostKey, _>(&mut lent, |cx| {
        handles.set_arguments(cx, call)?;
        cx.push(Value::Function(cx.builtin(Builtin::Xpcall)));
        cx.push(cx.value_of(function)?);
        cx.push(cx.value_of(&handles.error_handler)?);
        cx.call(2, Results::Exactly(2))?;
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
            if !has_replied {
                send_abort(error, vm, name, wording, reply);
            }
            false
        }
    };
    Outcome { error_is_counted }
}

/// Sends the error of a script that was stopped.
fn send_abort(error: LuaError, vm: &Vm, name: &[u8], wording: &Wording, reply: &mut dyn ReplySink) {
    let text = match error.kind() {
        ErrorKind::Memory => b"OOM script memory limit exceeded".to_vec(),
        ErrorKind::Instructions => b"LIMIT script instruction limit exceeded".to_vec(),
        ErrorKind::Interrupted => {
            let mut text = [b"ERR ", wording.killed.as_bytes()].concat();
            if let Some((source, line)) = vm.abort_position() {
                failure::add_position(&mut text, source, line.into(), name, wording);
            }
            text
        }
        ErrorKind::Throw => failure::not_run(&vm.error_message(error), name, wording),
    };
    reply.error(&text);
}

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
