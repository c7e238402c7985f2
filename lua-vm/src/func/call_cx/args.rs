//! Arguments of a native function, converted and checked as the libraries of the manual do (§3.7).

use super::CallCx;
use crate::error::LuaError;
use crate::value::borrowed::{Function, Table, Value};
use crate::value::number::to_integer;
use crate::value::string::StringObj;
use crate::value::{RawValue, convert};

impl CallCx<'_> {
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
    pub(super) fn raw_arg(&self, i: usize) -> RawValue {
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
        unsafe { convert::to_number(&(*self.vm).heap, raw) }
            .ok_or_else(|| self.type_error(i, "number"))
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
}
