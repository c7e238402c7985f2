//! Write barriers: what keeps a black object from hiding a white one (G4).
//!
//! Here are those of objects that are not tables: they mark what is stored. [`super::parts`] has
//! those of tables.

use super::object::{Header, mark};
use super::{Heap, Phase};
use crate::value::RawValue;

impl Heap {
    /// To be called after a store of `value` into an object, but not into an entry of a table: as
    /// its metatable, for example.
    ///
    /// # Safety
    ///
    /// Object and value are live and of this heap.
    #[inline(always)]
    pub(crate) unsafe fn barrier_forward(&mut self, object: *mut Header, value: RawValue) {
        // SAFETY: the caller's contract.
        unsafe {
            if (*object).is_black()
                && let Some(stored) = value.as_object()
                && stored.as_ref().is_white()
            {
                self.barrier_forward_slow(object, value);
            }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn barrier_forward_slow(&mut self, object: *mut Header, value: RawValue) {
        // SAFETY: called with live ones.
        unsafe {
            if self.phase == Phase::Mark {
                self.mark_value(value);
            } else {
                // Not marking: spare the next stores the way here.
                self.whiten(object);
            }
        }
    }

    /// To be called when an upvalue is closed over `value`: open ones are never black.
    ///
    /// # Safety
    ///
    /// Upvalue and value are live and of this heap.
    pub(crate) unsafe fn barrier_close(&mut self, upvalue: *mut Header, value: RawValue) {
        // SAFETY: the caller's contract.
        unsafe {
            if (*upvalue).is_white() {
                return;
            }
            if self.phase == Phase::Mark {
                (*upvalue).mark |= mark::BLACK;
                self.mark_value(value);
            } else {
                self.whiten(upvalue);
            }
        }
    }

    /// Gives an object the current white.
    ///
    /// # Safety
    ///
    /// The object is live.
    pub(super) unsafe fn whiten(&mut self, object: *mut Header) {
        // SAFETY: the caller's contract.
        unsafe {
            (*object).mark = (*object).mark & !(mark::WHITES | mark::BLACK) | self.current_white;
        }
    }
}
