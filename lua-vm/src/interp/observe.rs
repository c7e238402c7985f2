//! Running under observation: the second form of the loop, and the moments at which an
//! observer is told something.
//!
//! The loop exists twice. The ordinary one knows nothing of observers. The observed one
//! announces each instruction, call and return, and takes no short cuts. [`attend`]
//! (`VmCore::attend`) decides which of the two a coroutine runs in; where that changes,
//! the loop is left with [`Exit::Switch`] and entered again in its other form. What makes
//! ordinary code notice costs it nothing:
//!
//! - `VmCore::attention` replaces the test for an abort after every native;
//! - `VmCore::builtin_bits` makes the number of every native that [`call::precall`] meets
//!   an unknown one;
//! - a null `VmCore::word_limit` sends what starts a loop to its cold path.
//!
//! [`attend`]: VmCore::attend

use super::builtin::Builtin;
use super::frame::{Word, WordKind};
use super::walk::instruction_count;
use super::{Exit, Finally, VmCore, call, run, unwind};
use crate::debug::hooks::{self, Event};
use crate::debug::levels;
use crate::error::LuaError;
use crate::func::closure::LuaClosure;
use crate::func::upvalue::UpValue;
use crate::heap::object::{CodeObj, Kind};
use crate::interp::stack::Coroutine;
use crate::value::RawValue;

/// `VmCore::observed_depth` while no observed loop runs.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Where the last instruction that was announced ends, and in which coroutine.
#[derive(Clone, Copy)]
pub(crate) struct Traced {
    /// Just behind its first word; null if the next one is to be compared with the word
    /// before it.
    pc: *const u32,
    coroutine: *mut Coroutine,
    /// That instruction may be executed again, without a jump of the program's.
    repeats: bool,
}

impl Traced {
    pub(crate) const NOTHING: Traced = Traced {
        pc: std::ptr::null(),
        coroutine: std::ptr::null_mut(),
        repeats: false,
    };
}

impl VmCore {
    /// Decides anew in which loop the running coroutine belongs, and sets what leads the
    /// ordinary one to notice.
    ///
    /// # Safety
    ///
    /// The VM is live.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn attend(vm: *mut VmCore) {
        // SAFETY: the caller's contract.
        unsafe {
            let is_wanted = Self::arm(vm);
            if is_wanted != is_in_observed_loop(vm) && (*vm).exit == Exit::None {
                (*vm).exit = Exit::Switch;
            }
        }
    }

    /// Sets what leads ordinary code to notice whether the running coroutine is to be
    /// observed, and returns whether it is.
    ///
    /// # Safety
    ///
    /// The VM is live.
    pub(crate) unsafe fn arm(vm: *mut VmCore) -> bool {
        // SAFETY: the caller's contract.
        unsafe {
            let is_wanted = is_wanted(vm);
            (*vm).attention = (*vm).aborting.is_some()
                || (*vm).heap.observed > 0
                || (*vm).profiler.is_some()
                || (*vm).observed_depth != NOWHERE;
            (*vm).builtin_bits = if is_wanted { Builtin::WATCHED_BIT } else { 0 };
            Self::compute_limits(vm);
            if is_wanted {
                (*vm).word_limit = std::ptr::null_mut();
            }
            is_wanted
        }
    }
}

/// True if the running coroutine is to run in the observed loop.
unsafe fn is_wanted(vm: *const VmCore) -> bool {
    // SAFETY: the callers pass a live VM.
    unsafe { (*(*vm).heap.current).hook.is_active() || (*vm).profiler.is_some() }
}

/// True if the innermost loop is an observed one.
unsafe fn is_in_observed_loop(vm: *const VmCore) -> bool {
    // SAFETY: as above.
    unsafe { (*vm).observed_depth == (*vm).native_depth }
}

/// Runs in the loop that the running coroutine belongs in, and changes loops as needed.
///
/// # Safety
///
/// As [`run::run`], which has been left to switch.
#[cold]
#[inline(never)]
pub(crate) unsafe fn run_switching(vm: *mut VmCore) {
    // SAFETY: the caller's contract.
    unsafe {
        while (*vm).exit == Exit::Switch {
            (*vm).exit = Exit::None;
            if is_wanted(vm) {
                let outer = (*vm).observed_depth;
                (*vm).observed_depth = (*vm).native_depth;
                (*vm).is_announced = false;
                let _observed = Finally(|| (*vm).observed_depth = outer);
                run::run::<true>(vm);
            } else {
                run::run::<false>(vm);
            }
        }
    }
}

