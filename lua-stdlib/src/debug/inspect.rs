//! What runs and where it comes from: `debug.getinfo` and `debug.traceback` (§5.9).

use lua_vm::{CallCx, Function, FunctionInfo, Level, LuaError, Returned, Table, Value};

use super::thread_arg;
use crate::args::{opt_c_string, to_c_int};

/// What `getinfo` describes.
enum Subject<'a> {
    /// A function that was given.
    Function(Function<'a>),
    /// A level, with the function that runs there.
    Level(Level<'a>, Function<'a>),
    /// A level that was lost to a tail call.
    TailCall,
}

impl<'a> Subject<'a> {
    fn function(&self) -> Option<Function<'a>> {
        match self {
            Subject::Function(function) | Subject::Level(_, function) => Some(*function),
            Subject::TailCall => None,
        }
    }
}

/// Implements `debug.getinfo` (§5.9): a table with what `options` asks for about a function or
/// a level; nil beyond the last level. Errors with `function or level expected` and `invalid
/// option`.
pub(super) fn getinfo(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (thread, taken) = thread_arg(cx);
    let options = opt_c_string(cx, taken + 2, b"flnSu")?.to_vec();
    let subject = match cx.arg(taken + 1) {
        Value::Function(function) => Subject::Function(function),
        value => {
            let Some(level) = value.to_number() else {
                return Err(cx.arg_error(taken + 1, "function or level expected"));
            };
            match cx.level(thread, to_c_int(level))? {
                None => return cx.ret_nil(),
                Some(level) => match level.function() {
                    Some(function) => Subject::Level(level, function),
                    None => Subject::TailCall,
                },
            }
        }
    };
    // Nothing is known of a tail call: what is asked for does not matter.
    let is_known = |option: &u8| b"SlunLf".contains(option);
    if !matches!(subject, Subject::TailCall) && !options.iter().all(is_known) {
        return Err(cx.arg_error(taken + 2, "invalid option"));
    }
    let table = cx.new_table(0, 2)?;
    let wants = |option: u8| options.contains(&option);
    if wants(b'S') {
        set_source(cx, table, subject.function().map(Function::info))?;
    }
    if wants(b'l') {
        let line = match &subject {
            Subject::Level(level, _) => level.current_line(),
            _ => None,
        };
        table.set_bytes(b"currentline", Value::Number(line.map_or(-1.0, f64::from)))?;
    }
    if wants(b'u') {
        let count = subject.function().map_or(0, |f| f.info().upvalue_count);
        table.set_bytes(b"nups", Value::Number(count as f64))?;
    }
    if wants(b'n') {
        set_name(cx, table, &subject)?;
    }
    if wants(b'L') {
        set_active_lines(cx, table, subject.function())?;
    }
    if wants(b'f')
        && let Some(function) = subject.function()
    {
        table.set_bytes(b"func", Value::Function(function))?;
    }
    cx.ret(Value::Table(table))
}

fn set_string(cx: &CallCx<'_>, table: Table<'_>, key: &[u8], text: &[u8]) -> Result<(), LuaError> {
    table.set_bytes(key, Value::String(cx.new_string(text)?))
}

/// The fields of option `S`; without a function, those of a tail call.
fn set_source(
    cx: &CallCx<'_>,
    table: Table<'_>,
    info: Option<FunctionInfo<'_>>,
) -> Result<(), LuaError> {
    let tail_call = FunctionInfo {
        source: b"=(tail call)",
        what: "tail",
        lines: None,
        upvalue_count: 0,
    };
    let info = info.unwrap_or(tail_call);
    let (first, last) = match info.lines {
        Some((first, last)) => (f64::from(first), f64::from(last)),
        None => (-1.0, -1.0),
    };
    set_string(cx, table, b"source", info.source)?;
    set_string(cx, table, b"short_src", &info.short_source())?;
    table.set_bytes(b"linedefined", Value::Number(first))?;
    table.set_bytes(b"lastlinedefined", Value::Number(last))?;
    set_string(cx, table, b"what", info.what.as_bytes())
}

/// The fields of option `n`. The name of a tail call is empty; that of a function without one
/// is absent.
fn set_name(cx: &CallCx<'_>, table: Table<'_>, subject: &Subject<'_>) -> Result<(), LuaError> {
    let name = match subject {
        Subject::Function(_) => None,
        Subject::Level(level, _) => level.name(),
        Subject::TailCall => Some(("", Vec::new())),
    };
    let kind = name.as_ref().map_or("", |(kind, _)| kind);
    if let Some((_, name)) = &name {
        set_string(cx, table, b"name", name)?;
    }
    set_string(cx, table, b"namewhat", kind.as_bytes())
}

/// The field of option `L`: a set of lines; absent for natives.
fn set_active_lines(
    cx: &CallCx<'_>,
    table: Table<'_>,
    function: Option<Function<'_>>,
) -> Result<(), LuaError> {
    let Some(lines) = function.and_then(Function::active_lines) else {
        return Ok(());
    };
    let set = cx.new_table(0, 0)?;
    for line in lines {
        set.set_index(line.into(), Value::Boolean(true))?;
    }
    table.set_bytes(b"activelines", Value::Table(set))
}

/// Implements `debug.traceback` (§5.9): a message and the calls that are active from `level`
/// on, which is by default the caller of the running coroutine and the top of another one.
///
/// As in the reference, arguments between message and level become part of the message, and a
/// message that is no string makes the last argument the result.
pub(super) fn traceback(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (thread, taken) = thread_arg(cx);
    let is_running = match (thread, cx.running_thread()) {
        (None, _) => true,
        (Some(thread), Some(running)) => thread == running,
        (Some(thread), None) => thread.is_main(),
    };
    let (level, end) = match cx.arg(taken + 2).to_number() {
        Some(level) => (to_c_int(level), cx.arg_count() - 1),
        None => (i32::from(is_running), cx.arg_count()),
    };
    let mut text = Vec::new();
    if end > taken {
        if !matches!(cx.arg(taken + 1), Value::String(_) | Value::Number(_)) {
            return cx.ret_arg(end);
        }
        for i in taken + 1..=end {
            match cx.arg(i) {
                Value::String(_) | Value::Number(_) => {
                    text.extend_from_slice(cx.check_bytes(i)?);
                }
                other => {
                    let message = format!("attempt to concatenate a {} value", other.type_name());
                    let message = cx.new_string(message.as_bytes())?;
                    return Err(cx.throw(Value::String(message)));
                }
            }
        }
        text.push(b'\n');
    }
    let thread = thread.filter(|_| !is_running);
    text.extend_from_slice(&cx.traceback_of(thread, level)?);
    cx.ret_bytes(&text)
}
