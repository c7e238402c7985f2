//! The levels of the running coroutine: functions, positions, tracebacks (manual §5.9).

use super::CallCx;
use crate::debug;
use crate::value::borrowed::{Function, Value};

impl CallCx<'_> {
    /// The function running at a level: 0 is this native, 1 its caller. `None` beyond
    /// the last; `Some(None)` for a function lost to a tail call.
    pub fn frame_function(&self, level: usize) -> Option<Option<Function<'_>>> {
        // SAFETY: N2; B1.
        unsafe {
            let raw = debug::function_at_level(self.vm, level)?;
            Some(match self.wrap(raw) {
                Value::Function(function) => Some(function),
                _ => None,
            })
        }
    }

    /// The line that the function of a level is at, counted from 1; `None` if it is not
    /// a Lua function.
    pub fn frame_line(&self, level: usize) -> Option<u32> {
        // SAFETY: N2.
        unsafe { debug::line_at_level(self.vm, level) }
    }

    /// A traceback in Lua's format, from a level on (manual §5.9).
    pub fn traceback(&self, level: usize) -> Vec<u8> {
        // SAFETY: N2.
        unsafe { debug::traceback(self.vm, level) }
    }

    /// The position of a level, `chunk:line: `; empty if it is not a Lua function. Level
    /// 0 is the native itself, 1 its caller.
    pub fn position(&self, level: usize) -> Vec<u8> {
        // SAFETY: N2.
        unsafe { debug::position_at_level(self.vm, level) }
    }
}
