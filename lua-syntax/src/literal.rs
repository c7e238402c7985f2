//! Numerals and string literals: where they end and what they mean.
//!
//! Owns the text forms only; values of other types never become numbers here.

use std::borrow::Cow;

use crate::token::Fault;

/// How a string literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringForm {
    /// Quoted, without escapes: its value is the text between the quotes.
    Plain,
    /// Quoted, with escapes.
    Escaped,
    /// In long brackets.
    Long,
}

/// What scanning a string literal or a long comment found.
pub(crate) struct Scan {
    /// Bytes read, closing delimiter included; up to the fault if there is one.
    pub(crate) len: usize,
    /// Newlines among them; a pair such as `\r\n` is one.
    pub(crate) newlines: u32,
    pub(crate) form: Result<StringForm, Fault>,
}

/// Length of the newline that `bytes` start with: 2 for `\r\n` and `\n\r`.
fn newline_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] | [b'\n', b'\r', ..] => 2,
        _ => 1,
    }
}

/// Value and length of the decimal escape whose digits `bytes` start with.
fn decimal_escape(bytes: &[u8]) -> (u32, usize) {
    let len = bytes
        .iter()
        .take(3)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let value = bytes[..len]
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (value, len)
}

/// Scans a quoted string from just after its opening `quote`.
pub(crate) fn scan_short(rest: &[u8], quote: u8) -> Scan {
    let mut len = 0;
    let mut newlines = 0;
    let mut form = StringForm::Plain;
    let form = loop {
        match rest.get(len) {
            None => break Err(Fault::UnfinishedString),
            Some(b'\n' | b'\r') => break Err(Fault::NewlineInString),
            Some(b'\\') => {
                form = StringForm::Escaped;
                match rest.get(len + 1) {
                    None => {
                        len += 1;
                        break Err(Fault::UnfinishedString);
                    }
                    Some(b'\n' | b'\r') => {
                        newlines += 1;
                        len += 1 + newline_len(&rest[len + 1..]);
                    }
                    Some(b'0'..=b'9') => {
                        let (value, digits) = decimal_escape(&rest[len + 1..]);
                        if value > 255 {
                            break Err(Fault::EscapeTooLarge);
                        }
                        len += 1 + digits;
                    }
                    Some(_) => len += 2,
                }
            }
            Some(&byte) => {
                len += 1;
                if byte == quote {
                    break Ok(form);
                }
            }
        }
    };
    Scan {
        len,
        newlines,
        form,
    }
}

/// The level (number of `=`) of the long bracket that `bytes` start with.
pub(crate) fn long_bracket_level(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"[")?;
    let level = rest.iter().take_while(|&&b| b == b'=').count();
    (rest.get(level) == Some(&b'[')).then_some(level)
}

/// Scans a long string or comment from just after its opening bracket.
/// `unfinished` is the fault to give if it never closes.
pub(crate) fn scan_long(rest: &[u8], level: usize, unfinished: Fault) -> Scan {
    let mut len = 0;
    let mut newlines = 0;
    let form = loop {
        match rest.get(len) {
            None => break Err(unfinished),
            Some(&bracket @ (b'[' | b']')) => {
                let signs = rest[len + 1..].iter().take_while(|&&b| b == b'=').count();
                len += 1 + signs;
                if signs == level && rest.get(len) == Some(&bracket) {
                    len += 1;
                    if bracket == b']' {
                        break Ok(StringForm::Long);
                    }
                    if level == 0 {
                        break Err(Fault::NestedLongBracket);
                    }
                }
            }
            Some(b'\n' | b'\r') => {
                newlines += 1;
                len += newline_len(&rest[len..]);
            }
            Some(_) => len += 1,
        }
    };
    Scan {
        len,
        newlines,
        form,
    }
}

/// The value of a string literal given with its delimiters.
pub(crate) fn string_value(literal: &[u8], form: StringForm) -> Cow<'_, [u8]> {
    match form {
        StringForm::Plain => Cow::Borrowed(&literal[1..literal.len() - 1]),
        StringForm::Escaped => Cow::Owned(unescape(&literal[1..literal.len() - 1])),
        StringForm::Long => {
            let delimiter_len = long_bracket_level(literal).unwrap_or(0) + 2;
            let content = &literal[delimiter_len..literal.len() - delimiter_len];
            let content = match content.first() {
                Some(b'\n' | b'\r') => &content[newline_len(content)..],
                _ => content,
            };
            if memchr::memchr(b'\r', content).is_some() {
                Cow::Owned(normalize_newlines(content))
            } else {
                Cow::Borrowed(content)
            }
        }
    }
}

/// Makes every newline a `\n`.
fn normalize_newlines(content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        value.extend_from_slice(&rest[..at]);
        value.push(b'\n');
        rest = &rest[at + newline_len(&rest[at..])..];
    }
    value.extend_from_slice(rest);
    value
}

