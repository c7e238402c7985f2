//! The conversions of `string.format` (§5.4): C's `printf` on integers, floats and bytes.
//!
//! Owns directive syntax, padding and digits, all exactly as C prints them in the "C" locale.
//! Knows no Lua values: `string` reads the arguments and calls one function per conversion.

use std::io::Write;

/// A malformed directive. The texts are 5.1's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormatError {
    /// More flags than there are different ones.
    #[error("invalid format (repeated flags)")]
    RepeatedFlags,
    /// A width or precision of three digits.
    #[error("invalid format (width or precision too long)")]
    TooLong,
}

/// One directive: what stands between `%` and the conversion letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    /// Digits after the point, least digits, or most bytes; by conversion.
    precision: Option<usize>,
}

impl Spec {
    /// Reads a directive after its `%`; also the number of bytes read. The conversion letter
    /// comes next.
    pub(super) fn parse(text: &[u8]) -> Result<(Spec, usize), FormatError> {
        let mut spec = Spec::default();
        let mut pos = 0;
        while let Some(&flag) = text.get(pos) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                _ => break,
            }
            pos += 1;
        }
        if pos > 5 {
            return Err(FormatError::RepeatedFlags);
        }
        let two_digits = |pos: &mut usize| {
            let mut number = 0;
            for _ in 0..2 {
                if let Some(digit @ b'0'..=b'9') = text.get(*pos) {
                    number = number * 10 + usize::from(digit - b'0');
                    *pos += 1;
                }
            }
            number
        };
        spec.width = two_digits(&mut pos);
        if text.get(pos) == Some(&b'.') {
            pos += 1;
            spec.precision = Some(two_digits(&mut pos));
        }
        if text.get(pos).is_some_and(u8::is_ascii_digit) {
            return Err(FormatError::TooLong);
        }
        Ok((spec, pos))
    }

    /// Whether a precision was given: `%s` then cuts even a long string.
    pub(super) fn has_precision(&self) -> bool {
        self.precision.is_some()
    }

    fn sign(&self, negative: bool) -> &'static [u8] {
        match (negative, self.plus, self.space) {
            (true, _, _) => b"-",
            (false, true, _) => b"+",
            (false, false, true) => b" ",
            (false, false, false) => b"",
        }
    }

    /// Pads what stands in `out` from `start` on to the width; zeros, if they are allowed, go
    /// after the first `prefix` bytes of it.
    fn pad(&self, out: &mut Vec<u8>, start: usize, prefix: usize, zeros: bool) {
        let len = out.len() - start;
        if len >= self.width {
            return;
        }
        let missing = self.width - len;
        let (at, fill) = match (self.left, self.zero && zeros) {
            (true, _) => (out.len(), b' '),
            (false, true) => (start + prefix, b'0'),
            (false, false) => (start, b' '),
        };
        out.resize(out.len() + missing, fill);
        out[at..].rotate_right(missing);
    }

    /// An integer of `prefix` (sign or base) and `digits`.
    fn integer(&self, out: &mut Vec<u8>, prefix: &[u8], digits: &[u8]) {
        let start = out.len();
        out.extend_from_slice(prefix);
        if let Some(precision) = self.precision {
            // Zero prints as nothing under a precision of zero.
            let digits = if precision == 0 && digits == b"0" {
                b""
            } else {
                digits
            };
            out.resize(out.len() + precision.saturating_sub(digits.len()), b'0');
            out.extend_from_slice(digits);
        } else {
            out.extend_from_slice(digits);
        }
        // An explicit precision turns the zero flag off.
        self.pad(out, start, prefix.len(), self.precision.is_none());
    }

    /// `%d` and `%i`.
    pub(super) fn signed(&self, out: &mut Vec<u8>, value: i64) {
        let mut digits = Digits::default();
        self.integer(
            out,
            self.sign(value < 0),
            digits.of(value.unsigned_abs(), b'd'),
        );
    }

    /// `%u`, `%o`, `%x` and `%X`.
    pub(super) fn unsigned(&self, out: &mut Vec<u8>, value: u64, conversion: u8) {
        let mut digits = Digits::default();
        let digits = digits.of(value, conversion);
        let prefix: &[u8] = match conversion {
            b'x' if self.alternate && value != 0 => b"0x",
            b'X' if self.alternate && value != 0 => b"0X",
            // The alternate octal form makes sure that the first digit is a zero: unless it
            // is one already, or the precision puts one there.
            b'o' if self.alternate => {
                let precision = self.precision.unwrap_or(1);
                let zeros = precision > digits.len() || (value == 0 && precision > 0);
                return if zeros {
                    self.integer(out, b"", digits)
                } else if value == 0 {
                    Spec {
                        precision: Some(1),
                        ..*self
                    }
                    .integer(out, b"", digits)
                } else {
                    let with_zero = [b"0", digits].concat();
                    self.integer(out, b"", &with_zero)
                };
            }
            _ => b"",
        };
        self.integer(out, prefix, digits);
    }

    /// `%c`. C builds the item as a string, so a zero byte ends it.
    pub(super) fn character(&self, out: &mut Vec<u8>, byte: u8) {
        let start = out.len();
        if byte != 0 {
            out.push(byte);
            return self.pad(out, start, 0, false);
        }
        // The zero byte counts for the padding before it, and hides the padding after it.
        if !self.left {
            out.resize(start + self.width.saturating_sub(1), b' ');
        }
    }

    /// `%s`. `bytes` is already cut at its first zero byte where C would do so.
    pub(super) fn string(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let len = self
            .precision
            .map_or(bytes.len(), |most| most.min(bytes.len()));
        let start = out.len();
        out.extend_from_slice(&bytes[..len]);
        self.pad(out, start, 0, false);
    }

    /// `%e`, `%E`, `%f`, `%g` and `%G`.
    pub(super) fn float(&self, out: &mut Vec<u8>, value: f64, conversion: u8) {
        let start = out.len();
        let sign = self.sign(value.is_sign_negative());
        out.extend_from_slice(sign);
        let magnitude = value.abs();
        let upper = conversion.is_ascii_uppercase();
        if !magnitude.is_finite() {
            out.extend_from_slice(match (magnitude.is_nan(), upper) {
                (true, false) => b"nan",
                (true, true) => b"NAN",
                (false, false) => b"inf",
                (false, true) => b"INF",
            });
            return self.pad(out, start, sign.len(), false);
        }
        let precision = self.precision.unwrap_or(6);
        match conversion.to_ascii_lowercase() {
            b'f' => {
                match scaled(magnitude, precision) {
                    Some(scaled) => push_fixed(out, scaled, precision),
                    None => append(out, format_args!("{magnitude:.precision$}")),
                }
                if self.alternate && precision == 0 {
                    out.push(b'.');
                }
            }
            b'e' => self.exponential(out, &Decimal::new(magnitude, precision), upper),
            // The format of `tostring`, which has a fast path of its own.
            _ if precision == 14 && !self.alternate && !upper => {
                out.extend_from_slice(lua_vm::format_number(magnitude).as_bytes());
            }
            _ => self.general(out, magnitude, precision.max(1), upper),
        }
        self.pad(out, start, sign.len(), true);
    }

    fn exponential(&self, body: &mut Vec<u8>, decimal: &Decimal, upper: bool) {
        let digits = decimal.digits();
        body.push(digits[0]);
        if digits.len() > 1 || self.alternate {
            body.push(b'.');
        }
        body.extend_from_slice(&digits[1..]);
        let (letter, exponent) = (if upper { 'E' } else { 'e' }, decimal.exponent);
        let sign = if exponent < 0 { '-' } else { '+' };
        append(
            body,
            format_args!("{letter}{sign}{:02}", exponent.unsigned_abs()),
        );
    }

    /// `%g` with `significant` digits: fixed notation while the exponent suits it, without
    /// trailing zeros unless the alternate form asks for them.
    fn general(&self, body: &mut Vec<u8>, magnitude: f64, significant: usize, upper: bool) {
        let mut decimal = Decimal::new(magnitude, significant - 1);
        if !self.alternate {
            decimal.drop_trailing_zeros();
        }
        let exponent = decimal.exponent;
        if !(-4..significant as i32).contains(&exponent) {
            return self.exponential(body, &decimal, upper);
        }
        let digits = decimal.digits();
        if exponent < 0 {
            body.extend_from_slice(b"0.");
            body.resize(body.len() + (-1 - exponent) as usize, b'0');
            body.extend_from_slice(digits);
            return;
        }
        let whole = exponent as usize + 1;
        if digits.len() > whole {
            body.extend_from_slice(&digits[..whole]);
            body.push(b'.');
            body.extend_from_slice(&digits[whole..]);
        } else {
            body.extend_from_slice(digits);
            body.resize(body.len() + (whole - digits.len()), b'0');
            if self.alternate {
                body.push(b'.');
            }
        }
    }
}

