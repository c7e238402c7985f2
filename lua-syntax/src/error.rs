//! Lua 5.1's wording of syntax errors and chunk names.

use crate::span::Span;

/// Why a chunk is no Lua program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct SyntaxError {
    message: Vec<u8>,
    span: Span,
    is_incomplete: bool,
}

impl SyntaxError {
    /// `what` at `span`, near the text `near`. The error's line is that of the
    /// end of the span.
    pub(crate) fn new(chunk_name: &[u8], what: &[u8], near: Option<&[u8]>, span: Span) -> Self {
        let mut message = display_name_in_error(chunk_name);
        message.extend_from_slice(format!(":{}: ", span.end_line).as_bytes());
        message.extend_from_slice(what);
        if let Some(near) = near {
            message.extend_from_slice(b" near '");
            message.extend_from_slice(until_nul(near));
            message.push(b'\'');
        }
        SyntaxError {
            message,
            span,
            is_incomplete: false,
        }
    }

    /// The same error, found where the source ends or not.
    pub(crate) fn found_at_end(self, is_incomplete: bool) -> Self {
        SyntaxError {
            is_incomplete,
            ..self
        }
    }

    /// The source does not fit 32-bit offsets.
    pub(crate) fn too_large(chunk_name: &[u8]) -> Self {
        let span = Span {
            line: 1,
            end_line: 1,
            ..Span::default()
        };
        SyntaxError::new(chunk_name, b"chunk is 4 GiB or larger", None, span)
    }

    /// The whole message as Lua gives it: `chunk:line: what near 'token'`.
    /// Bytes, because it quotes the source.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The token at which the error was found.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The line that the message names, 1-based.
    #[allow(clippy::misnamed_getters, reason = "the reference names the last line")]
    pub fn line(&self) -> u32 {
        self.span.end_line
    }

    /// True if the source ends where more was expected (the message ends in
    /// `near '<eof>'`): a prompt may ask for another line.
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }
}

/// Size of a chunk name's printed form in run-time messages, C's terminating
/// byte included (`LUA_IDSIZE`).
const RUNTIME_NAME_SIZE: usize = 60;

/// The same in syntax errors, where the reference grants more.
const SYNTAX_ERROR_NAME_SIZE: usize = 80;

/// A chunk name as run-time messages and `debug.getinfo` print it
/// (`short_src`): `=text` is `text`, `@file` is `file`, anything else is
/// `[string "first line..."]`; cut to less than 60 bytes.
pub fn display_name(chunk_name: &[u8]) -> Vec<u8> {
    display_name_within(chunk_name, RUNTIME_NAME_SIZE)
}

/// A chunk name as messages of the compiler print it: as [`display_name`], but cut to
/// less than 80 bytes.
pub fn display_name_in_error(chunk_name: &[u8]) -> Vec<u8> {
    display_name_within(chunk_name, SYNTAX_ERROR_NAME_SIZE)
}

/// The bytes of a C string.
fn until_nul(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |nul| &text[..nul])
}

/// Lua 5.1's `luaO_chunkid` for a buffer of `size` bytes.
fn display_name_within(chunk_name: &[u8], size: usize) -> Vec<u8> {
    match until_nul(chunk_name) {
        [b'=', text @ ..] => text[..text.len().min(size - 1)].to_vec(),
        [b'@', file @ ..] => {
            let room = size - " '...' \0".len();
            if file.len() > room {
                [b"...", &file[file.len() - room..]].concat()
            } else {
                file.to_vec()
            }
        }
        source => {
            let room = size - " [string \"...\"] \0".len();
            let line_len = memchr::memchr2(b'\n', b'\r', source).unwrap_or(source.len());
            let shown = line_len.min(room);
            let dots: &[u8] = if shown < source.len() { b"..." } else { b"" };
            [b"[string \"", &source[..shown], dots, b"\"]"].concat()
        }
    }
}
