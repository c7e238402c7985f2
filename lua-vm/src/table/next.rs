//! Traversal: `next` (manual §5.1) and the cursor that `for` loops keep.

use super::{TableObj, array_index, hash};
use crate::heap::Heap;
use crate::interp::VmCore;
use crate::value::RawValue;

/// The entry at or after position `cursor`: array slots first, then nodes. Returns
/// the position after it, the key and the value.
///
/// # Safety
///
/// The table is live.
#[inline]
pub(crate) unsafe fn step(
    table: *const TableObj,
    cursor: u32,
) -> Option<(u32, RawValue, RawValue)> {
    let mut at = cursor as usize;
    // SAFETY: T1, T2; positions are checked against the sizes at every step, since the
    // table may have been resized since the last one.
    unsafe {
        let array_len = (*table).array_len() as usize;
        while at < array_len {
            let value = *(*table).array.add(at);
            at += 1;
            if !value.is_nil() {
                return Some((at as u32, RawValue::number(at as f64), value));
            }
        }
        let end = array_len + (*table).node_count();
        while at < end {
            let node = (*table).nodes.add(at - array_len);
            at += 1;
            if !(*node).value.is_nil() {
                return Some((at as u32, (*node).key, (*node).value));
            }
        }
    }
    None
}

/// Positions without an entry that cost as much as an instruction.
pub(crate) const POSITIONS_PER_UNIT: u32 = 8;

/// As [`step`], paid for: passing the empty positions of a large table is work, and may be all
/// that a script does. Whether the budget has come to its end is for the next jump or call to
/// find out.
///
/// # Safety
///
/// As [`step`]; the VM is live, and the table is its.
#[inline]
pub(crate) unsafe fn paid_step(
    vm: *mut VmCore,
    table: *const TableObj,
    cursor: u32,
) -> Option<(u32, RawValue, RawValue)> {
    // SAFETY: the caller's contract.
    unsafe {
        let found = step(table, cursor);
        let end = match found {
            Some((after, ..)) => after,
            None => (*table).array_len() + (*table).node_count() as u32,
        };
        (*vm).budget -= i64::from(end.saturating_sub(cursor) / POSITIONS_PER_UNIT);
        found
    }
}

/// The key of the entry just before position `cursor`; nil at the start, and for an
/// entry that is no more.
///
/// # Safety
///
/// The table is live.
pub(crate) unsafe fn key_before(table: *const TableObj, cursor: u32) -> RawValue {
    let Some(at) = (cursor as usize).checked_sub(1) else {
        return RawValue::NIL;
    };
    // SAFETY: T1, T2; the position is checked against the sizes.
    unsafe {
        let array_len = (*table).array_len() as usize;
        if at < array_len {
            return RawValue::number(f64::from(cursor));
        }
        if at >= array_len + (*table).node_count() {
            return RawValue::NIL;
        }
        let key = (*(*table).nodes.add(at - array_len)).key;
        if key.is_dead() { RawValue::NIL } else { key }
    }
}

/// The position just after a key, 0 for nil; `None` if the key is not in the table.
///
/// # Safety
///
/// Table and key are live and of this heap.
pub(crate) unsafe fn position_after(
    heap: &Heap,
    table: *const TableObj,
    key: RawValue,
) -> Option<u32> {
    if key.is_nil() {
        return Some(0);
    }
    // SAFETY: the caller's contract and T2.
    unsafe {
        if let Some(index) = key.as_number().and_then(array_index)
            && (index as u32).wrapping_sub(1) < (*table).array_len()
        {
            return Some(index as u32);
        }
        if !(*table).has_nodes() {
            return None;
        }
        let node = hash::find(heap, table, key)?;
        let index = node.offset_from((*table).nodes) as u32;
        Some((*table).array_len() + index + 1)
    }
}
