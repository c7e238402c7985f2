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
#[inline(always)]
pub(super) fn plain_len(text: &[u8]) -> usize {
    // Most strings end in their first word.
    if let Some(word) = text.first_chunk::<8>() {
        let mask = not_plain(u64::from_le_bytes(*word));
        if mask != 0 {
            return mask.trailing_zeros() as usize / 8;
        }
    }
    long_plain_len(text)
}

#[inline(never)]
fn long_plain_len(text: &[u8]) -> usize {
    find(text, not_plain)
}

/// Bytes that do not stand for themselves in a string that is being read.
#[inline(always)]
fn not_plain(word: u64) -> u64 {
    zeros(word) | equal(word, b'"') | equal(word, b'\\')
}

/// Length of the bytes at the start that stand for themselves in a string that is being
/// written.
#[inline]
pub(super) fn unescaped_len(text: &[u8]) -> usize {
    find(text, escaped)
}

/// Bytes of a string that is being written which do not stand for themselves.
#[inline(always)]
fn escaped(word: u64) -> u64 {
    below(word, 0x20)
        | equal(word, b'"')
        | equal(word, b'/')
        | equal(word, b'\\')
        | equal(word, 0x7f)
}

/// Copies a string that is written as it is to where there is as much room; false if it
/// has a byte that does not stand for itself.
#[inline(always)]
pub(super) fn copy_unescaped(text: &[u8], to: &mut [u8]) -> bool {
    let is_plain = |bytes: [u8; 8]| escaped(u64::from_le_bytes(bytes)) == 0;
    // Both ends, which overlap where the length is no multiple of a word's.
    if let (Some(end), Some(_)) = (text.last_chunk::<8>(), to.last_chunk::<8>()) {
        let (words, places) = (text.as_chunks::<8>().0, to.as_chunks_mut::<8>().0);
        for (word, place) in words.iter().zip(places) {
            if !is_plain(*word) {
                return false;
            }
            *place = *word;
        }
        if let Some(place) = to.last_chunk_mut::<8>() {
            *place = *end;
        }
        return is_plain(*end);
    }
    if let (Some(start), Some(end)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        if let Some(place) = to.first_chunk_mut::<4>() {
            *place = *start;
        }
        if let Some(place) = to.last_chunk_mut::<4>() {
            *place = *end;
        }
        let [a, b, c, d] = *start;
        let [e, f, g, h] = *end;
        return is_plain([a, b, c, d, e, f, g, h]);
    }
    let mut word = [b' '; 8];
    for ((byte, place), to) in text.iter().zip(&mut word).zip(to) {
        (*place, *to) = (*byte, *byte);
    }
    is_plain(word)
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
        let is_escaped = |byte| byte < 0x20 || matches!(byte, b'"' | b'/' | b'\\' | 0x7f);
        check(unescaped_len, is_escaped);
        check(
            |text| {
                let mut copy = vec![0; text.len()];
                if copy_unescaped(text, &mut copy) {
                    assert_eq!(copy, text);
                    return text.len();
                }
                // Where it stops is not told.
                text.iter()
                    .position(|&byte| byte < 0x20 || b"\"/\\\x7f".contains(&byte))
                    .unwrap_or(usize::MAX)
            },
            is_escaped,
        );
    }
}
