//! Blocks and statements.

use super::{Body, Builder, Closed, Levels, Open, Operand, Statement, Whole, close};
use crate::ast::{Block, Expr, IfArm, List, Stat, StatId, StrId};
use crate::lexer::Flaw;
use crate::span::Pos;

impl Builder<'_> {
    pub(crate) fn open_block(&mut self) -> Open {
        Open {
            start: self.stats.len() as u32,
            levels: 0,
        }
    }

    pub(crate) fn add_stat(&mut self, block: Open, stat: Statement) -> Open {
        self.stats.push(stat.id);
        Open {
            levels: block.levels.max(stat.levels),
            ..block
        }
    }

    /// `next` is where the token after the block stands.
    pub(crate) fn block(&mut self, block: Open, next: Pos) -> Body {
        let levels = block.levels.saturating_add(1);
        let stats = close(&mut self.stats, &mut self.chunk.stat_lists, block.start);
        Body {
            block: Block {
                stats,
                end_line: next.line,
            },
            levels,
        }
    }

    fn push_stat(&mut self, stat: Stat, levels: Levels, start: Pos, end: Pos) -> Statement {
        let id = StatId(self.chunk.stats.len() as u32);
        self.chunk.stats.push(stat);
        self.chunk.stat_spans.push(start.to(end));
        Statement { id, levels }
    }

    pub(crate) fn enter_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops += 1;
        }
    }

    fn leave_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops -= 1;
        }
    }

    pub(crate) fn do_(&mut self, start: Pos, body: Body, end: Pos) -> Statement {
        self.push_stat(Stat::Do(body.block), body.levels, start, end)
    }

    pub(crate) fn while_(&mut self, start: Pos, cond: Whole, body: Body, end: Pos) -> Statement {
        self.leave_loop();
        let stat = Stat::While {
            cond: cond.id,
            block: body.block,
        };
        self.push_stat(stat, cond.levels.max(body.levels), start, end)
    }

    pub(crate) fn repeat(&mut self, start: Pos, body: Body, cond: Whole) -> Statement {
        self.leave_loop();
        let stat = Stat::Repeat {
            block: body.block,
            cond: cond.id,
        };
        let end = self.end_of(cond.id);
        self.push_stat(stat, cond.levels.max(body.levels), start, end)
    }

    pub(crate) fn open_arms(&mut self, cond: Whole, body: Body) -> Open {
        let start = self.arms.len() as u32;
        let levels = 0;
        self.add_arm(Open { start, levels }, cond, body)
    }

    pub(crate) fn add_arm(&mut self, arms: Open, cond: Whole, body: Body) -> Open {
        self.arms.push(IfArm {
            cond: cond.id,
            block: body.block,
        });
        Open {
            levels: arms.levels.max(cond.levels).max(body.levels),
            ..arms
        }
    }

    pub(crate) fn if_(
        &mut self,
        start: Pos,
        arms: Open,
        otherwise: Option<Body>,
        end: Pos,
    ) -> Statement {
        let levels = arms.levels.max(otherwise.map_or(0, |body| body.levels));
        let stat = Stat::If {
            arms: close(&mut self.arms, &mut self.chunk.arm_lists, arms.start),
            otherwise: otherwise.map(|body| body.block),
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn numeric_for(
        &mut self,
        start: Pos,
        var: StrId,
        (first, limit, step): (Whole, Whole, Option<Whole>),
        body: Body,
        end: Pos,
    ) -> Statement {
        self.leave_loop();
        let levels = first
            .levels
            .max(limit.levels)
            .max(step.map_or(0, |step| step.levels))
            .max(body.levels);
        let stat = Stat::NumericFor {
            var,
            start: first.id,
            limit: limit.id,
            step: step.map(|step| step.id),
            block: body.block,
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn generic_for(
        &mut self,
        start: Pos,
        names: Open,
        exprs: Open,
        body: Body,
        end: Pos,
    ) -> Statement {
        self.leave_loop();
        let stat = Stat::GenericFor {
            names: self.close_names(names),
            exprs: self.close_exprs(exprs),
            block: body.block,
        };
        self.push_stat(stat, exprs.levels.max(body.levels), start, end)
    }

    pub(crate) fn function_stat(
        &mut self,
        start: Pos,
        target: Operand,
        func: Closed,
        end: Pos,
    ) -> Statement {
        // A function statement is defined at its keyword, others at their `(`.
        self.chunk.funcs[func.id.index()].line = start.line;
        let stat = Stat::Function {
            target: target.id,
            func: func.id,
        };
        self.push_stat(stat, func.levels, start, end)
    }

    pub(crate) fn local_function(
        &mut self,
        start: Pos,
        name: StrId,
        func: Closed,
        end: Pos,
    ) -> Statement {
        let stat = Stat::LocalFunction {
            name,
            func: func.id,
        };
        self.push_stat(stat, func.levels, start, end)
    }

    pub(crate) fn local(
        &mut self,
        start: Pos,
        names: Open,
        exprs: Option<Open>,
        end: Pos,
    ) -> Statement {
        let levels = exprs.map_or(0, |exprs| exprs.levels);
        let stat = Stat::Local {
            names: self.close_names(names),
            exprs: exprs.map_or(List::empty(), |exprs| self.close_exprs(exprs)),
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn open_targets(&mut self, first: Operand) -> Result<Open, Flaw> {
        let start = self.exprs.len() as u32;
        let levels = 0;
        self.add_target(Open { start, levels }, first)
    }

    /// The reference recurses on targets after the first, and bounds them like
    /// levels.
    pub(crate) fn add_target(&mut self, list: Open, next: Operand) -> Result<Open, Flaw> {
        match self.chunk.expr(next.id) {
            Expr::Name(_) | Expr::Index { .. } => {}
            _ => return Err(Flaw),
        }
        let earlier = self.exprs.len() - list.start as usize;
        self.exprs.push(next.id);
        Ok(Open {
            levels: list
                .levels
                .max(next.levels)
                .max(Levels::try_from(earlier).unwrap_or(Levels::MAX)),
            ..list
        })
    }

    pub(crate) fn assign(&mut self, start: Pos, targets: Open, exprs: Open, end: Pos) -> Statement {
        let expr_list = self.close_exprs(exprs);
        let stat = Stat::Assign {
            targets: self.close_exprs(targets),
            exprs: expr_list,
        };
        self.push_stat(stat, targets.levels.max(exprs.levels), start, end)
    }

    pub(crate) fn call_stat(&mut self, call: Operand) -> Result<Statement, Flaw> {
        match self.chunk.expr(call.id) {
            Expr::Call { .. } | Expr::MethodCall { .. } => {}
            _ => return Err(Flaw),
        }
        let (start, end) = (self.start_of(call.id), self.end_of(call.id));
        Ok(self.push_stat(Stat::Call(call.id), call.levels, start, end))
    }

    pub(crate) fn return_(&mut self, start: Pos, exprs: Option<Open>, end: Pos) -> Statement {
        let levels = exprs.map_or(0, |exprs| exprs.levels);
        let exprs = exprs.map_or(List::empty(), |exprs| self.close_exprs(exprs));
        self.push_stat(Stat::Return(exprs), levels, start, end)
    }

    pub(crate) fn break_(&mut self, start: Pos, end: Pos) -> Result<Statement, Flaw> {
        match self.functions.last() {
            Some(function) if function.loops > 0 => Ok(self.push_stat(Stat::Break, 0, start, end)),
            _ => Err(Flaw),
        }
    }
}
