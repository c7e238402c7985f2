//! Reading and writing fields, with `__index` and `__newindex` (manual §2.8).

use super::Event;
use crate::error::LuaError;
use crate::heap::object::mark;
use crate::interp::frame::{Word, WordKind};
use crate::interp::{VmCore, call, slow, unwind};
use crate::table::{Node, StoreError, TableObj, hash};
use crate::value::RawValue;
use crate::value::string::StringObj;

/// Longest chain of metamethods that are not functions.
const MAX_CHAIN: usize = 100;

/// The text of a store that a table refused.
pub(crate) fn store_message(error: StoreError) -> Result<&'static [u8], LuaError> {
    match error {
        StoreError::NilKey => Ok(b"table index is nil"),
        StoreError::NanKey => Ok(b"table index is NaN"),
        StoreError::Overflow => Ok(b"table overflow"),
        StoreError::Alloc(error) => Err(error),
    }
}

/// Raises, in an instruction, the error of a store that a table refused.
///
/// # Safety
///
/// The saved state is that of the running frame.
pub(crate) unsafe fn store_error(vm: *mut VmCore, error: StoreError) -> LuaError {
    // SAFETY: the caller's contract.
    unsafe {
        match store_message(error) {
            Ok(message) => unwind::throw_positioned(vm, message),
            Err(error) => error,
        }
    }
}

/// What a read or a write came to.
pub(crate) enum Access {
    /// The value, or that the value is stored.
    Done(RawValue),
    /// A metamethod is to be called with the object (and key, and value).
    Call { handler: RawValue, object: RawValue },
}

/// `object[key]` up to a metamethod that is a function.
///
/// # Errors
///
/// A value that cannot be indexed (named by `reg`), or a chain without end.
///
/// # Safety
///
/// The values are live; the saved state is that of the running frame.
pub(crate) unsafe fn get(
    vm: *mut VmCore,
    mut object: RawValue,
    key: RawValue,
    mut reg: Option<u8>,
) -> Result<Access, LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        let heap = &raw mut (*vm).heap;
        for _ in 0..MAX_CHAIN {
            let handler = if let Some(table) = object.as_table() {
                let value = TableObj::get(&*heap, table, key);
                if !value.is_nil() {
                    return Ok(Access::Done(value));
                }
                let handler = (*heap).metamethod_in((*table).metatable, Event::Index);
                if handler.is_nil() {
                    return Ok(Access::Done(RawValue::NIL));
                }
                handler
            } else {
                let handler = (*heap).metamethod(object, Event::Index);
                if handler.is_nil() {
                    return Err(slow::type_error(vm, "index", object, reg));
                }
                handler
            };
            if handler.as_function().is_some() {
                return Ok(Access::Call { handler, object });
            }
            // What a chain leads to is in no register.
            object = handler;
            reg = None;
        }
        Err(unwind::throw_positioned(vm, b"loop in gettable"))
    }
}

/// `object[key] = value` up to a metamethod that is a function.
///
/// # Errors
///
/// As [`get`], and what a table refuses.
///
/// # Safety
///
/// As [`get`].
pub(crate) unsafe fn set(
    vm: *mut VmCore,
    mut object: RawValue,
    key: RawValue,
    value: RawValue,
    mut reg: Option<u8>,
) -> Result<Access, LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        let heap = &raw mut (*vm).heap;
        for _ in 0..MAX_CHAIN {
            let handler = if let Some(table) = object.as_table() {
                if (*table).header.mark & mark::READONLY != 0 {
                    return Err(unwind::throw_positioned(vm, READONLY_MESSAGE));
                }
                let metatable = (*table).metatable;
                let handler = if metatable.is_null() {
                    RawValue::NIL
                } else {
                    (*heap).metamethod_in(metatable, Event::NewIndex)
                };
                if handler.is_nil() {
                    return match TableObj::set(&mut *heap, table, key, value) {
                        Ok(()) => Ok(Access::Done(RawValue::NIL)),
                        Err(error) => Err(store_error(vm, error)),
                    };
                }
                // As in the reference the key gets its entry first: errors and order show it.
                match TableObj::replace(&mut *heap, table, key, value) {
                    Ok(true) => return Ok(Access::Done(RawValue::NIL)),
                    Ok(false) => handler,
                    Err(error) => return Err(store_error(vm, error)),
                }
            } else {
                let handler = (*heap).metamethod(object, Event::NewIndex);
                if handler.is_nil() {
                    return Err(slow::type_error(vm, "index", object, reg));
                }
                handler
            };
            if handler.as_function().is_some() {
                return Ok(Access::Call { handler, object });
            }
            // What a chain leads to is in no register.
            object = handler;
            reg = None;
        }
        Err(unwind::throw_positioned(vm, b"loop in settable"))
    }
}

/// The text for a write to a table marked read-only.
pub(crate) const READONLY_MESSAGE: &[u8] = b"Attempt to modify a readonly table";

/// Stores the outcome of a read in register `a`, or calls the metamethod for it.
unsafe fn finish_get(
    vm: *mut VmCore,
    access: Result<Access, LuaError>,
    key: RawValue,
    a: u8,
) -> *mut RawValue {
    // SAFETY: the callers' contract: the saved state is the running frame's.
    unsafe {
        match access {
            Ok(Access::Done(value)) => {
                *(*vm).base.add(a as usize) = value;
                (*vm).base
            }
            Ok(Access::Call { handler, object }) => {
                let word = |distance| Word::with(WordKind::MetaSet, distance, a, 0, 0);
                call::call_metamethod(vm, word, handler, &[object, key]);
                std::ptr::null_mut()
            }
            Err(error) => unwind::raise(vm, error),
        }
    }
}

