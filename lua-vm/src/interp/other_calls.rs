//! Calls that the loop does not do itself: of natives and builtins, with arguments that are
//! to be completed, for as many results as there are, and tail calls of all these.

use lua_compiler::isa::Op;

use super::builtin::Builtin;
use super::frame::{Word, WordKind};
use super::{VmCore, budget, call, coroutine, observe, values};
use crate::func::closure::{LuaClosure, NativeClosure, VARARG_PARAMS};
use crate::func::native::FastArgs;
use crate::func::upvalue::UpValue;
use crate::heap::object::{CodeObj, Kind};
use crate::meta::Event;
use crate::table::next;
use crate::value::RawValue;

/// Function, number of arguments and of results of a `Call` in the frame at `base`.
#[inline(always)]
unsafe fn operands(base: *mut RawValue, ins: u32) -> (*mut RawValue, usize, usize) {
    // SAFETY: V3: the callers pass an instruction of the frame.
    unsafe {
        (
            base.add((ins >> 8) as usize & 255),
            (ins >> 16) as usize & 255,
            (ins >> 24) as usize,
        )
    }
}

/// A `Call` that the loop does not do itself: natives, missing arguments, everything
/// else. Natives with a hot entry come first. Each kind has a function of its own, so that
/// none saves registers for another.
///
/// # Safety
///
/// The helper convention; `ins` is the instruction before `pc`, or a `Call` that does what
/// that does.
#[inline(never)]
pub(crate) unsafe fn call(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: the helper convention; V3 bounds arguments and results.
    unsafe {
        let (func, _, wanted) = operands(base, ins);
        match native(*func) {
            Some(native) if wanted <= 1 && (*native).fast.is_some() => {
                call_fast(vm, base, pc, ins, fp)
            }
            Some(native) => call_by_number(vm, base, pc, ins, fp, (*native).header.aux),
            None => call_any(vm, base, pc, ins, fp),
        }
    }
}

const NONE: u8 = Builtin::None as u8;
const NEXT: u8 = Builtin::Next as u8;
const PCALL: u8 = Builtin::Pcall as u8;
const RESUME: u8 = Builtin::Resume as u8;
const WRAP_STEP: u8 = Builtin::WrapStep as u8;
const YIELD: u8 = Builtin::Yield as u8;
const SELECT: u8 = Builtin::Select as u8;
const UNPACK: u8 = Builtin::Unpack as u8;

/// [`call()`] of a native by the number of its [`Builtin`].
#[inline(always)]
unsafe fn call_by_number(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
    number: u8,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        match number {
            NONE | SELECT => call_ordinary(vm, base, pc, ins, fp),
            NEXT => call_next(vm, base, pc, ins, fp),
            PCALL => call_pcall(vm, base, pc, ins, fp),
            RESUME => call_resume::<false>(vm, base, pc, ins, fp),
            WRAP_STEP => call_resume::<true>(vm, base, pc, ins, fp),
            YIELD => call_yield(vm, base, pc, ins, fp),
            UNPACK => call_unpack(vm, base, pc, ins, fp),
            _ => call_any(vm, base, pc, ins, fp),
        }
    }
}

/// [`call()`] of a native by its hot entry.
#[inline(never)]
unsafe fn call_fast(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`; N1.
    unsafe {
        let (func, n_args, _) = operands(base, ins);
        if let Some(native) = native(*func)
            && let Some(fast) = (*native).fast
        {
            let result = fast(FastArgs::new(func.add(1), n_args)).into_raw();
            if !result.is_declined() {
                *func = result;
                return base;
            }
        }
        call_ordinary(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of `next`.
#[inline(never)]
unsafe fn call_next(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, wanted) = operands(base, ins);
        if n_args > 0
            && let Some(table) = (*func.add(1)).as_table()
        {
            let key = if n_args > 1 {
                *func.add(2)
            } else {
                RawValue::NIL
            };
            if let Some(position) = next::position_after(&(*vm).heap, table, key) {
                let (key, value) = match next::paid_step(vm, table, position) {
                    Some((_, key, value)) => (key, value),
                    None => (RawValue::NIL, RawValue::NIL),
                };
                let results = [key, value];
                for i in 0..wanted {
                    *func.add(i) = results.get(i).copied().unwrap_or(RawValue::NIL);
                }
                return base;
            }
        }
        call_ordinary(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of `coroutine.resume`, or of what `coroutine.wrap` has made.
#[inline(never)]
unsafe fn call_resume<const IS_WRAP: bool>(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, _) = operands(base, ins);
        if coroutine::resume_from_lua::<IS_WRAP>(vm, func, n_args, pc, fp) {
            return std::ptr::null_mut();
        }
        call_any(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of `coroutine.yield`.
#[inline(never)]
unsafe fn call_yield(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, _) = operands(base, ins);
        if coroutine::yield_from_lua(vm, func, n_args, pc, fp) {
            return std::ptr::null_mut();
        }
        call_any(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of `pcall`.
#[inline(never)]
unsafe fn call_pcall(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, _) = operands(base, ins);
        if n_args > 0 && enter_protected(vm, func, n_args, pc, fp) {
            return std::ptr::null_mut();
        }
        call_any(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of `unpack`.
#[inline(never)]
unsafe fn call_unpack(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, wanted) = operands(base, ins);
        if values::unpack_to(vm, func, n_args, Some(wanted)).is_some() {
            return base;
        }
        call_ordinary(vm, base, pc, ins, fp)
    }
}

/// [`call()`] of what has no short form.
#[inline(never)]
unsafe fn call_any(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`.
    unsafe {
        let (func, n_args, _) = operands(base, ins);
        (*vm).base = base;
        (*vm).pc = pc;
        (*vm).fp = fp;
        if !enter_vararg(vm, func, n_args) {
            push_pc(vm);
            call::precall(vm, func, n_args);
        }
        std::ptr::null_mut()
    }
}

