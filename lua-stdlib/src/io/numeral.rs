//! Numerals in a stream, for `read("*n")`: what glibc's `fscanf("%lf")` takes for the start of one.
//!
//! Owns where a numeral ends. Its value is found as `tonumber` finds it.

use lua_syntax::literal::parse_number;

/// Whether `fscanf` takes the last byte of `text` too, all before it being taken: it looks one
/// byte ahead and never takes back more than that.
pub(super) fn may_continue(text: &[u8]) -> bool {
    let text = unsigned(text);
    if text.first().is_none_or(|first| first.is_ascii_alphabetic()) {
        return is_name_prefix(text);
    }
    let (digits, is_hexadecimal) = digits(text);
    let mark = if is_hexadecimal { b'p' } else { b'e' };
    // A digit has been seen, a point must not come any more, the exponent has begun.
    let (mut has_digit, mut point, mut exponent) = (false, false, false);
    let mut previous = 0;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => has_digit = true,
            _ if is_hexadecimal && !exponent && byte.is_ascii_hexdigit() => has_digit = true,
            b'+' | b'-' if exponent && previous == mark => {}
            b'.' if !point => point = true,
            _ if byte.eq_ignore_ascii_case(&mark) && has_digit && !exponent => {
                (exponent, point) = (true, true);
            }
            _ => return false,
        }
        previous = byte.to_ascii_lowercase();
    }
    true
}

/// The number that a text taken whole denotes. An exponent without digits is left out.
pub(super) fn value(text: &[u8]) -> Option<f64> {
    parse_number(text).or_else(|| {
        let (_, is_hexadecimal) = digits(unsigned(text));
        let mark: &[u8] = if is_hexadecimal { b"pP" } else { b"eE" };
        let end = text.iter().rposition(|byte| mark.contains(byte))?;
        parse_number(&text[..end])
    })
}

fn unsigned(text: &[u8]) -> &[u8] {
    match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    }
}

/// What follows the mark of a hexadecimal numeral, and whether there was one.
fn digits(text: &[u8]) -> (&[u8], bool) {
    match text {
        [b'0', b'x' | b'X', rest @ ..] => (rest, true),
        _ => (text, false),
    }
}

fn is_name_prefix(text: &[u8]) -> bool {
    ["infinity", "nan"].iter().any(|name| {
        name.as_bytes()
            .get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken of a text, and its value.
    fn check(text: &str, taken: &str, expected: Option<f64>) {
        let text = text.as_bytes();
        let end = (1..=text.len())
            .find(|&len| !may_continue(&text[..len]))
            .map_or(text.len(), |len| len - 1);
        assert_eq!(String::from_utf8_lossy(&text[..end]), taken);
        assert_eq!(value(&text[..end]), expected, "{taken}");
    }

    #[test]
    fn as_scanf() {
        check("12 rest", "12", Some(12.0));
        check("-.5e1x", "-.5e1", Some(-5.0));
        check("1e+ ", "1e+", Some(1.0));
        check("1e5.5", "1e5", Some(1e5));
        check("1.5.5", "1.5", Some(1.5));
        check("e5", "", None);
        check(".e5", ".", None);
        check("--1", "-", None);
        check("0xfFg", "0xfF", Some(255.0));
        check("0x1p4,", "0x1p4", Some(16.0));
        check("0x1p,", "0x1p", Some(1.0));
        check("0xg", "0x", None);
        check("-inf rest", "-inf", Some(f64::NEG_INFINITY));
        check("INFINITY!", "INFINITY", Some(f64::INFINITY));
        check("infinx", "infin", None);
        check("no", "n", None);
    }
}