/// Resolves the escapes of a quoted string's content. A lone backslash at the
/// end, which only an unfinished string has, is dropped.
pub(crate) fn unescape(content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        value.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(&escape) = rest.first() else { break };
        let (byte, len) = match escape {
            b'a' => (0x07, 1),
            b'b' => (0x08, 1),
            b'f' => (0x0C, 1),
            b'n' => (b'\n', 1),
            b'r' => (b'\r', 1),
            b't' => (b'\t', 1),
            b'v' => (0x0B, 1),
            b'\n' | b'\r' => (b'\n', newline_len(rest)),
            b'0'..=b'9' => {
                let (value, len) = decimal_escape(rest);
                (value as u8, len) // above 255 is a fault of the token
            }
            other => (other, 1),
        };
        value.push(byte);
        rest = &rest[len..];
    }
    value.extend_from_slice(rest);
    value
}

/// The number that `text` denotes, as `tonumber` and arithmetic on strings read
/// it: Lua 5.1's `luaO_str2d` over glibc's `strtod` in the C locale.
///
/// Decimal and hexadecimal, with fraction and exponent, a sign, white space
/// around it, and `inf`, `infinity`, `nan` and `nan(...)` in any case. A NUL
/// byte ends the text. The result is correctly rounded; what is too large is
/// infinite.
pub fn parse_number(text: &[u8]) -> Option<f64> {
    // Most numerals are short runs of digits, whose value is exact.
    if !text.is_empty() && text.len() <= 15 && text.iter().all(u8::is_ascii_digit) {
        let value = text
            .iter()
            .fold(0, |value: u64, digit| value * 10 + u64::from(digit - b'0'));
        return Some(value as f64);
    }
    let text = memchr::memchr(0, text).map_or(text, |nul| &text[..nul]);
    let text = trim_spaces(text);
    let (is_negative, magnitude) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let value = match magnitude {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits)?,
        [b'0'..=b'9' | b'.', ..] => decimal(magnitude)?,
        _ => named(magnitude)?,
    };
    Some(if is_negative { -value } else { value })
}

/// C's `isspace` in the C locale.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().take_while(|&&b| is_space(b)).count();
    let text = &text[start..];
    let end = text.iter().rev().take_while(|&&b| is_space(b)).count();
    &text[..text.len() - end]
}

