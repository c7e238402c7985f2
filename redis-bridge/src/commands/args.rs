//! Reading arguments: numbers as strictly as Redis reads them, and option words.

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
    let negative = digits.len() < text.len();
    // 19 digits always fit an i128.
    let value = digits.iter().fold(0_i128, |n, digit| n * 10 + i128::from(digit - b'0'));
    i64::try_from(if negative { -value } else { value }).ok()
}
