//! Counting steps, stopping scripts, and collecting at safepoints.
//!
//! One unit is about one instruction: a backward jump costs the words it jumps over,
//! a call [`CALL_COST`]. Every cycle of verified code contains a backward jump or a
//! call, so no script escapes. Units are handed out in slices, at whose ends the
//! interrupt flag, the clock and the host's poll are looked at.
//!
//! Work that grows with the length of strings is paid for by the heap, which does it:
//! [`Heap::spend_bytes`](crate::heap::Heap::spend_bytes) is for large allocations and long
//! comparisons.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::call::call_from_native;
use super::{Finally, VmCore, unwind};
use crate::debug::{self, hooks, levels};
use crate::error::{ErrorKind, LuaError};
use crate::heap::Phase;
use crate::meta::Event;
use crate::value::RawValue;
use crate::vm::Interrupt;

/// Units that a call costs.
pub(crate) const CALL_COST: i64 = 8;
/// Units of a slice: some tens of microseconds.
const SLICE: u64 = 20_000;

/// Starts a new slice when the current one is used up.
///
/// # Errors
///
/// An abort, if the script is to stop.
///
/// # Safety
///
/// The saved state is that of the running frame.
#[cold]
#[inline(never)]
pub(crate) unsafe fn refuel(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        if (*vm).interrupt.load(Ordering::Relaxed) {
            interrupted(vm)?;
        }
        if !super::scoped::poll(vm) {
            return Err(abort(vm, ErrorKind::Interrupted));
        }
        if (*vm)
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(abort(vm, ErrorKind::Time));
        }
        if (*vm).fuel == u64::MAX {
            (*vm).budget = SLICE as i64;
            return Ok(());
        }
        // The overdraft of the last slice counts against the next.
        let overdraft = (*vm).budget.min(0).unsigned_abs();
        if (*vm).fuel <= overdraft {
            (*vm).fuel = 0;
            return Err(abort(vm, ErrorKind::Instructions));
        }
        (*vm).fuel -= overdraft;
        let slice = (*vm).fuel.min(SLICE);
        (*vm).fuel -= slice;
        (*vm).budget = slice as i64;
        Ok(())
    }
}

/// Does what the host wants an interrupt to do.
///
/// # Errors
///
/// Always, with an abort or `interrupted!`.
///
/// # Safety
///
/// As [`refuel`].
unsafe fn interrupted(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        match (*vm).on_interrupt {
            Interrupt::Abort => Err(abort(vm, ErrorKind::Interrupted)),
            Interrupt::Raise => {
                (*vm).interrupt.store(false, Ordering::Relaxed);
                // As the reference's hook, at the line that called the interrupted function.
                let mut message = debug::position_at_level(vm, 1);
                message.extend_from_slice(b"interrupted!");
                Err(unwind::throw_text(vm, &message))
            }
        }
    }
}

/// Starts an abort.
pub(crate) unsafe fn abort(vm: *mut VmCore, kind: ErrorKind) -> LuaError {
    // SAFETY: the caller passes a live VM.
    unsafe { VmCore::note_abort(vm, kind) };
    LuaError::abort(kind)
}

/// Charges units for a native's work.
///
/// # Errors
///
/// An abort, if the script is to stop.
///
/// # Safety
///
/// As [`refuel`].
pub(crate) unsafe fn charge(vm: *mut VmCore, units: u64) -> Result<(), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        if (*vm).attention {
            levels::sample(vm, units);
        }
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        (*vm).budget = (*vm).budget.saturating_sub(units);
        if (*vm).budget < 0 { refuel(vm) } else { Ok(()) }
    }
}

/// Bytes up to which a stressed heap is collected at every safepoint.
const STRESS_HEAP: usize = 128 << 10;

/// The collector's turn: a step, finalizers that are due, and the memory limit.
/// The saved base and `frame_top` bound what is live. The stack may move.
///
/// # Errors
///
/// The memory limit, or an abort in a finalizer. Errors of finalizers themselves are
/// raised as the reference raises them.
///
/// # Safety
///
/// A safepoint: every live value is in a root or below the running frame's top.
#[cold]
#[inline(never)]
pub(crate) unsafe fn collect(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        let heap = &raw mut (*vm).heap;
        mark_top(vm);
        if (*heap).bytes > (*heap).limit {
            (*heap).collect();
            if (*heap).bytes > (*heap).limit {
                (*heap).bury();
                return Err(unwind::memory_abort(vm));
            }
        } else if (*heap).is_stopped {
            let bytes = (*heap).bytes;
            (*heap).set_threshold(bytes.saturating_add(1 << 20));
        } else if (*heap).is_stressed {
            (*heap).collect();
        } else {
            (*heap).step();
        }
        if (*heap).is_stressed {
            let bytes = (*heap).bytes;
            // A large heap waits for some growth, or the time would be its square.
            let growth = if bytes < STRESS_HEAP {
                0
            } else {
                bytes / 64 + 1
            };
            (*heap).set_threshold((bytes + growth).saturating_sub(1));
        }
        (*heap).bury();
        if (*heap).phase == Phase::Finalize {
            run_finalizers(vm)
        } else {
            Ok(())
        }
    }
}

