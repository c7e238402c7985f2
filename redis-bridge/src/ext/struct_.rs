//! `struct`: numbers and strings in the layout of C structures.

use lua_stdlib::{Entry, Library};
use lua_vm::{CallCx, LuaError, Returned, Value};

use super::output::{Output, PER_UNIT};

/// The `struct` library.
pub(super) const STRUCT: Library = Library {
    name: "struct",
    manual: "",
    entries: &[
        ("pack", Entry::Native(pack)),
        ("unpack", Entry::Native(unpack)),
        ("size", Entry::Native(size)),
    ],
    finish: None,
};

/// Bytes of the largest integer.
const MAX_INTEGER: usize = 32;

/// Stack slots that one native may use.
const MAX_SLOTS: usize = 8000;

/// One letter of a format, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// `b B h H l L T i I`: two's complement, so many bytes.
    Integer { size: usize, is_signed: bool },
    /// `f`
    Float,
    /// `d`
    Double,
    /// `x`: a byte to be skipped.
    Pad,
    /// `c`: so many bytes; 0 stands for a length found elsewhere.
    Bytes(usize),
    /// `s`: bytes up to a zero.
    Text,
    /// Anything else: an option of the layout, or not valid at all.
    Option(u8),
}

impl Item {
    /// Bytes as far as the format tells, 0 if it does not.
    fn size(self) -> usize {
        match self {
            Item::Integer { size, .. } | Item::Bytes(size) => size,
            Item::Float => 4,
            Item::Double => 8,
            Item::Pad => 1,
            Item::Text | Item::Option(_) => 0,
        }
    }
}

/// A format that is being read, and the layout in force.
struct Format<'f> {
    /// What is left of it.
    rest: &'f [u8],
    is_big_endian: bool,
    /// Largest alignment, a power of two.
    alignment: u64,
}

impl<'f> Format<'f> {
    /// The format in argument 1, up to a zero byte.
    fn of_argument(cx: &'f CallCx<'_>) -> Result<Format<'f>, LuaError> {
        let text = cx.check_bytes(1)?;
        Ok(Format {
            rest: memchr::memchr(0, text).map_or(text, |end| &text[..end]),
            is_big_endian: false,
            alignment: 1,
        })
    }

    /// The number at the start of the rest, or `default` if there is none.
    fn number(&mut self, cx: &CallCx<'_>, default: usize) -> Result<usize, LuaError> {
        if !self.rest.first().is_some_and(u8::is_ascii_digit) {
            return Ok(default);
        }
        let mut number = 0i32;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(i32::from(digit - b'0')))
                .ok_or_else(|| cx.error("integral size overflow"))?;
            self.rest = rest;
        }
        Ok(number as usize)
    }

    fn next(&mut self, cx: &CallCx<'_>) -> Result<Option<Item>, LuaError> {
        let [letter, rest @ ..] = self.rest else {
            return Ok(None);
        };
        self.rest = rest;
        let size = match letter {
            b'b' | b'B' => 1,
            b'h' | b'H' => 2,
            b'l' | b'L' | b'T' => 8,
            b'i' | b'I' => self.number(cx, 4)?,
            b'f' => return Ok(Some(Item::Float)),
            b'd' => return Ok(Some(Item::Double)),
            b'x' => return Ok(Some(Item::Pad)),
            b'c' => return Ok(Some(Item::Bytes(self.number(cx, 1)?))),
            b's' => return Ok(Some(Item::Text)),
            &option => return Ok(Some(Item::Option(option))),
        };
        if size > MAX_INTEGER {
            let text = format!("integral size {size} is larger than limit of {MAX_INTEGER}");
            return Err(cx.error(text));
        }
        let is_signed = letter.is_ascii_lowercase();
        Ok(Some(Item::Integer { size, is_signed }))
    }

    /// Bytes to be skipped at `position` so that the item is aligned. The masks give odd
    /// results for sizes that are no powers of two; they are part of the format.
    fn padding(&self, item: Item, position: u64) -> u64 {
        match (item, item.size() as u64) {
            (Item::Bytes(_), _) | (_, 0) => 0,
            (_, size) => {
                let size = size.min(self.alignment);
                (size - (position & (size - 1))) & (size - 1)
            }
        }
    }

    /// Changes the layout.
    fn apply(&mut self, cx: &CallCx<'_>, option: u8) -> Result<(), LuaError> {
        match option {
            b' ' => {}
            b'>' => self.is_big_endian = true,
            b'<' => self.is_big_endian = false,
            b'!' => {
                let alignment = self.number(cx, 8)?;
                if !alignment.is_power_of_two() {
                    let text = format!("alignment {alignment} is not a power of 2");
                    return Err(cx.error(text));
                }
                self.alignment = alignment as u64;
            }
            _ => {
                let text = [b"invalid format option '", &[option][..], b"'"].concat();
                return Err(cx.arg_error(1, text));
            }
        }
        Ok(())
    }
}

