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

/// The longest reply with repetitions, in bytes. A short command could otherwise ask
/// for more than any memory holds.
const MAX_REPEATED_BYTES: usize = 1 << 30;

/// Bytes that an element of a reply takes besides its own.
const ELEMENT_OVERHEAD: usize = 8;

/// Random positions in a collection of `len`, which is not empty. Those with
/// repetitions are made one by one as the reply goes out. `bytes_at` tells how many
/// bytes an element gives the reply.
///
/// # Errors
///
/// If the reply would be too long.
pub(super) fn positions(
    amount: Amount,
    len: usize,
    bytes_at: impl Fn(usize) -> usize,
) -> Result<Positions, CommandError> {
    match amount {
        Amount::Repeating(count) => {
            // With its random numbers known beforehand, so is the size of the reply.
            let random = fastrand::Rng::new();
            let mut picks = Positions::Repeating {
                left: 0..count,
                len,
                random: random.clone(),
            };
            let mut bytes_left = MAX_REPEATED_BYTES;
            let fits = count <= MAX_REPEATED_BYTES / ELEMENT_OVERHEAD
                && picks.all(|at| {
                    let left = bytes_left.checked_sub(bytes_at(at) + ELEMENT_OVERHEAD);
                    bytes_left = left.unwrap_or(0);
                    left.is_some()
                });
            if !fits {
                return Err(CommandError::of("ERR value is out of range"));
            }
            Ok(Positions::Repeating {
                left: 0..count,
                len,
                random,
            })
        }
        Amount::Distinct(count) if count >= len => Ok(Positions::All(0..len)),
        Amount::Distinct(count) => Ok(Positions::Chosen(distinct(count, len).into_iter())),
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
    Repeating {
        left: Range<usize>,
        len: usize,
        random: fastrand::Rng,
    },
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::All(range) => range.next(),
            Self::Chosen(chosen) => chosen.next(),
            Self::Repeating { left, len, random } => left.next().map(|_| random.usize(..*len)),
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