/// Tells the collector where the running coroutine's stack ends.
unsafe fn mark_top(vm: *mut VmCore) {
    // SAFETY: the caller passes a VM at a safepoint.
    unsafe {
        let coroutine = (*vm).heap.current;
        let top = VmCore::frame_top(vm);
        // An open list of a Lua frame may reach beyond its registers.
        (*coroutine).top = top.max(
            (*vm)
                .top
                .min((*coroutine).stack.add((*coroutine).stack_len)),
        );
        if (*coroutine).top < (*coroutine).stack {
            (*coroutine).top = top;
        }
    }
}

/// A full collection, finalizers included.
///
/// # Errors
///
/// As [`collect`].
///
/// # Safety
///
/// As [`collect`].
pub(crate) unsafe fn collect_all(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        mark_top(vm);
        (*vm).heap.collect();
        (*vm).heap.bury();
        run_finalizers(vm)
    }
}

/// Calls the finalizers that are due, the latest created userdata first.
///
/// # Errors
///
/// The first error a finalizer raises.
///
/// # Safety
///
/// As [`collect`].
pub(crate) unsafe fn run_finalizers(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract; the userdata stays in a slot while it is needed.
    unsafe {
        if (*vm).in_finalizer {
            return Ok(());
        }
        while let Some(userdata) = (*vm).heap.due.pop() {
            let value = RawValue::userdata(userdata);
            let handler = (*vm).heap.metamethod(value, Event::Gc);
            if handler.is_nil() {
                continue;
            }
            // Above everything that is live. An open list may end at `top`: it has to be
            // there again afterwards, wherever the stack is then.
            let coroutine = (*vm).heap.current;
            let open_end = (*vm).top.addr().wrapping_sub((*coroutine).stack.addr());
            let pc = (*vm).pc;
            let func = VmCore::frame_top(vm).max((*coroutine).top);
            let func = func.wrapping_byte_offset(VmCore::ensure_slots(vm, func, 4)?);
            *func = handler;
            *func.add(1) = value;
            (*vm).top = func.add(2);
            (*vm).in_finalizer = true;
            let was_running = hooks::mute(vm);
            // A native that collects may catch what a finalizer panics with, and is to
            // find its stack as it was.
            let running = Finally(|| {
                hooks::unmute(vm, was_running);
                (*vm).in_finalizer = false;
                (*vm).pc = pc;
                (*vm).top = (*coroutine).stack.wrapping_byte_add(open_end);
            });
            let result = call_from_native(vm, func, 1);
            drop(running);
            result?;
        }
        if (*vm).heap.phase == Phase::Finalize {
            (*vm).heap.phase = Phase::Pause;
        }
        Ok(())
    }
}

/// How much is allocated before the collector steps again after a step of so many kilobytes.
fn step_bytes(kilobytes: usize) -> usize {
    kilobytes.saturating_mul(1024).max(4096)
}

/// Bytes that a step of so many kilobytes goes through.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn step_work(vm: *const VmCore, kilobytes: usize) -> usize {
    // SAFETY: the caller's contract.
    let percent = unsafe { (*vm).heap.step_percent() };
    step_bytes(kilobytes).saturating_mul(percent.max(100) / 100)
}

/// A step of about `kilobytes` that a script asked for; true if it ended a cycle.
///
/// # Errors
///
/// As [`collect`].
///
/// # Safety
///
/// As [`collect`].
pub(crate) unsafe fn step(vm: *mut VmCore, kilobytes: usize) -> Result<bool, LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        mark_top(vm);
        let heap = &raw mut (*vm).heap;
        let work = step_bytes(kilobytes);
        let mut has_ended = (*heap).advance(step_work(vm, kilobytes));
        let bytes = (*heap).bytes;
        (*heap).set_threshold(bytes.saturating_add(work));
        (*heap).bury();
        if (*heap).phase == Phase::Finalize {
            run_finalizers(vm)?;
            has_ended = true;
        }
        Ok(has_ended)
    }
}
