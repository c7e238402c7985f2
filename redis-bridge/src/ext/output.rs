//! What the encoders write to: one buffer that serves call after call, filled under the
//! limits of the VM.

use std::cell::Cell;

use lua_vm::{CallCx, LuaError};

/// Bytes that may be written between two looks at the limits.
const STRIDE: usize = 4096;

/// Bytes of an idle buffer that are kept. The VM does not account for them.
const KEPT: usize = 256 << 10;

/// Bytes, or slots looked at, that cost as much as an instruction.
pub(super) const PER_UNIT: usize = 4;

/// The buffer while nothing is written to it; attached to the VM.
#[derive(Default)]
pub(super) struct Spare(Cell<Vec<u8>>);

/// A text or message in the making, which is to become a string.
pub(super) struct Output<'c, 'a> {
    cx: &'c CallCx<'a>,
    bytes: Vec<u8>,
    /// Length from which the limits have to be looked at again.
    next_look: usize,
    /// Bytes and slots that have not been paid for.
    work: usize,
}

impl<'c, 'a> Output<'c, 'a> {
    /// Lets `write` fill the buffer and makes a string of it, pushed as the result.
    ///
    /// # Errors
    ///
    /// What `write` returns; the limits.
    pub(super) fn to_string(
        cx: &'c CallCx<'a>,
        write: impl FnOnce(&mut Output<'c, 'a>) -> Result<(), LuaError>,
    ) -> Result<(), LuaError> {
        let spare = cx.host_data::<Spare>();
        let mut output = Output {
            cx,
            bytes: spare.map(|spare| spare.0.take()).unwrap_or_default(),
            next_look: STRIDE,
            work: 0,
        };
        output.bytes.clear();
        let result = write(&mut output).and_then(|()| {
            cx.charge((output.work + output.unpaid()).div_ceil(PER_UNIT) as u64)?;
            cx.push_bytes(&output.bytes)
        });
        if let Some(spare) = spare
            && output.bytes.capacity() <= KEPT
        {
            spare.0.set(output.bytes);
        }
        result
    }

    pub(super) fn cx(&self) -> &'c CallCx<'a> {
        self.cx
    }

    /// What may be written without a look at the limits: short items.
    #[inline(always)]
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes written since the last payment.
    fn unpaid(&self) -> usize {
        (self.bytes.len() + STRIDE).saturating_sub(self.next_look)
    }

    /// To be called at least once per item, and after at most some hundred bytes.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline(always)]
    pub(super) fn look(&mut self) -> Result<(), LuaError> {
        if self.bytes.len() >= self.next_look {
            self.pay()
        } else {
            Ok(())
        }
    }

    #[cold]
    #[inline(never)]
    fn pay(&mut self) -> Result<(), LuaError> {
        let work = std::mem::take(&mut self.work) + self.unpaid();
        self.next_look = self.bytes.len() + STRIDE;
        self.cx.check_room(self.next_look)?;
        self.cx.charge((work / PER_UNIT) as u64)
    }

    /// Counts work that may leave no trace in the output, such as `slots` of a table.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline]
    pub(super) fn count(&mut self, slots: usize) -> Result<(), LuaError> {
        self.work += slots;
        if self.work >= STRIDE {
            self.pay()
        } else {
            Ok(())
        }
    }

    /// Appends bytes as they are.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), LuaError> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        self.look()
    }

    /// Makes room for `len` more bytes.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline]
    pub(super) fn reserve(&mut self, len: usize) -> Result<(), LuaError> {
        if len > STRIDE {
            self.cx.check_room(self.bytes.len().saturating_add(len))?;
        }
        self.bytes
            .try_reserve(len)
            .map_err(|_| self.cx.memory_error())
    }
}
