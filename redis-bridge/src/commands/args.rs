//! Reading arguments: numbers as strictly as Redis reads them, option words, ranges.

use std::ops::Range;

use crate::commands::error::CommandError;
pub use crate::keyspace::number::{parse_f64, parse_i64};

/// A 64-bit integer.
///
/// # Errors
///
/// [`CommandError::NOT_INTEGER`]
pub fn int(text: &[u8]) -> Result<i64, CommandError> {
    parse_i64(text).ok_or(CommandError::NOT_INTEGER)
}

/// An integer that is at least `min`.
///
/// # Errors
///
/// `error`, both if it is no integer and if it is too small.
pub fn int_from(text: &[u8], min: i64, error: CommandError) -> Result<i64, CommandError> {
    parse_i64(text).filter(|value| *value >= min).ok_or(error)
}

/// A count, which may not be negative.
///
/// # Errors
///
/// [`CommandError::NOT_POSITIVE`]
pub fn count(text: &[u8]) -> Result<usize, CommandError> {
    let value = int_from(text, 0, CommandError::NOT_POSITIVE)?;
    usize::try_from(value).map_err(|_| CommandError::NOT_POSITIVE)
}

/// A double; infinities are fine, NaN is not.
///
/// # Errors
///
/// [`CommandError::NOT_FLOAT`]
pub fn float(text: &[u8]) -> Result<f64, CommandError> {
    parse_f64(text).ok_or(CommandError::NOT_FLOAT)
}

/// Is the argument this option word, in any case?
#[must_use]
pub fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// The positions that indexes `start` to `stop` mean in a sequence of `len`, both
/// inclusive and counting from the end if negative; empty if they name none.
#[must_use]
pub fn index_range(start: i64, stop: i64, len: usize) -> Range<usize> {
    let signed_len = len as i64;
    let from_end = |index: i64| {
        if index < 0 {
            index.saturating_add(signed_len)
        } else {
            index
        }
    };
    let start = from_end(start).max(0);
    let stop = from_end(stop).min(signed_len - 1);
    if start > stop {
        0..0
    } else {
        start as usize..stop as usize + 1
    }
}

/// The two parts of arguments that were cut in two.
type Split<'a, 'b> = (&'a [&'b [u8]], &'a [&'b [u8]]);

/// The keys of `numkeys key [key ...]` that begins at `args[at]`, and what follows
/// them.
///
/// # Errors
///
/// `bad_count` if the number is below 1 or no number,
/// [`CommandError::SYNTAX`] if there are fewer keys than that.
pub fn counted_keys<'a, 'b>(
    args: &'a [&'b [u8]],
    at: usize,
    bad_count: CommandError,
) -> Result<Split<'a, 'b>, CommandError> {
    let (n_keys, rest) = args[at..].split_first().ok_or(CommandError::SYNTAX)?;
    let n_keys = int_from(n_keys, 1, bad_count)?;
    usize::try_from(n_keys)
        .ok()
        .and_then(|n_keys| rest.split_at_checked(n_keys))
        .ok_or(CommandError::SYNTAX)
}

/// Walks over the options at the end of a call.
pub struct Options<'a, 'b> {
    rest: &'a [&'b [u8]],
}

impl<'a, 'b> Options<'a, 'b> {
    /// The options among `rest`.
    #[must_use]
    pub fn new(rest: &'a [&'b [u8]]) -> Self {
        Self { rest }
    }

    /// The next word.
    #[allow(clippy::should_implement_trait)] // `value` needs it between two steps
    pub fn next(&mut self) -> Option<&'b [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The value behind an option word.
    ///
    /// # Errors
    ///
    /// [`CommandError::SYNTAX`] if there is none.
    pub fn value(&mut self) -> Result<&'b [u8], CommandError> {
        self.next().ok_or(CommandError::SYNTAX)
    }

    /// The number of words left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rest.len()
    }
}
