//! The border that `#` returns (manual §2.5.5), found as the reference finds it.

use super::TableObj;
use crate::heap::Heap;
use crate::value::RawValue;

/// A border of the table: `t[n]` is not nil (or n is 0) and `t[n+1]` is.
///
/// # Safety
///
/// The table is live and of this heap.
pub(crate) unsafe fn border(heap: &Heap, table: *const TableObj) -> u64 {
    // SAFETY: the caller's contract and T1.
    unsafe {
        let len = (*table).array_len() as u64;
        if len > 0 && (*(*table).array.add(len as usize - 1)).is_nil() {
            let (mut low, mut high) = (0, len);
            while high - low > 1 {
                let middle = (low + high) / 2;
                if (*(*table).array.add(middle as usize - 1)).is_nil() {
                    high = middle
                } else {
                    low = middle
                }
            }
            return low;
        }
        if !(*table).has_nodes() {
            return len;
        }
        let is_nil = |index: u64| TableObj::get_index(heap, table, index as i64).is_nil();
        let mut low = len;
        let mut high = len + 1;
        while !is_nil(high) {
            low = high;
            high *= 2;
            if high > i32::MAX as u64 {
                // Built to mislead the search: count one by one, as the reference does.
                let mut index = 1;
                while !is_nil(index) {
                    index += 1;
                }
                heap.spend_bytes(index as usize * size_of::<RawValue>());
                return index - 1;
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            if is_nil(middle) {
                high = middle
            } else {
                low = middle
            }
        }
        low
    }
}
