//! Blocks and statements.

use super::{Descent, Parsed};
use crate::MAX_SYNTAX_LEVELS;
use crate::ast::{Block, Expr, ExprId, IfArm, List, Stat, StatId};
use crate::lexer::Tokens;
use crate::token::Token;

impl<T: Tokens> Descent<'_, T> {
    fn ends_block(&self) -> bool {
        matches!(
            self.token,
            Token::Else | Token::Elseif | Token::End | Token::Until | Token::Eof
        )
    }

    pub(super) fn block(&mut self) -> Parsed<Block> {
        self.enter()?;
        let first = self.tree.stats.len();
        while !self.ends_block() {
            let is_last = matches!(self.token, Token::Break | Token::Return);
            let stat = self.statement()?;
            self.tree.stats.push(stat);
            self.accept(Token::Semicolon)?;
            if is_last {
                break;
            }
        }
        self.leave();
        Ok(Block {
            stats: self.tree.close_stats(first),
            end_line: self.start.line,
        })
    }

    fn loop_block(&mut self) -> Parsed<Block> {
        self.function.loops += 1;
        let block = self.block()?;
        self.function.loops -= 1;
        Ok(block)
    }

    fn statement(&mut self) -> Parsed<StatId> {
        let (start, line) = (self.start, self.line());
        let stat = match self.token {
            Token::If => self.if_(line)?,
            Token::While => {
                self.advance()?;
                let cond = self.expr()?;
                self.expect(Token::Do)?;
                let block = self.loop_block()?;
                self.expect_closing(Token::End, Token::While, line)?;
                Stat::While { cond, block }
            }
            Token::Do => {
                self.advance()?;
                let block = self.block()?;
                self.expect_closing(Token::End, Token::Do, line)?;
                Stat::Do(block)
            }
            Token::For => self.for_(line)?,
            Token::Repeat => {
                self.advance()?;
                let block = self.loop_block()?;
                self.expect_closing(Token::Until, Token::Repeat, line)?;
                let cond = self.expr()?;
                Stat::Repeat { block, cond }
            }
            Token::Function => self.function_stat(line)?,
            Token::Local => self.local()?,
            Token::Return => self.return_()?,
            Token::Break => {
                self.advance()?;
                if self.function.loops == 0 {
                    return Err(self.error("no loop to break"));
                }
                Stat::Break
            }
            _ => self.expr_stat()?,
        };
        Ok(self.tree.push_stat(stat, start, self.last_end))
    }

    fn if_(&mut self, line: u32) -> Parsed<Stat> {
        let first = self.tree.arms.len();
        loop {
            self.advance()?; // `if` or `elseif`
            let cond = self.expr()?;
            self.expect(Token::Then)?;
            let block = self.block()?;
            self.tree.arms.push(IfArm { cond, block });
            if self.token != Token::Elseif {
                break;
            }
        }
        let mut otherwise = None;
        if self.accept(Token::Else)? {
            otherwise = Some(self.block()?);
        }
        self.expect_closing(Token::End, Token::If, line)?;
        Ok(Stat::If {
            arms: self.tree.close_arms(first),
            otherwise,
        })
    }

    fn for_(&mut self, line: u32) -> Parsed<Stat> {
        self.advance()?;
        let var = self.name()?;
        match self.token {
            Token::Assign => {
                self.advance()?;
                let start = self.expr()?;
                self.expect(Token::Comma)?;
                let limit = self.expr()?;
                let mut step = None;
                if self.accept(Token::Comma)? {
                    step = Some(self.expr()?);
                }
                let do_line = self.line();
                let block = self.for_block(line)?;
                Ok(Stat::NumericFor {
                    var,
                    start,
                    limit,
                    step,
                    do_line,
                    block,
                })
            }
            Token::Comma | Token::In => {
                let first = self.tree.open_names();
                self.tree.add_name(var);
                while self.accept(Token::Comma)? {
                    let name = self.name()?;
                    self.tree.add_name(name);
                }
                let names = self.tree.close_names(first);
                self.expect(Token::In)?;
                let exprs = self.expr_list()?;
                let block = self.for_block(line)?;
                Ok(Stat::GenericFor {
                    names,
                    exprs,
                    block,
                })
            }
            _ => Err(self.error("'=' or 'in' expected")),
        }
    }

    fn for_block(&mut self, line: u32) -> Parsed<Block> {
        self.expect(Token::Do)?;
        let block = self.loop_block()?;
        self.expect_closing(Token::End, Token::For, line)?;
        Ok(block)
    }

    fn function_stat(&mut self, line: u32) -> Parsed<Stat> {
        let keyword_line = self.start.line;
        self.advance()?;
        let start = self.start;
        let mut target = self.variable()?;
        while self.token == Token::Dot {
            target = self.field(target, start)?;
        }
        let is_method = self.token == Token::Colon;
        if is_method {
            target = self.field(target, start)?;
        }
        let func = self.function_body(line, is_method)?;
        // A function statement is defined at its keyword, others at their `(`.
        self.tree.chunk.funcs[func.index()].line = keyword_line;
        Ok(Stat::Function { target, func })
    }

    fn local(&mut self) -> Parsed<Stat> {
        self.advance()?;
        if self.accept(Token::Function)? {
            let name = self.name()?;
            let line = self.line();
            let func = self.function_body(line, false)?;
            return Ok(Stat::LocalFunction { name, func });
        }
        let first = self.tree.open_names();
        loop {
            let name = self.name()?;
            self.tree.add_name(name);
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        let names = self.tree.close_names(first);
        let mut exprs = List::empty();
        if self.accept(Token::Assign)? {
            exprs = self.expr_list()?;
        }
        Ok(Stat::Local { names, exprs })
    }

    fn return_(&mut self) -> Parsed<Stat> {
        self.advance()?;
        if self.ends_block() || self.token == Token::Semicolon {
            return Ok(Stat::Return(List::empty()));
        }
        self.expr_list().map(Stat::Return)
    }

    fn expr_stat(&mut self) -> Parsed<Stat> {
        let first = self.suffixed()?;
        let targets = match self.tree.chunk.expr(first) {
            Expr::Call { .. } | Expr::MethodCall { .. } => return Ok(Stat::Call(first)),
            Expr::Name(_) | Expr::Index { .. } if self.token != Token::Comma => {
                self.tree.single(first)
            }
            _ => self.targets(first)?,
        };
        self.expect(Token::Assign)?;
        let exprs = self.expr_list()?;
        Ok(Stat::Assign { targets, exprs })
    }

    /// The left-hand sides of an assignment, after the first.
    fn targets(&mut self, first: ExprId) -> Parsed<List<ExprId>> {
        let start = self.tree.exprs.len();
        let mut target = first;
        loop {
            if !matches!(
                self.tree.chunk.expr(target),
                Expr::Name(_) | Expr::Index { .. }
            ) {
                return Err(self.error("syntax error"));
            }
            self.tree.exprs.push(target);
            if !self.accept(Token::Comma)? {
                return Ok(self.tree.close_exprs(start));
            }
            target = self.suffixed()?;
            // The reference recurses here, but only for this check's sake does
            // that matter.
            let limit = MAX_SYNTAX_LEVELS - self.level;
            if self.tree.exprs.len() - start > limit {
                let function = match self.function.line {
                    0 => "main function".to_string(),
                    line => format!("function at line {line}"),
                };
                return Err(self.bare_error(&format!(
                    "{function} has more than {limit} variables in assignment"
                )));
            }
        }
    }
}
