#![forbid(unsafe_code)]
//! Values as they are: borrowed handles, and roots of any type.

use super::{FromLua, FromLuaError, IntoLua};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::heap::handle::Root;
use crate::value::borrowed::{Function, LuaString, Table, Thread, Userdata, Value};

impl IntoLua for Value<'_> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.reborrow(self)
    }
}

impl FromLua for Value<'_> {
    type Output<'v> = Value<'v>;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<Value<'v>, FromLuaError> {
        Ok(value)
    }
}

macro_rules! handles {
    ($($type:ident $name:literal)*) => {$(
        impl IntoLua for $type<'_> {
            fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
                cx.reborrow(Value::$type(self))
            }
        }

        impl FromLua for $type<'_> {
            type Output<'v> = $type<'v>;

            fn from_lua<'v>(
                value: Value<'v>,
                _: &'v CallCx<'_>,
            ) -> Result<$type<'v>, FromLuaError> {
                match value {
                    Value::$type(handle) => Ok(handle),
                    other => Err(FromLuaError::expected($name, other)),
                }
            }
        }
    )*};
}

handles! { Table "table" Function "function" Userdata "userdata" Thread "thread" }

impl IntoLua for LuaString<'_> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.reborrow(Value::String(self))
    }
}

impl IntoLua for &Root {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.value_of(self)
    }
}

impl IntoLua for Root {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.value_of(&self)
    }
}

impl FromLua for Root {
    type Output<'v> = Root;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Root, FromLuaError> {
        Ok(cx.root(value)?)
    }
}
