//! Values as safe code sees them: borrowed from the VM they live in.
//!
//! # Invariants
//!
//! - **B1** A handle's lifetime is that of a shared borrow of the VM or of a native's
//!   context. Collection and calls need them exclusively, so the object stays alive
//!   as long as the handle.
//! - **B2** A handle carries its VM: methods that take a second value refuse one of
//!   another VM.

use std::any::Any;
use std::marker::PhantomData;

use super::convert;
use super::string::StringObj;
use super::{RawValue, Type};
use crate::error::LuaError;
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::load::unload;
use crate::heap::Heap;
use crate::heap::object::{CodeObj, Header, Kind, UserdataObj, mark};
use crate::interp::stack::{Coroutine, Status};
use crate::interp::{VmCore, unwind};
use crate::meta::index::{READONLY_MESSAGE, store_message};
use crate::table::hash::raw_equals;
use crate::table::{StoreError, TableObj, length, next};

/// A Lua value, borrowed from its VM (manual §2.2).
#[derive(Clone, Copy, Debug)]
pub enum Value<'v> {
    /// `nil`
    Nil,
    /// `false` or `true`
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A host's address; at most 48 bits.
    LightUserdata(usize),
    /// A string.
    String(LuaString<'v>),
    /// A table.
    Table(Table<'v>),
    /// A function, Lua's or native.
    Function(Function<'v>),
    /// A host's object.
    Userdata(Userdata<'v>),
    /// A coroutine.
    Thread(Thread<'v>),
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident($object:ty) by $make:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'v> {
            pub(crate) object: *mut $object,
            pub(crate) vm: *mut VmCore,
            marker: PhantomData<&'v ()>,
        }

        impl<'v> $name<'v> {
            /// # Safety
            ///
            /// B1: the object is live for the lifetime.
            pub(crate) unsafe fn new(object: *mut $object, vm: *mut VmCore) -> Self {
                $name { object, vm, marker: PhantomData }
            }

            /// The address, as `%p` prints it: an identity, not a way in.
            pub fn address(self) -> usize {
                self.object.addr()
            }
        }

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.object.addr())
            }
        }

        impl PartialEq for $name<'_> {
            /// Identity, but for strings, which are equal if their bytes are.
            fn eq(&self, other: &Self) -> bool {
                let (a, b) = (RawValue::$make(self.object), RawValue::$make(other.object));
                // SAFETY: B1.
                unsafe { raw_equals(&(*self.vm).heap, a, b) }
            }
        }
    )*};
}

handles! {
    /// A string: any bytes.
    LuaString(StringObj) by string;
    /// A table. All methods are raw: no metamethods.
    Table(TableObj) by table;
    /// A host's object.
    Userdata(UserdataObj) by userdata;
    /// A coroutine.
    Thread(Coroutine) by thread;
}

/// A function, Lua's or native.
#[derive(Clone, Copy)]
pub struct Function<'v> {
    pub(crate) object: *mut Header,
    pub(crate) vm: *mut VmCore,
    marker: PhantomData<&'v ()>,
}

impl std::fmt::Debug for Function<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({:#x})", self.object.addr())
    }
}

