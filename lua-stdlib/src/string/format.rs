//! The conversions of `string.format` (§5.4): C's `printf` on integers, floats and bytes.
//!
//! Owns directive syntax, padding and digits, all exactly as C prints them in the "C" locale.
//! Knows no Lua values: `string` reads the arguments and calls one function per conversion.

use std::io::Write;

/// A malformed directive. The texts are 5.1's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// More flags than there are different ones.
    #[error("invalid format (repeated flags)")]
    RepeatedFlags,
    /// A width or precision of three digits.
    #[error("invalid format (width or precision too long)")]
    TooLong,
}

/// One directive: what stands between `%` and the conversion letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spec {
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
    pub fn parse(text: &[u8]) -> Result<(Spec, usize), FormatError> {
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
    pub fn has_precision(&self) -> bool {
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

    /// Appends `prefix` and `body` padded to the width; `zeros` allows padding between them.
    fn pad(&self, out: &mut Vec<u8>, prefix: &[u8], body: &[u8], zeros: bool) {
        let missing = self.width.saturating_sub(prefix.len() + body.len());
        let fill = |out: &mut Vec<u8>, byte| out.resize(out.len() + missing, byte);
        if !self.left && !(self.zero && zeros) {
            fill(out, b' ');
        }
        out.extend_from_slice(prefix);
        if !self.left && self.zero && zeros {
            fill(out, b'0');
        }
        out.extend_from_slice(body);
        if self.left {
            fill(out, b' ');
        }
    }

    fn digits(&self, out: &mut Vec<u8>, prefix: &[u8], digits: &[u8]) {
        let Some(precision) = self.precision else {
            return self.pad(out, prefix, digits, true);
        };
        // An explicit precision turns the zero flag off, and prints zero as nothing.
        let digits = if precision == 0 && digits == b"0" {
            b""
        } else {
            digits
        };
        let mut body = vec![b'0'; precision.saturating_sub(digits.len())];
        body.extend_from_slice(digits);
        self.pad(out, prefix, &body, false);
    }

    /// `%d` and `%i`.
    pub fn signed(&self, out: &mut Vec<u8>, value: i64) {
        let mut buffer = DecimalBuffer::default();
        let digits = buffer.format(value.unsigned_abs());
        self.digits(out, self.sign(value < 0), digits);
    }

    /// `%u`, `%o`, `%x` and `%X`.
    pub fn unsigned(&self, out: &mut Vec<u8>, value: u64, conversion: u8) {
        match conversion {
            b'o' => {
                let mut digits = format!("{value:o}");
                // The alternate form raises the precision until the first digit is a zero.
                let printed_zero = value == 0 && self.precision != Some(0);
                if self.alternate
                    && !printed_zero
                    && self.precision.is_none_or(|least| least <= digits.len())
                {
                    if value == 0 {
                        return self.pad(out, b"", b"0", false);
                    }
                    digits.insert(0, '0');
                }
                self.digits(out, b"", digits.as_bytes());
            }
            b'x' => {
                let prefix: &[u8] = if self.alternate && value != 0 {
                    b"0x"
                } else {
                    b""
                };
                self.digits(out, prefix, format!("{value:x}").as_bytes());
            }
            b'X' => {
                let prefix: &[u8] = if self.alternate && value != 0 {
                    b"0X"
                } else {
                    b""
                };
                self.digits(out, prefix, format!("{value:X}").as_bytes());
            }
            _ => {
                let mut buffer = DecimalBuffer::default();
                let digits = buffer.format(value);
                self.digits(out, b"", digits);
            }
        }
    }

    /// `%c`. C builds the item as a string, so a zero byte ends it.
    pub fn character(&self, out: &mut Vec<u8>, byte: u8) {
        let body: &[u8] = if byte == 0 { b"" } else { &[byte] };
        let taken = Spec {
            // The zero byte counts for the padding before it, and hides the padding after it.
            width: match byte {
                0 if self.left => 0,
                0 => self.width.saturating_sub(1),
                _ => self.width,
            },
            ..*self
        };
        taken.pad(out, b"", body, false);
    }

    /// `%s`. `bytes` is already cut at its first zero byte where C would do so.
    pub fn string(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let len = self
            .precision
            .map_or(bytes.len(), |most| most.min(bytes.len()));
        self.pad(out, b"", &bytes[..len], false);
    }

    /// `%e`, `%E`, `%f`, `%g` and `%G`.
    pub fn float(&self, out: &mut Vec<u8>, value: f64, conversion: u8) {
        let sign = self.sign(value.is_sign_negative());
        let magnitude = value.abs();
        let upper = conversion.is_ascii_uppercase();
        if !magnitude.is_finite() {
            let name: &[u8] = match (magnitude.is_nan(), upper) {
                (true, false) => b"nan",
                (true, true) => b"NAN",
                (false, false) => b"inf",
                (false, true) => b"INF",
            };
            return self.pad(out, sign, name, false);
        }
        let precision = self.precision.unwrap_or(6);
        let mut body = Vec::with_capacity(32);
        match conversion.to_ascii_lowercase() {
            b'f' => {
                append(&mut body, format_args!("{magnitude:.precision$}"));
                if self.alternate && precision == 0 {
                    body.push(b'.');
                }
            }
            b'e' => self.exponential(&mut body, &Decimal::new(magnitude, precision), upper),
            _ => self.general(&mut body, magnitude, precision.max(1), upper),
        }
        self.pad(out, sign, &body, true);
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
        if exponent < -4 || exponent >= significant as i32 {
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

/// The decimal digits of an unsigned integer, without an allocation.
#[derive(Default)]
struct DecimalBuffer([u8; 20]);

impl DecimalBuffer {
    fn format(&mut self, mut value: u64) -> &[u8] {
        let mut start = self.0.len();
        loop {
            start -= 1;
            self.0[start] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                return &self.0[start..];
            }
        }
    }
}

/// A number as `d.ddd * 10^exponent`, correctly rounded.
struct Decimal {
    digits: Vec<u8>,
    exponent: i32,
}

impl Decimal {
    /// `magnitude` (finite, not negative) with `fraction` digits after the point.
    fn new(magnitude: f64, fraction: usize) -> Decimal {
        let mut digits = Vec::with_capacity(fraction + 8);
        append(&mut digits, format_args!("{magnitude:.fraction$e}"));
        // std writes "d.ddde-7": take the exponent off, then the point out.
        let mut exponent = 0;
        if let Some(mark) = memchr::memrchr(b'e', &digits) {
            exponent = std::str::from_utf8(&digits[mark + 1..])
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            digits.truncate(mark);
        }
        if digits.len() > 1 {
            digits.remove(1);
        }
        Decimal { digits, exponent }
    }

    fn digits(&self) -> &[u8] {
        &self.digits
    }

    fn drop_trailing_zeros(&mut self) {
        while self.digits.len() > 1 && self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }
}

/// `%q`: `bytes` as a Lua literal that reads back as the same string.
pub fn quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\000"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// C's conversion of a `double` to `long`, as x86-64 does it: out of range gives the minimum.
pub fn to_signed(value: f64) -> i64 {
    if (-9.223_372_036_854_775_8e18..9.223_372_036_854_775_8e18).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// C's conversion of a `double` to `unsigned long`, as x86-64 does it: negative numbers wrap.
pub fn to_unsigned(value: f64) -> u64 {
    const HALF: f64 = 9.223_372_036_854_775_8e18;
    if value >= HALF {
        to_signed(value - HALF) as u64 ^ (1 << 63)
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
        check_float("%010.3f", -3.14159, "-00003.142");
        check_float("%-10.1f|", 3.0, "3.0       ");
        check_float("%+g", 3.0, "+3");
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
        assert_eq!(to_unsigned(9.223372036854775808e18), 1 << 63);
        assert_eq!(to_unsigned(1e300), 0);
    }

    #[test]
    fn quoting() {
        let mut out = Vec::new();
        quoted(&mut out, b"a\"\\\n\r\0z");
        assert_eq!(out, b"\"a\\\"\\\\\\\n\\r\\000z\"");
    }
}
