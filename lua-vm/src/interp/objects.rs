//! The instructions that make objects, read extra arguments, or take lengths.

use lua_compiler::Capture;
use lua_compiler::isa::Op;

use super::builtin::Builtin;
use super::frame::{Word, WordKind};
use super::{Finally, VmCore, budget, call, slow, unwind, values};
use crate::error::LuaError;
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::native::FastArgs;
use crate::func::upvalue::UpValue;
use crate::heap::object::{CodeObj, Kind, mark};
use crate::meta::index::READONLY_MESSAGE;
use crate::meta::{Event, index};
use crate::table::{Node, StoreError, TableObj, length};
use crate::value::RawValue;
use crate::value::string::StringObj;

/// Sets slots to nil; out of line, where it does not cost the loop its registers.
///
/// # Safety
///
/// The slots are live.
#[inline(never)]
pub(crate) unsafe fn fill_nil(first: *mut RawValue, count: usize) {
    for i in 0..count {
        // SAFETY: the caller's contract.
        unsafe { *first.add(i) = RawValue::NIL };
    }
}

/// The end of an instruction that has allocated: raises, or lets the collector work.
#[inline(always)]
unsafe fn settle(vm: *mut VmCore, result: Result<(), LuaError>) -> *mut RawValue {
    // SAFETY: the callers have saved the state and stored what they made in a register.
    unsafe {
        if let Err(error) = result {
            return unwind::raise(vm, error);
        }
        if (*vm).heap.debt > 0 {
            // What an open list left behind is not live here.
            (*vm).top = VmCore::frame_top(vm);
            if let Err(error) = budget::collect(vm) {
                return unwind::raise(vm, error);
            }
            // A finalizer may have moved either stack.
            return std::ptr::null_mut();
        }
        (*vm).base
    }
}

unsafe fn refused(vm: *mut VmCore, error: StoreError) -> LuaError {
    // SAFETY: the callers have saved the state.
    unsafe { index::store_error(vm, error) }
}

/// A size coded as a "floating point byte": (eeeee xxx) is 1xxx * 2^(eeeee - 1).
fn decode_size(byte: u32) -> u32 {
    let exponent = (byte >> 3) & 31;
    if exponent == 0 {
        byte
    } else {
        ((byte & 7) + 8) << (exponent - 1)
    }
}

/// `NewTable`.
///
/// # Safety
///
/// The helper convention; the state is saved.
#[inline(never)]
pub(crate) unsafe fn new_table(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the register.
    unsafe {
        let (array, nodes) = (decode_size((ins >> 16) & 255), decode_size(ins >> 24));
        let result = match TableObj::new(&mut (*vm).heap, array, nodes) {
            Ok(table) => {
                *(*vm).base.add((ins >> 8) as usize & 255) = RawValue::table(table);
                Ok(())
            }
            Err(error) => Err(refused(vm, error)),
        };
        settle(vm, result)
    }
}

/// `DupTable`: copies a template node by node.
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
pub(crate) unsafe fn dup_table(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds register and template; both tables have the same sizes, so
    // nodes, whose links are relative, can be copied as they are.
    unsafe {
        let Some(closure) = VmCore::lua_closure((*vm).base) else {
            return (*vm).base;
        };
        let code = LuaClosure::code_object(closure);
        let template = (&(*code).templates)[(ins >> 16) as usize];
        let heap = &mut (*vm).heap;
        let nodes = (*template).node_count();
        let result = match TableObj::new(heap, (*template).array_len(), nodes as u32) {
            Ok(table) => {
                if nodes > 0 {
                    std::ptr::copy_nonoverlapping::<Node>((*template).nodes, (*table).nodes, nodes);
                    (*table).last_free = (*template).last_free;
                    // The nodes lie where the template's hash has put them.
                    (*table).header.mark |= (*template).header.mark & mark::SEEDED;
                }
                *(*vm).base.add((ins >> 8) as usize & 255) = RawValue::table(table);
                Ok(())
            }
            Err(error) => Err(refused(vm, error)),
        };
        settle(vm, result)
    }
}

/// `SetList`: stores a run of registers under consecutive integer keys.
///
/// # Safety
///
/// As [`new_table`]; `start` is the first key.
#[inline(never)]
pub(crate) unsafe fn set_list(vm: *mut VmCore, ins: u32, start: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the run, or `top` ends it.
    unsafe {
        let slot = (*vm).base.add((ins >> 8) as usize & 255);
        let b = (ins >> 16) as usize & 255;
        let count = if b == 0 {
            (*vm).top.offset_from(slot) as usize - 1
        } else {
            b - 1
        };
        let Some(table) = (*slot).as_table() else {
            return (*vm).base;
        };
        let heap = &mut (*vm).heap;
        let last = start as usize + count - 1;
        let mut result = Ok(());
        // The compiler lists items of tables that it has just made; a precompiled chunk
        // may try others.
        if (*table).header.mark & mark::READONLY != 0 {
            return unwind::raise(vm, unwind::throw_positioned(vm, READONLY_MESSAGE));
        }
        if count > 0 {
            result = TableObj::reserve_array(heap, table, last.min(u32::MAX as usize) as u32);
            if result.is_ok() && start >= 1 && last <= (*table).array_len() as usize {
                heap.barrier_back(table);
                values::copy((*table).array.add(start as usize - 1), slot.add(1), count);
                return settle(vm, Ok(()));
            }
            for i in 0..count {
                if result.is_err() {
                    break;
                }
                result =
                    TableObj::set_index(heap, table, (start as usize + i) as i64, *slot.add(1 + i));
            }
        }
        let result = result.map_err(|error| refused(vm, error));
        settle(vm, result)
    }
}

