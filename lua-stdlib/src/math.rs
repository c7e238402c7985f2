//! The `math` library (§5.6).
//!
//! Owns the functions and the random number generator. Arithmetic is that of IEEE doubles and
//! the platform's C library, as in the reference.

use std::f64::consts::PI;

use lua_vm::{CallCx, FastArgs, FastResult, LuaError, Returned, Table, Value};

use crate::library::Entry::{Alias, Fast, Native, Number, Stateful};
use crate::library::{Library, Parts};

/// The `math` library.
pub const MATH: Library = Library {
    name: "math",
    manual: "§5.6",
    entries: &[
        ("abs", Fast(abs, abs_fast)),
        ("acos", Native(acos)),
        ("asin", Native(asin)),
        ("atan2", Native(atan2)),
        ("atan", Native(atan)),
        ("ceil", Fast(ceil, ceil_fast)),
        ("cosh", Native(cosh)),
        ("cos", Fast(cos, cos_fast)),
        ("deg", Native(deg)),
        ("exp", Fast(exp, exp_fast)),
        ("floor", Fast(floor, floor_fast)),
        ("fmod", Fast(fmod, fmod_fast)),
        ("frexp", Native(frexp)),
        ("ldexp", Native(ldexp)),
        ("log10", Native(log10)),
        ("log", Fast(log, log_fast)),
        ("max", Fast(max, max_fast)),
        ("min", Fast(min, min_fast)),
        ("modf", Native(modf)),
        ("pow", Fast(pow, pow_fast)),
        ("rad", Native(rad)),
        ("random", Stateful(random)),
        ("randomseed", Stateful(randomseed)),
        ("sinh", Native(sinh)),
        ("sin", Fast(sin, sin_fast)),
        ("sqrt", Fast(sqrt, sqrt_fast)),
        ("tanh", Native(tanh)),
        ("tan", Native(tan)),
        ("pi", Number(PI)),
        ("huge", Number(f64::INFINITY)),
        ("mod", Alias("fmod")),
    ],
    finish: Some(finish),
};

/// Functions of one number; the second column names the hot entry, where there is one.
macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident $($fast:ident)?: $compute:expr;)*) => {$(
        $(#[$doc])*
        fn $name(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
            let compute: fn(f64) -> f64 = $compute;
            let x = cx.check_number(1)?;
            cx.ret_number(compute(x))
        }
        $(fn $fast(args: FastArgs<'_>) -> FastResult<'_> {
            let compute: fn(f64) -> f64 = $compute;
            match args.number(0) {
                Some(x) => FastResult::number(compute(x)),
                None => FastResult::DECLINE,
            }
        })?
    )*};
}

unary! {
    /// Implements `math.abs` (§5.6).
    abs abs_fast: f64::abs;
    /// Implements `math.acos` (§5.6), in radians.
    acos: f64::acos;
    /// Implements `math.asin` (§5.6), in radians.
    asin: f64::asin;
    /// Implements `math.atan` (§5.6), in radians.
    atan: f64::atan;
    /// Implements `math.ceil` (§5.6).
    ceil ceil_fast: f64::ceil;
    /// Implements `math.cos` (§5.6), of radians.
    cos cos_fast: f64::cos;
    /// Implements `math.cosh` (§5.6).
    cosh: f64::cosh;
    /// Implements `math.deg` (§5.6): radians in degrees.
    deg: |x| x / (PI / 180.0);
    /// Implements `math.exp` (§5.6).
    exp exp_fast: f64::exp;
    /// Implements `math.floor` (§5.6).
    floor floor_fast: f64::floor;
    /// Implements `math.log` (§5.6), to base e.
    log log_fast: f64::ln;
    /// Implements `math.log10` (§5.6).
    log10: f64::log10;
    /// Implements `math.rad` (§5.6): degrees in radians.
    rad: |x| x * (PI / 180.0);
    /// Implements `math.sin` (§5.6), of radians.
    sin sin_fast: f64::sin;
    /// Implements `math.sinh` (§5.6).
    sinh: f64::sinh;
    /// Implements `math.sqrt` (§5.6).
    sqrt sqrt_fast: f64::sqrt;
    /// Implements `math.tan` (§5.6), of radians.
    tan: f64::tan;
    /// Implements `math.tanh` (§5.6).
    tanh: f64::tanh;
}

/// Functions of two numbers. The second is checked first, as C compilers happen to do in the
/// reference.
macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident $($fast:ident)?: $compute:expr;)*) => {$(
        $(#[$doc])*
        fn $name(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
            let compute: fn(f64, f64) -> f64 = $compute;
            let y = cx.check_number(2)?;
            let x = cx.check_number(1)?;
            cx.ret_number(compute(x, y))
        }
        $(fn $fast(args: FastArgs<'_>) -> FastResult<'_> {
            let compute: fn(f64, f64) -> f64 = $compute;
            match (args.number(0), args.number(1)) {
                (Some(x), Some(y)) => FastResult::number(compute(x, y)),
                _ => FastResult::DECLINE,
            }
        })?
    )*};
}

binary! {
    /// Implements `math.atan2` (§5.6), in radians.
    atan2: f64::atan2;
    /// Implements `math.fmod` (§5.6), also under its old name `math.mod`: the remainder with
    /// the sign of the first argument.
    fmod fmod_fast: |x, y| x % y;
    /// Implements `math.pow` (§5.6).
    pow pow_fast: f64::powf;
}

/// The argument that comes out when each next one replaces the best so far if `better`.
fn best(cx: &CallCx<'_>, better: fn(f64, f64) -> bool) -> Result<Returned, LuaError> {
    let mut best = cx.check_number(1)?;
    for i in 2..=cx.arg_count() {
        let number = cx.check_number(i)?;
        if better(number, best) {
            best = number;
        }
    }
    cx.ret_number(best)
}

fn best_fast<'a>(args: FastArgs<'a>, better: fn(f64, f64) -> bool) -> FastResult<'a> {
    let Some(mut best) = args.number(0) else {
        return FastResult::DECLINE;
    };
    for i in 1..args.len() {
        match args.number(i) {
            Some(number) if better(number, best) => best = number,
            Some(_) => {}
            None => return FastResult::DECLINE,
        }
    }
    FastResult::number(best)
}

