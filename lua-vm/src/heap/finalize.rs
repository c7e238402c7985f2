//! Finalizers of userdata (manual §2.10.1): which are due, in what order.
//! The interpreter calls them, at safepoints.

use super::Heap;
use super::object::{UserdataObj, mark};
use crate::meta::Event;

impl Heap {
    /// Notes that a userdata has got a metatable with a `__gc` field. Like in the
    /// reference, only the metatable at the time of death decides whether it runs.
    ///
    /// # Safety
    ///
    /// The userdata is live and of this heap.
    pub(crate) unsafe fn watch_userdata(&mut self, userdata: *mut UserdataObj) {
        self.finalizable.push(userdata);
    }

    /// Moves dead userdata with a `__gc` metamethod to the list of those due, marked so
    /// that they survive until they have been finalized.
    ///
    /// # Safety
    ///
    /// The mark has reached everything it can.
    pub(super) unsafe fn separate_finalizable(&mut self) {
        let all = std::mem::take(&mut self.finalizable);
        let mut alive = Vec::with_capacity(all.len());
        let mut due = Vec::new();
        for userdata in all {
            // SAFETY: userdata in the list have not been freed: dead ones leave it here.
            unsafe {
                if !(*userdata).header.is_white() {
                    alive.push(userdata);
                } else if self
                    .metamethod_in((*userdata).metatable, Event::Gc)
                    .is_nil()
                {
                    (*userdata).header.mark |= mark::FINALIZED;
                } else {
                    (*userdata).header.mark |= mark::FINALIZED;
                    due.push(userdata);
                }
            }
        }
        for &userdata in &due {
            // SAFETY: as above.
            unsafe { self.mark_value(crate::value::RawValue::userdata(userdata)) };
        }
        self.finalizable = alive;
        // The latest created is finalized first: `due` is taken from its end.
        due.extend(std::mem::take(&mut self.due));
        self.due = due;
    }

    /// Number of userdata whose finalizers are due.
    pub(crate) fn due_count(&self) -> usize {
        self.due.len()
    }

    /// Makes every userdata that still has a finalizer due: the heap is closed.
    pub(crate) fn finalize_all(&mut self) {
        let mut due = std::mem::take(&mut self.finalizable);
        due.extend(std::mem::take(&mut self.due));
        self.due = due;
    }
}
