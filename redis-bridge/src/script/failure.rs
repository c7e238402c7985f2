//! Errors that leave a script: what is noted while the frames are still there, and the
//! reply that is made of it.

use lua_vm::{CallCx, LuaError, Returned, Value, format_number};

use crate::convert::to_lua::{COUNTED, error_table};
use crate::convert::to_reply::{error_line, until_nul};
use crate::reply::ReplySink;
use crate::script::wording::Wording;

/// The message handler of scripts, which they also see as `__redis__err__handler`:
/// makes an error a table, and adds where it was raised, `source` and `line`.
pub(crate) fn describe(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if !matches!(cx.arg(1), Value::Table(_)) {
        // `tostring` of the first slot, whether or not there is an argument.
        cx.set_top(1)?;
        cx.to_display(1)?;
        let text = match cx.value(-1) {
            Value::String(text) => [b"ERR ", text.as_bytes()].concat(),
            _ => b"ERR unknown error".to_vec(),
        };
        let table = error_table(cx, &text)?;
        cx.push(Value::Table(table));
    } else {
        cx.push_arg(1);
    }
    // A native raises in the name of its caller.
    let is_native = |level| matches!(cx.frame_function(level), Some(Some(f)) if f.is_native());
    let level = if is_native(1) { 2 } else { 1 };
    let (source, line) = match cx.frame_function(level) {
        None => return cx.ret_top(1),
        // A library has registered a native as a function: nothing of it is Lua.
        Some(Some(_)) if !is_in_lua(cx, level) => return cx.ret_top(1),
        Some(None) => (&b"=(tail call)"[..], None),
        Some(Some(function)) => (function.source().unwrap_or(b"=[C]"), cx.frame_line(level)),
    };
    if let Value::Table(table) = cx.value(-1)
        && !table.is_readonly()
    {
        table.set_bytes(b"source", Value::String(cx.new_string(source)?))?;
        table.set_bytes(b"line", Value::Number(line.map_or(-1.0, f64::from)))?;
    }
    cx.ret_top(1)
}

/// Is there a Lua function at that level or below it?
fn is_in_lua(cx: &CallCx<'_>, level: usize) -> bool {
    (level..)
        .map_while(|level| cx.frame_function(level))
        .any(|function| !function.is_some_and(|function| function.is_native()))
}

/// Has the host been told of this error before? Then it came from a command.
pub(crate) fn is_counted(value: Value<'_>) -> bool {
    matches!(value, Value::Table(table) if table.get_bytes(COUNTED).truthy())
}

/// Sends what [`describe`] made as the reply; tells whether it [is counted](is_counted).
/// Fields are read without metamethods.
pub(crate) fn send(
    value: Value<'_>,
    name: &[u8],
    wording: &Wording,
    reply: &mut dyn ReplySink,
) -> bool {
    let Value::Table(table) = value else {
        // The handler itself failed.
        let message = text_of(value).unwrap_or_default();
        reply.error(&not_run(&message, name, wording));
        return false;
    };
    let mut text =
        text_of(table.get_bytes(b"err")).unwrap_or_else(|| b"ERR unknown error".to_vec());
    let source = text_of(table.get_bytes(b"source"));
    if let (Some(source), Value::Number(line)) = (source, table.get_bytes(b"line")) {
        add_position(&mut text, &source, line, name, wording);
    }
    let is_counted = is_counted(value);
    if is_counted {
        reply.counted_error(&error_line(&text));
    } else {
        reply.error(&error_line(&text));
    }
    is_counted
}

/// Adds to a message where in which script it was.
pub(crate) fn add_position(
    text: &mut Vec<u8>,
    source: &[u8],
    line: f64,
    name: &[u8],
    wording: &Wording,
) {
    text.extend_from_slice(b" script: ");
    if wording.names_script {
        text.extend_from_slice(name);
        text.extend_from_slice(b", ");
    }
    text.extend_from_slice(b"on ");
    text.extend_from_slice(source);
    text.push(b':');
    text.extend_from_slice(format_number(line).as_bytes());
    text.push(b'.');
}

/// A string, or a number as one, as C reads it: up to a NUL.
fn text_of(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(until_nul(text.as_bytes()).to_vec()),
        Value::Number(number) => Some(format_number(number).as_bytes().to_vec()),
        _ => None,
    }
}

/// The reply to a script whose error could not even be described.
pub(crate) fn not_run(message: &[u8], name: &[u8], wording: &Wording) -> Vec<u8> {
    const MAX_QUOTED: usize = 100;
    let message = &message[..message.len().min(MAX_QUOTED)];
    let name = if wording.names_script {
        [b" ", name].concat()
    } else {
        Vec::new()
    };
    error_line(&[b"ERR Error running script", &name[..], b", ", message].concat())
}
