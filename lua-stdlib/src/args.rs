//! Checks and conversions of arguments beyond those of `CallCx`.
//!
//! Owns what several libraries need of `luaL_check*`: string positions, option names, C's
//! strings and narrow integers.

use lua_vm::{CallCx, LuaError};

/// The position that `pos` means in a string of `len` bytes: negative counts from the end.
/// The result may still lie outside the string, on either side; never below zero.
pub(crate) fn relative_position(pos: i64, len: usize) -> i64 {
    let pos = if pos < 0 {
        pos.saturating_add(len as i64 + 1)
    } else {
        pos
    };
    pos.max(0)
}

/// The 0-based byte range that `string.sub`'s `first` and `last` select.
pub(crate) fn substring_range(first: i64, last: i64, len: usize) -> std::ops::Range<usize> {
    let first = relative_position(first, len).max(1);
    let last = relative_position(last, len).min(len as i64);
    if first <= last {
        first as usize - 1..last as usize
    } else {
        0..0
    }
}

/// C's conversion of a `double` to a 32-bit `int`, as x86-64 does it.
pub(crate) fn to_c_int(number: f64) -> i32 {
    if number > -2_147_483_649.0 && number < 2_147_483_648.0 {
        number as i32
    } else {
        i32::MIN
    }
}

/// What C sees of a string: the bytes up to the first zero byte.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

/// Argument `i` as a C string. Errors as [`CallCx::check_bytes`].
pub(crate) fn check_c_string<'a>(cx: &'a CallCx<'_>, i: usize) -> Result<&'a [u8], LuaError> {
    cx.check_bytes(i).map(until_nul)
}

/// Argument `i` as a C string, `default` when it is absent or nil.
pub(crate) fn opt_c_string<'a>(
    cx: &'a CallCx<'_>,
    i: usize,
    default: &'a [u8],
) -> Result<&'a [u8], LuaError> {
    cx.opt_bytes(i, default).map(until_nul)
}

/// Argument `i` as one of `options` (`luaL_checkoption`); `default` when it is absent or nil.
///
/// Errors with `bad argument #i to 'f' (invalid option 'x')`.
pub(crate) fn check_option<'a, T: Copy>(
    cx: &'a CallCx<'_>,
    i: usize,
    default: &'a [u8],
    options: &[(&str, T)],
) -> Result<T, LuaError> {
    let name = opt_c_string(cx, i, default)?;
    options
        .iter()
        .find(|(option, _)| option.as_bytes() == name)
        .map(|&(_, value)| value)
        .ok_or_else(|| {
            let mut message = b"invalid option '".to_vec();
            message.extend_from_slice(name);
            message.push(b'\'');
            cx.arg_error(i, message)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        assert_eq!(relative_position(-1, 3), 3);
        assert_eq!(relative_position(-9, 3), 0);
        assert_eq!(relative_position(i64::MIN, 3), 0);
        assert_eq!(substring_range(2, -2, 5), 1..4);
        assert_eq!(substring_range(-100, 100, 5), 0..5);
        assert_eq!(substring_range(3, 2, 5), 0..0);
        assert_eq!(substring_range(i64::MAX, i64::MAX, 5), 0..0);
    }

    #[test]
    fn narrow_integers() {
        assert_eq!(to_c_int(-3.7), -3);
        assert_eq!(to_c_int(3e9), i32::MIN);
        assert_eq!(to_c_int(f64::NAN), i32::MIN);
    }
}
