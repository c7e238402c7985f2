//! Calls on behalf of the command: under a message handler that adds a traceback, the results
//! shown if somebody wants to see them.
//!
//! Owns the words of failures. [`super::Session`] decides what to call.

use lua_vm::{Builtin, CallCx, LuaError, Results, Returned, Root, Value};

/// Whether the results of a chunk are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ShowResults {
    Yes,
    No,
}

/// How a call ended that did not abort: fine, or with a message to show, if there is one.
pub(super) type Outcome = Result<(), Option<Vec<u8>>>;

/// Calls `function` with string arguments.
pub(super) fn call(
    cx: &mut CallCx<'_>,
    function: &Root,
    args: &[Vec<u8>],
    show: ShowResults,
) -> Result<Outcome, LuaError> {
    let count = protected_call(cx, function, args)?;
    let first = -(count as isize);
    if !cx.value(first).truthy() {
        return Ok(Err(match cx.value(-1) {
            // An error object of nil is silent.
            Value::Nil => None,
            value => Some(text_of(value).unwrap_or(b"(error object is not a string)".into())),
        }));
    }
    if show == ShowResults::Yes && count > 1 {
        return show_results(cx, count - 1);
    }
    Ok(Ok(()))
}

/// Calls `function` under `xpcall` with a handler that adds a traceback; leaves what `xpcall`
/// returns and gives the number of these values.
fn protected_call(
    cx: &mut CallCx<'_>,
    function: &Root,
    args: &[Vec<u8>],
) -> Result<usize, LuaError> {
    cx.ensure_stack(args.len() + 3)?;
    cx.push(Value::Function(cx.builtin(Builtin::XpcallWith)));
    cx.push(cx.value_of(function)?);
    cx.push(Value::Function(cx.new_closure(add_traceback, &[])?));
    for arg in args {
        cx.push_bytes(arg)?;
    }
    cx.call(2 + args.len(), Results::Open)
}

/// The message handler: a string gets what `debug.traceback` makes of it, if scripts have left
/// that in place; other error objects stay as they are.
fn add_traceback(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let traceback = match (cx.arg(1), cx.globals().get_bytes(b"debug")) {
        (Value::String(_) | Value::Number(_), Value::Table(debug)) => debug.get_bytes(b"traceback"),
        _ => Value::Nil,
    };
    let Value::Function(_) = traceback else {
        return cx.ret_arg(1);
    };
    cx.push(traceback);
    cx.push_arg(1);
    // From the function that raised the error on: not this one and not traceback itself.
    cx.push_number(2.0);
    cx.call(2, Results::Exactly(1))?;
    cx.ret_top(1)
}

/// What a string or a number says.
fn text_of(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::String(message) => Some(message.as_bytes().to_vec()),
        Value::Number(number) => Some(lua_vm::format_number(number).as_bytes().to_vec()),
        _ => None,
    }
}

/// Prints the last `count` values with the global `print`.
fn show_results(cx: &mut CallCx<'_>, count: usize) -> Result<Outcome, LuaError> {
    cx.ensure_stack(count + 1)?;
    let first = cx.top() - count + 1;
    cx.push(cx.globals().get_bytes(b"print"));
    for i in first..first + count {
        cx.push_copy(i as isize);
    }
    if cx.try_call(count, Results::Exactly(0))?.is_ok() {
        return Ok(Ok(()));
    }
    // "(null)" is what the reference's C library prints for no string at all.
    let reason = text_of(cx.error_value()).unwrap_or(b"(null)".into());
    Ok(Err(Some(
        [b"error calling 'print' (", &reason[..], b")"].concat(),
    )))
}
