//! The border that `#` returns (manual §2.5.5), found as the reference finds it.

use super::TableObj;
use crate::heap::Heap;
use crate::value::RawValue;

/// A border of the table: `t[n]` is not nil (or n is 0) and `t[n+1]` is.
///
/// # Safety
///
/// The table is live and of this heap.
pub(crate) unsafe fn border(heap: &Heap, table: *mut TableObj) -> u64 {
    // SAFETY: the caller's contract and T1.
    unsafe {
        let len = (*table).array_len() as u64;
        if len > 0 && (*(*table).array.add(len as usize - 1)).is_nil() {
            return border_in_array(table, len);
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

/// The border in an array part whose last slot is nil, by bisection from its ends.
///
/// Lists are asked for their length again and again, and it is one more or one less each time:
/// which way the search goes is foreseen from the last answer, which a table without nodes keeps,
/// and only checked, since waiting for each slot and guessing what it holds takes much longer.
#[inline(never)]
unsafe fn border_in_array(table: *mut TableObj, len: u64) -> u64 {
    // SAFETY: the caller passes a live table; every index is below the size of its array (T1).
    unsafe {
        let array = (*table).array;
        let is_nil = |index: u64| (*array.add(index as usize - 1)).is_nil();
        let (mut low, mut high) = (0, len);
        if !(*table).has_nodes() {
            let last = u64::from((*table).last_free).min(len - 1);
            let expected = if !is_nil(last + 1) {
                last + 1
            } else if last > 0 && is_nil(last) {
                last - 1
            } else {
                last
            };
            while high - low > 1 {
                let middle = (low + high) / 2;
                let is_beyond = middle > expected;
                if is_nil(middle) != is_beyond {
                    break;
                }
                (low, high) = if is_beyond {
                    (low, middle)
                } else {
                    (middle, high)
                };
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
        if !(*table).has_nodes() {
            (*table).last_free = low as u32;
        }
        low
    }
}
