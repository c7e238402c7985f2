//! The cold halves of the loop instructions, and the steps of known iterators.

use lua_compiler::isa::Op;

use super::builtin::Builtin;
use super::{VmCore, unwind};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Returned;
use crate::heap::object::Kind;
use crate::table::{TableObj, next};
use crate::value::{RawValue, convert};

/// `ForPrep` with operands that are not all numbers: converts strings, or raises.
///
/// # Safety
///
/// The helper convention; the state is saved.
#[inline(never)]
pub(crate) unsafe fn for_prep(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the registers; the auxiliary word is just below `pc` (V1).
    unsafe {
        let first = (*vm).base.add((ins >> 8) as usize & 255);
        let names = ["initial", "limit", "step"];
        for (i, name) in names.iter().enumerate() {
            match convert::to_number(&(*vm).heap, *first.add(i)) {
                Some(n) => *first.add(i) = RawValue::number(n),
                None => {
                    let what = if *name == "initial" {
                        "initial value"
                    } else {
                        name
                    };
                    let text = format!("'for' {what} must be a number");
                    let error = unwind::throw_positioned(vm, text.as_bytes());
                    return unwind::raise(vm, error);
                }
            }
        }
        // All are numbers now: run the instruction again.
        (*vm).pc = (*vm).pc.sub(2);
        std::ptr::null_mut()
    }
}

/// The builtin that an iterator function is.
unsafe fn iterator(value: RawValue) -> Builtin {
    // SAFETY: callers pass live values.
    unsafe {
        match value.as_function() {
            Some(function) if (*function).kind == Kind::NativeFunction => {
                Builtin::from_byte((*function).aux)
            }
            _ => Builtin::None,
        }
    }
}

/// `TForCall`: at the first step of a loop over a known iterator, turns the
/// instruction into the specialised one and runs that; otherwise prepares the call.
///
/// # Safety
///
/// The helper convention; the state is saved, `pc` behind the auxiliary word.
#[inline(never)]
pub(crate) unsafe fn specialise(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V1 lets `TForCall` stand as its specialised forms; V3 bounds the registers.
    unsafe {
        let slot = (*vm).base.add((ins >> 8) as usize & 255);
        if start_cursor(slot) {
            let op = if iterator(*slot) == Builtin::Next {
                Op::PairsLoop
            } else {
                Op::IpairsLoop
            };
            respecialise(vm, op);
            return std::ptr::null_mut();
        }
        generic(vm, ins)
    }
}

/// Replaces the control variable of a loop that starts over a known iterator by a
/// cursor. Control variables are not visible to scripts.
unsafe fn start_cursor(slot: *mut RawValue) -> bool {
    // SAFETY: callers pass the loop's three slots.
    unsafe {
        if (*slot.add(1)).as_table().is_none() {
            return false;
        }
        let control = *slot.add(2);
        let starts = match iterator(*slot) {
            Builtin::Next => control.is_nil(),
            Builtin::IpairsStep => control.as_number() == Some(0.0),
            _ => false,
        };
        if starts {
            *slot.add(2) = RawValue::cursor(0);
        }
        starts
    }
}

/// Copies a loop's iterator, state and control variable to where the `Call` that follows
/// expects them. False if the control variable is lost: the entry that a cursor stands for
/// has been removed and collected.
///
/// # Safety
///
/// `slot` is the first of the loop's registers.
pub(crate) unsafe fn prepare_call(slot: *mut RawValue) -> bool {
    // SAFETY: V3: the registers lie within the frame, iterator and state first.
    unsafe {
        let control = visible(slot.add(2), slot);
        if control.is_nil() && (*slot.add(2)).as_cursor().is_some_and(|cursor| cursor > 0) {
            return false;
        }
        *slot.add(2) = control;
        for i in 0..3 {
            *slot.add(3 + i) = *slot.add(i);
        }
        true
    }
}

