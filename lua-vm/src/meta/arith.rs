//! Arithmetic on what is not two numbers: strings that read as numbers, and
//! metamethods (manual §2.8).

use lua_compiler::isa::Op;
use lua_compiler::isa::operand::k8_displacement;

use super::Event;
use crate::error::LuaError;
use crate::interp::frame::{Word, WordKind};
use crate::interp::{VmCore, call, slow, unwind};
use crate::value::number::{modulo, power};
use crate::value::{RawValue, convert};

/// The arithmetic of an event on two numbers.
pub(crate) fn compute(event: Event, x: f64, y: f64) -> f64 {
    match event {
        Event::Add => x + y,
        Event::Sub => x - y,
        Event::Mul => x * y,
        Event::Div => x / y,
        Event::Mod => modulo(x, y),
        Event::Pow => power(x, y),
        _ => -x,
    }
}

/// The events in the order of the opcodes, three each: RR, RK, KR.
const EVENTS: [Event; 6] = [
    Event::Add,
    Event::Sub,
    Event::Mul,
    Event::Div,
    Event::Mod,
    Event::Pow,
];

/// Slow half of the binary arithmetic instructions.
///
/// # Safety
///
/// The helper convention; `ins` is one of theirs, just before `pc`.
#[inline(never)]
pub(crate) unsafe fn binary(
    vm: *mut VmCore,
    base: *mut RawValue,
    k: *const RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: V3 bounds the operands.
    unsafe {
        let index = (ins as u8 - Op::AddRR as u8) as usize;
        let (event, mode) = (EVENTS[index / 3], index % 3);
        let (a, b, c) = ((ins >> 8) as u8, (ins >> 16) as u8, (ins >> 24) as u8);
        let constant = |bits: u8| *k.offset(k8_displacement(bits.into()));
        let x = if mode == 2 {
            constant(b)
        } else {
            *base.add(b as usize)
        };
        let y = if mode == 1 {
            constant(c)
        } else {
            *base.add(c as usize)
        };
        let heap = &(*vm).heap;
        if let (Some(x), Some(y)) = (convert::to_number(heap, x), convert::to_number(heap, y)) {
            *base.add(a as usize) = RawValue::number(compute(event, x, y));
            return base;
        }
        (*vm).base = base;
        (*vm).pc = pc;
        (*vm).fp = fp;
        let regs = [(mode != 2).then_some(b), (mode != 1).then_some(c)];
        by_metamethod(vm, event, x, y, a, regs)
    }
}

/// Slow half of `Unm`.
///
/// # Safety
///
/// As [`binary`].
#[inline(never)]
pub(crate) unsafe fn unary_minus(
    vm: *mut VmCore,
    base: *mut RawValue,
    pc: *const u32,
    ins: u32,
    fp: *mut usize,
) -> *mut RawValue {
    // SAFETY: V3 bounds the operands.
    unsafe {
        let (a, b) = ((ins >> 8) as u8, (ins >> 16) as u8);
        let x = *base.add(b as usize);
        if let Some(x) = convert::to_number(&(*vm).heap, x) {
            *base.add(a as usize) = RawValue::number(-x);
            return base;
        }
        (*vm).base = base;
        (*vm).pc = pc;
        (*vm).fp = fp;
        by_metamethod(vm, Event::Unm, x, x, a, [Some(b), Some(b)])
    }
}

unsafe fn by_metamethod(
    vm: *mut VmCore,
    event: Event,
    x: RawValue,
    y: RawValue,
    a: u8,
    regs: [Option<u8>; 2],
) -> *mut RawValue {
    // SAFETY: the callers have saved the state of the running frame.
    unsafe {
        let mut handler = (*vm).heap.metamethod(x, event);
        if handler.is_nil() {
            handler = (*vm).heap.metamethod(y, event);
        }
        if handler.is_nil() {
            let error = arithmetic_error(vm, x, y, regs);
            return unwind::raise(vm, error);
        }
        let word = |distance| Word::with(WordKind::MetaSet, distance, a, 0, 0);
        call::call_metamethod(vm, word, handler, &[x, y]);
        std::ptr::null_mut()
    }
}

/// The error for the operand that is no number, the second only if the first is one.
unsafe fn arithmetic_error(
    vm: *mut VmCore,
    x: RawValue,
    y: RawValue,
    regs: [Option<u8>; 2],
) -> LuaError {
    // SAFETY: as `by_metamethod`.
    unsafe {
        let (value, reg) = if convert::to_number(&(*vm).heap, x).is_none() {
            (x, regs[0])
        } else {
            (y, regs[1])
        };
        slow::type_error(vm, "perform arithmetic on", value, reg)
    }
}
