//! The `debug` library (§5.9).
//!
//! Owns the table, and metatables and environments without protection; [`inspect`] says what
//! runs, [`variables`] reads and changes its variables, [`hooks`] watches it, and [`console`]
//! lets a person do all that. The VM walks its stacks and calls the hooks; here are the rules
//! for arguments and the form of results.

mod console;
mod hooks;
mod inspect;
mod variables;

use lua_vm::{CallCx, LuaError, Returned, Thread, Value};

use crate::library::Entry::Native;
use crate::library::Library;

/// The `debug` library.
pub const DEBUG: Library = Library {
    name: "debug",
    manual: "§5.9",
    entries: &[
        ("debug", Native(console::debug)),
        ("getfenv", Native(getfenv)),
        ("gethook", Native(hooks::gethook)),
        ("getinfo", Native(inspect::getinfo)),
        ("getlocal", Native(variables::getlocal)),
        ("getregistry", Native(getregistry)),
        ("getmetatable", Native(getmetatable)),
        ("getupvalue", Native(variables::getupvalue)),
        ("setfenv", Native(setfenv)),
        ("sethook", Native(hooks::sethook)),
        ("setlocal", Native(variables::setlocal)),
        ("setmetatable", Native(setmetatable)),
        ("setupvalue", Native(variables::setupvalue)),
        ("traceback", Native(inspect::traceback)),
    ],
    finish: None,
};

/// The coroutine that an optional first argument names, and the number of arguments it takes.
fn thread_arg<'a>(cx: &'a CallCx<'_>) -> (Option<Thread<'a>>, usize) {
    match cx.arg(1) {
        Value::Thread(thread) => (Some(thread), 1),
        _ => (None, 0),
    }
}

/// Implements `debug.getfenv` (§5.9): the environment of a function, userdata or coroutine;
/// nil for values without one.
fn getfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = match cx.check_any(1)? {
        Value::Function(function) => Some(function.environment()),
        Value::Userdata(userdata) => userdata.environment(),
        Value::Thread(thread) => Some(thread.environment()),
        _ => None,
    };
    cx.ret(environment.map_or(Value::Nil, Value::Table))
}

/// Implements `debug.setfenv` (§5.9) for functions, native ones too, userdata and coroutines.
/// Errors with `'setfenv' cannot change environment of given object`.
fn setfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = cx.check_table(2)?;
    match cx.arg(1) {
        Value::Function(function) => function.set_environment(environment)?,
        Value::Userdata(userdata) => userdata.set_environment(environment)?,
        Value::Thread(thread) => thread.set_environment(environment)?,
        _ => return Err(cx.error("'setfenv' cannot change environment of given object")),
    }
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
