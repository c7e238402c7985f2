#![forbid(unsafe_code)]
//! The words of the return stack: how to get from a frame to the one below.
//!
//! An even word is a program counter: the frame above was called by the `Call`,
//! `CallV` or `TailCall` just before it, whose `a` says where the caller's base is.
//! An odd word is special: its kind in the low byte, then how many slots the base of
//! the frame below lies under the base of the frame above, then what the kind needs.

/// What a special word says about the frame above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum WordKind {
    /// The frame is a vararg function's: below its base lie the extra arguments. The
    /// frame itself goes on below this word.
    Vararg = 1,
    /// The frame has replaced others by tail calls, as many as the distance says; the
    /// base does not change.
    Tail = 3,
    /// The frame was called by a native, or by the host: leave the interpreter.
    Native = 5,
    /// The frame was called by `pcall`, whose own frame lies below.
    Pcall = 7,
    /// The same for `xpcall`; its handler is in the slot below the function's.
    Xpcall = 9,
    /// The frame is the first of its coroutine.
    Coroutine = 11,
    /// The frame is that of a function of the interpreter's own, whose return an observer
    /// is to hear of. Its number is in `a`; the frame itself goes on below this word.
    Watched = 13,
    /// A metamethod: its result goes to register `a` of the frame below. The word
    /// beneath is the program counter to go on at, as for all that follow.
    MetaSet = 15,
    /// A metamethod without a result.
    MetaDrop = 17,
    /// A comparison: if the result is true, jump as the instruction says.
    MetaJumpIf = 19,
    /// A comparison: if the result is false, jump as the instruction says.
    MetaJumpIfNot = 21,
    /// A concatenation: the result replaces two operands, and it goes on with those
    /// that are left.
    MetaConcat = 23,
    /// The frame was called on behalf of an instruction of the Lua frame below, as a
    /// message handler, a finalizer or a hook: leave the interpreter.
    Service = 25,
}

/// Most tail calls that a word counts.
pub(crate) const MAX_TAIL_CALLS: usize = 1 << 30;

/// A special word.
#[derive(Clone, Copy)]
pub(crate) struct Word(pub(crate) usize);

impl Word {
    #[inline(always)]
    pub(crate) fn new(kind: WordKind, distance: usize) -> Word {
        debug_assert!(distance < 1 << 32);
        Word(kind as usize | distance << 8)
    }

    /// A word with three more bytes of its kind's own.
    pub(crate) fn with(kind: WordKind, distance: usize, a: u8, b: u8, c: u8) -> Word {
        Word(
            Word::new(kind, distance).0
                | (a as usize) << 40
                | (b as usize) << 48
                | (c as usize) << 56,
        )
    }

    #[inline(always)]
    pub(crate) fn is_special(word: usize) -> bool {
        word & 1 != 0
    }

    /// True for a word of kind `Tail`: no program counter has its low byte.
    #[inline(always)]
    pub(crate) fn is_tail(word: usize) -> bool {
        word as u8 == WordKind::Tail as u8
    }

    /// True for a word of kind `Tail` that can count one more: counting stops long before
    /// it would fill the word.
    #[inline(always)]
    pub(crate) fn counts_tail_call(word: usize) -> bool {
        Self::is_tail(word) && word >> 8 < MAX_TAIL_CALLS
    }

    /// The word for one more.
    #[inline(always)]
    pub(crate) fn one_more_tail_call(word: usize) -> usize {
        word + (1 << 8)
    }

    /// Kind of a special word.
    #[inline(always)]
    pub(crate) fn kind(self) -> WordKind {
        match self.0 as u8 {
            1 => WordKind::Vararg,
            3 => WordKind::Tail,
            5 => WordKind::Native,
            7 => WordKind::Pcall,
            9 => WordKind::Xpcall,
            11 => WordKind::Coroutine,
            13 => WordKind::Watched,
            15 => WordKind::MetaSet,
            17 => WordKind::MetaDrop,
            19 => WordKind::MetaJumpIf,
            21 => WordKind::MetaJumpIfNot,
            23 => WordKind::MetaConcat,
            _ => WordKind::Service,
        }
    }

    /// Slots between the two bases.
    #[inline(always)]
    pub(crate) fn distance(self) -> usize {
        self.0 >> 8 & 0xFFFF_FFFF
    }

    pub(crate) fn a(self) -> u8 {
        (self.0 >> 40) as u8
    }

    pub(crate) fn b(self) -> u8 {
        (self.0 >> 48) as u8
    }

    pub(crate) fn c(self) -> u8 {
        (self.0 >> 56) as u8
    }

    /// True if the word beneath is the program counter of the frame below, to go on at
    /// without having been a call.
    pub(crate) fn is_meta(self) -> bool {
        self.0 as u8 >= WordKind::MetaSet as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_parts() {
        let word = Word::with(WordKind::MetaConcat, 70_000, 1, 2, 255);
        assert_eq!(word.kind(), WordKind::MetaConcat);
        assert_eq!(word.distance(), 70_000);
        assert_eq!((word.a(), word.b(), word.c()), (1, 2, 255));
        assert!(Word::is_special(word.0) && word.is_meta());
        assert!(!Word::new(WordKind::Pcall, 1).is_meta());
    }

    #[test]
    fn kinds_are_read_as_written() {
        for (kind, is_meta) in [
            (WordKind::Vararg, false),
            (WordKind::Tail, false),
            (WordKind::Native, false),
            (WordKind::Pcall, false),
            (WordKind::Xpcall, false),
            (WordKind::Coroutine, false),
            (WordKind::Watched, false),
            (WordKind::MetaSet, true),
            (WordKind::MetaDrop, true),
            (WordKind::MetaJumpIf, true),
            (WordKind::MetaJumpIfNot, true),
            (WordKind::MetaConcat, true),
            (WordKind::Service, true),
        ] {
            let word = Word::new(kind, 3);
            assert_eq!((word.kind(), word.is_meta()), (kind, is_meta));
            assert!(Word::is_special(word.0));
        }
    }
}
