//! The tokens of Lua 5.1 (manual §2.1) and how error messages print them.
//!
//! A token owns no text: names, strings and numerals are slices of the source,
//! given by the token's place. Lines are counted here, while tokens are cut,
//! because a newline pair (`\r\n`, `\n\r`) is one line wherever it stands.

use logos::{Lexer, Logos};

use crate::ast::{BinaryOp, UnaryOp};
use crate::literal::{self, StringForm};

/// What the token cutter knows beside the tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    /// The current line, 1-based: that of the last byte read.
    pub(crate) line: u32,
    /// Lines that the last string or long comment spans beyond its first.
    pub(crate) inside: u32,
    /// The value of the last numeral. No part of its token: tokens are moved about a lot, and
    /// two bytes are moved faster than sixteen.
    pub(crate) number: f64,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            line: 1,
            inside: 0,
            number: 0.0,
        }
    }
}

/// Why no token can be cut. The token's slice then ends where the fault is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A byte that begins no token. [`Token::Stray`] leaves none.
    #[default]
    Unknown,
    /// A newline inside a short string.
    NewlineInString,
    /// End of input inside a short string.
    UnfinishedString,
    /// `\ddd` above 255.
    EscapeTooLarge,
    /// End of input inside a long string.
    UnfinishedLongString,
    /// End of input inside a long comment.
    UnfinishedLongComment,
    /// `[[` inside `[[ ]]`.
    NestedLongBracket,
    /// `[=` that opens no long bracket.
    InvalidDelimiter,
    /// A numeral that is no number.
    MalformedNumber,
}

/// A token.
#[derive(Logos, Clone, Copy, Debug, PartialEq)]
#[logos(utf8 = false, extras = Lines, error = Fault)]
#[logos(skip r"[ \t\x0B\x0C]+")]
#[logos(skip(r"\n\r?|\r\n?", newline))]
#[logos(skip("--", comment))]
pub(crate) enum Token {
    #[token("break")]
    Break,
    #[token("do")]
    Do,
    #[token("else")]
    Else,
    #[token("elseif")]
    Elseif,
    #[token("end")]
    End,
    #[token("false")]
    False,
    #[token("for")]
    For,
    #[token("function")]
    Function,
    #[token("if")]
    If,
    #[token("in")]
    In,
    #[token("local")]
    Local,
    #[token("nil")]
    Nil,
    #[token("repeat")]
    Repeat,
    #[token("return")]
    Return,
    #[token("then")]
    Then,
    #[token("true")]
    True,
    #[token("until")]
    Until,
    #[token("while")]
    While,
    // The reference looks for its second and third dot with `strchr`, which
    // also finds the NUL that ends its set: a NUL byte passes for a dot, and
    // below for the `e` and the sign of an exponent.
    #[regex(r"\.[.\x00][.\x00]")]
    Dots,
    #[token(".")]
    Dot,
    #[token(":")]
    Colon,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token("=")]
    Assign,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    /// `-`: subtraction or negation.
    #[token("-")]
    Minus,
    /// An operator that is only unary.
    #[token("not", |_| UnaryOp::Not)]
    #[token("#", |_| UnaryOp::Len)]
    Unary(UnaryOp),
    /// An operator that is only binary.
    #[token("and", |_| BinaryOp::And)]
    #[token("or", |_| BinaryOp::Or)]
    #[token("+", |_| BinaryOp::Add)]
    #[token("*", |_| BinaryOp::Mul)]
    #[token("/", |_| BinaryOp::Div)]
    #[token("%", |_| BinaryOp::Mod)]
    #[token("^", |_| BinaryOp::Pow)]
    #[regex(r"\.[.\x00]", |_| BinaryOp::Concat)]
    #[token("==", |_| BinaryOp::Eq)]
    #[token("~=", |_| BinaryOp::Ne)]
    #[token("<", |_| BinaryOp::Lt)]
    #[token("<=", |_| BinaryOp::Le)]
    #[token(">", |_| BinaryOp::Gt)]
    #[token(">=", |_| BinaryOp::Ge)]
    Binary(BinaryOp),
    /// A name.
    #[regex("[A-Za-z_][A-Za-z0-9_]*")]
    Name,
    /// A numeral; its value is in [`Lines`].
    #[regex(r"\.?[0-9][0-9.]*([Ee\x00]([+\-\x00])?)?[A-Za-z0-9_]*", numeral)]
    Number,
    /// A string literal.
    #[regex("[\"']", short_string)]
    #[regex(r"\[=*\[", long_string)]
    #[regex(r"\[=+", |_| Err(Fault::InvalidDelimiter))]
    String(StringForm),
    /// A byte that is a token by itself but part of no construct.
    #[regex(r"(?-u)[\x00-\xFF]", |lex| lex.slice()[0], priority = 0)]
    Stray(u8),
    /// End of input.
    Eof,
}

