//! The stream of tokens with their places, which the parser reads.

use logos::Logos;

use crate::span::Pos;
use crate::token::{Fault, Lines, Token};

/// A token between the positions of its first byte and just past its last.
pub(crate) type Spanned = (Pos, Token, Pos);

/// Cuts tokens, the last of them [`Token::Eof`].
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

    /// The line of the last byte read, 1-based.
    pub(crate) fn line(&self) -> u32 {
        self.inner.extras.line
    }

    /// The bytes of the token that was cut last or could not be cut.
    pub(crate) fn slice(&self) -> &'s [u8] {
        self.inner.slice()
    }

    /// Where that token starts and ends, `lines` beyond its first line.
    #[inline(always)]
    fn place(&self, lines: u32) -> (Pos, Pos) {
        let range = self.inner.span();
        let line = self.line();
        let start = Pos {
            offset: range.start as u32,
            line: line - lines,
        };
        let end = Pos {
            offset: range.end as u32,
            line,
        };
        (start, end)
    }

    /// Where the token stands that could not be cut for `fault`.
    pub(crate) fn fault_place(&self, fault: Fault) -> (Pos, Pos) {
        match fault {
            Fault::Unknown | Fault::InvalidDelimiter | Fault::MalformedNumber => self.place(0),
            Fault::NewlineInString
            | Fault::UnfinishedString
            | Fault::EscapeTooLarge
            | Fault::UnfinishedLongString
            | Fault::UnfinishedLongComment
            | Fault::NestedLongBracket => self.place(self.inner.extras.inside),
        }
    }

    /// Cuts the next token; at the end of input this is [`Token::Eof`] however
    /// often it is asked.
    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Spanned, Fault> {
        let token = match self.inner.next() {
            Some(token) => token?,
            None => Token::Eof,
        };
        let (start, end) = self.place(match token {
            Token::String(_) => self.inner.extras.inside,
            _ => 0,
        });
        Ok((start, token, end))
    }
}
