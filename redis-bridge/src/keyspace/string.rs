//! Strings: bytes, or an integer while nobody edits its digits.

use std::ops::Deref;

use crate::keyspace::number;

/// The longest string that Redis keeps in one block with its header.
const EMBEDDED_MAX_LEN: usize = 44;

/// The longest a string may become: `proto-max-bulk-len`, in bytes.
pub const MAX_LEN: usize = 512 * 1024 * 1024;

/// A string value.
#[derive(Clone, Debug)]
pub enum Text {
    /// The canonical digits of this number.
    Integer(i64),
    /// Bytes that have not been edited.
    Fixed(Box<[u8]>),
    /// Bytes that have been edited, and so have room to grow.
    Edited(Vec<u8>),
}

impl Text {
    /// A value that was set as a whole.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        match number::parse_i64(bytes) {
            Some(value) => Self::Integer(value),
            None => Self::Fixed(bytes.into()),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> TextBytes<'_> {
        match self {
            Self::Integer(value) => TextBytes::of_integer(*value),
            Self::Fixed(bytes) => TextBytes::Stored(bytes),
            Self::Edited(bytes) => TextBytes::Stored(bytes),
        }
    }

    /// The bytes, for editing.
    pub fn edit(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Self::Edited(_)) {
            *self = Self::Edited(self.bytes().to_vec());
        }
        match self {
            Self::Edited(bytes) => bytes,
            Self::Integer(_) | Self::Fixed(_) => unreachable!("made editable above"),
        }
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(_) => self.bytes().len(),
            Self::Fixed(bytes) => bytes.len(),
            Self::Edited(bytes) => bytes.len(),
        }
    }

    /// Has it no bytes?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that its digits, in canonical form, stand for.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Fixed(bytes) => number::parse_i64(bytes),
            Self::Edited(bytes) => number::parse_i64(bytes),
        }
    }

    /// As `OBJECT ENCODING` prints it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Integer(_) => "int",
            Self::Fixed(bytes) if bytes.len() <= EMBEDDED_MAX_LEN => "embstr",
            Self::Fixed(_) | Self::Edited(_) => "raw",
        }
    }
}

/// `i64::MIN` has that many digits, the sign included.
const MAX_DIGITS: usize = 20;

/// The bytes of a [`Text`]; those of an integer are made on the fly.
pub enum TextBytes<'a> {
    /// Bytes of the value itself.
    Stored(&'a [u8]),
    /// Digits, and how many.
    Digits([u8; MAX_DIGITS], usize),
}

impl TextBytes<'_> {
    /// The canonical digits of a number.
    #[must_use]
    pub fn of_integer(value: i64) -> Self {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(value).as_bytes();
        let mut copy = [0; MAX_DIGITS];
        copy[..digits.len()].copy_from_slice(digits);
        Self::Digits(copy, digits.len())
    }
}

impl Deref for TextBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Stored(bytes) => bytes,
            Self::Digits(digits, len) => &digits[..*len],
        }
    }
}
