//! Switching between coroutines, within one activation of the loop (manual §2.11).

use lua_compiler::isa::Op;

use super::call::{precall, return_values};
use super::frame::{Word, WordKind};
use super::stack::{Coroutine, ResumeKind, Status};
use super::values::{copy, place};
use super::{VmCore, unwind};
use crate::debug;
use crate::error::{ErrorKind, LuaError};
use crate::func::closure::NativeClosure;
use crate::heap::Heap;
use crate::value::RawValue;

/// Makes a suspended coroutine that will run `function`.
///
/// # Errors
///
/// The memory limit.
///
/// # Safety
///
/// The function is live and of this heap.
pub(crate) unsafe fn create(
    heap: &mut Heap,
    function: RawValue,
) -> Result<*mut Coroutine, LuaError> {
    // SAFETY: the caller's contract; a fresh stack has room for the function.
    unsafe {
        let globals = (*heap.current).globals;
        let coroutine = Coroutine::new(heap, globals)?;
        *(*coroutine).stack = function;
        (*coroutine).top = (*coroutine).stack.add(1);
        *(*coroutine).words = Word::new(WordKind::Coroutine, 0).0;
        (*coroutine).fp = (*coroutine).words.add(1);
        (*coroutine).hook = (*heap.current).hook.of_new_coroutine();
        heap.observed += usize::from((*coroutine).hook.is_set());
        Ok(coroutine)
    }
}

/// Stops running the current coroutine, which keeps its state, and runs another.
unsafe fn switch(vm: *mut VmCore, to: *mut Coroutine) {
    // SAFETY: the caller passes a live coroutine of this heap.
    unsafe {
        (*vm).heap.current = to;
        (*vm).base = (*to).base;
        (*vm).fp = (*to).fp;
        (*vm).pc = (*to).pc;
        (*vm).top = (*to).top;
        VmCore::load_limits(vm);
    }
}

/// Saves the state of the running coroutine, whose topmost frame is a builtin's.
unsafe fn save(vm: *mut VmCore, base: *mut RawValue, top: *mut RawValue) {
    // SAFETY: the caller passes the running coroutine's state.
    unsafe {
        let current = (*vm).heap.current;
        (*current).base = base;
        (*current).fp = (*vm).fp;
        (*current).pc = (*vm).pc;
        (*current).top = top;
    }
}

/// Carries out `coroutine.resume` or a wrapped coroutine's function, called in `func`.
///
/// # Safety
///
/// As [`precall`].
pub(crate) unsafe fn resume(vm: *mut VmCore, func: *mut RawValue, n_args: usize, is_wrap: bool) {
    // SAFETY: the caller's contract; values are copied between live stacks.
    unsafe {
        let base = func.add(1);
        (*vm).base = base;
        (*vm).top = base.add(n_args);
        let (target, first, n) = if is_wrap {
            let closure = (*func)
                .as_function()
                .map_or(std::ptr::null_mut(), |f| f.cast::<NativeClosure>());
            (*NativeClosure::upvalues(closure), base, n_args)
        } else {
            let target = if n_args > 0 { *base } else { RawValue::NIL };
            (target, base.add(1), n_args.saturating_sub(1))
        };
        let Some(coroutine) = target.as_thread() else {
            let error =
                crate::func::call_cx::CallCx::new(vm, n_args).arg_error(1, "coroutine expected");
            unwind::raise(vm, error);
            return;
        };
        if (*coroutine).status != Status::Suspended {
            let message: &[u8] = match (*coroutine).status {
                Status::Dead => b"cannot resume dead coroutine",
                Status::Normal => b"cannot resume normal coroutine",
                _ => b"cannot resume running coroutine",
            };
            refuse(vm, base, is_wrap, message);
            return;
        }
        let depth = (*(*vm).heap.current).depth + 1;
        if depth > (*vm).limits.native_depth {
            refuse(vm, base, is_wrap, b"C stack overflow");
            return;
        }
        // Room on the other stack first: nothing has changed yet if there is none.
        let (heap, fresh) = (&mut (*vm).heap, !(*coroutine).is_started);
        let at = if fresh {
            (*coroutine).stack.add(1)
        } else {
            (*coroutine).base.sub(1)
        };
        let used = at.offset_from((*coroutine).stack) as usize;
        if used + n + super::stack::SPARE_SLOTS > (*coroutine).stack_len
            && let Err(error) =
                Coroutine::grow_stack(heap, coroutine, used + n + super::stack::SPARE_SLOTS)
        {
            unwind::raise(vm, error);
            return;
        }
        save(vm, base, base.add(n_args));
        let from = (*vm).heap.current;
        (*coroutine).status = Status::Running;
        (*coroutine).is_started = true;
        note_resumer(coroutine, from, depth, is_wrap);
        let at = (*coroutine).stack.add(used);
        copy(at, first, n);
        switch(vm, coroutine);
        if fresh {
            (*vm).top = at.add(n);
            precall(vm, (*coroutine).stack, n);
        } else {
            return_values(vm, (*coroutine).base, (*coroutine).fp, at, n);
        }
    }
}