/// `Closure`.
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
pub(crate) unsafe fn new_closure(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the prototype and what its captures name.
    unsafe {
        let base = (*vm).base;
        let Some(running) = VmCore::lua_closure(base) else {
            return base;
        };
        let code = LuaClosure::code_object(running);
        let child = (&(*code).children)[(ins >> 16) as usize];
        let heap = &raw mut (*vm).heap;
        let coroutine = (*heap).current;
        let result = match LuaClosure::new(&mut *heap, child, (*running).env) {
            Ok(closure) => {
                let upvalues = LuaClosure::upvalues(closure);
                let captures = &CodeObj::info(child).captures;
                let mut result = Ok(());
                for (i, capture) in captures.iter().enumerate() {
                    let upvalue = match *capture {
                        Capture::Upvalue(index) => {
                            Ok(*LuaClosure::upvalues(running).add(index as usize))
                        }
                        Capture::Local(reg) => {
                            UpValue::capture(&mut *heap, coroutine, base.add(reg as usize))
                        }
                    };
                    match upvalue {
                        Ok(upvalue) => *upvalues.add(i) = upvalue,
                        Err(error) => {
                            LuaClosure::abandon(closure, i);
                            result = Err(error);
                            break;
                        }
                    }
                }
                if result.is_ok() {
                    *base.add((ins >> 8) as usize & 255) = RawValue::lua_function(closure);
                }
                result
            }
            Err(error) => Err(error),
        };
        settle(vm, result)
    }
}

/// The extra arguments of the running frame: the first and how many.
unsafe fn extra_args(vm: *mut VmCore) -> (*mut RawValue, usize) {
    // SAFETY: S3: the topmost word of a vararg function's frame is of kind `Vararg`; the
    // arguments lie below the base, the fixed ones first.
    unsafe {
        let base = (*vm).base;
        let word = Word(*(*vm).fp.sub(1));
        if !Word::is_special(word.0) || word.kind() != WordKind::Vararg {
            debug_assert!(false, "S3: a vararg frame without its word");
            return (base, 0);
        }
        let params = match VmCore::lua_closure(base) {
            Some(closure) => CodeObj::info(LuaClosure::code_object(closure)).params as usize,
            None => 0,
        };
        let n_args = word.distance() - 1;
        (
            base.sub(word.distance()).add(params),
            n_args.saturating_sub(params),
        )
    }
}

/// True if the call in `ins` is a `CallV` of an open list for one result.
#[inline(always)]
fn passes_list_for_one(ins: u32) -> bool {
    ins & 0xFFFF_00FF == Op::CallV as u32 | 2 << 24
}

/// An open `Vararg` whose list the `CallV` that follows passes on for one result: if that calls
/// `select`, both are carried out without the list.
///
/// # Safety
///
/// The state of the running frame is saved, `pc` being behind the `Vararg`.
#[inline(never)]
unsafe fn select_extra_arg(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3: the consumer of the list follows, and its registers are in the frame.
    unsafe {
        let a = (ins >> 8) as usize & 255;
        let func = (*(*vm).pc >> 8) as usize & 255;
        let base = (*vm).base;
        if a == func + 2
            && let Some(function) = (*base.add(func)).as_function()
            && (*function).kind == Kind::NativeFunction
            && (*function).aux == Builtin::Select as u8
        {
            let (first, count) = extra_args(vm);
            if let Some(result) = values::select_one(*base.add(a - 1), first, count) {
                *base.add(func) = result;
                (*vm).pc = (*vm).pc.add(1);
                return std::ptr::null_mut();
            }
        }
        if call_with_extra_args(vm, a) {
            return std::ptr::null_mut();
        }
        copy_extra_args(vm, ins)
    }
}

