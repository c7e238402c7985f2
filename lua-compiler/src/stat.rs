//! Walks statements and blocks.

use std::sync::Arc;

use lua_syntax::ast::{Block, Expr, ExprId, FuncId, IfArm, List, Stat, StatId, StrId};

use crate::codegen::Codegen;
use crate::emit::{JumpList, UNLINKED};
use crate::isa::Instr;
use crate::isa::operand::{Base, Imm8, Reg, Src};
use crate::limits::{Checked, Limit};
use crate::proto::Proto;
use crate::scope::LocalName;
use crate::value::{Exp, Kind, Results};

impl Codegen<'_> {
    /// A block with a scope of its own.
    fn block(&mut self, block: &Block) -> Checked<()> {
        self.enter_block(false);
        self.statements(block)?;
        self.leave_block();
        Ok(())
    }

    /// The statements of a block, in the scope that is open.
    pub(crate) fn statements(&mut self, block: &Block) -> Checked<()> {
        for &stat in self.chunk.stats(block.stats) {
            self.statement(stat)?;
            self.f.regs.release_temporaries();
        }
        Ok(())
    }

    fn statement(&mut self, id: StatId) -> Checked<()> {
        let span = self.chunk.stat_span(id);
        self.f.emit.line = span.line;
        self.offset = span.start;
        match self.chunk.stat(id) {
            Stat::Do(block) => self.block(&block)?,
            Stat::While { cond, block } => self.while_(cond, &block)?,
            Stat::Repeat { block, cond } => self.repeat(&block, cond)?,
            Stat::If { arms, otherwise } => self.if_(arms, otherwise.as_ref())?,
            Stat::NumericFor {
                var,
                start,
                limit,
                step,
                do_line,
                block,
            } => {
                self.for_range([start, limit], step)?;
                self.numeric_for([span.line, do_line], var, &block)?;
            }
            Stat::GenericFor {
                names,
                exprs,
                block,
            } => self.generic_for(names, exprs, &block)?,
            Stat::Function { target, func } => {
                let target = self.expr(target)?;
                let mut closure = self.function(func)?;
                self.store(&target, &mut closure)?;
                // The definition happens in its first line. Not in a local: there the
                // reference moves only the captures that follow its closure.
                let captures = |proto: &Arc<Proto>| !proto.captures.is_empty();
                let is_local = matches!(target.kind, Kind::Local(_));
                if !(is_local && self.f.protos.last().is_some_and(captures)) {
                    self.f.emit.fix_line(span.line);
                }
            }
            Stat::LocalFunction { name, func } => self.local_function(name, func)?,
            Stat::Local { names, exprs } => {
                if exprs.is_empty() {
                    self.f.emit.line = span.end_line;
                }
                self.local(names, exprs)?;
            }
            Stat::Assign { targets, exprs } => self.assign(targets, exprs)?,
            Stat::Call(call) => {
                let call = self.expr(call)?;
                if let Kind::Call { .. } = call.kind {
                    self.set_results(&call, Results::Exactly(0))?;
                }
            }
            Stat::Return(exprs) => self.return_(exprs)?,
            Stat::Break => self.break_(),
        }
        self.f.emit.line = span.end_line;
        self.offset = span.end;
        Ok(())
    }

    /// Goes on if the condition holds; the jumps for when it does not.
    fn condition(&mut self, cond: ExprId) -> Checked<JumpList> {
        let mut e = self.expr(cond)?;
        if let Kind::Nil = e.kind {
            // Which false value it is does not matter here.
            e.kind = Kind::False;
        }
        self.go_if_true(&mut e)?;
        Ok(e.if_false)
    }

    fn if_(&mut self, arms: List<IfArm>, otherwise: Option<&Block>) -> Checked<()> {
        let arms = self.chunk.arms(arms);
        let mut done = JumpList::EMPTY;
        for (i, arm) in arms.iter().enumerate() {
            let next = self.condition(arm.cond)?;
            self.block(&arm.block)?;
            if (i + 1 < arms.len() || otherwise.is_some()) && !self.ends_in_jump(&arm.block) {
                let jump = self.f.emit.jump();
                self.f.emit.join(&mut done, jump);
            }
            self.f.emit.patch_here(next);
        }
        if let Some(block) = otherwise {
            self.block(block)?;
        }
        self.f.emit.patch_here(done);
        Ok(())
    }

    /// True if code never runs past the end of the block.
    fn ends_in_jump(&self, block: &Block) -> bool {
        let last = self.chunk.stats(block.stats).last();
        last.is_some_and(|&last| matches!(self.chunk.stat(last), Stat::Return(_) | Stat::Break))
    }

    fn while_(&mut self, cond: ExprId, block: &Block) -> Checked<()> {
        let top = self.f.emit.label();
        let exit = self.condition(cond)?;
        self.enter_block(true);
        self.block(block)?;
        self.f.emit.loop_to(top);
        self.leave_block();
        self.f.emit.patch_here(exit);
        Ok(())
    }

    fn repeat(&mut self, block: &Block, cond: ExprId) -> Checked<()> {
        let top = self.f.emit.label();
        self.enter_block(true);
        self.enter_block(false);
        self.statements(block)?;
        let mut e = self.expr(cond)?;
        if self.innermost_block().is_captured {
            // Both ways out of the body must close what it captured.
            self.go_if_true(&mut e)?;
            self.break_();
            self.f.emit.patch_here(e.if_false);
            self.leave_block();
            self.f.emit.loop_to(top);
        } else if !matches!(e.kind, Kind::True) || e.has_jumps() {
            // Branches go forward only: one leaves the loop, the jump back is its own.
            self.go_if_false(&mut e)?;
            self.leave_block();
            self.f.emit.loop_to(top);
            self.f.emit.patch_here(e.if_true);
        } else {
            self.leave_block();
        }
        self.leave_block();
        Ok(())
    }

    fn break_(&mut self) {
        let (block, is_captured) = self.innermost_loop();
        let locals = block.locals;
        if is_captured {
            self.close_from(locals);
        }
        let jump = self.f.emit.jump();
        let (block, _) = self.innermost_loop();
        let mut breaks = block.breaks;
        self.f.emit.join(&mut breaks, jump);
        self.innermost_loop().0.breaks = breaks;
    }

    /// Evaluates start, limit and step of a numeric `for` to registers.
    fn for_range(&mut self, bounds: [ExprId; 2], step: Option<ExprId>) -> Checked<()> {
        for bound in bounds.into_iter().chain(step) {
            let mut e = self.expr(bound)?;
            self.push(&mut e)?;
        }
        if step.is_none() {
            let one = self.number(1.0)?;
            let reg = self.reserve(1)?;
            self.load_constant(reg, one);
        }
        Ok(())
    }

    /// The loop over the three registers that were filled last; the lines are those of `for`
    /// and `do`.
    fn numeric_for(&mut self, [line, do_line]: [u32; 2], var: StrId, block: &Block) -> Checked<()> {
        self.enter_block(true);
        self.check_locals(4)?;
        let a = Base(self.hidden_locals(["(for index)", "(for limit)", "(for step)"]));
        let x = UNLINKED;
        let prep = self.f.emit.emit(Instr::ForPrep { a, x });
        self.f.emit.fix_line(do_line);
        let body = self.f.emit.label();
        self.enter_block(false);
        self.reserve(1)?;
        self.activate(LocalName::Source(var));
        self.statements(block)?;
        self.leave_block();
        let step = self.f.emit.emit(Instr::ForLoop { a, x });
        self.f.emit.fix_line(line);
        self.f.emit.set_target(step, body);
        self.f.emit.patch_here(JumpList::one(prep));
        self.leave_block();
        Ok(())
    }

    /// The line in which the first token of an expression ends: only a string can have more.
    fn first_token_end_line(&self, mut expr: ExprId) -> u32 {
        while let Expr::Binary { left, .. } = self.chunk.expr(expr) {
            expr = left;
        }
        let span = self.chunk.expr_span(expr);
        match self.chunk.expr(expr) {
            Expr::String(_) => span.end_line,
            _ => span.line,
        }
    }

    fn generic_for(
        &mut self,
        names: List<StrId>,
        exprs: List<ExprId>,
        block: &Block,
    ) -> Checked<()> {
        self.enter_block(true);
        self.check_locals(3 + names.len as usize)?;
        // Errors of the loop itself are reported where the first token of the list ends.
        let first = self.chunk.exprs(exprs).first();
        let line = first.map_or(0, |&first| self.first_token_end_line(first));
        let mut last = self.expr_list(exprs)?;
        self.adjust(3, exprs.len as usize, &mut last)?;
        let extra = exprs.len.saturating_sub(3) as u8;
        let free = self.f.regs.free();
        self.f.regs.release_from(Reg(free.0 - extra));
        // The call of an iterator needs it and its arguments once more.
        let ensured = self.f.regs.ensure(3);
        ensured.ok_or_else(|| self.exceeded(Limit::Registers))?;
        let base = self.hidden_locals(["(for generator)", "(for state)", "(for control)"]);
        let enter = self.f.emit.jump();
        let body = self.f.emit.label();
        self.enter_block(false);
        self.reserve(names.len as usize)?;
        for &name in self.chunk.names(names) {
            self.activate(LocalName::Source(name));
        }
        self.statements(block)?;
        self.leave_block();

        self.f.emit.patch_here(enter);
        let (a, c, x) = (Base(base), Imm8(names.len as u8), UNLINKED);
        let head = self.f.emit.emit(Instr::TForCall { a, c, x });
        self.f.emit.fix_line(line);
        let call = Base(Reg(base.0 + 3));
        self.f.emit.emit(Instr::Call {
            a: call,
            b: Imm8(2),
            c,
        });
        self.f.emit.fix_line(line);
        let again = self.f.emit.emit(Instr::TForLoop { a, x });
        self.f.emit.fix_line(line);
        self.f.emit.set_target(head, body);
        self.f.emit.set_target(again, body);
        self.leave_block();
        Ok(())
    }

    /// Makes the three registers taken last the hidden locals of a loop.
    fn hidden_locals(&mut self, names: [&'static str; 3]) -> Reg {
        let [first, second, third] = names.map(LocalName::Hidden);
        let base = self.activate(first);
        self.activate(second);
        self.activate(third);
        base
    }

    fn local_function(&mut self, name: StrId, func: FuncId) -> Checked<()> {
        self.check_locals(1)?;
        let reg = self.reserve(1)?;
        self.activate(LocalName::Source(name));
        let mut closure = self.function(func)?;
        self.store(&Exp::new(Kind::Local(reg)), &mut closure)?;
        // In scope inside its own body, but without a value before this point.
        self.restart_last_local();
        Ok(())
    }

    fn return_(&mut self, exprs: List<ExprId>) -> Checked<()> {
        let first = Reg(self.f.regs.locals());
        let mut last = self.expr_list(exprs)?;
        let n = exprs.len;
        if last.is_multiple() {
            self.set_results(&last, Results::Open)?;
            if let (Kind::Call { at, .. }, 1) = (last.kind, n)
                && let Instr::CallV { a, b, .. } = self.f.emit.instr(at)
            {
                self.f.emit.rewrite(at, Instr::TailCall { a, b });
            }
            let (a, b) = (Base(first), Imm8(0));
            self.f.emit.emit(Instr::Return { a, b });
        } else if n == 0 {
            self.f.emit.emit(Instr::Return0 {});
        } else if n == 1 {
            let a = Src(self.in_register(&mut last)?);
            self.f.emit.emit(Instr::Return1 { a });
        } else {
            self.push(&mut last)?;
            let (a, b) = (Base(first), Imm8(n as u8 + 1));
            self.f.emit.emit(Instr::Return { a, b });
        }
        Ok(())
    }
}
