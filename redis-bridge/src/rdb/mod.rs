//! The binary form of values in Redis's snapshots, as far as payloads of `DUMP` and
//! `FUNCTION DUMP` need it: lengths, strings, compression and checksums. It knows no
//! keyspace and no commands.

pub mod lzf;
pub mod payload;
mod read;
mod write;

pub use read::Reader;
pub use write::{write_length, write_string};

/// A length that is none but says how a string is encoded; the two high bits of a byte.
const SPECIAL: u8 = 0b1100_0000;
/// The low bits of such a byte.
mod special {
    pub(super) const INT8: u8 = 0;
    pub(super) const INT16: u8 = 1;
    pub(super) const INT32: u8 = 2;
    pub(super) const LZF: u8 = 3;
}
/// First byte of a length of 32 bits.
const LENGTH_32: u8 = 0x80;
/// First byte of a length of 64 bits.
const LENGTH_64: u8 = 0x81;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RdbError {
    /// They end too early.
    #[error("truncated data")]
    Truncated,
    /// There is no such encoding, or not there.
    #[error("unknown encoding")]
    Encoding,
    /// Compressed data that do not decompress to what they should.
    #[error("invalid compressed data")]
    Compression,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a string and reads it back; compares the bytes.
    fn check(text: &[u8], encoded: &[u8]) {
        let mut out = Vec::new();
        write_string(&mut out, text);
        assert_eq!(out, encoded, "{text:?}");
        check_reading(encoded, Ok(text));
    }

    fn check_reading(encoded: &[u8], expected: Result<&[u8], RdbError>) {
        let mut reader = Reader::new(encoded);
        let outcome = reader.string();
        assert_eq!(
            outcome.as_deref().map_err(|error| *error),
            expected,
            "{encoded:?}"
        );
    }

    #[test]
    fn strings_as_redis_writes_them() {
        check(b"", b"\x00");
        check(b"abc", b"\x03abc");
        check(b"12", b"\xc0\x0c");
        check(b"-129", b"\xc1\x7f\xff");
        check(b"40000", b"\xc2\x40\x9c\x00\x00");
        check(b"012", b"\x03012");
        check(b"2147483648", b"\x0a2147483648");
        let letters: Vec<u8> = (0..100).map(|i| b'!' + i % 90).collect();
        check(&letters, &[b"\x40\x64", &letters[..]].concat());
        check(&[b'a'; 50], b"\xc3\x09\x32\x01aa\xe0\x25\x00\x01aa");
    }

    #[test]
    fn long_lengths() {
        for (length, encoded) in [
            (63, &b"\x3f"[..]),
            (64, b"\x40\x40"),
            (16_383, b"\x7f\xff"),
            (16_384, b"\x80\x00\x00\x40\x00"),
            (1 << 32, b"\x81\x00\x00\x00\x01\x00\x00\x00\x00"),
        ] {
            let mut out = Vec::new();
            write_length(&mut out, length);
            assert_eq!(out, encoded);
            assert_eq!(Reader::new(encoded).length(), Ok(length));
        }
    }

    #[test]
    fn broken_strings() {
        check_reading(b"", Err(RdbError::Truncated));
        check_reading(b"\x03ab", Err(RdbError::Truncated));
        check_reading(
            b"\x81\xff\xff\xff\xff\xff\xff\xff\xff",
            Err(RdbError::Truncated),
        );
        check_reading(b"\xc4", Err(RdbError::Encoding));
        check_reading(b"\x82", Err(RdbError::Encoding));
        check_reading(b"\xc2\x01\x02", Err(RdbError::Truncated));
        // A short text that claims to be of four gigabytes.
        check_reading(
            b"\xc3\x03\x80\xff\xff\xff\xff\x01aa",
            Err(RdbError::Compression),
        );
        check_reading(b"\xc3\x03\x02\x00\x20\x09", Err(RdbError::Compression));
    }
}
