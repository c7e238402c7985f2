//! Numbers at the start of a text, as C's `strtod` reads them in the C locale.

/// Powers of ten that a `double` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The number that the text starts with, and how long it is; `None` if there is none.
pub(super) fn number_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let n_sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let magnitude = &text[n_sign..];
    let (value, len) = match magnitude {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(magnitude, digits),
        [b'0'..=b'9' | b'.', ..] => decimal(magnitude)?,
        _ => named(magnitude)?,
    };
    let value = if text[0] == b'-' { -value } else { value };
    Some((value, n_sign + len))
}

/// As [`number_prefix`], but only for numbers as JSON has them, without an exponent and
/// with at most 15 digits; `None` for all others, and for what is none.
#[inline]
pub(super) fn plain_number(text: &[u8]) -> Option<(f64, usize)> {
    const MAX_DIGITS: usize = 15;
    let n_sign = usize::from(text.first() == Some(&b'-'));
    let mut digits = 0u64;
    let mut len = n_sign;
    let mut take_digits = |len: &mut usize| {
        loop {
            match text.get(*len) {
                Some(digit @ b'0'..=b'9') if *len <= MAX_DIGITS + 1 => {
                    digits = digits * 10 + u64::from(digit - b'0');
                    *len += 1;
                }
                next => return next.copied().unwrap_or(0),
            }
        }
    };
    let mut next = take_digits(&mut len);
    let n_whole = len - n_sign;
    let starts_with_zero = text.get(n_sign) == Some(&b'0');
    if n_whole == 0 || starts_with_zero && n_whole > 1 {
        return None;
    }
    let mut n_fraction = 0;
    if next == b'.' {
        let start = len + 1;
        len = start;
        next = take_digits(&mut len);
        n_fraction = len - start;
        if n_fraction == 0 {
            return None;
        }
    }
    if n_whole + n_fraction > MAX_DIGITS || matches!(next, b'0'..=b'9' | b'e' | b'E' | b'x' | b'X')
    {
        return None;
    }
    let mut value = digits as f64;
    if n_fraction > 0 {
        // Two exact numbers: their quotient is correctly rounded.
        value /= POWERS[n_fraction];
    }
    Some((if n_sign > 0 { -value } else { value }, len))
}

/// True for what only C takes for a number: a plus sign, leading zeros, hexadecimal
/// digits, names. What no one takes for a number may give either answer.
pub(super) fn is_beyond_json(text: &[u8]) -> bool {
    let magnitude = match text {
        [b'+', ..] => return true,
        [b'-', magnitude @ ..] => magnitude,
        _ => text,
    };
    match magnitude {
        [b'0', next, ..] => matches!(next, b'x' | b'X' | b'0'..=b'9'),
        [a, b, c, ..] => {
            let name = [a, b, c].map(u8::to_ascii_lowercase);
            matches!(&name, b"inf" | b"nan")
        }
        _ => false,
    }
}

