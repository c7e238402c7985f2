//! Words the error of a source that the parser refused.
//!
//! Which text Lua 5.1 gives depends on which of its parsing functions met the
//! error, and no automaton's set of expected tokens tells that. So this cold
//! path walks the source again the way the reference descends, builds nothing,
//! and stops at the first error. It must accept exactly what the grammar and the
//! builder's checks accept; the tests compare the two.
//!
//! Its recursion is bounded by [`MAX_SYNTAX_LEVELS`], for which it stops with the
//! reference's own error.

use crate::MAX_SYNTAX_LEVELS;
use crate::ast::BinaryOp;
use crate::builder::{UNARY_PRIORITY, priority};
use crate::error::SyntaxError;
use crate::lexer::Lexer;
use crate::literal;
use crate::span::{Pos, Span};
use crate::token::{Fault, Token};

/// The first error of `source`, which must not be a program.
pub(crate) fn diagnose(source: &[u8], chunk_name: &[u8]) -> SyntaxError {
    let mut descent = Descent {
        lexer: Lexer::new(source),
        chunk_name,
        current: Seen::default(),
        ahead: None,
        last_line: 1,
        level: 0,
        functions: Vec::new(),
    };
    match descent.main() {
        Err(error) => *error,
        Ok(()) => *descent.error("syntax error"),
    }
}

/// Boxed, because the frames of a recursion hold it.
type Found<T = ()> = Result<T, Box<SyntaxError>>;

/// A token with its text.
#[derive(Clone, Copy)]
struct Seen<'s> {
    token: Token,
    start: Pos,
    end: Pos,
    text: &'s [u8],
}

impl Default for Seen<'_> {
    fn default() -> Self {
        Seen {
            token: Token::Eof,
            start: Pos::default(),
            end: Pos::default(),
            text: b"",
        }
    }
}

/// What kind of expression a suffixed expression is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Variable,
    Call,
    Value,
}

/// A function whose body is being read.
#[derive(Clone, Copy)]
struct Function {
    /// As the limit's message names it; 0 for the main chunk.
    line: u32,
    is_vararg: bool,
    loops: u32,
}

struct Descent<'s> {
    lexer: Lexer<'s>,
    chunk_name: &'s [u8],
    current: Seen<'s>,
    ahead: Option<Seen<'s>>,
    /// Where the last consumed token ended; after a look ahead, where that did.
    last_line: u32,
    level: usize,
    functions: Vec<Function>,
}

impl<'s> Descent<'s> {
    // --- Tokens

