#![forbid(unsafe_code)]
//! Numbers as text and as integers: the conversions that the language applies by
//! itself (manual §2.2.1). Numerals are read by `lua_syntax`'s scanner, which the
//! compiler re-exports.

use std::fmt::Write;

/// Longest text that [`Formatted`] holds: sign, 17 digits, point, exponent, and room.
const CAPACITY: usize = 32;

/// A number as text, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct Formatted {
    bytes: [u8; CAPACITY],
    start: u8,
    end: u8,
}

impl Formatted {
    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start as usize..self.end as usize]
    }

    /// Appends what fits.
    fn push_all(&mut self, text: &[u8]) {
        let end = self.end as usize;
        let n = text.len().min(CAPACITY - end);
        self.bytes[end..end + n].copy_from_slice(&text[..n]);
        self.end += n as u8;
    }
}

impl Write for Formatted {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push_all(text.as_bytes());
        Ok(())
    }
}

/// Formats a number as `tostring` does: C's `%.14g`.
pub fn format_number(n: f64) -> Formatted {
    if n.abs() < 1e14 && n == n.trunc() && !(n == 0.0 && n.is_sign_negative()) {
        return format_integer(n as i64);
    }
    general(n, 14)
}

/// Formats a number with at most `digits` significant digits, 1 to 17: C's `%g` with
/// that precision. Other values of `digits` count as the nearest of these.
pub fn format_number_to(n: f64, digits: usize) -> Formatted {
    general(n, digits.clamp(1, 17))
}

fn format_integer(n: i64) -> Formatted {
    let mut out = Formatted {
        bytes: [0; CAPACITY],
        start: CAPACITY as u8,
        end: CAPACITY as u8,
    };
    let mut rest = n.unsigned_abs();
    loop {
        out.start -= 1;
        out.bytes[out.start as usize] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        out.start -= 1;
        out.bytes[out.start as usize] = b'-';
    }
    out
}

/// C's `%.{precision}g` for any number; `precision` is 1 to 17.
fn general(n: f64, precision: usize) -> Formatted {
    let mut out = Formatted {
        bytes: [0; CAPACITY],
        start: 0,
        end: 0,
    };
    if n.is_nan() {
        out.push_all(&b"-nan"[usize::from(n.is_sign_positive())..]);
        return out;
    }
    if n.is_infinite() {
        out.push_all(&b"-inf"[usize::from(n > 0.0)..]);
        return out;
    }
    // Exact digits, correctly rounded: "d.ddddde-7".
    let mut scientific = out;
    let _ = write!(scientific, "{:.*e}", precision - 1, n.abs());
    let text = scientific.as_bytes();
    let at = text.iter().position(|&b| b == b'e').unwrap_or(text.len());
    let exponent: i32 = std::str::from_utf8(&text[at + 1..])
        .ok()
        .and_then(|e| e.parse().ok())
        .unwrap_or(0);
    let mut digits = [b'0'; CAPACITY];
    let mut n_digits = 1;
    digits[0] = text[0];
    if at > 2 {
        let fraction = &text[2..at];
        digits[1..=fraction.len()].copy_from_slice(fraction);
        n_digits += fraction.len();
    }
    while n_digits > 1 && digits[n_digits - 1] == b'0' {
        n_digits -= 1;
    }
    if n.is_sign_negative() {
        out.push_all(b"-");
    }
    if exponent < -4 || exponent >= precision as i32 {
        out.push_all(&digits[..1]);
        if n_digits > 1 {
            out.push_all(b".");
            out.push_all(&digits[1..n_digits]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.abs());
    } else if exponent < 0 {
        out.push_all(&b"0.000"[..(1 - exponent) as usize]);
        out.push_all(&digits[..n_digits]);
    } else {
        let whole = exponent as usize + 1;
        out.push_all(&digits[..whole]);
        if n_digits > whole {
            out.push_all(b".");
            out.push_all(&digits[whole..n_digits]);
        }
    }
    out
}

/// A number as a C `ptrdiff_t`, as the reference's `lua_Integer` conversion gives it
/// on x86-64: truncated, and the smallest integer for NaN and what is out of range.
pub fn to_integer(n: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) {
        n as i64
    } else {
        i64::MIN
    }
}

/// `a % b` as Lua 5.1 computes it: `a - floor(a / b) * b`.
#[inline]
pub(crate) fn modulo(a: f64, b: f64) -> f64 {
    a - (a / b).floor() * b
}

/// `a ^ b`: C's `pow`.
#[inline]
pub(crate) fn power(a: f64, b: f64) -> f64 {
    if b == 2.0 { a * a } else { a.powf(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n: f64, expected: &str) {
        assert_eq!(
            String::from_utf8_lossy(format_number(n).as_bytes()),
            expected
        );
    }

    #[test]
    fn formats_as_percent_14_g() {
        check(0.0, "0");
        check(-0.0, "-0");
        check(1.0, "1");
        check(-17.0, "-17");
        check(99999999999999.0, "99999999999999");
        check(1e14, "1e+14");
        check(123456789012345.0, "1.2345678901234e+14");
        check(123456789012355.0, "1.2345678901236e+14");
        check(1e15, "1e+15");
        check(0.1, "0.1");
        check(1.0 / 3.0, "0.33333333333333");
        check(1e-5, "1e-05");
        check(0.0001, "0.0001");
        check(1.5e300, "1.5e+300");
        check(5e-324, "4.9406564584125e-324");
        check(f64::INFINITY, "inf");
        check(f64::NEG_INFINITY, "-inf");
        check(-f64::NAN, "-nan");
        check(std::f64::consts::PI, "3.1415926535898");
        check(99999999999999.5, "1e+14");
        check(-1234.5, "-1234.5");
    }

    #[test]
    fn formats_to_fewer_and_more_digits() {
        #[track_caller]
        fn check(n: f64, digits: usize, expected: &str) {
            let text = format_number_to(n, digits);
            assert_eq!(String::from_utf8_lossy(text.as_bytes()), expected);
        }
        check(0.0, 1, "0");
        check(-0.0, 3, "-0");
        check(123.0, 3, "123");
        check(123.0, 2, "1.2e+02");
        check(1.0 / 3.0, 3, "0.333");
        check(9.99, 1, "1e+01");
        check(0.000123456, 2, "0.00012");
        check(0.0000123456, 2, "1.2e-05");
        check(1200.0, 6, "1200");
        check(-0.1, 17, "-0.10000000000000001");
        check(-f64::MIN_POSITIVE, 17, "-2.2250738585072014e-308");
        check(1.5, 99, "1.5");
    }

    #[test]
    fn integers_out_of_range_are_the_smallest() {
        assert_eq!(to_integer(1e300), i64::MIN);
        assert_eq!(to_integer(f64::NAN), i64::MIN);
        assert_eq!(to_integer(-1.9), -1);
        assert_eq!(to_integer(9.2e18), 9_200_000_000_000_000_000);
    }
}
