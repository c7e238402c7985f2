//! Numbers in their textual form, read as strictly as Redis reads them.

use num_bigint::BigUint;

use crate::keyspace::long_double::round_to_bits;

/// A decimal integer in its canonical form only: no spaces, no `+`, no leading
/// zeros, no `-0`.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_canonical = match digits {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !is_canonical {
        return None;
    }
    let magnitude = digits.iter().try_fold(0_u64, |n, digit| {
        n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    if digits.len() < text.len() {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// A number as C's `strtod` reads it, but without leading space, without anything
/// behind it, and not NaN. `None` also if it is too large or too small for a double.
#[must_use]
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    /// Integers of so many digits are doubles.
    const MAX_EXACT_LEN: usize = 15;
    if text.len() <= MAX_EXACT_LEN
        && let Some(integer) = parse_i64(text)
    {
        return Some(integer as f64);
    }
    let (value, is_exact) = strtod(text)?;
    is_exact.then_some(value)
}

/// The end of a range of scores, which Redis reads less strictly: spaces may come
/// first, nothing at all is 0, and what is out of range becomes infinite or 0.
#[must_use]
pub fn parse_bound(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    strtod(text.trim_ascii_start()).map(|(value, _)| value)
}

/// What `SORT` compares, read as [`parse_bound`] does, but within range.
#[must_use]
pub fn parse_weight(text: &[u8]) -> Option<f64> {
    // To C the text ends at a NUL.
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    strtod(text.trim_ascii_start())
        .filter(|(_, in_range)| *in_range)
        .map(|(value, _)| value)
}

/// The number, and whether it is within the range of a double.
fn strtod(text: &[u8]) -> Option<(f64, bool)> {
    let (negative, number) = Numeral::scan(text)?;
    let (magnitude, in_range) = match number {
        Numeral::Infinity => (f64::INFINITY, true),
        Numeral::Decimal { text, is_zero, .. } => {
            let value = std::str::from_utf8(text).ok()?.parse::<f64>().ok()?;
            (value, value.is_finite() && (value != 0.0 || is_zero))
        }
        Numeral::Hexadecimal { digits, exponent } => {
            let is_zero = digits == BigUint::ZERO;
            match round_to_bits(digits, exponent, false, 53, -1074) {
                _ if is_zero => (0.0, true),
                Some((_, exponent)) if exponent > 971 => (f64::INFINITY, false),
                Some((mantissa, exponent)) => {
                    // Two steps, for 2^exponent alone can be below the smallest double.
                    let half = exponent / 2;
                    let value = mantissa as f64 * 2_f64.powi(half) * 2_f64.powi(exponent - half);
                    (value, true)
                }
                None if exponent > 0 => (f64::INFINITY, false),
                None => (0.0, false),
            }
        }
    };
    Some((if negative { -magnitude } else { magnitude }, in_range))
}

/// What C's `strtod` and `strtold` accept, apart from NaN.
pub(crate) enum Numeral<'a> {
    Infinity,
    /// Digits with an optional point and exponent.
    Decimal {
        /// All of it, without the sign.
        text: &'a [u8],
        /// The digits before the point.
        whole: &'a [u8],
        /// The digits behind it.
        fraction: &'a [u8],
        /// The power of ten, saturated.
        exponent: i64,
        /// No digit is another than 0.
        is_zero: bool,
    },
    /// An integer times a power of two.
    Hexadecimal {
        digits: BigUint,
        exponent: i64,
    },
}

impl<'a> Numeral<'a> {
    /// Splits off the sign (`true` is negative) and recognises the rest, which must be
    /// the whole text.
    pub(crate) fn scan(text: &'a [u8]) -> Option<(bool, Self)> {
        let (negative, body) = match text {
            [b'-', body @ ..] => (true, body),
            [b'+', body @ ..] => (false, body),
            _ => (false, text),
        };
        if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
            return Some((negative, Self::Infinity));
        }
        let numeral = match body {
            [b'0', b'x' | b'X', hex @ ..] => {
                let (whole, fraction, exponent) = split(hex, b'p', u8::is_ascii_hexdigit)?;
                let digits = [whole, fraction].concat();
                let digits = BigUint::parse_bytes(&digits, 16)?;
                let exponent = exponent.saturating_sub(4 * fraction.len() as i64);
                Self::Hexadecimal { digits, exponent }
            }
            _ => {
                let (whole, fraction, exponent) = split(body, b'e', u8::is_ascii_digit)?;
                let is_zero = whole.iter().chain(fraction).all(|digit| *digit == b'0');
                Self::Decimal {
                    text: body,
                    whole,
                    fraction,
                    exponent,
                    is_zero,
                }
            }
        };
        Some((negative, numeral))
    }
}

/// Splits `12.5e3` into `12`, `5` and 3; the marker of the exponent may be in either
/// case, and the exponent is always decimal.
fn split(text: &[u8], marker: u8, is_digit: fn(&u8) -> bool) -> Option<(&[u8], &[u8], i64)> {
    let run = |text: &[u8]| text.iter().take_while(|byte| is_digit(byte)).count();
    let (whole, rest) = text.split_at(run(text));
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(run(rest)),
        _ => (&[][..], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [letter, exponent @ ..] if letter.eq_ignore_ascii_case(&marker) => {
            parse_exponent(exponent)?
        }
        _ => return None,
    };
    Some((whole, fraction, exponent))
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // No format has exponents anywhere near the point of saturation.
    let magnitude = digits.iter().fold(0_i64, |n, digit| {
        (n * 10 + i64::from(digit - b'0')).min(1 << 40)
    });
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_canonical() {
        let parsed = ["0", "-1", "9223372036854775807", "-9223372036854775808"]
            .map(|text| parse_i64(text.as_bytes()).map(|value| value.to_string()));
        assert_eq!(
            parsed.map(Option::unwrap),
            ["0", "-1", "9223372036854775807", "-9223372036854775808",]
        );
        for text in [
            "",
            "-",
            "-0",
            "+1",
            " 1",
            "1 ",
            "01",
            "0x1",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999999",
        ] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn doubles_are_read_as_strtod_does() {
        for (text, expected) in [
            ("1", 1.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("-1e3", -1000.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("0x1.8p1", 3.0),
            ("0x1p-1074", 5e-324),
            ("1e-400000000000000000000", f64::NAN),
            ("0e999", 0.0),
            ("5e-324", 5e-324),
            ("1e400", f64::NAN),
            ("1e-400", f64::NAN),
            (" 1", f64::NAN),
            ("1 ", f64::NAN),
            ("", f64::NAN),
            (".", f64::NAN),
            ("e5", f64::NAN),
            ("1e", f64::NAN),
            ("nan", f64::NAN),
            ("infin", f64::NAN),
            ("0x", f64::NAN),
        ] {
            let expected = (!expected.is_nan()).then_some(expected);
            assert_eq!(parse_f64(text.as_bytes()), expected, "{text:?}");
        }
    }
}
