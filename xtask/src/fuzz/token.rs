//! Cuts a text into pieces that look like tokens of Lua, for whoever breaks programs or makes them
//! smaller. Any bytes can be cut, and the pieces joined are the text again. What the tokens mean,
//! nobody here knows.

/// Pieces that are never cut: without them a broken program might run for ever or eat all memory.
/// The generator writes them exactly so.
pub(super) const GUARDS: &[&[u8]] = &[
    b"if tick() then break end",
    b"if tock() then return end",
    b"cut(",
];

/// Operators of more than one byte, longest first.
const LONG_OPERATORS: &[&[u8]] = &[b"...", b"..", b"==", b"~=", b"<=", b">="];

/// Cuts `text` into tokens; white space goes with the token before it, comments are tokens.
pub(super) fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let len = token_len(rest);
        let len = len + count(&rest[len..], |byte| byte.is_ascii_whitespace());
        let (token, after) = rest.split_at(len);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Length of the first token, at least 1 of a text that is not empty.
fn token_len(text: &[u8]) -> usize {
    let prefix = GUARDS.iter().chain(LONG_OPERATORS);
    if let Some(known) = prefix.copied().find(|known| text.starts_with(known)) {
        return known.len();
    }
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match text[0] {
        b'-' if text.starts_with(b"--") => {
            let long = long_bracket_len(&text[2..]).map(|len| len + 2);
            long.unwrap_or_else(|| count(text, |byte| byte != b'\n'))
        }
        b'[' => long_bracket_len(text).unwrap_or(1),
        quote @ (b'"' | b'\'') => quoted_len(text, quote),
        byte if byte.is_ascii_digit() => count(text, |byte| is_word(byte) || byte == b'.'),
        byte if is_word(byte) => count(text, is_word),
        _ => 1,
    }
}

/// How many bytes at the start of `text` satisfy `is_part`.
fn count(text: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| is_part(byte)).count()
}

/// Length of a string in quotes, up to its end, an unescaped line break, or the end of the text.
fn quoted_len(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Length of a long bracket with its content, if there is a whole one at the start.
fn long_bracket_len(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"[")?;
    let level = count(inner, |byte| byte == b'=');
    let inner = inner[level..].strip_prefix(b"[")?;
    let close: Vec<u8> = [&b"]"[..], &b"=".repeat(level), b"]"].concat();
    let end = inner.windows(close.len()).position(|at| at == close)?;
    Some(level + 2 + end + close.len())
}

#[cfg(test)]
mod tests {
    use super::split;

    fn check(text: &str, expected: &[&str]) {
        let tokens = split(text.as_bytes());
        let texts: Vec<_> = tokens
            .iter()
            .map(|t| String::from_utf8_lossy(t).trim_end().to_owned())
            .collect();
        assert_eq!(texts, expected);
        assert_eq!(tokens.concat(), text.as_bytes());
    }

    #[test]
    fn cuts_at_tokens() {
        check(
            "x1=a.b..\"q\\\"\" ~=0x1F-1e5",
            &[
                "x1",
                "=",
                "a",
                ".",
                "b",
                "..",
                "\"q\\\"\"",
                "~=",
                "0x1F",
                "-",
                "1e5",
            ],
        );
    }

    #[test]
    fn comments_and_long_brackets_are_whole() {
        check("a --x y\nb", &["a", "--x y", "b"]);
        check(
            "--[==[ ]] ]==] c[[d]]e",
            &["--[==[ ]] ]==]", "c", "[[d]]", "e"],
        );
        check("t[[", &["t", "[", "["]);
    }

    #[test]
    fn any_text_can_be_cut() {
        check("\"open\nx", &["\"open", "x"]);
        check("'\\", &["'\\"]);
    }

    #[test]
    fn guards_are_whole() {
        check(
            "do if tick() then break end cut(x) end",
            &["do", "if tick() then break end", "cut(", "x", ")", "end"],
        );
    }
}
