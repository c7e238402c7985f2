//! A growing result string, under the limits of the VM.
//!
//! Owns the rule that a native asks for room before it builds something big, so that a memory
//! limit, the largest string length or the system stops it with a clean error. `luaL_Buffer` of
//! the C API.

use std::cell::Cell;

use lua_vm::{CallCx, LuaError};

thread_local! {
    /// The memory of the last buffer, for the next: most results are short, and would cost
    /// an allocation each. Nested buffers find it empty and allocate.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Largest capacity kept as a spare, in bytes.
const SPARE_LIMIT: usize = 64 << 10;

/// Room that is taken without asking, and paid for at the next time, in bytes.
const FREE: usize = 4096;

/// Longest item that is written before its length is known, in bytes: `%99.99f` of the largest
/// number.
const SHORT: usize = 512;

/// Makes room for `additional` bytes, or fails with the memory error: growing a vector without
/// asking ends the process when the system has no memory left.
fn grow(cx: &CallCx<'_>, bytes: &mut Vec<u8>, additional: usize) -> Result<(), LuaError> {
    bytes
        .try_reserve(additional)
        .or_else(|_| bytes.try_reserve_exact(additional))
        .map_err(|_| cx.memory_error())
}

/// Appends to bytes that are kept while Lua runs. Fails with `resulting string too large` or
/// the memory error.
pub(crate) fn append(cx: &CallCx<'_>, bytes: &mut Vec<u8>, more: &[u8]) -> Result<(), LuaError> {
    cx.check_room(bytes.len().saturating_add(more.len()))?;
    cx.charge_bytes(more.len())?;
    grow(cx, bytes, more.len())?;
    bytes.extend_from_slice(more);
    Ok(())
}

/// `copies` copies of `bytes`. Fails with `resulting string too large` or the memory error.
pub(crate) fn repeat(cx: &CallCx<'_>, bytes: &[u8], copies: usize) -> Result<Vec<u8>, LuaError> {
    let total = bytes
        .len()
        .checked_mul(copies)
        .ok_or_else(|| cx.error("resulting string too large"))?;
    cx.check_room(total)?;
    cx.charge_bytes(total)?;
    let mut result = Vec::new();
    result
        .try_reserve_exact(total)
        .map_err(|_| cx.memory_error())?;
    if total > 0 {
        result.extend_from_slice(bytes);
    }
    // What is there, doubled: few large copies.
    while result.len() < total {
        let more = result.len().min(total - result.len());
        result.extend_from_within(..more);
    }
    Ok(result)
}

/// Bytes that will become a string.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Length up to which the VM has agreed.
    allowed: usize,
}

impl Buffer {
    /// A buffer for a result of about `expected` bytes.
    pub(crate) fn new(expected: usize) -> Buffer {
        let mut bytes = SPARE.take();
        bytes.clear();
        bytes.reserve(expected.clamp(64, FREE));
        Buffer {
            bytes,
            allowed: FREE,
        }
    }

    #[inline]
    fn ask(&mut self, cx: &CallCx<'_>, additional: usize) -> Result<(), LuaError> {
        let wanted = self.bytes.len().saturating_add(additional);
        if wanted > self.allowed {
            self.ask_for(cx, wanted)?;
        }
        Ok(())
    }

    #[cold]
    fn ask_for(&mut self, cx: &CallCx<'_>, wanted: usize) -> Result<(), LuaError> {
        cx.check_room(wanted)?;
        let allowed = wanted.saturating_add(FREE);
        cx.charge_bytes(allowed - self.allowed)?;
        let additional = allowed - self.bytes.len();
        grow(cx, &mut self.bytes, additional)?;
        self.allowed = allowed;
        Ok(())
    }

    /// Appends `bytes`. Fails with `resulting string too large` or the memory error.
    #[inline]
    pub(crate) fn push(&mut self, cx: &CallCx<'_>, bytes: &[u8]) -> Result<(), LuaError> {
        self.ask(cx, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Lets `write` append a short item, at most [`SHORT`] bytes.
    pub(crate) fn push_with(
        &mut self,
        cx: &CallCx<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), LuaError> {
        if self.bytes.capacity() - self.bytes.len() < SHORT {
            grow(cx, &mut self.bytes, SHORT)?;
        }
        write(&mut self.bytes);
        self.ask(cx, 0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.capacity() <= SPARE_LIMIT {
            SPARE.set(std::mem::take(&mut self.bytes));
        }
    }
}
