#![forbid(unsafe_code)]
//! Booleans and numbers. Nothing is rounded in silence: an integer that a Lua number
//! cannot hold is refused in both directions.

use super::{FromLua, FromLuaError, IntoLua};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::value::borrowed::Value;

impl IntoLua for bool {
    fn into_lua<'v>(self, _: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        Ok(Value::Boolean(self))
    }
}

/// As conditions take it: `nil` and `false` are false, everything else is true.
impl FromLua for bool {
    type Output<'v> = bool;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<bool, FromLuaError> {
        Ok(value.truthy())
    }
}

fn number(value: Value<'_>) -> Result<f64, FromLuaError> {
    value
        .to_number()
        .ok_or_else(|| FromLuaError::expected("number", value))
}

fn integer(value: Value<'_>) -> Result<i128, FromLuaError> {
    let n = number(value)?;
    if n.fract() != 0.0 || !n.is_finite() {
        return Err(FromLuaError::value("number has no integer representation"));
    }
    // A cast of what is beyond `i128` gives its end, which no narrower type holds.
    Ok(n as i128)
}

const OUT_OF_RANGE: &str = "number out of range";

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl IntoLua for $type {
            fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
                let n = self as f64;
                if n as i128 == self as i128 {
                    Ok(Value::Number(n))
                } else {
                    Err(cx.error(format!("no number is exactly {self}")))
                }
            }
        }

        impl FromLua for $type {
            type Output<'v> = $type;

            fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<$type, FromLuaError> {
                <$type>::try_from(integer(value)?).map_err(|_| FromLuaError::value(OUT_OF_RANGE))
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 isize u16 u32 u64 usize }

/// A byte. Lists of bytes are strings, not tables.
impl IntoLua for u8 {
    fn into_lua<'v>(self, _: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        Ok(Value::Number(f64::from(self)))
    }

    fn list_into_lua<'v>(
        items: impl ExactSizeIterator<Item = u8>,
        cx: &'v CallCx<'_>,
    ) -> Result<Value<'v>, LuaError> {
        cx.check_room(items.len())?;
        let bytes: Vec<u8> = items.collect();
        Ok(Value::String(cx.new_string(&bytes)?))
    }
}

impl FromLua for u8 {
    type Output<'v> = u8;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<u8, FromLuaError> {
        u8::try_from(integer(value)?).map_err(|_| FromLuaError::value(OUT_OF_RANGE))
    }

    fn list_from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Vec<u8>, FromLuaError> {
        <&[u8]>::from_lua(value, cx).map(<[u8]>::to_vec)
    }
}

impl IntoLua for f64 {
    fn into_lua<'v>(self, _: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        Ok(Value::Number(self))
    }
}

impl FromLua for f64 {
    type Output<'v> = f64;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<f64, FromLuaError> {
        number(value)
    }
}

impl IntoLua for f32 {
    fn into_lua<'v>(self, _: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        Ok(Value::Number(f64::from(self)))
    }
}

/// Rounded to the nearest; a finite number beyond the greatest `f32` is refused.
impl FromLua for f32 {
    type Output<'v> = f32;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<f32, FromLuaError> {
        let n = number(value)?;
        let narrow = n as f32;
        if n.is_finite() && !narrow.is_finite() {
            return Err(FromLuaError::value(OUT_OF_RANGE));
        }
        Ok(narrow)
    }
}
