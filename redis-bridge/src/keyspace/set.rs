//! Sets: distinct byte strings.
//!
//! As in Redis, a set of few integers is a sorted array, and its members come out in
//! numerical order. Any other set is an index set: members come in the order in which
//! they were added, until a removal from a large one moves the last into the gap.

use crate::keyspace::{IndexSet, database::scan_slice, number, string::TextBytes};

/// `set-max-intset-entries`: members of a set of integers that is kept sorted.
const INTEGERS_MAX_LEN: usize = 512;

/// Members up to which a removal keeps the order (`set-max-listpack-entries`).
const ORDERED_MAX_LEN: usize = 128;

/// A set value.
#[derive(Clone, Debug)]
pub enum Set {
    /// Integers, ascending.
    Integers(Vec<i64>),
    /// Anything.
    Members(IndexSet<Box<[u8]>>),
}

impl Default for Set {
    fn default() -> Self {
        Self::Integers(Vec::new())
    }
}

impl Set {
    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Members(members) => members.len(),
        }
    }

    /// Has it no members?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is it a member?
    #[must_use]
    pub fn contains(&self, member: &[u8]) -> bool {
        match self {
            Self::Integers(integers) => number::parse_i64(member)
                .is_some_and(|integer| integers.binary_search(&integer).is_ok()),
            Self::Members(members) => members.contains(member),
        }
    }

    /// Adds a member; returns whether it is new.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        if let Self::Integers(integers) = self {
            if let Some(integer) = number::parse_i64(member) {
                let Err(at) = integers.binary_search(&integer) else {
                    return false;
                };
                integers.insert(at, integer);
                if integers.len() > INTEGERS_MAX_LEN {
                    self.spread();
                }
                return true;
            }
            self.spread();
        }
        match self {
            Self::Members(members) => !members.contains(member) && members.insert(member.into()),
            Self::Integers(_) => unreachable!("spread above"),
        }
    }

    /// Turns sorted integers into members like any others.
    fn spread(&mut self) {
        let members = self.iter().map(|member| Box::from(&*member)).collect();
        *self = Self::Members(members);
    }

    /// Removes a member; returns whether it was one.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Self::Integers(integers) => {
                let found = number::parse_i64(member).map(|it| integers.binary_search(&it));
                let Some(Ok(at)) = found else { return false };
                integers.remove(at);
                true
            }
            Self::Members(members) if members.len() <= ORDERED_MAX_LEN => {
                members.shift_remove(member)
            }
            Self::Members(members) => members.swap_remove(member),
        }
    }

    /// Removes and returns the member at a position, which must exist.
    pub fn remove_at(&mut self, position: usize) -> Box<[u8]> {
        match self {
            Self::Integers(integers) => {
                let integer = integers.remove(position);
                Box::from(&*TextBytes::of_integer(integer))
            }
            Self::Members(members) if members.len() <= ORDERED_MAX_LEN => members
                .shift_remove_index(position)
                .expect("the position is checked"),
            Self::Members(members) => members
                .swap_remove_index(position)
                .expect("the position is checked"),
        }
    }

    /// The member at a position, which must exist.
    #[must_use]
    pub fn at(&self, position: usize) -> TextBytes<'_> {
        match self {
            Self::Integers(integers) => TextBytes::of_integer(integers[position]),
            Self::Members(members) => TextBytes::Stored(&members[position]),
        }
    }

    /// All members.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = TextBytes<'_>> + ExactSizeIterator {
        (0..self.len()).map(|position| self.at(position))
    }

    /// The next `count` members of a walk, all if it is a sorted array; see
    /// [`Database::scan`](crate::keyspace::Database::scan).
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<TextBytes<'_>>) {
        match self {
            Self::Integers(_) => (0, self.iter().collect()),
            Self::Members(members) => {
                let (next, range) = scan_slice(members.len(), cursor, count);
                (next, range.rev().map(|at| self.at(at)).collect())
            }
        }
    }

    /// As `OBJECT ENCODING` prints it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Integers(_) => "intset",
            Self::Members(_) => "hashtable",
        }
    }
}
