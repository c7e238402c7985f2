//! The levels of a coroutine (manual §5.9): its frames from the topmost down, and
//! between them those that tail calls have replaced.

use std::marker::PhantomData;

use super::{line_of, names};
use crate::interp::VmCore;
use crate::interp::stack::Coroutine;
use crate::interp::walk::Walk;
use crate::value::borrowed::{Function, Value};

/// What is at a level.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A frame.
    Frame(Walk),
    /// A frame that was lost to a tail call.
    TailCall,
}

/// Calls `visit` for each level from a walk's frame down, until it returns false.
///
/// # Safety
///
/// The walk's state is consistent.
pub(crate) unsafe fn each(mut walk: Walk, mut visit: impl FnMut(Place) -> bool) {
    // SAFETY: the caller's contract.
    unsafe {
        while !walk.has_ended() && walk.function().is_some() {
            if !visit(Place::Frame(walk)) {
                return;
            }
            let (_, tail_calls) = walk.descend();
            for _ in 0..tail_calls {
                if !visit(Place::TailCall) {
                    return;
                }
            }
        }
    }
}

/// What is `level` levels down from a walk's frame; `None` beyond the last.
///
/// # Safety
///
/// As [`each`].
pub(crate) unsafe fn find(walk: Walk, level: usize) -> Option<Place> {
    let mut left = level;
    let mut found = None;
    // SAFETY: the caller's contract.
    unsafe {
        each(walk, |place| {
            if left == 0 {
                found = Some(place);
                return false;
            }
            left -= 1;
            true
        });
    }
    found
}

/// Counts units for the profiler, if there is one, and takes the sample that is due: the
/// frames of the running coroutine, of the one that resumed it, and so on.
///
/// # Safety
///
/// The saved state is consistent.
#[inline]
pub(crate) unsafe fn sample(vm: *mut VmCore, units: u64) {
    // SAFETY: the caller's contract. Nothing that a sample asks for runs Lua or collects.
    unsafe {
        let stands_for = match &mut (*vm).profiler {
            Some(profiler) => profiler.spend(units),
            None => 0,
        };
        if stands_for > 0 {
            take_sample(vm, stands_for);
        }
    }
}

/// The rarer half of [`sample`].
#[inline(never)]
unsafe fn take_sample(vm: *mut VmCore, stands_for: u64) {
    // SAFETY: as `sample`.
    unsafe {
        let Some(mut profiler) = (*vm).profiler.take() else {
            return;
        };
        let mut coroutine = (*vm).heap.current;
        let mut is_wanted = true;
        while is_wanted && !coroutine.is_null() {
            each(Walk::of(vm, coroutine), |place| {
                is_wanted = profiler.add_frame(&Level {
                    vm,
                    coroutine,
                    place,
                    marker: PhantomData,
                });
                is_wanted
            });
            coroutine = (*coroutine).resumer;
        }
        profiler.finish_sample(stands_for);
        (*vm).profiler = Some(profiler);
    }
}

/// A level of a coroutine, borrowed from the context that it was asked of.
#[derive(Clone, Copy)]
pub struct Level<'v> {
    vm: *mut VmCore,
    coroutine: *mut Coroutine,
    place: Place,
    marker: PhantomData<&'v ()>,
}

impl<'v> Level<'v> {
    /// The level of a coroutine; `None` beyond the last. Below zero is, as for the
    /// reference, a tail call.
    ///
    /// # Safety
    ///
    /// B1 for the lifetime, during which no Lua runs; the coroutine is of this VM, whose
    /// saved state is consistent.
    pub(crate) unsafe fn new(
        vm: *mut VmCore,
        coroutine: *mut Coroutine,
        level: i32,
    ) -> Option<Level<'v>> {
        // SAFETY: the caller's contract.
        let place = unsafe {
            match usize::try_from(level) {
                Ok(level) => find(Walk::of(vm, coroutine), level)?,
                Err(_) => Place::TailCall,
            }
        };
        Some(Level {
            vm,
            coroutine,
            place,
            marker: PhantomData,
        })
    }

    /// The frame, if it is still there; its stack may have moved meanwhile (N3).
    pub(super) fn walk(&self) -> Option<Walk> {
        match self.place {
            // SAFETY: B1: the coroutine is live and its frames are as they were.
            Place::Frame(walk) => Some(unsafe { walk.moved_with(self.coroutine) }),
            Place::TailCall => None,
        }
    }

    pub(super) fn core(&self) -> *mut VmCore {
        self.vm
    }

    /// True if a tail call has replaced the frame: nothing else is known of it.
    pub fn is_tail_call(&self) -> bool {
        matches!(self.place, Place::TailCall)
    }

    /// The function that runs; `None` for a tail call.
    pub fn function(&self) -> Option<Function<'v>> {
        let walk = self.walk()?;
        // SAFETY: S2 puts the function below the frame; B1.
        unsafe {
            match Value::from_raw(self.vm, walk.function()?) {
                Value::Function(function) => Some(function),
                _ => None,
            }
        }
    }

    /// The line that a Lua function is at, counted from 1; `None` for a native.
    pub fn current_line(&self) -> Option<u32> {
        // SAFETY: the walk has been brought up to date.
        unsafe { line_of(&self.walk()?) }
    }

    /// How the calling instruction knows the function: the kind of name (`global`,
    /// `local`, `method`, `field`, `upvalue`) and the name.
    pub fn name(&self) -> Option<(&'static str, Vec<u8>)> {
        // SAFETY: as in `current_line`.
        unsafe { names::of_called(&self.walk()?) }
    }
}

impl std::fmt::Debug for Level<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Level")
            .field("function", &self.function())
            .field("line", &self.current_line())
            .finish()
    }
}
