//! Operations on values with their metamethods (manual §2.8), and metatables.

use super::CallCx;
use crate::error::LuaError;
use crate::meta::compare::{self, Outcome};
use crate::meta::index::{self, Access};
use crate::table::TableObj;
use crate::value::borrowed::{Table, Value, checked_raw};
use crate::value::number::format_number;
use crate::value::{RawValue, Type};

impl CallCx<'_> {
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
                    address => format!("{}: {:#x}", value.type_name(), address.unwrap_or(0)),
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
}
