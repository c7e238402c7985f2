//! The levels of coroutines, their tracebacks and hooks (manual §5.9).

use super::CallCx;
use crate::debug::hooks::{self, HookEvents};
use crate::debug::levels::Level;
use crate::debug::traceback::traceback;
use crate::debug::{self, levels};
use crate::error::LuaError;
use crate::interp::stack::Coroutine;
use crate::interp::walk::Walk;
use crate::value::RawValue;
use crate::value::borrowed::{Function, Thread, Value, checked_raw};

/// Bytes of a line of a traceback for a level below zero.
const TAIL_CALL_BYTES: usize = 16;

impl CallCx<'_> {
    /// The position of a level, `chunk:line: `; empty if it is not a Lua function. Level
    /// 0 is the native itself, 1 its caller.
    pub fn position(&self, level: usize) -> Vec<u8> {
        // SAFETY: N2.
        unsafe { debug::position_at_level(self.vm, level) }
    }

    fn coroutine(&self, thread: Option<Thread<'_>>) -> Result<*mut Coroutine, LuaError> {
        let raw = match thread {
            Some(thread) => checked_raw(self.vm, Value::Thread(thread))?.as_thread(),
            None => None,
        };
        // SAFETY: the VM is live.
        Ok(raw.unwrap_or(unsafe { (*self.vm).heap.current }))
    }

    /// A level of a coroutine, `None` for the running one: its topmost function is at
    /// level 0, which is this native if it runs. `Ok(None)` beyond the last level.
    ///
    /// # Errors
    ///
    /// A coroutine of another VM.
    pub fn level(
        &self,
        thread: Option<Thread<'_>>,
        level: i32,
    ) -> Result<Option<Level<'_>>, LuaError> {
        let coroutine = self.coroutine(thread)?;
        // SAFETY: N2; the level borrows the context, so no Lua runs meanwhile.
        Ok(unsafe { Level::new(self.vm, coroutine, level) })
    }

    /// The function running at a level: 0 is this native, 1 its caller. `None` beyond
    /// the last; `Some(None)` for a function lost to a tail call.
    pub fn frame_function(&self, level: usize) -> Option<Option<Function<'_>>> {
        // SAFETY: N2; B1.
        unsafe {
            match levels::find(Walk::running(self.vm), level)? {
                levels::Place::TailCall => Some(None),
                levels::Place::Frame(walk) => match self.wrap(walk.function()?) {
                    Value::Function(function) => Some(Some(function)),
                    _ => Some(None),
                },
            }
        }
    }

    /// The line that the function of a level is at, counted from 1; `None` if it is not
    /// a Lua function.
    pub fn frame_line(&self, level: usize) -> Option<u32> {
        let level = self.level(None, i32::try_from(level).ok()?).ok()??;
        level.current_line()
    }

    /// A traceback in Lua's format, from a level on (manual §5.9).
    pub fn traceback(&self, level: usize) -> Vec<u8> {
        // SAFETY: N2.
        unsafe { traceback(Walk::running(self.vm), level as i64) }
    }

    /// A traceback of any coroutine, `None` for the running one, from a level on.
    ///
    /// # Errors
    ///
    /// A coroutine of another VM; the memory limit, since levels below zero have lines
    /// as well.
    pub fn traceback_of(
        &self,
        thread: Option<Thread<'_>>,
        level: i32,
    ) -> Result<Vec<u8>, LuaError> {
        let coroutine = self.coroutine(thread)?;
        let made_up = level.min(0).unsigned_abs() as usize;
        self.check_room(made_up.saturating_mul(TAIL_CALL_BYTES))?;
        // SAFETY: N2; the coroutine is of this VM.
        Ok(unsafe { traceback(Walk::of(self.vm, coroutine), level.into()) })
    }

    /// Sets what a coroutine, `None` for the running one, calls at certain events, with
    /// the name of the event and, for a new line, its number (manual §5.9,
    /// `debug.sethook`). The function does not hear of itself, and cannot yield; what it
    /// raises is raised where the event happened.
    ///
    /// # Errors
    ///
    /// A coroutine or a function of another VM.
    pub fn set_hook(
        &self,
        thread: Option<Thread<'_>>,
        function: Option<Function<'_>>,
        events: HookEvents,
    ) -> Result<(), LuaError> {
        self.put_hook(thread, function, events, false)
    }

    /// As [`CallCx::set_hook`] for the running coroutine and for all that it makes from
    /// now on, and those in turn: what a debugger wants.
    ///
    /// # Errors
    ///
    /// A function of another VM.
    pub fn set_inherited_hook(
        &self,
        function: Function<'_>,
        events: HookEvents,
    ) -> Result<(), LuaError> {
        self.put_hook(None, Some(function), events, true)
    }

    fn put_hook(
        &self,
        thread: Option<Thread<'_>>,
        function: Option<Function<'_>>,
        events: HookEvents,
        is_inherited: bool,
    ) -> Result<(), LuaError> {
        let coroutine = self.coroutine(thread)?;
        let function = match function {
            Some(function) => checked_raw(self.vm, Value::Function(function))?,
            None => RawValue::NIL,
        };
        // SAFETY: N2; coroutine and function are of this VM.
        unsafe { hooks::set(self.vm, coroutine, function, events, is_inherited) };
        Ok(())
    }

    /// The hook of a coroutine, `None` for the running one, and its events. A new
    /// coroutine has the events of the one that made it, and no function.
    ///
    /// # Errors
    ///
    /// A coroutine of another VM.
    pub fn hook(
        &self,
        thread: Option<Thread<'_>>,
    ) -> Result<(Option<Function<'_>>, HookEvents), LuaError> {
        let coroutine = self.coroutine(thread)?;
        // SAFETY: the coroutine is live.
        let hook = unsafe { (*coroutine).hook };
        let function = match self.wrap(hook.function) {
            Value::Function(function) => Some(function),
            _ => None,
        };
        Ok((function, hook.events))
    }
}
