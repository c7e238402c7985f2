//! Lua patterns (§5.4.1): compiling a pattern to items, and matching items against bytes.
//!
//! Owns the pattern language and its error texts. Knows no Lua values: captures are byte
//! ranges of the subject, and [`super::find`](super) and [`super::subst`] turn them into
//! strings.
//!
//! A pattern has no alternation and no repetition of groups, so everything about its captures
//! is known before matching: which `(` a `)` closes, which back reference names an open
//! capture. [`Pattern`] resolves them, and keeps a malformed part as an item that raises its
//! error when matching arrives there, because 5.1 complains only then.
//!
//! Matching keeps its choices on an explicit stack, at most one per item, so no pattern can
//! exhaust the Rust stack. Time can still be exponential in the number of repetitions; every
//! [`CHARGE_UNIT`] steps are reported to a callback that may stop the match.

use std::cell::RefCell;
use std::rc::Rc;

/// Most captures in one pattern (`LUA_MAXCAPTURES`).
pub(super) const MAX_CAPTURES: usize = 32;

/// Number of steps between two calls of the charge callback.
const CHARGE_UNIT: u64 = 4096;

/// What is wrong with a pattern. The texts are 5.1's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternError {
    /// A single `%` ends the pattern.
    #[error("malformed pattern (ends with '%')")]
    EndsWithEscape,
    /// A set is not closed.
    #[error("malformed pattern (missing ']')")]
    MissingBracket,
    /// `%f` is not followed by a set.
    #[error("missing '[' after '%f' in pattern")]
    MissingSet,
    /// `%b` is not followed by two characters.
    #[error("unbalanced pattern")]
    Unbalanced,
    /// `%0`, or a reference to a capture that does not exist or is still open.
    #[error("invalid capture index")]
    CaptureIndex,
    /// A `)` without an open `(`.
    #[error("invalid pattern capture")]
    PatternCapture,
    /// More than [`MAX_CAPTURES`].
    #[error("too many captures")]
    TooManyCaptures,
    /// The pattern matched, but a `(` was never closed.
    #[error("unfinished capture")]
    UnfinishedCapture,
}

/// Why a match stopped without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop<E> {
    /// The pattern is malformed.
    Pattern(PatternError),
    /// The charge callback refused to go on.
    Charge(E),
}

impl<E> From<PatternError> for Stop<E> {
    fn from(error: PatternError) -> Self {
        Stop::Pattern(error)
    }
}

/// What a leading `^` means: `string.gmatch` takes it literally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caret {
    /// It anchors the match.
    Anchors,
    /// It is an ordinary character.
    Ordinary,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ByteSet([u64; 4]);

impl ByteSet {
    const EMPTY: ByteSet = ByteSet([0; 4]);
    const FULL: ByteSet = ByteSet([u64::MAX; 4]);

    #[inline(always)]
    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    const fn with(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    fn add_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            *self = self.with(byte);
        }
    }

    fn union(self, other: ByteSet) -> Self {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    const fn complement(self) -> Self {
        ByteSet([!self.0[0], !self.0[1], !self.0[2], !self.0[3]])
    }

    fn is_disjoint(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & b == 0)
    }

    /// The bytes of a class letter, negated when it is a capital; `None` if `letter` names no
    /// class and so stands for itself.
    fn class(letter: u8) -> Option<ByteSet> {
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

/// What one character must be.
#[derive(Clone, Copy, Debug)]
enum Single {
    Any,
    Byte(u8),
    /// Index into [`Pattern::sets`].
    Set(u32),
}

/// How often a [`Single`] may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// `?`, preferring once.
    Optional,
    /// `*`, preferring more; `+` is one [`Item::One`] and this.
    Greedy,
    /// `-`, preferring fewer.
    Lazy,
}

