//! Operands: literals, variables, suffixes, calls, parentheses. Operators are
//! in [`super::operators`].

use super::{Args, Builder, Closed, Levels, Open, Operand, Whole};
use crate::ast::{Expr, ExprId, List, StrId};
use crate::lexer::Flaw;
use crate::literal::{self, StringForm};
use crate::span::Pos;

impl Builder<'_> {
    pub(super) fn push_expr(&mut self, expr: Expr, start: Pos, end: Pos) -> ExprId {
        let id = ExprId(self.chunk.exprs.len() as u32);
        self.chunk.exprs.push(expr);
        self.chunk.expr_spans.push(start.to(end));
        id
    }

    pub(super) fn start_of(&self, id: ExprId) -> Pos {
        self.chunk.expr_span(id).first()
    }

    pub(super) fn end_of(&self, id: ExprId) -> Pos {
        self.chunk.expr_span(id).last()
    }

    /// An operand that holds no other expression.
    pub(crate) fn leaf(&mut self, expr: Expr, start: Pos, end: Pos) -> Operand {
        let id = self.push_expr(expr, start, end);
        Operand { id, levels: 0 }
    }

    pub(crate) fn string(&mut self, form: StringForm, start: Pos, end: Pos) -> Operand {
        let value = literal::string_value(self.text(start, end), form);
        let id = self.intern(&value);
        self.leaf(Expr::String(id), start, end)
    }

    pub(crate) fn vararg(&mut self, start: Pos, end: Pos) -> Result<Operand, Flaw> {
        let function = self.functions.last_mut().ok_or(Flaw)?;
        if !function.is_vararg {
            return Err(Flaw);
        }
        function.uses_vararg = true;
        Ok(self.leaf(Expr::Vararg, start, end))
    }

    pub(crate) fn variable(&mut self, start: Pos, end: Pos) -> Operand {
        let name = self.name(start, end);
        self.leaf(Expr::Name(name), start, end)
    }

    pub(crate) fn paren(&mut self, start: Pos, inner: Whole, end: Pos) -> Operand {
        let id = self.push_expr(Expr::Paren(inner.id), start, end);
        let levels = inner.levels;
        Operand { id, levels }
    }

    pub(crate) fn field(&mut self, object: Operand, start: Pos, end: Pos) -> Operand {
        let key = self.name_constant(start, end);
        self.index_node(object, key, 0, end)
    }

    pub(crate) fn index(&mut self, object: Operand, key: Whole, end: Pos) -> Operand {
        self.index_node(object, key.id, key.levels, end)
    }

    fn index_node(&mut self, object: Operand, key: ExprId, levels: Levels, end: Pos) -> Operand {
        let start = self.start_of(object.id);
        let object_id = object.id;
        let expr = Expr::Index {
            object: object_id,
            key,
        };
        let id = self.push_expr(expr, start, end);
        let levels = object.levels.max(levels);
        Operand { id, levels }
    }

    /// The string that a name stands for as a key.
    pub(super) fn name_constant(&mut self, start: Pos, end: Pos) -> ExprId {
        let name = self.name(start, end);
        self.push_expr(Expr::String(name), start, end)
    }

    pub(crate) fn paren_args(&mut self, open: Pos, list: Option<Open>) -> Args {
        let levels = list.map_or(0, |list| list.levels);
        let list = list.map_or(List::empty(), |list| self.close_exprs(list));
        Args {
            list,
            line: open.line,
            levels,
            has_paren: true,
        }
    }

    /// The argument of `f"text"` and `f{...}`. `line` is that on which the
    /// token that opens it ends.
    pub(crate) fn literal_arg(&mut self, operand: Operand, line: u32) -> Args {
        let start = self.chunk.expr_lists.len() as u32;
        self.chunk.expr_lists.push(operand.id);
        Args {
            list: List::new(start, 1),
            line,
            levels: operand.levels,
            has_paren: false,
        }
    }

    pub(crate) fn call(&mut self, callee: Operand, args: Args, end: Pos) -> Result<Operand, Flaw> {
        let start = self.start_of(callee.id);
        if args.has_paren && args.line != self.end_of(callee.id).line {
            match self.chunk.expr(callee.id) {
                Expr::Name(_) => self.ambiguous.push(start.offset),
                _ => return Err(Flaw),
            }
        }
        let expr = Expr::Call {
            callee: callee.id,
            args: args.list,
            line: args.line,
        };
        let id = self.push_expr(expr, start, end);
        let levels = callee.levels.max(args.levels);
        Ok(Operand { id, levels })
    }

    /// `name` is the method's, with the position just past it.
    pub(crate) fn method_call(
        &mut self,
        object: Operand,
        (name, name_end): (StrId, Pos),
        args: Args,
        end: Pos,
    ) -> Result<Operand, Flaw> {
        if args.has_paren && args.line != name_end.line {
            return Err(Flaw);
        }
        let start = self.start_of(object.id);
        let expr = Expr::MethodCall {
            object: object.id,
            name,
            args: args.list,
            line: args.line,
        };
        let id = self.push_expr(expr, start, end);
        let levels = object.levels.max(args.levels);
        Ok(Operand { id, levels })
    }

    pub(crate) fn function_expr(&mut self, start: Pos, func: Closed, end: Pos) -> Operand {
        let id = self.push_expr(Expr::Function(func.id), start, end);
        let levels = func.levels;
        Operand { id, levels }
    }
}
