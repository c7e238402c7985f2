//! The stack of a native function: pushing, slots, and what it returns.

use super::CallCx;
use crate::error::LuaError;
use crate::func::native::Returned;
use crate::interp::{VmCore, unwind};
use crate::table::TableObj;
use crate::value::RawValue;
use crate::value::borrowed::{Value, checked_raw};

impl CallCx<'_> {
    /// Number of slots in use, the arguments included.
    #[inline]
    pub fn top(&self) -> usize {
        // SAFETY: N2.
        unsafe { (*self.vm).top.offset_from((*self.vm).base) as usize }
    }

    /// Grows the stack with nil, or shrinks it, to `n` slots.
    ///
    /// # Errors
    ///
    /// A stack overflow.
    pub fn set_top(&self, n: usize) -> Result<(), LuaError> {
        let top = self.top();
        if n > top {
            self.ensure_stack(n - top)?;
        }
        // SAFETY: N2; the room has been made.
        unsafe {
            for i in top..n {
                *(*self.vm).base.add(i) = RawValue::NIL;
            }
            (*self.vm).top = (*self.vm).base.add(n);
        }
        Ok(())
    }

    /// Removes the last `n` values, at most all.
    pub fn pop(&self, n: usize) {
        let n = n.min(self.top());
        // SAFETY: N2.
        unsafe { (*self.vm).top = (*self.vm).top.sub(n) };
    }

    /// Makes room for `n` more values.
    ///
    /// # Errors
    ///
    /// A stack overflow: one native may use 8000 slots.
    pub fn ensure_stack(&self, n: usize) -> Result<(), LuaError> {
        // SAFETY: N2, N3.
        unsafe {
            let used = self.top();
            if n > (*self.vm).limits.native_slots || used + n > (*self.vm).limits.native_slots {
                return Err(self.error("stack overflow"));
            }
            VmCore::ensure_slots(self.vm, (*self.vm).top, n)?;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn push_raw(&self, raw: RawValue) {
        // SAFETY: N2; S2: the spare slots take the first ones, then room is made.
        unsafe {
            if (*self.vm).top >= (*self.vm).stack_limit
                && let Err(error) = VmCore::ensure_slots(self.vm, (*self.vm).top, 1)
            {
                // Reported when the native returns, as an abort cannot be lost.
                if error.kind().is_abort() {
                    VmCore::note_abort(self.vm, error.kind());
                } else {
                    unwind::memory_abort(self.vm);
                }
                return;
            }
            *(*self.vm).top = raw;
            (*self.vm).top = (*self.vm).top.add(1);
        }
    }

    /// Pushes a value. One of another VM becomes nil, and the native's return an error.
    #[inline]
    pub fn push(&self, value: Value<'_>) {
        match value.to_raw(self.vm) {
            Some(raw) => self.push_raw(raw),
            None => {
                // SAFETY: the VM is live.
                unsafe { (*self.vm).has_foreign_value = true };
                self.push_raw(RawValue::NIL);
            }
        }
    }

    /// Pushes a new string.
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub fn push_bytes(&self, bytes: &[u8]) -> Result<(), LuaError> {
        // SAFETY: the VM is live.
        let string = unsafe { (*self.vm).heap.string(bytes)? };
        self.push_raw(RawValue::string(string));
        Ok(())
    }

    /// Pushes a number.
    #[inline]
    pub fn push_number(&self, n: f64) {
        self.push_raw(RawValue::number(n));
    }

    /// Pushes a boolean.
    pub fn push_bool(&self, b: bool) {
        self.push_raw(RawValue::boolean(b));
    }

    /// Pushes nil.
    pub fn push_nil(&self) {
        self.push_raw(RawValue::NIL);
    }

    /// Pushes argument `i`.
    pub fn push_arg(&self, i: usize) {
        self.push_raw(self.raw_arg(i));
    }

    /// Pushes the element at `index` of the table that argument `i` is, without metamethods;
    /// nil if it is no table.
    pub fn push_element(&self, i: usize, index: i64) {
        let value = self.raw_arg(i).as_table().map_or(RawValue::NIL, |table| {
            // SAFETY: G1: the argument is live.
            unsafe { TableObj::get_index(&(*self.vm).heap, table, index) }
        });
        self.push_raw(value);
    }

    /// Pushes a copy of a slot.
    pub fn push_copy(&self, index: isize) {
        self.push_raw(self.raw(index));
    }

    pub(super) fn slot(&self, index: isize) -> Option<*mut RawValue> {
        let top = self.top() as isize;
        let position = if index < 0 { top + index } else { index - 1 };
        // SAFETY: N2.
        (position >= 0 && position < top).then(|| unsafe { (*self.vm).base.offset(position) })
    }

    #[inline]
    pub(super) fn raw(&self, index: isize) -> RawValue {
        // SAFETY: the slot is in use.
        self.slot(index)
            .map_or(RawValue::NIL, |slot| unsafe { *slot })
    }

    /// The value of a slot, nil if it is not in use.
    pub fn value(&self, index: isize) -> Value<'_> {
        self.wrap(self.raw(index))
    }

    /// Overwrites a slot that is in use.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn set(&self, index: isize, value: Value<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, value)?;
        if let Some(slot) = self.slot(index) {
            // SAFETY: the slot is in use.
            unsafe { *slot = raw };
        }
        Ok(())
    }

    // ---- results

    /// No results.
    ///
    /// # Errors
    ///
    /// None: the `ret` methods return a `Result` for the native's last expression.
    pub fn ret0(&self) -> Result<Returned, LuaError> {
        Ok(Returned(0))
    }

    /// One result.
    ///
    /// # Errors
    ///
    /// None here; a value of another VM is reported when the native returns.
    #[inline]
    pub fn ret(&self, value: Value<'_>) -> Result<Returned, LuaError> {
        self.push(value);
        Ok(Returned(1))
    }

    /// A number as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_number(&self, n: f64) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::number(n));
        Ok(Returned(1))
    }

    /// A boolean as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_bool(&self, b: bool) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::boolean(b));
        Ok(Returned(1))
    }

    /// Nil as the result.
    ///
    /// # Errors
    ///
    /// None.
    pub fn ret_nil(&self) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::NIL);
        Ok(Returned(1))
    }

    /// A new string as the result.
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub fn ret_bytes(&self, bytes: &[u8]) -> Result<Returned, LuaError> {
        self.push_bytes(bytes)?;
        Ok(Returned(1))
    }

    /// Argument `i` as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_arg(&self, i: usize) -> Result<Returned, LuaError> {
        self.push_raw(self.raw_arg(i));
        Ok(Returned(1))
    }

    /// The last `n` values of the stack as the results, in order.
    ///
    /// # Errors
    ///
    /// None.
    pub fn ret_top(&self, n: usize) -> Result<Returned, LuaError> {
        Ok(Returned(n as u32))
    }
}
