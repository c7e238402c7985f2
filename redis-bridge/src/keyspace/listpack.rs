//! Listpacks: strings and integers packed into one block of bytes, in the format that
//! Redis uses in memory and in its dumps. Streams keep their entries in them; the other
//! types become listpacks when they are dumped.
//!
//! ```text
//! <bytes: u32> <elements: u16> <element>... 0xff
//! element = <encoding and data> <length of those, readable from its end>
//! ```
//!
//! A [`Listpack`] is well-formed: every element lies within the block, and both ways of
//! walking meet the same elements.

use crate::keyspace::number::parse_i64;
use crate::keyspace::string::TextBytes;

/// Bytes before the first element.
const HEADER_BYTES: usize = 6;

/// The byte behind the last element.
const END: u8 = 0xff;

/// The element count that means "walk and count".
const MANY: u16 = u16::MAX;

/// The offset of the first element.
pub const FIRST: usize = HEADER_BYTES;

/// An element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// A string that is no canonical integer, or one that was not stored as such.
    Text(&'a [u8]),
    /// An integer.
    Integer(i64),
}

impl<'a> Element<'a> {
    /// The string, or the canonical digits of the integer.
    #[must_use]
    pub fn bytes(self) -> TextBytes<'a> {
        match self {
            Self::Text(bytes) => TextBytes::Stored(bytes),
            Self::Integer(value) => TextBytes::of_integer(value),
        }
    }

    /// The integer; also that of a string of canonical digits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        match self {
            Self::Text(bytes) => parse_i64(bytes),
            Self::Integer(value) => Some(value),
        }
    }
}

/// A sequence of strings and integers in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listpack(Vec<u8>);

impl Default for Listpack {
    fn default() -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes.push(END);
        let mut pack = Self(bytes);
        pack.write_header(0);
        pack
    }
}

impl Listpack {
    /// Takes a block that came from elsewhere; `None` if it is not well-formed.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let size = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
        if size != bytes.len() || bytes.len() <= HEADER_BYTES {
            return None;
        }
        let counted = u16::from_le_bytes([bytes[4], bytes[5]]);
        let (mut at, mut n_elements) = (FIRST, 0_usize);
        while *bytes.get(at)? != END {
            let (_, len) = decode(&bytes[at..bytes.len() - 1])?;
            let mut tail = [0; MAX_TAIL_BYTES];
            let n_tail = write_tail(&mut tail, len);
            let next = at + len + n_tail;
            if bytes.get(at + len..next)? != &tail[..n_tail] {
                return None;
            }
            at = next;
            n_elements += 1;
        }
        let is_whole = at + 1 == bytes.len();
        let is_counted = counted == MANY || usize::from(counted) == n_elements;
        (is_whole && is_counted).then_some(Self(bytes))
    }

    /// The whole block.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match u16::from_le_bytes([self.0[4], self.0[5]]) {
            MANY => self.iter().count(),
            n => usize::from(n),
        }
    }

    /// Are there no elements?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0[FIRST] == END
    }

    /// Appends a string, as an integer if it is one in canonical form.
    pub fn push(&mut self, text: &[u8]) {
        match parse_i64(text) {
            Some(value) => self.push_integer(value),
            None => self.append(|out| encode_text(out, text)),
        }
    }

    /// Appends an integer.
    pub fn push_integer(&mut self, value: i64) {
        self.append(|out| encode_integer(out, value));
    }

    fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.0.pop();
        let start = self.0.len();
        encode(&mut self.0);
        let mut tail = [0; MAX_TAIL_BYTES];
        let n_tail = write_tail(&mut tail, self.0.len() - start);
        self.0.extend_from_slice(&tail[..n_tail]);
        self.0.push(END);
        let counted = u16::from_le_bytes([self.0[4], self.0[5]]);
        self.write_header(counted.saturating_add(1));
    }

    fn write_header(&mut self, n_elements: u16) {
        let size = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&size.to_le_bytes());
        self.0[4..HEADER_BYTES].copy_from_slice(&n_elements.to_le_bytes());
    }

    /// The element at an offset, and the offset of the next; `None` at the end. The
    /// offset is [`FIRST`] or one that this function returned.
    #[must_use]
    pub fn at(&self, offset: usize) -> Option<(Element<'_>, usize)> {
        let rest = self.0.get(offset..).filter(|rest| rest[0] != END)?;
        let (element, len) = decode(rest)?;
        Some((element, offset + len + tail_len(len)))
    }

    /// The integer at an offset, and the offset of the next element; `None` also if
    /// there is a string.
    #[must_use]
    pub fn integer_at(&self, offset: usize) -> Option<(i64, usize)> {
        match self.at(offset)? {
            (Element::Integer(value), next) => Some((value, next)),
            (Element::Text(_), _) => None,
        }
    }

    /// Puts an integer in place of the element at an offset. What follows may move.
    pub fn replace_integer(&mut self, offset: usize, value: i64) {
        let Some((_, next)) = self.at(offset) else {
            return;
        };
        let mut encoded = Vec::new();
        encode_integer(&mut encoded, value);
        let mut tail = [0; MAX_TAIL_BYTES];
        let n_tail = write_tail(&mut tail, encoded.len());
        encoded.extend_from_slice(&tail[..n_tail]);
        if encoded.len() == next - offset {
            self.0[offset..next].copy_from_slice(&encoded);
        } else {
            self.0.splice(offset..next, encoded);
            self.write_header(u16::from_le_bytes([self.0[4], self.0[5]]));
        }
    }

    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = Element<'_>> {
        let mut offset = FIRST;
        std::iter::from_fn(move || {
            let (element, next) = self.at(offset)?;
            offset = next;
            Some(element)
        })
    }

    /// Gives memory back that was reserved for more elements.
    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.0.capacity()
    }
}

