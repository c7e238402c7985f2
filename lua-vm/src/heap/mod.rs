//! The heap of one VM: allocation, accounting, the state of the collector, and the
//! roots that belong to no stack.
//!
//! # Invariants
//!
//! - **G1** Every value in a reachable place (stack slot below the top of its
//!   coroutine, table, upvalue, constant, root, field of an object) that has a pointer
//!   tag points at an object whose cell has not been freed. The collector frees only
//!   what it did not reach from these places, and runs only at safepoints, where the
//!   interpreter holds no value elsewhere.
//! - **G4** While marking, no black object refers to a white one, but for large tables that
//!   [`parts`] has not looked at in full: stores into black objects go through [`barrier`] and
//!   [`parts`].
//! - **G5** `bytes` is the sum of the occupied sizes of all live objects and buffers, and
//!   of what userdata are charged for the host's values.
//! - **G6** `budget` points at the counter of the VM that the heap is a part of, to which
//!   nobody holds a reference.

pub(crate) mod alloc;
pub(crate) mod barrier;
#[cfg(debug_assertions)]
mod check;
pub(crate) mod code_info;
pub(crate) mod finalize;
pub(crate) mod handle;
pub(crate) mod mark;
pub(crate) mod object;
mod pages;
mod parts;
pub(crate) mod sweep;
pub(crate) mod weak;

use std::alloc::{alloc as global_alloc, dealloc as global_dealloc, realloc as global_realloc};
use std::ptr::null_mut;

use crate::error::LuaError;
use crate::func::closure::NativeClosure;
use crate::interp::builtin::Builtin;
use crate::interp::stack::Coroutine;
use crate::meta::EVENT_COUNT;
use crate::table::TableObj;
use crate::value::string::{StringHash, StringObj, StringSet};
use crate::value::{RawValue, Type};
use alloc::{MAX_CELL, Pool, class_of, large_layout, occupied};
use handle::RootSlots;
use object::{Header, UserdataObj};
use parts::Unfinished;

/// Bytes that are made, copied, compared or marked in about the time of one instruction.
pub(crate) const BYTES_PER_UNIT: usize = 64;

/// Pages that are swept at most for one allocation.
const MOST_SWEPT: u32 = 16;

/// What the collector is doing between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between two cycles.
    Pause,
    /// Marking, a few objects at a time.
    Mark,
    /// Freeing the dead, a page at a time.
    Sweep,
    /// Calling finalizers of dead userdata.
    Finalize,
}

/// See the module's documentation.
pub(crate) struct Heap {
    /// The heap's own address, as pages remember it.
    pub(crate) this: *mut Heap,
    /// Bytes allocated beyond the threshold at which the next step is due.
    pub(crate) debt: isize,
    /// Bytes allocated in this cycle for which no step has been taken yet.
    owed: usize,
    pub(crate) bytes: usize,
    /// The units left in the current slice; see [`crate::interp::budget`]. A pointer, as it
    /// is paid from while the heap is shared.
    pub(crate) budget: *mut i64,
    /// Memory limit; `usize::MAX` for none.
    pub(crate) limit: usize,
    /// Where allocation itself fails: the limit and the slack of a running native.
    hard_limit: usize,
    pub(crate) current_white: u8,
    pub(crate) phase: Phase,
    pub(crate) is_stopped: bool,
    /// Collect at every safepoint: the stress mode of the tests.
    pub(crate) is_stressed: bool,
    /// Percentage of the live bytes to wait for before the next cycle (`setpause`).
    pub(crate) pause: i32,
    /// Work per allocation, in percent (`setstepmul`).
    pub(crate) step_multiplier: i32,
    /// Bytes between two cycles at least: [`crate::VmConfig::least_pause`].
    pub(crate) least_pause: usize,
    /// Bytes live after the last mark.
    pub(crate) estimate: usize,
    objects: Pool,
    buffers: Pool,
    large: Vec<*mut Header>,
    large_unswept: usize,
    sweep_class: usize,
    pub(crate) strings: StringSet,
    /// Marked objects whose contents have not been looked at.
    gray: Vec<*mut Header>,
    /// Marked coroutines: the atomic step looks at them again.
    gray_threads: Vec<*mut Coroutine>,
    /// Tables that the mark looks at in parts or again.
    unfinished: Unfinished,
    /// Weak tables met by the mark, to be cleared.
    weak_tables: Vec<*mut TableObj>,
    /// Userdata with a finalizer, in order of creation.
    pub(crate) finalizable: Vec<*mut UserdataObj>,
    /// Dead userdata whose finalizers are due, in order of creation.
    pub(crate) due: Vec<*mut UserdataObj>,
    /// The names of the metamethods, by [`crate::meta::Event`].
    pub(crate) event_names: [*mut StringObj; EVENT_COUNT],
    /// What `type` gives, by [`crate::Type`].
    pub(crate) type_names: [*mut StringObj; Type::ALL.len()],
    /// The metatables of the types that have one each, by [`crate::Type`].
    pub(crate) type_metatables: [*mut TableObj; 9],
    pub(crate) registry: *mut TableObj,
    /// The closures of the functions that the interpreter carries out, by [`Builtin`].
    pub(crate) builtins: [*mut NativeClosure; Builtin::COUNT],
    /// Every coroutine that has not been found dead.
    pub(crate) coroutines: Vec<*mut Coroutine>,
    /// Host values of freed userdata, to be dropped when no sweep is under way.
    graveyard: Vec<Box<dyn std::any::Any>>,
    pub(crate) main: *mut Coroutine,
    pub(crate) current: *mut Coroutine,
    /// Number of coroutines that are observed.
    pub(crate) observed: usize,
    /// The value of the last error raised.
    pub(crate) thrown: RawValue,
    pub(crate) roots: RootSlots,
}

