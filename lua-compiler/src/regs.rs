//! Registers of one frame: locals at the bottom, temporaries stacked above them.
//! Knows no names and no code.

use crate::isa::operand::Reg;
use crate::limits::MAX_STACK;

/// The frame's registers as they stand at one point of the code.
#[derive(Debug)]
pub(crate) struct Regs {
    /// Registers that hold active locals: `0 .. locals`.
    locals: u8,
    /// First free register.
    free: u8,
    /// Most registers ever in use.
    max: u8,
}

impl Default for Regs {
    fn default() -> Self {
        // The reference gives every frame at least two.
        Regs {
            locals: 0,
            free: 0,
            max: 2,
        }
    }
}

impl Regs {
    /// First free register.
    pub(crate) fn free(&self) -> Reg {
        Reg(self.free)
    }

    /// Number of registers that hold active locals.
    pub(crate) fn locals(&self) -> u8 {
        self.locals
    }

    /// Most registers ever in use.
    pub(crate) fn max(&self) -> u8 {
        self.max
    }

    /// Makes sure that `n` more registers exist; `None` if a frame has not so many.
    #[must_use]
    pub(crate) fn ensure(&mut self, n: usize) -> Option<()> {
        let top = usize::from(self.free) + n;
        if top > usize::from(self.max) {
            // The reference refuses the last one, too.
            if top >= MAX_STACK {
                return None;
            }
            self.max = top as u8;
        }
        Some(())
    }

    /// Takes the next `n` registers; the first of them.
    #[must_use]
    pub(crate) fn reserve(&mut self, n: usize) -> Option<Reg> {
        self.ensure(n)?;
        let first = self.free();
        self.free += n as u8;
        Some(first)
    }

    /// Gives back a temporary, the last one taken; locals stay.
    pub(crate) fn release(&mut self, reg: Reg) {
        if reg.0 >= self.locals {
            self.free -= 1;
            debug_assert_eq!(reg.0, self.free, "temporaries are a stack");
        }
    }

    /// Gives back all registers from `reg` on.
    pub(crate) fn release_from(&mut self, reg: Reg) {
        self.free = reg.0;
    }

    /// Gives back all temporaries.
    pub(crate) fn release_temporaries(&mut self) {
        self.free = self.locals;
    }

    /// Makes the next register that holds no local into one; it is reserved.
    pub(crate) fn make_local(&mut self) -> Reg {
        let reg = Reg(self.locals);
        self.locals += 1;
        debug_assert!(self.free >= self.locals, "a local's register is reserved");
        reg
    }

    /// Ends all locals but the first `locals`, and all temporaries.
    pub(crate) fn end_locals(&mut self, locals: u8) {
        self.locals = locals;
        self.free = locals;
    }
}
