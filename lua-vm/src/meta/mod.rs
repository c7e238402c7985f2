//! Metamethods: their names, and how one is found (manual §2.8).
//!
//! # Invariants
//!
//! - **M1** Bit `e` of a table's `header.aux` is set only if the table has no raw
//!   field named by event `e`; every store under a string key clears the byte.

pub(crate) mod arith;
pub(crate) mod compare;
pub(crate) mod concat;
pub(crate) mod index;

use crate::heap::Heap;
use crate::heap::object::Header;
use crate::table::TableObj;
use crate::value::RawValue;

/// An event that a metamethod can handle. The first seven have a bit in the cache of
/// absent metamethods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Event {
    Index,
    NewIndex,
    Eq,
    Len,
    Call,
    Gc,
    Mode,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Unm,
    Lt,
    Le,
    Concat,
}

/// Number of events.
pub(crate) const EVENT_COUNT: usize = 17;

/// Names by [`Event`].
pub(crate) const EVENT_NAMES: [&[u8]; EVENT_COUNT] = [
    b"__index",
    b"__newindex",
    b"__eq",
    b"__len",
    b"__call",
    b"__gc",
    b"__mode",
    b"__add",
    b"__sub",
    b"__mul",
    b"__div",
    b"__mod",
    b"__pow",
    b"__unm",
    b"__lt",
    b"__le",
    b"__concat",
];

impl Event {
    fn absent_bit(self) -> u8 {
        1u8.checked_shl(self as u32).unwrap_or(0)
    }
}

impl Heap {
    /// The metatable of a value, null if it has none.
    ///
    /// # Safety
    ///
    /// The value is live and of this heap.
    #[inline]
    pub(crate) unsafe fn metatable_of(&self, value: RawValue) -> *mut TableObj {
        // SAFETY: the caller's contract.
        unsafe {
            if let Some(table) = value.as_table() {
                (*table).metatable
            } else if let Some(userdata) = value.as_userdata() {
                (*userdata).metatable
            } else {
                self.type_metatables[value.type_of() as usize]
            }
        }
    }

    /// The metamethod of a metatable, nil if there is none; null has none.
    ///
    /// # Safety
    ///
    /// The metatable is null, or live and of this heap.
    #[inline]
    pub(crate) unsafe fn metamethod_in(&self, metatable: *mut TableObj, event: Event) -> RawValue {
        if metatable.is_null() {
            return RawValue::NIL;
        }
        // SAFETY: the caller's contract.
        unsafe {
            let header: *mut Header = &raw mut (*metatable).header;
            let bit = event.absent_bit();
            if (*header).aux & bit != 0 {
                return RawValue::NIL;
            }
            let value = TableObj::get_string(self, metatable, self.event_names[event as usize]);
            if value.is_nil() {
                (*header).aux |= bit;
            }
            value
        }
    }

    /// The metamethod of a value, nil if there is none.
    ///
    /// # Safety
    ///
    /// The value is live and of this heap.
    #[inline]
    pub(crate) unsafe fn metamethod(&self, value: RawValue, event: Event) -> RawValue {
        // SAFETY: the caller's contract.
        unsafe { self.metamethod_in(self.metatable_of(value), event) }
    }
}