/// Notes in both coroutines who has resumed whom, how deep that is, and for which function.
#[inline(always)]
unsafe fn note_resumer(
    coroutine: *mut Coroutine,
    resumer: *mut Coroutine,
    depth: u32,
    is_wrap: bool,
) {
    // SAFETY: the callers pass live coroutines.
    unsafe {
        (*resumer).status = Status::Normal;
        (*coroutine).resumer = resumer;
        (*coroutine).depth = depth;
        (*coroutine).resumed_by = if is_wrap {
            ResumeKind::Wrap
        } else {
            ResumeKind::Resume
        };
    }
}

/// Where the topmost frame of a coroutine that does not run, which is a builtin's, returns
/// to, if a Lua function has called it for a fixed number of results: the place behind the
/// call, the call's register, and how many.
///
/// # Safety
///
/// The coroutine is suspended in a yield, or has resumed another.
#[inline(always)]
unsafe fn call_waiting_in(coroutine: *const Coroutine) -> Option<(*const u32, usize, usize)> {
    // SAFETY: S3: a word of the builtin's frame is on top; V1 for the call before a program
    // counter.
    unsafe {
        let word = *(*coroutine).fp.sub(1);
        if Word::is_special(word) {
            return None;
        }
        let pc: *const u32 = std::ptr::with_exposed_provenance(word);
        let call = *pc.sub(1);
        let register = (call >> 8) as usize & 255;
        let wanted = (call >> 24) as usize;
        if call as u8 == Op::Call as u8 {
            Some((pc, register, wanted))
        } else if call as u8 == Op::CallV as u8 && wanted > 0 {
            Some((pc, register, wanted - 1))
        } else {
            None
        }
    }
}

/// Saves the running coroutine, whose topmost frame is to be that of the builtin in `func`,
/// called by the instruction before `pc`.
#[inline(always)]
unsafe fn save_at_call(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    pc: *const u32,
    fp: *mut usize,
) {
    // SAFETY: S3: there are spare words.
    unsafe {
        *fp = pc.expose_provenance();
        let current = (*vm).heap.current;
        (*current).base = func.add(1);
        (*current).fp = fp.add(1);
        (*current).pc = pc;
        (*current).top = func.add(1 + n_args);
    }
}

/// Goes on in a coroutine behind the call that waits in it, whose results are placed.
#[inline(always)]
unsafe fn go_on(vm: *mut VmCore, to: *mut Coroutine, pc: *const u32, register: usize) {
    // SAFETY: the callers pass what `call_waiting_in` has given for it.
    unsafe {
        (*to).status = Status::Running;
        (*vm).heap.current = to;
        (*vm).base = (*to).base.sub(1 + register);
        (*vm).fp = (*to).fp.sub(1);
        (*vm).pc = pc;
        (*vm).top = (*to).top;
        VmCore::compute_limits(vm);
    }
}

