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
    fn empty() -> Formatted {
        Formatted {
            bytes: [0; CAPACITY],
            start: 0,
            end: 0,
        }
    }

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
    from_right(n.unsigned_abs(), 0, n < 0)
}

/// Writes digits, with a point before the last `n_decimals`. All fit.
#[inline(always)]
fn from_right(digits: u64, n_decimals: usize, is_negative: bool) -> Formatted {
    let mut out = Formatted {
        bytes: [0; CAPACITY],
        start: CAPACITY as u8,
        end: CAPACITY as u8,
    };
    let mut push = |byte: u8| {
        out.start -= 1;
        out.bytes[out.start as usize] = byte;
    };
    let mut rest = digits;
    for _ in 0..n_decimals {
        push(b'0' + (rest % 10) as u8);
        rest /= 10;
    }
    if n_decimals > 0 {
        push(b'.');
    }
    loop {
        push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if is_negative {
        push(b'-');
    }
    out
}

/// The decimal digits of a finite number that is not negative: `0.d1d2d3... * 10^point`
/// without trailing zeros.
struct Decimal {
    /// ASCII; all behind `len` are `0`.
    digits: [u8; CAPACITY],
    len: usize,
    /// How many digits stand before the decimal point.
    point: i32,
}

impl Decimal {
    /// Reads `12.5`, `1.25e-7` and the like.
    fn parse(text: &[u8]) -> Decimal {
        let mut decimal = Decimal {
            digits: [b'0'; CAPACITY],
            len: 0,
            point: 0,
        };
        let mut is_whole = true;
        let mut rest = text;
        while let [byte, tail @ ..] = rest {
            match byte {
                b'0' if decimal.len == 0 => decimal.point -= i32::from(!is_whole),
                b'0'..=b'9' if decimal.len < CAPACITY => {
                    decimal.digits[decimal.len] = *byte;
                    decimal.len += 1;
                    decimal.point += i32::from(is_whole);
                }
                b'.' => is_whole = false,
                _ => break,
            }
            rest = tail;
        }
        if let [b'e', exponent @ ..] = rest {
            let (sign, exponent) = match exponent {
                [b'-', exponent @ ..] => (-1, exponent),
                [b'+', exponent @ ..] => (1, exponent),
                _ => (1, exponent),
            };
            let exponent = exponent.iter().fold(0, |sum, digit| {
                sum * 10 + i32::from(digit.wrapping_sub(b'0'))
            });
            decimal.point += sign * exponent;
        }
        decimal.trim();
        decimal
    }

    /// Drops trailing zeros; zero itself keeps one digit.
    fn trim(&mut self) {
        while self.len > 0 && self.digits[self.len - 1] == b'0' {
            self.len -= 1;
        }
        if self.len == 0 {
            (self.len, self.point) = (1, 1);
        }
    }

    /// At most `precision` digits, correctly rounded.
    fn new(n: f64, precision: usize) -> Decimal {
        /// Digits up to which one in the last place is more than doubles are apart, so
        /// that the shortest text of a number that has no more of them is exact enough.
        const ALWAYS_APART: usize = 15;
        if precision <= ALWAYS_APART && (n.is_normal() || n == 0.0) {
            let mut buffer = zmij::Buffer::new();
            let mut shortest = Decimal::parse(buffer.format_finite(n).as_bytes());
            if shortest.round(precision) {
                return shortest;
            }
        }
        let mut text = Formatted::empty();
        let _ = write!(text, "{:.*e}", precision - 1, n);
        Decimal::parse(text.as_bytes())
    }

    /// Rounds the shortest text of a number. False if the text lies in the middle, where
    /// it does not tell on which side the number is. It does anywhere else: a middle
    /// between text and number would be nearer to the number and not longer.
    fn round(&mut self, precision: usize) -> bool {
        if self.len <= precision {
            return true;
        }
        let cut = self.digits[precision];
        if cut == b'5' && self.len == precision + 1 {
            return false;
        }
        self.digits[precision..].fill(b'0');
        self.len = precision;
        if cut >= b'5' {
            let nines = self.digits[..precision].iter().rev();
            let n_nines = nines.take_while(|&&digit| digit == b'9').count();
            self.digits[precision - n_nines..precision].fill(b'0');
            if n_nines < precision {
                self.digits[precision - n_nines - 1] += 1;
            } else {
                self.digits[0] = b'1';
                self.point += 1;
            }
        }
        self.trim();
        true
    }
}

/// The text of a number of at most 14 digits, one to three of them behind the point: what
/// `%.14g` and `%.15g` give. `None` for others, among them whole ones. No text of so few
/// digits is nearer to a number than the one that reads as it.
fn few_decimals(n: f64) -> Option<Formatted> {
    let magnitude = n.abs();
    for (n_decimals, power) in [(1, 10.0), (2, 100.0), (3, 1000.0)] {
        let scaled = magnitude * power;
        if scaled.is_nan() || scaled >= 1e14 - 1.0 {
            return None;
        }
        let digits = (scaled + 0.5) as u64;
        // Both are exact, so the quotient is the number that the text reads as.
        if digits as f64 / power != magnitude {
            continue;
        }
        if digits.is_multiple_of(10) {
            return None;
        }
        return Some(from_right(digits, n_decimals, n < 0.0));
    }
    None
}

/// C's `%.{precision}g` for any number; `precision` is 1 to 17.
fn general(n: f64, precision: usize) -> Formatted {
    if (14..=15).contains(&precision)
        && let Some(text) = few_decimals(n)
    {
        return text;
    }
    any(n, precision)
}

/// [`general`] without a shorter way.
fn any(n: f64, precision: usize) -> Formatted {
    let mut out = Formatted::empty();
    if n.is_nan() {
        out.push_all(&b"-nan"[usize::from(n.is_sign_positive())..]);
        return out;
    }
    if n.is_infinite() {
        out.push_all(&b"-inf"[usize::from(n > 0.0)..]);
        return out;
    }
    let Decimal { digits, len, point } = Decimal::new(n.abs(), precision);
    if n.is_sign_negative() {
        out.push_all(b"-");
    }
    let exponent = point - 1;
    if exponent < -4 || exponent >= precision as i32 {
        out.push_all(&digits[..1]);
        if len > 1 {
            out.push_all(b".");
            out.push_all(&digits[1..len]);
        }
        out.push_all(if exponent < 0 { b"e-" } else { b"e+" });
        let size = exponent.unsigned_abs();
        let ascii = [size / 100, size / 10 % 10, size % 10].map(|digit| b'0' + digit as u8);
        out.push_all(&ascii[usize::from(size < 100)..]);
    } else if point <= 0 {
        out.push_all(&b"0.000"[..(2 - point) as usize]);
        out.push_all(&digits[..len]);
    } else {
        let whole = point as usize;
        out.push_all(&digits[..whole]);
        if len > whole {
            out.push_all(b".");
            out.push_all(&digits[whole..len]);
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
    fn shortest_digits_round_as_exact_ones() {
        // The middle between two texts, on both sides of it, and carries.
        for n in [
            0.5_f64, 2.5, 0.15, 0.25, 0.35, 1.005, 9.995, 99.95, 999999.5, 1e22, 1e23,
        ] {
            for n in [
                n,
                f64::from_bits(n.to_bits() - 1),
                f64::from_bits(n.to_bits() + 1),
            ] {
                same_as_exact(n);
            }
        }
        // Subnormal ones are further apart than their digits tell.
        for bits in [
            1,
            2,
            0xf_ffff_ffff_ffff,
            0x10_0000_0000_0000,
            f64::MAX.to_bits(),
        ] {
            same_as_exact(f64::from_bits(bits));
        }
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let bits = state ^ state >> 29;
            same_as_exact(f64::from_bits(bits));
            same_as_exact((bits >> 11) as f64 / 1e13);
            same_as_exact((bits >> 40) as f64 / 1000.0);
        }
    }

    #[test]
    fn few_decimals_are_those_of_the_exact_number() {
        let check = |n: f64| {
            let long_way = |precision| any(n, precision).as_bytes().to_vec();
            if let Some(text) = few_decimals(n) {
                let text = text.as_bytes().to_vec();
                assert_eq!([&text, &text], [&long_way(14), &long_way(15)], "{n:e}");
            }
        };
        let mut state = 1u64;
        for _ in 0..50_000 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let bits = state ^ state >> 29;
            for power in [10.0, 100.0, 1000.0] {
                let n = (bits >> (17 + bits % 44)) as f64 / power;
                for bits in [n.to_bits().saturating_sub(1), n.to_bits(), n.to_bits() + 1] {
                    check(f64::from_bits(bits));
                    check(-f64::from_bits(bits));
                }
            }
            check(f64::from_bits(bits));
        }
        for whole in 0..=20_000 {
            let n = f64::from(whole) / 1000.0;
            check(n);
            assert_eq!(few_decimals(n).is_none(), whole % 1000 == 0, "{n}");
        }
        for n in [
            0.001,
            0.1,
            9999999999999.9,
            99999999999999.5,
            1e13 + 0.5,
            0.0,
        ] {
            check(n);
        }
    }

    /// Compares with digits that come from the exact value alone.
    #[track_caller]
    fn same_as_exact(n: f64) {
        if !n.is_finite() {
            return;
        }
        let n = n.abs();
        for precision in 1..=17 {
            let exact = Decimal::parse(format!("{:.*e}", precision - 1, n).as_bytes());
            let ours = Decimal::new(n, precision);
            assert_eq!(
                (&ours.digits[..ours.len], ours.point),
                (&exact.digits[..exact.len], exact.point),
                "{n:e} to {precision} digits"
            );
        }
    }

    #[test]
    fn integers_out_of_range_are_the_smallest() {
        assert_eq!(to_integer(1e300), i64::MIN);
        assert_eq!(to_integer(f64::NAN), i64::MIN);
        assert_eq!(to_integer(-1.9), -1);
        assert_eq!(to_integer(9.2e18), 9_200_000_000_000_000_000);
    }
}
