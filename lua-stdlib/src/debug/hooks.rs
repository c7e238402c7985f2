//! `debug.sethook` and `debug.gethook` (§5.9).

use lua_vm::{CallCx, HookEvents, LuaError, Returned, Value};

use super::thread_arg;
use crate::args::check_c_string;

/// Implements `debug.sethook` (§5.9): calls a function when what the mask names happens (`c`
/// call, `r` return, `l` line), and after every `count` instructions. Without a function the
/// hook is removed.
pub(super) fn sethook(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (thread, taken) = thread_arg(cx);
    if cx.arg(taken + 1).is_nil() {
        cx.set_hook(thread, None, HookEvents::default())?;
        return cx.ret0();
    }
    let mask = check_c_string(cx, taken + 2)?;
    let function = cx.check_function(taken + 1)?;
    let events = HookEvents {
        call: mask.contains(&b'c'),
        ret: mask.contains(&b'r'),
        line: mask.contains(&b'l'),
        count: cx.opt_int(taken + 3, 0)?,
    };
    cx.set_hook(thread, Some(function), events)?;
    cx.ret0()
}

/// Implements `debug.gethook` (§5.9): function, mask and count.
pub(super) fn gethook(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (thread, _) = thread_arg(cx);
    let (function, events) = cx.hook(thread)?;
    let letters = [(events.call, b'c'), (events.ret, b'r'), (events.line, b'l')];
    let mask: Vec<u8> = letters
        .iter()
        .filter(|(is_wanted, _)| *is_wanted)
        .map(|&(_, letter)| letter)
        .collect();
    cx.push(function.map_or(Value::Nil, Value::Function));
    cx.push_bytes(&mask)?;
    cx.push_number(f64::from(events.count));
    cx.ret_top(3)
}
