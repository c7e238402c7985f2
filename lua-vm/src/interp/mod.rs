//! The interpreter: what all its parts share.
//!
//! [`run`] is the loop; [`slow`] has the cold halves of its arms, [`call`] enters and
//! leaves functions, [`other_calls`] has the calls that are not the loop's own, [`values`]
//! passes values on, [`unwind`] deals with errors, [`coroutine`] switches stacks,
//! [`budget`] counts and collects, [`observe`] tells observers what runs.
//!
//! # The helper convention
//!
//! The loop keeps base, constants, program counter and return stack pointer in
//! registers. A helper gets them by value and returns the base to go on with, or null:
//! then the state to go on with is in [`VmCore`] (`base`, `pc`, `fp`), unless
//! `exit` says to leave the loop. A helper that can raise, call or collect first stores
//! the three there.

pub(crate) mod budget;
pub(crate) mod builtin;
pub(crate) mod call;
pub(crate) mod coroutine;
pub(crate) mod frame;
pub(crate) mod loops;
pub(crate) mod objects;
pub(crate) mod observe;
pub(crate) mod other_calls;
pub(crate) mod run;
pub(crate) mod scoped;
pub(crate) mod slow;
pub(crate) mod stack;
pub(crate) mod unwind;
pub(crate) mod values;
pub(crate) mod walk;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::debug;
use crate::error::{ErrorKind, LuaError};
use crate::func::closure::LuaClosure;
use crate::heap::Heap;
use crate::heap::object::Kind;
use crate::profile::Profiler;
use crate::value::RawValue;
use crate::vm::Interrupt;
use stack::Coroutine;

/// Why the loop is to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is not.
    None,
    /// The running coroutine belongs in the loop's other form.
    Switch,
    /// The function that a native called has returned: its results end at `top`.
    Return,
    /// It has failed.
    Error(LuaError),
}

/// A VM without its public face. The loop's hot fields come first.
#[repr(C)]
pub(crate) struct VmCore {
    pub(crate) heap: Heap,
    /// Units left in the current slice; below zero it is time for [`budget::refuel`].
    pub(crate) budget: i64,
    pub(crate) stack_limit: *mut RawValue,
    pub(crate) word_limit: *mut usize,
    /// State of the running coroutine while a helper or a native runs.
    pub(crate) base: *mut RawValue,
    pub(crate) pc: *const u32,
    pub(crate) fp: *mut usize,
    /// End of an open list of values, or of a native's stack.
    pub(crate) top: *mut RawValue,
    pub(crate) exit: Exit,
    /// Nested natives that called back, in all coroutines.
    pub(crate) native_depth: u32,
    pub(crate) limits: Limits,
    /// Units not yet given to `budget`; `u64::MAX` for no limit.
    pub(crate) fuel: u64,
    /// When the current call from the host has to have ended.
    pub(crate) deadline: Option<std::time::Instant>,
    /// Set by another thread to stop the script at the next slice.
    pub(crate) interrupt: Arc<AtomicBool>,
    pub(crate) on_interrupt: Interrupt,
    /// An abort under way: natives cannot swallow it.
    pub(crate) aborting: Option<ErrorKind>,
    /// There is an abort or an observer: see what is to be done after each native.
    pub(crate) attention: bool,
    /// What [`call::precall`] adds to the number of a [`builtin::Builtin`].
    pub(crate) builtin_bits: u8,
    /// `native_depth` of the innermost observed loop, or [`observe::NOWHERE`].
    pub(crate) observed_depth: u32,
    /// The instruction that an observer heard of last.
    pub(crate) traced: observe::Traced,
    /// The observer has heard of the call whose first instruction comes next.
    pub(crate) is_announced: bool,
    /// Where the last abort struck: name of the chunk and line.
    pub(crate) abort_position: Option<(Vec<u8>, u32)>,
    /// Values the host attached.
    pub(crate) host_data: Vec<Box<dyn std::any::Any>>,
    /// What a message handler may use beyond the limits, so that it can report an
    /// overflow.
    pub(crate) overflow_margin: usize,
    /// The thrown value has been through the message handler in force.
    pub(crate) is_handled: bool,
    /// It says that a stack is full: its handler may go beyond the limits.
    pub(crate) is_overflow: bool,
    /// A value of another VM was passed in: the next fallible operation says so.
    pub(crate) has_foreign_value: bool,
    /// What the host lent for the current call.
    pub(crate) scoped: Option<scoped::LentForCall>,
    /// True while finalizers run: they are not entered again.
    pub(crate) in_finalizer: bool,
    /// Takes samples of what runs.
    pub(crate) profiler: Option<Box<Profiler>>,
    /// Compiles source text.
    pub(crate) loader: lua_compiler::Loader,
    /// Whether an error that nothing catches leaves a traceback for the host.
    pub(crate) records_traceback: bool,
    /// Where the error was raised that the host is about to get.
    pub(crate) traceback: Option<Vec<u8>>,
}

