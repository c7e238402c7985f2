//! Objects that a native function makes, and the values of a native closure.

use std::any::Any;

use super::CallCx;
use crate::error::LuaError;
use crate::func::closure::NativeClosure;
use crate::func::native::{FastFn, NativeFn, never_called};
use crate::heap::object::{Header, Kind, UserdataObj};
use crate::interp::builtin::Builtin;
use crate::interp::{call, coroutine};
use crate::meta::index;
use crate::table::layout::{self, Layout};
use crate::table::{StoreError, TableObj};
use crate::value::RawValue;
use crate::value::borrowed::{Function, LuaString, Table, Thread, Userdata, Value, checked_raw};
use crate::value::string::{MAX_LENGTH, StringObj};

impl CallCx<'_> {
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
        // SAFETY: the VM is live.
        unsafe {
            let heap = &mut (*self.vm).heap;
            self.made_table(TableObj::new(heap, size(array), size(fields)))
        }
    }

    /// # Safety
    ///
    /// The table is fresh and of this VM.
    #[inline]
    unsafe fn made_table(
        &self,
        made: Result<*mut TableObj, StoreError>,
    ) -> Result<Table<'_>, LuaError> {
        match made {
            // SAFETY: B1.
            Ok(table) => Ok(unsafe { Table::new(table, self.vm) }),
            Err(error) => match index::store_message(error) {
                Ok(message) => Err(self.error(message)),
                Err(error) => Err(error),
            },
        }
    }

    /// A table with these entries, keys and values, as if they had been assigned one after
    /// the other to a fresh one; `next` cannot tell. A few short strings as keys are placed
    /// at once.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    pub fn new_table_of(&self, entries: &[(Value<'_>, Value<'_>)]) -> Result<Table<'_>, LuaError> {
        if let Some(hashes) = self.field_hashes(entries) {
            let layout = Layout::new(&hashes, entries.len());
            let field = |i: usize| match entries.get(i) {
                Some(&(Value::String(key), value)) => (
                    RawValue::string(key.object),
                    value.to_raw(self.vm).unwrap_or(RawValue::NIL),
                ),
                _ => (RawValue::NIL, RawValue::NIL),
            };
            // SAFETY: the hashes are those of the keys, and `field_hashes` has looked at
            // the values; B1.
            return unsafe {
                let made = TableObj::with_fields(&mut (*self.vm).heap, &layout, field);
                self.made_table(made)
            };
        }
        let table = self.new_table(0, 0)?;
        for &(key, value) in entries {
            table.set(key, value)?;
        }
        Ok(table)
    }

    /// The hashes of the keys, if they are distinct short strings, few enough for a layout
    /// but at least one, and everything is of this VM and not nil.
    #[inline]
    fn field_hashes(&self, entries: &[(Value<'_>, Value<'_>)]) -> Option<[u32; layout::MOST]> {
        if entries.is_empty() {
            return None;
        }
        let mut hashes = [0; layout::MOST];
        let mut hashes_left = hashes.iter_mut();
        let mut seen = 0u64;
        for (i, &(key, value)) in entries.iter().enumerate() {
            let Value::String(LuaString { object, vm, .. }) = key else {
                return None;
            };
            // SAFETY: B1.
            let hash = unsafe {
                if vm != self.vm || !StringObj::is_interned(object) {
                    return None;
                }
                StringObj::hash(object)
            };
            if value.to_raw(self.vm).is_none_or(RawValue::is_nil) {
                return None;
            }
            let bit = 1 << (hash % u64::BITS);
            let is_same = |&(other, _): &(Value<'_>, _)| matches!(other, Value::String(other) if std::ptr::eq(other.object, object));
            if seen & bit != 0 && entries[..i].iter().any(is_same) {
                return None;
            }
            seen |= bit;
            *hashes_left.next()? = hash;
        }
        Some(hashes)
    }

    /// A list of these values, as if they had been assigned to 1, 2 and so on, one after
    /// the other, in a fresh table.
    ///
    /// # Errors
    ///
    /// As [`Table::set_index`].
    pub fn new_list(&self, values: &[Value<'_>]) -> Result<Table<'_>, LuaError> {
        let is_plain = |value: &Value<'_>| !value.to_raw(self.vm).is_none_or(RawValue::is_nil);
        if values.iter().all(is_plain) {
            let entry = |i: usize| {
                let value = values.get(i).and_then(|value| value.to_raw(self.vm));
                value.unwrap_or(RawValue::NIL)
            };
            // SAFETY: the values are of this VM, and not nil; B1.
            return unsafe {
                let made = TableObj::with_entries(&mut (*self.vm).heap, values.len(), entry);
                self.made_table(made)
            };
        }
        let table = self.new_table(0, 0)?;
        for (index, &value) in (1..).zip(values) {
            table.set_index(index, value)?;
        }
        Ok(table)
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

    pub(super) unsafe fn function(&self, object: *mut Header) -> Function<'_> {
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
        let bytes = size_of_val(&*payload);
        self.make_userdata(Some(payload), bytes)
    }

    /// As [`CallCx::new_userdata`], for a payload that owns `bytes` bytes in all.
    pub(crate) fn new_userdata_of_size(
        &self,
        payload: Box<dyn Any>,
        bytes: usize,
    ) -> Result<Userdata<'_>, LuaError> {
        self.make_userdata(Some(payload), bytes)
    }

    /// Userdata without a host's value: what `newproxy` makes.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn new_proxy(&self) -> Result<Userdata<'_>, LuaError> {
        self.make_userdata(None, 0)
    }

    fn make_userdata(
        &self,
        payload: Option<Box<dyn Any>>,
        bytes: usize,
    ) -> Result<Userdata<'_>, LuaError> {
        let charge = u32::try_from(bytes).unwrap_or(u32::MAX);
        // SAFETY: fresh memory of the right size; B1.
        unsafe {
            let env = self.running_env();
            let heap = &mut (*self.vm).heap;
            if !heap.has_room(size_of::<UserdataObj>() + charge as usize) {
                return Err(LuaError::MEMORY);
            }
            let object = heap
                .allocate(size_of::<UserdataObj>())?
                .cast::<UserdataObj>();
            object.write(UserdataObj {
                header: Header::new(Kind::Userdata, heap.current_white),
                metatable: std::ptr::null_mut(),
                env,
                payload,
            });
            (*object).header.extra = charge;
            heap.charge(charge as usize);
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
                never_called,
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
}
