//! Why a chunk was not compiled, in Lua 5.1's words.

use std::ops::Range;

use lua_syntax::{SyntaxError, display_name_in_error};

use crate::binary::{Problem, UndumpError};
use crate::limits::{Exceeded, Limit, MAX_LOCALS, MAX_UPVALUES};
use crate::verify::VerifyError;

/// A function is too large for the bytecode: a limit that the reference has, too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct CompileError {
    limit: Limit,
    line: u32,
    message: Vec<u8>,
}

impl CompileError {
    pub(crate) fn new(exceeded: &Exceeded, chunk_name: &[u8], source: &[u8]) -> Self {
        let Exceeded {
            limit,
            line_defined,
            offset,
            skip,
        } = *exceeded;
        let mut token = token_after(source, offset as usize);
        for _ in 0..skip {
            token = token_after(source, token.end);
        }
        let line = line_at(source, token.end);
        let mut message = Vec::new();
        if limit == Limit::Constants {
            // The reference gives no place for this one.
            message.extend_from_slice(b"constant table overflow");
        } else {
            message.extend(display_name_in_error(chunk_name));
            message.extend(format!(":{line}: ").into_bytes());
        }
        let mut count = |limit: usize, what: &str| {
            let function = match line_defined {
                0 => "main function".to_owned(),
                line => format!("function at line {line}"),
            };
            message.extend(format!("{function} has more than {limit} {what}").into_bytes());
        };
        match limit {
            Limit::Locals => count(MAX_LOCALS, "local variables"),
            Limit::Upvalues => count(MAX_UPVALUES, "upvalues"),
            Limit::Registers | Limit::Jump => {
                message.extend_from_slice(match limit {
                    Limit::Jump => b"control structure too long near '",
                    _ => b"function or expression too complex near '",
                });
                message.extend_from_slice(match &source[token] {
                    [] => b"<eof>",
                    text => text,
                });
                message.push(b'\'');
            }
            Limit::Constants => {}
        }
        CompileError {
            limit,
            line,
            message,
        }
    }

    /// The limit.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Line at which the limit was passed, 1-based.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The whole message as Lua gives it. Bytes, because it quotes the source.
    pub fn message(&self) -> &[u8] {
        &self.message
    }
}

/// Why a chunk did not become code that can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The text is no Lua program.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The program passes a limit of the bytecode.
    #[error(transparent)]
    Limit(#[from] CompileError),
    /// The compiler's own output was refused: a bug, kept from doing harm.
    #[error(transparent)]
    Refused(#[from] VerifyError),
    /// A precompiled chunk is damaged.
    #[error(transparent)]
    Binary(#[from] UndumpError),
}

impl LoadError {
    /// The whole message as Lua gives it.
    pub fn message(&self) -> Vec<u8> {
        match self {
            LoadError::Syntax(error) => error.message().to_vec(),
            LoadError::Limit(error) => error.message().to_vec(),
            LoadError::Refused(error) => error.to_string().into_bytes(),
            LoadError::Binary(error) => error.message(),
        }
    }

    /// True if the chunk ends where more was expected.
    pub fn is_incomplete(&self) -> bool {
        match self {
            LoadError::Syntax(error) => error.is_incomplete(),
            LoadError::Binary(error) => error.problem() == Problem::Truncated,
            LoadError::Limit(_) | LoadError::Refused(_) => false,
        }
    }
}

/// The place of the token that follows `offset` in a source that has been parsed;
/// empty at its end.
fn token_after(source: &[u8], offset: usize) -> Range<usize> {
    let mut start = offset.min(source.len());
    loop {
        match &source[start..] {
            [b' ' | b'\t'..=b'\r', ..] => start += 1,
            [b'-', b'-', comment @ ..] => start += 2 + comment_len(comment),
            _ => break,
        }
    }
    let rest = &source[start..];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let len = match rest {
        [] => 0,
        [quote @ (b'"' | b'\''), inner @ ..] => quoted_len(inner, *quote) + 1,
        [b'[', b'[' | b'=', ..] => long_bracket_len(rest).unwrap_or(1),
        [b'.', b'.', b'.', ..] => 3,
        [b'.', b'.', ..] | [b'=' | b'~' | b'<' | b'>', b'=', ..] => 2,
        [first, ..] if is_word(first) => rest.iter().take_while(|&byte| is_word(byte)).count(),
        _ => 1,
    };
    start..(start + len).min(source.len())
}

/// The line, counted from 1, of the byte at `offset`. As in Lua, two different
/// newline bytes in a row end one line.
fn line_at(source: &[u8], offset: usize) -> u32 {
    let mut line = 1;
    let mut last = 0;
    for &byte in &source[..offset] {
        let is_newline = matches!(byte, b'\n' | b'\r');
        let is_second = matches!((last, byte), (b'\n', b'\r') | (b'\r', b'\n'));
        line += u32::from(is_newline && !is_second);
        last = if is_second { 0 } else { byte };
    }
    line
}

/// Length of a comment behind its `--`.
fn comment_len(comment: &[u8]) -> usize {
    let line_len = || memchr::memchr2(b'\n', b'\r', comment).unwrap_or(comment.len());
    long_bracket_len(comment).unwrap_or_else(line_len)
}

/// Length up to and with the closing quote.
fn quoted_len(text: &[u8], quote: u8) -> usize {
    let mut len = 0;
    while let Some(&byte) = text.get(len) {
        len += if byte == b'\\' { 2 } else { 1 };
        if byte == quote {
            break;
        }
    }
    len
}

/// Length of a long bracket, if the text begins with one.
fn long_bracket_len(text: &[u8]) -> Option<usize> {
    let level = text.get(1..)?.iter().take_while(|&&b| b == b'=').count();
    if text.first() != Some(&b'[') || text.get(level + 1) != Some(&b'[') {
        return None;
    }
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let at = memchr::memmem::find(text, &close);
    Some(at.map_or(text.len(), |at| at + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_token_after_an_offset() {
        for (source, token) in [
            ("", ""),
            (" --c", ""),
            ("--[==[ x\n]==] name2+1", "name2"),
            (" -- one\n'a\\'b' c", "'a\\'b'"),
            ("[[ x ]] y", "[[ x ]]"),
            ("... x", "..."),
            ("<= x", "<="),
            ("-1", "-"),
            ("[1]", "["),
            ("\"open", "\"open"),
        ] {
            assert_eq!(&source[token_after(source.as_bytes(), 0)], token);
        }
    }

    #[test]
    fn counts_lines_as_the_lexer_does() {
        assert_eq!(line_at(b"a\nb\r\nc\n\rd\re", 11), 5);
        assert_eq!(line_at(b"\r\n\r\n", 4), 3);
    }
}
