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
//! exhaust the Rust stack. Time can still be exponential in the number of repetitions; every few
//! thousand steps are reported to a callback that may stop the match.
//!
//! [`compile`] reads patterns, [`matcher`] matches them, [`byte_set`] knows the classes.

mod byte_set;
mod compile;
mod matcher;

use std::cell::RefCell;
use std::rc::Rc;

use byte_set::ByteSet;
use compile::Compiler;
pub(super) use matcher::Matcher;

/// Most captures in one pattern (`LUA_MAXCAPTURES`).
const MAX_CAPTURES: usize = 32;

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
            if cache.is_empty() {
                cache.resize_with(CACHE_SLOTS, || None);
            }
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
    /// Empty until the first use: the slots are not part of what every thread starts with.
    static CACHE: RefCell<Vec<Option<CacheEntry>>> = const { RefCell::new(Vec::new()) };
}

fn cache_slot(source: &[u8]) -> usize {
    // The ends tell patterns apart well enough.
    let (first, last) = match (source.first_chunk::<8>(), source.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (
            source
                .iter()
                .fold(0, |word, &byte| word << 8 | u64::from(byte)),
            0,
        ),
    };
    let word = first ^ last.rotate_left(23) ^ source.len() as u64;
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as usize % CACHE_SLOTS
}

/// A capture of a successful match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    /// The bytes `start..end` of the subject.
    Range(usize, usize),
    /// The 0-based position that `()` saw.
    Position(usize),
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
