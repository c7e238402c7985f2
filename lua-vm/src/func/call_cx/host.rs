//! What a native function shares with the host: globals, roots, and values lent or attached.

use std::any::Any;

use super::CallCx;
use crate::error::LuaError;
use crate::heap::handle::Root;
use crate::interp::scoped::{self, Scoped};
use crate::interp::unwind;
use crate::value::borrowed::{FOREIGN_MESSAGE, Table, Value, checked_raw};

impl CallCx<'_> {
    /// The globals of the running coroutine.
    pub fn globals(&self) -> Table<'_> {
        // SAFETY: B1.
        unsafe { Table::new((*(*self.vm).heap.current).globals, self.vm) }
    }

    /// Replaces the globals of the running coroutine.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_globals(&self, globals: Table<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, Value::Table(globals))?;
        if let Some(table) = raw.as_table() {
            // SAFETY: coroutines are never black: no barrier is needed.
            unsafe { (*(*self.vm).heap.current).globals = table };
        }
        Ok(())
    }

    /// A table that only the host sees, for values of its own.
    pub fn registry(&self) -> Table<'_> {
        // SAFETY: B1.
        unsafe { Table::new((*self.vm).heap.registry, self.vm) }
    }

    /// Keeps a value beyond the call.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn root(&self, value: Value<'_>) -> Result<Root, LuaError> {
        let raw = checked_raw(self.vm, value)?;
        // SAFETY: the VM is live.
        Ok(unsafe { (*self.vm).heap.roots.add(raw) })
    }

    /// The same value, for as long as this context is borrowed: it lives as long as
    /// nothing is collected.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn reborrow(&self, value: Value<'_>) -> Result<Value<'_>, LuaError> {
        // B1: the value is live now, and of this VM, so the new borrow keeps it alive.
        Ok(self.wrap(checked_raw(self.vm, value)?))
    }

    /// The value of a root; an error if it is another VM's.
    ///
    /// # Errors
    ///
    /// A root of another VM.
    pub fn value_of(&self, root: &Root) -> Result<Value<'_>, LuaError> {
        // SAFETY: the VM is live; B1: the value may outlive the root only as long as
        // nothing is collected.
        unsafe {
            match (*self.vm).heap.roots.get(root) {
                Some(raw) => Ok(self.wrap(raw)),
                None => Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE)),
            }
        }
    }

    /// Uses what the host lent for this call under a key; `None` if it lent nothing, or
    /// it is in use already.
    pub fn with_scoped<K: Scoped, R>(
        &self,
        body: impl for<'x> FnOnce(&mut K::Value<'x>) -> R,
    ) -> Option<R> {
        // SAFETY: the VM is live.
        unsafe { scoped::with::<K, R>(self.vm, body) }
    }

    /// A value that the host attached to the VM, found by its type.
    pub fn host_data<T: Any>(&self) -> Option<&T> {
        // SAFETY: the list changes only through `Vm`, which is borrowed meanwhile.
        unsafe {
            let list = &(*self.vm).host_data;
            list.iter().find_map(|data| data.downcast_ref())
        }
    }
}