impl<'v> Value<'v> {
    /// # Safety
    ///
    /// B1 for the lifetime; the value is of this VM.
    #[inline]
    pub(crate) unsafe fn from_raw(vm: *mut VmCore, raw: RawValue) -> Value<'v> {
        if let Some(n) = raw.as_number() {
            return Value::Number(n);
        }
        // SAFETY: the caller's contract.
        unsafe {
            if let Some(object) = raw.as_string() {
                Value::String(LuaString::new(object, vm))
            } else if let Some(object) = raw.as_table() {
                Value::Table(Table::new(object, vm))
            } else if let Some(object) = raw.as_function() {
                Value::Function(Function {
                    object,
                    vm,
                    marker: PhantomData,
                })
            } else if raw.is_boolean() {
                Value::Boolean(raw.is_truthy())
            } else if let Some(object) = raw.as_userdata() {
                Value::Userdata(Userdata::new(object, vm))
            } else if let Some(object) = raw.as_thread() {
                Value::Thread(Thread::new(object, vm))
            } else if let Some(address) = raw.as_light() {
                Value::LightUserdata(address)
            } else {
                Value::Nil
            }
        }
    }

    /// The bits, if the value is of this VM or of none.
    #[inline]
    pub(crate) fn to_raw(self, vm: *mut VmCore) -> Option<RawValue> {
        let (owner, raw) = match self {
            Value::Nil => return Some(RawValue::NIL),
            Value::Boolean(b) => return Some(RawValue::boolean(b)),
            Value::Number(n) => return Some(RawValue::number(n)),
            Value::LightUserdata(address) => {
                return Some(RawValue::light(address).unwrap_or(RawValue::NIL));
            }
            Value::String(v) => (v.vm, RawValue::string(v.object)),
            Value::Table(v) => (v.vm, RawValue::table(v.object)),
            // SAFETY: B1: the header tells nothing but the tag is the same for both kinds.
            Value::Function(v) => (v.vm, RawValue::lua_function(v.object.cast())),
            Value::Userdata(v) => (v.vm, RawValue::userdata(v.object)),
            Value::Thread(v) => (v.vm, RawValue::thread(v.object)),
        };
        (owner == vm).then_some(raw)
    }

    /// The type.
    pub fn type_of(self) -> Type {
        match self {
            Value::Nil => Type::Nil,
            Value::Boolean(_) => Type::Boolean,
            Value::Number(_) => Type::Number,
            Value::LightUserdata(_) => Type::LightUserdata,
            Value::String(_) => Type::String,
            Value::Table(_) => Type::Table,
            Value::Function(_) => Type::Function,
            Value::Userdata(_) => Type::Userdata,
            Value::Thread(_) => Type::Thread,
        }
    }

    /// The type's name, as `type` returns it.
    pub fn type_name(self) -> &'static str {
        self.type_of().name()
    }

    /// True for `nil`.
    pub fn is_nil(self) -> bool {
        matches!(self, Value::Nil)
    }

    /// False for `nil` and `false`, true for everything else.
    pub fn truthy(self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    /// The number, if it is one; strings are not converted.
    pub fn as_number(self) -> Option<f64> {
        match self {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// The string's bytes, if it is one; numbers are not converted.
    pub fn as_bytes(self) -> Option<&'v [u8]> {
        match self {
            Value::String(s) => Some(s.as_bytes()),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub fn as_table(self) -> Option<Table<'v>> {
        match self {
            Value::Table(t) => Some(t),
            _ => None,
        }
    }

    /// The value as a number: a number, or a string that reads as one (manual §2.2.1).
    pub fn to_number(self) -> Option<f64> {
        match self {
            Value::Number(n) => Some(n),
            // SAFETY: B1.
            Value::String(s) => unsafe {
                convert::to_number(&(*s.vm).heap, RawValue::string(s.object))
            },
            _ => None,
        }
    }

    /// Equality without metamethods. Values of two VMs are never equal, unless they are
    /// of no VM's.
    pub fn raw_equals(self, other: Value<'_>) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::LightUserdata(a), Value::LightUserdata(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Table(a), Value::Table(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => a.object == b.object,
            (Value::Userdata(a), Value::Userdata(b)) => a == b,
            (Value::Thread(a), Value::Thread(b)) => a == b,
            _ => false,
        }
    }

    /// The address of an object that `%p` would print; `None` for plain values.
    pub fn address(self) -> Option<usize> {
        match self {
            Value::LightUserdata(address) => Some(address),
            Value::String(v) => Some(v.address()),
            Value::Table(v) => Some(v.address()),
            Value::Function(v) => Some(v.object.addr()),
            Value::Userdata(v) => Some(v.address()),
            Value::Thread(v) => Some(v.address()),
            _ => None,
        }
    }
}

/// The heap of a VM, for the methods of handles.
///
/// # Safety
///
/// The VM is live, and nothing else uses the heap during the method.
#[inline(always)]
unsafe fn heap<'x>(vm: *mut VmCore) -> &'x mut Heap {
    // SAFETY: the caller's contract.
    unsafe { &mut (*vm).heap }
}

impl<'v> LuaString<'v> {
    /// The bytes.
    #[inline]
    pub fn as_bytes(self) -> &'v [u8] {
        // SAFETY: B1, G2.
        unsafe { StringObj::bytes(self.object) }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.as_bytes().len()
    }

    /// True for the empty string.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The host's own mark on this string object, 0 if it has none: what command it
    /// names, say. Equal short strings share it.
    pub fn host_id(self) -> u32 {
        // SAFETY: B1.
        unsafe { (*self.object).host_id }
    }

    /// Sets the host's mark.
    pub fn set_host_id(self, id: u32) {
        // SAFETY: B1; the field is read by nothing else.
        unsafe { (*self.object).host_id = id };
    }
}

