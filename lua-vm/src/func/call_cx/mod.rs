//! The context of a native function. Here is what all its parts rest on; each group of
//! methods has a module of its own.
//!
//! # Invariants
//!
//! - **N2** While a native runs, the VM's saved base is that of its frame and the saved
//!   top the end of its stack; `base + n_args <= top`, up to the arguments that
//!   `set_top` has removed.
//! - **N3** Methods on `&self` neither collect nor run Lua; they may move the stack, into
//!   which no reference is ever handed out.

mod alloc;
mod args;
mod calls;
mod collect;
mod errors;
mod host;
mod levels;
mod meta;
mod stack;

use std::marker::PhantomData;

use super::native::Returned;
use crate::error::LuaError;
use crate::interp::{VmCore, unwind};
use crate::value::RawValue;
use crate::value::borrowed::{FOREIGN_MESSAGE, Value};

/// The context in which a native function runs.
///
/// Arguments and stack slots are counted from 1; the arguments are the first slots.
/// Negative indexes count from the top of the stack, -1 being the value pushed last.
/// Methods on `&self` never collect: values borrowed from the context stay valid
/// across them. Methods on `&mut self` may run Lua.
pub struct CallCx<'a> {
    vm: *mut VmCore,
    n_args: usize,
    marker: PhantomData<&'a mut ()>,
}

impl<'a> CallCx<'a> {
    /// # Safety
    ///
    /// N2 for as long as the context lives.
    pub(crate) unsafe fn new(vm: *mut VmCore, n_args: usize) -> CallCx<'a> {
        CallCx {
            vm,
            n_args,
            marker: PhantomData,
        }
    }

    pub(crate) fn core(&self) -> *mut VmCore {
        self.vm
    }

    /// First result and count, once the native has returned.
    pub(crate) unsafe fn finish(
        self,
        returned: Result<Returned, LuaError>,
    ) -> Result<(*mut RawValue, usize), LuaError> {
        // SAFETY: N2.
        unsafe {
            if (*self.vm).has_foreign_value {
                (*self.vm).has_foreign_value = false;
                return Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE));
            }
            let count = (returned?.0 as usize).min(self.top());
            Ok(((*self.vm).top.sub(count), count))
        }
    }

    #[inline]
    fn wrap(&self, raw: RawValue) -> Value<'_> {
        // SAFETY: B1: the value borrows the context.
        unsafe { Value::from_raw(self.vm, raw) }
    }
}
