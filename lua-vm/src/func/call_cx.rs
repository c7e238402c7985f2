//! The context of a native function: its arguments, its stack, its results.
//!
//! # Invariants
//!
//! - **N2** While a native runs, the VM's saved base is that of its frame and the saved
//!   top the end of its stack; `base + n_args <= top`, up to the arguments that
//!   `set_top` has removed.
//! - **N3** Methods on `&self` neither collect nor run Lua; they may move the stack, into
//!   which no reference is ever handed out.

use std::any::Any;
use std::marker::PhantomData;

use super::closure::NativeClosure;
use super::native::{FastFn, NativeFn, Results, Returned};
use crate::debug;
use crate::error::{LoadError, LuaError};
use crate::heap::handle::Root;
use crate::heap::object::{Header, Kind, UserdataObj};
use crate::interp::builtin::Builtin;
use crate::interp::scoped::{self, Scoped};
use crate::interp::{VmCore, budget, call, coroutine, unwind};
use crate::meta::compare::{self, Outcome};
use crate::meta::index::{self, Access};
use crate::table::TableObj;
use crate::value::borrowed::{
    FOREIGN_MESSAGE, Function, LuaString, Table, Thread, Userdata, Value, checked_raw,
};
use crate::value::number::{format_number, to_integer};
use crate::value::string::{MAX_LENGTH, StringObj};
use crate::value::{RawValue, Type, convert};

/// The context in which a native function runs.
///
/// Arguments and stack slots are counted from 1; the arguments are the first slots.
/// Negative indexes count from the top of the stack, -1 being the value pushed last.
/// Methods on `&self` never collect: values borrowed from the context stay valid
/// across them. Methods on `&mut self` may run Lua.
pub struct CallCx<'a> {
    vm: *mut VmCore,
    n_args: usize,
    marker: PhantomData<&'a mut ()>,
}

