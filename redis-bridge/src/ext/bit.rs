//! `bit`: operations on the low 32 bits of numbers, as in LuaBitOp. Results are signed.

use lua_stdlib::{Entry, Library};
use lua_vm::{CallCx, FastArgs, FastFn, FastResult, LuaError, NativeFn, Returned};

/// The `bit` library.
pub(super) const BIT: Library = Library {
    name: "bit",
    manual: "",
    entries: &[
        (
            "tobit",
            op(|cx| map(cx, |b| b), |args| map_fast(args, |b| b)),
        ),
        (
            "bnot",
            op(|cx| map(cx, |b| !b), |args| map_fast(args, |b| !b)),
        ),
        (
            "band",
            op(
                |cx| fold(cx, |a, b| a & b),
                |args| fold_fast(args, |a, b| a & b),
            ),
        ),
        (
            "bor",
            op(
                |cx| fold(cx, |a, b| a | b),
                |args| fold_fast(args, |a, b| a | b),
            ),
        ),
        (
            "bxor",
            op(
                |cx| fold(cx, |a, b| a ^ b),
                |args| fold_fast(args, |a, b| a ^ b),
            ),
        ),
        (
            "lshift",
            op(
                |cx| shift(cx, u32::wrapping_shl),
                |args| shift_fast(args, u32::wrapping_shl),
            ),
        ),
        (
            "rshift",
            op(
                |cx| shift(cx, u32::wrapping_shr),
                |args| shift_fast(args, u32::wrapping_shr),
            ),
        ),
        (
            "arshift",
            op(
                |cx| shift(cx, arithmetic_shr),
                |args| shift_fast(args, arithmetic_shr),
            ),
        ),
        (
            "rol",
            op(
                |cx| shift(cx, u32::rotate_left),
                |args| shift_fast(args, u32::rotate_left),
            ),
        ),
        (
            "ror",
            op(
                |cx| shift(cx, u32::rotate_right),
                |args| shift_fast(args, u32::rotate_right),
            ),
        ),
        (
            "bswap",
            op(
                |cx| map(cx, u32::swap_bytes),
                |args| map_fast(args, u32::swap_bytes),
            ),
        ),
        ("tohex", op(tohex, tohex_fast)),
    ],
    finish: None,
};

/// A row of the table: the general entry and the one for plain numbers.
const fn op(general: NativeFn, fast: FastFn) -> Entry {
    Entry::Fast(general, fast)
}

/// The low 32 bits of a number rounded to the nearest integer, ties to even: adding
/// 2^52 + 2^51 shifts them to where the bits of a `double` end.
#[inline(always)]
fn to_bits(n: f64) -> u32 {
    (n + 6_755_399_441_055_744.0).to_bits() as u32
}

#[inline(always)]
fn to_number(bits: u32) -> f64 {
    f64::from(bits as i32)
}

/// `bits >> count`, filled up with the sign.
fn arithmetic_shr(bits: u32, count: u32) -> u32 {
    (bits as i32).wrapping_shr(count) as u32
}

fn check_bits(cx: &CallCx<'_>, i: usize) -> Result<u32, LuaError> {
    cx.check_number(i).map(to_bits)
}

fn map(cx: &CallCx<'_>, op: impl Fn(u32) -> u32) -> Result<Returned, LuaError> {
    cx.ret_number(to_number(op(check_bits(cx, 1)?)))
}

#[inline(always)]
fn map_fast(args: FastArgs<'_>, op: impl Fn(u32) -> u32) -> FastResult<'_> {
    match args.number(0) {
        Some(n) => FastResult::number(to_number(op(to_bits(n)))),
        None => FastResult::DECLINE,
    }
}

/// All arguments, at least one. The first is checked first, then the last: the order
/// tells which one an error names.
fn fold(cx: &CallCx<'_>, op: impl Fn(u32, u32) -> u32) -> Result<Returned, LuaError> {
    let mut bits = check_bits(cx, 1)?;
    for i in (2..=cx.arg_count()).rev() {
        bits = op(bits, check_bits(cx, i)?);
    }
    cx.ret_number(to_number(bits))
}

#[inline(always)]
fn fold_fast(args: FastArgs<'_>, op: impl Fn(u32, u32) -> u32) -> FastResult<'_> {
    match (args.number(0), args.number(1)) {
        (Some(a), Some(b)) if args.len() == 2 => {
            FastResult::number(to_number(op(to_bits(a), to_bits(b))))
        }
        _ => FastResult::DECLINE,
    }
}

/// Shifts and rotations: the count is taken modulo 32.
fn shift(cx: &CallCx<'_>, op: impl Fn(u32, u32) -> u32) -> Result<Returned, LuaError> {
    let bits = check_bits(cx, 1)?;
    cx.ret_number(to_number(op(bits, check_bits(cx, 2)? & 31)))
}

#[inline(always)]
fn shift_fast(args: FastArgs<'_>, op: impl Fn(u32, u32) -> u32) -> FastResult<'_> {
    match (args.number(0), args.number(1)) {
        (Some(bits), Some(count)) => {
            FastResult::number(to_number(op(to_bits(bits), to_bits(count) & 31)))
        }
        _ => FastResult::DECLINE,
    }
}

/// Implements `bit.tohex(x [, n])`: the last `n` hexadecimal digits, at most 8, in upper
/// case if `n` is negative.
fn tohex(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let bits = check_bits(cx, 1)?;
    let n = if cx.has_arg(2) {
        check_bits(cx, 2)? as i32
    } else {
        8
    };
    let (text, start) = hex_digits(bits, n);
    cx.ret_bytes(&text[start..])
}

fn tohex_fast(args: FastArgs<'_>) -> FastResult<'_> {
    let n = match args.len() {
        1 => Some(8.0),
        _ => args.number(1),
    };
    match (args.number(0), n) {
        (Some(x), Some(n)) => {
            let (text, start) = hex_digits(to_bits(x), to_bits(n) as i32);
            args.byte_string(&text[start..])
        }
        _ => FastResult::DECLINE,
    }
}

/// All eight digits, and where those that are wanted start.
fn hex_digits(bits: u32, n: i32) -> ([u8; 8], usize) {
    let digits = if n < 0 {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    let text = std::array::from_fn(|at| digits[(bits >> (28 - 4 * at) & 15) as usize]);
    (text, 8 - n.unsigned_abs().min(8) as usize)
}
