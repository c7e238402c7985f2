//! The `coroutine` library (§5.2).
//!
//! Owns the table and the argument checks; the VM owns coroutines, and the interpreter carries
//! out `resume`, `yield` and the functions that `wrap` makes.

use lua_vm::{Builtin, CallCx, LuaError, Returned, ThreadStatus, Value};

use crate::library::Entry::{Builtin as Interpreted, Native};
use crate::library::Library;

/// The `coroutine` library.
pub const COROUTINE: Library = Library {
    name: "coroutine",
    manual: "§5.2",
    entries: &[
        ("create", Native(create)),
        ("resume", Interpreted(Builtin::Resume)),
        ("running", Native(running)),
        ("status", Native(status)),
        ("wrap", Native(wrap)),
        ("yield", Interpreted(Builtin::Yield)),
    ],
    finish: None,
};

/// Implements `coroutine.create` (§5.2). Errors with `Lua function expected`.
fn create(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(check_lua_function(cx)?)?;
    cx.ret(Value::Thread(thread))
}

/// Implements `coroutine.wrap` (§5.2): a function that resumes a new coroutine and passes its
/// errors on. Errors with `Lua function expected`.
fn wrap(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(check_lua_function(cx)?)?;
    let step = cx.new_wrap(thread)?;
    cx.ret(Value::Function(step))
}

fn check_lua_function<'a>(cx: &'a CallCx<'_>) -> Result<lua_vm::Function<'a>, LuaError> {
    match cx.arg(1) {
        Value::Function(function) if !function.is_native() => Ok(function),
        _ => Err(cx.arg_error(1, "Lua function expected")),
    }
}

/// Implements `coroutine.running` (§5.2): the running coroutine, nil in the main thread.
fn running(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match cx.running_thread() {
        Some(thread) => cx.ret(Value::Thread(thread)),
        None => cx.ret_nil(),
    }
}

/// Implements `coroutine.status` (§5.2). Errors with `coroutine expected`.
fn status(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match cx.arg(1) {
        Value::Thread(thread) => {
            let name = match thread.status() {
                ThreadStatus::Suspended => "suspended",
                ThreadStatus::Running => "running",
                ThreadStatus::Normal => "normal",
                ThreadStatus::Dead => "dead",
            };
            cx.ret_bytes(name.as_bytes())
        }
        _ => Err(cx.arg_error(1, "coroutine expected")),
    }
}
