//! How bytes are written in case files: redis-cli's quoting, both ways. Knows no protocol.

/// Writes `bytes` so that one line of ASCII says exactly which they are: `\xNN` for what does not
/// print, `\\` for a backslash.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// [`escape`] between double quotes, with inner quotes escaped.
pub(crate) fn quote(bytes: &[u8]) -> String {
    format!("\"{}\"", escape(bytes).replace('"', "\\\""))
}

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Written without quotes, so that it may mean something to the reader of the file.
    Bare(String),
    /// Written in quotes: bytes and nothing else.
    Quoted(Vec<u8>),
}

impl Word {
    /// The bytes the word stands for.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Word::Bare(text) => text.as_bytes(),
            Word::Quoted(bytes) => bytes,
        }
    }
}

/// Splits a command line as redis-cli does: blanks between words, `"..."` with escapes, `'...'`
/// with `\'` only. Errors name what is wrong with the line.
pub(crate) fn split(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' => double_quoted(&rest[1..])?,
            '\'' => single_quoted(&rest[1..])?,
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (Word::Bare(rest[..end].to_owned()), &rest[end..])
            }
        };
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(format!("a quote must end its word: {after}"));
        }
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn double_quoted(text: &str) -> Result<(Word, &str), String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = take_char(&mut rest) {
        let escaped = match c {
            '"' => return Ok((Word::Quoted(bytes), rest)),
            '\\' => take_char(&mut rest),
            other => {
                push_char(&mut bytes, other);
                continue;
            }
        };
        match escaped {
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('x') => {
                let digits = rest.get(..2).unwrap_or("");
                let byte = u8::from_str_radix(digits, 16)
                    .map_err(|_| format!("\\x needs two digits, not '{digits}'"))?;
                bytes.push(byte);
                rest = &rest[2..];
            }
            Some(other) => push_char(&mut bytes, other),
            None => break,
        }
    }
    Err("a double quote is not closed".into())
}

fn take_char(rest: &mut &str) -> Option<char> {
    let c = rest.chars().next()?;
    *rest = &rest[c.len_utf8()..];
    Some(c)
}

fn single_quoted(text: &str) -> Result<(Word, &str), String> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Ok((Word::Quoted(bytes), &text[at + 1..])),
            '\\' if chars.next_if(|(_, next)| *next == '\'').is_some() => bytes.push(b'\''),
            other => push_char(&mut bytes, other),
        }
    }
    Err("a single quote is not closed".into())
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{escape, quote, split};

    fn check(line: &str, words: &[&[u8]]) {
        let split = split(line).unwrap();
        let got: Vec<&[u8]> = split.iter().map(|word| word.bytes()).collect();
        assert_eq!(got, words, "{line}");
    }

    #[test]
    fn splits_as_redis_cli_does() {
        check("  set a  b ", &[b"set", b"a", b"b"]);
        check(
            r#"set "a b" "\x00\xff\"\n\\z""#,
            &[b"set", b"a b", b"\0\xff\"\n\\z"],
        );
        check(r#"'it\'s' 'a\nb' """#, &[b"it's", b"a\\nb", b""]);
        check("a'b c\"d", &[b"a'b", b"c\"d"]);
        check("\"\u{e9}\\x41\u{e9}\"", &["\u{e9}A\u{e9}".as_bytes()]);
    }

    #[test]
    fn refuses_quotes_that_do_not_end_a_word() {
        for line in ["\"abc", "'abc", "\"a\"b", r#""\xzz""#, "\"\\"] {
            assert!(split(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_escape_writes_split_reads() {
        let bytes: Vec<u8> = (0..=255).collect();
        check(&quote(&bytes), &[&bytes]);
        assert_eq!(escape(b"a\0\"\\\r\n\x7f"), "a\\x00\"\\\\\\r\\n\\x7f");
    }
}
