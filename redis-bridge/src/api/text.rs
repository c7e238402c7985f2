//! Functions of text: replies that are no strings, digests, lines for the log.

use lua_vm::{CallCx, LuaError, Returned, Value};

use crate::api::{api_error, show_error};
use crate::convert::to_lua::error_table;
use crate::host::LogLevel;
use crate::script::Sha;
use crate::script::run::with_run;

/// The one argument, a string, of a function that makes a reply; otherwise the error
/// that such a function returns is pushed.
fn reply_text<'c>(cx: &'c CallCx<'_>) -> Result<Option<&'c [u8]>, LuaError> {
    match cx.arg(1) {
        Value::String(text) if cx.arg_count() == 1 => Ok(Some(text.as_bytes())),
        _ => {
            show_error(cx, b"wrong number or type of arguments");
            let table = error_table(cx, b"ERR wrong number or type of arguments")?;
            cx.push(Value::Table(table));
            Ok(None)
        }
    }
}

/// Implements `redis.error_reply(text)`: a table that is an error as a reply. Without
/// a code of its own it gets `ERR`.
pub(super) fn error_reply(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if let Some(text) = reply_text(cx)? {
        let text = text.strip_prefix(b"-").unwrap_or(text);
        let (code, message) = match memchr::memchr(b' ', text) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (&b"ERR"[..], text),
        };
        let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
        let start = message
            .iter()
            .position(|b| !is_break(b))
            .unwrap_or(message.len());
        let end = message
            .iter()
            .rposition(|b| !is_break(b))
            .map_or(start, |at| at + 1);
        show_error(cx, &[b"-", text].concat());
        let table = error_table(cx, &[code, b" ", &message[start..end]].concat())?;
        cx.push(Value::Table(table));
    }
    cx.ret_top(1)
}

/// Implements `redis.status_reply(text)`: a table that is a status as a reply.
pub(super) fn status_reply(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if let Some(text) = reply_text(cx)? {
        let table = cx.new_table(0, 1)?;
        table.set_bytes(b"ok", Value::String(cx.new_string(text)?))?;
        cx.push(Value::Table(table));
    }
    cx.ret_top(1)
}

/// Bytes that are hashed in about the time of an instruction.
const SHA_BYTES_PER_UNIT: usize = 2;

/// Implements `redis.sha1hex(text)`. What is neither string nor number counts as empty.
pub(super) fn sha1hex(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg_count() != 1 {
        return Err(api_error(cx, "wrong number of arguments"));
    }
    let sha = match cx.arg(1) {
        Value::String(_) | Value::Number(_) => {
            let text = cx.check_bytes(1)?;
            cx.charge((text.len() / SHA_BYTES_PER_UNIT) as u64)?;
            Sha::of(text)
        }
        _ => Sha::of(b""),
    };
    cx.ret_bytes(&sha.to_hex())
}

/// Implements `redis.log(level, ...)`: the strings and numbers, with blanks between.
pub(super) fn log(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let wording = with_run(cx, |run| run.wording)?;
    if cx.arg_count() < 2 {
        let text = format!("{}.log() requires two arguments or more.", wording.api);
        return Err(api_error(cx, text));
    }
    let Some(level) = cx.arg(1).to_number() else {
        return Err(api_error(
            cx,
            "First argument must be a number (log level).",
        ));
    };
    let level = match lua_vm::to_integer(level) {
        0 => LogLevel::Debug,
        1 => LogLevel::Verbose,
        2 => LogLevel::Notice,
        3 => LogLevel::Warning,
        _ => return Err(api_error(cx, wording.bad_log_level)),
    };
    let mut line = Vec::new();
    let mut is_first = true;
    for i in 2..=cx.arg_count() {
        if matches!(cx.arg(i), Value::String(_) | Value::Number(_)) {
            if !std::mem::take(&mut is_first) {
                line.push(b' ');
            }
            line.extend_from_slice(cx.check_bytes(i)?);
        }
    }
    if is_first && wording.is_valkey {
        line.extend_from_slice(b"(null)");
    }
    cx.charge_bytes(line.len())?;
    with_run(cx, |run| run.host.log(level, &line))?;
    cx.ret0()
}
