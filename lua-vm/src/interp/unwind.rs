//! Errors on their way: raising, message handlers, `pcall`.

use super::frame::{Word, WordKind};
use super::stack::Status;
use super::walk::Walk;
use super::{Exit, Finally, VmCore, call, coroutine, observe};
use crate::debug;
use crate::debug::traceback::traceback;
use crate::error::{ErrorKind, LuaError};
use crate::func::upvalue::UpValue;
use crate::value::RawValue;

/// Slots and words that the message handler of an overflow may use beyond the limits.
const HANDLER_MARGIN: usize = 12_000;
/// Calls from natives that it may nest beyond the limit.
const HANDLER_DEPTH: u32 = 25;

/// Makes `value` the thrown one.
pub(crate) unsafe fn throw_value(vm: *mut VmCore, value: RawValue) -> LuaError {
    // SAFETY: the caller passes a live VM and value.
    unsafe {
        (*vm).heap.thrown = value;
        (*vm).is_handled = false;
        (*vm).is_overflow = false;
    }
    LuaError::THROW
}

/// Makes a message the thrown value.
pub(crate) unsafe fn throw_text(vm: *mut VmCore, message: &[u8]) -> LuaError {
    // SAFETY: the caller passes a live VM.
    unsafe {
        match (*vm).heap.string(message) {
            Ok(string) => throw_value(vm, RawValue::string(string)),
            Err(_) => memory_abort(vm),
        }
    }
}

/// Makes a message the thrown value, with the position of the running frame if that
/// is a Lua function's.
///
/// # Safety
///
/// The saved state is that of the running frame.
pub(crate) unsafe fn throw_positioned(vm: *mut VmCore, message: &[u8]) -> LuaError {
    // SAFETY: the caller's contract.
    unsafe {
        let mut text = debug::position_of(&Walk::running(vm));
        text.extend_from_slice(message);
        throw_text(vm, &text)
    }
}

/// A stack is full: raises `message`. A message handler that was called for an earlier such
/// error, and has used up what it was granted beyond the limit, is not asked again.
///
/// # Safety
///
/// The saved state is that of the running frame.
#[cold]
pub(crate) unsafe fn overflow(vm: *mut VmCore, message: &[u8]) -> LuaError {
    // SAFETY: the caller's contract.
    unsafe {
        if (*vm).overflow_margin > 0 {
            return handling_failed(vm);
        }
        let error = throw_positioned(vm, message);
        (*vm).is_overflow = true;
        error
    }
}

/// The error of a message handler that cannot be called.
unsafe fn handling_failed(vm: *mut VmCore) -> LuaError {
    // SAFETY: the caller passes a live VM.
    unsafe {
        let error = throw_text(vm, b"error in error handling");
        (*vm).is_handled = true;
        error
    }
}

/// Starts the abort for want of memory.
pub(crate) unsafe fn memory_abort(vm: *mut VmCore) -> LuaError {
    // SAFETY: the caller passes a live VM.
    unsafe { super::budget::abort(vm, ErrorKind::Memory) }
}

/// The error of the abort under way.
pub(crate) unsafe fn abort_error(vm: *mut VmCore) -> LuaError {
    // SAFETY: the caller passes a live VM.
    unsafe { LuaError::abort((*vm).aborting.unwrap_or(ErrorKind::Interrupted)) }
}

/// Raises an error in the running frame: calls the message handler, then unwinds. The
/// state afterwards says how to go on. Returns null, for the helpers' convenience.
///
/// # Safety
///
/// The saved state is that of the running frame, or of a call about to be made, whose
/// word has been pushed and whose base has been saved.
#[cold]
#[inline(never)]
pub(crate) unsafe fn raise(vm: *mut VmCore, mut error: LuaError) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        error = handle(vm, error);
        unwind(vm, error);
        (*vm).traced = observe::Traced::NOTHING;
        if (*vm).attention {
            // The frame that goes on may belong in the other loop.
            VmCore::attend(vm);
        }
    }
    std::ptr::null_mut()
}

/// Shows an error to the message handler in force, if there is one; notes an abort.
/// Returns the error that goes on.
///
/// # Safety
///
/// As [`raise`].
pub(crate) unsafe fn handle(vm: *mut VmCore, mut error: LuaError) -> LuaError {
    // SAFETY: the caller's contract.
    unsafe {
        if error.kind() == ErrorKind::Throw && (*vm).aborting.is_none() && !(*vm).is_handled {
            match catcher(vm) {
                Catcher::Xpcall(handler) => {
                    let mut called = call_handler(vm, handler);
                    if called.is_err() && (*vm).is_overflow && !(*vm).is_handled {
                        // There was no room for the call: it is told of that instead.
                        called = call_handler(vm, handler);
                    }
                    if let Err(failed) = called {
                        error = failed;
                    }
                    // Natives on the way to the handler's `xpcall` pass the error on as
                    // it is.
                    (*vm).is_handled = true;
                }
                Catcher::Host if (*vm).records_traceback => {
                    (*vm).traceback = Some(traceback(Walk::running(vm), 0));
                    (*vm).is_handled = true;
                }
                Catcher::Host | Catcher::Pcall => {}
            }
        }
        if error.kind() != ErrorKind::Throw {
            VmCore::note_abort(vm, error.kind());
            if (*vm).records_traceback && (*vm).traceback.is_none() {
                (*vm).traceback = Some(traceback(Walk::running(vm), 0));
            }
        }
        error
    }
}