impl Heap {
    /// A heap without objects. The fields that point at objects are null until the
    /// VM fills them in.
    pub(crate) fn new(string_hash: StringHash) -> Heap {
        let mut heap = Heap {
            this: null_mut(),
            debt: 0,
            owed: 0,
            bytes: 0,
            budget: null_mut(),
            limit: usize::MAX,
            hard_limit: usize::MAX,
            current_white: object::mark::WHITE0,
            phase: Phase::Pause,
            is_stopped: false,
            is_stressed: false,
            pause: 200,
            step_multiplier: 200,
            least_pause: 0,
            estimate: 0,
            objects: Pool::new(),
            buffers: Pool::new(),
            large: Vec::new(),
            large_unswept: 0,
            sweep_class: 0,
            strings: StringSet::new(string_hash),
            gray: Vec::new(),
            gray_threads: Vec::new(),
            unfinished: Unfinished::new(),
            weak_tables: Vec::new(),
            finalizable: Vec::new(),
            due: Vec::new(),
            event_names: [null_mut(); EVENT_COUNT],
            type_names: [null_mut(); Type::ALL.len()],
            type_metatables: [null_mut(); 9],
            registry: null_mut(),
            builtins: [null_mut(); Builtin::COUNT],
            coroutines: Vec::new(),
            graveyard: Vec::new(),
            main: null_mut(),
            current: null_mut(),
            observed: 0,
            thrown: RawValue::NIL,
            roots: RootSlots::new(),
        };
        heap.set_threshold(64 * 1024);
        heap
    }

    /// Sets the memory limit in bytes; `None` lifts it.
    pub(crate) fn set_limit(&mut self, limit: Option<usize>) {
        self.limit = limit.unwrap_or(usize::MAX);
        let slack = (self.limit / 8).max(1024 * 1024);
        self.hard_limit = self.limit.saturating_add(slack);
        let threshold = (self.bytes as isize - self.debt).max(0) as usize;
        self.set_threshold(threshold);
    }

    /// The next step is due when `bytes` exceeds `threshold`, or the limit.
    pub(crate) fn set_threshold(&mut self, threshold: usize) {
        let threshold = threshold.min(self.limit).min(isize::MAX as usize);
        self.debt = self.bytes as isize - threshold as isize;
    }

    /// True if `size` more bytes may be allocated.
    pub(crate) fn has_room(&self, size: usize) -> bool {
        self.bytes
            .checked_add(size)
            .is_some_and(|sum| sum <= self.hard_limit)
    }

    /// Takes from the budget what it costs to make, copy or compare so many bytes. Whether
    /// it has come to its end is for the next jump or call to find out.
    #[inline(always)]
    pub(crate) fn spend_bytes(&self, bytes: usize) {
        // SAFETY: G6.
        unsafe { *self.budget -= (bytes / BYTES_PER_UNIT) as i64 };
    }

    #[inline(always)]
    fn account(&mut self, size: usize) {
        self.bytes += size;
        self.debt += size as isize;
    }

    #[inline(always)]
    fn discount(&mut self, size: usize) {
        self.bytes -= size;
        self.debt -= size as isize;
    }

    /// Charges what a new object holds outside of the heap, and notes itself: the host's
    /// value of a userdata, what is known of a prototype.
    pub(crate) fn charge(&mut self, bytes: usize) {
        self.account(bytes);
    }

