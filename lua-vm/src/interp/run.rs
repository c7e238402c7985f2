//! The loop.
//!
//! Rules for an arm:
//!
//! 1. `base`, `k`, `pc` and `fp` stay in registers: they are passed by value, never
//!    lent.
//! 2. Before anything that can raise, call, grow a stack or collect, the state is
//!    saved (`save!`); afterwards the base is what the helper returned, or everything
//!    is reloaded (`helper!`).
//! 3. Whatever allocates, loops or is rare is out of line.
//! 4. A store into a table tests its `STORE_GUARD` bits first, and that the slot it
//!    overwrites is not nil, unless the table has no metatable.
//! 5. The taken arm of a conditional jump holds an empty `asm!`, lest the compiler turn
//!    it into a conditional move that makes the next fetch wait for the comparison.
//!
//! The loop relies on V1-V3 (operands, constants and jumps of verified code are in
//! range), S2 (the frame's registers are inside the stack), G1 (pointers in values are
//! live), U1 and T1-T3.

use lua_compiler::isa::Op;
use lua_compiler::isa::operand::{k8_displacement, k16_displacement};

use super::builtin::Builtin;
use super::frame::{Word, WordKind};
use super::{
    Exit, VmCore, budget, call, loops, objects, observe, other_calls, truncate, unwind, values,
};
use crate::func::closure::{LuaClosure, VARARG_PARAMS};
use crate::func::upvalue::UpValue;
use crate::heap::object::{Header, Kind, mark};
use crate::meta::{Event, arith, compare, concat, index};
use crate::table::hash::raw_equals;
use crate::table::{Node, TableObj};
use crate::value::string::StringObj;
use crate::value::{RawValue, Type};

/// Keeps a branch a branch: see rule 5.
macro_rules! keep_branch {
    () => {
        #[cfg(not(miri))]
        core::arch::asm!("", options(nomem, nostack, preserves_flags))
    };
}

/// Puts what comes next, and with it the whole function, at a fixed place within the lines of the
/// cache: if the few instructions that lead from one arm to the next are cut in two by the end of
/// a line, everything takes a quarter longer. Where they are is up to the compiler, and looked at
/// when the loop changes; docs/performance.md says how.
macro_rules! align {
    () => {
        #[cfg(not(miri))]
        core::arch::asm!(".p2align 6", options(nomem, nostack, preserves_flags))
    };
}

