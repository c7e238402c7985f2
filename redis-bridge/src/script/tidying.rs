//! Garbage that a run leaves, and who collects it when the next ones are small.

use lua_vm::Vm;

/// Has a VM collect, between runs, what a large one has left behind. By itself a collector goes
/// by what is allocated: as long as the runs that follow are small, all of it would stay.
#[derive(Debug, Default)]
pub(super) struct Tidying {
    /// Bytes that may be in use. More is likely to be garbage.
    most_bytes: usize,
    /// Cycles that have ended since there was more.
    n_cycles: u8,
}

impl Tidying {
    /// To be called after each run. There is nothing to do after most.
    pub(super) fn after_run(&mut self, vm: &mut Vm) {
        /// Kibibytes' worth of work after a run.
        const STEP: usize = 50;
        /// Bytes by which small heaps go up and down.
        const SWAY: usize = 64 << 10;
        if vm.memory_used() <= self.most_bytes {
            self.n_cycles = 0;
            return;
        }
        // Nothing scripts leave behind has finalizers that could fail.
        if vm.collect_step(STEP).unwrap_or(true) {
            self.n_cycles += 1;
        }
        // A cycle that was under way already may have kept what was in use then. What the next
        // one keeps is.
        if self.n_cycles == 2 {
            self.n_cycles = 0;
            self.most_bytes = 2 * vm.memory_used() + SWAY;
        }
    }
}
