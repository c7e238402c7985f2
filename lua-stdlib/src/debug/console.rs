//! `debug.debug` (§5.9): a console on standard input and standard error.

use std::io::{self, BufRead, Write};

use lua_vm::{CallCx, LuaError, Results, Returned, Value};

use crate::output;

/// Longest command in bytes, its line break included; longer lines are cut into several.
const LONGEST: usize = 249;

/// Implements `debug.debug` (§5.9): runs each line of standard input as a chunk, until there is
/// no more, or a line says `cont`. Errors are shown and do not end it.
pub(super) fn debug(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    loop {
        // A terminal shows what was printed before it asks.
        let _ = output::flush();
        let _ = io::stderr().write_all(b"lua_debug> ");
        let command = match read_command() {
            Ok(command) if !command.is_empty() && command != b"cont\n" => command,
            _ => return cx.ret0(),
        };
        if let Err(message) = run(cx, &command)? {
            let _ = output::flush();
            let _ = io::stderr().write_all(&[&message, &b"\n"[..]].concat());
        }
    }
}

/// The next line of standard input with its line break, or as much of it as is a command;
/// empty at the end.
fn read_command() -> io::Result<Vec<u8>> {
    let mut input = io::stdin().lock();
    let mut command = Vec::new();
    loop {
        let bytes = input.fill_buf()?;
        let left = &bytes[..bytes.len().min(LONGEST - command.len())];
        let (len, has_ended) = match memchr::memchr(b'\n', left) {
            Some(at) => (at + 1, true),
            None => (left.len(), left.is_empty()),
        };
        command.extend_from_slice(&left[..len]);
        input.consume(len);
        if has_ended {
            break;
        }
    }
    // To C, a string ends at a zero.
    let len = memchr::memchr(0, &command).unwrap_or(command.len());
    if len == 0 && !command.is_empty() {
        return Ok(vec![b'\n']);
    }
    command.truncate(len);
    Ok(command)
}

/// Runs a command; `Err` has the message to show.
fn run(cx: &mut CallCx<'_>, command: &[u8]) -> Result<Result<(), Vec<u8>>, LuaError> {
    match cx.load(command, b"=(debug command)") {
        Ok(function) => cx.push(Value::Function(function)),
        Err(error) => return Ok(Err(error.message())),
    }
    if cx.try_call(0, Results::Exactly(0))?.is_ok() {
        return Ok(Ok(()));
    }
    let message = match cx.value(-1) {
        Value::String(message) => message.as_bytes().to_vec(),
        Value::Number(number) => lua_vm::format_number(number).as_bytes().to_vec(),
        other => format!("(error object is a {} value)", other.type_name()).into_bytes(),
    };
    cx.pop(1);
    Ok(Err(message))
}
