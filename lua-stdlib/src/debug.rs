//! The `debug` library (§5.9): tracebacks, and metatables and environments without protection.
//!
//! Owns the table and argument rules; the VM walks its stacks.

use lua_vm::{CallCx, LuaError, Returned, Thread, Value};

use crate::library::Entry::Native;
use crate::library::Library;

/// The `debug` library.
pub const DEBUG: Library = Library {
    name: "debug",
    manual: "§5.9",
    entries: &[
        ("getfenv", Native(getfenv)),
        ("getregistry", Native(getregistry)),
        ("getmetatable", Native(getmetatable)),
        ("setfenv", Native(setfenv)),
        ("setmetatable", Native(setmetatable)),
        ("traceback", Native(traceback)),
    ],
    finish: None,
};

/// Implements `debug.getfenv` (§5.9): the environment of a function or userdata; nil for
/// values without one.
fn getfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = match cx.check_any(1)? {
        Value::Function(function) => Some(function.environment()),
        Value::Userdata(userdata) => userdata.environment(),
        _ => None,
    };
    cx.ret(environment.map_or(Value::Nil, Value::Table))
}

/// Implements `debug.setfenv` (§5.9) for functions, native ones too.
/// Errors with `'setfenv' cannot change environment of given object`.
fn setfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = cx.check_table(2)?;
    let Value::Function(function) = cx.arg(1) else {
        return Err(cx.error("'setfenv' cannot change environment of given object"));
    };
    function.set_environment(environment)?;
    cx.ret_arg(1)
}

/// Implements `debug.getregistry` (§5.9).
fn getregistry(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.ret(Value::Table(cx.registry()))
}

/// Implements `debug.getmetatable` (§5.9): the metatable, whatever its `__metatable` says.
fn getmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let metatable = cx.metatable_of(cx.check_any(1)?);
    cx.ret(metatable.map_or(Value::Nil, Value::Table))
}

/// Implements `debug.setmetatable` (§5.9): sets the metatable of any value; of its whole type,
/// unless it is a table or userdata. Errors with `nil or table expected`.
fn setmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let metatable = match cx.arg(2) {
        Value::Table(metatable) => Some(metatable),
        Value::Nil if cx.has_arg(2) => None,
        _ => return Err(cx.arg_error(2, "nil or table expected")),
    };
    match cx.arg(1) {
        Value::Table(table) => table.set_metatable(metatable)?,
        Value::Userdata(userdata) => userdata.set_metatable(metatable)?,
        other => cx.set_metatable_of_type(other.type_of(), metatable)?,
    }
    cx.ret_bool(true)
}

/// The coroutine that an optional first argument names, and the number of arguments it takes.
fn thread_arg<'a>(cx: &'a CallCx<'_>) -> (Option<Thread<'a>>, usize) {
    match cx.arg(1) {
        Value::Thread(thread) => (Some(thread), 1),
        _ => (None, 0),
    }
}

/// Implements `debug.traceback` (§5.9): a message and the calls that are active from `level`
/// (default 1, the caller) on. A message that is no string is returned alone.
/// Errors for a coroutine other than the running one.
fn traceback(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (thread, taken) = thread_arg(cx);
    if let Some(thread) = thread {
        let is_running = cx
            .running_thread()
            .is_some_and(|running| Value::Thread(running).raw_equals(Value::Thread(thread)));
        if !is_running {
            return Err(cx.arg_error(1, "traceback of another coroutine"));
        }
    }
    let message = taken + 1;
    let level = match cx.arg(message + 1) {
        Value::Number(level) => usize::try_from(crate::args::to_c_int(level)).unwrap_or(0),
        _ => usize::from(thread.is_none()),
    };
    let mut text = match cx.arg(message) {
        Value::Nil if !cx.has_arg(message) => Vec::new(),
        Value::String(_) | Value::Number(_) => {
            let mut text = cx.check_bytes(message)?.to_vec();
            text.push(b'\n');
            text
        }
        _ => return cx.ret_arg(message),
    };
    text.extend_from_slice(&cx.traceback(level));
    cx.ret_bytes(&text)
}
