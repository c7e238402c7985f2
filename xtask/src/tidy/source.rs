//! Just enough of Rust's lexical rules to look at code without its comments and literals.

/// Unsafe constructs of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsafe {
    pub(super) blocks: usize,
    pub(super) functions: usize,
    /// `unsafe impl`, `unsafe trait`, `unsafe extern` and unsafe attributes.
    pub(super) impls: usize,
}

impl Unsafe {
    pub(super) fn total(self) -> usize {
        self.blocks + self.functions + self.impls
    }
}

/// Counts the unsafe constructs of a source text.
pub(super) fn count_unsafe(text: &str) -> Unsafe {
    let code = code_only(text);
    let mut found = Unsafe::default();
    for (at, word) in words(&code) {
        if word != "unsafe" {
            continue;
        }
        let rest = code[at + word.len()..].trim_start();
        if rest.starts_with('{') {
            found.blocks += 1;
        } else if rest.starts_with("fn") || rest.starts_with("extern \"") {
            found.functions += 1;
        } else {
            found.impls += 1;
        }
    }
    found
}

/// Whether the code (see [`code_only`]) uses the macro `name!`.
pub(super) fn calls_macro(code: &str, name: &str) -> bool {
    words(code).any(|(at, word)| word == name && code[at + word.len()..].starts_with('!'))
}

/// Identifiers and keywords with their byte positions.
fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + code[at..].find(is_word)?;
        let end = code[start..]
            .find(|c| !is_word(c))
            .map_or(code.len(), |n| start + n);
        at = end;
        Some((start, &code[start..end]))
    })
}

/// The text with comments removed and string and character literals emptied.
pub(super) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest, code.chars().next_back()) {
            code.push_str("\"\"");
            length
        } else if first == '"' {
            code.push_str("\"\"");
            quoted(rest)
        } else if let Some(length) = char_literal(rest) {
            code.push_str("''");
            length
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// Length of the nested comment at the start of `text`.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Length of the raw string at the start of `text`, unless the `r` ends a longer name.
fn raw_string(text: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let after_r = text.strip_prefix('r')?;
    let n_hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let body = after_r[n_hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(n_hashes));
    let end = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(1 + n_hashes + 1 + end)
}

/// Length of the quoted string at the start of `text`.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the character literal at the start of `text`; `None` for a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if let Some(escaped) = body.strip_prefix('\\') {
        // The escaped character itself may be a quote.
        let skipped = escaped.chars().next()?.len_utf8();
        return Some(2 + skipped + escaped[skipped..].find('\'')? + 1);
    }
    let length = body.chars().next()?.len_utf8();
    body[length..].starts_with('\'').then_some(1 + length + 1)
}

#[cfg(test)]
mod tests {
    use super::{Unsafe, calls_macro, code_only, count_unsafe};

    #[test]
    fn comments_and_literals_go() {
        assert_eq!(code_only("a // b\nc /* d /* e */ f */ g"), "a \nc  g");
        assert_eq!(
            code_only(r#"f("unsafe \" {", 'x', '\'', '\u{1}', b"y")"#),
            r#"f("", '', '', '', b"")"#
        );
        assert_eq!(code_only("r#\"a \" b\"# br\"c\" for"), "\"\" b\"\" for");
        assert_eq!(
            code_only("fn f<'a>(x: &'a str) {}"),
            "fn f<'a>(x: &'a str) {}"
        );
    }

    #[test]
    fn counts_by_kind() {
        let text = "unsafe impl Send for X {}\nunsafe fn f() { unsafe { g() } } // unsafe {\n\
                    #![deny(unsafe_code)]\nunsafe extern \"C\" fn h() { unsafe{} }";
        assert_eq!(
            count_unsafe(text),
            Unsafe {
                blocks: 2,
                functions: 2,
                impls: 1
            }
        );
    }

    #[test]
    fn macros_by_whole_name() {
        assert!(calls_macro("{ todo!() }", "todo"));
        assert!(!calls_macro("{ my_todo!() todo() }", "todo"));
    }
}