/// Writing to a `Vec` cannot fail.
fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Room for the digits of an unsigned integer.
#[derive(Default)]
struct Digits([u8; 22]);

impl Digits {
    /// The digits of `value` in the base of a conversion.
    fn of(&mut self, mut value: u64, conversion: u8) -> &[u8] {
        let mut start = self.0.len();
        let (base, alphabet) = match conversion {
            b'o' => (8, b"0123456789abcdef"),
            b'x' => (16, b"0123456789abcdef"),
            b'X' => (16, b"0123456789ABCDEF"),
            _ => (10, b"0123456789abcdef"),
        };
        loop {
            start -= 1;
            let digit;
            // Constant bases, so that none of them divides at run time.
            (value, digit) = match base {
                8 => (value / 8, value % 8),
                16 => (value / 16, value % 16),
                _ => (value / 10, value % 10),
            };
            self.0[start] = alphabet[digit as usize];
            if value == 0 {
                return &self.0[start..];
            }
        }
    }
}

/// Most significant digits that a directive can ask for.
const MAX_SIGNIFICANT: usize = 100;

/// A number as `d.ddd * 10^exponent`, correctly rounded.
struct Decimal {
    digits: [u8; MAX_SIGNIFICANT],
    len: usize,
    exponent: i32,
}