/// Does something at the end of a block, also when a native panics in it.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// How deep scripts may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Words of a return stack: nested calls, some of which take two.
    pub(crate) call_depth: usize,
    /// Slots of a value stack.
    pub(crate) stack_slots: usize,
    /// Natives that call back, one within the other.
    pub(crate) native_depth: u32,
    /// Slots that one native may use.
    pub(crate) native_slots: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            call_depth: 20_000,
            stack_slots: 1_000_000,
            native_depth: 200,
            native_slots: 8000,
        }
    }
}

impl VmCore {
    /// The closure of a frame, if its function is a Lua function.
    ///
    /// # Safety
    ///
    /// `base` is the base of a frame of a live coroutine (S2).
    #[inline(always)]
    pub(crate) unsafe fn lua_closure(base: *mut RawValue) -> Option<*mut LuaClosure> {
        // SAFETY: S2.
        unsafe {
            let function = (*base.sub(1)).as_function()?;
            ((*function).kind == Kind::LuaFunction).then_some(function.cast())
        }
    }

    /// The end of what the running frame uses.
    ///
    /// # Safety
    ///
    /// The saved state is that of the running frame.
    pub(crate) unsafe fn frame_top(vm: *mut VmCore) -> *mut RawValue {
        // SAFETY: S2.
        unsafe {
            match Self::lua_closure((*vm).base) {
                Some(closure) => (*vm).base.add((*closure).header.aux2 as usize),
                None => (*vm).top,
            }
        }
    }

