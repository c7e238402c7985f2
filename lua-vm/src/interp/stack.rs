//! Coroutines: the value stack and the return stack of each.
//!
//! # Invariants
//!
//! - **S1** `stack .. stack + stack_len` is initialised memory. `top` is at least the
//!   end of every live slot whenever the collector runs.
//! - **S2** A frame's function is in `base[-1]`; a Lua frame has its closure's frame
//!   size of slots from `base` on inside the stack, and [`SPARE_SLOTS`] beyond them.
//! - **S3** The return stack holds the words of [`super::frame`], properly nested, and
//!   has [`SPARE_WORDS`] free beyond `fp` whenever a frame is entered.

use std::ptr::null_mut;

use crate::debug::hooks::Hook;
use crate::error::LuaError;
use crate::func::upvalue::UpValue;
use crate::heap::Heap;
use crate::heap::object::{Header, Kind};
use crate::table::TableObj;
use crate::value::RawValue;

/// Slots that every frame may use beyond its own: for the arguments of a metamethod,
/// and as the room a native finds.
pub(crate) const SPARE_SLOTS: usize = 48;
/// Words that a call may push without asking.
pub(crate) const SPARE_WORDS: usize = 8;
const FIRST_SLOTS: usize = 48 + SPARE_SLOTS;
const FIRST_WORDS: usize = 24;

/// The state of a coroutine, manual §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Created or in a yield.
    Suspended,
    /// The one that runs.
    Running,
    /// It has resumed another one.
    Normal,
    /// Finished, or stopped by an error.
    Dead,
}

/// How the running coroutine was resumed, and so how its end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ResumeKind {
    /// `coroutine.resume`: a status before the results.
    Resume,
    /// A function made by `coroutine.wrap`: the results alone, errors raised anew.
    Wrap,
}

/// A coroutine; the main one included.
#[repr(C)]
pub(crate) struct Coroutine {
    pub(crate) header: Header,
    pub(crate) stack: *mut RawValue,
    pub(crate) stack_len: usize,
    pub(crate) words: *mut usize,
    pub(crate) words_len: usize,
    /// Base, program counter and return stack pointer while it does not run.
    pub(crate) base: *mut RawValue,
    pub(crate) pc: *const u32,
    pub(crate) fp: *mut usize,
    pub(crate) top: *mut RawValue,
    pub(crate) open_upvalues: *mut UpValue,
    pub(crate) globals: *mut TableObj,
    /// Who resumed it; null unless it runs or is normal.
    pub(crate) resumer: *mut Coroutine,
    /// Natives on its stack that have called back: it cannot yield across them.
    pub(crate) native_calls: u32,
    pub(crate) status: Status,
    pub(crate) resumed_by: ResumeKind,
    /// How many coroutines are resumed below it.
    pub(crate) depth: u32,
    /// False until it is first resumed.
    pub(crate) is_started: bool,
    /// What hears of its steps.
    pub(crate) hook: Hook,
}

impl Coroutine {
    /// A coroutine with empty stacks. `globals` is the environment of the functions
    /// loaded in it.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// `globals` is null, or live and of this heap.
    pub(crate) unsafe fn new(
        heap: &mut Heap,
        globals: *mut TableObj,
    ) -> Result<*mut Coroutine, LuaError> {
        let coroutine = heap.allocate(size_of::<Coroutine>())?.cast::<Coroutine>();
        // SAFETY: fresh memory of the right size; S1 holds once the stack is filled.
        unsafe {
            coroutine.write(Coroutine {
                header: Header::new(Kind::Thread, heap.current_white),
                stack: null_mut(),
                stack_len: 0,
                words: null_mut(),
                words_len: 0,
                base: null_mut(),
                pc: std::ptr::null(),
                fp: null_mut(),
                top: null_mut(),
                open_upvalues: null_mut(),
                globals,
                resumer: null_mut(),
                native_calls: 0,
                status: Status::Suspended,
                resumed_by: ResumeKind::Resume,
                depth: 0,
                is_started: false,
                hook: Hook::NONE,
            });
            heap.coroutines.push(coroutine);
            let stack = heap
                .allocate_buffer(FIRST_SLOTS * size_of::<RawValue>())?
                .cast::<RawValue>();
            for i in 0..FIRST_SLOTS {
                stack.add(i).write(RawValue::NIL);
            }
            (*coroutine).stack = stack;
            (*coroutine).stack_len = FIRST_SLOTS;
            (*coroutine).top = stack;
            (*coroutine).base = stack.add(1);
            let words = heap
                .allocate_buffer(FIRST_WORDS * size_of::<usize>())?
                .cast::<usize>();
            (*coroutine).words = words;
            (*coroutine).words_len = FIRST_WORDS;
            (*coroutine).fp = words;
        }
        Ok(coroutine)
    }

