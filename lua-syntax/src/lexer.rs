//! The stream of tokens with their places, which the parser reads.
//!
//! [`Lexer`] cuts a source that is there as a whole, [`PieceLexer`] one that arrives in pieces.

use std::ops::Range;

use logos::Logos;

use crate::span::Pos;
use crate::token::{Fault, Lines, Token};

/// A token between the positions of its first byte and just past its last.
pub(crate) type Spanned = (Pos, Token, Pos);

/// What the parser asks for tokens.
pub(crate) trait Tokens {
    /// Cuts the next token; at the end of input this is [`Token::Eof`] however often it is
    /// asked. `level` is the parser's, for whoever brings more of the source.
    fn token(&mut self, level: usize) -> Result<Spanned, Fault>;

    /// The line of the last byte read, 1-based.
    fn line(&self) -> u32;

    /// The value of the numeral that was cut last.
    fn number(&self) -> f64;

    /// The bytes of the token that was cut last or could not be cut.
    fn slice(&self) -> &[u8];

    /// The bytes between two positions that have been read.
    fn text(&self, start: Pos, end: Pos) -> &[u8];

    /// Where the token stands that could not be cut for `fault`.
    fn fault_place(&self, fault: Fault) -> (Pos, Pos);
}

/// Where a token stands that starts `inside` lines before the current one.
#[inline(always)]
fn place(range: Range<usize>, line: u32, inside: u32) -> (Pos, Pos) {
    let start = Pos {
        offset: range.start as u32,
        line: line - inside,
    };
    let end = Pos {
        offset: range.end as u32,
        line,
    };
    (start, end)
}

/// Where what could not be cut for `fault` stands.
fn fault_place(range: Range<usize>, lines: Lines, fault: Fault) -> (Pos, Pos) {
    let inside = match fault {
        Fault::Unknown | Fault::InvalidDelimiter | Fault::MalformedNumber => 0,
        Fault::NewlineInString
        | Fault::UnfinishedString
        | Fault::EscapeTooLarge
        | Fault::UnfinishedLongString
        | Fault::UnfinishedLongComment
        | Fault::NestedLongBracket => lines.inside,
    };
    place(range, lines.line, inside)
}

/// Cuts the next token of `inner`.
#[inline(always)]
fn cut(inner: &mut logos::Lexer<'_, Token>) -> Result<Spanned, Fault> {
    let token = match inner.next() {
        Some(token) => token?,
        None => Token::Eof,
    };
    let inside = match token {
        Token::String(_) => inner.extras.inside,
        _ => 0,
    };
    let (start, end) = place(inner.span(), inner.extras.line, inside);
    Ok((start, token, end))
}

/// Cuts the tokens of a source.
#[derive(Clone)]
pub(crate) struct Lexer<'s> {
    inner: logos::Lexer<'s, Token>,
}

impl<'s> Lexer<'s> {
    /// Starts at the first byte of `source`, which must be shorter than 4 GiB.
    pub(crate) fn new(source: &'s [u8]) -> Self {
        Lexer {
            inner: Token::lexer_with_extras(source, Lines::default()),
        }
    }
}

impl Tokens for Lexer<'_> {
    #[inline(always)]
    fn token(&mut self, _level: usize) -> Result<Spanned, Fault> {
        cut(&mut self.inner)
    }

    fn line(&self) -> u32 {
        self.inner.extras.line
    }

    fn number(&self) -> f64 {
        self.inner.extras.number
    }

    fn slice(&self) -> &[u8] {
        self.inner.slice()
    }

    #[inline(always)]
    fn text(&self, start: Pos, end: Pos) -> &[u8] {
        &self.inner.source()[start.offset as usize..end.offset as usize]
    }

    fn fault_place(&self, fault: Fault) -> (Pos, Pos) {
        fault_place(self.inner.span(), self.inner.extras, fault)
    }
}

/// Appends the next piece of a source to what is there of it, for a parser that is so many
/// levels deep; false if there is none.
pub type More<'r> = dyn FnMut(&mut Vec<u8>, usize) -> bool + 'r;

/// Bytes behind the last token up to which every new piece is looked at by itself. Beyond, the
/// source must grow by a share of them first, or a long token in short pieces would cost the
/// square of its length.
const SHORT_TOKEN: usize = 512;

/// Bytes, from where its slice ends, that the fault of a too large escape looks at: the
/// backslash, and three digits.
const ESCAPE_LEN: usize = 4;

/// Cuts the tokens of a source that comes in pieces. It asks for the next when a token reaches
/// the end of what is there, and so no sooner than the reference, which reads a byte ahead.
pub(crate) struct PieceLexer<'r> {
    source: &'r mut Vec<u8>,
    more: &'r mut More<'r>,
    is_whole: bool,
    /// Where the last token is.
    last: Range<usize>,
    lines: Lines,
}

impl<'r> PieceLexer<'r> {
    /// Starts at the first byte of `source`.
    pub(crate) fn new(source: &'r mut Vec<u8>, more: &'r mut More<'r>) -> Self {
        PieceLexer {
            source,
            more,
            is_whole: false,
            last: 0..0,
            lines: Lines::default(),
        }
    }

    /// True if the source is larger than positions can tell.
    pub(crate) fn is_too_large(&self) -> bool {
        u32::try_from(self.source.len()).is_err()
    }

    fn read(&mut self, level: usize) {
        let len = self.source.len();
        let behind = len - self.last.end;
        let wanted = if behind <= SHORT_TOKEN { 1 } else { behind / 8 };
        while !self.is_whole && self.source.len() < len + wanted {
            self.is_whole = !(self.more)(self.source, level) || self.is_too_large();
        }
    }
}

impl Tokens for PieceLexer<'_> {
    fn token(&mut self, level: usize) -> Result<Spanned, Fault> {
        loop {
            let mut inner = Token::lexer_with_extras(self.source, self.lines);
            inner.bump(self.last.end);
            let token = if self.is_too_large() {
                Ok((Pos::default(), Token::Eof, Pos::default()))
            } else {
                cut(&mut inner)
            };
            let read_to = match token {
                Err(Fault::EscapeTooLarge) => inner.span().end + ESCAPE_LEN,
                _ => inner.span().end,
            };
            if self.is_whole || read_to < self.source.len() {
                self.last = inner.span();
                self.lines = inner.extras;
                return token;
            }
            self.read(level);
        }
    }

    fn line(&self) -> u32 {
        self.lines.line
    }

    fn number(&self) -> f64 {
        self.lines.number
    }

    fn slice(&self) -> &[u8] {
        &self.source[self.last.clone()]
    }

    fn text(&self, start: Pos, end: Pos) -> &[u8] {
        &self.source[start.offset as usize..end.offset as usize]
    }

    fn fault_place(&self, fault: Fault) -> (Pos, Pos) {
        fault_place(self.last.clone(), self.lines, fault)
    }
}
