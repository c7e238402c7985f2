//! Lengths and strings, read. The bytes may come from anywhere: what they claim is
//! believed only as far as there are bytes for it.

use super::{LENGTH_32, LENGTH_64, RdbError, SPECIAL, lzf, special};

/// Reads from the beginning of some bytes on.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'b> {
    rest: &'b [u8],
}

/// What stands where a length may stand.
enum Head {
    Length(u64),
    /// The low bits of its byte.
    Special(u8),
}

impl<'b> Reader<'b> {
    /// A reader of these bytes.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Has everything been read?
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    ///
    /// # Errors
    ///
    /// [`RdbError::Truncated`].
    pub fn byte(&mut self) -> Result<u8, RdbError> {
        self.array().map(|[byte]| byte)
    }

    /// The next bytes.
    ///
    /// # Errors
    ///
    /// [`RdbError::Truncated`].
    pub fn bytes(&mut self, len: u64) -> Result<&'b [u8], RdbError> {
        let len = usize::try_from(len).map_err(|_| RdbError::Truncated)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(RdbError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(RdbError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn head(&mut self) -> Result<Head, RdbError> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Head::Length(first.into()),
            1 => Head::Length(u64::from(first & 63) << 8 | u64::from(self.byte()?)),
            2 if first == LENGTH_32 => Head::Length(u32::from_be_bytes(self.array()?).into()),
            2 if first == LENGTH_64 => Head::Length(u64::from_be_bytes(self.array()?)),
            3 => Head::Special(first & !SPECIAL),
            _ => return Err(RdbError::Encoding),
        })
    }

    /// A length.
    ///
    /// # Errors
    ///
    /// Something else is there.
    pub fn length(&mut self) -> Result<u64, RdbError> {
        match self.head()? {
            Head::Length(length) => Ok(length),
            Head::Special(_) => Err(RdbError::Encoding),
        }
    }

    /// A string, however it is encoded.
    ///
    /// # Errors
    ///
    /// Something else is there.
    pub fn string(&mut self) -> Result<Vec<u8>, RdbError> {
        let number = match self.head()? {
            Head::Length(len) => return self.bytes(len).map(<[u8]>::to_vec),
            Head::Special(special::INT8) => i8::from_le_bytes(self.array()?).into(),
            Head::Special(special::INT16) => i16::from_le_bytes(self.array()?).into(),
            Head::Special(special::INT32) => i32::from_le_bytes(self.array()?),
            Head::Special(special::LZF) => {
                let compressed_len = self.length()?;
                let len = self.length()?;
                let compressed = self.bytes(compressed_len)?;
                return lzf::decompress(compressed, len).ok_or(RdbError::Compression);
            }
            Head::Special(_) => return Err(RdbError::Encoding),
        };
        Ok(number.to_string().into_bytes())
    }
}