/// What was announced last, to be put back after other frames have run.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn trace(vm: *const VmCore) -> Traced {
    // SAFETY: the caller's contract.
    unsafe { (*vm).traced }
}

/// Notes that the running coroutine stands behind `pc`.
unsafe fn note(vm: *mut VmCore, pc: *const u32) {
    // SAFETY: the callers pass a live VM.
    unsafe {
        (*vm).traced = Traced {
            pc,
            coroutine: (*vm).heap.current,
            repeats: false,
        };
    }
}

/// Called where the observed loop takes up the saved state: if that is the start of a
/// function, it has just been called.
///
/// # Safety
///
/// The saved state is consistent.
#[inline(never)]
pub(crate) unsafe fn arrive(vm: *mut VmCore) {
    // SAFETY: the caller's contract.
    unsafe {
        if std::mem::take(&mut (*vm).is_announced) || (*vm).exit != Exit::None {
            return;
        }
        let Some(closure) = VmCore::lua_closure((*vm).base) else {
            return;
        };
        if std::ptr::eq((*vm).pc, (*closure).code)
            && let Err(error) = hooks::tell(vm, Event::Call)
        {
            unwind::raise(vm, error);
        }
    }
}

/// Announces the instruction whose first word lies just below the saved `pc`: its count,
/// and its line if that is a new one, or the same again after a jump backwards.
///
/// # Errors
///
/// What the observer raised.
///
/// # Safety
///
/// The saved state is that of a Lua frame about to execute the instruction.
#[inline(never)]
pub(crate) unsafe fn step(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: the caller's contract; V1.
    unsafe {
        let coroutine = (*vm).heap.current;
        let pc = (*vm).pc;
        let traced = (*vm).traced;
        note(vm, pc);
        levels::sample(vm, 1);
        if !(*coroutine).hook.is_active() {
            return Ok(());
        }
        if (*coroutine).hook.count_down() {
            hooks::tell(vm, Event::Count)?;
        }
        if !(*coroutine).hook.events.line {
            return Ok(());
        }
        let Some(closure) = VmCore::lua_closure((*vm).base) else {
            return Ok(());
        };
        let code = LuaClosure::code_object(closure);
        let lines = &CodeObj::info(code).lines;
        let index = |pc: *const u32| {
            (pc.addr().wrapping_sub((*code).code.addr()) / size_of::<u32>()).wrapping_sub(1)
        };
        let at = index(pc);
        let line = lines.line(at as u32);
        let last = index(traced.pc);
        let is_new = if at == 0 {
            true
        } else if traced.coroutine == coroutine && last < instruction_count(code) {
            at < last || (at == last && !traced.repeats) || line != lines.line(last as u32)
        } else {
            line != lines.line(at as u32 - 1)
        };
        if is_new {
            hooks::tell(vm, Event::Line(line))?;
        }
        Ok(())
    }
}

/// Makes the next instruction start its line anew: where the reference jumps forward to
/// the end of a loop and back, and the loop here goes straight on.
///
/// # Safety
///
/// The saved state is that of a Lua frame.
#[cold]
pub(crate) unsafe fn start_line(vm: *mut VmCore) {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(closure) = VmCore::lua_closure((*vm).base) {
            let code = LuaClosure::code_object(closure);
            note(vm, (*code).code.add(instruction_count(code)));
        }
    }
}

/// Says that the running instruction may be executed again after it has been rewritten, or
/// its operands converted: that is no new start of its line.
///
/// # Safety
///
/// The VM is live.
pub(crate) unsafe fn expect_repeat(vm: *mut VmCore) {
    // SAFETY: the caller's contract.
    unsafe { (*vm).traced.repeats = true };
}