impl<'a> CallCx<'a> {
    /// # Safety
    ///
    /// N2 for as long as the context lives.
    pub(crate) unsafe fn new(vm: *mut VmCore, n_args: usize) -> CallCx<'a> {
        CallCx {
            vm,
            n_args,
            marker: PhantomData,
        }
    }

    pub(crate) fn core(&self) -> *mut VmCore {
        self.vm
    }

    /// First result and count, once the native has returned.
    pub(crate) unsafe fn finish(
        self,
        returned: Result<Returned, LuaError>,
    ) -> Result<(*mut RawValue, usize), LuaError> {
        // SAFETY: N2.
        unsafe {
            if (*self.vm).has_foreign_value {
                (*self.vm).has_foreign_value = false;
                return Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE));
            }
            let count = (returned?.0 as usize).min(self.top());
            Ok(((*self.vm).top.sub(count), count))
        }
    }

    // ---- arguments

    /// Number of arguments.
    #[inline]
    pub fn arg_count(&self) -> usize {
        self.n_args
    }

    /// True if there are at least `i` arguments.
    #[inline]
    pub fn has_arg(&self, i: usize) -> bool {
        i <= self.n_args
    }

    #[inline]
    fn raw_arg(&self, i: usize) -> RawValue {
        if i == 0 || i > self.n_args {
            return RawValue::NIL;
        }
        // SAFETY: N2; slots above the top hold old values, which are live or plain until
        // the next collection, or nil.
        unsafe {
            if i > self.top() {
                RawValue::NIL
            } else {
                *(*self.vm).base.add(i - 1)
            }
        }
    }

    #[inline]
    fn wrap(&self, raw: RawValue) -> Value<'_> {
        // SAFETY: B1: the value borrows the context.
        unsafe { Value::from_raw(self.vm, raw) }
    }

    /// Argument `i`, nil if absent.
    #[inline]
    pub fn arg(&self, i: usize) -> Value<'_> {
        self.wrap(self.raw_arg(i))
    }

    /// Argument `i` as bytes: a string, or a number, which is converted in place.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (string expected, got ...)`.
    #[inline]
    pub fn check_bytes(&self, i: usize) -> Result<&[u8], LuaError> {
        let raw = self.raw_arg(i);
        // SAFETY: N2, B1.
        unsafe {
            if let Some(string) = raw.as_string() {
                return Ok(StringObj::bytes(string));
            }
            match convert::to_string(&mut (*self.vm).heap, raw)? {
                Some(converted) => {
                    *(*self.vm).base.add(i - 1) = converted;
                    Ok(converted
                        .as_string()
                        .map_or(&[], |string| StringObj::bytes(string)))
                }
                None => Err(self.type_error(i, "string")),
            }
        }
    }

    /// Argument `i` as bytes, or `default` if it is absent or nil.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_bytes`].
    pub fn opt_bytes<'s>(&'s self, i: usize, default: &'s [u8]) -> Result<&'s [u8], LuaError> {
        if self.raw_arg(i).is_nil() {
            Ok(default)
        } else {
            self.check_bytes(i)
        }
    }

    /// Argument `i` as a number: a number, or a string that reads as one.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (number expected, got ...)`.
    #[inline]
    pub fn check_number(&self, i: usize) -> Result<f64, LuaError> {
        let raw = self.raw_arg(i);
        if let Some(n) = raw.as_number() {
            return Ok(n);
        }
        // SAFETY: N2.
        unsafe { convert::to_number(raw) }.ok_or_else(|| self.type_error(i, "number"))
    }

    /// Argument `i` as a number, or `default` if it is absent or nil.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_number`].
    pub fn opt_number(&self, i: usize, default: f64) -> Result<f64, LuaError> {
        if self.raw_arg(i).is_nil() {
            Ok(default)
        } else {
            self.check_number(i)
        }
    }

    /// Argument `i` as an integer: truncated, the smallest one for NaN and what is out
    /// of range.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_number`].
    #[inline]
    pub fn check_integer(&self, i: usize) -> Result<i64, LuaError> {
        Ok(to_integer(self.check_number(i)?))
    }

    /// Argument `i` as an integer, or `default` if it is absent or nil.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_number`].
    pub fn opt_integer(&self, i: usize, default: i64) -> Result<i64, LuaError> {
        if self.raw_arg(i).is_nil() {
            Ok(default)
        } else {
            self.check_integer(i)
        }
    }

    /// Argument `i` as a C `int`: [`CallCx::check_integer`], its low 32 bits.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_number`].
    #[inline]
    pub fn check_int(&self, i: usize) -> Result<i32, LuaError> {
        Ok(self.check_integer(i)? as i32)
    }

    /// Argument `i` as a C `int`, or `default` if it is absent or nil.
    ///
    /// # Errors
    ///
    /// As [`CallCx::check_number`].
    pub fn opt_int(&self, i: usize, default: i32) -> Result<i32, LuaError> {
        if self.raw_arg(i).is_nil() {
            Ok(default)
        } else {
            self.check_int(i)
        }
    }

    /// Argument `i` if it is a table.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (table expected, got ...)`.
    #[inline]
    pub fn check_table(&self, i: usize) -> Result<Table<'_>, LuaError> {
        match self.arg(i) {
            Value::Table(table) => Ok(table),
            _ => Err(self.type_error(i, "table")),
        }
    }

    /// Argument `i` if it is a function.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (function expected, got ...)`.
    pub fn check_function(&self, i: usize) -> Result<Function<'_>, LuaError> {
        match self.arg(i) {
            Value::Function(function) => Ok(function),
            _ => Err(self.type_error(i, "function")),
        }
    }

    /// Argument `i` if it is there, be it nil.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (value expected)`.
    pub fn check_any(&self, i: usize) -> Result<Value<'_>, LuaError> {
        if self.has_arg(i) {
            Ok(self.arg(i))
        } else {
            Err(self.arg_error(i, "value expected"))
        }
    }

    // ---- errors

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
        let text = unsafe { debug::argument_message(self.vm, i, message.as_ref()) };
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

    /// The position of a level, `chunk:line: `; empty if it is not a Lua function. Level
    /// 0 is the native itself, 1 its caller.
    pub fn position(&self, level: usize) -> Vec<u8> {
        // SAFETY: N2.
        unsafe { debug::position_at_level(self.vm, level) }
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

    // ---- allocation

    /// A string.
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub fn new_string(&self, bytes: &[u8]) -> Result<LuaString<'_>, LuaError> {
        // SAFETY: B1: the handle borrows the context.
        unsafe { Ok(LuaString::new((*self.vm).heap.string(bytes)?, self.vm)) }
    }

    /// A table with room for `array` list entries and `fields` others. The sizes are
    /// hints: huge ones are cut.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_table(&self, array: usize, fields: usize) -> Result<Table<'_>, LuaError> {
        let size = |n: usize| n.min(1 << 24) as u32;
        // SAFETY: B1.
        unsafe {
            match TableObj::new(&mut (*self.vm).heap, size(array), size(fields)) {
                Ok(table) => Ok(Table::new(table, self.vm)),
                Err(error) => match index::store_message(error) {
                    Ok(message) => Err(self.error(message)),
                    Err(error) => Err(error),
                },
            }
        }
    }

    /// A native function.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_native(&self, function: NativeFn) -> Result<Function<'_>, LuaError> {
        self.make_native(function, None, &[])
    }

    /// A native function with a hot entry.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_fast_native(
        &self,
        function: NativeFn,
        fast: FastFn,
    ) -> Result<Function<'_>, LuaError> {
        self.make_native(function, Some(fast), &[])
    }

    /// A native function over values of its own, at most 255.
    ///
    /// # Errors
    ///
    /// The memory limit; a value of another VM; too many values.
    pub fn new_closure(
        &self,
        function: NativeFn,
        upvalues: &[Value<'_>],
    ) -> Result<Function<'_>, LuaError> {
        if upvalues.len() > 255 {
            return Err(self.error("too many upvalues"));
        }
        let mut raw = Vec::with_capacity(upvalues.len());
        for &value in upvalues {
            raw.push(checked_raw(self.vm, value)?);
        }
        self.make_native(function, None, &raw)
    }

    fn make_native(
        &self,
        function: NativeFn,
        fast: Option<FastFn>,
        upvalues: &[RawValue],
    ) -> Result<Function<'_>, LuaError> {
        // SAFETY: the values are of this VM; B1.
        unsafe {
            let env = self.running_env();
            let closure = NativeClosure::new(
                &mut (*self.vm).heap,
                function,
                fast,
                Builtin::None,
                env,
                upvalues,
            )?;
            Ok(self.function(closure.cast()))
        }
    }

    unsafe fn function(&self, object: *mut Header) -> Function<'_> {
        // SAFETY: the callers pass live functions of this VM; B1.
        unsafe {
            match Value::from_raw(self.vm, RawValue::lua_function(object.cast())) {
                Value::Function(function) => function,
                _ => unreachable!("a function tag makes a function"),
            }
        }
    }

    /// The environment of the running native, or of the thread at the host's level.
    unsafe fn running_env(&self) -> *mut TableObj {
        // SAFETY: N2.
        unsafe {
            match call::function_header((*self.vm).base.sub(1)) {
                Some(header) if (*header).kind == Kind::NativeFunction => {
                    (*header.cast::<NativeClosure>()).env
                }
                _ => (*(*self.vm).heap.current).globals,
            }
        }
    }

    /// One of the functions that the interpreter carries out itself.
    pub fn builtin(&self, builtin: Builtin) -> Function<'_> {
        // SAFETY: the builtins are made with the VM and are roots.
        unsafe { self.function((*self.vm).heap.builtins[builtin as usize].cast()) }
    }

    /// A host's object.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_userdata(&self, payload: Box<dyn Any>) -> Result<Userdata<'_>, LuaError> {
        self.make_userdata(Some(payload))
    }

    /// Userdata without a host's value: what `newproxy` makes.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_proxy(&self) -> Result<Userdata<'_>, LuaError> {
        self.make_userdata(None)
    }

    fn make_userdata(&self, payload: Option<Box<dyn Any>>) -> Result<Userdata<'_>, LuaError> {
        // SAFETY: fresh memory of the right size; B1.
        unsafe {
            let env = self.running_env();
            let heap = &mut (*self.vm).heap;
            let object = heap
                .allocate(size_of::<UserdataObj>())?
                .cast::<UserdataObj>();
            object.write(UserdataObj {
                header: Header::new(Kind::Userdata, heap.current_white),
                metatable: std::ptr::null_mut(),
                env,
                payload,
            });
            Ok(Userdata::new(object, self.vm))
        }
    }

    /// Makes a coroutine that will run a function.
    ///
    /// # Errors
    ///
    /// The memory limit; a function of another VM.
    pub fn new_thread(&self, function: Function<'_>) -> Result<Thread<'_>, LuaError> {
        let raw = checked_raw(self.vm, Value::Function(function))?;
        // SAFETY: the function is of this VM; B1.
        unsafe {
            let made = coroutine::create(&mut (*self.vm).heap, raw)?;
            Ok(Thread::new(made, self.vm))
        }
    }

    /// The function that `coroutine.wrap` returns for a coroutine: each call resumes it.
    ///
    /// # Errors
    ///
    /// The memory limit; a coroutine of another VM.
    pub fn new_wrap(&self, thread: Thread<'_>) -> Result<Function<'_>, LuaError> {
        let raw = checked_raw(self.vm, Value::Thread(thread))?;
        // SAFETY: the coroutine is of this VM; B1.
        unsafe {
            let env = self.running_env();
            let closure = NativeClosure::new(
                &mut (*self.vm).heap,
                super::native::never_called,
                None,
                Builtin::WrapStep,
                env,
                &[raw],
            )?;
            Ok(self.function(closure.cast()))
        }
    }

    /// The running coroutine; `None` if it is the main one.
    pub fn running_thread(&self) -> Option<Thread<'_>> {
        // SAFETY: B1.
        unsafe {
            let heap = &(*self.vm).heap;
            (heap.current != heap.main).then(|| Thread::new(heap.current, self.vm))
        }
    }

    /// To be asked before building `bytes` bytes outside the heap that are to become a
    /// string.
    ///
    /// # Errors
    ///
    /// The memory limit, or a length beyond the longest string.
    pub fn check_room(&self, bytes: usize) -> Result<(), LuaError> {
        // SAFETY: the VM is live.
        unsafe {
            if bytes > MAX_LENGTH {
                return Err(self.error("resulting string too large"));
            }
            if !(*self.vm).heap.has_room(bytes) {
                return Err(self.memory_error());
            }
        }
        Ok(())
    }

    /// Value `i` of the running native closure, nil if it has no such one.
    pub fn upvalue(&self, i: usize) -> Value<'_> {
        self.wrap(self.upvalue_slot(i).map_or(RawValue::NIL, |slot| {
            // SAFETY: the slot is one of the running closure.
            unsafe { *slot }
        }))
    }

    fn upvalue_slot(&self, i: usize) -> Option<*mut RawValue> {
        // SAFETY: N2: the running function is in the slot before the arguments.
        unsafe {
            let header = call::function_header((*self.vm).base.sub(1))?;
            ((*header).kind == Kind::NativeFunction && i >= 1 && i <= (*header).extra as usize)
                .then(|| NativeClosure::upvalues(header.cast()).add(i - 1))
        }
    }

    /// Sets value `i` of the running native closure, if it has one.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn set_upvalue(&self, i: usize, value: Value<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, value)?;
        if let Some(slot) = self.upvalue_slot(i) {
            // SAFETY: the slot is one of the running closure; the barrier keeps G4.
            unsafe {
                *slot = raw;
                if let Some(header) = call::function_header((*self.vm).base.sub(1)) {
                    (*self.vm).heap.barrier_forward(header, raw);
                }
            }
        }
        Ok(())
    }

    // ---- results

    /// No results.
    ///
    /// # Errors
    ///
    /// None: the `ret` methods return a `Result` for the native's last expression.
    pub fn ret0(&self) -> Result<Returned, LuaError> {
        Ok(Returned(0))
    }

    /// One result.
    ///
    /// # Errors
    ///
    /// None here; a value of another VM is reported when the native returns.
    #[inline]
    pub fn ret(&self, value: Value<'_>) -> Result<Returned, LuaError> {
        self.push(value);
        Ok(Returned(1))
    }

    /// A number as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_number(&self, n: f64) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::number(n));
        Ok(Returned(1))
    }

    /// A boolean as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_bool(&self, b: bool) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::boolean(b));
        Ok(Returned(1))
    }

    /// Nil as the result.
    ///
    /// # Errors
    ///
    /// None.
    pub fn ret_nil(&self) -> Result<Returned, LuaError> {
        self.push_raw(RawValue::NIL);
        Ok(Returned(1))
    }

    /// A new string as the result.
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub fn ret_bytes(&self, bytes: &[u8]) -> Result<Returned, LuaError> {
        self.push_bytes(bytes)?;
        Ok(Returned(1))
    }

    /// Argument `i` as the result.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn ret_arg(&self, i: usize) -> Result<Returned, LuaError> {
        self.push_raw(self.raw_arg(i));
        Ok(Returned(1))
    }

    /// The last `n` values of the stack as the results, in order.
    ///
    /// # Errors
    ///
    /// None.
    pub fn ret_top(&self, n: usize) -> Result<Returned, LuaError> {
        Ok(Returned(n as u32))
    }

    // ---- stack

    /// Number of slots in use, the arguments included.
    #[inline]
    pub fn top(&self) -> usize {
        // SAFETY: N2.
        unsafe { (*self.vm).top.offset_from((*self.vm).base) as usize }
    }

    /// Grows the stack with nil, or shrinks it, to `n` slots.
    ///
    /// # Errors
    ///
    /// A stack overflow.
    pub fn set_top(&self, n: usize) -> Result<(), LuaError> {
        let top = self.top();
        if n > top {
            self.ensure_stack(n - top)?;
        }
        // SAFETY: N2; the room has been made.
        unsafe {
            for i in top..n {
                *(*self.vm).base.add(i) = RawValue::NIL;
            }
            (*self.vm).top = (*self.vm).base.add(n);
        }
        Ok(())
    }

    /// Removes the last `n` values, at most all.
    pub fn pop(&self, n: usize) {
        let n = n.min(self.top());
        // SAFETY: N2.
        unsafe { (*self.vm).top = (*self.vm).top.sub(n) };
    }

    /// Makes room for `n` more values.
    ///
    /// # Errors
    ///
    /// A stack overflow: one native may use 8000 slots.
    pub fn ensure_stack(&self, n: usize) -> Result<(), LuaError> {
        // SAFETY: N2, N3.
        unsafe {
            let used = self.top();
            if n > (*self.vm).limits.native_slots || used + n > (*self.vm).limits.native_slots {
                return Err(self.error("stack overflow"));
            }
            VmCore::ensure_slots(self.vm, (*self.vm).top, n)?;
        }
        Ok(())
    }

    #[inline]
    fn push_raw(&self, raw: RawValue) {
        // SAFETY: N2; S2: the spare slots take the first ones, then room is made.
        unsafe {
            if (*self.vm).top >= (*self.vm).stack_limit
                && let Err(error) = VmCore::ensure_slots(self.vm, (*self.vm).top, 1)
            {
                // Reported when the native returns, as an abort cannot be lost.
                if error.kind().is_abort() {
                    (*self.vm).aborting = Some(error.kind());
                } else {
                    unwind::memory_abort(self.vm);
                }
                return;
            }
            *(*self.vm).top = raw;
            (*self.vm).top = (*self.vm).top.add(1);
        }
    }

    /// Pushes a value. One of another VM becomes nil, and the native's return an error.
    #[inline]
    pub fn push(&self, value: Value<'_>) {
        match value.to_raw(self.vm) {
            Some(raw) => self.push_raw(raw),
            None => {
                // SAFETY: the VM is live.
                unsafe { (*self.vm).has_foreign_value = true };
                self.push_raw(RawValue::NIL);
            }
        }
    }

    /// Pushes a new string.
    ///
    /// # Errors
    ///
    /// The memory limit.
    #[inline]
    pub fn push_bytes(&self, bytes: &[u8]) -> Result<(), LuaError> {
        // SAFETY: the VM is live.
        let string = unsafe { (*self.vm).heap.string(bytes)? };
        self.push_raw(RawValue::string(string));
        Ok(())
    }

    /// Pushes a number.
    #[inline]
    pub fn push_number(&self, n: f64) {
        self.push_raw(RawValue::number(n));
    }

    /// Pushes a boolean.
    pub fn push_bool(&self, b: bool) {
        self.push_raw(RawValue::boolean(b));
    }

    /// Pushes nil.
    pub fn push_nil(&self) {
        self.push_raw(RawValue::NIL);
    }

    /// Pushes argument `i`.
    pub fn push_arg(&self, i: usize) {
        self.push_raw(self.raw_arg(i));
    }

    /// Pushes a copy of a slot.
    pub fn push_copy(&self, index: isize) {
        self.push_raw(self.raw(index));
    }

    fn slot(&self, index: isize) -> Option<*mut RawValue> {
        let top = self.top() as isize;
        let position = if index < 0 { top + index } else { index - 1 };
        // SAFETY: N2.
        (position >= 0 && position < top).then(|| unsafe { (*self.vm).base.offset(position) })
    }

    #[inline]
    fn raw(&self, index: isize) -> RawValue {
        // SAFETY: the slot is in use.
        self.slot(index)
            .map_or(RawValue::NIL, |slot| unsafe { *slot })
    }

    /// The value of a slot, nil if it is not in use.
    pub fn value(&self, index: isize) -> Value<'_> {
        self.wrap(self.raw(index))
    }

    /// Overwrites a slot that is in use.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn set(&self, index: isize, value: Value<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, value)?;
        if let Some(slot) = self.slot(index) {
            // SAFETY: the slot is in use.
            unsafe { *slot = raw };
        }
        Ok(())
    }

    // ---- running Lua

    /// Calls the function below the last `n_args` values with these; leaves the results
    /// in their place and returns their number.
    ///
    /// # Errors
    ///
    /// What the function raised.
    pub fn call(&mut self, n_args: usize, results: Results) -> Result<usize, LuaError> {
        if n_args >= self.top() {
            return Err(self.error("call without a function"));
        }
        // SAFETY: N2; the room for the results is made before they are filled up.
        unsafe {
            if (*self.vm).has_foreign_value {
                (*self.vm).has_foreign_value = false;
                return Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE));
            }
            if (*self.vm).aborting.is_some() {
                // A push may have failed: what is on the stack is not what was meant.
                return Err(unwind::abort_error(self.vm));
            }
            let func = (*self.vm).top.sub(n_args + 1);
            let start = func.offset_from((*self.vm).base) as usize;
            call::call_from_native(self.vm, func, n_args)?;
            let count = self.top() - start;
            match results {
                Results::Open => Ok(count),
                Results::Exactly(wanted) => {
                    if wanted > count {
                        VmCore::ensure_slots(self.vm, (*self.vm).top, wanted - count)?;
                        for i in count..wanted {
                            *(*self.vm).base.add(start + i) = RawValue::NIL;
                        }
                    }
                    (*self.vm).top = (*self.vm).base.add(start + wanted);
                    Ok(wanted)
                }
            }
        }
    }

    /// As [`CallCx::call`], but an error that `pcall` would catch leaves its value on the
    /// stack: `Ok(Err(()))`.
    ///
    /// # Errors
    ///
    /// Aborts.
    pub fn try_call(
        &mut self,
        n_args: usize,
        results: Results,
    ) -> Result<Result<usize, ()>, LuaError> {
        let below = self.top().saturating_sub(n_args + 1);
        match self.call(n_args, results) {
            Ok(count) => Ok(Ok(count)),
            Err(error) if error.kind().is_abort() => Err(error),
            Err(_) => {
                self.pop(self.top() - below);
                // SAFETY: the thrown value is live.
                self.push_raw(unsafe { (*self.vm).heap.thrown });
                Ok(Err(()))
            }
        }
    }

    unsafe fn call_handler(
        &mut self,
        handler: RawValue,
        args: &[RawValue],
    ) -> Result<(), LuaError> {
        self.push_raw(handler);
        for &arg in args {
            self.push_raw(arg);
        }
        self.call(args.len(), Results::Exactly(1)).map(|_| ())
    }

    /// Replaces the last two values, an object and a key, by what the object has under
    /// the key, metamethods applied.
    ///
    /// # Errors
    ///
    /// A value that cannot be indexed, or what a metamethod raised.
    pub fn get_index(&mut self) -> Result<(), LuaError> {
        let (object, key) = (self.raw(-2), self.raw(-1));
        // SAFETY: the values are on the stack.
        unsafe {
            match index::get(self.vm, object, key, None)? {
                Access::Done(value) => {
                    self.pop(2);
                    self.push_raw(value);
                }
                Access::Call { handler, object } => {
                    self.call_handler(handler, &[object, key])?;
                    let value = self.raw(-1);
                    self.pop(3);
                    self.push_raw(value);
                }
            }
        }
        Ok(())
    }

    /// Takes the last three values, an object, a key and a value, and stores the value
    /// under the key, metamethods applied.
    ///
    /// # Errors
    ///
    /// As [`CallCx::get_index`], and a key that tables refuse.
    pub fn set_index(&mut self) -> Result<(), LuaError> {
        let (object, key, value) = (self.raw(-3), self.raw(-2), self.raw(-1));
        // SAFETY: the values are on the stack.
        unsafe {
            match index::set(self.vm, object, key, value, None)? {
                Access::Done(_) => self.pop(3),
                Access::Call { handler, object } => {
                    self.call_handler(handler, &[object, key, value])?;
                    self.pop(4);
                }
            }
        }
        Ok(())
    }

    unsafe fn outcome(&mut self, outcome: Outcome) -> Result<bool, LuaError> {
        match outcome {
            Outcome::Known(result) => Ok(result),
            Outcome::Call {
                handler,
                x,
                y,
                negate,
            } => {
                // SAFETY: the values are on the stack, or live through those that are.
                unsafe { self.call_handler(handler, &[x, y])? };
                let result = self.raw(-1).is_truthy();
                self.pop(1);
                Ok(result != negate)
            }
        }
    }

    /// `a < b` for two slots, metamethods applied.
    ///
    /// # Errors
    ///
    /// Values without an order, or what a metamethod raised.
    pub fn less_than(&mut self, a: isize, b: isize) -> Result<bool, LuaError> {
        let (a, b) = (self.raw(a), self.raw(b));
        // SAFETY: the values are on the stack.
        unsafe {
            let outcome = compare::order(self.vm, a, b, false)?;
            self.outcome(outcome)
        }
    }

    /// `a == b` for two slots, metamethods applied.
    ///
    /// # Errors
    ///
    /// What a metamethod raised.
    pub fn equals(&mut self, a: isize, b: isize) -> Result<bool, LuaError> {
        let (a, b) = (self.raw(a), self.raw(b));
        // SAFETY: the values are on the stack.
        unsafe {
            let outcome = compare::equal(self.vm, a, b);
            self.outcome(outcome)
        }
    }

    /// Pushes what `tostring` returns for a slot (manual §5.1); a `__tostring` metamethod
    /// may return anything.
    ///
    /// # Errors
    ///
    /// What the metamethod raised; the memory limit.
    pub fn to_display(&mut self, index: isize) -> Result<(), LuaError> {
        let raw = self.raw(index);
        let handler = self.raw_metafield(raw, b"__tostring");
        if !handler.is_nil() {
            // SAFETY: the value is on the stack.
            return unsafe { self.call_handler(handler, &[raw]) };
        }
        let value = self.wrap(raw);
        match value {
            Value::Nil => self.push_bytes(b"nil"),
            Value::Boolean(b) => self.push_bytes(if b { b"true" } else { b"false" }),
            Value::Number(n) => self.push_bytes(format_number(n).as_bytes()),
            Value::String(_) => {
                self.push_raw(raw);
                Ok(())
            }
            _ => {
                let text = match value.address() {
                    Some(0) => format!("{}: (nil)", value.type_name()),
                    address => format!("{}: {:#016x}", value.type_name(), address.unwrap_or(0)),
                };
                self.push_bytes(text.as_bytes())
            }
        }
    }

    fn raw_metafield(&self, raw: RawValue, name: &[u8]) -> RawValue {
        // SAFETY: the value is live.
        unsafe {
            let heap = &mut (*self.vm).heap;
            let metatable = heap.metatable_of(raw);
            if metatable.is_null() {
                return RawValue::NIL;
            }
            match heap.string(name) {
                Ok(name) => TableObj::get_string(heap, metatable, name),
                Err(_) => RawValue::NIL,
            }
        }
    }

    /// The raw field of a value's metatable, nil if there is none.
    pub fn metafield(&self, value: Value<'_>, name: &[u8]) -> Value<'_> {
        match value.to_raw(self.vm) {
            Some(raw) => self.wrap(self.raw_metafield(raw, name)),
            None => Value::Nil,
        }
    }

    /// The metatable of any value.
    pub fn metatable_of(&self, value: Value<'_>) -> Option<Table<'_>> {
        let raw = value.to_raw(self.vm)?;
        // SAFETY: the value is of this VM; B1.
        unsafe {
            let metatable = (*self.vm).heap.metatable_of(raw);
            (!metatable.is_null()).then(|| Table::new(metatable, self.vm))
        }
    }

    /// Sets the metatable that all values of a type share. Tables and userdata have
    /// metatables of their own: for them this does nothing.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_metatable_of_type(
        &self,
        type_: Type,
        metatable: Option<Table<'_>>,
    ) -> Result<(), LuaError> {
        let raw = match metatable {
            Some(table) => checked_raw(self.vm, Value::Table(table))?,
            None => RawValue::NIL,
        };
        // SAFETY: the field is a root.
        unsafe {
            (*self.vm).heap.type_metatables[type_ as usize] =
                raw.as_table().unwrap_or(std::ptr::null_mut());
        }
        Ok(())
    }

    /// Charges units of the instruction limit for work of a native's own; to be called
    /// every few thousand steps.
    ///
    /// # Errors
    ///
    /// An abort, if the script is to stop.
    pub fn charge(&self, units: u64) -> Result<(), LuaError> {
        // SAFETY: N2.
        unsafe { budget::charge(self.vm, units) }
    }

    /// Compiles a chunk of source text into a function (manual §5.1, `loadstring`).
    ///
    /// # Errors
    ///
    /// Invalid source, with Lua's message; the memory limit.
    pub fn load(&self, source: &[u8], chunk_name: &[u8]) -> Result<Function<'_>, LoadError> {
        let proto = lua_compiler::load(source, chunk_name)?;
        self.load_proto(&proto).map_err(LoadError::Vm)
    }

    /// Makes a function of a compiled chunk.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn load_proto(
        &self,
        proto: &lua_compiler::VerifiedProto,
    ) -> Result<Function<'_>, LuaError> {
        // SAFETY: the globals are live; B1.
        unsafe {
            let closure = super::load::load(self.vm, proto)?;
            Ok(self.function(closure.cast()))
        }
    }

    /// The globals of the running coroutine.
    pub fn globals(&self) -> Table<'_> {
        // SAFETY: B1.
        unsafe { Table::new((*(*self.vm).heap.current).globals, self.vm) }
    }

    /// Replaces the globals of the running coroutine.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_globals(&self, globals: Table<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, Value::Table(globals))?;
        if let Some(table) = raw.as_table() {
            // SAFETY: coroutines are never black: no barrier is needed.
            unsafe { (*(*self.vm).heap.current).globals = table };
        }
        Ok(())
    }

    /// A table that only the host sees, for values of its own.
    pub fn registry(&self) -> Table<'_> {
        // SAFETY: B1.
        unsafe { Table::new((*self.vm).heap.registry, self.vm) }
    }

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

    // ---- the collector

    /// Bytes in use.
    pub fn gc_count_bytes(&self) -> usize {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).heap.bytes }
    }

    /// A full collection, finalizers included.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn gc_collect(&mut self) -> Result<(), LuaError> {
        // SAFETY: N2; a safepoint, since the context is borrowed exclusively.
        unsafe { budget::collect_all(self.vm) }
    }

    /// A collection step of about `kilobytes`; true if it ended a cycle.
    ///
    /// # Errors
    ///
    /// What a finalizer raised.
    pub fn gc_step(&mut self, kilobytes: usize) -> Result<bool, LuaError> {
        // SAFETY: as in `gc_collect`.
        unsafe { budget::step(self.vm, kilobytes) }
    }

    /// Stops automatic collection.
    pub fn gc_stop(&self) {
        // SAFETY: the VM is live.
        unsafe { (*self.vm).heap.is_stopped = true };
    }

    /// Goes on with automatic collection.
    pub fn gc_restart(&self) {
        // SAFETY: the VM is live.
        unsafe {
            (*self.vm).heap.is_stopped = false;
            let bytes = (*self.vm).heap.bytes;
            (*self.vm).heap.set_threshold(bytes);
        }
    }

    /// Sets the pause in percent, and returns the old one (manual §2.10).
    pub fn gc_set_pause(&self, percent: i32) -> i32 {
        // SAFETY: the VM is live.
        unsafe {
            std::mem::replace(
                &mut (*self.vm).heap.pause,
                percent.clamp(0, 100_000) as usize,
            ) as i32
        }
    }

    /// Sets the step multiplier in percent, and returns the old one (manual §2.10).
    pub fn gc_set_step_multiplier(&self, percent: i32) -> i32 {
        // SAFETY: the VM is live.
        unsafe {
            let multiplier = percent.clamp(0, 100_000) as usize;
            std::mem::replace(&mut (*self.vm).heap.step_multiplier, multiplier) as i32
        }
    }

    // ---- the host

    /// Keeps a value beyond the call.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn root(&self, value: Value<'_>) -> Result<Root, LuaError> {
        let raw = checked_raw(self.vm, value)?;
        // SAFETY: the VM is live.
        Ok(unsafe { (*self.vm).heap.roots.add(raw) })
    }

    /// The value of a root; an error if it is another VM's.
    ///
    /// # Errors
    ///
    /// A root of another VM.
    pub fn value_of(&self, root: &Root) -> Result<Value<'_>, LuaError> {
        // SAFETY: the VM is live; B1: the value may outlive the root only as long as
        // nothing is collected.
        unsafe {
            match (*self.vm).heap.roots.get(root) {
                Some(raw) => Ok(self.wrap(raw)),
                None => Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE)),
            }
        }
    }

    /// Uses what the host lent for this call under a key; `None` if it lent nothing, or
    /// it is in use already.
    pub fn with_scoped<K: Scoped, R>(
        &self,
        body: impl for<'x> FnOnce(&mut K::Value<'x>) -> R,
    ) -> Option<R> {
        // SAFETY: the VM is live.
        unsafe { scoped::with::<K, R>(self.vm, body) }
    }

    /// A value that the host attached to the VM, found by its type.
    pub fn host_data<T: Any>(&self) -> Option<&T> {
        // SAFETY: the list changes only through `Vm`, which is borrowed meanwhile.
        unsafe {
            let list = &(*self.vm).host_data;
            list.iter().find_map(|data| data.downcast_ref())
        }
    }
}
