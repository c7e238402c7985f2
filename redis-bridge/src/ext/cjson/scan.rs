//! Finding the bytes of a string that mean something in JSON, eight at a time. The
//! masks have the top bit set of each byte that is looked for; bytes above the first of
//! these may be marked in error.

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * byte as u64))
}

/// Bytes below `limit`, which is at most 128.
#[inline(always)]
fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & TOPS
}

/// Where the first byte stands that `mask` marks, or the end.
#[inline(always)]
fn find(text: &[u8], mask: impl Fn(u64) -> u64) -> usize {
    let first = |mask: u64| mask.trailing_zeros() as usize / 8;
    let (words, tail) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let mask = mask(u64::from_le_bytes(*word));
        if mask != 0 {
            return at * 8 + first(mask);
        }
    }
    // The rest in front of bytes that no mask looks for.
    let mut last = [b' '; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    match mask(u64::from_le_bytes(last)) {
        0 => text.len(),
        mask => text.len() - tail.len() + first(mask),
    }
}

/// Length of the bytes at the start that stand for themselves in a string that is being
/// read: up to a quote, a backslash or a zero.
#[inline]
pub(super) fn plain_len(text: &[u8]) -> usize {
    find(text, |word| {
        zeros(word) | equal(word, b'"') | equal(word, b'\\')
    })
}

/// Length of the bytes at the start that stand for themselves in a string that is being
/// written.
#[inline]
pub(super) fn unescaped_len(text: &[u8]) -> usize {
    find(text, |word| {
        below(word, 0x20)
            | equal(word, b'"')
            | equal(word, b'/')
            | equal(word, b'\\')
            | equal(word, 0x7f)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place, behind and before every other kind.
    fn check(len: fn(&[u8]) -> usize, is_found: impl Fn(u8) -> bool) {
        for size in 0..20 {
            for byte in 0..=255 {
                for at in 0..size {
                    for filler in [b'x', b' ', 0x21, 0x80, 0xff] {
                        let mut text = vec![filler; size];
                        text[at] = byte;
                        let expected = if is_found(byte) { at } else { size };
                        assert_eq!(len(&text), expected, "{byte:#x} at {at} of {size}");
                        text[size - 1] = b'"';
                        let expected = expected.min(size - 1);
                        assert_eq!(len(&text), expected, "{byte:#x} at {at} of {size}, quote");
                    }
                }
            }
        }
        assert_eq!(len(b""), 0);
    }

    #[test]
    fn stops() {
        check(plain_len, |byte| matches!(byte, 0 | b'"' | b'\\'));
        check(unescaped_len, |byte| {
            byte < 0x20 || matches!(byte, b'"' | b'/' | b'\\' | 0x7f)
        });
    }
}
