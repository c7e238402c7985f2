//! Data that a host lends to natives for the duration of one call.
//!
//! # Invariants
//!
//! - **L1** [`Lent::pointer`] is the address of the `K::Value` that the caller of
//!   [`lend`] holds exclusively, for the key type that `key` names; it is taken out of
//!   the VM while one native uses it, and removed before [`lend`] returns.

use std::any::TypeId;

use super::VmCore;

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
pub(crate) struct Lent {
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
    struct Restore(*mut VmCore, Option<Lent>);
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
    let lent = Lent {
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
        struct Restore(*mut VmCore, Lent);
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
