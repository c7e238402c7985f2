//! Numerals in a base other than ten, for `tonumber` (§5.1).
//!
//! Owns C's `strtoul` as `tonumber` uses it. Base ten follows the lexer's rules for numerals
//! and belongs to the VM.

/// The number that `text` writes in `base` (2 to 36), or `None` if it is not a numeral.
///
/// As C's `strtoul`: leading and trailing space, a sign (negative values wrap around 2^64),
/// and `0x` in base 16 are accepted, digits past 2^64 - 1 saturate, and a zero byte ends the
/// text.
pub(super) fn parse(text: &[u8], base: u32) -> Option<f64> {
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    let text = trim_start(&text[..end]);
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(base);
    let text = match text {
        [b'0', b'x' | b'X', rest @ ..]
            if base == 16 && rest.first().is_some_and(|b| digit(b).is_some()) =>
        {
            rest
        }
        _ => text,
    };

    let len = text.iter().take_while(|byte| digit(byte).is_some()).count();
    if len == 0 || !trim_start(&text[len..]).is_empty() {
        return None;
    }
    let magnitude = text[..len]
        .iter()
        .filter_map(digit)
        .try_fold(0u64, |sum, digit| {
            sum.checked_mul(u64::from(base))?
                .checked_add(u64::from(digit))
        });
    Some(match magnitude {
        Some(value) if negative => value.wrapping_neg() as f64,
        Some(value) => value as f64,
        None => u64::MAX as f64,
    })
}

/// `text` without leading white space as C's `isspace` knows it.
fn trim_start(text: &[u8]) -> &[u8] {
    let spaces = text
        .iter()
        .take_while(|&&byte| matches!(byte, b' ' | 9..=13))
        .count();
    &text[spaces..]
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, base: u32, expected: Option<f64>) {
        assert_eq!(parse(text.as_bytes(), base), expected, "{text:?} in {base}");
    }

    #[test]
    fn as_strtoul() {
        check("ff", 16, Some(255.0));
        check(" 0xFf \t", 16, Some(255.0));
        check("0x", 16, None);
        check("0x10", 36, Some(42804.0));
        check("zz", 36, Some(1295.0));
        check("12", 2, None);
        check("1e", 8, None);
        check("", 16, None);
        check("-", 16, None);
        check("-1", 16, Some(18446744073709551615.0));
        check("+7", 8, Some(7.0));
        check(&"f".repeat(20), 16, Some(18446744073709551615.0));
        check("10\0zz", 16, Some(16.0));
        check("1 1", 16, None);
        check("\u{b}1", 16, Some(1.0));
    }
}