/// What the item after a repetition demands of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// Nothing that helps.
    Open,
    /// This byte: positions without it need not be tried.
    Byte(u8),
    /// Nothing that the repeated class could match: giving characters back is useless.
    Disjoint,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    One(Single),
    Many(Single, Repeat, Follow),
    Open(u8),
    Close(u8),
    Position(u8),
    BackReference(u8),
    Balance(u8, u8),
    /// Index into [`Pattern::sets`].
    Frontier(u32),
    SubjectEnd,
    Accept,
    Never,
    Malformed(PatternError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaptureKind {
    Unfinished,
    Range,
    Position,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    items: Vec<Item>,
    sets: Vec<ByteSet>,
    captures: Vec<CaptureKind>,
    anchored: bool,
    /// What every match starts with; `Any` when nothing is known.
    head: Single,
}

impl Pattern {
    /// Compiles `source`. Never fails: a malformed part raises its error when reached.
    /// As in 5.1, a zero byte ends the pattern (`%z` matches one).
    pub(super) fn new(source: &[u8], caret: Caret) -> Pattern {
        let source = match memchr::memchr(0, source) {
            Some(end) => &source[..end],
            None => source,
        };
        let anchored = caret == Caret::Anchors && source.first() == Some(&b'^');
        let mut compiler = Compiler {
            source: &source[usize::from(anchored)..],
            pos: 0,
            pattern: Pattern {
                items: Vec::with_capacity(source.len() + 1),
                sets: Vec::new(),
                captures: Vec::new(),
                anchored,
                head: Single::Any,
            },
        };
        let last = match compiler.items() {
            Ok(()) => Item::Accept,
            Err(error) => Item::Malformed(error),
        };
        let mut pattern = compiler.pattern;
        pattern.items.push(last);
        pattern.resolve_follow();
        pattern.head = pattern.find_head();
        pattern
    }

    /// As [`Pattern::new`], from a small cache of this thread when it was compiled lately:
    /// scripts use few patterns, many times each.
    pub(super) fn cached(source: &[u8], caret: Caret) -> Rc<Pattern> {
        if source.len() > CACHED_LEN {
            return Rc::new(Pattern::new(source, caret));
        }
        CACHE.with_borrow_mut(|cache| {
            let slot = &mut cache[cache_slot(source)];
            match slot {
                Some(entry) if entry.source == source && entry.caret == caret => {
                    Rc::clone(&entry.pattern)
                }
                _ => {
                    let pattern = Rc::new(Pattern::new(source, caret));
                    *slot = Some(CacheEntry {
                        source: source.to_vec(),
                        caret,
                        pattern: Rc::clone(&pattern),
                    });
                    pattern
                }
            }
        })
    }

    /// Whether a leading `^` allows a match at the first position only.
    pub(super) fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Number of captures of a complete match, an unfinished one included.
    pub(super) fn capture_count(&self) -> usize {
        self.captures.len()
    }

    #[inline(always)]
    fn set(&self, index: u32) -> &ByteSet {
        &self.sets[index as usize]
    }

    fn bytes_of(&self, single: Single) -> ByteSet {
        match single {
            Single::Any => ByteSet::FULL,
            Single::Byte(byte) => ByteSet::EMPTY.with(byte),
            Single::Set(index) => *self.set(index),
        }
    }

    /// Tells each repetition what comes after it.
    fn resolve_follow(&mut self) {
        for index in 0..self.items.len() {
            let Item::Many(single, repeat, _) = self.items[index] else {
                continue;
            };
            let mine = self.bytes_of(single);
            let next = self.items[index + 1..]
                .iter()
                .find(|item| !matches!(item, Item::Open(_) | Item::Close(_) | Item::Position(_)));
            let follow = match next {
                Some(Item::One(next)) if mine.is_disjoint(&self.bytes_of(*next)) => {
                    Follow::Disjoint
                }
                Some(Item::Balance(open, _)) if !mine.contains(*open) => Follow::Disjoint,
                Some(Item::One(Single::Byte(byte)) | Item::Balance(byte, _)) => Follow::Byte(*byte),
                // A shorter repetition would leave a byte before the end.
                Some(Item::SubjectEnd | Item::Accept) => Follow::Disjoint,
                _ => Follow::Open,
            };
            self.items[index] = Item::Many(single, repeat, follow);
        }
    }

    fn find_head(&self) -> Single {
        let first = self
            .items
            .iter()
            .find(|item| !matches!(item, Item::Open(_) | Item::Position(_)));
        match first {
            Some(Item::One(single)) => *single,
            Some(Item::Balance(open, _)) => Single::Byte(*open),
            _ => Single::Any,
        }
    }
}

/// Longest pattern the cache keeps, in bytes.
const CACHED_LEN: usize = 64;
const CACHE_SLOTS: usize = 64;

struct CacheEntry {
    source: Vec<u8>,
    caret: Caret,
    pattern: Rc<Pattern>,
}

thread_local! {
    static CACHE: RefCell<[Option<CacheEntry>; CACHE_SLOTS]> =
        const { RefCell::new([const { None }; CACHE_SLOTS]) };
}

fn cache_slot(source: &[u8]) -> usize {
    let hash = source.iter().fold(source.len() as u32, |hash, &byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    (hash.wrapping_mul(0x9E37_79B1) >> 26) as usize % CACHE_SLOTS
}

/// Reads one pattern; stops at the first malformed part.
struct Compiler<'p> {
    source: &'p [u8],
    pos: usize,
    pattern: Pattern,
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

    fn items(&mut self) -> Result<(), PatternError> {
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

/// A capture of a successful match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    /// The bytes `start..end` of the subject.
    Range(usize, usize),
    /// The 0-based position that `()` saw.
    Position(usize),
}

/// A place to resume from when matching fails.
#[derive(Clone, Copy, Debug)]
struct Choice {
    item: usize,
    /// Where the subject stands: after the characters taken so far.
    pos: usize,
    /// Where a greedy repetition began; it gives back no further.
    low: usize,
}

/// The state of matching: choices and captures. Borrows neither pattern nor subject, so that
/// it survives a call into Lua between two matches.
pub(super) struct Matcher {
    choices: Vec<Choice>,
    captures: [(usize, usize); MAX_CAPTURES],
    steps: u64,
}

impl Default for Matcher {
    fn default() -> Self {
        Matcher::new()
    }
}

impl Matcher {
    /// A matcher that has matched nothing yet.
    pub(super) fn new() -> Matcher {
        Matcher {
            choices: Vec::new(),
            captures: [(0, 0); MAX_CAPTURES],
            steps: 0,
        }
    }

    /// The first match that starts at `init` or, unless the pattern is anchored, later.
    /// `charge` is told about the work done, in steps of about one byte each.
    pub(super) fn find<E>(
        &mut self,
        pattern: &Pattern,
        subject: &[u8],
        init: usize,
        charge: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<(usize, usize)>, Stop<E>> {
        let mut start = init;
        loop {
            if !pattern.anchored {
                let rest = &subject[start..];
                let skip = match pattern.head {
                    Single::Any => Some(0),
                    Single::Byte(byte) => memchr::memchr(byte, rest),
                    Single::Set(index) => {
                        let set = pattern.set(index);
                        rest.iter().position(|&byte| set.contains(byte))
                    }
                };
                let Some(skip) = skip else { return Ok(None) };
                start += skip;
                self.spend(skip, charge)?;
            }
            if let Some(end) = self.match_at(pattern, subject, start, charge)? {
                return Ok(Some((start, end)));
            }
            if pattern.anchored || start >= subject.len() {
                return Ok(None);
            }
            start += 1;
        }
    }

    /// Capture `index` (0-based) of the last successful match, which covered `start..end`.
    /// The whole match stands in for the first capture of a pattern without any.
    pub(super) fn capture(
        &self,
        pattern: &Pattern,
        index: usize,
        (start, end): (usize, usize),
    ) -> Result<Capture, PatternError> {
        match pattern.captures.get(index) {
            None if index == 0 => Ok(Capture::Range(start, end)),
            None => Err(PatternError::CaptureIndex),
            Some(CaptureKind::Unfinished) => Err(PatternError::UnfinishedCapture),
            Some(CaptureKind::Position) => Ok(Capture::Position(self.captures[index].0)),
            Some(CaptureKind::Range) => {
                let (start, end) = self.captures[index];
                Ok(Capture::Range(start, end))
            }
        }
    }

    #[inline]
    fn spend<E>(
        &mut self,
        steps: usize,
        charge: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        self.steps += steps as u64 + 1;
        if self.steps >= CHARGE_UNIT {
            charge(std::mem::take(&mut self.steps)).map_err(Stop::Charge)?;
        }
        Ok(())
    }

    /// Matches at `start` only; the end of the match.
    pub(super) fn match_at<E>(
        &mut self,
        pattern: &Pattern,
        subject: &[u8],
        start: usize,
        charge: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<usize>, Stop<E>> {
        self.choices.clear();
        let mut item = 0;
        let mut pos = start;
        loop {
            let matched = match pattern.items[item] {
                Item::One(single) => match subject.get(pos) {
                    Some(&byte) if matches(pattern, single, byte) => {
                        pos += 1;
                        true
                    }
                    _ => false,
                },
                Item::Many(single, repeat, follow) => {
                    let low = pos;
                    match repeat {
                        Repeat::Greedy => {
                            pos += run_length(pattern, single, &subject[pos..]);
                            self.spend(pos - low, charge)?;
                        }
                        Repeat::Optional => {
                            if let Some(&byte) = subject.get(pos)
                                && matches(pattern, single, byte)
                            {
                                pos += 1;
                            }
                        }
                        Repeat::Lazy => {}
                    }
                    let has_choice = match repeat {
                        Repeat::Lazy => true,
                        _ => pos > low && follow != Follow::Disjoint,
                    };
                    if has_choice {
                        self.choices.push(Choice { item, pos, low });
                    }
                    true
                }
                Item::Open(level) => {
                    self.captures[usize::from(level)].0 = pos;
                    true
                }
                Item::Close(level) => {
                    self.captures[usize::from(level)].1 = pos;
                    true
                }
                Item::Position(level) => {
                    self.captures[usize::from(level)].0 = pos;
                    true
                }
                Item::BackReference(level) => {
                    let (start, end) = self.captures[usize::from(level)];
                    let found = subject[pos..].starts_with(&subject[start..end]);
                    self.spend(end - start, charge)?;
                    pos += end - start;
                    found
                }
                Item::Balance(open, close) => {
                    let found = balance(&subject[pos..], open, close);
                    self.spend(found.unwrap_or(subject.len() - pos), charge)?;
                    pos += found.unwrap_or(0);
                    found.is_some()
                }
                Item::Frontier(index) => {
                    let set = pattern.set(index);
                    // Both ends of the subject count as a zero byte.
                    let before = pos.checked_sub(1).map_or(0, |before| subject[before]);
                    let after = subject.get(pos).copied().unwrap_or(0);
                    !set.contains(before) && set.contains(after)
                }
                Item::SubjectEnd => pos == subject.len(),
                Item::Accept => return Ok(Some(pos)),
                Item::Never => false,
                Item::Malformed(error) => return Err(error.into()),
            };
            if matched {
                item += 1;
            } else {
                match self.backtrack(pattern, subject, charge)? {
                    Some(resumed) => (item, pos) = resumed,
                    None => return Ok(None),
                }
            }
        }
    }

    /// The item and position to go on from, by the latest choice that is not used up.
    fn backtrack<E>(
        &mut self,
        pattern: &Pattern,
        subject: &[u8],
        charge: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<(usize, usize)>, Stop<E>> {
        while let Some(&Choice { item, pos, low }) = self.choices.last() {
            let Item::Many(single, repeat, follow) = pattern.items[item] else {
                self.choices.pop(); // Only repetitions leave choices.
                continue;
            };
            let resumed = match repeat {
                Repeat::Greedy | Repeat::Optional => match follow {
                    Follow::Byte(byte) => {
                        memchr::memrchr(byte, &subject[low..pos]).map(|offset| low + offset)
                    }
                    Follow::Open | Follow::Disjoint => pos.checked_sub(1).filter(|&pos| pos >= low),
                },
                Repeat::Lazy => lengthen(pattern, single, follow, subject, pos),
            };
            let Some(resumed) = resumed else {
                self.choices.pop();
                self.spend(pos - low, charge)?;
                continue;
            };
            self.spend(resumed.abs_diff(pos), charge)?;
            if repeat != Repeat::Lazy && resumed == low {
                self.choices.pop();
            } else if let Some(choice) = self.choices.last_mut() {
                choice.pos = resumed;
            }
            return Ok(Some((item + 1, resumed)));
        }
        Ok(None)
    }
}

/// How far a lazy repetition at `pos` must go before it is worth trying what follows.
fn lengthen(
    pattern: &Pattern,
    single: Single,
    follow: Follow,
    subject: &[u8],
    mut pos: usize,
) -> Option<usize> {
    if let (Single::Any, Follow::Byte(byte)) = (single, follow) {
        let rest = subject.get(pos + 1..)?;
        return memchr::memchr(byte, rest).map(|offset| pos + 1 + offset);
    }
    loop {
        if !matches(pattern, single, *subject.get(pos)?) {
            return None;
        }
        pos += 1;
        match follow {
            Follow::Byte(byte) if subject.get(pos) != Some(&byte) => {}
            _ => return Some(pos),
        }
    }
}

#[inline(always)]
fn matches(pattern: &Pattern, single: Single, byte: u8) -> bool {
    match single {
        Single::Any => true,
        Single::Byte(expected) => byte == expected,
        Single::Set(index) => pattern.set(index).contains(byte),
    }
}

/// How many bytes at the start of `subject` match.
#[inline]
fn run_length(pattern: &Pattern, single: Single, subject: &[u8]) -> usize {
    let stop = match single {
        Single::Any => None,
        Single::Byte(expected) => subject.iter().position(|&byte| byte != expected),
        Single::Set(index) => {
            let set = pattern.set(index);
            subject.iter().position(|&byte| !set.contains(byte))
        }
    };
    stop.unwrap_or(subject.len())
}

/// Length of the balanced text that `subject` starts with.
fn balance(subject: &[u8], open: u8, close: u8) -> Option<usize> {
    let (&first, rest) = subject.split_first()?;
    if first != open {
        return None;
    }
    let mut depth = 1usize;
    for (i, &byte) in rest.iter().enumerate() {
        // `close` first: with equal delimiters the next one closes.
        if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(i + 2);
            }
        } else if byte == open {
            depth += 1;
        }
    }
    None
}

/// Whether `string.find` may search for `source` itself: no character of it is special.
/// As in 5.1, only the part before a zero byte is looked at.
pub(super) fn is_plain(source: &[u8]) -> bool {
    source
        .iter()
        .take_while(|&&byte| byte != 0)
        .all(|byte| !b"^$*+?.([%-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `start-end` (1-based, inclusive) and the captures of the first match, "nil", or the error.
    fn check(subject: &str, source: &str, expected: &str) {
        let pattern = Pattern::new(source.as_bytes(), Caret::Anchors);
        let mut matcher = Matcher::new();
        let subject = subject.as_bytes();
        let mut free = |_| Ok::<(), ()>(());
        let actual = match matcher.find(&pattern, subject, 0, &mut free) {
            Err(Stop::Pattern(error)) => error.to_string(),
            Err(Stop::Charge(())) => unreachable!(),
            Ok(None) => "nil".into(),
            Ok(Some(whole)) => {
                let mut text = format!("{}-{}", whole.0 + 1, whole.1);
                for i in 0..pattern.capture_count() {
                    text += &match matcher.capture(&pattern, i, whole) {
                        Ok(Capture::Range(a, b)) => {
                            format!(" {}", String::from_utf8_lossy(&subject[a..b]))
                        }
                        Ok(Capture::Position(at)) => format!(" @{}", at + 1),
                        Err(error) => format!(" {error}"),
                    };
                }
                text
            }
        };
        assert_eq!(actual, expected, "{source}");
    }

    #[test]
    fn items_and_repetitions() {
        check("hello world", "o w", "5-7");
        check("hello", "l+", "3-4");
        check("hello", "l-o", "3-5");
        check("hello", "xl?", "nil");
        check("hello", "^e", "nil");
        check("hello", "o$", "5-5");
        check("a$b", "$b", "2-3");
        check("key = value", "^(%w+)%s*=%s*(%w+)$", "1-11 key value");
        check("aXb", "%u", "2-2");
        check("x]y", "[]]", "2-2");
        check("x^y", "[%^]", "2-2");
        check("a-z", "[a%-]+", "1-2");
        check("2024-01-02", "(%d+)-(%d+)-(%d+)", "1-10 2024 01 02");
        check("abcabc", "(a.-c)%1", "1-6 abc");
        check("f(a(b)c) d", "%b()", "2-8");
        check("THE (quick) fox", "%f[%a]%a+%f[%A]", "1-3");
        check("abc", "()b()", "2-2 @2 @3");
        check("", "", "1-0");
        check("aaab", "a*ab", "1-4");
        check("aaa.bbb.ccc", "(.*)%.(.*)", "1-11 aaa.bbb ccc");
        check("\u{b}x", "%s", "1-1");
    }

    #[test]
    fn malformed_patterns_complain_when_reached() {
        check("abc", "%", "malformed pattern (ends with '%')");
        check("abc", "[a", "malformed pattern (missing ']')");
        check("abc", "[%", "malformed pattern (missing ']')");
        check("abc", "x[", "nil");
        check("abc", "%f", "missing '[' after '%f' in pattern");
        check("abc", "%b(", "unbalanced pattern");
        check("abc", "%1", "invalid capture index");
        check("abc", "(a%1)", "invalid capture index");
        check("abc", "a)", "invalid pattern capture");
        check("abc", "(a", "1-1 unfinished capture");
        check("abc", &"()".repeat(33), "too many captures");
        check("abc", "()%1", "nil");
    }

    #[test]
    fn long_patterns_do_not_recurse() {
        check(&"a".repeat(50_000), &"a?".repeat(100_000), "1-50000");
    }

    #[test]
    fn a_costly_match_can_be_stopped() {
        let pattern = Pattern::new(&b"a*".repeat(20), Caret::Anchors);
        let with_b = Pattern::new(
            &[b"a*".repeat(20), b"[bc]".to_vec()].concat(),
            Caret::Anchors,
        );
        let subject = vec![b'a'; 60];
        let mut calls = 0;
        let mut limit = |_| {
            calls += 1;
            if calls > 100 { Err("stopped") } else { Ok(()) }
        };
        let mut matcher = Matcher::new();
        assert_eq!(
            matcher.find(&pattern, &subject, 0, &mut limit),
            Ok(Some((0, 60)))
        );
        assert_eq!(
            matcher.find(&with_b, &subject, 0, &mut limit),
            Err(Stop::Charge("stopped"))
        );
    }

    #[test]
    fn plain_sources() {
        assert!(is_plain(b"a]b)c"));
        assert!(is_plain(b"a\0."));
        assert!(!is_plain(b"a.b"));
    }
}
