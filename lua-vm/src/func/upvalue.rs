//! Captured variables: while the frame that declared it lives, an upvalue points at
//! its stack slot; then it holds the value itself.
//!
//! # Invariants
//!
//! - **U3** The open upvalues of a coroutine form a list from the highest slot down,
//!   each slot at most once; `pointer` is in that coroutine's stack, and `closed`
//!   holds the link.
//! - **U4** `pointer` of a closed upvalue is the address of its own `closed`.

use crate::error::LuaError;
use crate::heap::Heap;
use crate::heap::object::{Header, Kind};
use crate::interp::stack::Coroutine;
use crate::value::RawValue;

/// A captured variable.
#[repr(C)]
pub(crate) struct UpValue {
    pub(crate) header: Header,
    pub(crate) pointer: *mut RawValue,
    pub(crate) closed: Closed,
}

/// The value of a closed upvalue, or the link of an open one.
#[repr(C)]
pub(crate) union Closed {
    pub(crate) value: RawValue,
    pub(crate) next: *mut UpValue,
}

impl UpValue {
    /// True while the variable is still in a stack.
    ///
    /// # Safety
    ///
    /// The upvalue is live.
    #[inline(always)]
    pub(crate) unsafe fn is_open(upvalue: *const UpValue) -> bool {
        // SAFETY: U4.
        unsafe {
            !std::ptr::eq(
                (*upvalue).pointer.cast_const(),
                (&raw const (*upvalue).closed).cast(),
            )
        }
    }

    /// A closed upvalue that holds nil.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub(crate) fn new_closed(heap: &mut Heap) -> Result<*mut UpValue, LuaError> {
        let upvalue = heap.allocate(size_of::<UpValue>())?.cast::<UpValue>();
        // SAFETY: fresh memory of the right size; U4.
        unsafe {
            upvalue.write(UpValue {
                header: Header::new(Kind::UpValue, heap.current_white),
                pointer: (&raw mut (*upvalue).closed).cast(),
                closed: Closed {
                    value: RawValue::NIL,
                },
            });
        }
        Ok(upvalue)
    }

    /// The upvalue of a stack slot of the coroutine: the open one if there is one, or
    /// a new one. Those in the list are alive, even while the heap is swept: the mark
    /// takes dead ones out.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// The coroutine is live and of this heap; the slot is in its stack.
    pub(crate) unsafe fn capture(
        heap: &mut Heap,
        coroutine: *mut Coroutine,
        slot: *mut RawValue,
    ) -> Result<*mut UpValue, LuaError> {
        // SAFETY: U3.
        unsafe {
            let mut link: *mut *mut UpValue = &raw mut (*coroutine).open_upvalues;
            while !(*link).is_null() && (**link).pointer >= slot {
                let found = *link;
                if (*found).pointer == slot {
                    return Ok(found);
                }
                link = (&raw mut (*found).closed).cast();
            }
            let upvalue = heap.allocate(size_of::<UpValue>())?.cast::<UpValue>();
            upvalue.write(UpValue {
                header: Header::new(Kind::UpValue, heap.current_white),
                pointer: slot,
                closed: Closed { next: *link },
            });
            *link = upvalue;
            Ok(upvalue)
        }
    }

    /// Closes all open upvalues of the coroutine at or above `level`.
    ///
    /// # Safety
    ///
    /// The coroutine is live and of this heap.
    pub(crate) unsafe fn close(heap: &mut Heap, coroutine: *mut Coroutine, level: *mut RawValue) {
        // SAFETY: U3 before, U4 after; the barrier keeps G4.
        unsafe {
            loop {
                let upvalue = (*coroutine).open_upvalues;
                if upvalue.is_null() || (*upvalue).pointer < level {
                    return;
                }
                (*coroutine).open_upvalues = (*upvalue).closed.next;
                Self::close_detached(upvalue);
                heap.barrier_close(&raw mut (*upvalue).header, (*upvalue).closed.value);
            }
        }
    }

    /// True if an upvalue of the coroutine is open at `level` or above.
    ///
    /// # Safety
    ///
    /// The coroutine is live.
    #[inline(always)]
    pub(crate) unsafe fn any_open(coroutine: *mut Coroutine, level: *mut RawValue) -> bool {
        // SAFETY: the caller's contract; U3: the list's first is the highest.
        unsafe {
            let upvalue = (*coroutine).open_upvalues;
            !upvalue.is_null() && (*upvalue).pointer >= level
        }
    }

    /// Moves the value into an upvalue that has been taken out of its list.
    ///
    /// # Safety
    ///
    /// The upvalue is live, open and in no list; a barrier follows.
    pub(crate) unsafe fn close_detached(upvalue: *mut UpValue) {
        // SAFETY: U3 before, U4 after.
        unsafe {
            let value = *(*upvalue).pointer;
            (*upvalue).closed = Closed { value };
            (*upvalue).pointer = (&raw mut (*upvalue).closed).cast();
        }
    }
}
