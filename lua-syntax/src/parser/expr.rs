//! Expressions: operators by precedence, operands, suffixes, constructors.

use super::{Descent, Enclosing, Parsed};
use crate::ast::{BinaryOp, Expr, ExprId, FuncId, List, TableItem, UnaryOp};
use crate::lexer::Tokens;
use crate::literal::{self, StringForm};
use crate::token::Token;

/// How tightly a binary operator binds to its left and to its right; the right
/// side is lower where it is right-associative (manual §2.5.6).
fn priority(op: BinaryOp) -> (u8, u8) {
    match op {
        BinaryOp::Or => (1, 1),
        BinaryOp::And => (2, 2),
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            (3, 3)
        }
        BinaryOp::Concat => (5, 4),
        BinaryOp::Add | BinaryOp::Sub => (6, 6),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => (7, 7),
        BinaryOp::Pow => (10, 9),
    }
}

/// How tightly a unary operator binds to its operand.
const UNARY_PRIORITY: u8 = 8;

impl<T: Tokens> Descent<'_, T> {
    pub(super) fn expr_list(&mut self) -> Parsed<List<ExprId>> {
        let first = self.expr()?;
        if self.token != Token::Comma {
            return Ok(self.tree.single(first));
        }
        let start = self.tree.exprs.len();
        self.tree.exprs.push(first);
        while self.accept(Token::Comma)? {
            let next = self.expr()?;
            self.tree.exprs.push(next);
        }
        Ok(self.tree.close_exprs(start))
    }

    pub(super) fn expr(&mut self) -> Parsed<ExprId> {
        self.subexpr(0)
    }

    /// An expression whose operators bind tighter to their left than `limit`.
    fn subexpr(&mut self, limit: u8) -> Parsed<ExprId> {
        self.enter()?;
        let start = self.start;
        let unary = match self.token {
            Token::Unary(op) => Some(op),
            Token::Minus => Some(UnaryOp::Neg),
            _ => None,
        };
        let mut left = match unary {
            Some(op) => {
                self.advance()?;
                let operand = self.subexpr(UNARY_PRIORITY)?;
                let expr = Expr::Unary {
                    op,
                    operand,
                    op_line: start.line,
                };
                self.tree.push_expr(expr, start, self.last_end)
            }
            None => self.simple()?,
        };
        loop {
            let op = match self.token {
                Token::Minus => BinaryOp::Sub,
                Token::Binary(op) => op,
                _ => break,
            };
            let (left_priority, right_priority) = priority(op);
            if left_priority <= limit {
                break;
            }
            let op_line = self.start.line;
            self.advance()?;
            let right = self.subexpr(right_priority)?;
            let expr = Expr::Binary {
                op,
                left,
                right,
                op_line,
            };
            left = self.tree.push_expr(expr, start, self.last_end);
        }
        self.leave();
        Ok(left)
    }

    fn simple(&mut self) -> Parsed<ExprId> {
        let leaf = match self.token {
            Token::Number => Expr::Number(self.lexer.number()),
            Token::String(form) => return self.string(form),
            Token::Nil => Expr::Nil,
            Token::True => Expr::True,
            Token::False => Expr::False,
            Token::Dots => {
                if !self.function.is_vararg {
                    return Err(self.error("cannot use '...' outside a vararg function"));
                }
                self.function.uses_vararg = true;
                Expr::Vararg
            }
            Token::OpenBrace => return self.table(),
            Token::Function => return self.function_expr(),
            _ => return self.suffixed(),
        };
        let expr = self.tree.push_expr(leaf, self.start, self.end);
        self.advance()?;
        Ok(expr)
    }

    fn string(&mut self, form: StringForm) -> Parsed<ExprId> {
        let value = literal::string_value(self.lexer.text(self.start, self.end), form);
        let value = Expr::String(self.tree.intern(&value));
        let expr = self.tree.push_expr(value, self.start, self.end);
        self.advance()?;
        Ok(expr)
    }

    fn function_expr(&mut self) -> Parsed<ExprId> {
        let start = self.start;
        self.advance()?;
        let line = self.line();
        let func = self.function_body(line, false)?;
        Ok(self
            .tree
            .push_expr(Expr::Function(func), start, self.last_end))
    }

    /// A name as a constant: the key of `object.name` or of `{name = value}`.
    fn name_constant(&mut self) -> Parsed<ExprId> {
        let (start, end) = (self.start, self.end);
        let name = self.name()?;
        Ok(self.tree.push_expr(Expr::String(name), start, end))
    }

    pub(super) fn variable(&mut self) -> Parsed<ExprId> {
        let (start, end) = (self.start, self.end);
        let name = self.name()?;
        Ok(self.tree.push_expr(Expr::Name(name), start, end))
    }

    /// `.name` or `:name` behind an object that starts at `start`.
    pub(super) fn field(&mut self, object: ExprId, start: crate::span::Pos) -> Parsed<ExprId> {
        self.advance()?;
        let key = self.name_constant()?;
        let expr = Expr::Index { object, key };
        Ok(self.tree.push_expr(expr, start, self.last_end))
    }

    /// A name or parenthesis and what follows it: fields, indices, calls.
    pub(super) fn suffixed(&mut self) -> Parsed<ExprId> {
        let start = self.start;
        let mut expr = match self.token {
            Token::Name => self.variable()?,
            Token::OpenParen => {
                let line = self.line();
                self.advance()?;
                let inner = self.expr()?;
                self.expect_closing(Token::CloseParen, Token::OpenParen, line)?;
                self.tree
                    .push_expr(Expr::Paren(inner), start, self.last_end)
            }
            _ => return Err(self.error("unexpected symbol")),
        };
        loop {
            let suffixed = match self.token {
                Token::Dot => {
                    expr = self.field(expr, start)?;
                    continue;
                }
                Token::OpenBracket => {
                    let key = self.key()?;
                    Expr::Index { object: expr, key }
                }
                Token::Colon => {
                    self.advance()?;
                    let name = self.name()?;
                    let (args, line) = self.args()?;
                    Expr::MethodCall {
                        object: expr,
                        name,
                        args,
                        line,
                    }
                }
                Token::OpenParen | Token::String(_) | Token::OpenBrace => {
                    let (args, line) = self.args()?;
                    Expr::Call {
                        callee: expr,
                        args,
                        line,
                    }
                }
                _ => return Ok(expr),
            };
            expr = self.tree.push_expr(suffixed, start, self.last_end);
        }
    }

    /// `[ expr ]`
    fn key(&mut self) -> Parsed<ExprId> {
        self.advance()?;
        let key = self.expr()?;
        self.expect(Token::CloseBracket)?;
        Ok(key)
    }

    /// The arguments of a call, and the line on which the token that opens them ends.
    fn args(&mut self) -> Parsed<(List<ExprId>, u32)> {
        let line = self.line();
        let args = match self.token {
            Token::OpenParen => {
                if line != self.last_line {
                    return Err(self.error("ambiguous syntax (function call x new statement)"));
                }
                self.advance()?;
                let args = if self.token == Token::CloseParen {
                    List::empty()
                } else {
                    self.expr_list()?
                };
                self.expect_closing(Token::CloseParen, Token::OpenParen, line)?;
                args
            }
            Token::OpenBrace => {
                let table = self.table()?;
                self.tree.single(table)
            }
            Token::String(form) => {
                let string = self.string(form)?;
                self.tree.single(string)
            }
            _ => return Err(self.error("function arguments expected")),
        };
        Ok((args, line))
    }

    fn table(&mut self) -> Parsed<ExprId> {
        let (start, line) = (self.start, self.line());
        let first = self.tree.items.len();
        self.advance()?;
        while self.token != Token::CloseBrace {
            let item = self.item()?;
            self.tree.items.push(item);
            if !self.accept(Token::Comma)? && !self.accept(Token::Semicolon)? {
                break;
            }
        }
        self.expect_closing(Token::CloseBrace, Token::OpenBrace, line)?;
        let items = self.tree.close_items(first);
        Ok(self
            .tree
            .push_expr(Expr::Table(items), start, self.last_end))
    }

    fn item(&mut self) -> Parsed<TableItem> {
        let key = if self.token == Token::OpenBracket {
            self.key()?
        } else if self.token == Token::Name && self.look_ahead()? == Token::Assign {
            self.name_constant()?
        } else {
            return self.expr().map(TableItem::Positional);
        };
        self.expect(Token::Assign)?;
        let value = self.expr()?;
        Ok(TableItem::Keyed { key, value })
    }

    /// Parameters and body of a function that a limit's message says to be at
    /// `line`. A method has a `self` before its other parameters.
    pub(super) fn function_body(&mut self, line: u32, is_method: bool) -> Parsed<FuncId> {
        let head_line = self.start.line;
        self.expect(Token::OpenParen)?;
        let first = self.tree.open_names();
        if is_method {
            let name = self.tree.intern(b"self");
            self.tree.add_name(name);
        }
        let is_vararg = self.params()?;
        let params = self.tree.close_names(first);
        self.expect(Token::CloseParen)?;
        let function = Enclosing {
            line,
            is_vararg,
            uses_vararg: false,
            loops: 0,
        };
        let outer = std::mem::replace(&mut self.function, function);
        let block = self.block()?;
        self.expect_closing(Token::End, Token::Function, line)?;
        let func = self.push_func(params, block, head_line, block.end_line);
        self.function = outer;
        Ok(func)
    }

    /// True if the last parameter is `...`.
    fn params(&mut self) -> Parsed<bool> {
        if self.token == Token::CloseParen {
            return Ok(false);
        }
        loop {
            match self.token {
                Token::Name => {
                    let name = self.name()?;
                    self.tree.add_name(name);
                }
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
