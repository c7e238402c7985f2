//! The walk over the frames of a coroutine, from the running one down: for positions,
//! tracebacks and levels.

use lua_compiler::isa::Op;

use super::VmCore;
use super::frame::{Word, WordKind};
use super::stack::{Coroutine, Status};
use crate::func::closure::LuaClosure;
use crate::heap::object::CodeObj;
use crate::value::RawValue;

/// How a frame came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An instruction of the frame below: a call, or one that called a metamethod, a
    /// message handler, a finalizer or a hook.
    Instruction,
    /// A native of the frame below, `pcall` included.
    Native,
    /// The frame is its coroutine's first, or the host called it.
    None,
}

/// A position of the walk.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) base: *mut RawValue,
    /// Where the frame's own slots end: at the function of the frame above.
    pub(crate) end: *mut RawValue,
    fp: *mut usize,
    bottom: *mut usize,
    /// The value stack, to notice when it has moved.
    stack: *mut RawValue,
    /// Where the frame's execution stands, behind the instruction; null in a native.
    pub(crate) pc: *const u32,
}

impl Walk {
    /// The walk from the saved state of the running coroutine.
    ///
    /// # Safety
    ///
    /// The saved state is consistent, and stays so while the walk is used.
    pub(crate) unsafe fn running(vm: *const VmCore) -> Walk {
        // SAFETY: the caller's contract.
        unsafe {
            let coroutine = (*vm).heap.current;
            let mut walk = Walk {
                base: (*vm).base,
                end: (*vm).top,
                fp: (*vm).fp,
                bottom: (*coroutine).words,
                stack: (*coroutine).stack,
                pc: (*vm).pc,
            };
            walk.drop_pc_of_native();
            walk
        }
    }

    /// The walk over any coroutine; it has ended at once in one that has not started, or
    /// has returned.
    ///
    /// # Safety
    ///
    /// As [`Walk::running`]; the coroutine is live and of this VM.
    pub(crate) unsafe fn of(vm: *const VmCore, coroutine: *const Coroutine) -> Walk {
        // SAFETY: the caller's contract.
        unsafe {
            if std::ptr::eq(coroutine, (*vm).heap.current) {
                return Walk::running(vm);
            }
            let is_suspended = (*coroutine).status == Status::Suspended;
            let mut walk = Walk {
                base: (*coroutine).base,
                // What a yield has passed on is no longer there.
                end: if is_suspended {
                    (*coroutine).base
                } else {
                    (*coroutine).top
                },
                fp: (*coroutine).fp,
                bottom: (*coroutine).words,
                stack: (*coroutine).stack,
                pc: (*coroutine).pc,
            };
            if !(*coroutine).is_started || walk.fp == walk.bottom {
                walk.base = std::ptr::null_mut();
            } else {
                walk.drop_pc_of_native();
            }
            walk
        }
    }

    /// The same walk after the stacks of its coroutine may have moved.
    ///
    /// # Safety
    ///
    /// The walk is over this coroutine, whose frames have not changed.
    pub(crate) unsafe fn moved_with(&self, coroutine: *const Coroutine) -> Walk {
        let mut walk = *self;
        // SAFETY: S1, S3: the slots and words are where they were, from the start.
        unsafe {
            walk.stack = (*coroutine).stack;
            walk.bottom = (*coroutine).words;
            let slots = (walk.stack.addr() as isize).wrapping_sub(self.stack.addr() as isize);
            let words = (walk.bottom.addr() as isize).wrapping_sub(self.bottom.addr() as isize);
            walk.base = self.base.wrapping_byte_offset(slots);
            walk.end = self.end.wrapping_byte_offset(slots);
            walk.fp = self.fp.wrapping_byte_offset(words);
        }
        walk
    }

    unsafe fn drop_pc_of_native(&mut self) {
        // SAFETY: S2.
        unsafe {
            if VmCore::lua_closure(self.base).is_none() {
                self.pc = std::ptr::null();
            }
        }
    }