fn digit_run(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Length of an exponent with the given letter, 0 if there is none.
fn exponent_len(text: &[u8], letter: u8) -> usize {
    let [first, rest @ ..] = text else { return 0 };
    if first.to_ascii_lowercase() != letter {
        return 0;
    }
    let n_sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    match digit_run(&rest[n_sign..]) {
        0 => 0,
        n_digits => 1 + n_sign + n_digits,
    }
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    // All digits as one integer, exact up to 19 of them.
    let mut digits = 0u64;
    let mut len = 0;
    let mut take_digits = |len: &mut usize| {
        let start = *len;
        while let Some(digit @ b'0'..=b'9') = text.get(*len) {
            digits = digits
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            *len += 1;
        }
        *len - start
    };
    let n_whole = take_digits(&mut len);
    let mut n_fraction = 0;
    if text.get(len) == Some(&b'.') {
        len += 1;
        n_fraction = take_digits(&mut len);
    }
    if n_whole + n_fraction == 0 {
        return None;
    }
    let n_exponent = exponent_len(&text[len..], b'e');
    let is_exact = digits < 1 << 53 && n_fraction < POWERS.len();
    if n_whole + n_fraction <= 19 && n_exponent == 0 && is_exact {
        // Two exact numbers: their quotient is correctly rounded.
        return Some((digits as f64 / POWERS[n_fraction], len));
    }
    len += n_exponent;
    Some((lua_vm::parse_number(&text[..len])?, len))
}

/// `digits` is what follows `0x`. Without digits there, the number is the zero alone.
fn hexadecimal(text: &[u8], digits: &[u8]) -> (f64, usize) {
    let run = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let n_whole = run(digits);
    let mut len = n_whole;
    let mut n_fraction = 0;
    if digits.get(len) == Some(&b'.') {
        n_fraction = run(&digits[len + 1..]);
        len += 1 + n_fraction;
    }
    if n_whole + n_fraction == 0 {
        return (0.0, 1);
    }
    len += 2 + exponent_len(&digits[len..], b'p');
    (lua_vm::parse_number(&text[..len]).unwrap_or(0.0), len)
}

/// `inf`, `infinity`, `nan` and `nan(...)` in any case.
fn named(text: &[u8]) -> Option<(f64, usize)> {
    let starts_with = |name: &[u8]| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if starts_with(b"infinity") {
        return Some((f64::INFINITY, 8));
    }
    if starts_with(b"inf") {
        return Some((f64::INFINITY, 3));
    }
    if !starts_with(b"nan") {
        return None;
    }
    if let [b'(', payload @ ..] = &text[3..] {
        let is_payload = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
        let len = payload.iter().take_while(is_payload).count();
        if payload.get(len) == Some(&b')') {
            return Some((f64::NAN, 3 + len + 2));
        }
    }
    Some((f64::NAN, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let actual = match number_prefix(text.as_bytes()) {
            Some((value, len)) => format!("{value:?} {}", &text[len..]),
            None => "none".to_owned(),
        };
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn prefixes() {
        check("0", "0.0 ");
        check("-0,", "-0.0 ,");
        check("12]", "12.0 ]");
        check("1.", "1.0 ");
        check("-.5e1x", "-5.0 x");
        check("1e", "1.0 e");
        check("1e+", "1.0 e+");
        check("1e+5", "100000.0 ");
        check("0.1", "0.1 ");
        check("123456789.125", "123456789.125 ");
        check("9007199254740993", "9007199254740992.0 ");
        check("0.30000000000000004", "0.30000000000000004 ");
        check("00000000000000000000000000000001.5", "1.5 ");
        check("12345678901234567890123", "1.2345678901234568e22 ");
        check("1e400", "inf ");
        check("-1e-400", "-0.0 ");
        check("0x10", "16.0 ");
        check("-0X1.8p1 ", "-3.0  ");
        check("0x", "0.0 x");
        check("0x.", "0.0 x.");
        check("0x.8", "0.5 ");
        check("0x1p", "1.0 p");
        check("0x1pz", "1.0 pz");
        check("Infinit", "inf init");
        check("-INFINITY", "-inf ");
        check("nan(1_a)b", "NaN b");
        check("nan(1_a", "NaN (1_a");
        check("+1", "1.0 ");
        for text in ["", "-", "+", "-.", ".", ".e1", "-e", "-x", "in", "na"] {
            check(text, "none");
        }
    }

    #[test]
    fn plain_numbers_are_read_alike() {
        let check = |text: &str, is_plain: bool| {
            let plain = plain_number(text.as_bytes());
            assert_eq!(plain.is_some(), is_plain, "{text}");
            if let Some((value, len)) = plain {
                let (other, other_len) = number_prefix(text.as_bytes()).unwrap_or_default();
                let is_same = value.to_bits() == other.to_bits() && len == other_len;
                assert!(is_same, "{text}: {value} is not {other}");
            }
        };
        for text in [
            "0",
            "-0",
            "7,",
            "-12]",
            "0.5",
            "1.25}",
            "-0.001 ",
            "100.10",
            "17",
            "999999999999999",
            "-99999999999999.9",
            "0.3",
            "1.1",
            "123456.789",
            "0.00000000000001",
            "1.5.5",
            "12-3",
        ] {
            check(text, true);
        }
        for text in [
            "",
            "-",
            "-.",
            ".5",
            "1.",
            "1.e5",
            "1e5",
            "1.5e5",
            "2E",
            "01",
            "-00",
            "0x10",
            "0.",
            "1000000000000000",
            "0.123456789012345",
            "00000000000000000000000000001",
            "1.5E1",
            "+1",
            "99999999999999999999999999999999",
            "0.99999999999999999999999999999999",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn what_only_c_reads() {
        for text in ["+1", "01", "-00", "0x1", "-0X1", "inf", "-Nan"] {
            assert!(is_beyond_json(text.as_bytes()), "{text}");
        }
        for text in ["0", "-0", "0.1", "10", "-1", "in", "true", ""] {
            assert!(!is_beyond_json(text.as_bytes()), "{text}");
        }
    }
}
