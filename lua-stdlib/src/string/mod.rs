//! The `string` library (§5.4): its table, and the functions that need no patterns.
//!
//! Patterns are matched by [`pattern`], searched for in [`find`], substituted in [`subst`];
//! `format` prints numbers.

mod find;
mod format;
pub(crate) use format::to_signed;
mod pattern;
mod subst;

use lua_vm::{CallCx, FastArgs, FastResult, LuaError, Returned, Type, Value};

use crate::args::{relative_position, substring_range, to_c_int};
use crate::buffer::{self, Buffer};
use crate::library::Entry::{Alias, Fast, Native};
use crate::library::{Library, Parts};
use format::Spec;

/// The `string` library. Installing it also gives strings their metatable.
pub const STRING: Library = Library {
    name: "string",
    manual: "§5.4",
    entries: &[
        ("byte", Fast(byte, byte_fast)),
        ("char", Fast(char, char_fast)),
        ("dump", Native(dump)),
        ("find", Native(find::find)),
        ("format", Native(format)),
        ("gmatch", Native(find::gmatch)),
        ("gfind", Alias("gmatch")),
        ("gsub", Native(subst::gsub)),
        ("len", Fast(len, len_fast)),
        ("lower", Native(lower)),
        ("match", Native(find::match_)),
        ("rep", Native(rep)),
        ("reverse", Native(reverse)),
        ("sub", Fast(sub, sub_fast)),
        ("upper", Native(upper)),
    ],
    finish: Some(finish),
};

/// Gives all strings a metatable whose `__index` is the library, so that `s:rep(3)` works.
fn finish(cx: &CallCx<'_>, parts: Parts<'_>) -> Result<(), LuaError> {
    let metatable = cx.new_table(0, 1)?;
    metatable.set_bytes(b"__index", Value::Table(parts.table))?;
    cx.set_metatable_of_type(Type::String, Some(metatable))
}

