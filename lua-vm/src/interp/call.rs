//! Entering and leaving functions, apart from the fast paths of the loop.

use lua_compiler::isa::Op;

use super::builtin::Builtin;
use super::frame::{MAX_TAIL_CALLS, Word, WordKind};
use super::slow;
use super::stack::{Coroutine, Status};
use super::{Exit, VmCore, budget, coroutine, observe, unwind, values};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::closure::{LuaClosure, NativeClosure, VARARG_PARAMS};
use crate::func::upvalue::UpValue;
use crate::heap::object::{CodeObj, Header, Kind};
use crate::meta::{Event, concat};
use crate::value::RawValue;

/// Most arguments or results of one call: the stack limit is reached before.
const MAX_ARGS: usize = i32::MAX as usize;

/// Calls the function in slot `func` with the `n_args` values above it. Its return
/// word has been pushed. Afterwards the state says how to go on: in the function, or,
/// if it was a native, behind the call.
///
/// # Safety
///
/// Slot and arguments are live slots of the running coroutine; `fp` is saved.
pub(crate) unsafe fn precall(vm: *mut VmCore, mut func: *mut RawValue, mut n_args: usize) {
    // SAFETY: the caller's contract; S1-S3 hold after each step.
    unsafe {
        loop {
            let Some(function) = (*func).as_function() else {
                match call_handler(vm, func, n_args) {
                    Ok(moved) => {
                        func = func.wrapping_byte_offset(moved);
                        n_args += 1;
                        continue;
                    }
                    Err(error) => {
                        unwind::raise(vm, error);
                        return;
                    }
                }
            };
            if (*function).kind == Kind::LuaFunction {
                if let Err(error) = enter(vm, func, n_args, function.cast()) {
                    unwind::raise(vm, error);
                }
                return;
            }
            let number = (*function).aux | (*vm).builtin_bits;
            match call_native(vm, func, n_args, function, number) {
                Some((callee, n)) => {
                    func = callee;
                    n_args = n;
                }
                None => return,
            }
        }
    }
}

const NONE: u8 = Builtin::None as u8;
const PCALL: u8 = Builtin::Pcall as u8;
const XPCALL: u8 = Builtin::Xpcall as u8;
const NEXT: u8 = Builtin::Next as u8;
const IPAIRS_STEP: u8 = Builtin::IpairsStep as u8;
const PAIRS_STEP: u8 = Builtin::PairsStep as u8;
const XPCALL_WITH: u8 = Builtin::XpcallWith as u8;
const RESUME: u8 = Builtin::Resume as u8;
const WRAP_STEP: u8 = Builtin::WrapStep as u8;
const YIELD: u8 = Builtin::Yield as u8;
const SELECT: u8 = Builtin::Select as u8;
const UNPACK: u8 = Builtin::Unpack as u8;

/// Calls the native in slot `func`, as [`precall`] does; `number` is its [`Builtin`]'s, with
/// [`Builtin::WATCHED_BIT`] if an observer is to hear of it. `Some`: another function is to
/// be called instead, with so many arguments.
///
/// # Safety
///
/// As [`precall`]; `function` is the native in `func`.
#[inline(always)]
pub(crate) unsafe fn call_native(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    function: *mut Header,
    number: u8,
) -> Option<(*mut RawValue, usize)> {
    // SAFETY: the caller's contract.
    unsafe {
        match number {
            PCALL | XPCALL | XPCALL_WITH => {
                match protect(vm, func, n_args, Builtin::from_byte(number)) {
                    Ok(callee) => return Some(callee),
                    Err(error) => {
                        (*vm).base = func.add(1);
                        (*vm).top = func.add(1 + n_args);
                        unwind::raise(vm, error);
                    }
                }
            }
            RESUME => coroutine::resume(vm, func, n_args, false),
            WRAP_STEP => coroutine::resume(vm, func, n_args, true),
            YIELD => coroutine::yield_(vm, func, n_args),
            NONE | NEXT | IPAIRS_STEP | PAIRS_STEP | SELECT | UNPACK => {
                match invoke(vm, func, n_args, function.cast()) {
                    Ok((first, count)) => return_values(vm, (*vm).base, (*vm).fp, first, count),
                    Err(ended) => {
                        end_badly(vm, ended);
                    }
                }
            }
            _ => observe::call_native(vm, func, n_args),
        }
        None
    }
}

/// Why [`invoke`] gives no results.
pub(crate) enum Ended {
    /// The native raised an error.
    Failed(LuaError),
    /// Its results have been delivered already: the loop is to be left.
    Left,
}