/// Enters the function in `func` if it is a Lua function that takes any number of arguments,
/// and there is room; false, and nothing has changed, if not.
///
/// # Safety
///
/// The state is saved; function and arguments are live slots of the running Lua frame.
#[inline(always)]
unsafe fn enter_vararg(vm: *mut VmCore, func: *mut RawValue, n_args: usize) -> bool {
    // SAFETY: the caller's contract; S2 and S3 hold for the new frame, as in `call::enter`.
    unsafe {
        let Some(function) = (*func).as_function() else {
            return false;
        };
        if (*function).kind != Kind::LuaFunction || (*function).aux != VARARG_PARAMS {
            return false;
        }
        let closure = function.cast::<LuaClosure>();
        let params = CodeObj::info(LuaClosure::code_object(closure)).params as usize;
        // The frame lies above the arguments and a copy of the function.
        let base = func.wrapping_add(n_args + 2);
        let room = base.wrapping_add((*function).aux2 as usize);
        let cost = budget::CALL_COST + (n_args / 8) as i64;
        let fp = (*vm).fp;
        if room > (*vm).stack_limit || fp.add(1) >= (*vm).word_limit || (*vm).budget < cost {
            return false;
        }
        (*vm).budget -= cost;
        *base.sub(1) = *func;
        for i in 0..params {
            let from = func.add(1 + i);
            let value = if i < n_args {
                from.replace(RawValue::NIL)
            } else {
                RawValue::NIL
            };
            base.add(i).write_volatile(value);
        }
        *fp = (*vm).pc.expose_provenance();
        *fp.add(1) = Word::new(WordKind::Vararg, n_args + 1).0;
        (*vm).fp = fp.add(2);
        (*vm).base = base;
        (*vm).pc = (*closure).code;
        true
    }
}

/// Carries out `pcall`, called in `func`, of a Lua function that the loop would enter, if there
/// is room; false, and nothing has changed, if not.
///
/// # Safety
///
/// `pc` and `fp` are those of the running Lua frame; function and arguments are live slots
/// of it.
#[inline(always)]
unsafe fn enter_protected(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    pc: *const u32,
    fp: *mut usize,
) -> bool {
    // SAFETY: the caller's contract; S2 and S3 hold for the new frame.
    unsafe {
        let callee = func.add(1);
        let Some(function) = (*callee).as_function() else {
            return false;
        };
        let is_plain = (*function).kind == Kind::LuaFunction && (*function).aux != VARARG_PARAMS;
        if !is_plain || usize::from((*function).aux) + 1 != n_args {
            return false;
        }
        let room = callee.wrapping_add(1 + (*function).aux2 as usize);
        if room > (*vm).stack_limit
            || fp.add(2) >= (*vm).word_limit
            || (*vm).budget < budget::CALL_COST
        {
            return false;
        }
        (*vm).budget -= budget::CALL_COST;
        *fp = pc.expose_provenance();
        *fp.add(1) = Word::new(WordKind::Pcall, 1).0;
        (*vm).fp = fp.add(2);
        (*vm).base = callee.add(1);
        (*vm).pc = (*function.cast::<LuaClosure>()).code;
        true
    }
}

/// A `CallV` for as many results as there are, of what is no Lua function that the loop
/// enters.
///
/// # Safety
///
/// The helper convention; the state is saved. Function and arguments are live slots of the
/// frame.
#[inline(never)]
pub(crate) unsafe fn call_for_all(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        if native(*func).is_some_and(|native| (*native).header.aux == Builtin::Unpack as u8)
            && let Some(count) = values::unpack_to(vm, func, n_args, None)
        {
            (*vm).top = func.add(count);
            return (*vm).base;
        }
        if !enter_vararg(vm, func, n_args) {
            push_pc(vm);
            call::precall(vm, func, n_args);
        }
        std::ptr::null_mut()
    }
}

