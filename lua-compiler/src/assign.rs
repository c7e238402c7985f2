//! Lists of values: `local`, assignment, and how values and variables that differ
//! in number are adjusted.

use lua_syntax::ast::{ExprId, List, StrId};

use crate::codegen::Codegen;
use crate::isa::Instr;
use crate::isa::operand::{Dst, Reg, Src};
use crate::limits::{Checked, Limit};
use crate::scope::LocalName;
use crate::value::{Exp, Kind, Results};

impl Codegen<'_> {
    /// Walks a list of expressions: all but the last go to registers, the last is
    /// the result, [`Kind::Void`] for an empty list.
    pub(crate) fn expr_list(&mut self, exprs: List<ExprId>) -> Checked<Exp> {
        let Some((&last, firsts)) = self.chunk.exprs(exprs).split_last() else {
            return Ok(Exp::new(Kind::Void));
        };
        self.items_to_registers(firsts, last)?;
        self.expr(last)
    }

    /// Walks the items of a list up to `last`, each to the next register.
    pub(crate) fn items_to_registers(&mut self, items: &[ExprId], last: ExprId) -> Checked<()> {
        for (i, &item) in items.iter().enumerate() {
            let mut e = self.expr(item)?;
            let reserved = self.push(&mut e);
            // The reference has passed the comma then.
            let next = items.get(i + 1).copied().unwrap_or(last);
            reserved.map_err(|exceeded| self.met_at(next, exceeded))?;
        }
        Ok(())
    }

    /// Makes the values of a list, walked by [`Codegen::expr_list`], `wanted` in
    /// number, all of them in registers.
    pub(crate) fn adjust(&mut self, wanted: usize, given: usize, last: &mut Exp) -> Checked<()> {
        let missing = wanted as isize - given as isize;
        if last.is_multiple() {
            let results = (missing + 1).max(0) as usize;
            if results > 1 {
                // The registers must exist before the count is stored in a byte.
                let ensured = self.f.regs.ensure(results);
                ensured.ok_or_else(|| self.exceeded(Limit::Registers))?;
            }
            self.set_results(last, Results::Exactly(results as u8))?;
            if results > 1 {
                self.reserve(results - 1)?;
            }
            return Ok(());
        }
        if !matches!(last.kind, Kind::Void) {
            self.push(last)?;
        }
        if missing > 0 {
            let first = self.reserve(missing as usize)?;
            self.f.emit.load_nil(first, missing as u8);
        }
        Ok(())
    }

    /// `local names = exprs`
    pub(crate) fn local(&mut self, names: List<StrId>, exprs: List<ExprId>) -> Checked<()> {
        self.check_locals(names.len as usize)?;
        let mut last = self.expr_list(exprs)?;
        self.adjust(names.len as usize, exprs.len as usize, &mut last)?;
        for &name in self.chunk.names(names) {
            self.activate(LocalName::Source(name));
        }
        Ok(())
    }

    /// `targets = exprs`: the targets' objects and keys are evaluated first, from
    /// left to right, then the values; they are stored from right to left.
    pub(crate) fn assign(&mut self, targets: List<ExprId>, exprs: List<ExprId>) -> Checked<()> {
        let start = self.targets.len();
        let wanted = targets.len as usize;
        for &target in self.chunk.exprs(targets) {
            let target = self.expr(target)?;
            if let Kind::Local(reg) = target.kind {
                self.keep_from_conflict(start, reg)?;
            }
            self.targets.push(target);
        }
        let mut last = self.expr_list(exprs)?;
        let given = exprs.len as usize;
        if given == wanted {
            self.cut(&mut last);
            self.store_last(&mut last)?;
        } else {
            self.adjust(wanted, given, &mut last)?;
            if let Some(extra) = given.checked_sub(wanted) {
                let free = self.f.regs.free();
                self.f.regs.release_from(Reg(free.0 - extra as u8));
            }
        }
        while self.targets.len() > start {
            let top = Reg(self.f.regs.free().0 - 1);
            self.store_last(&mut Exp::new(Kind::Register(top)))?;
        }
        Ok(())
    }

    fn store_last(&mut self, value: &mut Exp) -> Checked<()> {
        match self.targets.pop() {
            Some(target) => self.store(&target, value),
            None => Ok(()),
        }
    }

    /// If an earlier target of the assignment is an element of the local in `reg`
    /// or has it as key, lets that target use a copy: the local is assigned first.
    fn keep_from_conflict(&mut self, start: usize, reg: Reg) -> Checked<()> {
        let copy = self.f.regs.free();
        let mut conflicts = false;
        for target in &mut self.targets[start..] {
            let mut redirect = |used: &mut Reg| {
                if *used == reg {
                    *used = copy;
                    conflicts = true;
                }
            };
            match &mut target.kind {
                Kind::Field { object, .. } | Kind::Int { object, .. } => redirect(object),
                Kind::Index { object, key } => {
                    redirect(object);
                    redirect(key);
                }
                _ => {}
            }
        }
        if conflicts {
            let (a, b) = (Dst(copy), Src(reg));
            self.f.emit.emit(Instr::Move { a, b });
            self.reserve(1)?;
        }
        Ok(())
    }
}
