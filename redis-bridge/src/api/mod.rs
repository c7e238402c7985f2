//! The table `redis`, which is also `server`: how a script talks to what it runs on.

mod call;
mod control;
mod register;
mod text;

use lua_vm::{CallCx, LuaError, Table, Value};

use crate::compat::Identity;
use crate::convert::to_lua::error_table;
use crate::sandbox::Natives;
use crate::script::run::with_run;
use crate::script::wording::Wording;

/// What scripts and functions have.
const COMMON: Natives = &[
    ("call", call::call),
    ("pcall", call::pcall),
    ("acl_check_cmd", call::acl_check_cmd),
    ("error_reply", text::error_reply),
    ("status_reply", text::status_reply),
    ("sha1hex", text::sha1hex),
    ("log", text::log),
    ("setresp", control::setresp),
    ("set_repl", control::set_repl),
];

/// What only scripts have.
const OF_SCRIPTS: Natives = &[
    ("replicate_commands", control::replicate_commands),
    ("breakpoint", control::breakpoint),
    ("debug", control::debug),
];

/// What a library has while it is loaded.
const OF_LOADING: Natives = &[
    ("register_function", register::register_function),
    ("log", text::log),
];

const LOG_LEVELS: &[(&str, f64)] = &[
    ("LOG_DEBUG", 0.0),
    ("LOG_VERBOSE", 1.0),
    ("LOG_NOTICE", 2.0),
    ("LOG_WARNING", 3.0),
];

const REPL_FLAGS: &[(&str, f64)] = &[
    ("REPL_NONE", 0.0),
    ("REPL_AOF", 1.0),
    ("REPL_SLAVE", 2.0),
    ("REPL_REPLICA", 2.0),
    ("REPL_ALL", 3.0),
];

/// Makes the table for scripts.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn script_table<'c>(
    cx: &'c CallCx<'_>,
    identity: &Identity,
) -> Result<Table<'c>, LuaError> {
    table(
        cx,
        identity,
        &[COMMON, OF_SCRIPTS],
        &[LOG_LEVELS, REPL_FLAGS],
    )
}

/// Makes the table for functions.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn function_table<'c>(
    cx: &'c CallCx<'_>,
    identity: &Identity,
) -> Result<Table<'c>, LuaError> {
    table(cx, identity, &[COMMON], &[LOG_LEVELS, REPL_FLAGS])
}

/// Makes the table for libraries that are being loaded.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn loading_table<'c>(
    cx: &'c CallCx<'_>,
    identity: &Identity,
) -> Result<Table<'c>, LuaError> {
    table(cx, identity, &[OF_LOADING], &[LOG_LEVELS])
}

fn table<'c>(
    cx: &'c CallCx<'_>,
    identity: &Identity,
    functions: &[Natives],
    numbers: &[&[(&str, f64)]],
) -> Result<Table<'c>, LuaError> {
    let functions = functions.iter().copied().flatten();
    let numbers = numbers.iter().copied().flatten();
    let table = cx.new_table(0, functions.clone().count() + numbers.clone().count() + 5)?;
    for (name, function) in functions {
        table.set_bytes(name.as_bytes(), Value::Function(cx.new_native(*function)?))?;
    }
    let text = |text: &str| cx.new_string(text.as_bytes()).map(Value::String);
    let number = |version: &str| Value::Number(version_number(version));
    for (name, number) in numbers {
        table.set_bytes(name.as_bytes(), Value::Number(*number))?;
    }
    let version = &identity.redis_version;
    table.set_bytes(b"REDIS_VERSION", text(version)?)?;
    table.set_bytes(b"REDIS_VERSION_NUM", number(version))?;
    if Wording::of(identity.compat).is_valkey {
        let version = &identity.version;
        table.set_bytes(b"VALKEY_VERSION", text(version)?)?;
        table.set_bytes(b"VALKEY_VERSION_NUM", number(version))?;
        table.set_bytes(b"SERVER_NAME", text(&identity.server_name)?)?;
    }
    Ok(table)
}

/// `7.2.4` as 0x00070204.
fn version_number(version: &str) -> f64 {
    let part = |number: u32, part: &str| number << 8 | part.parse::<u32>().unwrap_or(0);
    f64::from(version.split('.').fold(0, part))
}

/// The error of an API function: a table, as errors of commands are, without the
/// position that Lua's own errors have.
fn api_error(cx: &CallCx<'_>, text: impl AsRef<[u8]>) -> LuaError {
    show_error(cx, text.as_ref());
    match error_table(cx, &[b"ERR ", text.as_ref()].concat()) {
        Ok(table) => cx.throw(Value::Table(table)),
        Err(error) => error,
    }
}

/// Shows an error, without its code, to whoever debugs the script.
fn show_error(cx: &CallCx<'_>, text: &[u8]) {
    if let Ok(Some(debugger)) = with_run(cx, |run| run.debugger.clone()) {
        debugger.note_error(text);
    }
}