/// The native function that a value is.
#[inline(always)]
unsafe fn native(value: RawValue) -> Option<*mut NativeClosure> {
    // SAFETY: the callers pass live values.
    unsafe {
        let function = value.as_function()?;
        ((*function).kind == Kind::NativeFunction).then(|| function.cast())
    }
}

/// True if the running Lua frame returns to an instruction that takes one result.
unsafe fn is_asked_for_one(vm: *const VmCore) -> bool {
    // SAFETY: S3: a word of kind `Tail` lies above another one; V1 for the call before a
    // program counter.
    unsafe {
        let mut at = (*vm).fp.sub(1);
        if Word::is_tail(*at) {
            at = at.sub(1);
        }
        if Word::is_special(*at) {
            return matches!(
                Word(*at).kind(),
                WordKind::MetaSet | WordKind::MetaJumpIf | WordKind::MetaJumpIfNot
            );
        }
        let pc: *const u32 = std::ptr::with_exposed_provenance(*at);
        let call = *pc.sub(1);
        call & 0xFF00_00FF == Op::Call as u32 | 1 << 24
            || call & 0xFF00_00FF == Op::CallV as u32 | 2 << 24
    }
}

/// [`call()`] of an ordinary native.
#[inline(never)]
unsafe fn call_ordinary(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: as `call`; the function called is a native.
    unsafe {
        let (func, n_args, wanted) = operands(base, ins);
        let Some(native) = native(*func) else {
            return base;
        };
        let offset = func.offset_from(base);
        (*vm).pc = pc;
        *fp = pc.expose_provenance();
        (*vm).fp = fp.add(1);
        match call::invoke(vm, func, n_args, native) {
            Ok((first, count)) => {
                let to = (*vm).base.sub(1);
                values::place(to, first, count, wanted);
                let base = to.offset(-offset);
                // A call back may have moved the return stack.
                (*vm).fp = (*vm).fp.sub(1);
                if (*vm).fp == fp {
                    return base;
                }
                (*vm).base = base;
                (*vm).pc = pc;
                std::ptr::null_mut()
            }
            Err(ended) => call::end_badly(vm, ended),
        }
    }
}

/// A tail call: a Lua function takes the running frame's place; anything else is
/// called, and the `Return` that follows returns its results.
///
/// # Safety
///
/// The state of the running frame is saved; `ins` is the instruction before `pc`.
#[inline(never)]
pub(crate) unsafe fn tail_call<const OBSERVED: bool>(vm: *mut VmCore, ins: u32) {
    // SAFETY: the state has been saved; V3 bounds the arguments, or `top` ends them.
    unsafe {
        let base = (*vm).base;
        let func = base.add((ins >> 8) as usize & 255);
        let b = (ins >> 16) as usize & 255;
        let mut n_args = if b == 0 {
            (*vm).top.offset_from(func) as usize - 1
        } else {
            b - 1
        };
        if (*func).as_function().is_none() {
            let handler = (*vm).heap.metamethod(*func, Event::Call);
            if handler.as_function().is_some() {
                // The spare slots take the one argument more.
                std::ptr::copy(func, func.add(1), n_args + 1);
                *func = handler;
                n_args += 1;
            }
        }
        let is_lua = (*func)
            .as_function()
            .is_some_and(|function| (*function).kind == Kind::LuaFunction);
        if !is_lua {
            if !OBSERVED
                && let Some(fast) = native(*func).and_then(|native| (*native).fast)
                && is_asked_for_one(vm)
            {
                let result = fast(FastArgs::new(func.add(1), n_args)).into_raw();
                if !result.is_declined() {
                    *func = result;
                    (*vm).top = func.add(1);
                    return;
                }
            }
            push_pc(vm);
            return call::precall(vm, func, n_args);
        }
        if OBSERVED {
            return observe::tail_call(vm, func, n_args);
        }
        let coroutine = (*vm).heap.current;
        if !(*coroutine).open_upvalues.is_null() {
            UpValue::close(&mut (*vm).heap, coroutine, base);
        }
        let to = super::call::leave_for_tail_call(vm);
        std::ptr::copy(func, to, n_args + 1);
        call::precall(vm, to, n_args);
    }
}

/// Pushes the saved program counter as a return word. Cannot fail: natives and calls
/// leave spare words.
///
/// # Safety
///
/// The saved state is that of a Lua frame.
pub(crate) unsafe fn push_pc(vm: *mut VmCore) {
    // SAFETY: S3.
    unsafe {
        *(*vm).fp = (*vm).pc.expose_provenance();
        (*vm).fp = (*vm).fp.add(1);
    }
}