impl<'v> Table<'v> {
    /// `t[key]`; nil for a key of another VM.
    #[inline]
    pub fn get(self, key: Value<'_>) -> Value<'v> {
        let Some(key) = key.to_raw(self.vm) else {
            return Value::Nil;
        };
        // SAFETY: B1, B2.
        unsafe { Value::from_raw(self.vm, TableObj::get(heap(self.vm), self.object, key)) }
    }

    /// `t[key]` for a string key.
    ///
    /// Allocates the key if no such string exists; if there is no memory for that, the
    /// answer is nil.
    pub fn get_bytes(self, key: &[u8]) -> Value<'v> {
        // SAFETY: B1.
        unsafe {
            match heap(self.vm).string(key) {
                Ok(key) => Value::from_raw(
                    self.vm,
                    TableObj::get_string(heap(self.vm), self.object, key),
                ),
                Err(_) => Value::Nil,
            }
        }
    }

    /// `t[index]`.
    #[inline]
    pub fn get_index(self, index: i64) -> Value<'v> {
        // SAFETY: B1.
        unsafe {
            Value::from_raw(
                self.vm,
                TableObj::get_index(heap(self.vm), self.object, index),
            )
        }
    }

    fn checked(
        self,
        result: impl FnOnce(&mut Heap) -> Result<(), StoreError>,
    ) -> Result<(), LuaError> {
        // SAFETY: B1.
        unsafe {
            if (*self.object).header.mark & mark::READONLY != 0 {
                return Err(unwind::throw_text(self.vm, READONLY_MESSAGE));
            }
            match result(heap(self.vm)) {
                Ok(()) => Ok(()),
                Err(error) => match store_message(error) {
                    Ok(message) => Err(unwind::throw_text(self.vm, message)),
                    Err(error) => Err(error),
                },
            }
        }
    }

    /// `t[key] = value`.
    ///
    /// # Errors
    ///
    /// A nil or NaN key, a table marked read-only, a value of another VM, the memory
    /// limit.
    pub fn set(self, key: Value<'_>, value: Value<'_>) -> Result<(), LuaError> {
        let key = checked_raw(self.vm, key)?;
        let value = checked_raw(self.vm, value)?;
        // SAFETY: B1, B2.
        self.checked(|heap| unsafe { TableObj::set(heap, self.object, key, value) })
    }

    /// `t[key] = value` for a string key.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    pub fn set_bytes(self, key: &[u8], value: Value<'_>) -> Result<(), LuaError> {
        let value = checked_raw(self.vm, value)?;
        // SAFETY: B1, B2.
        self.checked(|heap| unsafe { TableObj::set_bytes(heap, self.object, key, value) })
    }

    /// `t[index] = value`.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    #[inline]
    pub fn set_index(self, index: i64, value: Value<'_>) -> Result<(), LuaError> {
        let value = checked_raw(self.vm, value)?;
        // SAFETY: B1, B2.
        self.checked(|heap| unsafe { TableObj::set_index(heap, self.object, index, value) })
    }

    /// Moves `count` elements so that what was at `from` is at `to`, as assignments one by one in
    /// the right order would, but at once. False, with nothing moved, if the table does not keep
    /// all of these positions side by side: then it is for the caller to assign one by one.
    ///
    /// # Errors
    ///
    /// A table marked read-only.
    pub fn move_items(self, from: i64, to: i64, count: i64) -> Result<bool, LuaError> {
        let mut moved = false;
        self.checked(|heap| {
            // SAFETY: B1, B2.
            moved = unsafe { TableObj::move_in_array(heap, self.object, from, to, count) };
            Ok(())
        })?;
        Ok(moved)
    }

    /// A border of the table: `#t` (manual §2.5.5).
    pub fn len(self) -> usize {
        // SAFETY: B1.
        unsafe { length::border(heap(self.vm), self.object) as usize }
    }

    /// True if the border is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The entry after the one with this key, nil for the first (manual §5.1, `next`).
    ///
    /// # Errors
    ///
    /// A key that is not in the table.
    pub fn next(self, key: Value<'_>) -> Result<Option<(Value<'v>, Value<'v>)>, LuaError> {
        let key = checked_raw(self.vm, key)?;
        // SAFETY: B1, B2.
        unsafe {
            match next::position_after(heap(self.vm), self.object, key) {
                Some(position) => Ok(next::paid_step(self.vm, self.object, position).map(
                    |(_, key, value)| {
                        (
                            Value::from_raw(self.vm, key),
                            Value::from_raw(self.vm, value),
                        )
                    },
                )),
                None => Err(unwind::throw_text(self.vm, b"invalid key to 'next'")),
            }
        }
    }

    /// The entries in the order of `next`. Fields may be changed meanwhile; new ones may
    /// or may not be met.
    #[inline]
    pub fn pairs(self) -> Pairs<'v> {
        Pairs {
            table: self,
            position: 0,
        }
    }

    /// Number of slots, used or not: what [`Table::pairs`] looks at in all.
    pub fn slot_count(self) -> usize {
        // SAFETY: B1.
        unsafe { (*self.object).array_len() as usize + (*self.object).node_count() }
    }

    /// The number of entries if all are where lists have them: under 1, 2, and so on
    /// without a hole, in the array part. `None` means that they may be a list or not.
    pub fn list_len(self) -> Option<usize> {
        // SAFETY: B1, T1.
        let slots = unsafe {
            if (*self.object).has_nodes() {
                return None;
            }
            match (*self.object).array_len() {
                0 => return Some(0),
                len => std::slice::from_raw_parts((*self.object).array, len as usize),
            }
        };
        let count = slots.iter().take_while(|slot| !slot.is_nil()).count();
        slots[count..]
            .iter()
            .all(|slot| slot.is_nil())
            .then_some(count)
    }

    /// The metatable.
    pub fn metatable(self) -> Option<Table<'v>> {
        // SAFETY: B1.
        unsafe {
            let metatable = (*self.object).metatable;
            (!metatable.is_null()).then(|| Table::new(metatable, self.vm))
        }
    }

    /// Sets or removes the metatable.
    ///
    /// # Errors
    ///
    /// A table marked read-only, a metatable of another VM.
    pub fn set_metatable(self, metatable: Option<Table<'_>>) -> Result<(), LuaError> {
        let raw = match metatable {
            Some(metatable) => checked_raw(self.vm, Value::Table(metatable))?,
            None => RawValue::NIL,
        };
        self.checked(|heap| {
            // SAFETY: B1, B2; the barrier keeps G4.
            unsafe {
                (*self.object).metatable = raw.as_table().unwrap_or(std::ptr::null_mut());
                heap.barrier_forward(&raw mut (*self.object).header, raw);
            }
            Ok(())
        })
    }

    /// True if scripts may not change the table.
    pub fn is_readonly(self) -> bool {
        // SAFETY: B1.
        unsafe { (*self.object).header.mark & mark::READONLY != 0 }
    }

    /// Lets scripts, and the methods of this handle, change the table or not.
    pub fn set_readonly(self, readonly: bool) {
        // SAFETY: B1.
        unsafe {
            if readonly {
                (*self.object).header.mark |= mark::READONLY;
            } else {
                (*self.object).header.mark &= !mark::READONLY;
            }
        }
    }
}