/// A number as 64 bits, as C on x86-64 converts it: truncated, modulo 2^64 where that
/// is well defined.
fn to_word(n: f64) -> u64 {
    const TOP: f64 = 9_223_372_036_854_775_808.0;
    if n >= TOP {
        lua_vm::to_integer(n - TOP) as u64 ^ 1 << 63
    } else {
        lua_vm::to_integer(n) as u64
    }
}

/// Implements `struct.pack(format, ...)`.
fn pack(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    Output::to_string(cx, |out| {
        let mut format = Format::of_argument(cx)?;
        let mut arg = 1;
        let mut position = 0u64;
        while let Some(item) = format.next(cx)? {
            let mut size = item.size();
            let padding = format.padding(item, position);
            out.push(&[0; MAX_INTEGER][..padding as usize])?;
            match item {
                Item::Integer { size, .. } => {
                    arg += 1;
                    let word = to_word(packed_number(cx, arg)?);
                    let mut bytes = [0; MAX_INTEGER];
                    bytes[..8].copy_from_slice(&word.to_le_bytes());
                    if format.is_big_endian {
                        bytes[..size].reverse();
                    }
                    out.push(&bytes[..size])?;
                }
                Item::Float => {
                    arg += 1;
                    let n = packed_number(cx, arg)? as f32;
                    out.push(&ordered(n.to_le_bytes(), format.is_big_endian))?;
                }
                Item::Double => {
                    arg += 1;
                    let n = packed_number(cx, arg)?;
                    out.push(&ordered(n.to_le_bytes(), format.is_big_endian))?;
                }
                Item::Pad => out.push(&[0])?,
                Item::Bytes(wanted) => {
                    arg += 1;
                    let bytes = packed_bytes(cx, arg)?;
                    size = if wanted == 0 { bytes.len() } else { wanted };
                    match bytes.get(..size) {
                        Some(bytes) => out.push(bytes)?,
                        None => return Err(cx.arg_error(arg + 1, "string too short")),
                    }
                }
                Item::Text => {
                    arg += 1;
                    let bytes = packed_bytes(cx, arg)?;
                    size = bytes.len() + 1;
                    out.push(bytes)?;
                    out.push(&[0])?;
                }
                Item::Option(option) => format.apply(cx, option)?,
            }
            position = position.wrapping_add(padding).wrapping_add(size as u64);
            out.count(PER_UNIT)?;
        }
        Ok(())
    })?;
    cx.ret_top(1)
}

/// Argument `i` as a number. One that is missing counts as nil: the words of the error
/// tell.
fn packed_number(cx: &CallCx<'_>, i: usize) -> Result<f64, LuaError> {
    if cx.has_arg(i) {
        cx.check_number(i)
    } else {
        Err(cx.arg_error(i, "number expected, got nil"))
    }
}

/// Argument `i` as bytes, as [`packed_number`].
fn packed_bytes<'c>(cx: &'c CallCx<'_>, i: usize) -> Result<&'c [u8], LuaError> {
    if cx.has_arg(i) {
        cx.check_bytes(i)
    } else {
        Err(cx.arg_error(i, "string expected, got nil"))
    }
}

/// Little-endian bytes in the order asked for.
fn ordered<const N: usize>(mut bytes: [u8; N], is_big_endian: bool) -> [u8; N] {
    if is_big_endian {
        bytes.reverse();
    }
    bytes
}