impl Decimal {
    /// `magnitude` (finite, not negative) with `fraction` digits after the point.
    fn new(magnitude: f64, fraction: usize) -> Decimal {
        if let Some(decimal) = Decimal::by_scaling(magnitude, fraction) {
            return decimal;
        }
        // std writes "d.ddde-7": at most two bytes and an exponent more than the digits.
        let mut text = [0; MAX_SIGNIFICANT + 8];
        let mut rest = &mut text[..];
        let _ = write!(rest, "{magnitude:.fraction$e}");
        let unused = rest.len();
        let text = &text[..text.len() - unused];

        let mut decimal = Decimal {
            digits: [b'0'; MAX_SIGNIFICANT],
            len: 0,
            exponent: 0,
        };
        let mark = memchr::memrchr(b'e', text).unwrap_or(text.len());
        for &byte in &text[..mark] {
            if byte != b'.' {
                decimal.digits[decimal.len] = byte;
                decimal.len += 1;
            }
        }
        decimal.exponent = text
            .get(mark + 1..)
            .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
            .unwrap_or(0);
        decimal
    }

    /// The fast path of [`Decimal::new`], for what [`scaled`] can do.
    fn by_scaling(magnitude: f64, fraction: usize) -> Option<Decimal> {
        if magnitude == 0.0 || fraction > 16 {
            return None;
        }
        let least = 10u64.pow(fraction as u32);
        // The logarithm may be off by one, and rounding may carry into a new digit.
        let mut exponent = magnitude.log10().floor() as i32;
        for _ in 0..3 {
            let places = usize::try_from(fraction as i32 - exponent).ok()?;
            let scaled = scaled(magnitude, places)?;
            if scaled < least {
                exponent -= 1;
            } else if scaled / 10 >= least {
                exponent += 1;
            } else {
                let mut digits = Digits::default();
                let digits = digits.of(scaled, b'd');
                let mut decimal = Decimal {
                    digits: [b'0'; MAX_SIGNIFICANT],
                    len: digits.len(),
                    exponent,
                };
                decimal.digits[..digits.len()].copy_from_slice(digits);
                return Some(decimal);
            }
        }
        None
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    fn drop_trailing_zeros(&mut self) {
        while self.len > 1 && self.digits[self.len - 1] == b'0' {
            self.len -= 1;
        }
    }
}

/// `magnitude * 10^places`, rounded to an integer, ties to even: exactly what printing so many
/// decimal places needs. `None` where 128 bits do not hold the product or 64 the result.
fn scaled(magnitude: f64, places: usize) -> Option<u64> {
    const MOST_PLACES: usize = 22; // 10^22 < 2^74, and a mantissa has 53 bits
    if places > MOST_PLACES {
        return None;
    }
    let bits = magnitude.to_bits();
    let biased = (bits >> 52) as u32;
    // Subnormal numbers, and those from 2^53 on, are left to the general path.
    let shift = (1023 + 52u32).checked_sub(biased)?;
    if biased == 0 || shift > 127 {
        return None;
    }
    let mantissa = bits & ((1 << 52) - 1) | (1 << 52);
    let product = u128::from(mantissa) * 10u128.pow(places as u32);
    let whole = u64::try_from(product >> shift).ok()?;
    if shift == 0 {
        return Some(whole);
    }
    let rest = product & ((1 << shift) - 1);
    let half = 1u128 << (shift - 1);
    let round_up = rest > half || (rest == half && whole % 2 == 1);
    whole.checked_add(u64::from(round_up))
}

/// Appends an integer with a point before its last `places` digits.
fn push_fixed(out: &mut Vec<u8>, scaled: u64, places: usize) {
    let mut digits = Digits::default();
    let digits = digits.of(scaled, b'd');
    let whole = digits.len().saturating_sub(places);
    if whole == 0 {
        out.push(b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if places > 0 {
        out.push(b'.');
        out.resize(out.len() + places.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits[whole..]);
    }
}

/// Bytes that are escaped without asking for room: each becomes four at most.
pub(super) const QUOTED_AT_ONCE: usize = 100;

/// What `%q` puts between the quotes.
pub(super) fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\000"),
            _ => out.push(byte),
        }
    }
}