    /// Memory for an object of `size` bytes, uninitialised. The caller writes the
    /// object before anything else runs, and calls [`Heap::register_large`].
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, size: usize) -> Result<*mut u8, LuaError> {
        let occupied = occupied(size);
        if !self.has_room(occupied) {
            return Err(LuaError::MEMORY);
        }
        if size > MAX_CELL {
            return self.allocate_large(size);
        }
        self.account(occupied);
        let class = class_of(size);
        let cell = self.objects.take(class);
        if cell.is_null() {
            Ok(self.allocate_slow(class))
        } else {
            Ok(cell)
        }
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(&mut self, class: usize) -> *mut u8 {
        let owner = self.this;
        let mut n_swept = 0;
        loop {
            if !self.objects.refill(class, owner, false) {
                // Where nothing has died a cell is not worth sweeping all pages for.
                if n_swept < MOST_SWEPT && self.sweep_page_of(class) {
                    n_swept += 1;
                } else {
                    self.objects.refill(class, owner, true);
                }
            }
            let cell = self.objects.take(class);
            if !cell.is_null() {
                return cell;
            }
        }
    }

    #[cold]
    fn allocate_large(&mut self, size: usize) -> Result<*mut u8, LuaError> {
        let layout = large_layout(size).ok_or(LuaError::MEMORY)?;
        // SAFETY: the layout is not empty.
        let memory = unsafe { global_alloc(layout) };
        if memory.is_null() {
            return Err(LuaError::MEMORY);
        }
        self.account(size);
        self.spend_bytes(size);
        Ok(memory)
    }

    /// Enters an object into the list of large ones if its size makes it one.
    #[inline(always)]
    pub(crate) fn register_large(&mut self, object: *mut Header, size: usize) {
        if size > MAX_CELL {
            self.large.push(object);
        }
    }

    /// Frees the memory of an object that is not in a page.
    ///
    /// # Safety
    ///
    /// `memory` came from [`Heap::allocate`] with the same size beyond [`MAX_CELL`].
    unsafe fn free_large(&mut self, memory: *mut u8, size: usize) {
        self.discount(size);
        if let Some(layout) = large_layout(size) {
            // SAFETY: the caller's contract.
            unsafe { global_dealloc(memory, layout) };
        }
    }

    /// An uninitialised buffer of `size` bytes, owned by the caller, who frees it with
    /// [`Heap::free_buffer`].
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub(crate) fn allocate_buffer(&mut self, size: usize) -> Result<*mut u8, LuaError> {
        let occupied = occupied(size);
        if !self.has_room(occupied) {
            return Err(LuaError::MEMORY);
        }
        if size > MAX_CELL {
            return self.allocate_large(size);
        }
        self.account(occupied);
        let class = class_of(size);
        loop {
            let cell = self.buffers.take(class);
            if !cell.is_null() {
                return Ok(cell);
            }
            let owner = self.this;
            self.buffers.refill(class, owner, true);
        }
    }

    /// Makes a buffer larger; what was in it stays, the rest is uninitialised. On an error the
    /// buffer is as before, else it may have moved.
    ///
    /// Large ones grow where they are, if the system can do that, or by moving whole pages: no
    /// copying, and never two of them.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// As [`Heap::free_buffer`], with `old` as the size; `new` is at least that.
    pub(crate) unsafe fn grow_buffer(
        &mut self,
        buffer: *mut u8,
        old: usize,
        new: usize,
    ) -> Result<*mut u8, LuaError> {
        // SAFETY: the caller's contract: large buffers are the global allocator's, of their size.
        unsafe {
            if old <= MAX_CELL {
                let memory = self.allocate_buffer(new)?;
                std::ptr::copy_nonoverlapping(buffer, memory, old);
                self.free_buffer(buffer, old);
                return Ok(memory);
            }
            let (Some(layout), Some(_)) = (large_layout(old), large_layout(new)) else {
                return Err(LuaError::MEMORY);
            };
            if !self.has_room(new - old) {
                return Err(LuaError::MEMORY);
            }
            let memory = global_realloc(buffer, layout, new);
            if memory.is_null() {
                return Err(LuaError::MEMORY);
            }
            self.account(new - old);
            self.spend_bytes(new);
            Ok(memory)
        }
    }

    /// Frees a buffer.
    ///
    /// # Safety
    ///
    /// `buffer` came from [`Heap::allocate_buffer`] of this heap with the same size.
    #[inline]
    pub(crate) unsafe fn free_buffer(&mut self, buffer: *mut u8, size: usize) {
        // SAFETY: the caller's contract.
        unsafe {
            if size > MAX_CELL {
                self.free_large(buffer, size);
            } else {
                self.discount(occupied(size));
                self.buffers.give_back(buffer);
            }
        }
    }
}