/// The bytes that an element would add, without its tail.
fn encode_integer(out: &mut Vec<u8>, value: i64) {
    let bytes = value.to_le_bytes();
    match value {
        0..=127 => out.push(bytes[0]),
        -4096..=4095 => {
            // Thirteen bits, two's complement, the high five in the first byte.
            out.extend_from_slice(&[0b1100_0000 | (bytes[1] & 0b0001_1111), bytes[0]]);
        }
        -0x8000..=0x7fff => {
            out.push(0xf1);
            out.extend_from_slice(&bytes[..2]);
        }
        -0x80_0000..=0x7f_ffff => {
            out.push(0xf2);
            out.extend_from_slice(&bytes[..3]);
        }
        -0x8000_0000..=0x7fff_ffff => {
            out.push(0xf3);
            out.extend_from_slice(&bytes[..4]);
        }
        _ => {
            out.push(0xf4);
            out.extend_from_slice(&bytes);
        }
    }
}

fn encode_text(out: &mut Vec<u8>, text: &[u8]) {
    let len = text.len();
    match len {
        0..64 => out.push(0b1000_0000 | len as u8),
        64..4096 => out.extend_from_slice(&[0b1110_0000 | (len >> 8) as u8, len as u8]),
        _ => {
            out.push(0xf0);
            out.extend_from_slice(&(len as u32).to_le_bytes());
        }
    }
    out.extend_from_slice(text);
}

/// The element at the start of some bytes, and its length without its tail.
fn decode(bytes: &[u8]) -> Option<(Element<'_>, usize)> {
    let first = *bytes.first()?;
    let text = |start: usize, len: usize| {
        let end = start.checked_add(len)?;
        Some((Element::Text(bytes.get(start..end)?), end))
    };
    let integer = |n_bytes: usize| {
        let stored = bytes.get(1..=n_bytes)?;
        let sign = if stored[n_bytes - 1] & 0x80 == 0 {
            0
        } else {
            0xff
        };
        let mut wide = [sign; 8];
        wide[..n_bytes].copy_from_slice(stored);
        Some((Element::Integer(i64::from_le_bytes(wide)), 1 + n_bytes))
    };
    match first {
        0..=0x7f => Some((Element::Integer(first.into()), 1)),
        0x80..=0xbf => text(1, usize::from(first & 0x3f)),
        0xc0..=0xdf => {
            let bits = i64::from(first & 0x1f) << 8 | i64::from(*bytes.get(1)?);
            let value = if bits < 0x1000 { bits } else { bits - 0x2000 };
            Some((Element::Integer(value), 2))
        }
        0xe0..=0xef => text(
            2,
            usize::from(first & 0x0f) << 8 | usize::from(*bytes.get(1)?),
        ),
        0xf0 => text(
            5,
            u32::from_le_bytes(*bytes.get(1..5)?.first_chunk()?) as usize,
        ),
        0xf1 => integer(2),
        0xf2 => integer(3),
        0xf3 => integer(4),
        0xf4 => integer(8),
        0xf5..=END => None,
    }
}

