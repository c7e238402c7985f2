//! Comparison of what is not two numbers (manual §2.5.2, §2.8).

use lua_compiler::isa::Op;
use lua_compiler::isa::operand::k8_displacement;

use super::Event;
use crate::error::LuaError;
use crate::interp::frame::{Word, WordKind};
use crate::interp::{VmCore, call, unwind};
use crate::table::hash::raw_equals;
use crate::value::string::StringObj;
use crate::value::{RawValue, Type};

/// What a comparison came to.
pub(crate) enum Outcome {
    Known(bool),
    /// A metamethod decides; `negate` if its answer is to be turned round.
    Call {
        handler: RawValue,
        x: RawValue,
        y: RawValue,
        negate: bool,
    },
}

/// `x == y`.
///
/// # Safety
///
/// The values are live and of this VM's heap.
pub(crate) unsafe fn equal(vm: *mut VmCore, x: RawValue, y: RawValue) -> Outcome {
    // SAFETY: the caller's contract.
    unsafe {
        let heap = &(*vm).heap;
        if raw_equals(heap, x, y) {
            return Outcome::Known(true);
        }
        let (mx, my) = if let (Some(a), Some(b)) = (x.as_table(), y.as_table()) {
            ((*a).metatable, (*b).metatable)
        } else if let (Some(a), Some(b)) = (x.as_userdata(), y.as_userdata()) {
            ((*a).metatable, (*b).metatable)
        } else {
            return Outcome::Known(false);
        };
        let handler = heap.metamethod_in(mx, Event::Eq);
        if handler.is_nil() {
            return Outcome::Known(false);
        }
        if mx != my {
            let other = heap.metamethod_in(my, Event::Eq);
            if other.is_nil() || !raw_equals(heap, handler, other) {
                return Outcome::Known(false);
            }
        }
        Outcome::Call {
            handler,
            x,
            y,
            negate: false,
        }
    }
}

/// The metamethod that both values share for the event, if they do.
unsafe fn order_handler(
    vm: *mut VmCore,
    x: RawValue,
    y: RawValue,
    event: Event,
) -> Option<RawValue> {
    // SAFETY: the callers pass live values.
    unsafe {
        let handler = (*vm).heap.metamethod(x, event);
        let heap = &(*vm).heap;
        if handler.is_nil() || !raw_equals(heap, handler, heap.metamethod(y, event)) {
            return None;
        }
        Some(handler)
    }
}

/// `x < y`, or `x <= y` if `or_equal`.
///
/// # Errors
///
/// Values that have no order.
///
/// # Safety
///
/// The values are live and of this VM's heap; the saved state is the running frame's.
pub(crate) unsafe fn order(
    vm: *mut VmCore,
    x: RawValue,
    y: RawValue,
    or_equal: bool,
) -> Result<Outcome, LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        if let (Some(a), Some(b)) = (x.as_number(), y.as_number()) {
            return Ok(Outcome::Known(if or_equal { a <= b } else { a < b }));
        }
        if let (Some(a), Some(b)) = (x.as_string(), y.as_string()) {
            let (a, b) = (StringObj::bytes(a), StringObj::bytes(b));
            (*vm).heap.spend_bytes(a.len().min(b.len()));
            let order = a.cmp(b);
            return Ok(Outcome::Known(if or_equal {
                order.is_le()
            } else {
                order.is_lt()
            }));
        }
        if x.type_of().name() == y.type_of().name() {
            if or_equal && let Some(handler) = order_handler(vm, x, y, Event::Le) {
                return Ok(Outcome::Call {
                    handler,
                    x,
                    y,
                    negate: false,
                });
            }
            if let Some(handler) = order_handler(
                vm,
                if or_equal { y } else { x },
                if or_equal { x } else { y },
                Event::Lt,
            ) {
                let (x, y) = if or_equal { (y, x) } else { (x, y) };
                return Ok(Outcome::Call {
                    handler,
                    x,
                    y,
                    negate: or_equal,
                });
            }
        }
        Err(order_error(vm, x.type_of(), y.type_of()))
    }
}

unsafe fn order_error(vm: *mut VmCore, x: Type, y: Type) -> LuaError {
    // The reference tells types apart by the third letter of their names, which a thread and a
    // string have in common.
    let letter = |of: Type| of.name().as_bytes().get(2);
    let text = if letter(x) == letter(y) {
        format!("attempt to compare two {} values", x.name())
    } else {
        format!("attempt to compare {} with {}", x.name(), y.name())
    };
    // SAFETY: the callers have saved the state of the running frame.
    unsafe { unwind::throw_positioned(vm, text.as_bytes()) }
}

/// Jumps as the instruction before `pc` says if the comparison came out as `wanted`.
unsafe fn decide(
    vm: *mut VmCore,
    outcome: Result<Outcome, LuaError>,
    wanted: bool,
) -> *mut RawValue {
    // SAFETY: the callers have saved the state of the running frame; the instruction
    // has an auxiliary word with a valid jump (V1).
    unsafe {
        match outcome {
            Ok(Outcome::Known(result)) => {
                if result == wanted {
                    let distance = *(*vm).pc.sub(1) as i32;
                    (*vm).pc = (*vm).pc.offset(distance as isize);
                }
            }
            Ok(Outcome::Call {
                handler,
                x,
                y,
                negate,
            }) => {
                let kind = if wanted != negate {
                    WordKind::MetaJumpIf
                } else {
                    WordKind::MetaJumpIfNot
                };
                call::call_metamethod(vm, |distance| Word::new(kind, distance), handler, &[x, y]);
            }
            Err(error) => {
                unwind::raise(vm, error);
            }
        }
        std::ptr::null_mut()
    }
}

/// Slow half of `JmpEq` and `JmpNe`; always ends in a reload of the state.
///
/// # Safety
///
/// The helper convention; `ins` is one of theirs.
#[inline(never)]
pub(crate) unsafe fn jump_equal(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: V3 bounds the operands.
    unsafe {
        (*vm).base = base;
        (*vm).pc = pc;
        (*vm).fp = fp;
        let (x, y) = (
            *base.add((ins >> 8) as usize & 255),
            *base.add((ins >> 16) as usize & 255),
        );
        decide(vm, Ok(equal(vm, x, y)), ins as u8 == Op::JmpEq as u8)
    }
}

/// Slow half of the ordering jumps; always ends in a reload of the state.
///
/// # Safety
///
/// The helper convention; `ins` is one of theirs.
#[inline(never)]
pub(crate) unsafe fn jump_order(
    vm: *mut VmCore,
    base: *mut RawValue,
    k: *const RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: V3 bounds the operands. The opcodes come in four groups of three: Lt, not
    // Lt, Le, not Le; each RR, RK, KR.
    unsafe {
        (*vm).base = base;
        (*vm).pc = pc;
        (*vm).fp = fp;
        let index = ins as u8 - Op::JmpLtRR as u8;
        let (group, mode) = (index / 3, index % 3);
        let (a, b) = ((ins >> 8) & 255, (ins >> 16) & 255);
        let x = if mode == 2 {
            *k.offset(k8_displacement(a))
        } else {
            *base.add(a as usize)
        };
        let y = if mode == 1 {
            *k.offset(k8_displacement(b))
        } else {
            *base.add(b as usize)
        };
        decide(vm, order(vm, x, y, group >= 2), group % 2 == 0)
    }
}