    /// Makes room for `slots` slots from `from` on, and the spare ones. Corrects the
    /// saved base and top; returns how many bytes they have moved.
    ///
    /// # Errors
    ///
    /// A stack overflow, or the memory limit.
    ///
    /// # Safety
    ///
    /// `from` is in the running coroutine's stack; what is live ends below it, or at
    /// `top`.
    #[inline]
    pub(crate) unsafe fn ensure_slots(
        vm: *mut VmCore,
        from: *mut RawValue,
        slots: usize,
    ) -> Result<isize, LuaError> {
        // SAFETY: the caller's contract; the difference stays within the address space.
        unsafe {
            if slots <= ((*vm).stack_limit.addr().wrapping_sub(from.addr())) / size_of::<RawValue>()
                && from <= (*vm).stack_limit
            {
                return Ok(0);
            }
            Self::grow_slots(vm, from, slots)
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn grow_slots(
        vm: *mut VmCore,
        from: *mut RawValue,
        slots: usize,
    ) -> Result<isize, LuaError> {
        // SAFETY: the contract of `ensure_slots`.
        unsafe {
            let coroutine = (*vm).heap.current;
            let used = from.offset_from((*coroutine).stack) as usize;
            let needed = used + slots + stack::SPARE_SLOTS;
            if needed > (*vm).limits.stack_slots + (*vm).overflow_margin {
                return Err(unwind::overflow(vm, b"stack overflow"));
            }
            let moved = Coroutine::grow_stack(&mut (*vm).heap, coroutine, needed)?;
            (*vm).base = (*vm).base.wrapping_byte_offset(moved);
            (*vm).top = (*vm).top.wrapping_byte_offset(moved);
            (*vm).stack_limit = Coroutine::stack_limit(coroutine);
            Ok(moved)
        }
    }

    /// Computes the limits that the loop compares with, for the running coroutine.
    ///
    /// # Safety
    ///
    /// The VM is live.
    pub(crate) unsafe fn load_limits(vm: *mut VmCore) {
        // SAFETY: the caller's contract.
        unsafe {
            Self::compute_limits(vm);
            if (*vm).attention {
                Self::attend(vm);
            }
        }
    }

    /// [`VmCore::load_limits`] where nobody observes.
    ///
    /// # Safety
    ///
    /// The VM is live.
    #[inline(always)]
    pub(crate) unsafe fn compute_limits(vm: *mut VmCore) {
        // SAFETY: S1, S3.
        unsafe {
            let coroutine = (*vm).heap.current;
            (*vm).stack_limit = Coroutine::stack_limit(coroutine);
            let depth = (*vm).limits.call_depth + (*vm).overflow_margin;
            let words = ((*coroutine).words_len - stack::SPARE_WORDS).min(depth);
            (*vm).word_limit = (*coroutine).words.add(words);
        }
    }

    /// Makes room for one more frame on the return stack.
    ///
    /// # Errors
    ///
    /// A stack overflow, or the memory limit.
    ///
    /// # Safety
    ///
    /// The saved `fp` is that of the running coroutine.
    #[inline(always)]
    pub(crate) unsafe fn ensure_words(vm: *mut VmCore) -> Result<(), LuaError> {
        // SAFETY: the caller's contract.
        unsafe {
            if (*vm).fp < (*vm).word_limit {
                return Ok(());
            }
            Self::make_room_for_words(vm)
        }
    }

    /// [`VmCore::ensure_words`] where there is no room, or an observer waits.
    #[cold]
    unsafe fn make_room_for_words(vm: *mut VmCore) -> Result<(), LuaError> {
        // SAFETY: as `ensure_words`.
        unsafe {
            let coroutine = (*vm).heap.current;
            (*coroutine).fp = (*vm).fp;
            let used = (*vm).fp.offset_from((*coroutine).words) as usize;
            if used >= (*vm).limits.call_depth + (*vm).overflow_margin {
                return Err(unwind::overflow(vm, b"stack overflow"));
            }
            if used + stack::SPARE_WORDS >= (*coroutine).words_len {
                Coroutine::grow_words(&mut (*vm).heap, coroutine)?;
                (*vm).fp = (*coroutine).fp;
            }
            Self::load_limits(vm);
            Ok(())
        }
    }

    /// Notes an abort, and where it struck.
    ///
    /// # Safety
    ///
    /// The saved state is that of the running frame.
    #[cold]
    pub(crate) unsafe fn note_abort(vm: *mut VmCore, kind: ErrorKind) {
        // SAFETY: the caller's contract.
        unsafe {
            (*vm).aborting = Some(kind);
            (*vm).attention = true;
            if (*vm).abort_position.is_none() {
                (*vm).abort_position = debug::topmost_position(vm);
            }
        }
    }
}

/// Truncates to an integer; a number out of range becomes the smallest one, which no
/// conversion back gives.
#[inline(always)]
pub(crate) fn truncate(n: f64) -> i32 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        // The cast saturates, which takes five instructions more.
        use std::arch::x86_64::{_mm_cvttsd_si32, _mm_set_sd};
        // SAFETY: SSE2 is part of every x86-64.
        unsafe { _mm_cvttsd_si32(_mm_set_sd(n)) }
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    {
        if n > -2_147_483_649.0 && n < 2_147_483_648.0 {
            n as i32
        } else {
            i32::MIN
        }
    }
}
