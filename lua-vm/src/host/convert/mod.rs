#![forbid(unsafe_code)]
//! Conversions between Rust's types and Lua's values. Here are the two traits and their
//! error; the types are in the modules below, lists of values in [`multi`].

pub(crate) mod multi;
mod number;
mod text;
mod value;

mod containers;

use std::borrow::Cow;

use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::value::borrowed::{Table, Value};

/// A type whose values become Lua values.
///
/// Implemented for booleans, numbers, strings of text and of bytes, `Option`, vectors,
/// slices, arrays and maps, the handles of this crate, and every [`crate::UserData`].
///
/// ```
/// use lua_vm::{CallCx, IntoLua, Lua, LuaError, Value, Vm};
///
/// struct Point { x: f64, y: f64 }
///
/// impl IntoLua for Point {
///     fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
///         let table = cx.new_table(0, 2)?;
///         table.set_field(cx, "x", self.x)?;
///         table.set_field(cx, "y", self.y)?;
///         Ok(Value::Table(table))
///     }
/// }
///
/// let mut vm = Vm::default();
/// vm.set_global("point", Point { x: 1.0, y: 2.0 })?;
/// assert_eq!(vm.eval::<f64>("point.x + point.y")?, 3.0);
/// # Ok::<(), lua_vm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not become a Lua value",
    note = "implement `IntoLua` or `UserData` for it; several values at once are a tuple or `Variadic`"
)]
pub trait IntoLua: Sized {
    /// The value.
    ///
    /// # Errors
    ///
    /// The memory limit; an integer that no Lua number is equal to.
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError>;

    #[doc(hidden)]
    fn list_into_lua<'v>(
        items: impl ExactSizeIterator<Item = Self>,
        cx: &'v CallCx<'_>,
    ) -> Result<Value<'v>, LuaError> {
        containers::list_into_lua(items, cx)
    }
}

/// A type that Lua values are converted to.
///
/// [`FromLua::Output`] is the type itself for everything that owns its data; `&str`,
/// `&[u8]` and handles such as [`Table`] borrow from the context for as long as a native
/// function runs.
///
/// ```
/// use lua_vm::{CallCx, FromLua, FromLuaError, Lua, Value, Vm};
///
/// struct Point { x: f64, y: f64 }
///
/// impl FromLua for Point {
///     type Output<'v> = Point;
///     fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Point, FromLuaError> {
///         let table = value.as_table().ok_or_else(|| FromLuaError::expected("point", value))?;
///         Ok(Point { x: table.field(cx, "x")?, y: table.field(cx, "y")? })
///     }
/// }
///
/// let mut vm = Vm::default();
/// let point: Point = vm.eval("{ x = 1, y = 2 }")?;
/// assert_eq!(point.x + point.y, 3.0);
/// # Ok::<(), lua_vm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a Lua value is not converted to `{Self}`",
    note = "implement `FromLua` for it; in a function of the host's, a `UserData` type is taken as `&T` or `&mut T`"
)]
pub trait FromLua: Sized {
    /// What the conversion gives: `Self`, with the lifetime of the context if it borrows.
    type Output<'v>;

    /// Converts a value.
    ///
    /// # Errors
    ///
    /// A value of the wrong type, or out of range.
    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>)
    -> Result<Self::Output<'v>, FromLuaError>;

    #[doc(hidden)]
    fn list_from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Vec<Self::Output<'v>>, FromLuaError> {
        containers::list_from_lua::<Self>(value, cx)
    }
}

/// A type that owns what it was converted from: it may leave the VM.
pub trait FromLuaOwned: for<'v> FromLua<Output<'v> = Self> {}

impl<T> FromLuaOwned for T where T: for<'v> FromLua<Output<'v> = T> {}

/// Why a value was not converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FromLuaError {
    /// It has another type.
    #[error("{expected} expected, got {got}")]
    Type {
        /// What it should have been.
        expected: Cow<'static, str>,
        /// What it is.
        got: Cow<'static, str>,
    },
    /// It has the right type, but the wrong value.
    #[error("{0}")]
    Value(Cow<'static, str>),
    /// The VM could not go on.
    #[error(transparent)]
    Lua(#[from] LuaError),
}

impl FromLuaError {
    /// The error for a value of the wrong type.
    pub fn expected(expected: impl Into<Cow<'static, str>>, value: Value<'_>) -> FromLuaError {
        FromLuaError::Type {
            expected: expected.into(),
            got: class_name(value),
        }
    }

    /// The error for a value that is wrong in another way.
    pub fn value(message: impl Into<Cow<'static, str>>) -> FromLuaError {
        FromLuaError::Value(message.into())
    }

    /// The same error, said of a part: `field 'x': number expected, got nil`.
    pub(crate) fn of_part(self, part: impl FnOnce() -> String) -> FromLuaError {
        match self {
            FromLuaError::Lua(_) => self,
            other => FromLuaError::Value(format!("{}: {other}", part()).into()),
        }
    }
}

/// The name of a value's type; of a host's object, the name of its class.
pub(crate) fn class_name(value: Value<'_>) -> Cow<'static, str> {
    if let Value::Userdata(userdata) = value
        && let Some(name) = userdata
            .metatable()
            .and_then(|metatable| metatable.get_bytes(b"__name").as_bytes())
    {
        return String::from_utf8_lossy(name).into_owned().into();
    }
    value.type_name().into()
}

/// A key as messages show it.
pub(crate) fn describe_key(key: Value<'_>) -> String {
    match key {
        Value::String(s) => format!("field '{}'", String::from_utf8_lossy(s.as_bytes())),
        Value::Number(n) => format!(
            "field {}",
            String::from_utf8_lossy(crate::format_number(n).as_bytes())
        ),
        other => format!("field of a {} key", other.type_name()),
    }
}

impl<'t> Table<'t> {
    /// `table[key]`, converted; no metamethods.
    ///
    /// # Errors
    ///
    /// A value that is no `T`, with the key's name in the message.
    pub fn field<T: FromLuaOwned>(
        self,
        cx: &CallCx<'_>,
        key: impl IntoLua,
    ) -> Result<T, FromLuaError> {
        self.field_as::<T>(cx, key)
    }

    /// As [`Table::field`], for types that may borrow from the value, such as `&str`.
    ///
    /// # Errors
    ///
    /// As [`Table::field`].
    pub fn field_as<'v, T: FromLua>(
        self,
        cx: &'v CallCx<'_>,
        key: impl IntoLua,
    ) -> Result<T::Output<'v>, FromLuaError>
    where
        't: 'v,
    {
        let key = key.into_lua(cx)?;
        let value: Value<'v> = self.get(key);
        T::from_lua(value, cx).map_err(|error| error.of_part(|| describe_key(key)))
    }

    /// `table[key] = value`; no metamethods.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    pub fn set_field(
        self,
        cx: &CallCx<'_>,
        key: impl IntoLua,
        value: impl IntoLua,
    ) -> Result<(), LuaError> {
        self.set(key.into_lua(cx)?, value.into_lua(cx)?)
    }
}
