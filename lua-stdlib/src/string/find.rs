//! `string.find`, `string.match` and `string.gmatch` (§5.4): searches that report captures.
//!
//! Owns their argument rules; [`super::pattern`] does the matching.

use lua_vm::{CallCx, LuaError, Returned, Value};

use super::pattern::{Caret, Matcher, Pattern, is_plain};
use super::{push_captures, stopped};
use crate::args::relative_position;

/// Implements `string.find` (§5.4): first and last position of the first match, then its
/// captures; nil if there is none. With a true fourth argument, or a pattern without special
/// characters, searches for the bytes themselves.
pub(super) fn find(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let subject = cx.check_bytes(1)?;
    let source = cx.check_bytes(2)?;
    let init = check_init(cx, subject.len())?;
    if cx.arg(4).truthy() || is_plain(source) {
        let found = find_bytes(&subject[init..], source);
        cx.charge_bytes(found.unwrap_or(subject.len() - init))?;
        return match found {
            Some(offset) => {
                let start = init + offset;
                cx.push_number(start as f64 + 1.0);
                cx.push_number((start + source.len()) as f64);
                cx.ret_top(2)
            }
            None => cx.ret_nil(),
        };
    }
    let pattern = Pattern::cached(source, Caret::Anchors);
    let mut matcher = Matcher::new();
    let found = matcher
        .find(&pattern, subject, init, &mut |steps| cx.charge(steps))
        .map_err(|stop| stopped(cx, stop))?;
    match found {
        Some((start, end)) => {
            cx.push_number(start as f64 + 1.0);
            cx.push_number(end as f64);
            let captures = push_captures(cx, &matcher, &pattern, subject, (start, end), false)?;
            cx.ret_top(2 + captures)
        }
        None => cx.ret_nil(),
    }
}

/// Implements `string.match` (§5.4): the captures of the first match, or the whole match if
/// the pattern has none; nil if nothing matches.
pub(super) fn match_(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let subject = cx.check_bytes(1)?;
    let source = cx.check_bytes(2)?;
    let init = check_init(cx, subject.len())?;
    let pattern = Pattern::cached(source, Caret::Anchors);
    let mut matcher = Matcher::new();
    let found = matcher
        .find(&pattern, subject, init, &mut |steps| cx.charge(steps))
        .map_err(|stop| stopped(cx, stop))?;
    match found {
        Some(range) => {
            let captures = push_captures(cx, &matcher, &pattern, subject, range, true)?;
            cx.ret_top(captures)
        }
        None => cx.ret_nil(),
    }
}

/// Where to start (0-based), from the optional third argument.
fn check_init(cx: &CallCx<'_>, len: usize) -> Result<usize, LuaError> {
    let init = relative_position(cx.opt_integer(3, 1)?, len) - 1;
    Ok(usize::try_from(init).unwrap_or(0).min(len))
}

/// False starts after which a searcher that looks at the whole of `wanted` is made: making
/// one costs more than a short search.
const MAX_FALSE_STARTS: usize = 16;

fn find_bytes(subject: &[u8], wanted: &[u8]) -> Option<usize> {
    let Some((&first, rest)) = wanted.split_first() else {
        return Some(0);
    };
    let mut from = 0;
    for _ in 0..MAX_FALSE_STARTS {
        let start = from + memchr::memchr(first, &subject[from..])?;
        if subject[start + 1..].starts_with(rest) {
            return Some(start);
        }
        from = start + 1;
    }
    memchr::memmem::find(&subject[from..], wanted).map(|offset| from + offset)
}

/// Implements `string.gmatch` (§5.4): an iterator over the matches; a leading `^` is an
/// ordinary character. The subject, the pattern and the position are its upvalues.
pub(super) fn gmatch(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_bytes(1)?;
    cx.check_bytes(2)?;
    let iterator = cx.new_closure(gmatch_step, &[cx.arg(1), cx.arg(2), Value::Number(0.0)])?;
    cx.ret(Value::Function(iterator))
}

fn gmatch_step(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (Some(subject), Some(source)) = (cx.upvalue(1).as_bytes(), cx.upvalue(2).as_bytes()) else {
        return cx.ret0();
    };
    let init = cx.upvalue(3).as_number().unwrap_or(0.0) as usize;
    if init > subject.len() {
        return cx.ret0();
    }
    let pattern = Pattern::cached(source, Caret::Ordinary);
    let mut matcher = Matcher::new();
    let found = matcher
        .find(&pattern, subject, init, &mut |steps| cx.charge(steps))
        .map_err(|stop| stopped(cx, stop))?;
    let Some((start, end)) = found else {
        return cx.ret0();
    };
    // After an empty match go on one further, or it would be found forever.
    let next = if end == start { end + 1 } else { end };
    cx.set_upvalue(3, Value::Number(next as f64))?;
    let captures = push_captures(cx, &matcher, &pattern, subject, (start, end), true)?;
    cx.ret_top(captures)
}
