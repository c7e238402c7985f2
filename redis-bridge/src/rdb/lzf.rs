//! LZF, the compression of strings in snapshots.
//!
//! Compressed data are a row of *runs*, whose first byte says what they are: below 32,
//! that many bytes and one more follow as they are; otherwise its three high bits are
//! the length of a copy of earlier output, less two (seven: a byte follows that is to
//! be added), and its five low bits with the last byte say how far back it starts, less
//! one.
//!
//! Any choice of runs is valid. This one is that of the library in Redis, so that dumps
//! of the same data are the same bytes: for each position the hash of three bytes finds
//! the last position that had it, and the first match is taken. The port on crates.io
//! panics on some input and trusts lengths.

/// Slots of the table of positions.
const SLOTS: usize = 1 << 16;
/// The longest run of bytes as they are.
const MAX_LITERALS: usize = 32;
/// The farthest that a copy starts, less one.
const MAX_DISTANCE: usize = 1 << 13;
/// The longest copy.
const MAX_COPY: usize = (1 << 8) + (1 << 3);
/// No output is longer than this many times the input: a copy takes three bytes.
const MAX_RATIO: u64 = MAX_COPY as u64;

/// Compresses; `None` if that does not save at least four bytes.
#[must_use]
pub fn compress(input: &[u8]) -> Option<Vec<u8>> {
    let capacity = input.len().checked_sub(4).filter(|&room| room > 0)?;
    // Positions plus one; 0 for none.
    let mut seen = vec![0_u32; SLOTS];
    let mut runs = Runs {
        out: Vec::with_capacity(capacity),
        literals: 0,
        capacity,
    };
    // The last two positions begin no copy.
    let end = input.len().saturating_sub(2);
    let mut at = 0;
    while at < end {
        let slot = &mut seen[slot_of(input, at)];
        let before = std::mem::replace(slot, u32::try_from(at + 1).ok()?) as usize;
        match match_len(input, at, before) {
            Some(len) => {
                runs.copy(at - before, len)?;
                at += len;
                if at >= end {
                    break;
                }
                // Of the copied bytes only the last two positions are remembered.
                for position in at - 2..at {
                    seen[slot_of(input, position)] = u32::try_from(position + 1).ok()?;
                }
            }
            None => {
                runs.literal(input[at])?;
                at += 1;
            }
        }
    }
    if runs.len() + 3 > capacity {
        return None;
    }
    for &byte in &input[at..] {
        runs.literal_at_end(byte);
    }
    Some(runs.finish())
}

fn slot_of(input: &[u8], at: usize) -> usize {
    let hash = u32::from_be_bytes([0, input[at], input[at + 1], input[at + 2]]);
    (hash >> 8).wrapping_sub(hash.wrapping_mul(5)) as usize % SLOTS
}

/// The length of the copy that can begin at `at`; `before` is the position plus one of
/// what may be the same.
fn match_len(input: &[u8], at: usize, before: usize) -> Option<usize> {
    // The very first position counts as none.
    let from = before.checked_sub(1).filter(|&from| from > 0)?;
    let is_near = at - from <= MAX_DISTANCE;
    if !is_near || input[from..from + 3] != input[at..at + 3] {
        return None;
    }
    // The two last bytes are left to a run of their own; but the comparison of the
    // first bytes is unrolled, and does not look whether it comes so far.
    const UNROLLED: usize = 16;
    let limit = match input.len() - at - 2 {
        left if left > UNROLLED => left.clamp(UNROLLED + 3, MAX_COPY),
        left => left.max(3),
    };
    let same = (3..limit).take_while(|&i| input[from + i] == input[at + i]);
    Some(3 + same.count())
}

/// The output under way. Its last run is one of `literals` bytes, whose first byte is
/// there already, even if there are none.
struct Runs {
    out: Vec<u8>,
    literals: usize,
    capacity: usize,
}

impl Runs {
    /// Bytes so far, with the first byte of the run that has begun.
    fn len(&self) -> usize {
        self.out.len() + usize::from(self.literals == 0)
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.len() >= self.capacity {
            return None;
        }
        self.literal_at_end(byte);
        Some(())
    }

    fn literal_at_end(&mut self, byte: u8) {
        if self.literals == 0 {
            self.out.push(0);
        }
        self.out.push(byte);
        self.literals += 1;
        if self.literals == MAX_LITERALS {
            self.end_literals();
        }
    }

    fn end_literals(&mut self) {
        let start = self.out.len() - self.literals - 1;
        if self.literals > 0 {
            self.out[start] = (self.literals - 1) as u8;
        }
        self.literals = 0;
    }

    /// `distance` is from 0, `len` from 3 on.
    fn copy(&mut self, distance: usize, len: usize) -> Option<()> {
        if self.out.len() + 4 >= self.capacity {
            return None;
        }
        if self.literals > 0 {
            self.end_literals();
        }
        let (high, low) = ((distance >> 8) as u8, distance as u8);
        match len - 2 {
            short @ 0..7 => self.out.push((short as u8) << 5 | high),
            long => self.out.extend([7 << 5 | high, (long - 7) as u8]),
        }
        self.out.push(low);
        Some(())
    }

    fn finish(mut self) -> Vec<u8> {
        if self.literals > 0 {
            self.end_literals();
        }
        self.out
    }
}

/// Decompresses to exactly `len` bytes; `None` if the data are not valid or of another
/// length.
#[must_use]
pub fn decompress(input: &[u8], len: u64) -> Option<Vec<u8>> {
    if len > MAX_RATIO * input.len() as u64 {
        return None;
    }
    let len = usize::try_from(len).ok()?;
    let mut out = Vec::with_capacity(len);
    let mut rest = input;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first < 32 {
            let (bytes, after) = rest.split_at_checked(usize::from(first) + 1)?;
            out.extend_from_slice(bytes);
            rest = after;
        } else {
            let mut count = usize::from(first >> 5) + 2;
            if first >> 5 == 7 {
                count += usize::from(take(&mut rest)?);
            }
            let distance = usize::from(first & 31) << 8 | usize::from(take(&mut rest)?);
            let from = out.len().checked_sub(distance + 1)?;
            // The copy may run into its own output.
            for i in from..from + count {
                out.push(out[i]);
            }
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(input in proptest::collection::vec(0_u8..4, 0..2000)) {
            if let Some(compressed) = compress(&input) {
                prop_assert!(compressed.len() + 4 <= input.len());
                prop_assert_eq!(decompress(&compressed, input.len() as u64), Some(input));
            }
        }

        #[test]
        fn any_bytes_are_survived(input: Vec<u8>, len in 0_u64..5000) {
            if let Some(out) = decompress(&input, len) {
                prop_assert_eq!(out.len() as u64, len);
            }
        }
    }

    #[test]
    fn far_and_long_copies() {
        let mut input: Vec<u8> = (0..9000_u32).flat_map(|i| (i * i).to_be_bytes()).collect();
        input.extend_from_within(29_000..30_000);
        input.extend([7; 1000]);
        let compressed = compress(&input).expect("it is compressible");
        assert_eq!(decompress(&compressed, input.len() as u64), Some(input));
    }
}
