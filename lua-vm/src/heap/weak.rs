//! Weak tables (manual §2.10.2): after the mark, entries that refer to dead objects
//! are removed. Strings are values, and never removed.

use super::Heap;
use super::object::{Kind, mark};
use crate::table::dead_key;
use crate::value::RawValue;

impl Heap {
    /// Removes the entries with a dead key or a dead value from the weak tables.
    ///
    /// # Safety
    ///
    /// The mark has ended; nothing has been freed yet.
    pub(super) unsafe fn clear_weak_tables(&mut self) {
        for table in std::mem::take(&mut self.weak_tables) {
            // SAFETY: the list holds live tables; T1, T2.
            unsafe {
                let (_, weak_values) = self.weakness((*table).metatable);
                // Strong values are alive; but a finalized userdata stays in the array part of
                // a table with weak keys, and leaves its hash part, in the reference too.
                let weak_slots = if weak_values { (*table).array_len() } else { 0 };
                for i in 0..weak_slots as usize {
                    let slot = (*table).array.add(i);
                    if self.is_cleared(*slot, false) {
                        *slot = RawValue::NIL;
                    }
                }
                for i in 0..(*table).node_count() {
                    let node = (*table).nodes.add(i);
                    if (*node).value.is_nil() {
                        continue;
                    }
                    if self.is_cleared((*node).key, true) || self.is_cleared((*node).value, false) {
                        (*node).value = RawValue::NIL;
                        if (*node).key.is_object() {
                            (*node).key = dead_key((*node).key);
                        }
                    }
                }
            }
        }
    }

    /// True for a reference that did not keep its object alive. A string is marked
    /// instead; userdata about to be finalized is gone as a value, not yet as a key.
    unsafe fn is_cleared(&mut self, value: RawValue, is_key: bool) -> bool {
        let Some(object) = value.as_object() else {
            return false;
        };
        // SAFETY: the caller passes values of live tables; nothing has been freed yet.
        unsafe {
            let header = object.as_ptr();
            if (*header).kind == Kind::String {
                self.mark_value(value);
                return false;
            }
            (*header).is_white()
                || (!is_key
                    && (*header).kind == Kind::Userdata
                    && (*header).mark & mark::FINALIZED != 0)
        }
    }
}
