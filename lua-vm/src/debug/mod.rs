//! What messages, tracebacks and the debug library need to know about running
//! functions and their code (manual §5.9).
//!
//! [`levels`] finds a frame by its number, [`names`] what its function is called,
//! [`info`] where a function comes from, [`locals`] its variables; [`traceback`] puts
//! these in words, and [`hooks`] tells scripts what runs.

pub(crate) mod hooks;
pub(crate) mod info;
pub(crate) mod levels;
pub(crate) mod locals;
pub(crate) mod names;
pub(crate) mod traceback;

use lua_syntax::display_name;

use crate::heap::object::CodeObj;
use crate::interp::VmCore;
use crate::interp::walk::Walk;
use levels::Place;

/// The line that a Lua frame is at; `None` for a native.
///
/// # Safety
///
/// The walk's state is consistent.
pub(crate) unsafe fn line_of(walk: &Walk) -> Option<u32> {
    // SAFETY: the caller's contract.
    unsafe {
        let (_, code, at) = walk.lua()?;
        Some(CodeObj::info(code).lines.line(at as u32))
    }
}

/// `chunk:line: ` of a Lua frame, empty for a native.
///
/// # Safety
///
/// As [`line_of`].
pub(crate) unsafe fn position_of(walk: &Walk) -> Vec<u8> {
    // SAFETY: the caller's contract.
    unsafe {
        let Some((_, code, at)) = walk.lua() else {
            return Vec::new();
        };
        let proto = CodeObj::info(code);
        let mut text = display_name(&proto.source);
        text.extend_from_slice(format!(":{}: ", proto.lines.line(at as u32)).as_bytes());
        text
    }
}

/// The position of a level of the running coroutine, empty if it is not a Lua
/// function's.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn position_at_level(vm: *const VmCore, level: usize) -> Vec<u8> {
    // SAFETY: the caller's contract.
    unsafe {
        match levels::find(Walk::running(vm), level) {
            Some(Place::Frame(walk)) => position_of(&walk),
            _ => Vec::new(),
        }
    }
}

/// Where the running coroutine is: name of the chunk and line of the topmost Lua
/// function.
///
/// # Safety
///
/// The saved state is consistent.
pub(crate) unsafe fn topmost_position(vm: *const VmCore) -> Option<(Vec<u8>, u32)> {
    // SAFETY: the caller's contract.
    unsafe {
        let mut found = None;
        levels::each(Walk::running(vm), |place| {
            if let Place::Frame(walk) = place
                && let Some((_, code, at)) = walk.lua()
            {
                let proto = CodeObj::info(code);
                found = Some((proto.source.to_vec(), proto.lines.line(at as u32)));
            }
            found.is_none()
        });
        found
    }
}