unsafe fn finish_set(
    vm: *mut VmCore,
    access: Result<Access, LuaError>,
    key: RawValue,
    value: RawValue,
) -> *mut RawValue {
    // SAFETY: as `finish_get`.
    unsafe {
        match access {
            Ok(Access::Done(_)) => (*vm).base,
            Ok(Access::Call { handler, object }) => {
                let word = |distance| Word::new(WordKind::MetaDrop, distance);
                call::call_metamethod(vm, word, handler, &[object, key, value]);
                std::ptr::null_mut()
            }
            Err(error) => unwind::raise(vm, error),
        }
    }
}

/// Notes in the instruction's hint at which node a string key was found, so that the
/// next execution looks there first. The instruction has an auxiliary word.
unsafe fn learn(pc: *const u32, table: *mut TableObj, node: *mut Node) {
    // SAFETY: V1 lets hint bytes vary; the callers pass the pc behind the instruction.
    unsafe {
        let index = node.offset_from((*table).nodes) as u32;
        let word = pc.sub(2).cast_mut();
        *word = *word & 0x00FF_FFFF | (index & 255) << 24;
    }
}

/// Slow half of `GetField`, `GetGlobal` and `Self_`: `object` under the constant key.
///
/// # Safety
///
/// The helper convention; `reg` names the object.
#[inline(never)]
pub(crate) unsafe fn get_named(
    vm: *mut VmCore,
    object: RawValue,
    key: RawValue,
    a: u8,
    reg: Option<u8>,
) -> *mut RawValue {
    // SAFETY: the caller's contract; the key is a constant, whose hash loading has computed.
    unsafe {
        let heap = &raw const (*vm).heap;
        let (first, depth) = match object.as_table() {
            Some(table) => (Some(table), 0),
            None => ((*heap).metamethod(object, Event::Index).as_table(), 1),
        };
        // A name that is long, and a table that hashes with a seed, are for the general way.
        if let (Some(mut table), Some(name)) = (first, key.as_string())
            && StringObj::is_interned(name)
        {
            let index = (*heap).event_names[Event::Index as usize];
            for depth in depth..MAX_CHAIN {
                if (*table).header.mark & mark::SEEDED != 0 {
                    break;
                }
                let node = hash::find_hashed(table, key, (*name).header.extra);
                if let Some(node) = node
                    && !(*node).value.is_nil()
                {
                    // The loop looks in the object and in its class.
                    if depth < 2 {
                        learn((*vm).pc, table, node);
                    }
                    *(*vm).base.add(a as usize) = (*node).value;
                    return (*vm).base;
                }
                let metatable = (*table).metatable;
                if metatable.is_null() {
                    *(*vm).base.add(a as usize) = RawValue::NIL;
                    return (*vm).base;
                }
                let main = TableObj::main_node(metatable, (*index).header.extra);
                let handler = if (*main).key.same_bits(RawValue::string(index)) {
                    (*main).value
                } else {
                    (*heap).metamethod_in(metatable, Event::Index)
                };
                if handler.is_nil() {
                    *(*vm).base.add(a as usize) = RawValue::NIL;
                    return (*vm).base;
                }
                match handler.as_table() {
                    Some(class) => table = class,
                    None if handler.as_function().is_some() => {
                        let object = RawValue::table(table);
                        return finish_get(vm, Ok(Access::Call { handler, object }), key, a);
                    }
                    None => break,
                }
            }
        }
        finish_get(vm, get(vm, object, key, reg), key, a)
    }
}

/// Slow half of `GetIndex` and `GetInt`.
///
/// # Safety
///
/// The helper convention; the object is in register `reg`.
#[inline(never)]
pub(crate) unsafe fn get_indexed(
    vm: *mut VmCore,
    object: RawValue,
    key: RawValue,
    a: u8,
    reg: u8,
) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(table) = object.as_table() {
            let value = TableObj::get(&(*vm).heap, table, key);
            if !value.is_nil() || (*table).metatable.is_null() {
                *(*vm).base.add(a as usize) = value;
                return (*vm).base;
            }
            let handler = (*vm).heap.metamethod_in((*table).metatable, Event::Index);
            if handler.as_function().is_some() {
                return finish_get(vm, Ok(Access::Call { handler, object }), key, a);
            }
        }
        finish_get(vm, get(vm, object, key, Some(reg)), key, a)
    }
}

/// Slow half of `SetField`, `SetFieldK` and `SetGlobal`.
///
/// # Safety
///
/// The helper convention; `reg` names the object.
#[inline(never)]
pub(crate) unsafe fn set_named(
    vm: *mut VmCore,
    object: RawValue,
    key: RawValue,
    value: RawValue,
    reg: Option<u8>,
) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        let access = set(vm, object, key, value, reg);
        if let (Ok(Access::Done(_)), Some(table), Some(name)) =
            (&access, object.as_table(), key.as_string())
            && let Some(node) = hash::find_string(&(*vm).heap, table, name)
        {
            learn((*vm).pc, table, node);
        }
        finish_set(vm, access, key, value)
    }
}

/// Slow half of `SetIndex`, `SetIndexK` and `SetInt`.
///
/// # Safety
///
/// The helper convention; the object is in register `reg`.
#[inline(never)]
pub(crate) unsafe fn set_indexed(
    vm: *mut VmCore,
    object: RawValue,
    key: RawValue,
    value: RawValue,
    reg: u8,
) -> *mut RawValue {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(table) = object.as_table()
            && (*table).header.mark & mark::READONLY == 0
            && (*table).metatable.is_null()
        {
            return match TableObj::set(&mut (*vm).heap, table, key, value) {
                Ok(()) => (*vm).base,
                Err(error) => unwind::raise(vm, store_error(vm, error)),
            };
        }
        finish_set(vm, set(vm, object, key, value, Some(reg)), key, value)
    }
}