/// The longest tail: five times seven bits.
const MAX_TAIL_BYTES: usize = 5;

/// How many bytes the tail of an element of so many bytes takes.
fn tail_len(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        2_097_152..=268_435_455 => 4,
        _ => 5,
    }
}

/// Writes the tail of an element: its length, seven bits a byte, the low ones last; all
/// but the first byte are marked.
fn write_tail(out: &mut [u8; MAX_TAIL_BYTES], len: usize) -> usize {
    let n_bytes = tail_len(len);
    for (at, byte) in out[..n_bytes].iter_mut().rev().enumerate() {
        let mark = if at + 1 == n_bytes { 0 } else { 0x80 };
        *byte = (len >> (7 * at)) as u8 & 0x7f | mark;
    }
    n_bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(items: &[&[u8]]) -> Listpack {
        let mut pack = Listpack::default();
        items.iter().for_each(|item| pack.push(item));
        pack
    }

    #[test]
    fn has_the_format_of_redis() {
        assert_eq!(
            packed(&[b"a", b"7", b"-1", b"1000"]).as_bytes(),
            b"\x12\0\0\0\x04\0\x81a\x02\x07\x01\xdf\xff\x02\xc3\xe8\x02\xff"
        );
    }

    #[test]
    fn integers_are_replaced_by_wider_ones() {
        let mut pack = packed(&[b"x", b"1", b"y"]);
        let (_, second) = pack.at(FIRST).unwrap();
        pack.replace_integer(second, 1 << 40);
        let items: Vec<_> = pack.iter().collect();
        let expected = [
            Element::Text(b"x"),
            Element::Integer(1 << 40),
            Element::Text(b"y"),
        ];
        assert_eq!(items, expected);
        assert!(Listpack::from_bytes(pack.as_bytes().to_vec()).is_some());
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            items in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..200),
                    any::<i64>().prop_map(|n| n.to_string().into_bytes()),
                    (0_u32..63, any::<bool>()).prop_map(|(bits, below)| {
                        ((1_i64 << bits) - i64::from(below)).to_string().into_bytes()
                    }),
                    (0_u32..63).prop_map(|bits| (-1_i64 << bits).to_string().into_bytes()),
                    (4000_usize..20_000).prop_map(|len| vec![b'x'; len]),
                ],
                0..20,
            ),
        ) {
            let pack = items.iter().fold(Listpack::default(), |mut pack, item| {
                pack.push(item);
                pack
            });
            let out: Vec<Vec<u8>> = pack.iter().map(|it| it.bytes().to_vec()).collect();
            prop_assert_eq!(&out, &items);
            prop_assert_eq!(pack.len(), items.len());
            let again = Listpack::from_bytes(pack.as_bytes().to_vec());
            prop_assert_eq!(again, Some(pack));
        }

        #[test]
        fn any_bytes_are_taken_or_refused(
            mut bytes in prop::collection::vec(any::<u8>(), 3..60),
        ) {
            let size = u32::try_from(bytes.len() + 4).unwrap();
            bytes.splice(0..0, size.to_le_bytes());
            if let Some(pack) = Listpack::from_bytes(bytes) {
                prop_assert!(pack.iter().count() < 60);
            }
        }
    }
}
