//! Local variables and upvalues: `debug.getlocal`, `setlocal`, `getupvalue`, `setupvalue`
//! (§5.9).

use lua_vm::{CallCx, Level, LuaError, Returned, Value};

use super::thread_arg;

/// The level that the arguments name, and the number of arguments before the level's.
///
/// Errors with `level out of range`.
fn level_arg<'a>(cx: &'a CallCx<'_>) -> Result<(Level<'a>, usize), LuaError> {
    let (thread, taken) = thread_arg(cx);
    match cx.level(thread, cx.check_int(taken + 1)?)? {
        Some(level) => Ok((level, taken)),
        None => Err(cx.arg_error(taken + 1, "level out of range")),
    }
}

/// A number that counts from 1; what does not is beyond every range.
fn index_arg(cx: &CallCx<'_>, i: usize) -> Result<usize, LuaError> {
    Ok(usize::try_from(cx.check_int(i)?).unwrap_or(0))
}

/// Implements `debug.getlocal` (§5.9): name and value of a local variable of a level; nil if
/// it has not so many.
pub(super) fn getlocal(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (level, taken) = level_arg(cx)?;
    match level.local(index_arg(cx, taken + 2)?) {
        Some((name, value)) => {
            cx.push_bytes(name)?;
            cx.push(value);
            cx.ret_top(2)
        }
        None => cx.ret_nil(),
    }
}

/// Implements `debug.setlocal` (§5.9): the name of the variable that was set; nil if there is
/// none.
pub(super) fn setlocal(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (level, taken) = level_arg(cx)?;
    let value = cx.check_any(taken + 3)?;
    match level.set_local(index_arg(cx, taken + 2)?, value)? {
        Some(name) => cx.ret_bytes(name),
        None => cx.ret_nil(),
    }
}

/// Implements `debug.getupvalue` (§5.9): name and value of an upvalue; nothing if the function
/// has not so many, or is native.
pub(super) fn getupvalue(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let i = index_arg(cx, 2)?;
    let function = cx.check_function(1)?;
    match function.upvalue(i) {
        Some((name, value)) if !function.is_native() => {
            cx.push_bytes(name)?;
            cx.push(value);
            cx.ret_top(2)
        }
        _ => cx.ret0(),
    }
}

/// Implements `debug.setupvalue` (§5.9): the name of the upvalue that was set; nothing if
/// there is none, or the function is native.
pub(super) fn setupvalue(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let value: Value<'_> = cx.check_any(3)?;
    let i = index_arg(cx, 2)?;
    let function = cx.check_function(1)?;
    if function.is_native() {
        return cx.ret0();
    }
    match function.set_upvalue(i, value)? {
        Some(name) => cx.ret_bytes(name),
        None => cx.ret0(),
    }
}