    /// Bytes of the coroutine and its stacks.
    ///
    /// # Safety
    ///
    /// The coroutine is live.
    pub(crate) unsafe fn size(coroutine: *const Coroutine) -> usize {
        // SAFETY: the caller's contract.
        unsafe {
            size_of::<Coroutine>()
                + (*coroutine).stack_len * size_of::<RawValue>()
                + (*coroutine).words_len * size_of::<usize>()
        }
    }

    /// Frees the stacks; the cell is the collector's to free.
    ///
    /// # Safety
    ///
    /// The coroutine is dead for the collector, its upvalues closed.
    pub(crate) unsafe fn free_stacks(heap: &mut Heap, coroutine: *mut Coroutine) {
        // SAFETY: the stacks were allocated with these sizes.
        unsafe {
            let (slots, words) = ((*coroutine).stack_len, (*coroutine).words_len);
            if (*coroutine).hook.is_set() {
                (*coroutine).hook = Hook::NONE;
                heap.observed -= 1;
            }
            if slots > 0 {
                heap.free_buffer((*coroutine).stack.cast(), slots * size_of::<RawValue>());
                (*coroutine).stack_len = 0;
            }
            if words > 0 {
                heap.free_buffer((*coroutine).words.cast(), words * size_of::<usize>());
                (*coroutine).words_len = 0;
            }
        }
    }

    /// The end of the slots that frames may claim.
    ///
    /// # Safety
    ///
    /// The coroutine is live.
    pub(crate) unsafe fn stack_limit(coroutine: *const Coroutine) -> *mut RawValue {
        // SAFETY: S1: the stack is never smaller than its spare part.
        unsafe { (*coroutine).stack.add((*coroutine).stack_len - SPARE_SLOTS) }
    }

    /// Moves the value stack to one of at least `slots` slots, at most doubling beyond
    /// need, and corrects the open upvalues and the saved pointers. Returns how many
    /// bytes pointers into the stack have moved.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// The coroutine is live and of this heap; the caller corrects its own pointers.
    pub(crate) unsafe fn grow_stack(
        heap: &mut Heap,
        coroutine: *mut Coroutine,
        slots: usize,
    ) -> Result<isize, LuaError> {
        // SAFETY: S1, U3 before and after.
        unsafe {
            let old = (*coroutine).stack;
            let old_len = (*coroutine).stack_len;
            let len = slots.max(old_len * 2);
            let new = heap
                .allocate_buffer(len * size_of::<RawValue>())?
                .cast::<RawValue>();
            std::ptr::copy_nonoverlapping(old, new, old_len);
            for i in old_len..len {
                new.add(i).write(RawValue::NIL);
            }
            let rebase = |pointer: *mut RawValue| new.add(pointer.offset_from(old) as usize);
            let mut upvalue = (*coroutine).open_upvalues;
            while !upvalue.is_null() {
                (*upvalue).pointer = rebase((*upvalue).pointer);
                upvalue = (*upvalue).closed.next;
            }
            (*coroutine).base = rebase((*coroutine).base);
            (*coroutine).top = rebase((*coroutine).top);
            (*coroutine).stack = new;
            (*coroutine).stack_len = len;
            let moved = (new.addr() as isize).wrapping_sub(old.addr() as isize);
            heap.free_buffer(old.cast(), old_len * size_of::<RawValue>());
            Ok(moved)
        }
    }

    /// Doubles the return stack. Returns how many bytes pointers into it have moved.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// As [`Coroutine::grow_stack`].
    pub(crate) unsafe fn grow_words(
        heap: &mut Heap,
        coroutine: *mut Coroutine,
    ) -> Result<isize, LuaError> {
        // SAFETY: words hold no pointers into either stack (S3).
        unsafe {
            let old = (*coroutine).words;
            let old_len = (*coroutine).words_len;
            let len = old_len * 2;
            let new = heap
                .allocate_buffer(len * size_of::<usize>())?
                .cast::<usize>();
            std::ptr::copy_nonoverlapping(old, new, old_len);
            (*coroutine).fp = new.add((*coroutine).fp.offset_from(old) as usize);
            (*coroutine).words = new;
            (*coroutine).words_len = len;
            let moved = (new.addr() as isize).wrapping_sub(old.addr() as isize);
            heap.free_buffer(old.cast(), old_len * size_of::<usize>());
            Ok(moved)
        }
    }
}
