//! Tracebacks in Lua's format (manual §5.9).

use lua_syntax::display_name;

use super::levels::{self, Place};
use super::{line_of, names};
use crate::heap::object::CodeObj;
use crate::interp::walk::Walk;

/// The levels below this one are always shown.
const FIRST_LEVELS: i64 = 12;
/// How many are shown at the bottom of a long traceback.
const LAST_LEVELS: i64 = 10;

/// The traceback of a coroutine from a level on, without a message. The middle of a
/// long one is left out. Levels below zero show as tail calls, as in the reference.
///
/// # Safety
///
/// The walk's state is consistent.
pub(crate) unsafe fn traceback(top: Walk, level: i64) -> Vec<u8> {
    let mut places = Vec::new();
    // SAFETY: the caller's contract.
    unsafe {
        levels::each(top, |place| {
            places.push(place);
            true
        });
    }
    let end = places.len() as i64;
    // What is left out starts at level 12, if there are more levels than fill its place.
    let cut_from = level.max(FIRST_LEVELS);
    let is_cut = cut_from + LAST_LEVELS + 1 < end;
    let mut text = b"stack traceback:".to_vec();
    for at in level..end {
        if is_cut && (cut_from..end - LAST_LEVELS).contains(&at) {
            if at == cut_from {
                text.extend_from_slice(b"\n\t...");
            }
            continue;
        }
        text.extend_from_slice(b"\n\t");
        match usize::try_from(at).map(|at| &places[at]) {
            // SAFETY: the caller's contract.
            Ok(Place::Frame(walk)) => unsafe { describe(walk, &mut text) },
            Ok(Place::TailCall) | Err(_) => text.extend_from_slice(b"(tail call): ?"),
        }
    }
    text
}

/// One line of a traceback.
unsafe fn describe(walk: &Walk, text: &mut Vec<u8>) {
    // SAFETY: the caller passes a consistent walk.
    unsafe {
        let proto = walk.lua().map(|(_, code, _)| CodeObj::info(code));
        match proto {
            Some(proto) => {
                text.extend_from_slice(&display_name(&proto.source));
                match line_of(walk) {
                    Some(line) if line > 0 => {
                        text.extend_from_slice(format!(":{line}:").as_bytes());
                    }
                    // Code without debug information.
                    _ => text.push(b':'),
                }
            }
            None => text.extend_from_slice(b"[C]:"),
        }
        if let Some((_, name)) = names::of_called(walk) {
            text.extend_from_slice(b" in function '");
            text.extend_from_slice(&name);
            text.push(b'\'');
            return;
        }
        match proto {
            Some(proto) if proto.line_defined == 0 => text.extend_from_slice(b" in main chunk"),
            Some(proto) => {
                text.extend_from_slice(b" in function <");
                text.extend_from_slice(&display_name(&proto.source));
                text.extend_from_slice(format!(":{}>", proto.line_defined).as_bytes());
            }
            None => text.extend_from_slice(b" ?"),
        }
    }
}