    /// The frame's function; `None` below the last frame.
    ///
    /// # Safety
    ///
    /// As for the constructors.
    pub(crate) unsafe fn function(&self) -> Option<RawValue> {
        // SAFETY: S2.
        unsafe {
            let function = *self.base.sub(1);
            function.as_function().map(|_| function)
        }
    }

    /// The frame's Lua closure and the index of its current instruction.
    ///
    /// # Safety
    ///
    /// As for the constructors.
    pub(crate) unsafe fn lua(&self) -> Option<(*mut LuaClosure, *mut CodeObj, usize)> {
        // SAFETY: S2, V1.
        unsafe {
            let closure = VmCore::lua_closure(self.base)?;
            if self.pc.is_null() {
                return None;
            }
            let code = LuaClosure::code_object(closure);
            // A call that failed before its frame was made leaves the caller's `pc`: then
            // the function stands at its start.
            let bytes = self.pc.addr().wrapping_sub((*code).code.addr());
            let behind = bytes / size_of::<u32>();
            let is_inside = behind <= CodeObj::info(code).code_len;
            Some((
                closure,
                code,
                instruction_before(code, if is_inside { behind } else { 0 }),
            ))
        }
    }

    /// Goes down to the frame below.
    ///
    /// # Safety
    ///
    /// As for the constructors.
    pub(crate) unsafe fn descend(&mut self) -> (Caller, usize) {
        let mut tail_calls = 0;
        // SAFETY: S3.
        unsafe {
            while self.fp > self.bottom {
                self.fp = self.fp.sub(1);
                let word = *self.fp;
                if !Word::is_special(word) {
                    self.pc = std::ptr::with_exposed_provenance(word);
                    let ins = *self.pc.sub(1);
                    self.end = self.base.sub(1);
                    self.base = self.base.sub(1 + ((ins >> 8) as usize & 255));
                    return (Caller::Instruction, tail_calls);
                }
                let word = Word(word);
                match word.kind() {
                    WordKind::Vararg => self.base = self.base.sub(word.distance()),
                    WordKind::Tail => tail_calls += word.distance(),
                    WordKind::Watched => {}
                    WordKind::Native | WordKind::Pcall | WordKind::Xpcall => {
                        self.end = self.base.sub(1);
                        self.base = self.base.sub(word.distance());
                        self.pc = std::ptr::null();
                        return (Caller::Native, tail_calls);
                    }
                    WordKind::Coroutine => break,
                    _ => {
                        self.end = self.base.sub(1);
                        self.base = self.base.sub(word.distance());
                        self.fp = self.fp.sub(1);
                        self.pc = std::ptr::with_exposed_provenance(*self.fp);
                        return (Caller::Instruction, tail_calls);
                    }
                }
            }
            self.fp = self.bottom;
            // Slot 0 of a stack is never a function of the walk's concern again.
            self.base = std::ptr::null_mut();
        }
        (Caller::None, tail_calls)
    }

    /// True below the last frame.
    pub(crate) fn has_ended(&self) -> bool {
        self.base.is_null()
    }
}

/// Number of words of a function's code.
///
/// # Safety
///
/// The code object is live.
pub(crate) unsafe fn instruction_count(code: *const CodeObj) -> usize {
    // SAFETY: the caller's contract.
    unsafe { CodeObj::info(code).code_len }
}

/// Index of the instruction that ends before word `behind`.
unsafe fn instruction_before(code: *const CodeObj, behind: usize) -> usize {
    // SAFETY: V1.
    unsafe {
        let words = CodeObj::words(code);
        if behind >= 2
            && Op::of_word(words[behind - 2]).is_some_and(Op::has_aux)
            && is_start(words, behind - 2)
        {
            return behind - 2;
        }
        behind.saturating_sub(1)
    }
}

/// True if an instruction starts at word `at`: auxiliary words look like anything.
fn is_start(words: &[u32], at: usize) -> bool {
    let mut start = 0;
    while start < at {
        start += 1 + usize::from(Op::of_word(words[start]).is_some_and(Op::has_aux));
    }
    start == at
}
