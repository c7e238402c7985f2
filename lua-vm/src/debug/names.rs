//! What values and functions are called in the source, for messages.

use std::sync::Arc;

use lua_compiler::names::{self, Local};

use crate::heap::object::CodeObj;
use crate::interp::VmCore;
use crate::interp::walk::{Caller, Walk};
use crate::value::string::StringObj;

/// A function of a frame, in which names are looked for.
///
/// # Validity
///
/// The object is live and its code does not run.
pub(super) struct NamesOf(pub(super) *mut CodeObj);

impl names::Function for NamesOf {
    fn code(&self) -> &[u32] {
        // SAFETY: the type's validity.
        unsafe { CodeObj::words(self.0) }
    }

    fn local(&self, index: usize) -> Option<Local<'_>> {
        // SAFETY: the type's validity.
        unsafe { CodeObj::info(self.0).local(index) }
    }

    fn upvalue_names(&self) -> &[Arc<[u8]>] {
        // SAFETY: the type's validity.
        unsafe { &CodeObj::info(self.0).upvalue_names }
    }

    fn string(&self, index: usize) -> Option<&[u8]> {
        // SAFETY: the type's validity; constants lie in descending order (V2).
        unsafe {
            let constants = CodeObj::constants(self.0);
            let value = constants.get(constants.len().checked_sub(index + 1)?)?;
            value.as_string().map(|string| StringObj::bytes(string))
        }
    }
}

/// Kind and name of the value in a register of a Lua frame.
///
/// # Safety
///
/// The walk's state is consistent.
pub(crate) unsafe fn of_register(walk: &Walk, reg: u8) -> Option<(&'static str, Vec<u8>)> {
    // SAFETY: the caller's contract.
    unsafe {
        let (_, code, at) = walk.lua()?;
        let (kind, name) = names::describe(&NamesOf(code), at, reg)?;
        Some((kind.as_str(), name))
    }
}

/// How the function of a frame is known to its caller: kind and name.
///
/// Looks at the instruction that the caller is at, whatever made it call: a message
/// handler or a hook, called at a call instruction, gets that one's name, as in the
/// reference.
///
/// # Safety
///
/// As [`of_register`].
pub(crate) unsafe fn of_called(walk: &Walk) -> Option<(&'static str, Vec<u8>)> {
    // SAFETY: the caller's contract.
    unsafe {
        let mut below = *walk;
        let (caller, tail_calls) = below.descend();
        if caller != Caller::Instruction || tail_calls > 0 {
            return None;
        }
        let (_, code, at) = below.lua()?;
        let (kind, name) = names::called_function(&NamesOf(code), at)?;
        Some((kind.as_str(), name))
    }
}

/// `bad argument #i to 'f' (message)` for the running native, `self` of a method not
/// counted.
///
/// # Safety
///
/// The saved state is that of the native.
pub(crate) unsafe fn argument_message(vm: *const VmCore, mut i: usize, message: &[u8]) -> Vec<u8> {
    // SAFETY: the caller's contract.
    let name = unsafe { of_called(&Walk::running(vm)) };
    let mut text = Vec::new();
    if let Some((kind, name)) = &name
        && *kind == "method"
    {
        i = i.saturating_sub(1);
        if i == 0 {
            text.extend_from_slice(b"calling '");
            text.extend_from_slice(name);
            text.extend_from_slice(b"' on bad self (");
            text.extend_from_slice(message);
            text.push(b')');
            return text;
        }
    }
    text.extend_from_slice(format!("bad argument #{i} to '").as_bytes());
    text.extend_from_slice(name.as_ref().map_or(b"?", |(_, name)| name));
    text.extend_from_slice(b"' (");
    text.extend_from_slice(message);
    text.push(b')');
    text
}
