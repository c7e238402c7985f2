//! Numbers as the protocol and the commands write them; how they are read is in
//! [`keyspace::number`](crate::keyspace::number). Lua's own formats are not these.

use std::io::Write as _;

use crate::compat::Compat;
use crate::keyspace::number::parse_i64;

/// How the doubles in replies are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DoubleText {
    /// See [`write_double`].
    #[default]
    Shortest,
    /// See [`write_seventeen_digits`].
    SeventeenDigits,
}

impl DoubleText {
    /// How that server writes them.
    #[must_use]
    pub fn of(compat: Compat) -> Self {
        if compat == Compat::Redis70 {
            Self::SeventeenDigits
        } else {
            Self::Shortest
        }
    }

    /// Appends `value`.
    pub fn write(self, out: &mut Vec<u8>, value: f64) {
        match self {
            Self::Shortest => write_double(out, value),
            Self::SeventeenDigits => write_seventeen_digits(out, value),
        }
    }

    /// Appends the score of a member as a small sorted set keeps it: whole numbers are
    /// integers there, and zero has no sign.
    pub fn write_kept(self, out: &mut Vec<u8>, score: f64) {
        const MAX_WHOLE: f64 = (1_i64 << 62) as f64;
        if score.fract() == 0.0 && score.abs() <= MAX_WHOLE {
            write_integer(out, score as i64);
        } else {
            self.write(out, score);
        }
    }
}

/// Appends `value` in decimal.
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends `value` with the fewest digits that read back as the same double, laid
/// out as the server lays them out: plain while that is short, `d.ddde+x` otherwise;
/// `inf`, `-inf`, `nan`, `-nan`.
pub fn write_double(out: &mut Vec<u8>, value: f64) {
    /// Below this an integral double has no more than 17 digits and prints plainly.
    const PLAIN_LIMIT: f64 = 1e17;
    if value.is_nan() {
        out.extend_from_slice(if value.is_sign_negative() {
            b"-nan"
        } else {
            b"nan"
        });
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        out.extend_from_slice(b"inf");
    } else if magnitude < PLAIN_LIMIT
        && magnitude.fract() == 0.0
        && magnitude < 9_007_199_254_740_992.0
    {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // integral, below 2^53
        out.extend_from_slice(itoa::Buffer::new().format(magnitude as u64).as_bytes());
    } else {
        write_shortest(out, magnitude);
    }
}

/// The general case of [`write_double`]: a positive finite number.
fn write_shortest(out: &mut Vec<u8>, magnitude: f64) {
    // Rust's `{:e}` prints shortest round-trip digits: `d[.ddd]e[-]x`.
    let mut scientific = [0u8; 40];
    let mut rest: &mut [u8] = &mut scientific;
    let fits = write!(rest, "{magnitude:e}").is_ok();
    debug_assert!(fits, "17 digits, a point and an exponent fit 40 bytes");
    let unused = rest.len();
    let text = &scientific[..scientific.len() - unused];
    let e_at = text.iter().position(|&b| b == b'e').unwrap_or(text.len());
    let exponent = text.get(e_at + 1..).and_then(parse_i64).unwrap_or(0);
    let mut digits = [0u8; 20];
    let mut n_digits = 0;
    for &byte in text[..e_at].iter().filter(|b| b.is_ascii_digit()) {
        if let Some(slot) = digits.get_mut(n_digits) {
            *slot = byte;
            n_digits += 1;
        }
    }
    let digits = &digits[..n_digits];

    // value = digits * 10^scale
    let n = n_digits as i64;
    let scale = exponent - (n - 1);
    if scale >= 0 && exponent.abs() < n + 7 {
        out.extend_from_slice(digits);
        out.resize(out.len() + scale as usize, b'0');
    } else if scale < 0 && (scale > -7 || exponent.abs() < 4) {
        let int_digits = n + scale;
        if int_digits <= 0 {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + int_digits.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits);
        } else {
            let (int, fraction) = digits.split_at(int_digits as usize);
            out.extend_from_slice(int);
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
    } else {
        let (first, others) = digits.split_at(1.min(n_digits));
        out.extend_from_slice(first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        write_integer(out, exponent.abs());
    }
}

/// Appends `value` as C's `%.17g` prints it.
pub fn write_seventeen_digits(out: &mut Vec<u8>, value: f64) {
    const DIGITS: i64 = 17;
    if !value.is_finite() {
        write_double(out, value);
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    // A digit, a point, sixteen digits, `e`, the exponent.
    let scientific = format!("{:.16e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent = parse_i64(exponent.as_bytes()).unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let (first, others) = digits.split_at(1);
    let whole_len = if (0..DIGITS).contains(&exponent) {
        exponent as usize
    } else {
        0
    };
    if (-4..0).contains(&exponent) {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
        return;
    }
    let (whole, fraction) = others.split_at(whole_len);
    let fraction = fraction.trim_end_matches('0');
    out.extend_from_slice(first.as_bytes());
    out.extend_from_slice(whole.as_bytes());
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_are_those_of_c() {
        let check = |value: f64, expected: &str| {
            let mut out = Vec::new();
            write_seventeen_digits(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check(0.0, "0");
        check(-0.0, "-0");
        check(3.0, "3");
        check(-1.5, "-1.5");
        check(0.1, "0.10000000000000001");
        check(1234.5, "1234.5");
        check(0.000_1, "0.0001");
        check(0.5e-4, "5.0000000000000002e-05");
        check(1e16, "10000000000000000");
        check(1e17, "1e+17");
        check(123_456_789_012_345_678.0, "1.2345678901234568e+17");
        check(5e-324, "4.9406564584124654e-324");
        check(f64::MAX, "1.7976931348623157e+308");
        check(f64::NEG_INFINITY, "-inf");
    }

    #[test]
    fn kept_scores_are_integers_if_whole() {
        let check = |score: f64, expected: [&str; 2]| {
            for (text, expected) in [DoubleText::Shortest, DoubleText::SeventeenDigits]
                .into_iter()
                .zip(expected)
            {
                let mut out = Vec::new();
                text.write_kept(&mut out, score);
                assert_eq!(String::from_utf8_lossy(&out), expected);
            }
        };
        check(-0.0, ["0"; 2]);
        check(1e17, ["100000000000000000"; 2]);
        check(123_456_789_012_345_678.0, ["123456789012345680"; 2]);
        check(1e300, ["1e+300", "1.0000000000000001e+300"]);
        check(0.1, ["0.1", "0.10000000000000001"]);
    }

    fn check_double(value: f64, expected: &str) {
        let mut out = Vec::new();
        write_double(&mut out, value);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn doubles_are_laid_out_as_the_server_does() {
        check_double(0.0, "0");
        check_double(-0.0, "-0");
        check_double(3.0, "3");
        check_double(0.1, "0.1");
        check_double(-1.5, "-1.5");
        check_double(1.0 / 3.0, "0.3333333333333333");
        check_double(1e-5, "0.00001");
        check_double(0.000_012_34, "1.234e-5");
        check_double(-1.5e-7, "-1.5e-7");
        check_double(1e15, "1000000000000000");
        check_double(1e19, "1e+19");
        check_double(9_223_372_036_854_775_808.0, "9223372036854776000");
        check_double(12_345_678_901_234_567_890.0, "12345678901234567000");
        check_double(f64::MAX, "1.7976931348623157e+308");
        check_double(5e-324, "5e-324");
        check_double(f64::INFINITY, "inf");
        check_double(f64::NEG_INFINITY, "-inf");
        check_double(f64::NAN.copysign(-1.0), "-nan");
    }
}
