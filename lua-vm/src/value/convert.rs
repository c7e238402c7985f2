//! Conversions between strings and numbers (manual §2.2.1).

use super::RawValue;
use super::number::format_number;
use super::string::StringObj;
use crate::error::LuaError;
use crate::heap::Heap;

/// The value as a number: a number, or a string that reads as one; `heap` pays for it.
///
/// # Safety
///
/// The value is live.
#[inline]
pub(crate) unsafe fn to_number(heap: &Heap, value: RawValue) -> Option<f64> {
    if let Some(n) = value.as_number() {
        return Some(n);
    }
    // SAFETY: the caller's contract.
    let text = unsafe { StringObj::bytes(value.as_string()?) };
    heap.spend_bytes(text.len());
    lua_syntax::literal::parse_number(text)
}

/// The value as a string: a string, or a number's text.
///
/// # Errors
///
/// The memory limit.
///
/// # Safety
///
/// The value is live and of this heap.
pub(crate) unsafe fn to_string(
    heap: &mut Heap,
    value: RawValue,
) -> Result<Option<RawValue>, LuaError> {
    if value.is_string() {
        return Ok(Some(value));
    }
    match value.as_number() {
        Some(n) => Ok(Some(RawValue::string(
            heap.string(format_number(n).as_bytes())?,
        ))),
        None => Ok(None),
    }
}