impl From<LuaError> for Ended {
    fn from(error: LuaError) -> Ended {
        Ended::Failed(error)
    }
}

/// Goes on where [`invoke`] gave no results. Returns null, for the helpers' convenience.
///
/// # Safety
///
/// As [`unwind::raise`].
#[cold]
pub(crate) unsafe fn end_badly(vm: *mut VmCore, ended: Ended) -> *mut RawValue {
    match ended {
        // SAFETY: the caller's contract.
        Ended::Failed(error) => unsafe { unwind::raise(vm, error) },
        Ended::Left => std::ptr::null_mut(),
    }
}

/// Puts the `__call` metamethod of the value in `func` below it, as the function to
/// call. Returns how many bytes the stack has moved.
#[cold]
unsafe fn call_handler(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
) -> Result<isize, LuaError> {
    // SAFETY: the caller passes a live slot.
    unsafe {
        let handler = (*vm).heap.metamethod(*func, Event::Call);
        if handler.as_function().is_none() {
            return Err(slow::call_type_error(vm, func));
        }
        let moved = match VmCore::ensure_slots(vm, func.add(1 + n_args), 1) {
            Ok(moved) => moved,
            Err(error) => {
                (*vm).base = func.add(1);
                (*vm).top = func.add(1);
                return Err(error);
            }
        };
        let func = func.wrapping_byte_offset(moved);
        std::ptr::copy(func, func.add(1), n_args + 1);
        *func = handler;
        Ok(moved)
    }
}

/// Enters a Lua function: makes room, completes the parameters, sets the state.
///
/// # Errors
///
/// A stack overflow, the memory limit, or an abort; the state is then that of the call,
/// or of the frame if that has been made.
///
/// # Safety
///
/// As [`precall`]; `closure` is the function in `func`.
#[inline(always)]
pub(crate) unsafe fn enter(
    vm: *mut VmCore,
    mut func: *mut RawValue,
    n_args: usize,
    closure: *mut LuaClosure,
) -> Result<(), LuaError> {
    // SAFETY: the caller's contract; S2 holds for the new frame.
    unsafe {
        let header = &(*closure).header;
        if usize::from(header.aux) == n_args && header.aux != VARARG_PARAMS {
            // So many parameters, and no others: as the loop enters.
            let room = func.add(1 + usize::from(header.aux2));
            (*vm).budget -= budget::CALL_COST;
            if room <= (*vm).stack_limit && (*vm).fp < (*vm).word_limit && (*vm).budget >= 0 {
                (*vm).base = func.add(1);
                (*vm).pc = (*closure).code;
                return Ok(());
            }
            (*vm).budget += budget::CALL_COST;
        }
        if let Err(error) = VmCore::ensure_words(vm) {
            (*vm).base = func.add(1);
            (*vm).top = func.add(1);
            return Err(error);
        }
        let proto = CodeObj::info(LuaClosure::code_object(closure));
        let frame_size = proto.max_stack as usize;
        let params = proto.params as usize;
        let is_vararg = proto.is_vararg;
        let needed = if is_vararg {
            n_args + 2 + frame_size
        } else {
            frame_size.max(n_args) + 1
        };
        (*vm).top = func.add(1 + n_args);
        match VmCore::ensure_slots(vm, func, needed) {
            Ok(moved) => func = func.wrapping_byte_offset(moved),
            Err(error) => {
                (*vm).base = func.add(1);
                (*vm).top = func.add(1);
                return Err(error);
            }
        }
        let mut base = func.add(1);
        if is_vararg {
            // Moving many arguments is work, and may be all that a script does.
            (*vm).budget -= (n_args / 8) as i64;
            // The fixed parameters move above the arguments.
            let first = base;
            base = base.add(n_args + 1);
            *base.sub(1) = *func;
            for i in 0..params {
                *base.add(i) = if i < n_args {
                    *first.add(i)
                } else {
                    RawValue::NIL
                };
                if i < n_args {
                    *first.add(i) = RawValue::NIL;
                }
            }
            *(*vm).fp = Word::new(WordKind::Vararg, n_args + 1).0;
            (*vm).fp = (*vm).fp.add(1);
        } else {
            for i in n_args..params {
                *base.add(i) = RawValue::NIL;
            }
        }
        (*vm).base = base;
        (*vm).pc = (*closure).code;
        (*vm).budget -= budget::CALL_COST;
        if (*vm).budget < 0 {
            budget::refuel(vm)?;
        }
        Ok(())
    }
}

