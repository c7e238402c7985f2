//! Sorted sets: distinct members, each with a score, in the order of the scores.

use std::ops::Range;
use std::sync::Arc;

use crate::keyspace::{
    IndexMap,
    database::scan_slice,
    ranked::{Ranked, Scored},
};

/// `zset-max-listpack-entries`: members of a small sorted set.
const SMALL_MAX_LEN: usize = 128;

/// `zset-max-listpack-value`: bytes of a member of a small sorted set.
const SMALL_MAX_BYTES: usize = 64;

/// A sorted set value.
#[derive(Clone, Debug, Default)]
pub struct SortedSet {
    scores: IndexMap<Arc<[u8]>, f64>,
    ranked: Ranked,
    /// It was too large for a list once; it never becomes one again.
    is_large: bool,
}

impl SortedSet {
    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Has it no members?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The score of a member.
    #[must_use]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Gives a member a score, which must not be NaN; returns its old one.
    pub fn set(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let len_before = self.scores.len();
        let known = self.scores.get_full_mut(member);
        self.is_large |=
            known.is_none() && (len_before >= SMALL_MAX_LEN || member.len() > SMALL_MAX_BYTES);
        // A small sorted set keeps whole scores as integers, so it knows no -0.
        let score = if score == 0.0 && !self.is_large {
            0.0
        } else {
            score
        };
        if let Some((_, name, slot)) = known {
            let old = std::mem::replace(slot, score);
            if old != score {
                let member = Arc::clone(name);
                self.ranked.remove(old, &member);
                self.ranked.insert(Scored { score, member });
            }
            return Some(old);
        }
        let name: Arc<[u8]> = member.into();
        self.scores.insert(Arc::clone(&name), score);
        self.ranked.insert(Scored {
            score,
            member: name,
        });
        None
    }

    /// Removes a member; returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.scores.swap_remove(member)?;
        self.ranked.remove(score, member);
        Some(score)
    }

    /// Removes the members of these ranks and returns them in order.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> Vec<Scored> {
        let removed = self.ranked.remove_range(ranks);
        for scored in &removed {
            self.scores.swap_remove(&scored.member);
        }
        removed
    }

    /// How many members come before this one.
    #[must_use]
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        self.ranked.rank(self.score(member)?, member)
    }

    /// How many members `is_before` holds for; it must hold for those first in the
    /// order only.
    pub fn count_before(&self, is_before: impl Fn(&Scored) -> bool) -> usize {
        self.ranked.count_before(is_before)
    }

    /// The members of these ranks, those that exist.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = &Scored> {
        self.ranked.range(ranks)
    }

    /// All members in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Scored> {
        self.ranked.range(0..self.ranked.len())
    }

    /// A member by a position that has nothing to do with its rank; it must exist.
    #[must_use]
    pub fn at(&self, position: usize) -> (&[u8], f64) {
        let (member, score) = self
            .scores
            .get_index(position)
            .expect("the position is checked");
        (member, *score)
    }

    /// The next `count` members of a walk, all in order if it is small; see
    /// [`Database::scan`](crate::keyspace::Database::scan).
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&[u8], f64)>) {
        if !self.is_large {
            return (0, self.iter().map(|it| (&*it.member, it.score)).collect());
        }
        let (next, range) = scan_slice(self.scores.len(), cursor, count);
        (next, range.rev().map(|at| self.at(at)).collect())
    }

    /// Makes it one that counts as large, whatever it holds.
    pub fn enlarge(&mut self) {
        self.is_large = true;
    }

    /// As `OBJECT ENCODING` prints it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.is_large {
            "skiplist"
        } else {
            "listpack"
        }
    }
}