/// Implements `struct.unpack(format, data [, position])`: the values, and the position
/// after them.
fn unpack(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    let mut format = Format::of_argument(cx)?;
    let data = cx.check_bytes(2)?;
    let len = data.len() as u64;
    // A negative position is a huge one.
    let mut position = cx.opt_integer(3, 1)? as u64;
    if position == 0 {
        return Err(cx.arg_error(3, "offset must be 1 or greater"));
    }
    position -= 1;
    let too_short = || cx.arg_error(2, "data string too short");
    let slice = |from: u64, size: u64| {
        let end = from.checked_add(size).filter(|&end| end <= len);
        end.map(|end| &data[from as usize..end as usize])
            .ok_or_else(too_short)
    };
    // Each result has a letter.
    let room = (format.rest.len() + 1).min(MAX_SLOTS - cx.top().min(MAX_SLOTS));
    cx.ensure_stack(room)?;
    let mut n_results = 0;
    let mut unpaid = 0u64;
    while let Some(item) = format.next(cx)? {
        if position > len {
            return Err(too_short());
        }
        position += format.padding(item, position);
        let bytes = slice(position, item.size() as u64)?;
        // One slot for the value and one for the position.
        if cx.arg_count() + n_results + 2 > MAX_SLOTS {
            return Err(cx.error("stack overflow (too many results)"));
        }
        let mut size = bytes.len();
        match item {
            Item::Integer { is_signed, .. } => {
                cx.push_number(integer(bytes, format.is_big_endian, is_signed));
                n_results += 1;
            }
            Item::Float => {
                let bytes = ordered(first(bytes), format.is_big_endian);
                cx.push_number(f64::from(f32::from_le_bytes(bytes)));
                n_results += 1;
            }
            Item::Double => {
                let bytes = ordered(first(bytes), format.is_big_endian);
                cx.push_number(f64::from_le_bytes(bytes));
                n_results += 1;
            }
            Item::Pad => {}
            Item::Bytes(0) => {
                let previous = match cx.value(-1) {
                    value @ (Value::Number(_) | Value::String(_)) if n_results > 0 => {
                        value.to_number()
                    }
                    _ => None,
                };
                let Some(previous) = previous else {
                    return Err(cx.error("format 'c0' needs a previous size"));
                };
                cx.pop(1);
                let bytes = slice(position, to_word(previous))?;
                size = bytes.len();
                cx.push_bytes(bytes)?;
            }
            Item::Bytes(_) => {
                cx.push_bytes(bytes)?;
                n_results += 1;
            }
            Item::Text => {
                let rest = &data[position as usize..];
                let Some(end) = memchr::memchr(0, rest) else {
                    return Err(cx.error("unfinished string in data"));
                };
                size = end + 1;
                cx.push_bytes(&rest[..end])?;
                n_results += 1;
            }
            Item::Option(option) => format.apply(cx, option)?,
        }
        position += size as u64;
        unpaid += 1 + (size / PER_UNIT) as u64;
        if unpaid >= 4096 {
            cx.charge(std::mem::take(&mut unpaid))?;
        }
    }
    cx.charge(unpaid)?;
    cx.push_number(position.wrapping_add(1) as i64 as f64);
    cx.ret_top(n_results + 1)
}

/// The first bytes, which the caller knows to be there.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// The low 64 bits of an integer. The sign bit of one that is longer than 8 bytes is
/// looked for at its place modulo 64, as x86-64 shifts.
fn integer(bytes: &[u8], is_big_endian: bool, is_signed: bool) -> f64 {
    let append = |word: u64, &byte: &u8| word << 8 | u64::from(byte);
    let word = if is_big_endian {
        bytes.iter().fold(0, append)
    } else {
        bytes.iter().rev().fold(0, append)
    };
    if !is_signed {
        return word as f64;
    }
    let mask = u64::MAX.wrapping_shl((bytes.len() as u32 * 8).wrapping_sub(1));
    let word = if word & mask == 0 { word } else { word | mask };
    word as i64 as f64
}

/// Implements `struct.size(format)`: the bytes that `pack` would make. Letters that it
/// does not know count nothing.
fn size(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let mut format = Format::of_argument(cx)?;
    let mut position = 0u64;
    while let Some(item) = format.next(cx)? {
        position = position.wrapping_add(format.padding(item, position));
        match item {
            Item::Text => return Err(cx.arg_error(1, "option 's' has no fixed size")),
            Item::Bytes(0) => return Err(cx.arg_error(1, "option 'c0' has no fixed size")),
            Item::Option(option) if !option.is_ascii_alphanumeric() => format.apply(cx, option)?,
            _ => {}
        }
        position = position.wrapping_add(item.size() as u64);
    }
    cx.ret_number(position as i64 as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words_as_c_converts_them() {
        let check = |n: f64, expected: u64| assert_eq!(to_word(n), expected, "{n}");
        check(-1.9, u64::MAX);
        check(9_223_372_036_854_775_808.0, 1 << 63);
        check(18_446_744_073_709_549_568.0, 0xffff_ffff_ffff_f800);
        check(18_446_744_073_709_551_616.0, 0);
        check(f64::INFINITY, 0);
        check(f64::NAN, 1 << 63);
        check(f64::NEG_INFINITY, 1 << 63);
    }

    #[test]
    fn integers_longer_than_a_word() {
        let check = |bytes: &[u8], expected: f64| {
            assert_eq!(integer(bytes, false, true), expected, "{bytes:?}");
        };
        check(&[0xff], -1.0);
        check(&[], 0.0);
        check(&[0, 1, 0, 0, 0, 0, 0, 0, 0], -128.0);
        check(&[0x7f, 0, 0, 0, 0, 0, 0, 0, 0], 127.0);
        check(&[0xff; 16], -1.0);
    }
}