/// Calls an ordinary native. Returns its results, which lie at the end of its stack;
/// the saved base is the native's.
///
/// # Errors
///
/// What the native raised, or that its results have been delivered already.
///
/// # Safety
///
/// As [`precall`]; `closure` is the function in `func`.
#[inline(always)]
pub(crate) unsafe fn invoke(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    closure: *mut NativeClosure,
) -> Result<(*mut RawValue, usize), Ended> {
    // SAFETY: the caller's contract; the spare slots are the room a native finds.
    unsafe {
        (*vm).base = func.add(1);
        (*vm).top = func.add(1 + n_args);
        VmCore::ensure_slots(vm, (*vm).top, 0)?;
        let mut cx = CallCx::new(vm, n_args);
        let returned = ((*closure).function)(&mut cx);
        let (mut first, count) = cx.finish(returned)?;
        if (*vm).attention {
            first = observe::native_returned(vm, first, count)?;
        }
        if (*vm).heap.debt > 0 {
            let offset = first.offset_from((*vm).base);
            (*vm).top = first.add(count);
            budget::collect(vm)?;
            first = (*vm).base.offset(offset);
            if (*vm).exit == Exit::Switch {
                // A finalizer has set a hook.
                first = observe::native_returned(vm, first, count)?;
            }
        }
        Ok((first, count))
    }
}

/// Sets up `pcall` or `xpcall`: pushes its word and returns the callee.
#[inline(always)]
unsafe fn protect(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    builtin: Builtin,
) -> Result<(*mut RawValue, usize), LuaError> {
    // SAFETY: the caller of `precall`'s contract.
    unsafe {
        VmCore::ensure_words(vm)?;
        (*vm).base = func.add(1);
        (*vm).top = func.add(1 + n_args);
        let needed = if builtin == Builtin::Pcall { 1 } else { 2 };
        if n_args < needed {
            let cx = CallCx::new(vm, n_args);
            return Err(cx.arg_error(needed, "value expected"));
        }
        let (kind, callee, n) = if builtin == Builtin::Pcall {
            (WordKind::Pcall, func.add(1), n_args - 1)
        } else {
            std::ptr::swap(func.add(1), func.add(2));
            let passed = match builtin {
                Builtin::XpcallWith => n_args - 2,
                _ => 0,
            };
            (WordKind::Xpcall, func.add(2), passed)
        };
        *(*vm).fp = Word::new(kind, needed).0;
        (*vm).fp = (*vm).fp.add(1);
        Ok((callee, n))
    }
}

/// Leaves the frame at `base`, whose word is the last below `fp`, with results. The
/// state afterwards says how to go on.
///
/// # Safety
///
/// The frame is the topmost of the running coroutine; the results are live slots at or
/// above its function's.
#[inline(never)]
pub(crate) unsafe fn return_values(
    vm: *mut VmCore,
    mut base: *mut RawValue,
    mut fp: *mut usize,
    mut first: *mut RawValue,
    mut count: usize,
) {
    // SAFETY: the caller's contract; S3 says what each word means.
    unsafe {
        loop {
            fp = fp.sub(1);
            let word = *fp;
            let to = base.sub(1);
            if !Word::is_special(word) {
                let pc: *const u32 = std::ptr::with_exposed_provenance(word);
                let ins = *pc.sub(1);
                if ins as u8 == Op::Call as u8 {
                    values::place(to, first, count, (ins >> 24) as usize);
                } else if ins as u8 == Op::CallV as u8 && ins >> 24 != 0 {
                    values::place(to, first, count, (ins >> 24) as usize - 1);
                } else {
                    values::copy(to, first, count);
                    (*vm).top = to.add(count);
                }
                (*vm).base = to.sub((ins >> 8) as usize & 255);
                (*vm).pc = pc;
                (*vm).fp = fp;
                return;
            }
            let word = Word(word);
            match word.kind() {
                WordKind::Vararg => base = base.sub(word.distance()),
                WordKind::Tail => {}
                WordKind::Native | WordKind::Service => {
                    if word.is_meta() {
                        fp = fp.sub(1);
                    }
                    values::copy(to, first, count);
                    (*vm).top = to.add(count);
                    (*vm).base = base.sub(word.distance());
                    (*vm).fp = fp;
                    (*vm).exit = Exit::Return;
                    return;
                }
                WordKind::Pcall | WordKind::Xpcall => {
                    base = base.sub(word.distance());
                    let below = *fp.sub(1);
                    if !Word::is_special(below) {
                        let pc: *const u32 = std::ptr::with_exposed_provenance(below);
                        let ins = *pc.sub(1);
                        let wanted = (ins >> 24) as usize;
                        if ins as u8 == Op::Call as u8 && wanted > 0 {
                            let to = base.sub(1);
                            *to = RawValue::TRUE;
                            values::place(base, first, count, wanted - 1);
                            (*vm).base = to.sub((ins >> 8) as usize & 255);
                            (*vm).pc = pc;
                            (*vm).fp = fp.sub(1);
                            return;
                        }
                    }
                    values::copy(base, first, count);
                    first = base.sub(1);
                    *first = RawValue::TRUE;
                    count += 1;
                }
                WordKind::Coroutine => {
                    (*vm).fp = fp;
                    return coroutine::finish(vm, first, count);
                }
                WordKind::Watched => {
                    match observe::builtin_returned(vm, word, base, fp, first, count) {
                        Ok(moved) => (base, first) = moved,
                        Err(error) => {
                            unwind::raise(vm, error);
                            return;
                        }
                    }
                    fp = (*vm).fp;
                }
                _ => {
                    fp = fp.sub(1);
                    let pc: *const u32 = std::ptr::with_exposed_provenance(*fp);
                    let result = if count > 0 { *first } else { RawValue::NIL };
                    (*vm).base = base.sub(word.distance());
                    (*vm).pc = pc;
                    (*vm).fp = fp;
                    return resume_instruction(vm, word, result);
                }
            }
        }
    }
}