/// 2^63, the first value beyond a `long`.
const LONG_END: f64 = (1u64 << 63) as f64;

/// C's conversion of a `double` to `long`, as x86-64 does it: out of range gives the minimum.
pub(crate) fn to_signed(value: f64) -> i64 {
    lua_vm::to_integer(value)
}

/// C's conversion of a `double` to `unsigned long`, as x86-64 does it: negative numbers wrap.
pub(super) fn to_unsigned(value: f64) -> u64 {
    if value >= LONG_END {
        to_signed(value - LONG_END) as u64 ^ (1 << 63)
    } else {
        to_signed(value) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(directive: &str) -> (Spec, u8) {
        let text = &directive.as_bytes()[1..];
        let (spec, len) = Spec::parse(text).unwrap();
        (spec, text[len])
    }

    fn check_float(directive: &str, value: f64, expected: &str) {
        let (spec, conversion) = spec(directive);
        let mut out = Vec::new();
        spec.float(&mut out, value, conversion);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{directive}");
    }

    fn check_integer(directive: &str, value: i64, expected: &str) {
        let (spec, conversion) = spec(directive);
        let mut out = Vec::new();
        match conversion {
            b'd' => spec.signed(&mut out, value),
            b'c' => spec.character(&mut out, value as u8),
            _ => spec.unsigned(&mut out, value as u64, conversion),
        }
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{directive}");
    }

    #[test]
    fn floats() {
        check_float("%f", 1.0, "1.000000");
        check_float("%.0f", 2.5, "2");
        check_float("%#.0f", 2.5, "2.");
        check_float("%.2f", 0.125, "0.12");
        check_float("%e", 12345.678, "1.234568e+04");
        check_float("%.0e", 0.0, "0e+00");
        check_float("%E", 1e-100, "1.000000E-100");
        check_float("%g", 100000.0, "100000");
        check_float("%g", 1e6, "1e+06");
        check_float("%g", 0.0001, "0.0001");
        check_float("%g", 0.00001, "1e-05");
        check_float("%#g", 1.0, "1.00000");
        check_float("%.14g", 0.1, "0.1");
        check_float("%.14g", 123456789012345.0, "1.2345678901234e+14");
        check_float("%.3G", 1e-10, "1E-10");
        check_float("%010.3f", -3.25, "-00003.250");
        check_float("%-10.1f|", 3.0, "3.0       ");
        check_float("%+g", 3.0, "+3");
        check_float("%.3f", 0.0005, "0.001");
        check_float("%.2f", 1e-9, "0.00");
        check_float("%.1f", 0.25, "0.2");
        check_float("%.1f", 0.75, "0.8");
        check_float("%g", 9.9999995, "10");
        check_float("%e", 9.5367431640625e-7, "9.536743e-07");
        check_float("%.0f", 9007199254740993.0, "9007199254740992");
        check_float("%05f", f64::INFINITY, "  inf");
        check_float("%G", -f64::INFINITY, "-INF");
        check_float("%g", -0.0, "-0");
    }

    #[test]
    fn integers() {
        check_integer("%5.3d", 7, "  007");
        check_integer("%05d", -42, "-0042");
        check_integer("%.0d", 0, "");
        check_integer("% d", 5, " 5");
        check_integer("%#x", 255, "0xff");
        check_integer("%#X", 0, "0");
        check_integer("%#o", 8, "010");
        check_integer("%#.0o", 0, "0");
        check_integer("%u", -1, "18446744073709551615");
        check_integer("%5c", 65, "    A");
        check_integer("%5c", 0, "    ");
        check_integer("%-5c", 0, "");
    }

    #[test]
    fn malformed_directives() {
        assert_eq!(Spec::parse(b"-+ #0-d"), Err(FormatError::RepeatedFlags));
        assert_eq!(Spec::parse(b"100d"), Err(FormatError::TooLong));
        assert_eq!(Spec::parse(b".100d"), Err(FormatError::TooLong));
        assert_eq!(Spec::parse(b"").unwrap().1, 0);
    }

    #[test]
    fn conversions_to_integers() {
        assert_eq!(to_signed(-3.9), -3);
        assert_eq!(to_signed(1e300), i64::MIN);
        assert_eq!(to_signed(f64::NAN), i64::MIN);
        assert_eq!(to_unsigned(-1.0), u64::MAX);
        assert_eq!(to_unsigned(LONG_END), 1 << 63);
        assert_eq!(to_unsigned(1e300), 0);
    }

    #[test]
    fn quoting() {
        let mut out = Vec::new();
        escaped(&mut out, b"a\"\\\n\r\0z");
        assert_eq!(out, b"a\\\"\\\\\\\n\\r\\000z");
    }
}
