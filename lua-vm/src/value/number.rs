#![forbid(unsafe_code)]
//! Numbers as text and as integers: the conversions that the language applies by
//! itself (manual §2.2.1). Numerals are read by `lua_syntax`'s scanner, which the
//! compiler re-exports.

use std::io::Write;

/// Longest text that [`Formatted`] holds: sign, 14 digits, point, exponent.
const CAPACITY: usize = 32;

/// A number formatted as `%.14g`, without an allocation.
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
}

/// Formats a number as `tostring` does: C's `%.14g`.
pub fn format_number(n: f64) -> Formatted {
    if n.is_finite() && n.abs() < 1e15 && n == n.trunc() && !(n == 0.0 && n.is_sign_negative()) {
        // 15 digits would need an exponent from 1e14 on only if they did not fit.
        if n.abs() < 1e14 {
            return format_integer(n as i64);
        }
    }
    let mut out = Formatted {
        bytes: [0; CAPACITY],
        start: 0,
        end: 0,
    };
    let text = general(n, 14);
    out.bytes[..text.len()].copy_from_slice(&text);
    out.end = text.len() as u8;
    out
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

/// C's `%.{precision}g` for any number; `precision >= 1`.
fn general(n: f64, precision: usize) -> Vec<u8> {
    if n.is_nan() {
        return if n.is_sign_negative() {
            b"-nan".to_vec()
        } else {
            b"nan".to_vec()
        };
    }
    if n.is_infinite() {
        return if n < 0.0 {
            b"-inf".to_vec()
        } else {
            b"inf".to_vec()
        };
    }
    // Exact digits, correctly rounded: "d.ddddde-7".
    let mut text = Vec::with_capacity(CAPACITY);
    let _ = write!(text, "{:.*e}", precision - 1, n);
    let at = text.iter().position(|&b| b == b'e').unwrap_or(text.len());
    let exponent: i32 = std::str::from_utf8(&text[at + 1..])
        .ok()
        .and_then(|e| e.parse().ok())
        .unwrap_or(0);
    let negative = text[0] == b'-';
    let mut digits: Vec<u8> = text[usize::from(negative)..at]
        .iter()
        .copied()
        .filter(|b| b.is_ascii_digit())
        .collect();
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    let mut out = Vec::with_capacity(CAPACITY);
    if negative {
        out.push(b'-');
    }
    if exponent < -4 || exponent >= precision as i32 {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let _ = write!(
            out,
            "e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        );
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.extend_from_slice(&digits);
    } else {
        let whole = exponent as usize + 1;
        for i in 0..whole.max(digits.len()) {
            if i == whole {
                out.push(b'.');
            }
            out.push(digits.get(i).copied().unwrap_or(b'0'));
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
    fn integers_out_of_range_are_the_smallest() {
        assert_eq!(to_integer(1e300), i64::MIN);
        assert_eq!(to_integer(f64::NAN), i64::MIN);
        assert_eq!(to_integer(-1.9), -1);
        assert_eq!(to_integer(9.2e18), 9_200_000_000_000_000_000);
    }
}