/// Runs from the saved state until a native's or the host's call has ended, or the other
/// form of the loop is to go on, which `exit` then says. With `OBSERVED` an observer hears
/// of each step; see [`super::observe`].
///
/// # Safety
///
/// The saved state is that of a Lua frame of the running coroutine, above a word of
/// kind `Native`; no reference into the VM is held.
#[inline(never)]
pub(crate) unsafe fn run<const OBSERVED: bool>(vm: *mut VmCore) {
    // SAFETY: the invariants named at the top of the file; each helper's contract is the
    // helper convention, which the arms follow.
    unsafe {
        let mut base: *mut RawValue;
        let mut pc: *const u32;
        let mut fp: *mut usize;
        let mut k: *const RawValue;
        macro_rules! reload {
            () => {{
                if OBSERVED {
                    observe::arrive(vm);
                }
                if (*vm).exit != Exit::None {
                    return;
                }
                base = (*vm).base;
                pc = (*vm).pc;
                fp = (*vm).fp;
                k = code_of(base);
            }};
        }
        reload!();
        align!();
        loop {
            let ins = *pc;
            pc = pc.add(1);
            macro_rules! a {
                () => {
                    ((ins >> 8) & 255) as usize
                };
            }
            macro_rules! b {
                () => {
                    ((ins >> 16) & 255) as usize
                };
            }
            macro_rules! c {
                () => {
                    (ins >> 24) as usize
                };
            }
            macro_rules! d {
                () => {
                    ins >> 16
                };
            }
            macro_rules! reg {
                ($i:expr) => {
                    *base.add($i)
                };
            }
            macro_rules! k8 {
                ($bits:expr) => {
                    *k.offset(k8_displacement($bits as u32))
                };
            }
            macro_rules! k16 {
                () => {
                    *k.offset(k16_displacement(d!()))
                };
            }
            // The auxiliary word; `pc` is then behind it.
            macro_rules! aux {
                () => {{
                    let word = *pc;
                    pc = pc.add(1);
                    word
                }};
            }
            macro_rules! kx {
                ($aux:expr) => {
                    *k.offset($aux as i32 as isize)
                };
            }
            macro_rules! save {
                () => {
                    (*vm).base = base;
                    (*vm).pc = pc;
                    (*vm).fp = fp
                };
            }
            // A helper that may leave the frame.
            macro_rules! helper {
                ($call:expr) => {{
                    let next: *mut RawValue = $call;
                    if next.is_null() {
                        reload!();
                    } else {
                        base = next;
                    }
                    continue;
                }};
            }
            macro_rules! jump {
                ($distance:expr) => {{
                    keep_branch!();
                    pc = pc.offset($distance as i32 as isize);
                }};
            }
            // A backward jump, paid for.
            macro_rules! loop_back {
                ($distance:expr) => {{
                    let distance = $distance as i32 as isize;
                    pc = pc.offset(distance);
                    (*vm).budget += distance as i64;
                    if (*vm).budget < 0 {
                        save!();
                        helper!(slice_end(vm));
                    }
                }};
            }
            macro_rules! arithmetic {
                ($x:expr, $op:tt, $y:expr) => {{
                    // NaN if either is not a number: a boxed value is one.
                    let result = $x.to_f64() $op $y.to_f64();
                    if result == result {
                        reg!(a!()) = RawValue::arith(result);
                        continue;
                    }
                    helper!(arith::binary(vm, base, k, pc, ins, fp));
                }};
            }
            macro_rules! modulo {
                ($x:expr, $y:expr) => {{
                    let (x, y) = ($x, $y);
                    if x.is_number() && y.is_number() {
                        let (n, m) = (x.to_f64(), y.to_f64());
                        let (i, j) = (truncate(n), truncate(m));
                        if i >= 0 && j > 0 && f64::from(i) == n && f64::from(j) == m {
                            // A zero from a negative one keeps no sign here: `n` is -0 only
                            // if it is not equal in bits to 0.
                            if i != 0 || n.to_bits() == 0 {
                                reg!(a!()) =
                                    RawValue::arith(f64::from((i as u32 % j as u32) as i32));
                                continue;
                            }
                        }
                        if let Some(rest) = modulo_of_small_quotient(n, m) {
                            reg!(a!()) = RawValue::arith(rest);
                            continue;
                        }
                    }
                    helper!(arith::binary(vm, base, k, pc, ins, fp));
                }};
            }
            macro_rules! order {
                ($x:expr, $op:tt, $y:expr, $wanted:expr) => {{
                    let (x, y) = ($x, $y);
                    let distance = aux!();
                    if x.is_number() && y.is_number() {
                        if (x.to_f64() $op y.to_f64()) == $wanted {
                            jump!(distance);
                        }
                        continue;
                    }
                    helper!(compare::jump_order(vm, base, k, pc, ins, fp));
                }};
            }
            macro_rules! equality {
                ($wanted:expr) => {{
                    let (x, y) = (reg!(a!()), reg!(b!()));
                    let distance = aux!();
                    let equal = if x.is_number() && y.is_number() {
                        x.to_f64() == y.to_f64()
                    } else if x.same_bits(y) {
                        true
                    } else if x.is_object() && y.is_object() {
                        helper!(compare::jump_equal(vm, base, pc, ins, fp))
                    } else {
                        false
                    };
                    if equal == $wanted {
                        jump!(distance);
                    }
                    continue;
                }};
            }
            macro_rules! equality_number {
                ($wanted:expr) => {{
                    // A boxed value is a NaN, which equals no constant.
                    let equal = reg!(a!()).to_f64() == k16!().to_f64();
                    let distance = aux!();
                    if equal == $wanted {
                        jump!(distance);
                    }
                    continue;
                }};
            }
            macro_rules! equality_string {
                ($wanted:expr) => {{
                    let (x, y) = (reg!(a!()), k16!());
                    let distance = aux!();
                    let equal = x.same_bits(y)
                        || x.as_string().is_some_and(|string| {
                            !StringObj::is_interned(string) && long_equal(vm, x, y)
                        });
                    if equal == $wanted {
                        jump!(distance);
                    }
                    continue;
                }};
            }
            macro_rules! equality_primitive {
                ($wanted:expr) => {{
                    let equal = reg!(a!()).same_bits(k16!());
                    let distance = aux!();
                    if equal == $wanted {
                        jump!(distance);
                    }
                    continue;
                }};
            }
            // Enters the function in a slot, if it is a Lua function of so many parameters.
            macro_rules! enter_lua {
                ($func:expr, $n_args:expr) => {{
                    let func = $func;
                    if let Some(function) = (*func).as_function()
                        && takes(function, $n_args)
                    {
                        let room = func.add(1 + frame_size(function));
                        (*vm).budget -= budget::CALL_COST;
                        if room <= (*vm).stack_limit && fp < (*vm).word_limit && (*vm).budget >= 0 {
                            *fp = pc.expose_provenance();
                            fp = fp.add(1);
                            base = func.add(1);
                            pc = (*function.cast::<LuaClosure>()).code;
                            k = pc.cast();
                            continue;
                        }
                        (*vm).budget += budget::CALL_COST;
                    }
                }};
            }
            // Returns to a Lua function, if its call is as asked for, once the results are
            // placed: the frame's word is a program counter, alone or below the word for
            // the frames that tail calls have replaced.
            macro_rules! leave_lua {
                (|$call:ident| $fits:expr, |$to:ident, $then:ident| $place:expr) => {{
                    let mut at = fp.sub(1);
                    let mut word = *at;
                    if Word::is_special(word) && Word::is_tail(word) {
                        keep_branch!();
                        at = at.sub(1);
                        word = *at;
                    }
                    if !Word::is_special(word) {
                        let caller: *const u32 = std::ptr::with_exposed_provenance(word);
                        let $call = *caller.sub(1);
                        if $fits {
                            let ($to, $then) = (base.sub(1), $call);
                            $place
                            fp = at;
                            pc = caller;
                            base = base.sub(1 + (($call >> 8) as usize & 255));
                            k = code_of(base);
                            continue;
                        }
                    }
                }};
            }
            // The value of a string key in a table, if it is where the hint or the main
            // position says.
            macro_rules! probe {
                ($table:expr, $key:expr) => {{
                    let node = node_at($table, c!() as u32);
                    if (*node).key.same_bits($key) && !(*node).value.is_nil() {
                        node
                    } else {
                        let node = main_node($table, $key);
                        if (*node).key.same_bits($key) && !(*node).value.is_nil() {
                            node
                        } else {
                            std::ptr::null_mut()
                        }
                    }
                }};
            }
            macro_rules! store_field {
                ($value:expr) => {{
                    let (object, value) = (reg!(a!()), $value);
                    let key = kx!(aux!());
                    if let Some(table) = object.as_table() {
                        let node = probe!(table, key);
                        if !node.is_null() && (*table).header.mark & mark::STORE_GUARD == 0 {
                            (*node).value = value;
                            continue;
                        }
                    }
                    save!();
                    helper!(index::set_named(vm, object, key, value, Some(a!() as u8)));
                }};
            }
            // The array slot of a table under an index, null if there is none.
            macro_rules! array_slot {
                ($table:expr, $key:expr) => {{
                    let n = $key.to_f64();
                    let i = truncate(n);
                    let offset = (i as u32).wrapping_sub(1);
                    if offset < (*$table).array_len() && f64::from(i) == n {
                        (*$table).array.add(offset as usize)
                    } else {
                        std::ptr::null_mut()
                    }
                }};
            }
            macro_rules! store_index {
                ($value:expr) => {{
                    let (object, key, value) = (reg!(a!()), reg!(b!()), $value);
                    if let Some(table) = object.as_table() {
                        let slot = array_slot!(table, key);
                        if !slot.is_null()
                            && (*table).header.mark & mark::STORE_GUARD == 0
                            && ((*table).metatable.is_null() || !(*slot).is_nil())
                        {
                            *slot = value;
                            continue;
                        }
                    }
                    save!();
                    helper!(index::set_indexed(vm, object, key, value, a!() as u8));
                }};
            }
            if OBSERVED {
                save!();
                if let Err(error) = observe::step(vm) {
                    unwind::raise(vm, error);
                    reload!();
                    continue;
                }
                if (*vm).exit != Exit::None {
                    // The other loop is to execute the instruction.
                    (*vm).pc = pc.sub(1);
                    return;
                }
                base = (*vm).base;
                fp = (*vm).fp;
            }
            // V1: the code holds only opcodes of the table.
            match std::mem::transmute::<u8, Op>(ins as u8) {
                // Moves.
                Op::Move => reg!(a!()) = reg!(b!()),
                Op::LoadK => reg!(a!()) = k16!(),
                Op::LoadKX => reg!(a!()) = kx!(aux!()),
                Op::LoadNil => {
                    reg!(a!()) = RawValue::NIL;
                    if b!() > 1 {
                        objects::fill_nil(base.add(a!() + 1), b!() - 1);
                    }
                }
                Op::LoadTrue => reg!(a!()) = RawValue::TRUE,
                Op::LoadFalse => reg!(a!()) = RawValue::FALSE,
                Op::GetUpval => reg!(a!()) = *(*upvalue(base, b!())).pointer,
                Op::SetUpval => {
                    let (upvalue, value) = (upvalue(base, b!()), reg!(a!()));
                    *(*upvalue).pointer = value;
                    (*vm)
                        .heap
                        .barrier_forward(&raw mut (*upvalue).header, value);
                }

                // Names and fields.
                Op::GetGlobal => {
                    let key = kx!(aux!());
                    let env = (*closure(base)).env;
                    let node = probe!(env, key);
                    if !node.is_null() {
                        reg!(a!()) = (*node).value;
                        continue;
                    }
                    save!();
                    helper!(index::get_named(
                        vm,
                        RawValue::table(env),
                        key,
                        a!() as u8,
                        None
                    ));
                }
                Op::SetGlobal => {
                    let value = reg!(a!());
                    let key = kx!(aux!());
                    let env = (*closure(base)).env;
                    let node = probe!(env, key);
                    if !node.is_null() && (*env).header.mark & mark::STORE_GUARD == 0 {
                        (*node).value = value;
                        continue;
                    }
                    save!();
                    helper!(index::set_named(vm, RawValue::table(env), key, value, None));
                }
                Op::GetField => {
                    let object = reg!(b!());
                    let key = kx!(aux!());
                    if let Some(table) = object.as_table() {
                        let node = probe!(table, key);
                        if !node.is_null() {
                            reg!(a!()) = (*node).value;
                            continue;
                        }
                    }
                    save!();
                    helper!(index::get_named(
                        vm,
                        object,
                        key,
                        a!() as u8,
                        Some(b!() as u8)
                    ));
                }
                Op::SetField => store_field!(reg!(b!())),
                Op::SetFieldK => store_field!(k8!(b!())),
                Op::Self_ => {
                    let object = reg!(b!());
                    let key = kx!(aux!());
                    reg!(a!() + 1) = object;
                    // Where to look next for what is not in the object.
                    let metatable = if let Some(table) = object.as_table() {
                        let main = main_node(table, key);
                        if (*main).key.same_bits(key) {
                            if !(*main).value.is_nil() {
                                reg!(a!()) = (*main).value;
                                continue;
                            }
                            std::ptr::null_mut()
                        } else if (*main).next == 0 && (*table).header.mark & mark::SEEDED == 0 {
                            (*table).metatable
                        } else {
                            std::ptr::null_mut()
                        }
                    } else if object.is_string() {
                        (*vm).heap.type_metatables[Type::String as usize]
                    } else {
                        std::ptr::null_mut()
                    };
                    if !metatable.is_null() {
                        // In its class, where the hint says.
                        let name = RawValue::string((*vm).heap.event_names[Event::Index as usize]);
                        let entry = main_node(metatable, name);
                        if (*entry).key.same_bits(name)
                            && let Some(class) = (*entry).value.as_table()
                        {
                            let node = node_at(class, c!() as u32);
                            if (*node).key.same_bits(key) && !(*node).value.is_nil() {
                                reg!(a!()) = (*node).value;
                                continue;
                            }
                        }
                    }
                    save!();
                    // R[a+1] is what R[b] was, whichever register that is.
                    helper!(index::get_named(
                        vm,
                        object,
                        key,
                        a!() as u8,
                        Some(b!() as u8)
                    ));
                }

                // Indexing.
                Op::GetIndex => {
                    let (object, key) = (reg!(b!()), reg!(c!()));
                    if let Some(table) = object.as_table() {
                        if key.is_number() {
                            let slot = array_slot!(table, key);
                            if !slot.is_null() && !(*slot).is_nil() {
                                reg!(a!()) = *slot;
                                continue;
                            }
                        } else if let Some(string) = key.as_string()
                            && (*string).header.mark & mark::HASHED != 0
                        {
                            // Long strings and seeded tables miss here, and are found below.
                            let mut node = node_at(table, (*string).header.extra);
                            loop {
                                if (*node).key.same_bits(key) {
                                    break;
                                }
                                if (*node).next == 0 {
                                    node = std::ptr::null_mut();
                                    break;
                                }
                                node = node.offset((*node).next as isize);
                            }
                            if !node.is_null() && !(*node).value.is_nil() {
                                reg!(a!()) = (*node).value;
                                continue;
                            }
                        }
                    }
                    save!();
                    helper!(index::get_indexed(vm, object, key, a!() as u8, b!() as u8));
                }
                Op::SetIndex => store_index!(reg!(c!())),
                Op::SetIndexK => store_index!(kx!(aux!())),
                Op::GetInt => {
                    let object = reg!(b!());
                    if let Some(table) = object.as_table()
                        && (c!() as u32) <= (*table).array_len()
                    {
                        let value = *(*table).array.add(c!() - 1);
                        if !value.is_nil() {
                            reg!(a!()) = value;
                            continue;
                        }
                    }
                    save!();
                    let key = RawValue::number(c!() as f64);
                    helper!(index::get_indexed(vm, object, key, a!() as u8, b!() as u8));
                }
                Op::SetInt => {
                    let (object, value) = (reg!(a!()), reg!(b!()));
                    if let Some(table) = object.as_table()
                        && (c!() as u32) <= (*table).array_len()
                        && (*table).header.mark & mark::STORE_GUARD == 0
                    {
                        let slot = (*table).array.add(c!() - 1);
                        if (*table).metatable.is_null() || !(*slot).is_nil() {
                            *slot = value;
                            continue;
                        }
                    }
                    save!();
                    let key = RawValue::number(c!() as f64);
                    helper!(index::set_indexed(vm, object, key, value, a!() as u8));
                }

                // Arithmetic.
                Op::AddRR => arithmetic!(reg!(b!()), +, reg!(c!())),
                Op::AddRK => arithmetic!(reg!(b!()), +, k8!(c!())),
                Op::AddKR => arithmetic!(k8!(b!()), +, reg!(c!())),
                Op::SubRR => arithmetic!(reg!(b!()), -, reg!(c!())),
                Op::SubRK => arithmetic!(reg!(b!()), -, k8!(c!())),
                Op::SubKR => arithmetic!(k8!(b!()), -, reg!(c!())),
                Op::MulRR => arithmetic!(reg!(b!()), *, reg!(c!())),
                Op::MulRK => arithmetic!(reg!(b!()), *, k8!(c!())),
                Op::MulKR => arithmetic!(k8!(b!()), *, reg!(c!())),
                Op::DivRR => arithmetic!(reg!(b!()), /, reg!(c!())),
                Op::DivRK => arithmetic!(reg!(b!()), /, k8!(c!())),
                Op::DivKR => arithmetic!(k8!(b!()), /, reg!(c!())),
                Op::ModRR => modulo!(reg!(b!()), reg!(c!())),
                Op::ModRK => modulo!(reg!(b!()), k8!(c!())),
                Op::ModKR => modulo!(k8!(b!()), reg!(c!())),
                // `pow` of a NaN can be a number, so the operands are tested; out of line.
                Op::PowRR | Op::PowRK | Op::PowKR => {
                    helper!(arith::binary(vm, base, k, pc, ins, fp))
                }
                Op::Unm => {
                    let x = reg!(b!());
                    if x.is_number() {
                        reg!(a!()) = RawValue::arith(-x.to_f64());
                        continue;
                    }
                    helper!(arith::unary_minus(vm, base, pc, ins, fp));
                }
                Op::Not => reg!(a!()) = RawValue::boolean(!reg!(b!()).is_truthy()),
                Op::Len => {
                    save!();
                    helper!(objects::length(vm, ins));
                }
                Op::Concat => {
                    save!();
                    concat::concat(vm, a!(), b!(), c!());
                    reload!();
                }

                // Branches.
                Op::Jmp => pc = pc.offset(((ins as i32) >> 8) as isize),
                Op::Loop => loop_back!((ins as i32) >> 8),
                Op::JmpT => {
                    let distance = aux!();
                    if reg!(a!()).is_truthy() {
                        jump!(distance);
                    }
                }
                Op::JmpF => {
                    let distance = aux!();
                    if !reg!(a!()).is_truthy() {
                        jump!(distance);
                    }
                }
                Op::JmpTSet => {
                    let distance = aux!();
                    let value = reg!(b!());
                    if value.is_truthy() {
                        reg!(a!()) = value;
                        jump!(distance);
                    }
                }
                Op::JmpFSet => {
                    let distance = aux!();
                    let value = reg!(b!());
                    if !value.is_truthy() {
                        reg!(a!()) = value;
                        jump!(distance);
                    }
                }
                Op::JmpEq => equality!(true),
                Op::JmpNe => equality!(false),
                Op::JmpEqN => equality_number!(true),
                Op::JmpNeN => equality_number!(false),
                Op::JmpEqS => equality_string!(true),
                Op::JmpNeS => equality_string!(false),
                Op::JmpEqP => equality_primitive!(true),
                Op::JmpNeP => equality_primitive!(false),
                Op::JmpLtRR => order!(reg!(a!()), <, reg!(b!()), true),
                Op::JmpLtRK => order!(reg!(a!()), <, k8!(b!()), true),
                Op::JmpLtKR => order!(k8!(a!()), <, reg!(b!()), true),
                Op::JmpNltRR => order!(reg!(a!()), <, reg!(b!()), false),
                Op::JmpNltRK => order!(reg!(a!()), <, k8!(b!()), false),
                Op::JmpNltKR => order!(k8!(a!()), <, reg!(b!()), false),
                Op::JmpLeRR => order!(reg!(a!()), <=, reg!(b!()), true),
                Op::JmpLeRK => order!(reg!(a!()), <=, k8!(b!()), true),
                Op::JmpLeKR => order!(k8!(a!()), <=, reg!(b!()), true),
                Op::JmpNleRR => order!(reg!(a!()), <=, reg!(b!()), false),
                Op::JmpNleRK => order!(reg!(a!()), <=, k8!(b!()), false),
                Op::JmpNleKR => order!(k8!(a!()), <=, reg!(b!()), false),

                // Calls.
                Op::Call if OBSERVED => {
                    save!();
                    other_calls::push_pc(vm);
                    call::precall(vm, base.add(a!()), b!());
                    reload!();
                }
                Op::Call => {
                    enter_lua!(base.add(a!()), b!());
                    helper!(other_calls::call(vm, base, pc, ins, fp));
                }
                Op::CallV => {
                    let func = base.add(a!());
                    let n_args = if b!() == 0 {
                        (*vm).top.offset_from(func) as usize - 1
                    } else {
                        b!() - 1
                    };
                    if !OBSERVED && n_args <= MAX_PARAMS {
                        enter_lua!(func, n_args);
                    }
                    if !OBSERVED && n_args <= MAX_PARAMS && c!() != 0 {
                        // As `Call` with so many arguments and results.
                        let call = ins & 0xFF00 | (n_args as u32) << 16 | (c!() as u32 - 1) << 24;
                        helper!(other_calls::call(vm, base, pc, call, fp));
                    }
                    save!();
                    if !OBSERVED && c!() == 0 {
                        helper!(other_calls::call_for_all(vm, func, n_args));
                    }
                    other_calls::push_pc(vm);
                    call::precall(vm, func, n_args);
                    reload!();
                }
                Op::TailCall => {
                    if !OBSERVED {
                        let func = base.add(a!());
                        let n_args = if b!() == 0 {
                            (*vm).top.offset_from(func) as usize - 1
                        } else {
                            b!() - 1
                        };
                        let word = *fp.sub(1);
                        if let Some(function) = (*func).as_function()
                            && n_args <= MAX_PARAMS
                            && takes(function, n_args)
                            && (!Word::is_special(word) || Word::counts_tail_call(word))
                            && !UpValue::any_open((*vm).heap.current, base)
                        {
                            let room = base.add(frame_size(function));
                            (*vm).budget -= budget::CALL_COST;
                            if room <= (*vm).stack_limit
                                && fp < (*vm).word_limit
                                && (*vm).budget >= 0
                            {
                                if Word::is_special(word) {
                                    *fp.sub(1) = Word::one_more_tail_call(word);
                                } else {
                                    *fp = Word::new(WordKind::Tail, 1).0;
                                    fp = fp.add(1);
                                }
                                for i in 0..=n_args {
                                    *base.sub(1).add(i) = *func.add(i);
                                }
                                pc = (*function.cast::<LuaClosure>()).code;
                                k = pc.cast();
                                continue;
                            }
                            (*vm).budget += budget::CALL_COST;
                        }
                    }
                    save!();
                    other_calls::tail_call::<OBSERVED>(vm, ins);
                    reload!();
                }
                Op::Return0 | Op::Return1 if OBSERVED => {
                    save!();
                    let is_one = ins as u8 == Op::Return1 as u8;
                    let first = if is_one { base.add(a!()) } else { base };
                    observe::return_values(vm, first, usize::from(is_one));
                    reload!();
                }
                Op::Return0 => {
                    leave_lua!(
                        |call| call & 0xFF00_00FF == Op::Call as u32,
                        |_to, _call| {}
                    );
                    call::return_values(vm, base, fp, base, 0);
                    reload!();
                }
                Op::Return1 => {
                    leave_lua!(
                        |call| call & 0xFF00_00FF == Op::Call as u32 | 1 << 24
                            || call & 0xFD00_00FF == Op::CallV as u32,
                        |to, call| {
                            *to = reg!(a!());
                            if call >> 24 == 0 {
                                (*vm).top = base;
                            }
                        }
                    );
                    let word = *fp.sub(1);
                    if word as u8 == WordKind::MetaSet as u8 {
                        // The result of a metamethod, for a register.
                        keep_branch!();
                        let (word, value) = (Word(word), reg!(a!()));
                        base = base.sub(word.distance());
                        fp = fp.sub(2);
                        pc = std::ptr::with_exposed_provenance(*fp);
                        k = code_of(base);
                        reg!(word.a() as usize) = value;
                        continue;
                    }
                    if word as u8 == WordKind::Vararg as u8 {
                        // One result of a frame above its extra arguments, for a call of one.
                        let below = *fp.sub(2);
                        let value = reg!(a!());
                        if !Word::is_special(below) {
                            let caller: *const u32 = std::ptr::with_exposed_provenance(below);
                            let call = *caller.sub(1);
                            if call & 0xFF00_00FF == Op::Call as u32 | 1 << 24
                                || call & 0xFF00_00FF == Op::CallV as u32 | 2 << 24
                            {
                                keep_branch!();
                                let to = base.sub(Word(word).distance()).sub(1);
                                *to = value;
                                fp = fp.sub(2);
                                pc = caller;
                                base = to.sub((call >> 8) as usize & 255);
                                k = code_of(base);
                                continue;
                            }
                        }
                    }
                    call::return_values(vm, base, fp, base.add(a!()), 1);
                    reload!();
                }
                Op::Return => {
                    let first = base.add(a!());
                    let count = if b!() == 0 {
                        (*vm).top.offset_from(first) as usize
                    } else {
                        b!() - 1
                    };
                    if OBSERVED {
                        save!();
                        observe::return_values(vm, first, count);
                    } else {
                        leave_lua!(|call| call as u8 == Op::Call as u8, |to, call| {
                            values::place(to, first, count, (call >> 24) as usize);
                        });
                        call::return_values(vm, base, fp, first, count);
                    }
                    reload!();
                }
                Op::ReturnC => {
                    let first = base.add(a!());
                    let count = if b!() == 0 {
                        (*vm).top.offset_from(first) as usize
                    } else {
                        b!() - 1
                    };
                    UpValue::close(&mut (*vm).heap, (*vm).heap.current, base);
                    if OBSERVED {
                        save!();
                        observe::return_values(vm, first, count);
                    } else {
                        call::return_values(vm, base, fp, first, count);
                    }
                    reload!();
                }
                Op::Vararg => {
                    save!();
                    helper!(objects::vararg::<OBSERVED>(vm, ins));
                }
                Op::VarargTable => {
                    save!();
                    helper!(objects::vararg_table(vm, ins));
                }

                // Loops.
                Op::ForPrep => {
                    let distance = aux!();
                    let (start, limit, step) = (reg!(a!()), reg!(a!() + 1), reg!(a!() + 2));
                    if start.is_number() && limit.is_number() && step.is_number() {
                        let step = step.to_f64();
                        // As the reference computes it: one step back, one forward.
                        let first = (start.to_f64() - step) + step;
                        reg!(a!()) = RawValue::number(first);
                        let limit = limit.to_f64();
                        if if step > 0.0 {
                            first <= limit
                        } else {
                            limit <= first
                        } {
                            reg!(a!() + 3) = RawValue::number(first);
                            if OBSERVED {
                                observe::start_line(vm);
                            }
                        } else {
                            jump!(distance);
                        }
                        continue;
                    }
                    save!();
                    if OBSERVED {
                        observe::expect_repeat(vm);
                    }
                    helper!(loops::for_prep(vm, ins));
                }
                Op::ForLoop => {
                    let distance = aux!();
                    let step = reg!(a!() + 2).to_f64();
                    let next = reg!(a!()).to_f64() + step;
                    let limit = reg!(a!() + 1).to_f64();
                    if step > 0.0 {
                        if next <= limit {
                            keep_branch!();
                            reg!(a!()) = RawValue::arith(next);
                            reg!(a!() + 3) = RawValue::arith(next);
                            loop_back!(distance);
                        }
                    } else if limit <= next {
                        keep_branch!();
                        reg!(a!()) = RawValue::arith(next);
                        reg!(a!() + 3) = RawValue::arith(next);
                        loop_back!(distance);
                    }
                }
                Op::TForCall | Op::PairsLoop | Op::IpairsLoop
                    if OBSERVED
                        && (*(*vm).heap.current).hook.hears_calls()
                        && loops::prepare_call(base.add(a!())) =>
                {
                    let _ = aux!();
                }
                Op::TForCall => {
                    let _ = aux!();
                    if reg!(a!() + 1).as_table().is_none() {
                        // No iterator that is known: the call follows.
                        for i in 0..3 {
                            reg!(a!() + 3 + i) = reg!(a!() + i);
                        }
                        continue;
                    }
                    save!();
                    if OBSERVED {
                        observe::expect_repeat(vm);
                    }
                    helper!(loops::specialise(vm, ins));
                }
                Op::PairsLoop => {
                    let distance = aux!();
                    if is_builtin(reg!(a!()), Builtin::Next)
                        && let Some(table) = reg!(a!() + 1).as_table()
                        && let Some(cursor) = reg!(a!() + 2).as_cursor()
                    {
                        let next = loops::pairs_step(vm, table, base.add(a!() + 2), cursor);
                        if next {
                            if c!() > 2 {
                                objects::fill_nil(base.add(a!() + 5), c!() - 2);
                            }
                            loop_back!(distance);
                        } else {
                            // Past the Call and the TForLoop.
                            pc = pc.add(3);
                        }
                        continue;
                    }
                    save!();
                    if OBSERVED {
                        observe::expect_repeat(vm);
                    }
                    helper!(loops::generic(vm, ins));
                }
                Op::IpairsLoop => {
                    let distance = aux!();
                    if is_builtin(reg!(a!()), Builtin::IpairsStep)
                        && let Some(table) = reg!(a!() + 1).as_table()
                        && let Some(cursor) = reg!(a!() + 2).as_cursor()
                    {
                        let value = if cursor < (*table).array_len() {
                            *(*table).array.add(cursor as usize)
                        } else {
                            TableObj::get_index(&(*vm).heap, table, i64::from(cursor) + 1)
                        };
                        if value.is_nil() {
                            pc = pc.add(3);
                            continue;
                        }
                        reg!(a!() + 2) = RawValue::cursor(cursor + 1);
                        reg!(a!() + 3) = RawValue::arith(f64::from(cursor + 1));
                        reg!(a!() + 4) = value;
                        if c!() > 2 {
                            objects::fill_nil(base.add(a!() + 5), c!() - 2);
                        }
                        loop_back!(distance);
                        continue;
                    }
                    save!();
                    if OBSERVED {
                        observe::expect_repeat(vm);
                    }
                    helper!(loops::generic(vm, ins));
                }
                Op::TForLoop => {
                    let distance = aux!();
                    let value = reg!(a!() + 3);
                    if !value.is_nil() {
                        reg!(a!() + 2) = value;
                        loop_back!(distance);
                    }
                }

                // Objects.
                Op::NewTable => {
                    save!();
                    helper!(objects::new_table(vm, ins));
                }
                Op::DupTable => {
                    save!();
                    helper!(objects::dup_table(vm, ins));
                }
                Op::SetList => {
                    let start = aux!();
                    save!();
                    helper!(objects::set_list(vm, ins, start));
                }
                Op::Closure => {
                    save!();
                    helper!(objects::new_closure(vm, ins));
                }
                Op::Close => UpValue::close(&mut (*vm).heap, (*vm).heap.current, base.add(a!())),
                Op::Halt => return,
            }
        }
    }
}

