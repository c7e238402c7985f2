//! Data that a host lends to natives for the duration of one call.
//!
//! # Invariants
//!
//! - **L1** [`LentForCall::pointer`] is the address of the `K::Value` that the caller of
//!   [`lend`] holds exclusively, for the key type that `key` names; it is taken out of
//!   the VM while one native uses it, and removed before [`lend`] returns.
//! - **L2** A [`Lent`] of an open [`Lending`] points at a value that is borrowed for
//!   longer than the lending lasts: exclusively, and then by this handle alone, or
//!   shared. What is made of it lives no longer than a [`Loan`], and a lending that
//!   is closed while there is one ends the process.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use super::VmCore;
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Returned;

/// A type that can be lent although it holds borrows. `Self` is the name under which
/// natives ask for it.
///
/// ```
/// struct Names;
/// impl lua_vm::Scoped for Names {
///     type Value<'a> = &'a mut Vec<String>;
/// }
/// ```
pub trait Scoped: 'static {
    /// What is lent.
    type Value<'a>;

    /// Called every so often while a script runs; false stops it.
    fn poll(_value: &mut Self::Value<'_>) -> bool {
        true
    }
}

/// Something lent.
#[derive(Clone, Copy)]
pub(crate) struct LentForCall {
    key: TypeId,
    pointer: *mut (),
    poll: unsafe fn(*mut ()) -> bool,
}

/// Lends `value` to the natives that `body` calls.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn lend<K: Scoped, R>(
    vm: *mut VmCore,
    value: &mut K::Value<'_>,
    body: impl FnOnce() -> R,
) -> R {
    struct Restore(*mut VmCore, Option<LentForCall>);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: the VM outlives the call.
            unsafe { (*self.0).scoped = self.1 };
        }
    }
    unsafe fn poll<K: Scoped>(pointer: *mut ()) -> bool {
        // SAFETY: L1.
        K::poll(unsafe { &mut *pointer.cast::<K::Value<'_>>() })
    }
    let lent = LentForCall {
        key: TypeId::of::<K>(),
        pointer: (&raw mut *value).cast(),
        poll: poll::<K>,
    };
    // SAFETY: the caller's contract; `Restore` keeps L1 even if `body` panics.
    unsafe {
        let _restore = Restore(vm, (*vm).scoped.replace(lent));
        body()
    }
}

/// Uses what was lent under the key; `None` if nothing was, or it is in use.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn with<K: Scoped, R>(
    vm: *mut VmCore,
    body: impl for<'a> FnOnce(&mut K::Value<'a>) -> R,
) -> Option<R> {
    // SAFETY: the caller's contract.
    unsafe {
        let lent = (*vm).scoped.filter(|lent| lent.key == TypeId::of::<K>())?;
        struct Restore(*mut VmCore, LentForCall);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: the VM outlives the call.
                unsafe { (*self.0).scoped = Some(self.1) };
            }
        }
        (*vm).scoped = None;
        let _restore = Restore(vm, lent);
        // SAFETY: L1; the closure works for every lifetime, so it can neither keep the
        // value nor put anything shorter-lived into it.
        Some(body(&mut *lent.pointer.cast::<K::Value<'_>>()))
    }
}

/// Polls what was lent; false if the script is to stop.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn poll(vm: *mut VmCore) -> bool {
    // SAFETY: L1: while a native uses the value, it is not here.
    unsafe {
        match (*vm).scoped.take() {
            Some(lent) => {
                let go_on = (lent.poll)(lent.pointer);
                (*vm).scoped = Some(lent);
                go_on
            }
            None => true,
        }
    }
}

/// A stretch of time in which a host lends values under their own names. `'env` outlives
/// it, and so do the values.
pub(crate) struct Lending<'env> {
    state: Rc<LendingState>,
    /// The functions lent, which are dropped with the lending: what they hold may not
    /// live any longer.
    functions: RefCell<Vec<Rc<HostFunction<'env>>>>,
    /// Invariant: a shorter `'env` would admit values that die too early.
    marker: PhantomData<Cell<&'env ()>>,
}

struct LendingState {
    is_open: Cell<bool>,
    loans: Cell<usize>,
}

/// Keeps a lending from being closed.
pub(crate) struct Loan(Rc<LendingState>);

