//! Matching the items of a pattern against bytes.
//!
//! Owns the choices and the captures of a match, and the work it reports.

use super::{
    Capture, CaptureKind, Follow, Item, MAX_CAPTURES, Pattern, PatternError, Repeat, Single, Stop,
};

/// Number of steps between two calls of the charge callback.
const CHARGE_UNIT: u64 = 4096;
/// Steps that a search may take for the call that asked for it.
const FREE_STEPS: u64 = 64;
/// Bytes that are searched for one byte in about the time of a step.
const SEARCHED_PER_STEP: usize = 16;

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
pub(in crate::string) struct Matcher {
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
    pub(in crate::string) fn new() -> Matcher {
        Matcher {
            choices: Vec::new(),
            captures: [(0, 0); MAX_CAPTURES],
            steps: 0,
        }
    }

    /// The first match that starts at `init` or, unless the pattern is anchored, later.
    /// `charge` is told about the work done, in steps of about one byte each.
    pub(in crate::string) fn find<E>(
        &mut self,
        pattern: &Pattern,
        subject: &[u8],
        init: usize,
        charge: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<(usize, usize)>, Stop<E>> {
        let found = self.search(pattern, subject, init, charge)?;
        // Searches that each stay below the unit would cost nothing, however many there are.
        if self.steps > FREE_STEPS {
            charge(std::mem::take(&mut self.steps)).map_err(Stop::Charge)?;
        }
        Ok(found)
    }

    fn search<E>(
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
                let (skip, per_step) = match pattern.head {
                    Single::Any => (Some(0), 1),
                    Single::Byte(byte) => (memchr::memchr(byte, rest), SEARCHED_PER_STEP),
                    Single::Set(index) => {
                        let set = pattern.set(index);
                        (rest.iter().position(|&byte| set.contains(byte)), 1)
                    }
                };
                self.spend(skip.unwrap_or(rest.len()) / per_step, charge)?;
                let Some(skip) = skip else { return Ok(None) };
                start += skip;
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
    pub(in crate::string) fn capture(
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
    pub(in crate::string) fn match_at<E>(
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
