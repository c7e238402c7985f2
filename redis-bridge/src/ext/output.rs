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
    /// What has been written, and behind it room, which holds anything.
    bytes: Vec<u8>,
    len: usize,
    /// Length up to which nothing has to be looked at: there is room, and it is not far
    /// beyond what has been paid for.
    limit: usize,
    /// Length that has been paid for.
    paid: usize,
    /// Slots that have not been paid for.
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
        let bytes = spare.map(|spare| spare.0.take()).unwrap_or_default();
        let mut output = Output {
            cx,
            limit: bytes.len().min(STRIDE),
            bytes,
            len: 0,
            paid: 0,
            work: 0,
        };
        let result = write(&mut output).and_then(|()| {
            cx.charge(output.unpaid().div_ceil(PER_UNIT) as u64)?;
            cx.push_bytes(&output.bytes[..output.len])
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

    /// Bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Work since the last payment.
    fn unpaid(&self) -> usize {
        self.work + self.len - self.paid
    }

    /// So many bytes behind what has been written, to be written and then taken over by
    /// [`Output::advance`], in full or only the first of them.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline(always)]
    pub(super) fn claim(&mut self, len: usize) -> Result<&mut [u8], LuaError> {
        if self.limit - self.len < len {
            self.extend(len)?;
        }
        Ok(&mut self.bytes[self.len..][..len])
    }

    /// Takes over bytes that have been claimed.
    #[inline(always)]
    pub(super) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.limit - self.len);
        self.len += len;
    }

    /// Lets `len` more bytes be written, after a look at everything.
    #[cold]
    #[inline(never)]
    fn extend(&mut self, len: usize) -> Result<(), LuaError> {
        let end = self.len.saturating_add(len);
        // Always: slots may have been paid for, and the bytes with them, without a look.
        self.cx.check_room(end)?;
        if end > self.paid + STRIDE {
            self.pay()?;
        }
        if end > self.bytes.len() {
            // The capacity doubles; of what is beyond, no more is touched.
            let room = end + STRIDE;
            self.bytes
                .try_reserve(room - self.bytes.len())
                .map_err(|_| self.cx.memory_error())?;
            self.bytes.resize(room, 0);
        }
        self.limit = end.max(self.paid + STRIDE).min(self.bytes.len());
        Ok(())
    }

    fn pay(&mut self) -> Result<(), LuaError> {
        let work = self.unpaid();
        (self.paid, self.work) = (self.len, 0);
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

    /// Appends a few bytes.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), LuaError> {
        self.claim(N)?.copy_from_slice(&bytes);
        self.advance(N);
        Ok(())
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// The limits.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), LuaError> {
        self.claim(bytes.len())?.copy_from_slice(bytes);
        self.advance(bytes.len());
        Ok(())
    }
}
