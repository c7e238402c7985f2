//! Hooks: functions that are told what a coroutine does (manual §5.9, `debug.sethook`).
//!
//! Owns who is told what, and the call. When something happens is for
//! [`crate::interp::observe`] to see.

use crate::error::LuaError;
use crate::interp::call::call_from_native;
use crate::interp::stack::Coroutine;
use crate::interp::{Finally, VmCore, observe};
use crate::value::RawValue;

/// The events that a hook wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookEvents {
    /// A function has been called.
    pub call: bool,
    /// A function is about to return.
    pub ret: bool,
    /// A new line of code starts, or the same one anew by a jump backwards.
    pub line: bool,
    /// So many instructions have been executed; 0 or less for never.
    pub count: i32,
}

/// Something that a hook may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A function has been called; its frame is the topmost.
    Call,
    /// The topmost frame is about to be left.
    Return,
    /// So does one that a tail call has replaced.
    TailReturn,
    /// A line starts.
    Line(u32),
    /// The count has run out.
    Count,
}

/// The hook of a coroutine, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Hook {
    /// Nil for none.
    pub(crate) function: RawValue,
    pub(crate) events: HookEvents,
    /// Instructions until the next count event.
    left: i32,
    /// The hook is running: it does not hear of itself.
    is_running: bool,
    /// Coroutines made by this one get the hook too.
    is_inherited: bool,
}

impl Hook {
    pub(crate) const NONE: Hook = Hook {
        function: RawValue::NIL,
        events: HookEvents {
            call: false,
            ret: false,
            line: false,
            count: 0,
        },
        left: 0,
        is_running: false,
        is_inherited: false,
    };

    /// The hook of a coroutine that is made by one with this hook. As in the reference
    /// the events of `debug.sethook` are inherited, and who hears of them is not.
    pub(crate) fn of_new_coroutine(&self) -> Hook {
        let Hook { events, .. } = *self;
        if !self.is_inherited {
            return Hook {
                events,
                ..Hook::NONE
            };
        }
        Hook {
            left: events.count,
            is_running: false,
            ..*self
        }
    }

    /// True if there is somebody to tell something.
    pub(crate) fn is_set(&self) -> bool {
        let events = &self.events;
        !self.function.is_nil() && (events.call || events.ret || events.line || events.count > 0)
    }

    /// True if the coroutine is to be observed now.
    pub(crate) fn is_active(&self) -> bool {
        self.is_set() && !self.is_running
    }

    /// True if calls and returns are to be told.
    pub(crate) fn hears_calls(&self) -> bool {
        self.events.call || self.events.ret
    }

    fn wants(&self, event: Event) -> bool {
        match event {
            Event::Call => self.events.call,
            Event::Return | Event::TailReturn => self.events.ret,
            Event::Line(_) => self.events.line,
            Event::Count => self.events.count > 0,
        }
    }

    /// Counts an instruction; true if the count event is due.
    pub(crate) fn count_down(&mut self) -> bool {
        if self.events.count <= 0 {
            return false;
        }
        self.left -= 1;
        if self.left <= 0 {
            self.left = self.events.count;
            return true;
        }
        false
    }
}

/// Sets the hook of a coroutine; a nil function removes it. `is_inherited` says whether
/// it is also that of the coroutines it makes from now on.
///
/// # Safety
///
/// The coroutine is live and of this VM, the function nil or a live function of it.
pub(crate) unsafe fn set(
    vm: *mut VmCore,
    coroutine: *mut Coroutine,
    function: RawValue,
    events: HookEvents,
    is_inherited: bool,
) {
    // SAFETY: the caller's contract; coroutines are never black: no barrier is needed.
    unsafe {
        let hook = &mut (*coroutine).hook;
        let was_set = hook.is_set();
        hook.function = function;
        hook.events = events;
        hook.left = events.count;
        hook.is_inherited = is_inherited;
        let is_set = hook.is_set();
        let observed = &mut (*vm).heap.observed;
        *observed = *observed + usize::from(is_set) - usize::from(was_set);
        VmCore::attend(vm);
    }
}

/// Keeps the hook of the running coroutine from hearing of what follows; returns what to
/// give to [`unmute`].
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn mute(vm: *mut VmCore) -> bool {
    // SAFETY: the caller's contract.
    unsafe {
        let hook = &mut (*(*vm).heap.current).hook;
        let was_running = std::mem::replace(&mut hook.is_running, true);
        if hook.is_set() {
            VmCore::arm(vm);
        }
        was_running
    }
}

/// Ends what [`mute`] began.
///
/// # Safety
///
/// As [`mute`]; the same coroutine runs.
pub(crate) unsafe fn unmute(vm: *mut VmCore, was_running: bool) {
    // SAFETY: the caller's contract.
    unsafe {
        let hook = &mut (*(*vm).heap.current).hook;
        hook.is_running = was_running;
        if (*vm).attention {
            VmCore::attend(vm);
        }
    }
}

/// Tells the hook of the running coroutine of an event, if it wants to hear of it. Both
/// stacks may have moved afterwards; the saved state has been corrected.
///
/// # Errors
///
/// What the hook raised, a stack overflow, or the memory limit.
///
/// # Safety
///
/// The saved state is that of the topmost frame; everything live is below its end, or
/// below the saved top.
pub(crate) unsafe fn tell(vm: *mut VmCore, event: Event) -> Result<(), LuaError> {
    // SAFETY: the caller's contract; S2: the hook and its arguments get slots above all
    // that is live.
    unsafe {
        let coroutine = (*vm).heap.current;
        let hook = &(*coroutine).hook;
        if !hook.is_active() || !hook.wants(event) {
            return Ok(());
        }
        let (name, line) = match event {
            Event::Call => ("call", None),
            Event::Return => ("return", None),
            Event::TailReturn => ("tail return", None),
            Event::Line(line) => ("line", Some(line)),
            Event::Count => ("count", None),
        };
        let name = RawValue::string((*vm).heap.string(name.as_bytes())?);
        let function = hook.function;
        let pc = (*vm).pc;
        let open_end = (*vm).top.addr().wrapping_sub((*coroutine).stack.addr());
        let end = (*coroutine).stack.add((*coroutine).stack_len);
        let func = VmCore::frame_top(vm).max((*vm).top.min(end));
        let moved = VmCore::ensure_slots(vm, func, 4)?;
        let func = func.wrapping_byte_offset(moved);
        *func = function;
        *func.add(1) = name;
        *func.add(2) = line.map_or(RawValue::NIL, |line| RawValue::number(f64::from(line)));
        (*vm).top = func.add(3);
        let traced = observe::trace(vm);
        let was_running = mute(vm);
        let muted = Finally(|| unmute(vm, was_running));
        let result = call_from_native(vm, func, 2);
        drop(muted);
        (*vm).traced = traced;
        (*vm).pc = pc;
        (*vm).top = (*coroutine).stack.wrapping_byte_add(open_end);
        result
    }
}