/// Implements `string.byte` (§5.4): the codes of bytes `i` (default 1) to `j` (default `i`).
/// Errors with `string slice too long` when they do not fit on the stack.
fn byte(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let len = cx.check_bytes(1)?.len();
    let first = relative_position(cx.opt_integer(2, 1)?, len);
    let last = relative_position(cx.opt_integer(3, first)?, len);
    let range = substring_range(first, last, len);
    // Like C, which takes an int for the count and then asks for room on the stack.
    if range.len() > i32::MAX as usize {
        return Err(cx.error("string slice too long"));
    }
    if cx.ensure_stack(range.len()).is_err() {
        return Err(cx.error("stack overflow (string slice too long)"));
    }
    let count = range.len();
    cx.charge_bytes(count * size_of::<Value<'_>>())?;
    for &byte in &cx.check_bytes(1)?[range] {
        cx.push_number(f64::from(byte));
    }
    cx.ret_top(count)
}

fn byte_fast(args: FastArgs<'_>) -> FastResult<'_> {
    let Some(bytes) = args.bytes(0) else {
        return FastResult::DECLINE;
    };
    let index = match args.len() {
        1 => 0,
        2 => match args.number(1) {
            Some(pos) if pos >= 1.0 => pos as usize - 1,
            _ => return FastResult::DECLINE,
        },
        _ => return FastResult::DECLINE,
    };
    match bytes.get(index) {
        Some(&byte) => FastResult::number(f64::from(byte)),
        None => FastResult::DECLINE, // no value, not nil
    }
}

/// Implements `string.char` (§5.4): the string of the given codes, 0 to 255 each.
fn char(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let mut bytes = Vec::with_capacity(cx.arg_count());
    for i in 1..=cx.arg_count() {
        let code = cx.check_int(i)?;
        bytes.push(u8::try_from(code).map_err(|_| cx.arg_error(i, "invalid value"))?);
    }
    cx.ret_bytes(&bytes)
}

fn char_fast(args: FastArgs<'_>) -> FastResult<'_> {
    match args.number(0) {
        Some(code) if args.len() == 1 && (0.0..256.0).contains(&code) => {
            args.byte_string(&[code as u8])
        }
        _ => FastResult::DECLINE,
    }
}

/// Implements `string.dump` (§5.4): a precompiled chunk, debug information included, that
/// makes a copy of a function with fresh upvalues. Errors with `unable to dump given function`
/// for a native one.
fn dump(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    match cx.check_function(1)?.dump() {
        Some(chunk) => cx.ret_bytes(&chunk),
        None => Err(cx.error("unable to dump given function")),
    }
}

/// Implements `string.len` (§5.4), in bytes.
fn len(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let len = cx.check_bytes(1)?.len();
    cx.ret_number(len as f64)
}

fn len_fast(args: FastArgs<'_>) -> FastResult<'_> {
    match args.bytes(0) {
        Some(bytes) => FastResult::number(bytes.len() as f64),
        None => FastResult::DECLINE,
    }
}

/// Implements `string.lower` (§5.4), for ASCII letters.
fn lower(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    map_bytes(cx, |bytes| bytes.make_ascii_lowercase())
}

/// Implements `string.upper` (§5.4), for ASCII letters.
fn upper(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    map_bytes(cx, |bytes| bytes.make_ascii_uppercase())
}

/// Implements `string.reverse` (§5.4), by bytes.
fn reverse(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    map_bytes(cx, |bytes| bytes.reverse())
}

/// The first argument after `change`.
fn map_bytes(cx: &CallCx<'_>, change: impl FnOnce(&mut [u8])) -> Result<Returned, LuaError> {
    let bytes = cx.check_bytes(1)?;
    let mut small = [0; 64];
    if let Some(small) = small.get_mut(..bytes.len()) {
        small.copy_from_slice(bytes);
        change(small);
        return cx.ret_bytes(small);
    }
    let mut bytes = buffer::repeat(cx, bytes, 1)?;
    change(&mut bytes);
    cx.ret_bytes(&bytes)
}

/// Implements `string.rep` (§5.4): `n` copies of `s`; `n <= 0` gives "".
/// Errors with `resulting string too large` or `not enough memory`, before anything is built.
fn rep(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let bytes = cx.check_bytes(1)?;
    let copies = usize::try_from(cx.check_int(2)?).unwrap_or(0);
    cx.ret_bytes(&buffer::repeat(cx, bytes, copies)?)
}

/// Implements `string.sub` (§5.4): bytes `i` to `j` (default -1), both inclusive.
fn sub(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let bytes = cx.check_bytes(1)?;
    let first = cx.check_integer(2)?;
    let last = cx.opt_integer(3, -1)?;
    cx.ret_bytes(&bytes[substring_range(first, last, bytes.len())])
}

fn sub_fast(args: FastArgs<'_>) -> FastResult<'_> {
    let (Some(bytes), Some(first)) = (args.bytes(0), args.number(1)) else {
        return FastResult::DECLINE;
    };
    let last = match args.len() {
        2 => -1.0,
        _ => match args.number(2) {
            Some(last) => last,
            None => return FastResult::DECLINE,
        },
    };
    let range = substring_range(
        format::to_signed(first),
        format::to_signed(last),
        bytes.len(),
    );
    args.byte_string(&bytes[range])
}

/// Implements `string.format` (§5.4): C's `sprintf` with `%c %d %e %E %f %g %G %i %o %q %s
/// %u %x %X`.
///
/// Errors: `invalid option '%y' to 'format'`, `invalid format (repeated flags)`,
/// `invalid format (width or precision too long)`, and `bad argument #n` for missing or
/// unsuitable arguments.
fn format(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    let template = cx.check_bytes(1)?;
    let mut out = Buffer::new(template.len() * 2);
    let mut arg = 1;
    let mut rest = template;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        out.push(cx, &rest[..percent])?;
        rest = &rest[percent + 1..];
        if rest.first() == Some(&b'%') {
            out.push(cx, b"%")?;
            rest = &rest[1..];
            continue;
        }
        arg += 1;
        if arg > cx.arg_count() {
            return Err(cx.arg_error(arg, "no value"));
        }
        let (spec, len) = Spec::parse(rest).map_err(|error| cx.error(error.to_string()))?;
        let conversion = rest.get(len).copied().unwrap_or(0);
        rest = rest.get(len + 1..).unwrap_or(b"");
        match conversion {
            b'c' => {
                let code = to_c_int(cx.check_number(arg)?);
                out.push_with(cx, |out| spec.character(out, code as u8))?;
            }
            b'd' | b'i' => {
                let value = format::to_signed(cx.check_number(arg)?);
                out.push_with(cx, |out| spec.signed(out, value))?;
            }
            b'o' | b'u' | b'x' | b'X' => {
                let value = format::to_unsigned(cx.check_number(arg)?);
                out.push_with(cx, |out| spec.unsigned(out, value, conversion))?;
            }
            b'e' | b'E' | b'f' | b'g' | b'G' => {
                let value = cx.check_number(arg)?;
                out.push_with(cx, |out| spec.float(out, value, conversion))?;
            }
            b'q' => {
                let bytes = cx.check_bytes(arg)?;
                out.push(cx, b"\"")?;
                for piece in bytes.chunks(format::QUOTED_AT_ONCE) {
                    out.push_with(cx, |out| format::escaped(out, piece))?;
                }
                out.push(cx, b"\"")?;
            }
            b's' => {
                let bytes = cx.check_bytes(arg)?;
                if bytes.len() >= 100 && !spec.has_precision() {
                    // Kept whole, without padding.
                    out.push(cx, bytes)?;
                } else {
                    // C prints a string up to its first zero byte.
                    let len = memchr::memchr(0, bytes).unwrap_or(bytes.len());
                    out.push_with(cx, |out| spec.string(out, &bytes[..len]))?;
                }
            }
            _ => {
                // C prints a zero byte as nothing.
                let mut message = b"invalid option '%".to_vec();
                message.extend((conversion != 0).then_some(conversion));
                message.extend_from_slice(b"' to 'format'");
                return Err(cx.error(message));
            }
        }
    }
    out.push(cx, rest)?;
    cx.ret_bytes(out.bytes())
}

/// A captured value as Lua sees it: a string, or a position.
fn push_capture(
    cx: &CallCx<'_>,
    subject: &[u8],
    capture: pattern::Capture,
) -> Result<(), LuaError> {
    match capture {
        pattern::Capture::Range(start, end) => cx.push_bytes(&subject[start..end]),
        pattern::Capture::Position(at) => {
            cx.push_number(at as f64 + 1.0);
            Ok(())
        }
    }
}

/// Pushes all captures of a match, or the whole match when `whole` and there is none; how many.
fn push_captures(
    cx: &CallCx<'_>,
    matcher: &pattern::Matcher,
    pattern: &pattern::Pattern,
    subject: &[u8],
    range: (usize, usize),
    whole: bool,
) -> Result<usize, LuaError> {
    let count = match pattern.capture_count() {
        0 if whole => 1,
        count => count,
    };
    cx.ensure_stack(count)?;
    for i in 0..count {
        let capture = matcher
            .capture(pattern, i, range)
            .map_err(|error| cx.error(error.to_string()))?;
        push_capture(cx, subject, capture)?;
    }
    Ok(count)
}

/// The Lua error for a match that was stopped.
fn stopped(cx: &CallCx<'_>, stop: pattern::Stop<LuaError>) -> LuaError {
    match stop {
        pattern::Stop::Pattern(error) => cx.error(error.to_string()),
        pattern::Stop::Charge(error) => error,
    }
}
