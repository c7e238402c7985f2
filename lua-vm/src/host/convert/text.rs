#![forbid(unsafe_code)]
//! Strings: text, which has to be UTF-8, and bytes. Numbers are taken as their text, as
//! Lua's own libraries do (manual §2.2.1).

use std::borrow::Cow;

use super::{FromLua, FromLuaError, IntoLua};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::value::borrowed::{LuaString, Value};

fn string_into_lua<'v>(bytes: &[u8], cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
    Ok(Value::String(cx.new_string(bytes)?))
}

macro_rules! strings_into_lua {
    ($($type:ty),*) => {$(
        impl IntoLua for $type {
            fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
                string_into_lua(self.as_bytes(), cx)
            }
        }
    )*};
}

strings_into_lua! { &str, String, &String, Cow<'_, str>, Box<str> }

impl FromLua for LuaString<'_> {
    type Output<'v> = LuaString<'v>;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<LuaString<'v>, FromLuaError> {
        match value {
            Value::String(s) => Ok(s),
            Value::Number(n) => Ok(cx.new_string(crate::format_number(n).as_bytes())?),
            other => Err(FromLuaError::expected("string", other)),
        }
    }
}

impl FromLua for &[u8] {
    type Output<'v> = &'v [u8];

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<&'v [u8], FromLuaError> {
        LuaString::from_lua(value, cx).map(LuaString::as_bytes)
    }
}

impl FromLua for &str {
    type Output<'v> = &'v str;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<&'v str, FromLuaError> {
        std::str::from_utf8(<&[u8]>::from_lua(value, cx)?)
            .map_err(|_| FromLuaError::value("string is not valid UTF-8"))
    }
}

impl FromLua for String {
    type Output<'v> = String;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<String, FromLuaError> {
        <&str>::from_lua(value, cx).map(str::to_owned)
    }
}

impl FromLua for Box<str> {
    type Output<'v> = Box<str>;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Box<str>, FromLuaError> {
        <&str>::from_lua(value, cx).map(Box::from)
    }
}

/// The text, with a replacement character for what is not UTF-8.
impl FromLua for Cow<'_, str> {
    type Output<'v> = Cow<'v, str>;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Cow<'v, str>, FromLuaError> {
        <&[u8]>::from_lua(value, cx).map(String::from_utf8_lossy)
    }
}
