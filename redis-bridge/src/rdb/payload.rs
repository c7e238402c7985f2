//! The end of a payload of `DUMP` or `FUNCTION DUMP`: the version of the format, and a
//! checksum of all before it.

use crc::{CRC_64_REDIS, Crc, Table};

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// Bytes of version and checksum.
const TRAILER_LEN: usize = 10;

/// Ends a payload.
pub fn seal(payload: &mut Vec<u8>, version: u16) {
    payload.extend_from_slice(&version.to_le_bytes());
    payload.extend_from_slice(&CRC.checksum(payload).to_le_bytes());
}

/// What is in a payload; `None` if the checksum is wrong or the version is none that
/// `accepts` knows.
pub fn open(payload: &[u8], accepts: impl Fn(u16) -> bool) -> Option<&[u8]> {
    let (body, trailer) = payload.split_at_checked(payload.len().checked_sub(TRAILER_LEN)?)?;
    let (version, checksum) = trailer.split_first_chunk()?;
    let is_intact = CRC
        .checksum(&payload[..body.len() + version.len()])
        .to_le_bytes()
        == checksum;
    (is_intact && accepts(u16::from_le_bytes(*version))).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_as_redis_does() {
        let mut payload = Vec::new();
        seal(&mut payload, 10);
        assert_eq!(payload, b"\n\x00]\x9b\\@\x0f\x7f\xa2\xda");
        assert_eq!(open(&payload, |version| version <= 10), Some(&b""[..]));
        assert_eq!(open(&payload, |version| version < 10), None);
        assert_eq!(open(&payload[1..], |_| true), None);
        payload[0] = 9;
        assert_eq!(open(&payload, |_| true), None);
        assert_eq!(open(b"", |_| true), None);
    }
}