/// Carries out the `CallV` that follows an open `Vararg`, for which [`passes_list_for_one`]
/// holds, if it calls a native with an entry for borrowed arguments and passes at most one
/// argument before the list: `math.max(...)`. The arguments are not copied for it.
///
/// # Safety
///
/// The state of the running frame is saved, `pc` being behind the `Vararg`, whose register
/// is `a`.
#[inline(never)]
unsafe fn call_with_extra_args(vm: *mut VmCore, a: usize) -> bool {
    // SAFETY: V3: the consumer of the list follows, and its registers are in the frame.
    // N1: the native goes into the slot below the arguments, as for any call. That slot,
    // and the one for the argument before the list, are those of fixed arguments, which
    // have moved, the function's own, of which the frame keeps a copy, a register of the
    // caller, or, where there are fewer arguments than parameters, registers of the
    // frame: all get their values back before anything else can see them. The native's
    // entry neither calls nor collects.
    unsafe {
        let func = (*(*vm).pc >> 8) as usize & 255;
        let before = a - func - 1;
        if before > 1 {
            return false;
        }
        let base = (*vm).base;
        let native = *base.add(func);
        let argument = *base.add(a - 1);
        let Some(function) = native.as_function() else {
            return false;
        };
        if (*function).kind != Kind::NativeFunction {
            return false;
        }
        let (first, count) = extra_args(vm);
        let Some(fast) = (*function.cast::<NativeClosure>()).fast else {
            return false;
        };
        let low = first.wrapping_sub(before + 1);
        if low < (*(*vm).heap.current).stack {
            return false;
        }
        let kept = [*low, *low.add(before)];
        // Also if the entry panics: the slots may be those of a native that catches that.
        let restore = Finally(move || {
            *low = kept[0];
            *low.add(before) = kept[1];
        });
        if before == 1 {
            *low.add(1) = argument;
        }
        *low = native;
        let result = fast(FastArgs::new(low.add(1), before + count)).into_raw();
        drop(restore);
        if result.is_declined() {
            return false;
        }
        (*vm).budget -= (count / 8) as i64;
        *base.add(func) = result;
        (*vm).pc = (*vm).pc.add(1);
        true
    }
}

/// `Vararg`.
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
pub(crate) unsafe fn vararg<const OBSERVED: bool>(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        if !OBSERVED && ins >> 16 & 255 == 0 && passes_list_for_one(*(*vm).pc) {
            return select_extra_arg(vm, ins);
        }
        copy_extra_args(vm, ins)
    }
}

/// `Vararg` itself.
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
unsafe fn copy_extra_args(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the registers; an open list is made room for.
    unsafe {
        let a = (ins >> 8) as usize & 255;
        let b = (ins >> 16) as usize & 255;
        let (mut first, count) = extra_args(vm);
        let mut to = (*vm).base.add(a);
        if b > 0 {
            values::place(to, first, count, b - 1);
            return (*vm).base;
        }
        (*vm).top = to;
        match VmCore::ensure_slots(vm, to, count + 1) {
            Ok(moved) => {
                first = first.wrapping_byte_offset(moved);
                to = to.wrapping_byte_offset(moved);
            }
            Err(error) => return unwind::raise(vm, error),
        }
        values::copy(to, first, count);
        (*vm).top = to.add(count);
        (*vm).base
    }
}

/// `VarargTable`.
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
pub(crate) unsafe fn vararg_table(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the register.
    unsafe {
        let (first, count) = extra_args(vm);
        let heap = &mut (*vm).heap;
        let make = |heap: &mut crate::heap::Heap| -> Result<*mut TableObj, StoreError> {
            let table = TableObj::new(heap, count.min(u32::MAX as usize) as u32, 1)?;
            for i in 0..count {
                TableObj::set_index(heap, table, i as i64 + 1, *first.add(i))?;
            }
            TableObj::set_bytes(heap, table, b"n", RawValue::number(count as f64))?;
            Ok(table)
        };
        let result = match make(heap) {
            Ok(table) => {
                *(*vm).base.add((ins >> 8) as usize & 255) = RawValue::table(table);
                Ok(())
            }
            Err(error) => Err(refused(vm, error)),
        };
        settle(vm, result)
    }
}

/// `Len`: strings and tables directly, userdata by `__len` (manual §2.5.5).
///
/// # Safety
///
/// As [`new_table`].
#[inline(never)]
pub(crate) unsafe fn length(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    debug_assert_eq!(ins as u8, Op::Len as u8);
    // SAFETY: V3 bounds the registers.
    unsafe {
        let (a, b) = ((ins >> 8) as u8, (ins >> 16) as u8);
        let value = *(*vm).base.add(b as usize);
        let length = if let Some(table) = value.as_table() {
            length::border(&(*vm).heap, table) as f64
        } else if let Some(string) = value.as_string() {
            StringObj::len(string) as f64
        } else {
            let handler = (*vm).heap.metamethod(value, Event::Len);
            if handler.is_nil() {
                let error = slow::type_error(vm, "get length of", value, Some(b));
                return unwind::raise(vm, error);
            }
            let word = |distance| Word::with(WordKind::MetaSet, distance, a, 0, 0);
            call::call_metamethod(vm, word, handler, &[value, RawValue::NIL]);
            return std::ptr::null_mut();
        };
        *(*vm).base.add(a as usize) = RawValue::number(length);
        (*vm).base
    }
}