    fn cut(&mut self) -> Found<Seen<'s>> {
        match self.lexer.token() {
            Ok((start, token, end)) => Ok(Seen {
                token,
                start,
                end,
                text: self.lexer.slice(),
            }),
            Err(fault) => Err(self.fault(fault)),
        }
    }

    fn advance(&mut self) -> Found {
        self.last_line = self.line();
        self.current = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.cut()?,
        };
        Ok(())
    }

    fn look_ahead(&mut self) -> Found<Token> {
        let ahead = self.cut()?;
        self.ahead = Some(ahead);
        Ok(ahead.token)
    }

    fn token(&self) -> Token {
        self.current.token
    }

    /// The line that the reference calls the current one: that of the last byte
    /// read, be it for the current token or for one looked ahead at.
    fn line(&self) -> u32 {
        self.lexer.line()
    }

    fn accept(&mut self, token: Token) -> Found<bool> {
        let is_met = self.token() == token;
        if is_met {
            self.advance()?;
        }
        Ok(is_met)
    }

    fn expect(&mut self, token: Token) -> Found {
        if self.accept(token)? {
            Ok(())
        } else {
            Err(self.expected(token))
        }
    }

    fn expect_name(&mut self) -> Found {
        self.expect(Token::Name)
    }

    /// `token` must close what `opener` opened on line `line`.
    fn expect_closing(&mut self, token: Token, opener: Token, line: u32) -> Found {
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
        let Seen { token, text, .. } = self.current;
        let near = match token {
            Token::Name | Token::Number(_) => Some(text.to_vec()),
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
            _ => Some(token.name().unwrap_or_default().as_bytes().to_vec()),
        };
        let error = SyntaxError::new(
            self.chunk_name,
            what.as_bytes(),
            near.as_deref(),
            self.span(),
        );
        Box::new(error.found_at_end(token == Token::Eof))
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
            ..self.current.start.to(self.current.end)
        }
    }

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

    // --- Levels

    fn enter(&mut self) -> Found {
        self.level += 1;
        if self.level > MAX_SYNTAX_LEVELS {
            return Err(self.bare_error("chunk has too many syntax levels"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.level -= 1;
    }

    // --- Blocks and statements

    fn main(&mut self) -> Found {
        self.functions.push(Function {
            line: 0,
            is_vararg: true,
            loops: 0,
        });
        self.advance()?;
        self.block()?;
        self.expect_end()
    }

    fn expect_end(&mut self) -> Found {
        if self.token() == Token::Eof {
            Ok(())
        } else {
            Err(self.expected(Token::Eof))
        }
    }

    fn ends_block(&self) -> bool {
        matches!(
            self.token(),
            Token::Else | Token::Elseif | Token::End | Token::Until | Token::Eof
        )
    }

    fn block(&mut self) -> Found {
        self.enter()?;
        while !self.ends_block() {
            let is_last = matches!(self.token(), Token::Break | Token::Return);
            self.statement()?;
            self.accept(Token::Semicolon)?;
            if is_last {
                break;
            }
        }
        self.leave();
        Ok(())
    }

    fn loop_block(&mut self) -> Found {
        self.function().loops += 1;
        self.block()?;
        self.function().loops -= 1;
        Ok(())
    }

    fn function(&mut self) -> &mut Function {
        self.functions
            .last_mut()
            .expect("the main function is never left")
    }

    fn statement(&mut self) -> Found {
        let line = self.line();
        match self.token() {
            Token::If => self.if_(line),
            Token::While => {
                self.advance()?;
                self.expr()?;
                self.expect(Token::Do)?;
                self.loop_block()?;
                self.expect_closing(Token::End, Token::While, line)
            }
            Token::Do => {
                self.advance()?;
                self.block()?;
                self.expect_closing(Token::End, Token::Do, line)
            }
            Token::For => self.for_(line),
            Token::Repeat => {
                self.advance()?;
                self.loop_block()?;
                self.expect_closing(Token::Until, Token::Repeat, line)?;
                self.expr()
            }
            Token::Function => self.function_stat(line),
            Token::Local => self.local(),
            Token::Return => self.return_(),
            Token::Break => {
                self.advance()?;
                if self.function().loops == 0 {
                    return Err(self.error("no loop to break"));
                }
                Ok(())
            }
            _ => self.expr_stat(),
        }
    }

    fn if_(&mut self, line: u32) -> Found {
        loop {
            self.advance()?; // `if` or `elseif`
            self.expr()?;
            self.expect(Token::Then)?;
            self.block()?;
            if self.token() != Token::Elseif {
                break;
            }
        }
        if self.accept(Token::Else)? {
            self.block()?;
        }
        self.expect_closing(Token::End, Token::If, line)
    }

    fn for_(&mut self, line: u32) -> Found {
        self.advance()?;
        self.expect_name()?;
        match self.token() {
            Token::Assign => {
                self.advance()?;
                self.expr()?;
                self.expect(Token::Comma)?;
                self.expr()?;
                if self.accept(Token::Comma)? {
                    self.expr()?;
                }
            }
            Token::Comma | Token::In => {
                while self.accept(Token::Comma)? {
                    self.expect_name()?;
                }
                self.expect(Token::In)?;
                self.expr_list()?;
            }
            _ => return Err(self.error("'=' or 'in' expected")),
        }
        self.expect(Token::Do)?;
        self.loop_block()?;
        self.expect_closing(Token::End, Token::For, line)
    }

    fn function_stat(&mut self, line: u32) -> Found {
        self.advance()?;
        self.expect_name()?;
        while self.accept(Token::Dot)? {
            self.expect_name()?;
        }
        if self.accept(Token::Colon)? {
            self.expect_name()?;
        }
        self.function_body(line)
    }

    fn local(&mut self) -> Found {
        self.advance()?;
        if self.accept(Token::Function)? {
            self.expect_name()?;
            let line = self.line();
            return self.function_body(line);
        }
        self.expect_name()?;
        while self.accept(Token::Comma)? {
            self.expect_name()?;
        }
        if self.accept(Token::Assign)? {
            self.expr_list()?;
        }
        Ok(())
    }

    fn return_(&mut self) -> Found {
        self.advance()?;
        if self.ends_block() || self.token() == Token::Semicolon {
            return Ok(());
        }
        self.expr_list()
    }

    fn expr_stat(&mut self) -> Found {
        let mut kind = self.suffixed()?;
        if kind == Kind::Call {
            return Ok(());
        }
        let mut targets = 1;
        loop {
            if kind != Kind::Variable {
                return Err(self.error("syntax error"));
            }
            if !self.accept(Token::Comma)? {
                break;
            }
            kind = self.suffixed()?;
            // The reference recurses here, but only for this check's sake does
            // that matter.
            let limit = MAX_SYNTAX_LEVELS - self.level;
            if targets > limit {
                let function = match self.function().line {
                    0 => "main function".to_string(),
                    line => format!("function at line {line}"),
                };
                return Err(self.bare_error(&format!(
                    "{function} has more than {limit} variables in assignment"
                )));
            }
            targets += 1;
        }
        self.expect(Token::Assign)?;
        self.expr_list()
    }

    // --- Expressions

    fn expr_list(&mut self) -> Found {
        self.expr()?;
        while self.accept(Token::Comma)? {
            self.expr()?;
        }
        Ok(())
    }

    fn expr(&mut self) -> Found {
        self.subexpr(0)
    }

    /// An expression whose operators bind tighter to their left than `limit`.
    fn subexpr(&mut self, limit: u8) -> Found {
        self.enter()?;
        if matches!(self.token(), Token::Unary(_) | Token::Minus) {
            self.advance()?;
            self.subexpr(UNARY_PRIORITY)?;
        } else {
            self.simple()?;
        }
        loop {
            let op = match self.token() {
                Token::Minus => BinaryOp::Sub,
                Token::Binary(op) => op,
                _ => break,
            };
            let (left, right) = priority(op);
            if left <= limit {
                break;
            }
            self.advance()?;
            self.subexpr(right)?;
        }
        self.leave();
        Ok(())
    }

    fn simple(&mut self) -> Found {
        match self.token() {
            Token::Number(_) | Token::String(_) | Token::Nil | Token::True | Token::False => {
                self.advance()
            }
            Token::Dots => {
                if !self.function().is_vararg {
                    return Err(self.error("cannot use '...' outside a vararg function"));
                }
                self.advance()
            }
            Token::OpenBrace => self.table(),
            Token::Function => {
                self.advance()?;
                let line = self.line();
                self.function_body(line)
            }
            _ => self.suffixed().map(|_| ()),
        }
    }

    /// A name or parenthesis and what follows it: fields, indices, calls.
    fn suffixed(&mut self) -> Found<Kind> {
        let mut kind = match self.token() {
            Token::OpenParen => {
                let line = self.line();
                self.advance()?;
                self.expr()?;
                self.expect_closing(Token::CloseParen, Token::OpenParen, line)?;
                Kind::Value
            }
            Token::Name => {
                self.advance()?;
                Kind::Variable
            }
            _ => return Err(self.error("unexpected symbol")),
        };
        loop {
            kind = match self.token() {
                Token::Dot => {
                    self.advance()?;
                    self.expect_name()?;
                    Kind::Variable
                }
                Token::OpenBracket => {
                    self.key()?;
                    Kind::Variable
                }
                Token::Colon => {
                    self.advance()?;
                    self.expect_name()?;
                    self.args()?;
                    Kind::Call
                }
                Token::OpenParen | Token::String(_) | Token::OpenBrace => {
                    self.args()?;
                    Kind::Call
                }
                _ => return Ok(kind),
            }
        }
    }

    /// `[ expr ]`
    fn key(&mut self) -> Found {
        self.advance()?;
        self.expr()?;
        self.expect(Token::CloseBracket)
    }

    fn args(&mut self) -> Found {
        let line = self.line();
        match self.token() {
            Token::OpenParen => {
                if line != self.last_line {
                    return Err(self.error("ambiguous syntax (function call x new statement)"));
                }
                self.advance()?;
                if self.token() != Token::CloseParen {
                    self.expr_list()?;
                }
                self.expect_closing(Token::CloseParen, Token::OpenParen, line)
            }
            Token::OpenBrace => self.table(),
            Token::String(_) => self.advance(),
            _ => Err(self.error("function arguments expected")),
        }
    }

    fn table(&mut self) -> Found {
        let line = self.line();
        self.expect(Token::OpenBrace)?;
        while self.token() != Token::CloseBrace {
            match self.token() {
                Token::Name => {
                    if self.look_ahead()? == Token::Assign {
                        self.advance()?;
                        self.advance()?;
                    }
                    self.expr()?;
                }
                Token::OpenBracket => {
                    self.key()?;
                    self.expect(Token::Assign)?;
                    self.expr()?;
                }
                _ => self.expr()?,
            }
            if !self.accept(Token::Comma)? && !self.accept(Token::Semicolon)? {
                break;
            }
        }
        self.expect_closing(Token::CloseBrace, Token::OpenBrace, line)
    }

    /// Parameters and body of a function that a limit's message says to be at
    /// `line`.
    fn function_body(&mut self, line: u32) -> Found {
        self.expect(Token::OpenParen)?;
        let is_vararg = self.params()?;
        self.expect(Token::CloseParen)?;
        self.functions.push(Function {
            line,
            is_vararg,
            loops: 0,
        });
        self.block()?;
        self.functions.pop();
        self.expect_closing(Token::End, Token::Function, line)
    }

    /// True if the last parameter is `...`.
    fn params(&mut self) -> Found<bool> {
        if self.token() == Token::CloseParen {
            return Ok(false);
        }
        loop {
            match self.token() {
                Token::Name => self.advance()?,
                Token::Dots => {
                    self.advance()?;
                    return Ok(true);
                }
                _ => return Err(self.error("<name> or '...' expected")),
            }
            if !self.accept(Token::Comma)? {
                return Ok(false);
            }
        }
    }
}
