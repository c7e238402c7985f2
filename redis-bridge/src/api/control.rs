//! Functions that change how the script's further commands are run.

use lua_vm::{CallCx, LuaError, Returned, to_integer};

use crate::api::api_error;
use crate::reply::Protocol;
use crate::script::run::with_run;

const AOF: i64 = 1;
const REPLICAS: i64 = 2;

/// Implements `redis.setresp(version)`: replies from now on are shaped for it.
pub(super) fn setresp(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg_count() != 1 {
        let api = with_run(cx, |run| run.wording.api)?;
        return Err(api_error(
            cx,
            format!("{api}.setresp() requires one argument."),
        ));
    }
    let protocol = match cx.arg(1).to_number().map(to_integer) {
        Some(2) => Protocol::Resp2,
        Some(3) => Protocol::Resp3,
        _ => return Err(api_error(cx, "RESP version must be 2 or 3.")),
    };
    with_run(cx, |run| run.options.protocol = protocol)?;
    cx.ret0()
}

/// Implements `redis.set_repl(flags)`: writes from now on are propagated to these.
pub(super) fn set_repl(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg_count() != 1 {
        let wording = with_run(cx, |run| run.wording)?;
        let text = [wording.api, wording.set_repl_arguments].concat();
        return Err(api_error(cx, text));
    }
    let flags = cx.arg(1).to_number().map_or(0, to_integer);
    if flags & !(AOF | REPLICAS) != 0 {
        let text = "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
        return Err(api_error(cx, text));
    }
    with_run(cx, |run| {
        run.options.to_aof = flags & AOF != 0;
        run.options.to_replicas = flags & REPLICAS != 0;
    })?;
    cx.ret0()
}

/// Implements `redis.replicate_commands()`: effects are always what is propagated.
pub(super) fn replicate_commands(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.ret_bool(true)
}

/// Implements `redis.breakpoint()`: stops at the next line, if the script is debugged,
/// and returns whether it is.
pub(super) fn breakpoint(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let debugger = with_run(cx, |run| run.debugger.clone())?;
    if let Some(debugger) = &debugger {
        debugger.stop_at_next_line();
    }
    cx.ret_bool(debugger.is_some())
}

/// Implements `redis.debug(...)`: shows its arguments to whoever debugs the script.
pub(super) fn debug(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if let Some(debugger) = with_run(cx, |run| run.debugger.clone())? {
        let values: Vec<_> = (1..=cx.arg_count()).map(|i| cx.arg(i)).collect();
        debugger.note_values(&values);
    }
    cx.ret0()
}