/// [`resume`] for the case that happens all the time: a Lua function, by the call before
/// `pc`, resumes a coroutine in which a Lua function has called `yield`, and nobody
/// observes. False, and nothing has changed: it is another case.
///
/// # Safety
///
/// `pc` and `fp` are those of the running Lua frame; function and arguments are live slots
/// of it.
#[inline(always)]
pub(crate) unsafe fn resume_from_lua<const IS_WRAP: bool>(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    pc: *const u32,
    fp: *mut usize,
) -> bool {
    // SAFETY: the caller's contract. V3: the results that are wanted are registers of the
    // frame that gets them, which is whole (S2), so no room is to be made.
    unsafe {
        let (target, first, n) = if IS_WRAP {
            let Some(function) = (*func).as_function() else {
                return false;
            };
            let closure = function.cast::<NativeClosure>();
            (*NativeClosure::upvalues(closure), func.add(1), n_args)
        } else if n_args > 0 {
            (*func.add(1), func.add(2), n_args - 1)
        } else {
            return false;
        };
        let Some(coroutine) = target.as_thread() else {
            return false;
        };
        let from = (*vm).heap.current;
        let depth = (*from).depth + 1;
        if (*coroutine).status != Status::Suspended
            || !(*coroutine).is_started
            || (*vm).attention
            || depth > (*vm).limits.native_depth
        {
            return false;
        }
        let Some((resumed, register, wanted)) = call_waiting_in(coroutine) else {
            return false;
        };
        save_at_call(vm, func, n_args, pc, fp);
        note_resumer(coroutine, from, depth, IS_WRAP);
        place((*coroutine).base.sub(1), first, n, wanted);
        go_on(vm, coroutine, resumed, register);
        true
    }
}

/// [`yield_`] for the case that happens all the time: as [`resume_from_lua`].
///
/// # Safety
///
/// As [`resume_from_lua`].
#[inline(always)]
pub(crate) unsafe fn yield_from_lua(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    pc: *const u32,
    fp: *mut usize,
) -> bool {
    // SAFETY: as `resume_from_lua`.
    unsafe {
        let from = (*vm).heap.current;
        let to = (*from).resumer;
        if to.is_null() || (*from).native_calls > 0 || (*vm).attention {
            return false;
        }
        let Some((resumed, register, mut wanted)) = call_waiting_in(to) else {
            return false;
        };
        save_at_call(vm, func, n_args, pc, fp);
        (*from).status = Status::Suspended;
        (*from).resumer = std::ptr::null_mut();
        let mut at = (*to).base.sub(1);
        if (*from).resumed_by == ResumeKind::Resume && wanted > 0 {
            *at = RawValue::TRUE;
            at = at.add(1);
            wanted -= 1;
        }
        place(at, func.add(1), n_args, wanted);
        go_on(vm, to, resumed, register);
        true
    }
}

/// Ends a resume that cannot be done: with false and a message, or with an error.
unsafe fn refuse(vm: *mut VmCore, base: *mut RawValue, is_wrap: bool, message: &[u8]) {
    // SAFETY: the caller of `resume`'s contract; a native has spare slots.
    unsafe {
        if is_wrap {
            // As `luaL_error` at level 1: the position of the caller.
            let mut text = debug::position_at_level(vm, 1);
            text.extend_from_slice(message);
            let error = unwind::throw_text(vm, &text);
            unwind::raise(vm, error);
            return;
        }
        match (*vm).heap.string(message) {
            Ok(string) => {
                *base = RawValue::FALSE;
                *base.add(1) = RawValue::string(string);
                return_values(vm, base, (*vm).fp, base, 2);
            }
            Err(error) => {
                unwind::raise(vm, error);
            }
        }
    }
}

