//! The collector in the hands of a native function (manual §2.10).

use super::CallCx;
use crate::error::LuaError;
use crate::heap::BYTES_PER_UNIT;
use crate::interp::budget;

impl CallCx<'_> {
    /// Bytes in use.
    pub fn gc_count_bytes(&self) -> usize {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).heap.bytes }
    }

    /// Charges for going through so many bytes, or the whole heap if that is less: a script
    /// must not get around its limits by collections that it asks for.
    fn charge_collection(&self, bytes: usize) -> Result<(), LuaError> {
        self.charge((bytes.min(self.gc_count_bytes()) / BYTES_PER_UNIT) as u64)
    }

    /// A full collection, finalizers included. Charged by the size of the heap.
    ///
    /// # Errors
    ///
    /// What a finalizer raised; an abort, if the script is to stop.
    pub fn gc_collect(&mut self) -> Result<(), LuaError> {
        self.charge_collection(usize::MAX)?;
        // SAFETY: N2; a safepoint, since the context is borrowed exclusively.
        unsafe { budget::collect_all(self.vm) }
    }

    /// A collection step of about `kilobytes`; true if it ended a cycle. Charged by its size.
    ///
    /// # Errors
    ///
    /// What a finalizer raised; an abort, if the script is to stop.
    pub fn gc_step(&mut self, kilobytes: usize) -> Result<bool, LuaError> {
        // SAFETY: the VM is live.
        let work = unsafe { budget::step_work(self.vm, kilobytes) };
        self.charge_collection(work)?;
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
