//! The stream of tokens with their places: what the generated parser and the
//! error diagnosis read.

use logos::Logos;

use crate::MAX_SYNTAX_LEVELS;
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

/// The source is not a program; [`crate::diagnose`] finds out why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw;

/// The tokens as the generated parser takes them, ended by one `Eof`.
///
/// Stops with a flaw where brackets and blocks nest so deep that the nesting
/// limit is exceeded whatever follows: the parser's stack is bounded by this.
pub(crate) struct Tokens<'s> {
    lexer: Lexer<'s>,
    nesting: usize,
    is_over: bool,
}

impl<'s> Tokens<'s> {
    pub(crate) fn new(source: &'s [u8]) -> Self {
        Tokens {
            lexer: Lexer::new(source),
            nesting: 0,
            is_over: false,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Spanned, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        let Ok(spanned) = self.lexer.token() else {
            return Some(Err(Flaw));
        };
        match spanned.1 {
            Token::OpenParen
            | Token::OpenBrace
            | Token::OpenBracket
            | Token::Function
            | Token::Do
            | Token::If
            | Token::Repeat => {
                self.nesting += 1;
                // Two of them open a level at least (`{[` opens one), but for
                // an innermost pair with nothing inside: `f()`, `function()`.
                if self.nesting > 2 * MAX_SYNTAX_LEVELS + 2 {
                    return Some(Err(Flaw));
                }
            }
            Token::CloseParen
            | Token::CloseBrace
            | Token::CloseBracket
            | Token::End
            | Token::Until => self.nesting = self.nesting.saturating_sub(1),
            Token::Eof => {
                if self.is_over {
                    return None;
                }
                self.is_over = true;
            }
            _ => {}
        }
        Some(Ok(spanned))
    }
}