/// The entries of a table: see [`Table::pairs`].
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'v> {
    table: Table<'v>,
    position: u32,
}

impl<'v> Iterator for Pairs<'v> {
    type Item = (Value<'v>, Value<'v>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let Table { object, vm, .. } = self.table;
        // SAFETY: B1; positions are checked at each step.
        unsafe {
            let (after, key, value) = next::paid_step(vm, object, self.position)?;
            self.position = after;
            Some((Value::from_raw(vm, key), Value::from_raw(vm, value)))
        }
    }
}

impl<'v> Function<'v> {
    fn kind(self) -> Kind {
        // SAFETY: B1.
        unsafe { (*self.object).kind }
    }

    /// True for a native function.
    pub fn is_native(self) -> bool {
        self.kind() == Kind::NativeFunction
    }

    /// The environment (manual §2.9).
    pub fn environment(self) -> Table<'v> {
        // SAFETY: B1, H1: the kind tells the layout.
        unsafe {
            let env = match self.kind() {
                Kind::LuaFunction => (*self.object.cast::<LuaClosure>()).env,
                _ => (*self.object.cast::<NativeClosure>()).env,
            };
            Table::new(env, self.vm)
        }
    }

    /// Sets the environment.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_environment(self, env: Table<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, Value::Table(env))?;
        let Some(env) = raw.as_table() else {
            return Ok(());
        };
        // SAFETY: B1, B2, H1; the barrier keeps G4.
        unsafe {
            match self.kind() {
                Kind::LuaFunction => (*self.object.cast::<LuaClosure>()).env = env,
                _ => (*self.object.cast::<NativeClosure>()).env = env,
            }
            heap(self.vm).barrier_forward(self.object, raw);
        }
        Ok(())
    }

    /// The name of the chunk that a Lua function comes from, as the host gave it.
    pub fn source(self) -> Option<&'v [u8]> {
        if self.is_native() {
            return None;
        }
        // SAFETY: B1, V2.
        unsafe {
            let code = LuaClosure::code_object(self.object.cast());
            Some(&CodeObj::info(code).source)
        }
    }

    /// A Lua function as a precompiled chunk (manual §5.4, `string.dump`), without the
    /// values of its upvalues; `None` for a native. [`crate::CallCx::load_binary`]
    /// reads it.
    pub fn dump(self) -> Option<Vec<u8>> {
        if self.is_native() {
            return None;
        }
        // SAFETY: B1, V2.
        unsafe {
            let code = LuaClosure::code_object(self.object.cast());
            Some(lua_compiler::dump(&unload(code)))
        }
    }
}