/// Gives up the running frame for a tail call: notes it on the return stack, and
/// returns the slot of the frame's function, where the new one goes.
///
/// # Safety
///
/// The saved state is that of a Lua frame whose upvalues are closed.
pub(crate) unsafe fn leave_for_tail_call(vm: *mut VmCore) -> *mut RawValue {
    // SAFETY: S3: there is a word for the frame, and spare ones above.
    unsafe {
        let mut base = (*vm).base;
        let mut fp = (*vm).fp;
        let mut count = 1;
        loop {
            let word = *fp.sub(1);
            if !Word::is_special(word) {
                break;
            }
            let word = Word(word);
            match word.kind() {
                WordKind::Vararg => base = base.sub(word.distance()),
                WordKind::Tail => count = (word.distance() + 1).min(MAX_TAIL_CALLS),
                _ => break,
            }
            fp = fp.sub(1);
        }
        *fp = Word::new(WordKind::Tail, count).0;
        (*vm).fp = fp.add(1);
        base.sub(1)
    }
}

/// Finishes an instruction whose metamethod has returned.
unsafe fn resume_instruction(vm: *mut VmCore, word: Word, result: RawValue) {
    // SAFETY: the word was pushed by a helper for an instruction of this frame, whose
    // register `a` is within it (V3), and whose auxiliary word, if it jumps, is just
    // below `pc`.
    unsafe {
        let base = (*vm).base;
        match word.kind() {
            WordKind::MetaSet => *base.add(word.a() as usize) = result,
            WordKind::MetaJumpIf | WordKind::MetaJumpIfNot
                if result.is_truthy() == (word.kind() == WordKind::MetaJumpIf) =>
            {
                let distance = *(*vm).pc.sub(1) as i32;
                (*vm).pc = (*vm).pc.offset(distance as isize);
            }
            WordKind::MetaConcat => {
                let (first, left) = (word.b() as usize, word.c() as usize);
                *base.add(first + left - 1) = result;
                concat::concat(vm, word.a() as usize, first, left);
            }
            _ => {}
        }
    }
}

/// Calls a metamethod with two or three arguments from an instruction of the running
/// Lua frame, whose state is saved; `word` says what becomes of the result.
///
/// # Safety
///
/// The saved state is that of a Lua frame; function and arguments are live.
#[inline]
pub(crate) unsafe fn call_metamethod(
    vm: *mut VmCore,
    word: impl FnOnce(usize) -> Word,
    function: RawValue,
    args: &[RawValue],
) {
    // SAFETY: S2: the spare slots lie beyond the frame.
    unsafe {
        if let Err(error) = VmCore::ensure_words(vm) {
            unwind::raise(vm, error);
            return;
        }
        let func = VmCore::frame_top(vm);
        *func = function;
        for (i, &arg) in args.iter().enumerate() {
            *func.add(1 + i) = arg;
        }
        let distance = func.add(1).offset_from((*vm).base) as usize;
        let fp = (*vm).fp;
        *fp = (*vm).pc.expose_provenance();
        *fp.add(1) = word(distance).0;
        (*vm).fp = fp.add(2);
        precall(vm, func, args.len());
    }
}

