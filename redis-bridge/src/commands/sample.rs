//! Random choices: how many are wanted, and which positions of a collection it is.

use std::ops::Range;

use hashbrown::HashSet;

use crate::commands::error::CommandError;

/// The count argument of a random command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// Different elements, as many as there are at most.
    Distinct(usize),
    /// Exactly so many, with repetitions.
    Repeating(usize),
}

impl Amount {
    /// A negative count allows repetitions. With `doubled`, each element gives two
    /// replies, so the count may only be half as large.
    pub(super) fn of(count: i64, doubled: bool) -> Result<Self, CommandError> {
        if count == i64::MIN {
            return Err(CommandError::of(
                "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807",
            ));
        }
        if doubled && count.unsigned_abs() > i64::MAX as u64 / 2 {
            return Err(CommandError::of("ERR value is out of range"));
        }
        let magnitude = count.unsigned_abs() as usize;
        Ok(if count < 0 {
            Self::Repeating(magnitude)
        } else {
            Self::Distinct(magnitude)
        })
    }
}

/// Random positions in a collection of `len`, which is not empty. Those with
/// repetitions are made one by one as the reply goes out.
pub(super) fn positions(amount: Amount, len: usize) -> Positions {
    match amount {
        Amount::Repeating(count) => Positions::Repeating {
            left: 0..count,
            len,
        },
        Amount::Distinct(count) if count >= len => Positions::All(0..len),
        Amount::Distinct(count) => Positions::Chosen(distinct(count, len).into_iter()),
    }
}

/// `count` different positions below `len`, which is larger (Floyd's algorithm).
fn distinct(count: usize, len: usize) -> Vec<usize> {
    let mut seen = HashSet::with_capacity(count);
    let mut chosen = Vec::with_capacity(count);
    for highest in len - count..len {
        let pick = fastrand::usize(..=highest);
        let pick = if seen.insert(pick) { pick } else { highest };
        seen.insert(pick);
        chosen.push(pick);
    }
    fastrand::shuffle(&mut chosen);
    chosen
}

/// Positions in random order.
pub(super) enum Positions {
    All(Range<usize>),
    Chosen(std::vec::IntoIter<usize>),
    Repeating { left: Range<usize>, len: usize },
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::All(range) => range.next(),
            Self::Chosen(chosen) => chosen.next(),
            Self::Repeating { left, len } => left.next().map(|_| fastrand::usize(..*len)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match self {
            Self::All(range) | Self::Repeating { left: range, .. } => range.len(),
            Self::Chosen(chosen) => chosen.len(),
        };
        (len, Some(len))
    }
}

impl ExactSizeIterator for Positions {}