/// Where the frame that called the topmost one stands; null if it is not a Lua frame.
unsafe fn caller_pc(vm: *const VmCore) -> *const u32 {
    // SAFETY: S3.
    unsafe {
        let mut fp = (*vm).fp;
        let bottom = (*(*vm).heap.current).words;
        while fp > bottom {
            fp = fp.sub(1);
            if !Word::is_special(*fp) {
                return std::ptr::with_exposed_provenance(*fp);
            }
            let word = Word(*fp);
            match word.kind() {
                WordKind::Vararg | WordKind::Tail | WordKind::Watched => {}
                _ if word.is_meta() => return std::ptr::with_exposed_provenance(*fp.sub(1)),
                _ => break,
            }
        }
        std::ptr::null()
    }
}

/// Announces that the topmost frame returns `count` values from `first` on. Returns where
/// they are then.
///
/// # Errors
///
/// What the observer raised.
///
/// # Safety
///
/// The saved base and `fp` are the frame's; the values are live slots at or above its
/// base.
unsafe fn announce_return(
    vm: *mut VmCore,
    first: *mut RawValue,
    count: usize,
) -> Result<*mut RawValue, LuaError> {
    // SAFETY: the caller's contract; what is live ends at the results' end or the frame's.
    unsafe {
        let offset = first.offset_from((*vm).base);
        (*vm).top = first.add(count);
        hooks::tell(vm, Event::Return)?;
        announce_tail_returns(vm)?;
        note(vm, caller_pc(vm));
        Ok((*vm).base.offset(offset))
    }
}

/// Announces the return of each frame that the topmost one has replaced.
unsafe fn announce_tail_returns(vm: *mut VmCore) -> Result<(), LuaError> {
    // SAFETY: S3: a `Tail` word lies below the frame's `Vararg` word, or on top.
    unsafe {
        let is_kind = |word: usize, kind| Word::is_special(word) && Word(word).kind() == kind;
        let mut depth = 1;
        if is_kind(*(*vm).fp.sub(1), WordKind::Vararg) {
            depth = 2;
        }
        while is_kind(*(*vm).fp.sub(depth), WordKind::Tail) {
            let slot = (*vm).fp.sub(depth);
            let left = Word(*slot).distance();
            if left == 0 || !is_wanted(vm) {
                break;
            }
            // The hook is to find one frame less that has been lost.
            *slot = Word::new(WordKind::Tail, left - 1).0;
            hooks::tell(vm, Event::TailReturn)?;
        }
        Ok(())
    }
}

/// Returns from a Lua frame of the observed loop.
///
/// # Safety
///
/// The saved state is the frame's, standing behind its return instruction; the results
/// are live slots of it.
#[inline(never)]
pub(crate) unsafe fn return_values(vm: *mut VmCore, first: *mut RawValue, count: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        match announce_return(vm, first, count) {
            Ok(first) => call::return_values(vm, (*vm).base, (*vm).fp, first, count),
            Err(error) => {
                unwind::raise(vm, error);
            }
        }
    }
}

/// Does what is left to do after a native while there is an abort or an observer: raises
/// the abort; announces the return; leaves the loop if another one is to go on.
///
/// # Errors
///
/// The abort, or what the observer raised; [`call::Ended::Left`] if the native's results
/// have been delivered, and the loop is to be left.
///
/// # Safety
///
/// The saved base is the native's, whose results are `count` live slots from `first` on;
/// its return word has been pushed.
#[cold]
#[inline(never)]
pub(crate) unsafe fn native_returned(
    vm: *mut VmCore,
    mut first: *mut RawValue,
    count: usize,
) -> Result<*mut RawValue, call::Ended> {
    // SAFETY: the caller's contract.
    unsafe {
        if (*vm).aborting.is_some() {
            return Err(call::Ended::Failed(unwind::abort_error(vm)));
        }
        if is_wanted(vm) {
            first = announce_return(vm, first, count).map_err(call::Ended::Failed)?;
        }
        VmCore::attend(vm);
        if (*vm).exit == Exit::Switch {
            call::return_values(vm, (*vm).base, (*vm).fp, first, count);
            return Err(call::Ended::Left);
        }
        Ok(first)
    }
}

