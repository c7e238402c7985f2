//! Lengths and strings, written.

use super::{LENGTH_32, LENGTH_64, SPECIAL, lzf, special};

/// Shorter strings are not worth compressing.
const MIN_COMPRESSED: usize = 21;
/// Longer strings are not tried as numbers.
const MAX_NUMBER: usize = 11;

/// Writes a length.
pub fn write_length(out: &mut Vec<u8>, length: u64) {
    const FOURTEEN_BITS: u64 = 1 << 14;
    match length {
        0..64 => out.push(length as u8),
        64..FOURTEEN_BITS => out.extend_from_slice(&(length as u16 | 1 << 14).to_be_bytes()),
        _ => match u32::try_from(length) {
            Ok(length) => {
                out.push(LENGTH_32);
                out.extend_from_slice(&length.to_be_bytes());
            }
            Err(_) => {
                out.push(LENGTH_64);
                out.extend_from_slice(&length.to_be_bytes());
            }
        },
    }
}

/// Writes a string: as a number if it is the text of one, else compressed if that makes
/// it shorter.
pub fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    if let Some(number) = as_number(text) {
        return write_number(out, number);
    }
    if text.len() >= MIN_COMPRESSED
        && let Some(compressed) = lzf::compress(text)
    {
        out.push(SPECIAL | special::LZF);
        write_length(out, compressed.len() as u64);
        write_length(out, text.len() as u64);
        return out.extend_from_slice(&compressed);
    }
    write_length(out, text.len() as u64);
    out.extend_from_slice(text);
}

fn write_number(out: &mut Vec<u8>, number: i32) {
    if let Ok(number) = i8::try_from(number) {
        out.push(SPECIAL | special::INT8);
        out.extend_from_slice(&number.to_le_bytes());
    } else if let Ok(number) = i16::try_from(number) {
        out.push(SPECIAL | special::INT16);
        out.extend_from_slice(&number.to_le_bytes());
    } else {
        out.push(SPECIAL | special::INT32);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// The number whose text this is, exactly.
fn as_number(text: &[u8]) -> Option<i32> {
    if text.len() > MAX_NUMBER {
        return None;
    }
    let number: i32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (itoa::Buffer::new().format(number).as_bytes() == text).then_some(number)
}
