//! RESP as bytes: where a reply ends, and its one-line-per-element form in transcripts. Replies are
//! never turned into values, so nothing that differs on the wire can look the same.
//!
//! Each element of a reply is one line, indented by its depth. A string is shown quoted; every
//! other element is shown as its own line of the protocol, type byte included:
//!
//! ```text
//! *3
//!   :1
//!   "a\x00b"
//!   *1
//!     $-1
//! ```

use super::text::{self, Word, escape, quote};

/// Levels of indentation shown; what lies deeper is no less compared.
const MAX_INDENT: usize = 40;

/// What the first bytes of a stream hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A whole reply: its length in bytes, and its lines.
    Reply { n_bytes: usize, lines: Vec<Line> },
    /// A reply of which more bytes must come.
    Incomplete,
    /// Not RESP: what is wrong.
    Malformed(String),
}

/// One element of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) depth: usize,
    pub(crate) text: String,
}

impl Line {
    /// The line as a transcript shows it.
    pub(crate) fn render(&self) -> String {
        format!("{}{}", "  ".repeat(self.depth.min(MAX_INDENT)), self.text)
    }

    /// The bytes of a string, or the digits of an integer.
    pub(crate) fn value(&self) -> Option<Vec<u8>> {
        if let Some(digits) = self.text.strip_prefix(':') {
            return Some(digits.as_bytes().to_vec());
        }
        let words = text::split(&self.text).ok()?;
        match &words[..] {
            [Word::Quoted(bytes)] => Some(bytes.clone()),
            _ => None,
        }
    }
}

/// A reply on one line, as [`Line::render`] shows its elements, but for their indentation.
pub(crate) fn on_one_line(lines: &[Line]) -> String {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    texts.join(" ")
}

/// Looks for one reply at the start of `bytes`.
pub(crate) fn scan(bytes: &[u8]) -> Scan {
    let mut at = 0;
    let mut lines = Vec::new();
    // Elements still to come at each open level; the reply itself is the only one of level 0.
    let mut open: Vec<u64> = vec![1];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let depth = open.len() - 1;
        let Some(n_header) = find_crlf(&bytes[at..]) else {
            return Scan::Incomplete;
        };
        let header = &bytes[at..at + n_header];
        at += n_header + 2;
        let Some((&kind, body)) = header.split_first() else {
            return Scan::Malformed("an empty line".into());
        };
        let mut text = escape(header);
        match kind {
            b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => {}
            b'$' | b'=' | b'!' if header != b"$-1" => {
                let Some(n_payload) = canonical_length(body) else {
                    return Scan::Malformed(format!("length in {}", quote(header)));
                };
                let Some(payload) = bytes.get(at..at + n_payload) else {
                    return Scan::Incomplete;
                };
                match bytes.get(at + n_payload..at + n_payload + 2) {
                    None => return Scan::Incomplete,
                    Some(b"\r\n") => {}
                    Some(other) => {
                        let end = quote(other);
                        return Scan::Malformed(format!("{end} behind {}", quote(header)));
                    }
                }
                at += n_payload + 2;
                text = quote(payload);
                if kind != b'$' {
                    text.insert(0, char::from(kind));
                }
            }
            b'*' | b'~' | b'>' | b'%' | b'|' if header != b"*-1" => {
                let Some(n_elements) = canonical_length(body) else {
                    return Scan::Malformed(format!("length in {}", quote(header)));
                };
                let per_element = if matches!(kind, b'%' | b'|') { 2 } else { 1 };
                if kind == b'|' {
                    // An attribute comes before the element that it belongs to.
                    if let Some(left) = open.last_mut() {
                        *left += 1;
                    }
                }
                open.push(n_elements as u64 * per_element);
            }
            b'$' | b'*' => {}
            _ => return Scan::Malformed(format!("a reply that starts {}", quote(header))),
        }
        lines.push(Line { depth, text });
    }
    Scan::Reply { n_bytes: at, lines }
}