/// Implements `math.max` (§5.6): the largest argument. NaN is never larger than another.
fn max(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    best(cx, |a, b| a > b)
}

fn max_fast(args: FastArgs<'_>) -> FastResult<'_> {
    best_fast(args, |a, b| a > b)
}

/// Implements `math.min` (§5.6): the smallest argument. NaN is never smaller than another.
fn min(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    best(cx, |a, b| a < b)
}

fn min_fast(args: FastArgs<'_>) -> FastResult<'_> {
    best_fast(args, |a, b| a < b)
}

/// Implements `math.modf` (§5.6): the integral part, toward zero, and the rest, both with the
/// sign of the argument.
fn modf(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let x = cx.check_number(1)?;
    let whole = x.trunc();
    let fraction = if x.is_infinite() { 0.0 } else { x - whole };
    cx.push_number(whole);
    cx.push_number(if x.is_nan() { x } else { fraction.copysign(x) });
    cx.ret_top(2)
}

/// Implements `math.frexp` (§5.6): `m` in [0.5, 1) and an integer `e` with `x = m * 2^e`.
fn frexp(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (mantissa, exponent) = split_exponent(cx.check_number(1)?);
    cx.push_number(mantissa);
    cx.push_number(f64::from(exponent));
    cx.ret_top(2)
}

/// Implements `math.ldexp` (§5.6): `m * 2^e`.
fn ldexp(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let exponent = cx.check_int(2)?;
    let mantissa = cx.check_number(1)?;
    cx.ret_number(scale(mantissa, exponent))
}

const EXPONENT_BITS: u32 = 52;
const EXPONENT_MASK: u64 = 0x7FF << EXPONENT_BITS;

/// C's `frexp`.
fn split_exponent(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (normal, shift) = if x.is_subnormal() {
        (x * 2f64.powi(64), -64)
    } else {
        (x, 0)
    };
    let bits = normal.to_bits();
    let biased = ((bits & EXPONENT_MASK) >> EXPONENT_BITS) as i32;
    let mantissa = f64::from_bits(bits & !EXPONENT_MASK | 1022 << EXPONENT_BITS);
    (mantissa, biased - 1022 + shift)
}

/// C's `ldexp`: one rounding, also when the result is subnormal.
fn scale(mut x: f64, mut exponent: i32) -> f64 {
    // Steps that stay exact: up by 2^1023, down by 2^-969, so that what is left of a
    // subnormal result is rounded by the last multiplication alone.
    if exponent > 1023 {
        for _ in 0..2 {
            if exponent > 1023 {
                x *= 2f64.powi(1023);
                exponent -= 1023;
            }
        }
        exponent = exponent.min(1023);
    } else if exponent < -1022 {
        for _ in 0..2 {
            if exponent < -1022 {
                x *= 2f64.powi(-1022) * 2f64.powi(53);
                exponent += 969;
            }
        }
        exponent = exponent.max(-1022);
    }
    x * f64::from_bits(((exponent + 1023) as u64) << EXPONENT_BITS)
}

/// The generator behind `math.random`: the 48-bit linear congruence of POSIX's `drand48`
/// family, of which the upper 31 bits are used. The same sequence on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Random::new()
    }
}

