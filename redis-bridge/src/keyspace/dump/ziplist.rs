//! Ziplists, which Redis used before listpacks: read only.
//!
//! ```text
//! <bytes: u32> <offset of the last: u32> <elements: u16> <element>... 0xff
//! element = <length of the one before: 1 or 5 bytes> <encoding> <data>
//! ```

use crate::keyspace::string::TextBytes;

const HEADER_BYTES: usize = 10;
const END: u8 = 0xff;

/// The elements of a ziplist as texts; `None` if it is not well-formed.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let size = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    if size != bytes.len() {
        return None;
    }
    let mut rest = bytes.get(HEADER_BYTES..)?;
    let mut elements = Vec::new();
    loop {
        let (first, after) = rest.split_first()?;
        if *first == END {
            return after.is_empty().then_some(elements);
        }
        rest = match first {
            0xfe => after.get(4..)?,
            _ => after,
        };
        let (element, after) = element(rest)?;
        elements.push(element);
        rest = after;
    }
}

/// The element at the start of some bytes, behind the length of the one before.
fn element(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let text = |rest: &[u8], len: usize| rest.split_at_checked(len).map(|(it, _)| it.to_vec());
    let integer = |n_bytes: usize| {
        let (stored, after) = rest.split_at_checked(n_bytes)?;
        let is_negative = stored.last()? & 0x80 != 0;
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        wide[..n_bytes].copy_from_slice(stored);
        let digits = TextBytes::of_integer(i64::from_le_bytes(wide));
        Some((digits.to_vec(), after))
    };
    match first {
        0x00..=0x3f => {
            let len = usize::from(*first);
            Some((text(rest, len)?, &rest[len..]))
        }
        0x40..=0x7f => {
            let (low, rest) = rest.split_first()?;
            let len = usize::from(first & 0x3f) << 8 | usize::from(*low);
            Some((text(rest, len)?, &rest[len..]))
        }
        0x80 => {
            let (len, rest) = rest.split_first_chunk()?;
            let len = u32::from_be_bytes(*len) as usize;
            Some((text(rest, len)?, &rest[len..]))
        }
        0xc0 => integer(2),
        0xd0 => integer(4),
        0xe0 => integer(8),
        0xf0 => integer(3),
        0xfe => integer(1),
        // Four bits hold a number and one.
        0xf1..=0xfd => {
            let digits = TextBytes::of_integer(i64::from(first & 0x0f) - 1);
            Some((digits.to_vec(), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_encoding() {
        let body = b"\x00\x02hi\x04\xf3\x02\xfe\x80\x03\xc0\xe8\x03\x04\xf0\x00\x00\x80\
            \x05\xd0\x00\x00\x00\x80\x06\xe0\xff\xff\xff\xff\xff\xff\xff\x7f\xfe\x0a\0\0\0\x40\x01x\xff";
        let mut bytes = vec![0; HEADER_BYTES];
        bytes.extend_from_slice(body);
        let size = u32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&size.to_le_bytes());
        let elements = read(&bytes).expect("it is well-formed");
        let texts: Vec<_> = elements
            .iter()
            .map(|it| String::from_utf8_lossy(it))
            .collect();
        let expected = [
            "hi",
            "2",
            "-128",
            "1000",
            "-8388608",
            "-2147483648",
            "9223372036854775807",
            "x",
        ];
        assert_eq!(texts, expected);
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), None);
        }
    }
}
