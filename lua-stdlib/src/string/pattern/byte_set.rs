//! Sets of bytes, and the character classes (§5.4.1) as sets.
//!
//! Owns which bytes a class letter stands for, in the "C" locale.

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const EMPTY: ByteSet = ByteSet([0; 4]);
    pub(super) const FULL: ByteSet = ByteSet([u64::MAX; 4]);

    #[inline(always)]
    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    pub(super) const fn with(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    pub(super) fn add_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            *self = self.with(byte);
        }
    }

    pub(super) fn union(self, other: ByteSet) -> Self {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub(super) const fn complement(self) -> Self {
        ByteSet([!self.0[0], !self.0[1], !self.0[2], !self.0[3]])
    }

    pub(super) fn is_disjoint(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & b == 0)
    }

    /// The bytes of a class letter, negated when it is a capital; `None` if `letter` names no
    /// class and so stands for itself.
    pub(super) fn class(letter: u8) -> Option<ByteSet> {
        let set = match letter.to_ascii_lowercase() {
            b'a' => ALPHA,
            b'c' => CNTRL,
            b'd' => DIGIT,
            b'l' => LOWER,
            b'p' => PUNCT,
            b's' => SPACE,
            b'u' => UPPER,
            b'w' => ALNUM,
            b'x' => XDIGIT,
            b'z' => ZERO,
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() {
            set.complement()
        } else {
            set
        })
    }
}

macro_rules! class_tables {
    ($($name:ident: $byte:ident => $test:expr;)*) => {$(
        const $name: ByteSet = {
            let mut set = ByteSet::EMPTY;
            let mut $byte = 0u8;
            loop {
                if $test {
                    set = set.with($byte);
                }
                if $byte == u8::MAX {
                    break set;
                }
                $byte += 1;
            }
        };
    )*};
}

class_tables! {
    ALPHA: b => b.is_ascii_alphabetic();
    CNTRL: b => b.is_ascii_control();
    DIGIT: b => b.is_ascii_digit();
    LOWER: b => b.is_ascii_lowercase();
    PUNCT: b => b.is_ascii_punctuation();
    // C's isspace: Rust's is_ascii_whitespace leaves out the vertical tab.
    SPACE: b => b == b' ' || (b >= 9 && b <= 13);
    UPPER: b => b.is_ascii_uppercase();
    ALNUM: b => b.is_ascii_alphanumeric();
    XDIGIT: b => b.is_ascii_hexdigit();
    ZERO: b => b == 0;
}