impl Random {
    const MODULUS: u64 = 1 << 48;
    /// C's `RAND_MAX`.
    const MAX: u32 = i32::MAX as u32;

    /// The generator before any seed was given.
    pub const fn new() -> Random {
        Random(0x1234_ABCD_330E)
    }

    /// The generator after `math.randomseed(seed)`.
    pub const fn seeded(seed: i32) -> Random {
        Random((seed as u32 as u64) << 16 | 0x330E)
    }

    /// The next number, below 2^31.
    pub fn next_bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) % Self::MODULUS;
        (self.0 >> 17) as u32
    }

    /// The next number in [0, 1).
    pub fn next_fraction(&mut self) -> f64 {
        f64::from(self.next_bits() % Self::MAX) / f64::from(Self::MAX)
    }
}

/// Starts the generator, whose state is element 1 of the library's state.
fn finish(_: &CallCx<'_>, parts: Parts<'_>) -> Result<(), LuaError> {
    store(parts.state, Random::new())
}

/// 48 bits fit a number exactly.
fn store(state: Table<'_>, random: Random) -> Result<(), LuaError> {
    state.set_index(1, Value::Number(random.0 as f64))
}

/// Implements `math.random` (§5.6): a number in [0, 1), in [1, m], or in [m, n] as an
/// integer. Errors with `interval is empty` or `wrong number of arguments`.
fn random(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let mut r = 0.0;
    if let Value::Table(state) = cx.upvalue(1) {
        let mut random = Random(state.get_index(1).as_number().unwrap_or(0.0) as u64);
        r = random.next_fraction();
        store(state, random)?;
    }
    match cx.arg_count() {
        0 => cx.ret_number(r),
        1 => {
            let high = cx.check_int(1)?;
            if high < 1 {
                return Err(cx.arg_error(1, "interval is empty"));
            }
            cx.ret_number((r * f64::from(high)).floor() + 1.0)
        }
        2 => {
            let (low, high) = (cx.check_int(1)?, cx.check_int(2)?);
            if low > high {
                return Err(cx.arg_error(2, "interval is empty"));
            }
            // C computes the width as an int, which wraps.
            let width = high.wrapping_sub(low).wrapping_add(1);
            cx.ret_number((r * f64::from(width)).floor() + f64::from(low))
        }
        _ => Err(cx.error("wrong number of arguments")),
    }
}

/// Implements `math.randomseed` (§5.6): restarts the sequence that belongs to the integer `x`.
fn randomseed(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let seed = cx.check_int(1)?;
    if let Value::Table(state) = cx.upvalue(1) {
        store(state, Random::seeded(seed))?;
    }
    cx.ret0()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_sequence_is_fixed() {
        assert_eq!(
            format!("{:.14}", Random::new().next_fraction()),
            "0.39646477363839"
        );
        let mut random = Random::seeded(1);
        assert_eq!(
            format!("{:.14}", random.next_fraction()),
            "0.04163034448476"
        );
        assert_eq!((random.next_fraction() * 100.0).floor() + 1.0, 46.0);
    }

    #[test]
    fn exponents() {
        assert_eq!(split_exponent(8.0), (0.5, 4));
        assert_eq!(split_exponent(-0.0), (0.0, 0));
        assert_eq!(split_exponent(5e-324), (0.5, -1073));
        assert_eq!(split_exponent(f64::INFINITY), (f64::INFINITY, 0));
        for x in [1.0, -3.7, 5e-324, f64::MAX, 1e-310] {
            let (mantissa, exponent) = split_exponent(x);
            assert_eq!(scale(mantissa, exponent), x);
        }
        assert_eq!(scale(1.0, 2000), f64::INFINITY);
        assert_eq!(scale(1.0, i32::MIN), 0.0);
        assert_eq!(scale(5e-324, 2097), 2f64.powi(1023));
        // 0b1.1 * 2^-1075 rounds to even once: to the smallest subnormal.
        assert_eq!(scale(1.5, -1075), 5e-324);
    }
}
