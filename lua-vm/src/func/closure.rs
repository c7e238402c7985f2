//! Closures: Lua functions and native functions with what they capture.
//!
//! # Invariants
//!
//! - **U1** A Lua closure has `header.extra` upvalues behind it, as many as its
//!   prototype has captures; each points at a live upvalue object.
//! - **U2** `header.aux` and `header.aux2` of a Lua closure are its prototype's number
//!   of parameters (or [`VARARG_PARAMS`]) and frame size; `code` is its code object's.

use super::native::{FastFn, NativeFn};
use super::upvalue::UpValue;
use crate::error::LuaError;
use crate::heap::Heap;
use crate::heap::object::{CodeObj, Header, Kind};
use crate::interp::builtin::Builtin;
use crate::table::TableObj;
use crate::value::RawValue;

/// Stands in `header.aux` for the parameter count of a vararg function, so that the
/// fast path of a call, which compares it with the argument count, declines.
pub(crate) const VARARG_PARAMS: u8 = 255;

/// A Lua function: code, environment, captured variables.
#[repr(C)]
pub(crate) struct LuaClosure {
    pub(crate) header: Header,
    /// The first code word; the constants lie just below (V2).
    pub(crate) code: *mut u32,
    pub(crate) env: *mut TableObj,
}

/// A native function with captured values.
#[repr(C)]
pub(crate) struct NativeClosure {
    /// `aux` is the [`Builtin`], [`Builtin::None`] for an ordinary native.
    pub(crate) header: Header,
    pub(crate) function: NativeFn,
    pub(crate) fast: Option<FastFn>,
    pub(crate) env: *mut TableObj,
}

impl LuaClosure {
    pub(crate) const fn size(upvalues: usize) -> usize {
        size_of::<LuaClosure>() + upvalues * size_of::<*mut UpValue>()
    }

    /// The captured variables.
    ///
    /// # Safety
    ///
    /// The closure is live.
    #[inline(always)]
    pub(crate) unsafe fn upvalues(closure: *mut LuaClosure) -> *mut *mut UpValue {
        // SAFETY: U1 places them behind the closure.
        unsafe { closure.add(1).cast() }
    }

    /// The code object.
    ///
    /// # Safety
    ///
    /// The closure is live.
    #[inline(always)]
    pub(crate) unsafe fn code_object(closure: *const LuaClosure) -> *mut CodeObj {
        // SAFETY: V2: the slot below the code is the code object's address.
        unsafe { *(*closure).code.cast::<*mut CodeObj>().sub(1) }
    }

    /// A closure whose upvalues are still to be set: the caller does so before
    /// anything else runs, or gives the closure up with [`LuaClosure::abandon`].
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// The code object and the environment are live and of this heap.
    pub(crate) unsafe fn new(
        heap: &mut Heap,
        code: *mut CodeObj,
        env: *mut TableObj,
    ) -> Result<*mut LuaClosure, LuaError> {
        // SAFETY: the caller's contract; the object is written in full but for U1.
        unsafe {
            let proto = CodeObj::info(code);
            let count = proto.captures.len();
            let size = Self::size(count);
            let closure = heap.allocate(size)?.cast::<LuaClosure>();
            let mut header = Header::new(Kind::LuaFunction, heap.current_white);
            header.aux = if proto.is_vararg {
                VARARG_PARAMS
            } else {
                proto.params
            };
            header.aux2 = proto.max_stack;
            header.extra = count as u32;
            closure.write(LuaClosure {
                header,
                code: (*code).code,
                env,
            });
            heap.register_large(closure.cast(), size);
            Ok(closure)
        }
    }

    /// Gives up a closure of whose upvalues only the first `done` have been set: the
    /// others become null, which the collector, who alone will meet it, passes over.
    ///
    /// # Safety
    ///
    /// The closure is live and nothing refers to it.
    #[cold]
    pub(crate) unsafe fn abandon(closure: *mut LuaClosure, done: usize) {
        // SAFETY: U1: there is room for all of them.
        unsafe {
            for i in done..(*closure).header.extra as usize {
                Self::upvalues(closure).add(i).write(std::ptr::null_mut());
            }
        }
    }
}

impl NativeClosure {
    pub(crate) const fn size(upvalues: usize) -> usize {
        size_of::<NativeClosure>() + upvalues * size_of::<RawValue>()
    }

    /// The captured values.
    ///
    /// # Safety
    ///
    /// The closure is live.
    #[inline(always)]
    pub(crate) unsafe fn upvalues(closure: *mut NativeClosure) -> *mut RawValue {
        // SAFETY: `new` made room for them behind the closure.
        unsafe { closure.add(1).cast() }
    }

    /// A native function over the given values, at most 255.
    ///
    /// # Errors
    ///
    /// The memory limit.
    ///
    /// # Safety
    ///
    /// The environment and the values are live and of this heap.
    pub(crate) unsafe fn new(
        heap: &mut Heap,
        function: NativeFn,
        fast: Option<FastFn>,
        builtin: Builtin,
        env: *mut TableObj,
        upvalues: &[RawValue],
    ) -> Result<*mut NativeClosure, LuaError> {
        let size = Self::size(upvalues.len());
        let closure = heap.allocate(size)?.cast::<NativeClosure>();
        let mut header = Header::new(Kind::NativeFunction, heap.current_white);
        header.aux = builtin as u8;
        header.extra = upvalues.len() as u32;
        // SAFETY: fresh memory with room for the closure and its values.
        unsafe {
            closure.write(NativeClosure {
                header,
                function,
                fast,
                env,
            });
            std::ptr::copy_nonoverlapping(
                upvalues.as_ptr(),
                Self::upvalues(closure),
                upvalues.len(),
            );
        }
        heap.register_large(closure.cast(), size);
        Ok(closure)
    }
}