impl Drop for Loan {
    fn drop(&mut self) {
        self.0.loans.set(self.0.loans.get() - 1);
    }
}

impl<'env> Lending<'env> {
    /// Runs `body`, within which values may be lent. Afterwards none is reachable.
    ///
    /// Loans are taken by native functions, for their own duration, and natives return
    /// before their callers. Should one be left over, going on would let a value be used
    /// that is no longer borrowed: the process is aborted.
    pub(crate) fn open<R>(body: impl for<'l> FnOnce(&'l Lending<'env>) -> R) -> R {
        struct Close<'l, 'env>(&'l Lending<'env>);
        impl Drop for Close<'_, '_> {
            fn drop(&mut self) {
                self.0.state.is_open.set(false);
                if self.0.state.loans.get() != 0 {
                    std::process::abort();
                }
            }
        }
        let lending = Lending {
            state: Rc::new(LendingState {
                is_open: Cell::new(true),
                loans: Cell::new(0),
            }),
            functions: RefCell::default(),
            marker: PhantomData,
        };
        let close = Close(&lending);
        body(close.0)
    }

    /// Lends a value that the host does not use meanwhile.
    pub(crate) fn exclusive<T>(&self, value: &'env mut T) -> Lent<T> {
        Lent {
            pointer: NonNull::from(value),
            is_exclusive: true,
            state: Rc::clone(&self.state),
        }
    }

    /// Lends a value that may only be read.
    pub(crate) fn shared<T>(&self, value: &'env T) -> Lent<T> {
        Lent {
            pointer: NonNull::from(value),
            is_exclusive: false,
            state: Rc::clone(&self.state),
        }
    }

    /// Lends a function.
    pub(crate) fn function(&self, function: Rc<HostFunction<'env>>) -> Lent<HostFunction<'static>> {
        let pointer = Rc::as_ptr(&function).cast_mut();
        self.functions.borrow_mut().push(function);
        // SAFETY: an `Rc` points somewhere, and only the lifetime changes. L2: the
        // function is in the list until the lending has ended, and a call can keep
        // nothing of it: neither argument nor result can name `'env`.
        let pointer = unsafe {
            std::mem::transmute::<NonNull<HostFunction<'env>>, NonNull<HostFunction<'static>>>(
                NonNull::new_unchecked(pointer),
            )
        };
        Lent {
            pointer,
            is_exclusive: false,
            state: Rc::clone(&self.state),
        }
    }
}

/// What a native function of the host's is, once its arguments have been converted.
pub(crate) type HostFunction<'f> = dyn Fn(&mut CallCx<'_>) -> Result<Returned, LuaError> + 'f;

/// A value lent through a [`Lending`].
pub(crate) struct Lent<T: ?Sized> {
    pointer: NonNull<T>,
    is_exclusive: bool,
    state: Rc<LendingState>,
}

impl<T: ?Sized> Lent<T> {
    /// True until the lending ends.
    pub(crate) fn is_open(&self) -> bool {
        self.state.is_open.get()
    }

    /// True if the value may be changed.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.is_exclusive
    }

    /// Keeps the lending open; `None` once it has ended.
    pub(crate) fn loan(&self) -> Option<Loan> {
        let loans = self.state.loans.get().checked_add(1)?;
        self.is_open().then(|| {
            self.state.loans.set(loans);
            Loan(Rc::clone(&self.state))
        })
    }

    /// The value; `None` if the loan is another lending's.
    pub(crate) fn get<'a>(&'a self, loan: &'a Loan) -> Option<&'a T> {
        if !Rc::ptr_eq(&self.state, &loan.0) {
            return None;
        }
        // SAFETY: L2. Of an exclusive one there is only this handle, borrowed.
        Some(unsafe { self.pointer.as_ref() })
    }

    /// The value, exclusively; `None` if it may only be read, or the loan is another
    /// lending's.
    pub(crate) fn get_mut<'a>(&'a mut self, loan: &'a Loan) -> Option<&'a mut T> {
        if !Rc::ptr_eq(&self.state, &loan.0) || !self.is_exclusive {
            return None;
        }
        // SAFETY: L2; there is only this handle, borrowed exclusively.
        Some(unsafe { self.pointer.as_mut() })
    }
}