/// Constants and code of the running closure start here.
#[inline(always)]
unsafe fn code_of(base: *mut RawValue) -> *const RawValue {
    // SAFETY: the loop runs Lua frames only (S2).
    unsafe { (*closure(base)).code.cast() }
}

/// Most arguments that are compared with a function's parameters: one more is the mark of
/// a vararg function, which takes any number.
const MAX_PARAMS: usize = VARARG_PARAMS as usize - 1;

/// True for a Lua function with so many parameters, at most [`MAX_PARAMS`], and no others.
#[inline(always)]
unsafe fn takes(function: *mut Header, n_args: usize) -> bool {
    // Kind and parameter count at once: byte 0 and byte 2.
    // SAFETY: the callers pass a live function.
    let word = unsafe { function.cast::<u32>().read() };
    word & 0x00FF_00FF == Kind::LuaFunction as u32 | (n_args as u32) << 16
}

/// Registers of a Lua function's frame.
#[inline(always)]
unsafe fn frame_size(function: *mut Header) -> usize {
    // SAFETY: the callers pass a live Lua function, whose byte 3 this is.
    unsafe { (*function).aux2 as usize }
}

#[inline(always)]
unsafe fn closure(base: *mut RawValue) -> *mut LuaClosure {
    // SAFETY: S2: the slot below the base of a Lua frame holds its closure.
    unsafe {
        match (*base.sub(1)).as_function() {
            Some(function) => function.cast(),
            None => {
                debug_assert!(false, "S2: no function below the base");
                std::hint::unreachable_unchecked()
            }
        }
    }
}

