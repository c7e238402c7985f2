//! A growing result string, under the limits of the VM.
//!
//! Owns the rule that a native asks for room before it builds something big, so that a memory
//! limit or the largest string length stops it with a clean error. `luaL_Buffer` of the C API.

use std::cell::Cell;

use lua_vm::{CallCx, LuaError};

thread_local! {
    /// The memory of the last buffer, for the next: most results are short, and would cost
    /// an allocation each. Nested buffers find it empty and allocate.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Largest capacity kept as a spare, in bytes.
const SPARE_LIMIT: usize = 64 << 10;

/// Room that is taken without asking, in bytes.
const FREE: usize = 4096;

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

    /// Asks for `additional` bytes at once, when the size is known before.
    pub(crate) fn reserve(&mut self, cx: &CallCx<'_>, additional: usize) -> Result<(), LuaError> {
        self.ask(cx, additional)?;
        self.bytes.reserve(additional);
        Ok(())
    }

    #[inline]
    fn ask(&mut self, cx: &CallCx<'_>, additional: usize) -> Result<(), LuaError> {
        let wanted = self.bytes.len().saturating_add(additional);
        if wanted > self.allowed {
            cx.check_room(wanted)?;
            self.allowed = wanted;
        }
        Ok(())
    }

    /// Appends `bytes`. Fails with `resulting string too large` or the memory error.
    #[inline]
    pub(crate) fn push(&mut self, cx: &CallCx<'_>, bytes: &[u8]) -> Result<(), LuaError> {
        self.ask(cx, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Lets `write` append a short item, at most a few hundred bytes.
    pub(crate) fn push_with(
        &mut self,
        cx: &CallCx<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), LuaError> {
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