impl<'v> Userdata<'v> {
    /// The host's value, if it is a `T`.
    pub fn downcast<T: Any>(self) -> Option<&'v T> {
        // SAFETY: B1: the payload is taken out only when the userdata is dead.
        unsafe { (*self.object).payload.as_deref()?.downcast_ref() }
    }

    /// The metatable.
    pub fn metatable(self) -> Option<Table<'v>> {
        // SAFETY: B1.
        unsafe {
            let metatable = (*self.object).metatable;
            (!metatable.is_null()).then(|| Table::new(metatable, self.vm))
        }
    }

    /// Sets or removes the metatable. A `__gc` field that it has when the userdata dies
    /// is called then (manual §2.10.1).
    ///
    /// # Errors
    ///
    /// A metatable of another VM.
    pub fn set_metatable(self, metatable: Option<Table<'_>>) -> Result<(), LuaError> {
        let raw = match metatable {
            Some(metatable) => checked_raw(self.vm, Value::Table(metatable))?,
            None => RawValue::NIL,
        };
        // SAFETY: B1, B2; the barrier keeps G4.
        unsafe {
            (*self.object).metatable = raw.as_table().unwrap_or(std::ptr::null_mut());
            heap(self.vm).barrier_forward(self.object.cast(), raw);
            if (*self.object).header.aux == 0 && metatable.is_some() {
                (*self.object).header.aux = 1;
                heap(self.vm).watch_userdata(self.object);
            }
        }
        Ok(())
    }

    /// The environment (manual §2.9).
    pub fn environment(self) -> Option<Table<'v>> {
        // SAFETY: B1.
        unsafe {
            let env = (*self.object).env;
            (!env.is_null()).then(|| Table::new(env, self.vm))
        }
    }

    /// Sets the environment.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_environment(self, env: Table<'_>) -> Result<(), LuaError> {
        let raw = checked_raw(self.vm, Value::Table(env))?;
        // SAFETY: B1, B2; the barrier keeps G4.
        unsafe {
            (*self.object).env = raw.as_table().unwrap_or(std::ptr::null_mut());
            heap(self.vm).barrier_forward(self.object.cast(), raw);
        }
        Ok(())
    }
}

/// The state of a coroutine, as `coroutine.status` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // manual §5.2
pub enum ThreadStatus {
    Suspended,
    Running,
    Normal,
    Dead,
}

impl<'v> Thread<'v> {
    /// True for the coroutine that no script has made.
    pub fn is_main(self) -> bool {
        // SAFETY: B1.
        unsafe { std::ptr::eq(self.object, (*self.vm).heap.main) }
    }

    /// The environment of the functions that the coroutine loads (manual §2.9).
    pub fn environment(self) -> Table<'v> {
        // SAFETY: B1.
        unsafe { Table::new((*self.object).globals, self.vm) }
    }

    /// Sets the environment.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_environment(self, env: Table<'_>) -> Result<(), LuaError> {
        if let Some(env) = checked_raw(self.vm, Value::Table(env))?.as_table() {
            // SAFETY: B1, B2; coroutines are never black: no barrier is needed.
            unsafe { (*self.object).globals = env };
        }
        Ok(())
    }

    /// The state.
    pub fn status(self) -> ThreadStatus {
        // SAFETY: B1.
        match unsafe { (*self.object).status } {
            Status::Suspended => ThreadStatus::Suspended,
            Status::Running => ThreadStatus::Running,
            Status::Normal => ThreadStatus::Normal,
            Status::Dead => ThreadStatus::Dead,
        }
    }
}

/// The bits of a value, or the error for one of another VM.
#[inline]
pub(crate) fn checked_raw(vm: *mut VmCore, value: Value<'_>) -> Result<RawValue, LuaError> {
    match value.to_raw(vm) {
        Some(raw) => Ok(raw),
        // SAFETY: handles keep their VM borrowed, so it is live.
        None => Err(unsafe { unwind::throw_text(vm, FOREIGN_MESSAGE) }),
    }
}

/// The text for a value of another VM.
pub(crate) const FOREIGN_MESSAGE: &[u8] = b"value belongs to another VM";
