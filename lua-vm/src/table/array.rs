//! The array part of a table: slots for the keys 1 to its size.

use std::ptr::null_mut;

use super::{MAX_BITS, StoreError, TableObj};
use crate::heap::Heap;
use crate::value::RawValue;

/// Bytes of an array part.
///
/// # Errors
///
/// A size beyond 2^26.
fn bytes(size: u32) -> Result<usize, StoreError> {
    if size > 1 << MAX_BITS {
        return Err(StoreError::Overflow);
    }
    Ok(size as usize * size_of::<RawValue>())
}

/// A fresh array part of `size` slots that starts with what the table's own holds;
/// the rest is nil.
///
/// # Errors
///
/// The memory limit, or a size beyond 2^26.
///
/// # Safety
///
/// The table is live and of this heap.
pub(super) unsafe fn copy(
    heap: &mut Heap,
    table: *const TableObj,
    size: u32,
) -> Result<*mut RawValue, StoreError> {
    let bytes = bytes(size)?;
    if size == 0 {
        return Ok(null_mut());
    }
    // SAFETY: T1 gives the old part's size; the new one is initialised in full.
    unsafe {
        let new = heap.allocate_buffer(bytes)?.cast::<RawValue>();
        let kept = (*table).array_len().min(size) as usize;
        if kept > 0 {
            std::ptr::copy_nonoverlapping((*table).array, new, kept);
        }
        for i in kept..size as usize {
            new.add(i).write(RawValue::NIL);
        }
        Ok(new)
    }
}

/// The table's array part, made larger: `size` slots, those beyond the old ones nil. What the
/// table has must be replaced by it; on an error that is as before.
///
/// # Errors
///
/// As [`copy`].
///
/// # Safety
///
/// As [`copy`], and the table's part is not larger.
pub(super) unsafe fn grow(
    heap: &mut Heap,
    table: *const TableObj,
    size: u32,
) -> Result<*mut RawValue, StoreError> {
    let new_bytes = bytes(size)?;
    // SAFETY: T1 gives the old part's size; what is new is initialised in full.
    unsafe {
        let kept = (*table).array_len();
        if kept == 0 {
            return copy(heap, table, size);
        }
        let new = heap.grow_buffer((*table).array.cast(), bytes(kept)?, new_bytes)?;
        let new = new.cast::<RawValue>();
        for i in kept..size {
            new.add(i as usize).write(RawValue::NIL);
        }
        Ok(new)
    }
}

/// Frees an array part.
///
/// # Safety
///
/// It was a table's of this heap, with that size, and is not used any more.
pub(super) unsafe fn free(heap: &mut Heap, array: *mut RawValue, size: u32) {
    if size > 0 {
        // SAFETY: T1.
        unsafe { heap.free_buffer(array.cast(), size as usize * size_of::<RawValue>()) };
    }
}