fn digit_run(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Splits off an exponent's sign and digits; `None` if they are not the whole.
fn is_exponent(text: &[u8]) -> bool {
    let digits = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn decimal(text: &[u8]) -> Option<f64> {
    let whole = digit_run(text);
    let mut rest = &text[whole..];
    let mut digits = whole;
    if let [b'.', fraction @ ..] = rest {
        let len = digit_run(fraction);
        digits += len;
        rest = &fraction[len..];
    }
    let is_valid = digits > 0
        && match rest {
            [] => true,
            [b'e' | b'E', exponent @ ..] => is_exponent(exponent),
            _ => false,
        };
    if !is_valid {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The value of what follows `0x`.
fn hexadecimal(text: &[u8]) -> Option<f64> {
    // The first 64 significant bits, and whether any bit after them is set.
    let mut mantissa = 0u64;
    let mut has_more = false;
    // The value is `mantissa * 2^exponent`.
    let mut exponent = 0i64;
    let mut digits = 0usize;
    let mut seen_dot = false;
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if let Some(digit) = char::from(*byte).to_digit(16) {
            digits += 1;
            if mantissa >> 60 == 0 {
                mantissa = mantissa << 4 | u64::from(digit);
                exponent -= if seen_dot { 4 } else { 0 };
            } else {
                has_more |= digit != 0;
                exponent += if seen_dot { 0 } else { 4 };
            }
        } else if *byte == b'.' && !seen_dot {
            seen_dot = true;
        } else {
            break;
        }
        rest = tail;
    }
    if digits == 0 {
        return None;
    }
    match rest {
        [] => {}
        [b'p' | b'P', power @ ..] if is_exponent(power) => {
            // Far beyond what any mantissa could bring back into range.
            const LIMIT: i64 = 1 << 40;
            let (is_negative, power) = match power {
                [b'-', power @ ..] => (true, power),
                [b'+', power @ ..] => (false, power),
                _ => (false, power),
            };
            let power = power.iter().fold(0i64, |value, digit| {
                (value * 10 + i64::from(digit - b'0')).min(LIMIT)
            });
            exponent += if is_negative { -power } else { power };
        }
        _ => return None,
    }
    Some(scale(mantissa, has_more, exponent))
}

/// `mantissa * 2^exponent` rounded to nearest, ties to even; `has_more` tells
/// that the exact value is a little above (less than one unit of `mantissa`).
fn scale(mantissa: u64, has_more: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    let exponent = exponent - i64::from(shift);
    // The value is now in [2^top, 2^(top + 1)).
    let top = exponent + 63;
    if top > 1023 {
        return f64::INFINITY;
    }
    // Bits that a double of this size has: 53, fewer below 2^-1022.
    let precision = (top + 1075).min(53);
    if precision < 0 {
        return 0.0;
    }
    let dropped = 64 - precision as u32;
    let exact = u128::from(mantissa);
    let mut kept = (exact >> dropped) as u64;
    let remainder = exact & ((1 << dropped) - 1);
    let half = 1u128 << (dropped - 1);
    if remainder > half || remainder == half && (has_more || kept & 1 == 1) {
        kept += 1;
    }
    // Exact: `kept` has at most 53 bits and the product is a double.
    kept as f64 * power_of_two(exponent + i64::from(dropped))
}

/// `2^exponent` for an exponent from -1074 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    if exponent >= -1022 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (exponent + 1074))
    }
}

/// `inf`, `infinity`, `nan` and `nan(n-char-sequence)`.
fn named(text: &[u8]) -> Option<f64> {
    if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
        return Some(f64::INFINITY);
    }
    let (name, payload) = text.split_at_checked(3)?;
    if !name.eq_ignore_ascii_case(b"nan") {
        return None;
    }
    let is_nan = match payload {
        [] => true,
        [b'(', chars @ .., b')'] => chars
            .iter()
            .all(|&b| b.is_ascii_alphanumeric() || b == b'_'),
        _ => false,
    };
    is_nan.then_some(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::parse_number;

    /// `expected` in Rust's shortest form, or `none`.
    fn check(text: &str, expected: &str) {
        let actual = parse_number(text.as_bytes()).map_or("none".to_string(), |v| format!("{v:?}"));
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn decimal_numbers() {
        check("0", "0.0");
        check("-0", "-0.0");
        check("+7", "7.0");
        check("007", "7.0");
        check("3.", "3.0");
        check(".5", "0.5");
        check("-.5e1", "-5.0");
        check("1e5", "100000.0");
        check("1E+2", "100.0");
        check("1e-2", "0.01");
        check("0.1", "0.1");
        check("123456789012345678", "1.2345678901234568e17");
        check("9007199254740993", "9007199254740992.0");
        check("1e308", "1e308");
        check("1e309", "inf");
        check("1e999999999999999999999", "inf");
        check("1e-999999999999999999999", "0.0");
        check("4.9e-324", "5e-324");
    }

    #[test]
    fn not_numbers() {
        for text in [
            "", " ", "+", "-", ".", "e5", ".e5", "1e", "1e+", "1.2.3", "1 2", "- 1", "--1", "+-1",
            "1f", "0b1", "1_0", "0x", "0xg", "0x.", "0x.p1", "0x1p", "0x1p+", "0x1.2.3", "x1",
            "1x", "abc", "infinit", "in", "nanx", "nan(", "nan(-)", "nan)", "0xinf", "1,5",
            "\u{a0}1",
        ] {
            check(text, "none");
        }
    }

    #[test]
    fn surroundings() {
        check(" \t\n\u{b}\u{c}\r10 \t\n\u{b}\u{c}\r", "10.0");
        check("10\0abc", "10.0");
        check("10 \0abc", "10.0");
        check("\u{0}10", "none");
    }

    #[test]
    fn hexadecimal_numbers() {
        check("0x10", "16.0");
        check("-0XaF", "-175.0");
        check("0x.8", "0.5");
        check("0x8.", "8.0");
        check("0xA.8p1", "21.0");
        check("0x1p4", "16.0");
        check("0x1P-1", "0.5");
        check("0xffffffffffffffff", "1.8446744073709552e19");
        check("0xffffffffffffffffff", "4.722366482869645e21");
        check("0x000000000000000000000000000001", "1.0");
        check("0x.000000000000000000000000000001p120", "1.0");
        check("0x1p1023", "8.98846567431158e307");
        check("0x1p1024", "inf");
        check("0x1.fffffffffffff8p1023", "inf");
        check("0x1.fffffffffffff7p1023", "1.7976931348623157e308");
        check("0x1p-1074", "5e-324");
        check("0x1p-1075", "0.0");
        check("0x1.0000000000000000001p-1075", "5e-324");
        check("0x3p-1075", "1e-323");
        check("0x1.fffffffffffffp-1023", "2.2250738585072014e-308");
        check("0x0p99999999999999999999", "0.0");
        check("0x1p-99999999999999999999", "0.0");
        // Ties go to even, unless something stands behind them.
        check("0x20000000000001", "9007199254740992.0");
        check("0x20000000000003", "9007199254740996.0");
        check(
            "0x20000000000001000000000000000000000001p-128",
            "2097152.0000000005",
        );
    }

    #[test]
    fn named_numbers() {
        check("inf", "inf");
        check("-INF", "-inf");
        check(" Infinity ", "inf");
        check("nan", "NaN");
        check("NAN(a_1)", "NaN");
        check("nan()", "NaN");
        let is_negative = |text: &[u8]| parse_number(text).unwrap().is_sign_negative();
        assert!(is_negative(b"-nan"));
        assert!(!is_negative(b"nan"));
    }
}
