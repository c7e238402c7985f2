//! `string.gsub` (§5.4): substitution by a string, a table or a function.
//!
//! Owns the walk over the matches and the replacement values. The walk keeps positions, not
//! slices, where a replacement can run Lua.

use lua_vm::{CallCx, LuaError, Results, Returned, Value};

use super::pattern::{Capture, Caret, Matcher, Pattern};
use super::{push_capture, push_captures, stopped};
use crate::buffer::Buffer;

/// What replaces a match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replacement {
    /// A template with `%0` to `%9`.
    Template,
    /// The table field named by the first capture.
    Table,
    /// The result of a call with the captures.
    Function,
}

/// Implements `string.gsub` (§5.4): `s` with the first `n` (default: all) matches replaced,
/// and the number of matches.
///
/// Errors: `bad argument #3` (`string/function/table expected`), `invalid replacement value (a
/// table)`, `invalid capture index`, those of the pattern, and `resulting string too large`.
pub(super) fn gsub(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let subject_len = cx.check_bytes(1)?.len();
    let source = cx.check_bytes(2)?;
    let kind = match cx.arg(3) {
        Value::String(_) | Value::Number(_) => Some(Replacement::Template),
        Value::Table(_) => Some(Replacement::Table),
        Value::Function(_) => Some(Replacement::Function),
        _ => None,
    };
    // Out of an int's range the default wraps, as in C; then nothing is replaced.
    let most = cx.opt_int(4, (subject_len + 1) as i32)?;
    let kind = kind.ok_or_else(|| cx.arg_error(3, "string/function/table expected"))?;
    let most = usize::try_from(most).unwrap_or(0);
    let pattern = Pattern::cached(source, Caret::Anchors);

    let mut matcher = Matcher::new();
    let mut out = Buffer::new(subject_len + subject_len / 2);
    // A function that is called may put another string in place of the argument, by
    // `debug.setlocal`; as in C, it is this one that is gone through.
    cx.push_arg(1);
    let slot = cx.top();
    let mut count = 0;
    let mut from = 0;
    while count < most {
        let subject = subject_at(cx, slot);
        if from > subject.len() {
            break;
        }
        let found = matcher
            .find(&pattern, subject, from, &mut |steps| cx.charge(steps))
            .map_err(|stop| stopped(cx, stop))?;
        let Some((start, end)) = found else { break };
        count += 1;
        out.push(cx, &subject[from..start])?;
        match kind {
            Replacement::Template => {
                add_template(cx, &mut out, &matcher, &pattern, subject, (start, end))?;
            }
            _ => add_computed(cx, &mut out, kind, &matcher, &pattern, slot, (start, end))?,
        }
        from = end;
        if end == start {
            // After an empty match keep one byte, or it would be found forever.
            let Some(byte) = subject_at(cx, slot).get(start) else {
                break;
            };
            out.push(cx, std::slice::from_ref(byte))?;
            from += 1;
        }
        if pattern.is_anchored() {
            break;
        }
    }
    if count == 0 {
        cx.push_copy(slot as isize);
    } else {
        out.push(cx, part(subject_at(cx, slot), from, usize::MAX))?;
        cx.push_bytes(out.bytes())?;
    }
    cx.push_number(count as f64);
    cx.ret_top(2)
}

/// The subject, which is in a slot of its own.
fn subject_at<'a>(cx: &'a CallCx<'_>, slot: usize) -> &'a [u8] {
    match cx.value(slot as isize) {
        Value::String(subject) => subject.as_bytes(),
        // Not even this slot is out of reach.
        _ => b"",
    }
}

/// The subject from `start` to `end`, as far as it reaches.
fn part(subject: &[u8], start: usize, end: usize) -> &[u8] {
    let end = end.min(subject.len());
    subject.get(start..end).unwrap_or(b"")
}

/// Appends the third argument with its `%` escapes filled in.
fn add_template(
    cx: &CallCx<'_>,
    out: &mut Buffer,
    matcher: &Matcher,
    pattern: &Pattern,
    subject: &[u8],
    range: (usize, usize),
) -> Result<(), LuaError> {
    let mut rest = cx.check_bytes(3)?;
    // Templates are short: a plain loop is quicker than a call.
    while let Some(percent) = rest.iter().position(|&byte| byte == b'%') {
        out.push(cx, &rest[..percent])?;
        // In C the zero byte after the end is what a last `%` escapes.
        let escaped = rest.get(percent + 1).copied().unwrap_or(0);
        rest = rest.get(percent + 2..).unwrap_or(b"");
        match escaped {
            b'0' => out.push(cx, &subject[range.0..range.1])?,
            b'1'..=b'9' => {
                let capture = matcher
                    .capture(pattern, usize::from(escaped - b'1'), range)
                    .map_err(|error| cx.error(error.to_string()))?;
                match capture {
                    Capture::Range(start, end) => out.push(cx, &subject[start..end])?,
                    Capture::Position(at) => {
                        let position = lua_vm::format_number(at as f64 + 1.0);
                        out.push(cx, position.as_bytes())?;
                    }
                }
            }
            byte => out.push(cx, &[byte])?,
        }
    }
    out.push(cx, rest)
}

/// Appends what the third argument, a table or a function, has for the match; the match
/// itself for nil or false.
fn add_computed(
    cx: &mut CallCx<'_>,
    out: &mut Buffer,
    kind: Replacement,
    matcher: &Matcher,
    pattern: &Pattern,
    slot: usize,
    range: (usize, usize),
) -> Result<(), LuaError> {
    cx.push_arg(3);
    let subject = subject_at(cx, slot);
    if kind == Replacement::Function {
        let captures = push_captures(cx, matcher, pattern, subject, range, true)?;
        cx.call(captures, Results::Exactly(1))?;
    } else {
        let capture = matcher
            .capture(pattern, 0, range)
            .map_err(|error| cx.error(error.to_string()))?;
        push_capture(cx, subject, capture)?;
        cx.get_index()?;
    }
    let value = cx.value(-1);
    match value {
        value if !value.truthy() => {
            out.push(cx, part(subject_at(cx, slot), range.0, range.1))?;
        }
        Value::String(string) => out.push(cx, string.as_bytes())?,
        Value::Number(number) => out.push(cx, lua_vm::format_number(number).as_bytes())?,
        value => {
            return Err(cx.error(format!(
                "invalid replacement value (a {})",
                value.type_name()
            )));
        }
    }
    cx.pop(1);
    Ok(())
}
