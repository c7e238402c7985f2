//! Errors of instructions: what was wrong with which operand.

use super::frame::Word;
use super::walk::Walk;
use super::{VmCore, unwind};
use crate::debug::names;
use crate::error::LuaError;
use crate::value::RawValue;

/// `attempt to index local 'x' (a nil value)`: an operation on a value of the wrong
/// type, which is in register `reg` of the running frame if it has a name at all.
///
/// # Safety
///
/// The saved state is that of the running Lua frame.
#[cold]
pub(crate) unsafe fn type_error(
    vm: *mut VmCore,
    operation: &str,
    value: RawValue,
    reg: Option<u8>,
) -> LuaError {
    // SAFETY: the caller's contract.
    unsafe {
        let name = reg.and_then(|reg| names::of_register(&Walk::running(vm), reg));
        let mut text = format!("attempt to {operation} ").into_bytes();
        if let Some((kind, name)) = name {
            text.extend_from_slice(kind.as_bytes());
            text.extend_from_slice(b" '");
            text.extend_from_slice(&name);
            text.extend_from_slice(b"' (a ");
            text.extend_from_slice(value.type_of().name().as_bytes());
            text.extend_from_slice(b" value)");
        } else {
            text.extend_from_slice(b"a ");
            text.extend_from_slice(value.type_of().name().as_bytes());
            text.extend_from_slice(b" value");
        }
        unwind::throw_positioned(vm, &text)
    }
}

/// The error of a call of something that cannot be called. Its return word has been
/// pushed: the error is the caller's, if that is a Lua function.
///
/// # Safety
///
/// `func` is a live slot, and `fp` is saved.
#[cold]
pub(crate) unsafe fn call_type_error(vm: *mut VmCore, func: *mut RawValue) -> LuaError {
    // SAFETY: the caller's contract; S3.
    unsafe {
        let value = *func;
        let word = *(*vm).fp.sub(1);
        if !Word::is_special(word) {
            let pc: *const u32 = std::ptr::with_exposed_provenance(word);
            let reg = (*pc.sub(1) >> 8) as u8;
            (*vm).fp = (*vm).fp.sub(1);
            (*vm).base = func.sub(reg as usize);
            (*vm).pc = pc;
            return type_error(vm, "call", value, Some(reg));
        }
        let word = Word(word);
        if word.is_meta() {
            (*vm).fp = (*vm).fp.sub(2);
            (*vm).base = func.add(1).sub(word.distance());
            (*vm).pc = std::ptr::with_exposed_provenance(*(*vm).fp);
            return type_error(vm, "call", value, None);
        }
        // Called by a native: no position, no name.
        (*vm).base = func.add(1);
        (*vm).top = func.add(1);
        let text = format!("attempt to call a {} value", value.type_of().name());
        unwind::throw_text(vm, text.as_bytes())
    }
}
