//! What messages and tracebacks need to know: positions, names, levels (manual §5.9).

use lua_compiler::names;
use lua_syntax::display_name;

use crate::heap::object::CodeObj;
use crate::interp::VmCore;
use crate::interp::walk::{Caller, Walk};
use crate::value::RawValue;

/// `chunk:line: ` of a Lua frame, empty for a native.
///
/// # Safety
///
/// The walk's state is consistent.
pub(crate) unsafe fn position_of(walk: &Walk) -> Vec<u8> {
    // SAFETY: the caller's contract.
    unsafe {
        let Some((_, code, at)) = walk.lua() else {
            return Vec::new();
        };
        let proto = CodeObj::proto(code);
        let mut text = display_name(&proto.source);
        text.extend_from_slice(format!(":{}: ", proto.lines.line(at as u32)).as_bytes());
        text
    }
}

/// Kind and name of the value in a register of a Lua frame.
///
/// # Safety
///
/// As [`position_of`].
pub(crate) unsafe fn register_name(walk: &Walk, reg: u8) -> Option<(&'static str, Vec<u8>)> {
    // SAFETY: the caller's contract.
    unsafe {
        let (_, code, at) = walk.lua()?;
        let (kind, name) = names::describe(CodeObj::proto(code), at, reg)?;
        Some((kind.as_str(), name))
    }
}

/// A level of the running coroutine: a frame, or one lost to a tail call.
enum Level {
    Frame(Walk),
    Tail,
}

/// Calls `visit` for each level from the running frame down, until it returns false.
unsafe fn each_level(vm: *const VmCore, mut visit: impl FnMut(Level) -> bool) {
    // SAFETY: the callers pass a VM with a consistent saved state.
    unsafe {
        let mut walk = Walk::running(vm);
        while !walk.has_ended() && walk.function().is_some() {
            if !visit(Level::Frame(walk)) {
                return;
            }
            let (_, tail_calls) = walk.descend();
            for _ in 0..tail_calls {
                if !visit(Level::Tail) {
                    return;
                }
            }
        }
    }
}

/// The position of a level, empty if it is not a Lua function's.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn position_at_level(vm: *const VmCore, level: usize) -> Vec<u8> {
    let mut at = 0;
    let mut text = Vec::new();
    // SAFETY: the caller's contract.
    unsafe {
        each_level(vm, |found| {
            if at == level {
                if let Level::Frame(walk) = found {
                    text = position_of(&walk);
                }
                return false;
            }
            at += 1;
            true
        });
    }
    text
}

/// The line that a level is at; `None` if it is not a Lua function's.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn line_at_level(vm: *const VmCore, level: usize) -> Option<u32> {
    let mut at = 0;
    let mut line = None;
    // SAFETY: the caller's contract.
    unsafe {
        each_level(vm, |found| {
            if at == level {
                if let Level::Frame(walk) = found {
                    line = walk
                        .lua()
                        .map(|(_, code, at)| CodeObj::proto(code).lines.line(at as u32));
                }
                return false;
            }
            at += 1;
            true
        });
    }
    line
}

/// The function of a level, nil for one lost to a tail call; `None` beyond the last.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn function_at_level(vm: *const VmCore, level: usize) -> Option<RawValue> {
    let mut at = 0;
    let mut function = None;
    // SAFETY: the caller's contract.
    unsafe {
        each_level(vm, |found| {
            if at == level {
                function = Some(match found {
                    Level::Frame(walk) => walk.function().unwrap_or(RawValue::NIL),
                    Level::Tail => RawValue::NIL,
                });
                return false;
            }
            at += 1;
            true
        });
    }
    function
}

/// How the function of a frame is known to its caller: kind and name.
unsafe fn called_name(walk: &Walk) -> Option<(&'static str, Vec<u8>)> {
    // SAFETY: the callers pass a consistent walk.
    unsafe {
        let mut below = *walk;
        let (caller, tail_calls) = below.descend();
        if caller != Caller::Instruction || tail_calls > 0 {
            return None;
        }
        let (_, code, at) = below.lua()?;
        let (kind, name) = names::called_function(CodeObj::proto(code), at)?;
        Some((kind.as_str(), name))
    }
}

/// `bad argument #i to 'f' (message)` for the running native, `self` of a method not
/// counted.
///
/// # Safety
///
/// The saved state is that of the native.
pub(crate) unsafe fn argument_message(vm: *const VmCore, mut i: usize, message: &[u8]) -> Vec<u8> {
    // SAFETY: the caller's contract.
    unsafe {
        let name = called_name(&Walk::running(vm));
        let mut text = Vec::new();
        if let Some((kind, name)) = &name
            && *kind == "method"
        {
            i = i.saturating_sub(1);
            if i == 0 {
                text.extend_from_slice(b"calling '");
                text.extend_from_slice(name);
                text.extend_from_slice(b"' on bad self (");
                text.extend_from_slice(message);
                text.push(b')');
                return text;
            }
        }
        text.extend_from_slice(format!("bad argument #{i} to '").as_bytes());
        text.extend_from_slice(name.as_ref().map_or(b"?", |(_, name)| name));
        text.extend_from_slice(b"' (");
        text.extend_from_slice(message);
        text.push(b')');
        text
    }
}

/// Levels shown at the top and at the bottom of a long traceback.
const FIRST_LEVELS: usize = 12;
const LAST_LEVELS: usize = 10;

/// The traceback of the running coroutine from a level on, without a message.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn traceback(vm: *const VmCore, level: usize) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    // SAFETY: the caller's contract.
    unsafe {
        each_level(vm, |found| {
            if at >= level {
                lines.push(match found {
                    Level::Frame(walk) => describe_frame(&walk),
                    Level::Tail => b"(tail call): ?".to_vec(),
                });
            }
            at += 1;
            true
        });
    }
    let mut text = b"stack traceback:".to_vec();
    for (i, line) in lines.iter().enumerate() {
        let is_long = lines.len() > FIRST_LEVELS + LAST_LEVELS;
        if is_long && i >= FIRST_LEVELS && i < lines.len() - LAST_LEVELS {
            if i == FIRST_LEVELS {
                text.extend_from_slice(b"\n\t...");
            }
            continue;
        }
        text.extend_from_slice(b"\n\t");
        text.extend_from_slice(line);
    }
    text
}

/// One line of a traceback.
unsafe fn describe_frame(walk: &Walk) -> Vec<u8> {
    // SAFETY: the callers pass a consistent walk.
    unsafe {
        let mut text = match walk.lua() {
            Some((_, code, at)) => {
                let proto = CodeObj::proto(code);
                let mut text = display_name(&proto.source);
                text.extend_from_slice(format!(":{}:", proto.lines.line(at as u32)).as_bytes());
                text
            }
            None => b"[C]:".to_vec(),
        };
        if let Some((_, name)) = called_name(walk) {
            text.extend_from_slice(b" in function '");
            text.extend_from_slice(&name);
            text.push(b'\'');
            return text;
        }
        match walk.lua() {
            Some((_, code, _)) if CodeObj::proto(code).line_defined == 0 => {
                text.extend_from_slice(b" in main chunk");
            }
            Some((_, code, _)) => {
                let proto = CodeObj::proto(code);
                text.extend_from_slice(b" in function <");
                text.extend_from_slice(&display_name(&proto.source));
                text.extend_from_slice(format!(":{}>", proto.line_defined).as_bytes());
            }
            None => text.extend_from_slice(b" ?"),
        }
        text
    }
}