/// Calls, from a native or from the host, the function in slot `func`; leaves the
/// results from that slot up to `top`.
///
/// # Errors
///
/// What the function raised.
///
/// # Safety
///
/// The saved base is the native's; slot and arguments are live and below `top`.
pub(crate) unsafe fn call_from_native(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
) -> Result<(), LuaError> {
    debug_assert!(n_args <= MAX_ARGS);
    // SAFETY: the caller's contract; the word makes the loop leave here.
    unsafe {
        if (*vm).native_depth >= unwind::native_depth_limit(vm) {
            return Err(unwind::overflow(vm, b"C stack overflow"));
        }
        if (*vm).fp >= (*vm).word_limit {
            VmCore::ensure_words(vm)?;
            if (*vm).builtin_bits != 0 {
                // The function is to be observed.
                (*vm).exit = Exit::Switch;
            }
        }
        let fp = (*vm).fp;
        let distance = func.add(1).offset_from((*vm).base) as usize;
        if VmCore::lua_closure((*vm).base).is_some() {
            // Not a native calls, but the interpreter itself in the middle of an instruction.
            *(*vm).fp = (*vm).pc.expose_provenance();
            *(*vm).fp.add(1) = Word::new(WordKind::Service, distance).0;
            (*vm).fp = (*vm).fp.add(2);
        } else {
            *(*vm).fp = Word::new(WordKind::Native, distance).0;
            (*vm).fp = (*vm).fp.add(1);
        }
        (*vm).native_depth += 1;
        let coroutine = (*vm).heap.current;
        (*coroutine).native_calls += 1;
        let panicked = RestoreAfterPanic {
            vm,
            coroutine,
            base_to_func: distance,
            func: func.byte_offset_from((*coroutine).stack),
            fp: fp.byte_offset_from((*coroutine).words),
        };
        precall(vm, func, n_args);
        if matches!((*vm).exit, Exit::None | Exit::Switch) {
            super::run::run::<false>(vm);
            if (*vm).exit == Exit::Switch {
                observe::run_switching(vm);
            }
        }
        (*coroutine).native_calls -= 1;
        (*vm).native_depth -= 1;
        std::mem::forget(panicked);
        match std::mem::replace(&mut (*vm).exit, Exit::None) {
            Exit::Error(error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// The state of a native that calls, for when a native below it panics: whoever catches
/// the panic finds the context as it was before the call, with function and arguments
/// gone (N2). Whoever changes more than this around a call undoes it by `Finally`.
struct RestoreAfterPanic {
    vm: *mut VmCore,
    coroutine: *mut Coroutine,
    /// Slots from the native's base to behind the function.
    base_to_func: usize,
    /// The function and the end of the return stack, in bytes: stacks may move.
    func: isize,
    fp: isize,
}

impl Drop for RestoreAfterPanic {
    #[cold]
    fn drop(&mut self) {
        let vm = self.vm;
        // SAFETY: the VM is live. Frames above the native are given up: their upvalues
        // are closed, and coroutines resumed above it are dead.
        unsafe {
            while (*vm).heap.current != self.coroutine {
                let dead = (*vm).heap.current;
                UpValue::close(&mut (*vm).heap, dead, (*dead).stack);
                (*dead).status = Status::Dead;
                (*dead).fp = (*dead).words;
                (*dead).base = (*dead).stack.add(1);
                (*dead).top = (*dead).base;
                let resumer = std::mem::replace(&mut (*dead).resumer, std::ptr::null_mut());
                (*vm).heap.current = resumer;
            }
            let stack = (*self.coroutine).stack;
            let func = stack.byte_offset(self.func);
            UpValue::close(&mut (*vm).heap, self.coroutine, func);
            (*self.coroutine).status = Status::Running;
            // Calls above this one have undone theirs.
            (*self.coroutine).native_calls -= 1;
            (*vm).native_depth -= 1;
            (*vm).base = func.add(1).sub(self.base_to_func);
            (*vm).top = func;
            (*vm).fp = (*self.coroutine).words.byte_offset(self.fp);
            (*vm).exit = Exit::None;
            (*vm).is_announced = false;
            (*vm).traced = observe::Traced::NOTHING;
            VmCore::arm(vm);
        }
    }
}

/// The header of the function in a slot, for the walk over frames.
///
/// # Safety
///
/// The slot is live.
pub(crate) unsafe fn function_header(slot: *const RawValue) -> Option<*mut Header> {
    // SAFETY: the caller's contract.
    unsafe { (*slot).as_function() }
}
