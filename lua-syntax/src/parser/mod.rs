//! The parser: recursive descent in the reference's own shape.
//!
//! Which text Lua 5.1 gives for an error depends on which of its parsing functions
//! met it and on how far it had read. So the functions here are cut as there, look
//! ahead where it does, and raise the same errors at the same points. Statements are
//! in [`stat`], expressions in [`expr`]; what they build goes to the [`Tree`].
//!
//! # Levels
//!
//! Like the reference, the parser counts a level per block and per (sub)expression
//! it is in, and refuses to go deeper than [`MAX_SYNTAX_LEVELS`]: that bounds its
//! recursion. What has no such limit (chains of suffixes, of `elseif`, of
//! left-associative operators) are loops.

mod expr;
mod stat;
mod tree;

use tree::Tree;

use crate::MAX_SYNTAX_LEVELS;
use crate::ast::{Block, Chunk, Func, FuncId, List, StrId};
use crate::error::SyntaxError;
use crate::lexer::{Lexer, More, PieceLexer, Spanned, Tokens};
use crate::literal;
use crate::span::{Pos, Span};
use crate::token::{Fault, Token};

/// Parses sources one after the other. It keeps its buffers, which makes short sources
/// cheap; [`crate::parse`] is for a single one.
#[derive(Debug, Default)]
pub struct Parser {
    tree: Tree,
}

impl Parser {
    /// As [`crate::parse`]; the tree is there until the next source is parsed.
    ///
    /// # Errors
    ///
    /// As [`crate::parse`].
    pub fn parse(&mut self, source: &[u8], chunk_name: &[u8]) -> Result<&Chunk, SyntaxError> {
        if u32::try_from(source.len()).is_err() {
            return Err(SyntaxError::too_large(chunk_name));
        }
        self.tree.prepare(source.len());
        let (result, _) = self.descend(Lexer::new(source), chunk_name);
        self.finish(result, chunk_name)
    }

    /// As [`Parser::parse`], for a source that comes in pieces. `source` holds what there is
    /// of it, and `more` appends the next piece or says that there is none. It is asked for
    /// no more than what must be seen before an error or the end is: a source that goes on
    /// behind an error is not read on. It is told how many levels of [`MAX_SYNTAX_LEVELS`]
    /// the parser is in, and so how much of the stack it uses.
    ///
    /// # Errors
    ///
    /// As [`crate::parse`].
    pub fn parse_pieces<'r>(
        &mut self,
        source: &'r mut Vec<u8>,
        more: &'r mut More<'r>,
        chunk_name: &[u8],
    ) -> Result<&Chunk, SyntaxError> {
        self.tree.prepare(source.len());
        let (result, lexer) = self.descend(PieceLexer::new(source, more), chunk_name);
        if lexer.is_too_large() {
            return Err(SyntaxError::too_large(chunk_name));
        }
        self.finish(result, chunk_name)
    }

    fn descend<T: Tokens>(&mut self, lexer: T, chunk_name: &[u8]) -> (Parsed, T) {
        let mut descent = Descent {
            chunk_name,
            lexer,
            token: Token::Eof,
            start: Pos::default(),
            end: Pos::default(),
            ahead: None,
            last_end: Pos::default(),
            last_line: 1,
            level: 0,
            function: Enclosing {
                line: 0,
                is_vararg: true,
                uses_vararg: false,
                loops: 0,
            },
            tree: std::mem::take(&mut self.tree),
        };
        let result = descent.main();
        self.tree = descent.tree;
        (result, descent.lexer)
    }

    fn finish(&mut self, result: Parsed, chunk_name: &[u8]) -> Result<&Chunk, SyntaxError> {
        match result {
            Ok(()) => Ok(self.tree.finish(chunk_name)),
            Err(error) => Err(*error),
        }
    }

    /// The tree parsed last, with the buffers.
    pub(crate) fn into_chunk(self) -> Chunk {
        self.tree.chunk
    }
}

/// Errors are boxed, because the frames of a recursion hold them.
type Parsed<T = ()> = Result<T, Box<SyntaxError>>;

/// The function whose body is being read.
#[derive(Clone, Copy)]
struct Enclosing {
    /// As the limit's message names it; 0 for the main chunk.
    line: u32,
    is_vararg: bool,
    uses_vararg: bool,
    loops: u32,
}

struct Descent<'s, T> {
    chunk_name: &'s [u8],
    lexer: T,
    /// The current token and its place.
    token: Token,
    start: Pos,
    end: Pos,
    ahead: Option<Spanned>,
    /// Where the last consumed token ended.
    last_end: Pos,
    /// The current line, as [`Descent::line`] has it, when that token was consumed.
    last_line: u32,
    level: usize,
    function: Enclosing,
    tree: Tree,
}

