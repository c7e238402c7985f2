//! Tables during the mark: large ones are looked at in parts, and those that were written to
//! are looked at again before the atomic step, so that no step of the collector takes long.
//!
//! What keeps G4 when a black table is written to:
//!
//! - At first the table turns gray and waits in `written`. When nothing else is gray, the mark
//!   takes all of `written` up again, once: the second round.
//! - In the second round a table stays black, and what is stored is marked, so that in the end
//!   little is left to do at once. Objects marked so may be dead long before the sweep, and a
//!   loop that only stores would take the slow way forever, so the number of such stores in a
//!   cycle is limited: after that tables turn gray again, for the atomic step to look at.
//! - A table whose contents change places (it grows, or elements are moved) turns gray in any
//!   case: the part of it that was looked at is no longer known.

use super::object::{Header, mark};
use super::{Heap, Phase};
use crate::table::{Node, TableObj};
use crate::value::RawValue;

/// Slots and nodes that are looked at in one part.
const PART: usize = 1024;
/// Bytes from which a table is large.
const LARGE: usize = 16 * 1024;
/// Bytes of tables that the atomic step may look at again.
const MOST_WRITTEN: usize = 32 * 1024;
/// Stores that keep a table black, for each so many bytes of the heap, and at least.
const BYTES_PER_STORE: usize = 128;
const LEAST_STORES: usize = 1024;

/// A large table of which all before `next` has been looked at: slots first, then nodes.
#[derive(Clone, Copy)]
struct Partial {
    table: *mut TableObj,
    next: usize,
}

/// The tables that the mark has not done with.
pub(super) struct Unfinished {
    partial: Vec<Partial>,
    /// Tables that turned from black to gray.
    written: Vec<*mut TableObj>,
    /// Their sizes in bytes.
    written_bytes: usize,
    is_second_round: bool,
    /// Stores that may still keep a table black in this cycle.
    stores_left: usize,
}

impl Unfinished {
    pub(super) const fn new() -> Unfinished {
        Unfinished {
            partial: Vec::new(),
            written: Vec::new(),
            written_bytes: 0,
            is_second_round: false,
            stores_left: 0,
        }
    }

    /// Ends the second round: no script runs before the mark has ended.
    pub(super) fn end(&mut self) {
        self.is_second_round = false;
    }

    /// Forgets everything, for a cycle of a heap with so many bytes in use.
    pub(super) fn start(&mut self, heap_bytes: usize) {
        self.partial.clear();
        self.written.clear();
        self.written_bytes = 0;
        self.is_second_round = false;
        self.stores_left = LEAST_STORES.max(heap_bytes / BYTES_PER_STORE);
    }
}

impl Heap {
    /// Puts a large table aside to be looked at in parts; false if it is small.
    ///
    /// # Safety
    ///
    /// The table is live, marked, and not weak.
    pub(super) unsafe fn put_aside(&mut self, table: *mut TableObj) -> bool {
        // SAFETY: the caller's contract.
        let is_large = unsafe { TableObj::size(table) } >= LARGE;
        if is_large {
            self.unfinished.partial.push(Partial { table, next: 0 });
        }
        is_large
    }

    /// Looks at one part of a table that was put aside; returns its size in bytes, `None` if
    /// there is none.
    pub(super) fn propagate_part(&mut self) -> Option<usize> {
        let Partial { table, next } = self.unfinished.partial.pop()?;
        // SAFETY: a marked table lives until the next sweep. Its parts may have changed since
        // `next` was noted: positions are compared with the sizes of now (T1, T2).
        unsafe {
            let array_len = (*table).array_len() as usize;
            let end = array_len + (*table).node_count();
            let last = (next + PART).min(end);
            if last < end {
                self.unfinished.partial.push(Partial { table, next: last });
            }
            let mut bytes = size_of::<Partial>();
            for i in next..last.min(array_len) {
                self.mark_value(*(*table).array.add(i));
                bytes += size_of::<RawValue>();
            }
            for i in next.max(array_len)..last {
                self.mark_node((*table).nodes.add(i - array_len), false, false);
                bytes += size_of::<Node>();
            }
            Some(bytes)
        }
    }

    /// Starts the second round, if there is enough to look at again; false if the atomic step
    /// may follow.
    pub(super) fn start_second_round(&mut self) -> bool {
        let unfinished = &mut self.unfinished;
        if unfinished.is_second_round || unfinished.written_bytes <= MOST_WRITTEN {
            return false;
        }
        unfinished.is_second_round = true;
        unfinished.written_bytes = 0;
        let written = unfinished.written.drain(..);
        self.gray
            .extend(written.map(|table| table.cast::<Header>()));
        true
    }

    /// A table to look at again in the atomic step.
    pub(super) fn take_written(&mut self) -> Option<*mut TableObj> {
        self.unfinished.written.pop()
    }

    /// Turns a black table gray, because anything may be stored there, or what it holds changes
    /// places.
    ///
    /// # Safety
    ///
    /// The table is live and of this heap.
    #[inline(always)]
    pub(crate) unsafe fn barrier_back(&mut self, table: *mut TableObj) {
        // SAFETY: the caller's contract.
        unsafe {
            if (*table).header.is_black() {
                self.regray(table);
            }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn regray(&mut self, table: *mut TableObj) {
        // SAFETY: called with a live table. Outside the mark the list is not read before it is
        // emptied.
        unsafe {
            (*table).header.mark &= !mark::BLACK;
            if self.phase == Phase::Mark {
                self.unfinished.written.push(table);
                self.unfinished.written_bytes += TableObj::size(table);
            }
        }
    }

    /// To be called before a store into a black table: true if it stays black, and the caller
    /// is to mark the key and the value with [`Heap::mark_stored`]; else it is gray now.
    ///
    /// # Safety
    ///
    /// The table is live and of this heap.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn stays_black(&mut self, table: *mut TableObj) -> bool {
        // SAFETY: the caller's contract.
        unsafe {
            let unfinished = &mut self.unfinished;
            if unfinished.is_second_round && unfinished.stores_left > 0 {
                unfinished.stores_left -= 1;
                return true;
            }
            self.regray(table);
            false
        }
    }

    /// Marks what has been stored into a black table, or has changed its place there.
    ///
    /// # Safety
    ///
    /// The value is live and of this heap.
    pub(crate) unsafe fn mark_stored(&mut self, value: RawValue) {
        if self.phase == Phase::Mark {
            // SAFETY: the caller's contract.
            unsafe { self.mark_value(value) };
        }
    }
}