fn newline(lex: &mut Lexer<'_, Token>) {
    lex.extras.line += 1;
}

fn numeral(lex: &mut Lexer<'_, Token>) -> Result<(), Fault> {
    lex.extras.number = literal::parse_number(lex.slice()).ok_or(Fault::MalformedNumber)?;
    Ok(())
}

fn short_string(lex: &mut Lexer<'_, Token>) -> Result<StringForm, Fault> {
    let scan = literal::scan_short(lex.remainder(), lex.slice()[0]);
    finish_string(lex, scan)
}

fn long_string(lex: &mut Lexer<'_, Token>) -> Result<StringForm, Fault> {
    let level = lex.slice().len() - 2;
    let scan = literal::scan_long(lex.remainder(), level, Fault::UnfinishedLongString);
    finish_string(lex, scan)
}

fn finish_string(lex: &mut Lexer<'_, Token>, scan: literal::Scan) -> Result<StringForm, Fault> {
    lex.extras.line += scan.newlines;
    lex.extras.inside = scan.newlines;
    lex.bump(scan.len);
    scan.form
}

fn comment(lex: &mut Lexer<'_, Token>) -> Result<(), Fault> {
    let rest = lex.remainder();
    if let Some(level) = literal::long_bracket_level(rest) {
        let open_len = level + 2;
        let scan = literal::scan_long(&rest[open_len..], level, Fault::UnfinishedLongComment);
        lex.extras.line += scan.newlines;
        lex.extras.inside = scan.newlines;
        lex.bump(open_len + scan.len);
        scan.form.map(|_| ())
    } else {
        lex.bump(memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()));
        Ok(())
    }
}

impl Token {
    /// The token's kind as messages name it: `<name>`, `<number>` and
    /// `<string>` stand for any of theirs; other tokens print themselves.
    pub(crate) fn name(self) -> Option<&'static str> {
        Some(match self {
            Token::Break => "break",
            Token::Do => "do",
            Token::Else => "else",
            Token::Elseif => "elseif",
            Token::End => "end",
            Token::False => "false",
            Token::For => "for",
            Token::Function => "function",
            Token::If => "if",
            Token::In => "in",
            Token::Local => "local",
            Token::Nil => "nil",
            Token::Repeat => "repeat",
            Token::Return => "return",
            Token::Then => "then",
            Token::True => "true",
            Token::Until => "until",
            Token::While => "while",
            Token::Dots => "...",
            Token::Dot => ".",
            Token::Colon => ":",
            Token::Comma => ",",
            Token::Semicolon => ";",
            Token::Assign => "=",
            Token::OpenParen => "(",
            Token::CloseParen => ")",
            Token::OpenBrace => "{",
            Token::CloseBrace => "}",
            Token::OpenBracket => "[",
            Token::CloseBracket => "]",
            Token::Minus => "-",
            Token::Unary(op) => op.symbol(),
            Token::Binary(op) => op.symbol(),
            Token::Name => "<name>",
            Token::Number => "<number>",
            Token::String(_) => "<string>",
            Token::Eof => "<eof>",
            Token::Stray(_) => return None,
        })
    }
}
