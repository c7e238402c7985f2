//! The collector in the hands of a native function (manual §2.10).

use super::CallCx;
use crate::error::LuaError;
use crate::interp::budget;

impl CallCx<'_> {
    /// Bytes in use.
    pub fn gc_count_bytes(&self) -> usize {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).heap.bytes }
    }

    /// A full collection, finalizers included.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn gc_collect(&mut self) -> Result<(), LuaError> {
        // SAFETY: N2; a safepoint, since the context is borrowed exclusively.
        unsafe { budget::collect_all(self.vm) }
    }

    /// A collection step of about `kilobytes`; true if it ended a cycle.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn gc_step(&mut self, kilobytes: usize) -> Result<bool, LuaError> {
        // SAFETY: as in `gc_collect`.
        unsafe { budget::step(self.vm, kilobytes) }
    }

    /// Stops automatic collection.
    pub fn gc_stop(&self) {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).heap.is_stopped = true };
    }

    /// Goes on with automatic collection.
    pub fn gc_restart(&self) {
        // SAFETY: the VM is live.
        unsafe {
            (*self.vm).heap.is_stopped = false;
            let bytes = (*self.vm).heap.bytes;
            (*self.vm).heap.set_threshold(bytes);
        }
    }

    /// Sets the pause in percent, and returns the old one (manual §2.10). What is out of range
    /// counts as the nearest that is not.
    pub fn gc_set_pause(&self, percent: i32) -> i32 {
        // SAFETY: the VM is live.
        unsafe { std::mem::replace(&mut (*self.vm).heap.pause, percent) }
    }

    /// Sets the step multiplier in percent, and returns the old one (manual §2.10), as
    /// [`CallCx::gc_set_pause`].
    pub fn gc_set_step_multiplier(&self, percent: i32) -> i32 {
        // SAFETY: the VM is live.
        unsafe { std::mem::replace(&mut (*self.vm).heap.step_multiplier, percent) }
    }
}