/// Calls a native that the observer is to hear of: [`call::precall`] for that case.
///
/// # Safety
///
/// As [`call::precall`]; the function in `func` is a native.
#[cold]
#[inline(never)]
pub(crate) unsafe fn call_native(vm: *mut VmCore, func: *mut RawValue, n_args: usize) {
    // SAFETY: the caller's contract; S3: a call leaves spare words.
    unsafe {
        (*vm).base = func.add(1);
        (*vm).top = func.add(1 + n_args);
        if let Err(error) = hooks::tell(vm, Event::Call) {
            unwind::raise(vm, error);
            return;
        }
        let func = (*vm).base.sub(1);
        let Some(function) = (*func).as_function() else {
            return;
        };
        let builtin = Builtin::from_byte((*function).aux);
        if builtin.has_own_frames() {
            if let Err(error) = VmCore::ensure_words(vm) {
                unwind::raise(vm, error);
                return;
            }
            *(*vm).fp = Word::with(WordKind::Watched, 0, builtin as u8, 0, 0).0;
            (*vm).fp = (*vm).fp.add(1);
        }
        if let Some((callee, n_args)) = call::call_native(vm, func, n_args, function, builtin as u8)
        {
            call::precall(vm, callee, n_args);
        }
    }
}

/// Announces the return of a function of the interpreter's own, whose `Watched` word has
/// been taken off. Returns base and first result.
///
/// # Errors
///
/// What the observer raised.
///
/// # Safety
///
/// The frame at `base`, with its words below `fp`, is the topmost of the running
/// coroutine; the results are live slots at or above its function's.
#[cold]
#[inline(never)]
pub(crate) unsafe fn builtin_returned(
    vm: *mut VmCore,
    word: Word,
    base: *mut RawValue,
    fp: *mut usize,
    mut first: *mut RawValue,
    count: usize,
) -> Result<(*mut RawValue, *mut RawValue), LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        (*vm).base = base;
        (*vm).fp = fp;
        (*vm).top = first.add(count);
        if !is_wanted(vm) {
            return Ok((base, first));
        }
        if first < base {
            // The results have taken the function's place, where the observer looks for it.
            let moved = VmCore::ensure_slots(vm, (*vm).top, 1)?;
            let base = base.wrapping_byte_offset(moved);
            std::ptr::copy(base.sub(1), base, count);
            let function = (*vm).heap.builtins[word.a() as usize];
            *base.sub(1) = RawValue::lua_function(function.cast());
            first = base;
        }
        let first = announce_return(vm, first, count)?;
        Ok(((*vm).base, first))
    }
}

/// A tail call in the observed loop: the observer hears of the call while the caller is
/// still there.
///
/// # Safety
///
/// The saved state is that of a Lua frame; the function in `func` is a Lua function, its
/// arguments live slots above.
#[inline(never)]
pub(crate) unsafe fn tail_call(vm: *mut VmCore, func: *mut RawValue, n_args: usize) {
    // SAFETY: the caller's contract; offsets outlive what moves the stacks.
    unsafe {
        let coroutine = (*vm).heap.current;
        let old_base = (*vm).base.offset_from((*coroutine).stack) as usize;
        let old_words = (*vm).fp.offset_from((*coroutine).words) as usize;
        let Some(function) = (*func).as_function() else {
            return;
        };
        debug_assert!((*function).kind == Kind::LuaFunction);
        *(*vm).fp = (*vm).pc.expose_provenance();
        (*vm).fp = (*vm).fp.add(1);
        let entered = call::enter(vm, func, n_args, function.cast())
            .and_then(|()| hooks::tell(vm, Event::Call));
        if let Err(error) = entered {
            unwind::raise(vm, error);
            return;
        }
        (*vm).is_announced = true;
        // The new frame takes the place of the old one.
        let (base, end) = ((*vm).base, VmCore::frame_top(vm));
        let word = Word(*(*vm).fp.sub(1));
        let extra = if Word::is_special(word.0) {
            word.distance()
        } else {
            0
        };
        (*vm).base = (*coroutine).stack.add(old_base);
        (*vm).fp = (*coroutine).words.add(old_words);
        if !(*coroutine).open_upvalues.is_null() {
            UpValue::close(&mut (*vm).heap, coroutine, (*vm).base);
        }
        let to = call::leave_for_tail_call(vm);
        let from = base.sub(extra + 1);
        std::ptr::copy(from, to, end.offset_from(from) as usize);
        (*vm).base = to.add(extra + 1);
        if extra > 0 {
            *(*vm).fp = word.0;
            (*vm).fp = (*vm).fp.add(1);
        }
    }
}
