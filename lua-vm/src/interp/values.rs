//! Values passed on: how runs of them are copied, and `select` and `unpack` (manual §5.1),
//! which do nothing else, as natives and in the short forms that the interpreter carries
//! out itself.

use super::VmCore;
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::{FastArgs, FastResult, Returned};
use crate::table::length;
use crate::value::string::StringObj;
use crate::value::{RawValue, borrowed::Value};

/// Runs up to this long are copied one by one.
const SHORT: usize = 16;

/// Copies `count` values to a place that is not above them, or does not overlap with them; a
/// short run one by one: what loads several at once waits for the stores that have just
/// written each of them.
///
/// # Safety
///
/// Both runs are live slots, or parts of a table.
#[inline(always)]
pub(crate) unsafe fn copy(to: *mut RawValue, from: *const RawValue, count: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        if count > SHORT {
            std::ptr::copy(from, to, count);
            return;
        }
        for i in 0..count {
            // Volatile, lest the loop become a copy of blocks.
            *to.add(i) = from.add(i).read_volatile();
        }
    }
}

/// Copies `count` values down to `to` and cuts them off, or fills up with nil, to `wanted`.
///
/// # Safety
///
/// As [`copy`]; there are `wanted` slots.
#[inline(always)]
pub(crate) unsafe fn place(to: *mut RawValue, first: *const RawValue, count: usize, wanted: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        let given = wanted.min(count);
        for i in 0..given {
            *to.add(i) = first.add(i).read_volatile();
        }
        for i in given..wanted {
            to.add(i).write_volatile(RawValue::NIL);
        }
    }
}

/// `select` as a native. Errors with `index out of range`.
pub(crate) fn select_native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let count = cx.arg_count() as i64;
    if matches!(cx.arg(1), Value::String(text) if text.as_bytes().first() == Some(&b'#')) {
        return cx.ret_number((count - 1) as f64);
    }
    let n = match i64::from(cx.check_int(1)?) {
        n if n < 0 => count + n,
        n => n.min(count),
    };
    if n < 1 {
        return Err(cx.arg_error(1, "index out of range"));
    }
    cx.set_top(cx.arg_count())?;
    cx.ret_top((count - n) as usize)
}

/// `select` where one result is wanted.
pub(crate) fn select_fast(args: FastArgs<'_>) -> FastResult<'_> {
    match args.number(0) {
        // One result is wanted: the first of those selected.
        Some(n) if n >= 1.0 && n < args.len() as f64 => args.value(n as usize),
        Some(_) => FastResult::DECLINE,
        None => match args.bytes(0) {
            Some([b'#', ..]) => FastResult::number((args.len() - 1) as f64),
            _ => FastResult::DECLINE,
        },
    }
}

/// `select(what, ...)` where one result is wanted, over `count` values from `first` on;
/// `None`: that is for the native.
///
/// # Safety
///
/// The values are live, `what` too.
#[inline(always)]
pub(crate) unsafe fn select_one(
    what: RawValue,
    first: *const RawValue,
    count: usize,
) -> Option<RawValue> {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(n) = what.as_number() {
            if !(1.0..=f64::from(i32::MAX)).contains(&n) {
                return None;
            }
            let index = super::truncate(n) as usize - 1;
            return Some(if index < count {
                *first.add(index)
            } else {
                RawValue::NIL
            });
        }
        let text = StringObj::bytes(what.as_string()?);
        (text.first() == Some(&b'#')).then(|| RawValue::number(count as f64))
    }
}

/// `unpack` as a native. Errors with `too many results to unpack`.
pub(crate) fn unpack_native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let first = i64::from(cx.opt_int(2, 1)?);
    let last = match cx.arg(3) {
        Value::Nil => table.len() as i64,
        _ => i64::from(cx.check_int(3)?),
    };
    if first > last {
        return cx.ret0();
    }
    let count = last - first + 1;
    if count > i64::from(i32::MAX) || cx.ensure_stack(count as usize).is_err() {
        return Err(cx.error("too many results to unpack"));
    }
    // An element is read, and then passed on.
    cx.charge_bytes(2 * count as usize * size_of::<RawValue>())?;
    for i in first..=last {
        cx.push(table.get_index(i));
    }
    cx.ret_top(count as usize)
}

/// Most elements that [`unpack_to`] moves.
const MAX_UNPACKED: i64 = 256;

/// `unpack`, called in `func`, of the elements of an array part: they replace the function and
/// what follows, as many as there are or as `wanted` says. Returns how many there are; `None`,
/// and nothing has changed: that is for the native.
///
/// # Safety
///
/// Function and arguments are live slots of the running coroutine, and so are the `wanted`
/// ones.
#[inline(always)]
pub(crate) unsafe fn unpack_to(
    vm: *mut VmCore,
    func: *mut RawValue,
    n_args: usize,
    wanted: Option<usize>,
) -> Option<usize> {
    // SAFETY: the caller's contract; T1; room for an open list is looked at.
    unsafe {
        if n_args == 0 || n_args > 3 {
            return None;
        }
        let table = (*func.add(1)).as_table()?;
        let integer = |slot: *const RawValue| crate::table::array_index((*slot).as_number()?);
        let first = if n_args > 1 {
            i64::from(integer(func.add(2))?)
        } else {
            1
        };
        let last = if n_args > 2 {
            i64::from(integer(func.add(3))?)
        } else {
            length::border(&(*vm).heap, table) as i64
        };
        let count = last - first + 1;
        if first < 1 || last > i64::from((*table).array_len()) || count > MAX_UNPACKED {
            return None;
        }
        let count = count.max(0) as usize;
        // No element is read if `first` lies beyond them.
        let elements = (*table).array.wrapping_add(first as usize - 1);
        match wanted {
            Some(wanted) => place(func, elements, count, wanted),
            None => {
                let room =
                    ((*vm).stack_limit.addr().saturating_sub(func.addr())) / size_of::<RawValue>();
                if count > room || count + n_args > (*vm).limits.native_slots {
                    return None;
                }
                copy(func, elements, count);
            }
        }
        // As the native charges.
        (*vm).budget -= (count / 4) as i64;
        Some(count)
    }
}
