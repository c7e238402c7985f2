//! Redis's glob patterns: `*`, `?`, `[a-c]`, `[^x]`, and `\` before a character that
//! stands for itself.
//!
//! Only the last `*` is ever tried again, so matching takes at most the product of
//! the two lengths, whatever the pattern.

/// Whether letter case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` is not `A`.
    Sensitive,
    /// `a` is `A`.
    Ignored,
}

/// Does the whole of `text` match `pattern`?
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    if text.is_empty() {
        // Redis's loop does not start on an empty text, not even for `*`.
        return pattern.is_empty();
    }
    let (mut rest, mut at) = (pattern, 0);
    // Where to go on after a mismatch: the pattern behind the last `*`, and the
    // first byte of the text that the `*` does not swallow yet.
    let mut retry: Option<(&[u8], usize)> = None;
    loop {
        if let [b'*', tail @ ..] = rest {
            rest = tail;
            retry = Some((rest, at));
            continue;
        }
        if at == text.len() {
            // All of the pattern but trailing stars must be used up.
            if rest.is_empty() {
                return true;
            }
            // More text for the star would not help.
            return false;
        }
        match match_one(rest, text[at], case) {
            Some(tail) => {
                rest = tail;
                at += 1;
            }
            None => {
                let Some((tail, start)) = retry else {
                    return false;
                };
                rest = tail;
                at = start + 1;
                retry = Some((tail, at));
            }
        }
    }
}

/// Matches one byte with the first item of a pattern, which is not `*`; returns the
/// pattern behind it.
fn match_one(pattern: &[u8], byte: u8, case: Case) -> Option<&[u8]> {
    let fold = |byte: u8| match case {
        Case::Sensitive => byte,
        Case::Ignored => byte.to_ascii_lowercase(),
    };
    match *pattern {
        [] => None,
        [b'?', ref rest @ ..] => Some(rest),
        [b'[', ref class @ ..] => match_class(class, byte, fold),
        [b'\\', literal, ref rest @ ..] | [literal, ref rest @ ..] => {
            (fold(literal) == fold(byte)).then_some(rest)
        }
    }
}

/// Matches one byte with the class that follows a `[`. One without `]` reaches to the
/// end of the pattern.
fn match_class(class: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> Option<&[u8]> {
    let (negated, mut rest) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    loop {
        rest = match *rest {
            [] => break,
            // An escaped byte matches in its own case only.
            [b'\\', literal, ref rest @ ..] => {
                found |= literal == byte;
                rest
            }
            [b']', ref tail @ ..] => {
                rest = tail;
                break;
            }
            [a, b'-', b, ref rest @ ..] => {
                let (low, high) = (fold(a.min(b)), fold(a.max(b)));
                found |= (low..=high).contains(&fold(byte));
                rest
            }
            [literal, ref rest @ ..] => {
                found |= fold(literal) == fold(byte);
                rest
            }
        };
    }
    (found != negated).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        let found = matches(pattern.as_bytes(), text.as_bytes(), Case::Sensitive);
        assert_eq!(found, expected, "{pattern:?} against {text:?}");
    }

    #[test]
    fn stars_and_question_marks() {
        check("*", "x", true);
        check("", "", true);
        check("", "x", false);
        check("a*c", "abbc", true);
        check("a*c", "abcb", false);
        check("a*b*c", "aXbYbZc", true);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("a**", "a", true);
        check("abc", "ab", false);
    }

    #[test]
    fn classes() {
        check("h[ae]llo", "hallo", true);
        check("h[^e]llo", "hello", false);
        check("h[^e]llo", "hallo", true);
        check("h[a-c]", "hb", true);
        check("h[c-a]", "hb", true);
        check("h[]", "h]", false);
        check("h[ab", "hb", true);
        check("h[\\]]", "h]", true);
    }

    #[test]
    fn escapes_and_case() {
        check("a\\*c", "a*c", true);
        check("a\\*c", "abc", false);
        check("abc\\", "abc\\", true);
        assert!(matches(b"H[A-C]*", b"hbX", Case::Ignored));
        check("H*", "h", false);
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = "a*".repeat(5000) + "b";
        check(&pattern, &"a".repeat(5000), false);
    }
}