/// Carries out `coroutine.yield`, called in `func`.
///
/// # Safety
///
/// As [`precall`].
pub(crate) unsafe fn yield_(vm: *mut VmCore, func: *mut RawValue, n_args: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        let base = func.add(1);
        (*vm).base = base;
        (*vm).top = base.add(n_args);
        let current = (*vm).heap.current;
        if (*current).resumer.is_null() || (*current).native_calls > 0 {
            let error =
                unwind::throw_text(vm, b"attempt to yield across metamethod/C-call boundary");
            unwind::raise(vm, error);
            return;
        }
        save(vm, base, base.add(n_args));
        (*current).status = Status::Suspended;
        deliver(vm, current, true, base, n_args);
    }
}

/// Ends the running coroutine with results: its function has returned.
///
/// # Safety
///
/// The running coroutine has no frame left; the results are live slots of its stack.
pub(crate) unsafe fn finish(vm: *mut VmCore, first: *mut RawValue, count: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        let current = (*vm).heap.current;
        (*current).status = Status::Dead;
        (*current).fp = (*current).words;
        (*current).base = (*current).stack.add(1);
        (*current).top = first.add(count);
        deliver(vm, current, true, first, count);
    }
}

/// Ends the running coroutine with an error. `None`: its resumer has been told and
/// goes on; otherwise the error to unwind the resumer with.
///
/// # Safety
///
/// The running coroutine's upvalues have been closed.
pub(crate) unsafe fn fail(vm: *mut VmCore, error: LuaError) -> Option<LuaError> {
    // SAFETY: the caller's contract; a coroutine that runs has a resumer.
    unsafe {
        let current = (*vm).heap.current;
        // What a traceback of the dead coroutine shows.
        (*current).base = (*vm).base;
        (*current).fp = (*vm).fp;
        (*current).pc = (*vm).pc;
        // A frame that could not be made may not fit in the stack.
        let end = (*current).stack.add((*current).stack_len);
        (*current).top = VmCore::frame_top(vm).min(end);
        if error.kind() == ErrorKind::Throw && (*current).resumed_by == ResumeKind::Resume {
            // Its stack stays as it is, for tracebacks.
            let mut value = (*vm).heap.thrown;
            deliver(vm, current, false, &raw mut value, 1);
            return None;
        }
        let resumer = (*current).resumer;
        (*current).resumer = std::ptr::null_mut();
        (*resumer).status = Status::Running;
        switch(vm, resumer);
        if error.kind() != ErrorKind::Throw {
            return Some(error);
        }
        // A wrapped coroutine's message gets the position of its caller in front.
        if let Some(string) = (*vm).heap.thrown.as_string() {
            let mut text = debug::position_at_level(vm, 1);
            text.extend_from_slice(crate::value::string::StringObj::bytes(string));
            return Some(unwind::throw_text(vm, &text));
        }
        Some(error)
    }
}

/// Goes back to the resumer of `from` with values out of its stack.
unsafe fn deliver(
    vm: *mut VmCore,
    from: *mut Coroutine,
    is_ok: bool,
    first: *mut RawValue,
    count: usize,
) {
    // SAFETY: callers pass the running coroutine, which has a resumer, and live slots.
    unsafe {
        let to = (*from).resumer;
        (*from).resumer = std::ptr::null_mut();
        (*to).status = Status::Running;
        switch(vm, to);
        let is_resume = (*from).resumed_by == ResumeKind::Resume;
        let base = (*to).base;
        let moved = match VmCore::ensure_slots(vm, base, count + 1) {
            Ok(moved) => moved,
            Err(error) => {
                unwind::raise(vm, error);
                return;
            }
        };
        let base = base.wrapping_byte_offset(moved);
        let start = base;
        let mut at = start;
        if is_resume {
            *at = RawValue::boolean(is_ok);
            at = at.add(1);
        }
        copy(at, first, count);
        return_values(vm, base, (*vm).fp, start, count + usize::from(is_resume));
    }
}
