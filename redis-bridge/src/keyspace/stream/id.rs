//! The ids of stream entries: a time and a number that tells apart what came at that
//! time.

use std::fmt;

/// An id; ids are ordered by time, then by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    /// Milliseconds since 1970, unless a client chose otherwise.
    pub ms: u64,
    /// Counts what has the same `ms`.
    pub seq: u64,
}

/// The longest text that is read as an id.
const MAX_TEXT_LEN: usize = 127;

impl StreamId {
    /// The least id, which no entry has.
    pub const MIN: Self = Self { ms: 0, seq: 0 };
    /// The greatest id.
    pub const MAX: Self = Self {
        ms: u64::MAX,
        seq: u64::MAX,
    };

    /// The id just after this one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Self { seq, ..self }),
            None => Some(Self {
                ms: self.ms.checked_add(1)?,
                seq: 0,
            }),
        }
    }

    /// The id just before this one.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Self { seq, ..self }),
            None => Some(Self {
                ms: self.ms.checked_sub(1)?,
                seq: u64::MAX,
            }),
        }
    }

    /// `ms-seq`, or only `ms`, which leaves `missing_seq` to the caller.
    #[must_use]
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Self> {
        match PartialId::parse(text)? {
            PartialId::Whole(id) => Some(id),
            PartialId::Time(ms) => Some(Self {
                ms,
                seq: missing_seq,
            }),
            PartialId::AnySeq(_) => None,
        }
    }

    /// The sixteen bytes that stand for it in dumps; they have the order of the ids.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.ms.to_be_bytes());
        bytes[8..].copy_from_slice(&self.seq.to_be_bytes());
        bytes
    }

    /// The id that these sixteen bytes stand for.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self {
            ms: (both >> 64) as u64,
            seq: both as u64,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// What a client may say of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialId {
    /// `ms-seq`
    Whole(StreamId),
    /// `ms`
    Time(u64),
    /// `ms-*`
    AnySeq(u64),
}

impl PartialId {
    /// Reads the text as C's functions do, which end at a NUL.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_TEXT_LEN {
            return None;
        }
        let text = text.split(|&b| b == 0).next().unwrap_or_default();
        let Some(dash) = memchr::memchr(b'-', text) else {
            return parse_u64(text).map(Self::Time);
        };
        let ms = parse_u64(&text[..dash])?;
        Some(match &text[dash + 1..] {
            b"*" => Self::AnySeq(ms),
            seq => Self::Whole(StreamId {
                ms,
                seq: parse_u64(seq)?,
            }),
        })
    }
}

/// A number as C's `strtoull` reads it, with white space and a sign in front, but with
/// nothing behind it. A minus sign only makes sense before 0, or before numbers that
/// overflow to something positive.
fn parse_u64(text: &[u8]) -> Option<u64> {
    if crate::keyspace::number::parse_i64(text).is_some_and(|value| value < 0) {
        return None;
    }
    let is_space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|b| !is_space(b))?;
    let (negative, digits) = match &text[start..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let magnitude = digits.iter().try_fold(0_u64, |n, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        n.checked_mul(10)?.checked_add(digit.into())
    })?;
    Some(if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_c_reads_them() {
        let parsed = |text: &str| StreamId::parse(text.as_bytes(), 9).map(|id| id.to_string());
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parsed(text).as_deref(), expected, "{text:?}");
        };
        check("5", Some("5-9"));
        check("5-3", Some("5-3"));
        check("007-01", Some("7-1"));
        check("+5- 6", Some("5-6"));
        check("5--0", Some("5-0"));
        check("5--1", None);
        check("5\0junk", Some("5-9"));
        check(
            "18446744073709551615-18446744073709551615",
            Some(&StreamId::MAX.to_string()),
        );
        check("18446744073709551616-0", None);
        check("", None);
        check("-", None);
        check("-5", None);
        check("5-", None);
        check("5-*", None);
        check("5-6-7", None);
    }

    #[test]
    fn neighbours() {
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::MIN.previous(), None);
        let last = StreamId {
            ms: 4,
            seq: u64::MAX,
        };
        let first = StreamId { ms: 5, seq: 0 };
        assert_eq!(last.next(), Some(first));
        assert_eq!(first.previous(), Some(last));
        assert_eq!(StreamId::from_bytes(last.to_bytes()), last);
    }
}
