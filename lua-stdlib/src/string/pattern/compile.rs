//! From the text of a pattern to its items.
//!
//! Owns the syntax: what is an item, a set, a repetition, and where they are malformed.

use super::byte_set::ByteSet;
use super::{CaptureKind, Follow, Item, MAX_CAPTURES, Pattern, PatternError, Repeat, Single};

/// Reads one pattern; stops at the first malformed part.
pub(super) struct Compiler<'p> {
    pub(super) source: &'p [u8],
    pub(super) pos: usize,
    pub(super) pattern: Pattern,
}

impl Compiler<'_> {
    fn peek(&self) -> Option<u8> {
        self.source.get(self.pos).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.pos += 1;
        Some(byte)
    }

    fn push(&mut self, item: Item) {
        self.pattern.items.push(item);
    }

    /// Reads the whole pattern.
    pub(super) fn items(&mut self) -> Result<(), PatternError> {
        while let Some(byte) = self.next() {
            match byte {
                b'(' => self.open()?,
                b')' => {
                    let level = self
                        .pattern
                        .captures
                        .iter()
                        .rposition(|&kind| kind == CaptureKind::Unfinished)
                        .ok_or(PatternError::PatternCapture)?;
                    self.pattern.captures[level] = CaptureKind::Range;
                    self.push(Item::Close(level as u8));
                }
                b'$' if self.pos == self.source.len() => self.push(Item::SubjectEnd),
                b'%' => match self.next().ok_or(PatternError::EndsWithEscape)? {
                    b'b' => {
                        let (Some(open), Some(close)) = (self.next(), self.next()) else {
                            return Err(PatternError::Unbalanced);
                        };
                        self.push(Item::Balance(open, close));
                    }
                    b'f' => {
                        if self.next() != Some(b'[') {
                            return Err(PatternError::MissingSet);
                        }
                        let set = self.set()?;
                        let index = self.add_set(set);
                        self.push(Item::Frontier(index));
                    }
                    digit @ b'0'..=b'9' => self.back_reference(digit)?,
                    letter => {
                        let single = match ByteSet::class(letter) {
                            Some(set) => Single::Set(self.add_set(set)),
                            None => Single::Byte(letter),
                        };
                        self.repeated(single);
                    }
                },
                b'[' => {
                    let set = self.set()?;
                    let single = Single::Set(self.add_set(set));
                    self.repeated(single);
                }
                b'.' => self.repeated(Single::Any),
                byte => self.repeated(Single::Byte(byte)),
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), PatternError> {
        let level = self.pattern.captures.len();
        if level >= MAX_CAPTURES {
            return Err(PatternError::TooManyCaptures);
        }
        let level_item = level as u8;
        if self.peek() == Some(b')') {
            self.pos += 1;
            self.pattern.captures.push(CaptureKind::Position);
            self.push(Item::Position(level_item));
        } else {
            self.pattern.captures.push(CaptureKind::Unfinished);
            self.push(Item::Open(level_item));
        }
        Ok(())
    }

    fn back_reference(&mut self, digit: u8) -> Result<(), PatternError> {
        let level = usize::from(digit)
            .checked_sub(usize::from(b'1'))
            .ok_or(PatternError::CaptureIndex)?;
        let item = match self.pattern.captures.get(level) {
            None | Some(CaptureKind::Unfinished) => return Err(PatternError::CaptureIndex),
            Some(CaptureKind::Range) => Item::BackReference(level as u8),
            // 5.1 compares a length of -2, which no subject has.
            Some(CaptureKind::Position) => Item::Never,
        };
        self.push(item);
        Ok(())
    }

    fn repeated(&mut self, single: Single) {
        let repeat = match self.peek() {
            Some(b'?') => Repeat::Optional,
            Some(b'*') => Repeat::Greedy,
            Some(b'+') => {
                self.push(Item::One(single));
                Repeat::Greedy
            }
            Some(b'-') => Repeat::Lazy,
            _ => {
                self.push(Item::One(single));
                return;
            }
        };
        self.pos += 1;
        self.push(Item::Many(single, repeat, Follow::Open));
    }

    fn add_set(&mut self, set: ByteSet) -> u32 {
        let sets = &mut self.pattern.sets;
        let index = sets
            .iter()
            .position(|known| *known == set)
            .unwrap_or(sets.len());
        if index == sets.len() {
            sets.push(set);
        }
        index as u32
    }

    /// Reads a set after its `[`.
    fn set(&mut self) -> Result<ByteSet, PatternError> {
        let negated = self.peek() == Some(b'^');
        if negated {
            self.pos += 1;
        }
        let start = self.pos;
        // Find the `]` as 5.1 does, before looking at ranges: the first byte may be a `]`,
        // and `%` hides the byte after it even within a range.
        loop {
            if self.next().ok_or(PatternError::MissingBracket)? == b'%' {
                self.next();
            }
            if self.peek() == Some(b']') {
                break;
            }
        }
        let body = &self.source[start..self.pos];
        self.pos += 1;

        let mut set = ByteSet::EMPTY;
        let mut i = 0;
        while i < body.len() {
            match body[i] {
                b'%' => {
                    // A `%` that ends a range (`[a-%%]`) leaves another one last; 5.1 then
                    // takes the closing bracket for the escaped character.
                    let letter = body.get(i + 1).copied().unwrap_or(b']');
                    set = match ByteSet::class(letter) {
                        Some(class) => set.union(class),
                        None => set.with(letter),
                    };
                    i += 2;
                }
                first if body.get(i + 1) == Some(&b'-') && i + 2 < body.len() => {
                    set.add_range(first, body[i + 2]);
                    i += 3;
                }
                byte => {
                    set = set.with(byte);
                    i += 1;
                }
            }
        }
        Ok(if negated { set.complement() } else { set })
    }
}
