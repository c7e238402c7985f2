//! Operator precedence.
//!
//! An expression is a flat sentence of operands and operators to the grammar.
//! Operators wait on a stack until one that binds less tightly, or the end,
//! lets them have their operands. Each waiting operator is one level, exactly
//! as each is one recursion of the reference's precedence climbing.

use super::{Builder, Operand, Whole};
use crate::MAX_SYNTAX_LEVELS;
use crate::ast::{BinaryOp, Expr, UnaryOp};
use crate::lexer::Flaw;
use crate::span::Pos;

/// The operators read so far of an expression, ended by its latest operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    last: Operand,
    /// Where the expression's own waiting operators begin on the stack.
    base: u8,
}

/// The operators read so far of an expression, ended by an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    base: u8,
}

/// An operator that waits for its right operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    kind: Waits,
    /// Operators that bind tighter than this to their left go first.
    right_priority: u8,
    op_line: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Waits {
    Binary(BinaryOp, Operand),
    Unary(UnaryOp, Pos),
}

/// How tightly a binary operator binds to its left and to its right; the right
/// side is lower where it is right-associative (manual §2.5.6).
pub(crate) fn priority(op: BinaryOp) -> (u8, u8) {
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
pub(crate) const UNARY_PRIORITY: u8 = 8;

impl Builder<'_> {
    /// An expression's first operand, no operator before it.
    pub(crate) fn chain(&mut self, operand: Operand) -> Chain {
        Chain {
            last: operand,
            base: self.waiting.len() as u8, // bounded by `wait`
        }
    }

    /// The operand after an operator.
    pub(crate) fn chain_on(&mut self, pending: Pending, operand: Operand) -> Chain {
        Chain {
            last: operand,
            base: pending.base,
        }
    }

    /// An expression that starts with a unary operator.
    pub(crate) fn unary(&mut self, op: UnaryOp, at: Pos) -> Result<Pending, Flaw> {
        let base = self.waiting.len() as u8; // bounded by `wait`
        self.unary_on(Pending { base }, op, at)
    }

    /// A unary operator after another operator.
    pub(crate) fn unary_on(
        &mut self,
        pending: Pending,
        op: UnaryOp,
        at: Pos,
    ) -> Result<Pending, Flaw> {
        self.wait(Waiting {
            kind: Waits::Unary(op, at),
            right_priority: UNARY_PRIORITY,
            op_line: at.line,
        })?;
        Ok(pending)
    }

    /// A binary operator after an operand.
    pub(crate) fn binary(&mut self, chain: Chain, op: BinaryOp, at: Pos) -> Result<Pending, Flaw> {
        let (left_priority, right_priority) = priority(op);
        let left = self.resolve(chain, left_priority);
        self.wait(Waiting {
            kind: Waits::Binary(op, left),
            right_priority,
            op_line: at.line,
        })?;
        Ok(Pending { base: chain.base })
    }

    fn wait(&mut self, operator: Waiting) -> Result<(), Flaw> {
        // Each waiting operator is a level, even those of outer expressions.
        if self.waiting.len() >= MAX_SYNTAX_LEVELS {
            return Err(Flaw);
        }
        self.waiting.push(operator);
        Ok(())
    }

    /// Gives the chain's waiting operators their operands, as long as they bind
    /// at least as tightly as `left_priority`.
    fn resolve(&mut self, chain: Chain, left_priority: u8) -> Operand {
        let mut right = chain.last;
        while self.waiting.len() > usize::from(chain.base) {
            let Some(operator) = self
                .waiting
                .pop_if(|operator| operator.right_priority >= left_priority)
            else {
                break;
            };
            right = self.apply(operator, right);
        }
        right
    }

    fn apply(&mut self, operator: Waiting, right: Operand) -> Operand {
        let op_line = operator.op_line;
        let below = right.levels.saturating_add(1);
        let (expr, start, levels) = match operator.kind {
            Waits::Binary(op, left) => (
                Expr::Binary {
                    op,
                    left: left.id,
                    right: right.id,
                    op_line,
                },
                self.start_of(left.id),
                left.levels.max(below),
            ),
            Waits::Unary(op, start) => (
                Expr::Unary {
                    op,
                    operand: right.id,
                    op_line,
                },
                start,
                below,
            ),
        };
        let end = self.end_of(right.id);
        let id = self.push_expr(expr, start, end);
        Operand { id, levels }
    }

    /// The end of an expression.
    pub(crate) fn whole(&mut self, chain: Chain) -> Whole {
        let operand = self.resolve(chain, 0);
        Whole {
            id: operand.id,
            levels: operand.levels.saturating_add(1),
        }
    }
}