/// How deep natives may call back; a message handler may go deeper, to report that.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn native_depth_limit(vm: *const VmCore) -> u32 {
    // SAFETY: the caller's contract.
    unsafe {
        let margin = if (*vm).overflow_margin > 0 {
            HANDLER_DEPTH
        } else {
            0
        };
        (*vm).limits.native_depth + margin
    }
}

/// What an error will be caught by.
enum Catcher {
    /// An `xpcall`, with its message handler.
    Xpcall(RawValue),
    /// A `pcall`, or whoever resumed the coroutine.
    Pcall,
    /// Nothing in the running coroutine, which is the one that the host has entered.
    Host,
}

/// What the error of the running frame will be caught by.
unsafe fn catcher(vm: *mut VmCore) -> Catcher {
    // SAFETY: the caller of `raise`'s contract; S3.
    unsafe {
        let mut base = (*vm).base;
        let mut fp = (*vm).fp;
        let bottom = (*(*vm).heap.current).words;
        while fp > bottom {
            fp = fp.sub(1);
            let word = *fp;
            if !Word::is_special(word) {
                let pc: *const u32 = std::ptr::with_exposed_provenance(word);
                base = base.sub(1 + ((*pc.sub(1) >> 8) as usize & 255));
                continue;
            }
            let word = Word(word);
            match word.kind() {
                WordKind::Xpcall => return Catcher::Xpcall(*base.sub(2)),
                WordKind::Pcall | WordKind::Coroutine => return Catcher::Pcall,
                WordKind::Tail => {}
                _ => {
                    base = base.sub(word.distance());
                    if word.is_meta() {
                        fp = fp.sub(1);
                    }
                }
            }
        }
        Catcher::Host
    }
}

/// Calls a message handler with the thrown value, and makes its result the thrown one.
unsafe fn call_handler(vm: *mut VmCore, handler: RawValue) -> Result<(), LuaError> {
    // SAFETY: the caller of `raise`'s contract.
    unsafe {
        let is_too_deep = (*vm).native_depth >= (*vm).limits.native_depth + HANDLER_DEPTH;
        // A callable table is no handler.
        if is_too_deep || handler.as_function().is_none() {
            return Err(handling_failed(vm));
        }
        let func = VmCore::frame_top(vm);
        let offset = func.offset_from((*vm).base);
        let (pc, open_end) = ((*vm).pc, (*vm).top.addr().wrapping_sub((*vm).base.addr()));
        let margin = (*vm).overflow_margin;
        if (*vm).is_overflow {
            (*vm).overflow_margin = HANDLER_MARGIN;
        }
        VmCore::load_limits(vm);
        let margin = Finally(|| {
            (*vm).overflow_margin = margin;
            VmCore::load_limits(vm);
        });
        let result = VmCore::ensure_slots(vm, func, 3).and_then(|moved| {
            let func = func.wrapping_byte_offset(moved);
            *func = handler;
            *func.add(1) = (*vm).heap.thrown;
            (*vm).top = func.add(2);
            call::call_from_native(vm, func, 1)
        });
        drop(margin);
        (*vm).pc = pc;
        if result.is_ok() {
            let func = (*vm).base.offset(offset);
            let value = if (*vm).top > func {
                *func
            } else {
                RawValue::NIL
            };
            throw_value(vm, value);
        }
        (*vm).top = (*vm).base.wrapping_byte_add(open_end);
        result
    }
}

/// Leaves frames until something catches the error.
unsafe fn unwind(vm: *mut VmCore, mut error: LuaError) {
    // SAFETY: the caller of `raise`'s contract; S3.
    unsafe {
        loop {
            let current = (*vm).heap.current;
            let mut base = (*vm).base;
            let mut fp = (*vm).fp;
            loop {
                fp = fp.sub(1);
                let word = *fp;
                if !Word::is_special(word) {
                    let pc: *const u32 = std::ptr::with_exposed_provenance(word);
                    base = base.sub(1 + ((*pc.sub(1) >> 8) as usize & 255));
                    continue;
                }
                let word = Word(word);
                match word.kind() {
                    WordKind::Tail => {}
                    WordKind::Native | WordKind::Service => {
                        if word.is_meta() {
                            fp = fp.sub(1);
                        }
                        UpValue::close(&mut (*vm).heap, current, base.sub(1));
                        (*vm).base = base.sub(word.distance());
                        (*vm).fp = fp;
                        (*vm).top = base.sub(1);
                        (*vm).exit = Exit::Error(error);
                        return;
                    }
                    WordKind::Pcall | WordKind::Xpcall => {
                        base = base.sub(word.distance());
                        if error.kind() == ErrorKind::Throw {
                            UpValue::close(&mut (*vm).heap, current, base);
                            *base.sub(1) = RawValue::FALSE;
                            *base = (*vm).heap.thrown;
                            return call::return_values(vm, base, fp, base.sub(1), 2);
                        }
                    }
                    WordKind::Coroutine => {
                        UpValue::close(&mut (*vm).heap, current, (*current).stack);
                        (*current).status = Status::Dead;
                        match coroutine::fail(vm, error) {
                            None => return,
                            // Raised anew in the resumer, whose handler is another one.
                            Some(next) => error = handle(vm, next),
                        }
                        break;
                    }
                    _ => {
                        base = base.sub(word.distance());
                        if word.is_meta() {
                            fp = fp.sub(1);
                        }
                    }
                }
            }
        }
    }
}
