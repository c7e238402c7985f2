//! Walks expressions: leaves, operators along their left spine, chains of
//! suffixes, calls. Knows the tree and its lines; how operators become
//! instructions is in [`crate::arith`] and [`crate::cond`].
//!
//! Left-associative operators and suffixes may chain without limit, so the walk
//! loops along them; it recurses only where the parser bounds the depth.

use lua_syntax::ast::{BinaryOp, Expr, ExprId, List, StrId, UnaryOp};

use crate::codegen::Codegen;
use crate::isa::Instr;
use crate::isa::operand::{Base, Dst, Hint, Imm8, Reg, Src, StrKX};
use crate::limits::Checked;
use crate::scope::Place;
use crate::value::{Exp, Kind, Results};

impl Codegen<'_> {
    /// Notes that all tokens of an expression are read: code from here on belongs
    /// to the line of the last one.
    pub(crate) fn passed(&mut self, id: ExprId) {
        let span = self.chunk.expr_span(id);
        self.f.emit.line = span.end_line;
        self.offset = span.end;
    }

    /// Walks an expression; what it becomes may still have to be read.
    pub(crate) fn expr(&mut self, id: ExprId) -> Checked<Exp> {
        let kind = match self.chunk.expr(id) {
            Expr::Nil => Kind::Nil,
            Expr::True => Kind::True,
            Expr::False => Kind::False,
            Expr::Number(n) => Kind::Number(n),
            Expr::String(id) => Kind::String(id),
            Expr::Vararg => Kind::Vararg(self.f.emit.emit(Instr::Vararg {
                a: Base(Reg(0)),
                b: Imm8(2),
            })),
            Expr::Name(name) => {
                self.passed(id);
                self.variable(name)?
            }
            Expr::Function(func) => {
                let closure = self.function(func)?;
                self.passed(id);
                return Ok(closure);
            }
            Expr::Index { .. } | Expr::Call { .. } | Expr::MethodCall { .. } => {
                return self.suffixed(id);
            }
            Expr::Binary { .. } => return self.binary(id),
            Expr::Unary { op, operand, .. } => {
                let mut e = self.expr(operand)?;
                self.unary(op, &mut e)?;
                return Ok(e);
            }
            Expr::Paren(inner) => {
                let mut e = self.expr(inner)?;
                self.passed(id);
                self.read(&mut e);
                return Ok(e);
            }
            Expr::Table(items) => return self.table(id, items),
        };
        self.passed(id);
        Ok(Exp::new(kind))
    }

    /// What a name stands for here.
    fn variable(&mut self, name: StrId) -> Checked<Kind> {
        Ok(match self.resolve(name)? {
            Place::Local(reg) => Kind::Local(reg),
            Place::Upvalue(index) => Kind::Upvalue(index),
            Place::Global => Kind::Global(self.string(name)?),
        })
    }

    fn unary(&mut self, op: UnaryOp, e: &mut Exp) -> Checked<()> {
        let a = Dst(Reg(0));
        let instr = match (op, e.numeral()) {
            (UnaryOp::Not, _) => return self.negate(e),
            (UnaryOp::Neg, Some(n)) => {
                e.kind = Kind::Number(-n);
                return Ok(());
            }
            (UnaryOp::Neg, None) => {
                let b = Src(self.in_register(e)?);
                Instr::Unm { a, b }
            }
            (UnaryOp::Len, _) => {
                let b = Src(self.in_register(e)?);
                Instr::Len { a, b }
            }
        };
        self.free(e);
        e.kind = Kind::Reloc(self.f.emit.emit(instr));
        Ok(())
    }

    /// A binary operator with all the operators on its left.
    fn binary(&mut self, id: ExprId) -> Checked<Exp> {
        let start = self.spine.len();
        let mut leaf = id;
        while let Expr::Binary { left, .. } = self.chunk.expr(leaf) {
            self.spine.push(leaf);
            leaf = left;
        }
        let mut e = self.expr(leaf)?;
        while self.spine.len() > start {
            let node = self.spine.pop().map(|node| self.chunk.expr(node));
            let Some(Expr::Binary {
                op, right, op_line, ..
            }) = node
            else {
                unreachable!("only operators were pushed");
            };
            self.f.emit.line = op_line;
            let prepared = self.before_right(op, &mut e);
            prepared.map_err(|exceeded| self.met_at(right, exceeded))?;
            let mut right = self.expr(right)?;
            self.combine(op, &mut e, &mut right)?;
        }
        Ok(e)
    }

    /// Prepares the left operand before the right one is walked.
    fn before_right(&mut self, op: BinaryOp, left: &mut Exp) -> Checked<()> {
        match op {
            BinaryOp::And => self.go_if_true(left),
            BinaryOp::Or => self.go_if_false(left),
            BinaryOp::Concat => self.push(left).map(drop),
            _ if left.constant().is_some() => Ok(()),
            _ => self.in_register(left).map(drop),
        }
    }

    /// Makes `left` the result of `left op right`.
    fn combine(&mut self, op: BinaryOp, left: &mut Exp, right: &mut Exp) -> Checked<()> {
        match op {
            BinaryOp::And => {
                self.read(right);
                self.f.emit.join(&mut right.if_false, left.if_false);
                *left = *right;
                Ok(())
            }
            BinaryOp::Or => {
                self.read(right);
                self.f.emit.join(&mut right.if_true, left.if_true);
                *left = *right;
                Ok(())
            }
            BinaryOp::Concat => self.concat(left, right),
            BinaryOp::Eq | BinaryOp::Ne => self.equality(op == BinaryOp::Eq, left, right),
            BinaryOp::Lt => self.order(false, left, right),
            BinaryOp::Le => self.order(true, left, right),
            BinaryOp::Gt => self.reversed_order(false, left, right),
            BinaryOp::Ge => self.reversed_order(true, left, right),
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Mod
            | BinaryOp::Pow => self.arithmetic(op, left, right),
        }
    }

    /// A name or a parenthesis, or whatever else can be indexed and called, with
    /// all that follows it.
    fn suffixed(&mut self, id: ExprId) -> Checked<Exp> {
        let start = self.spine.len();
        let mut head = id;
        loop {
            let inner = match self.chunk.expr(head) {
                Expr::Index { object, .. } | Expr::MethodCall { object, .. } => object,
                Expr::Call { callee, .. } => callee,
                _ => break,
            };
            self.spine.push(head);
            head = inner;
        }
        let mut e = self.expr(head)?;
        while self.spine.len() > start {
            if let Some(node) = self.spine.pop() {
                self.suffix(node, &mut e)?;
            }
        }
        Ok(e)
    }

    /// Makes `e` the value of the suffix `node`, whose object or callee it is.
    fn suffix(&mut self, node: ExprId, e: &mut Exp) -> Checked<()> {
        match self.chunk.expr(node) {
            Expr::Index { key, .. } => {
                let object = self.in_register(e)?;
                let mut key = self.expr(key)?;
                self.settle(&mut key)?;
                self.passed(node);
                self.index(e, object, &mut key)
            }
            Expr::Call { args, line, .. } => {
                let base = self.push(e)?;
                self.call(node, base, args, line, e)
            }
            Expr::MethodCall {
                name, args, line, ..
            } => {
                // The name's own line, if a long string opens the arguments.
                let first = self.chunk.exprs(args).first();
                let first_line = first.map(|&first| self.chunk.expr_span(first).line);
                self.f.emit.line = first_line.map_or(line, |first| first.min(line));
                let object = self.in_register(e)?;
                self.free(e);
                let base = self.reserve(2)?;
                let (a, b, c) = (Base(base), Src(object), Hint(0));
                let x = StrKX(self.string(name)?);
                self.f.emit.emit(Instr::Self_ { a, b, c, x });
                self.call(node, base, args, line, e)
            }
            _ => unreachable!("only suffixes were pushed"),
        }
    }

    /// Calls the function in `base`; its last registers before the arguments are
    /// already taken.
    fn call(
        &mut self,
        node: ExprId,
        base: Reg,
        args: List<ExprId>,
        line: u32,
        e: &mut Exp,
    ) -> Checked<()> {
        let mut is_open = false;
        if let Some((&last, firsts)) = self.chunk.exprs(args).split_last() {
            self.items_to_registers(firsts, last)?;
            let mut last = self.expr(last)?;
            self.passed(node);
            is_open = last.is_multiple();
            if is_open {
                self.set_results(&last, Results::Open)?;
            } else {
                self.push(&mut last)?;
            }
        }
        self.passed(node);
        let a = Base(base);
        let at = self.f.emit.emit(if is_open {
            let (b, c) = (Imm8(0), Imm8(2));
            Instr::CallV { a, b, c }
        } else {
            let b = Imm8(self.f.regs.free().0 - base.0 - 1);
            let c = Imm8(1);
            Instr::Call { a, b, c }
        });
        self.f.emit.fix_line(line);
        self.f.regs.release_from(Reg(base.0 + 1));
        *e = Exp::new(Kind::Call { at, base });
        Ok(())
    }
}