fn find_crlf(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

/// A length in its only right form: digits without sign or leading zeros.
fn canonical_length(digits: &[u8]) -> Option<usize> {
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (length.to_string().as_bytes() == digits).then_some(length)
}

/// A command as clients send it: an array of bulk strings.
pub(crate) fn encode_command<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        let word = word.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Puts the elements of the aggregate that starts at line `head_idx` and goes on to the end in the
/// order of their text: pairs of a map, elements of an array taken `group` at a time.
pub(crate) fn sort_elements(lines: &mut [Line], head_idx: usize, group: usize) {
    let Some((head, rest)) = lines.get_mut(head_idx..).and_then(<[_]>::split_first_mut) else {
        return;
    };
    let group = if head.text.starts_with('%') { 2 } else { group };
    let mut elements: Vec<Vec<Line>> = Vec::new();
    let mut n_starts = 0;
    for line in rest.iter() {
        if line.depth == head.depth + 1 {
            if n_starts % group == 0 {
                elements.push(Vec::new());
            }
            n_starts += 1;
        }
        if let Some(element) = elements.last_mut() {
            element.push(line.clone());
        }
    }
    elements.sort_by(|a, b| a.iter().map(|l| &l.text).cmp(b.iter().map(|l| &l.text)));
    for (line, sorted) in rest.iter_mut().zip(elements.into_iter().flatten()) {
        *line = sorted;
    }
}

/// The line with each run of digits in its text made `#`; counts and integers stay.
pub(crate) fn hide_digits(line: &Line) -> Line {
    let mut text = line.text.clone();
    if matches!(text.chars().next(), Some('"' | '+' | '-')) {
        let mut shown = String::new();
        for c in text.chars() {
            if !c.is_ascii_digit() {
                shown.push(c);
            } else if !shown.ends_with('#') {
                shown.push('#');
            }
        }
        text = shown;
    }
    Line {
        depth: line.depth,
        text,
    }
}

/// The line with its value taken out: type and shape stay.
pub(crate) fn hide_value(line: &Line) -> Line {
    let text = match line.text.chars().next() {
        Some('"') => "\"...\"".to_owned(),
        Some(kind @ ('+' | '-' | ':' | ',' | '(' | '=')) => format!("{kind}..."),
        _ => line.text.clone(),
    };
    Line {
        depth: line.depth,
        text,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Scan, encode_command, hide_value, scan, sort_elements};

    fn show(bytes: &[u8]) -> String {
        match scan(bytes) {
            Scan::Reply { n_bytes, lines } => {
                let text: Vec<String> = lines.iter().map(super::Line::render).collect();
                format!("{}\n({n_bytes} bytes)\n", text.join("\n"))
            }
            other => format!("{other:?}\n"),
        }
    }

    fn check(bytes: &[u8], expected: &Expect) {
        expected.assert_eq(&show(bytes));
    }

    #[test]
    fn shows_each_element_on_its_line() {
        check(
            b"*3\r\n:1\r\n$3\r\na\r\n\r\n*2\r\n$-1\r\n*-1\r\n+more",
            &expect![[r#"
                *3
                  :1
                  "a\r\n"
                  *2
                    $-1
                    *-1
                (31 bytes)
            "#]],
        );
        check(
            b"%1\r\n+k\r\n~1\r\n#t\r\n",
            &expect![[r#"
                %1
                  +k
                  ~1
                    #t
                (16 bytes)
            "#]],
        );
        check(
            b"|1\r\n+a\r\n:1\r\n=5\r\ntxt:x\r\n",
            &expect![[r#"
                |1
                  +a
                  :1
                ="txt:x"
                (23 bytes)
            "#]],
        );
    }

    #[test]
    fn waits_for_the_end_of_a_reply() {
        let whole = b"*2\r\n$3\r\nabc\r\n%1\r\n:1\r\n:2\r\n";
        for n_bytes in 0..whole.len() {
            assert_eq!(scan(&whole[..n_bytes]), Scan::Incomplete, "{n_bytes}");
        }
    }

    #[test]
    fn names_what_is_not_resp() {
        check(
            b"hello\r\n",
            &expect![[r#"
            Malformed("a reply that starts \"hello\"")
        "#]],
        );
        check(
            b"$03\r\nabc\r\n",
            &expect![[r#"
            Malformed("length in \"$03\"")
        "#]],
        );
        check(
            b"$2\r\nabc\r\n",
            &expect![[r#"
            Malformed("\"c\\r\" behind \"$2\"")
        "#]],
        );
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "*1\r\n".repeat(200_000) + ":1\r\n";
        assert!(matches!(scan(deep.as_bytes()), Scan::Reply { .. }));
    }

    #[test]
    fn sorts_elements_with_what_belongs_to_them() {
        let bytes = b"*4\r\n$1\r\nb\r\n*1\r\n:2\r\n$1\r\na\r\n*1\r\n:1\r\n";
        let Scan::Reply { mut lines, .. } = scan(bytes) else {
            panic!("not a reply");
        };
        sort_elements(&mut lines, 0, 2);
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(text, ["*4", "\"a\"", "*1", ":1", "\"b\"", "*1", ":2"]);
        assert_eq!(hide_value(&lines[1]).text, "\"...\"");
        assert_eq!(hide_value(&lines[2]).text, "*1");
    }

    #[test]
    fn sorts_the_elements_of_a_page() {
        let bytes = b"*2\r\n$1\r\n0\r\n*2\r\n+b\r\n+a\r\n";
        let Scan::Reply { mut lines, .. } = scan(bytes) else {
            panic!("not a reply");
        };
        sort_elements(&mut lines, 2, 1);
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(text, ["*2", "\"0\"", "*2", "+a", "+b"]);
    }

    #[test]
    fn commands_are_arrays_of_strings() {
        assert_eq!(
            encode_command(&["get", "\r\n"]),
            b"*2\r\n$3\r\nget\r\n$2\r\n\r\n\r\n"
        );
    }
}