/// The value of a slot as scripts may see it: for the cursor of a loop, the control
/// variable that it stands for.
///
/// # Safety
///
/// The slot is live, in a frame that starts at `base`.
pub(crate) unsafe fn visible(slot: *const RawValue, base: *const RawValue) -> RawValue {
    // SAFETY: the caller's contract; iterator and state lie below the control variable.
    unsafe {
        let value = *slot;
        let Some(cursor) = value.as_cursor() else {
            return value;
        };
        if slot.addr() < base.addr() + 2 * size_of::<RawValue>() {
            return RawValue::NIL;
        }
        match iterator(*slot.sub(2)) {
            Builtin::IpairsStep => RawValue::number(f64::from(cursor)),
            Builtin::Next => match (*slot.sub(1)).as_table() {
                Some(table) => next::key_before(table, cursor),
                None => RawValue::NIL,
            },
            _ => RawValue::NIL,
        }
    }
}

/// A loop step by calling the iterator: copies it, the state and the control variable
/// to where the `Call` that follows expects them.
///
/// # Safety
///
/// As [`specialise`].
#[inline(never)]
pub(crate) unsafe fn generic(vm: *mut VmCore, ins: u32) -> *mut RawValue {
    // SAFETY: V3 bounds the registers.
    unsafe {
        let slot = (*vm).base.add((ins >> 8) as usize & 255);
        if ins as u8 != Op::TForCall as u8 {
            let has_cursor = (*slot.add(2)).as_cursor().is_some();
            if has_cursor || start_cursor(slot) {
                // The loop starts, or another activation has specialised it for the other
                // iterator meanwhile.
                let wanted = match iterator(*slot) {
                    Builtin::Next => Op::PairsLoop,
                    _ => Op::IpairsLoop,
                };
                if !has_cursor || wanted as u8 != ins as u8 {
                    respecialise(vm, wanted);
                    return std::ptr::null_mut();
                }
                // Only the debug library can have torn a cursor from its iterator.
                *slot.add(2) = RawValue::NIL;
            }
        }
        for i in 0..3 {
            *slot.add(3 + i) = *slot.add(i);
        }
        (*vm).base
    }
}

/// Rewrites the loop instruction before `pc`, and goes back to it.
unsafe fn respecialise(vm: *mut VmCore, op: Op) {
    // SAFETY: V1 lets `TForCall` stand as its specialised forms.
    unsafe {
        let word = (*vm).pc.sub(2).cast_mut();
        *word = *word & !255 | op as u32;
        (*vm).pc = word;
    }
}

/// One step of a loop over `next`: sets control, key and value; false at the end.
///
/// # Safety
///
/// The table is live; `control` is the loop's control slot.
#[inline(never)]
pub(crate) unsafe fn pairs_step(
    vm: *mut VmCore,
    table: *mut TableObj,
    control: *mut RawValue,
    cursor: u32,
) -> bool {
    // SAFETY: the caller's contract; the variables lie behind the control slot (V3).
    unsafe {
        match next::step(table, cursor) {
            Some((after, key, value)) if after - cursor <= next::POSITIONS_PER_UNIT => {
                *control = RawValue::cursor(after);
                *control.add(1) = key;
                *control.add(2) = value;
                true
            }
            _ => long_pairs_step(vm, table, control, cursor),
        }
    }
}

/// The same, over many empty positions or to the end: paid for, and out of the way, so that
/// ordinary steps save no registers.
#[cold]
#[inline(never)]
unsafe fn long_pairs_step(
    vm: *mut VmCore,
    table: *mut TableObj,
    control: *mut RawValue,
    cursor: u32,
) -> bool {
    // SAFETY: the contract of `pairs_step`.
    unsafe {
        let Some((after, key, value)) = next::paid_step(vm, table, cursor) else {
            return false;
        };
        *control = RawValue::cursor(after);
        *control.add(1) = key;
        *control.add(2) = value;
        true
    }
}

/// `next` (manual §5.1) as a native: where no loop carries it out.
pub(crate) fn next_native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    match table.next(cx.arg(2))? {
        Some((key, value)) => {
            cx.push(key);
            cx.push(value);
            cx.ret_top(2)
        }
        None => cx.ret_nil(),
    }
}

/// The iterator of `ipairs` (manual §5.1) as a native.
pub(crate) fn ipairs_native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    // In this order, as the reference: it shows when both are wrong.
    let index = i64::from(cx.check_int(2)?.wrapping_add(1));
    let table = cx.check_table(1)?;
    let value = table.get_index(index);
    if value.is_nil() {
        return cx.ret0();
    }
    cx.push_number(index as f64);
    cx.push(value);
    cx.ret_top(2)
}
