//! Errors that a native function raises, and their positions.

use super::CallCx;
use crate::debug::names;
use crate::error::LuaError;
use crate::interp::unwind;
use crate::value::borrowed::{Thread, Value, checked_raw};

impl CallCx<'_> {
    /// An error with a message, in front of which the position of the caller is put.
    pub fn error(&self, message: impl AsRef<[u8]>) -> LuaError {
        let mut text = self.position(1);
        text.extend_from_slice(message.as_ref());
        // SAFETY: the VM is live.
        unsafe { unwind::throw_text(self.vm, &text) }
    }

    /// `bad argument #i to 'f' (message)`, with the position of the caller.
    pub fn arg_error(&self, i: usize, message: impl AsRef<[u8]>) -> LuaError {
        // SAFETY: N2.
        let text = unsafe { names::argument_message(self.vm, i, message.as_ref()) };
        self.error(text)
    }

    /// `bad argument #i to 'f' (X expected, got Y)`.
    pub fn type_error(&self, i: usize, expected: &str) -> LuaError {
        let got = if self.has_arg(i) {
            self.arg(i).type_name()
        } else {
            "no value"
        };
        self.arg_error(i, format!("{expected} expected, got {got}"))
    }

    /// An error with any value, as it is.
    pub fn throw(&self, value: Value<'_>) -> LuaError {
        match checked_raw(self.vm, value) {
            // SAFETY: the value is of this VM.
            Ok(raw) => unsafe { unwind::throw_value(self.vm, raw) },
            Err(error) => error,
        }
    }

    /// Shows an error to the message handler in force, for a native that catches it itself
    /// where the reference's raises it; [`CallCx::error_value`] is then what the handler has
    /// made of it.
    ///
    /// # Errors
    ///
    /// An abort, be it this one or one in the handler.
    pub fn show_to_handler(&mut self, error: LuaError) -> Result<(), LuaError> {
        // SAFETY: N2.
        let shown = unsafe { unwind::handle(self.vm, error) };
        if shown.kind().is_abort() {
            return Err(shown);
        }
        Ok(())
    }

    /// A message as the thrown value, as it is.
    pub(crate) fn throw_message(&self, message: &[u8]) -> LuaError {
        // SAFETY: the VM is live.
        unsafe { unwind::throw_text(self.vm, message) }
    }

    /// Keeps the traceback of a coroutine that has failed, if the host has asked for it.
    pub(crate) fn note_traceback(&self, thread: Thread<'_>) -> Result<(), LuaError> {
        // SAFETY: the VM is live.
        unsafe {
            if (*self.vm).records_traceback {
                (*self.vm).traceback = Some(self.traceback_of(Some(thread), 0)?);
            }
        }
        Ok(())
    }

    /// The traceback of the last error that nothing has caught, if the host has asked
    /// for it.
    pub(crate) fn take_traceback(&self) -> Option<Vec<u8>> {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).traceback.take() }
    }

    /// The value of the last error.
    pub fn error_value(&self) -> Value<'_> {
        // SAFETY: the thrown value is a root.
        self.wrap(unsafe { (*self.vm).heap.thrown })
    }

    /// The error for want of memory.
    pub fn memory_error(&self) -> LuaError {
        // SAFETY: the VM is live.
        unsafe { unwind::memory_abort(self.vm) }
    }
}