#[inline(always)]
unsafe fn upvalue(base: *mut RawValue, i: usize) -> *mut UpValue {
    // SAFETY: U1, and V3 bounds the index.
    unsafe { *LuaClosure::upvalues(closure(base)).add(i) }
}

/// The node at a hint, masked into range.
#[inline(always)]
unsafe fn node_at(table: *mut TableObj, hint: u32) -> *mut Node {
    // SAFETY: T2.
    unsafe { (*table).nodes.add((hint & (*table).mask) as usize) }
}

/// The node at the main position of a constant string, whose hash is known.
#[inline(always)]
unsafe fn main_node(table: *mut TableObj, key: RawValue) -> *mut Node {
    // SAFETY: V3: the key is a string constant; loading has computed its hash.
    unsafe {
        let hash = key.as_string().map_or(0, |string| (*string).header.extra);
        node_at(table, hash)
    }
}

#[inline(always)]
unsafe fn is_builtin(value: RawValue, builtin: Builtin) -> bool {
    // SAFETY: G1.
    unsafe {
        value.as_function().is_some_and(|function| {
            (*function).kind == Kind::NativeFunction && (*function).aux == builtin as u8
        })
    }
}

/// The modulo of two numbers, as `x - floor(x / y) * y`, where the quotient's whole part
/// fits an integer and is not a zero whose sign would count.
#[inline(always)]
fn modulo_of_small_quotient(x: f64, y: f64) -> Option<f64> {
    let quotient = x / y;
    // False for a NaN and for infinities too.
    if quotient.abs() < 4_503_599_627_370_496.0 && quotient != 0.0 {
        // SAFETY: the quotient is in range.
        let mut whole = unsafe { quotient.to_int_unchecked::<i64>() } as f64;
        if whole > quotient {
            whole -= 1.0;
        }
        return Some(x - whole * y);
    }
    None
}

#[cold]
unsafe fn long_equal(vm: *mut VmCore, x: RawValue, y: RawValue) -> bool {
    // SAFETY: both are live strings.
    unsafe { raw_equals(&(*vm).heap, x, y) }
}

#[cold]
#[inline(never)]
unsafe fn slice_end(vm: *mut VmCore) -> *mut RawValue {
    // SAFETY: the state has been saved.
    unsafe {
        match budget::refuel(vm) {
            Ok(()) => (*vm).base,
            Err(error) => unwind::raise(vm, error),
        }
    }
}