impl<T: Tokens> Descent<'_, T> {
    fn main(&mut self) -> Parsed {
        self.advance()?;
        let block = self.block()?;
        if self.token != Token::Eof {
            return Err(self.expected(Token::Eof));
        }
        self.push_func(List::empty(), block, 0, 0);
        Ok(())
    }

    /// The body of the current function is complete.
    fn push_func(&mut self, params: List<StrId>, block: Block, line: u32, end_line: u32) -> FuncId {
        self.tree.push_func(Func {
            params,
            is_vararg: self.function.is_vararg,
            uses_vararg: self.function.uses_vararg,
            block,
            line,
            end_line,
        })
    }

    // --- Tokens

    fn advance(&mut self) -> Parsed {
        self.last_line = self.line();
        self.last_end = self.end;
        if let Some((start, token, end)) = self.ahead {
            self.ahead = None;
            self.start = start;
            self.token = token;
            self.end = end;
            return Ok(());
        }
        match self.lexer.token(self.level) {
            Ok((start, token, end)) => {
                self.start = start;
                self.token = token;
                self.end = end;
                Ok(())
            }
            Err(fault) => Err(self.fault(fault)),
        }
    }

    fn look_ahead(&mut self) -> Parsed<Token> {
        match self.lexer.token(self.level) {
            Ok(ahead) => {
                self.ahead = Some(ahead);
                Ok(ahead.1)
            }
            Err(fault) => Err(self.fault(fault)),
        }
    }

    /// The line that the reference calls the current one: that of the last byte
    /// read, be it for the current token or for one looked ahead at.
    fn line(&self) -> u32 {
        self.lexer.line()
    }

    /// The bytes of the current token.
    fn text(&self) -> &[u8] {
        self.lexer.text(self.start, self.end)
    }

    fn accept(&mut self, token: Token) -> Parsed<bool> {
        let is_met = self.token == token;
        if is_met {
            self.advance()?;
        }
        Ok(is_met)
    }

    fn expect(&mut self, token: Token) -> Parsed {
        if self.accept(token)? {
            Ok(())
        } else {
            Err(self.expected(token))
        }
    }

    fn name(&mut self) -> Parsed<StrId> {
        if self.token != Token::Name {
            return Err(self.expected(Token::Name));
        }
        let name = self.tree.intern(self.lexer.text(self.start, self.end));
        self.advance()?;
        Ok(name)
    }

    /// `token` must close what `opener` opened on line `line`.
    fn expect_closing(&mut self, token: Token, opener: Token, line: u32) -> Parsed {
        if self.accept(token)? {
            Ok(())
        } else if line == self.line() {
            Err(self.expected(token))
        } else {
            let what = format!(
                "'{}' expected (to close '{}' at line {line})",
                token.name().unwrap_or_default(),
                opener.name().unwrap_or_default(),
            );
            Err(self.error(&what))
        }
    }

    // --- Levels

    fn enter(&mut self) -> Parsed {
        self.level += 1;
        if self.level > MAX_SYNTAX_LEVELS {
            return Err(self.bare_error("chunk has too many syntax levels"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.level -= 1;
    }

    // --- Errors

    #[cold]
    #[inline(never)]
    fn expected(&self, token: Token) -> Box<SyntaxError> {
        self.error(&format!("'{}' expected", token.name().unwrap_or_default()))
    }

    /// `what` near the current token.
    #[cold]
    #[inline(never)]
    fn error(&self, what: &str) -> Box<SyntaxError> {
        let text = self.text();
        let near = match self.token {
            Token::Name | Token::Number => Some(text.to_vec()),
            Token::String(form) => {
                let quote_len = literal::long_bracket_level(text).map_or(1, |level| level + 2);
                let value = literal::string_value(text, form);
                let (open, close) = (&text[..quote_len], &text[text.len() - quote_len..]);
                Some([open, &*value, close].concat())
            }
            // The reference takes this one for "no token".
            Token::Stray(0) => None,
            Token::Stray(byte) if byte.is_ascii_control() => {
                Some(format!("char({byte})").into_bytes())
            }
            Token::Stray(byte) => Some(vec![byte]),
            token => Some(token.name().unwrap_or_default().as_bytes().to_vec()),
        };
        let error = SyntaxError::new(
            self.chunk_name,
            what.as_bytes(),
            near.as_deref(),
            self.span(),
        );
        Box::new(error.found_at_end(self.token == Token::Eof))
    }

    /// `what` near no token.
    #[cold]
    #[inline(never)]
    fn bare_error(&self, what: &str) -> Box<SyntaxError> {
        let error = SyntaxError::new(self.chunk_name, what.as_bytes(), None, self.span());
        Box::new(error)
    }

    fn span(&self) -> Span {
        Span {
            end_line: self.line(),
            ..self.start.to(self.end)
        }
    }

    /// The text after the current token is no token.
    #[cold]
    #[inline(never)]
    fn fault(&self, fault: Fault) -> Box<SyntaxError> {
        let text = self.lexer.slice();
        let eof = || b"<eof>".to_vec();
        let read_so_far = || [&text[..1], &literal::unescape(&text[1..])].concat();
        let (what, near) = match fault {
            Fault::Unknown => ("unexpected symbol", text.to_vec()),
            Fault::NewlineInString => ("unfinished string", read_so_far()),
            Fault::UnfinishedString => ("unfinished string", eof()),
            Fault::EscapeTooLarge => ("escape sequence too large", read_so_far()),
            Fault::UnfinishedLongString => ("unfinished long string", eof()),
            Fault::UnfinishedLongComment => ("unfinished long comment", eof()),
            Fault::NestedLongBracket => ("nesting of [[...]] is deprecated", b"[".to_vec()),
            Fault::InvalidDelimiter => ("invalid long string delimiter", text.to_vec()),
            Fault::MalformedNumber => ("malformed number", text.to_vec()),
        };
        let (start, end) = self.lexer.fault_place(fault);
        let error = SyntaxError::new(self.chunk_name, what.as_bytes(), Some(&near), start.to(end));
        Box::new(error.found_at_end(matches!(
            fault,
            Fault::UnfinishedString | Fault::UnfinishedLongString | Fault::UnfinishedLongComment
        )))
    }
}
