//! Members in the order of their scores, found by rank as well as by value.
//!
//! A list of sorted chunks: searching one is a binary search over the chunks and one
//! within a chunk; a rank adds the lengths of the chunks before it. Of the ordered
//! sets with ranks that exist, none looks a member up by a borrowed key without
//! pulling in far more than this.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// A chunk that grows beyond this is cut in two.
const CHUNK_MAX_LEN: usize = 256;

/// A member with its score, which is never NaN.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The score.
    pub score: f64,
    /// The member.
    pub member: Arc<[u8]>,
}

impl Scored {
    fn order(&self, score: f64, member: &[u8]) -> Ordering {
        // Not total_cmp: 0 and -0 are the same score.
        let by_score = self.score.partial_cmp(&score).unwrap_or(Ordering::Equal);
        by_score.then_with(|| (*self.member).cmp(member))
    }
}

/// Members ordered by score, then by their bytes.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// None of them is empty.
    chunks: Vec<Vec<Scored>>,
    len: usize,
}

impl Ranked {
    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is there no member?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a member that is not there yet with this score.
    pub fn insert(&mut self, scored: Scored) {
        let before = |it: &Scored| it.order(scored.score, &scored.member) == Ordering::Less;
        self.len += 1;
        let found = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(before));
        // Past all of them: the last chunk grows.
        let at_chunk = found.min(self.chunks.len().saturating_sub(1));
        let Some(chunk) = self.chunks.get_mut(at_chunk) else {
            self.chunks.push(vec![scored]);
            return;
        };
        let at = chunk.partition_point(before);
        chunk.insert(at, scored);
        if chunk.len() > CHUNK_MAX_LEN {
            // Ascending insertion is common: leave the left chunk full then.
            let is_tail = at + 1 == chunk.len();
            let cut = if is_tail {
                chunk.len() - 1
            } else {
                chunk.len() / 2
            };
            let right = chunk.split_off(cut);
            self.chunks.insert(at_chunk + 1, right);
        }
    }

    /// Where a member with this score stands: chunk and position in it.
    fn find(&self, score: f64, member: &[u8]) -> Option<(usize, usize)> {
        let before = |it: &Scored| it.order(score, member) == Ordering::Less;
        let at_chunk = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(before));
        let chunk = self.chunks.get(at_chunk)?;
        let at = chunk.partition_point(before);
        let found = chunk
            .get(at)
            .is_some_and(|it| it.order(score, member).is_eq());
        found.then_some((at_chunk, at))
    }

    /// Removes a member with this score; returns whether it was there.
    pub fn remove(&mut self, score: f64, member: &[u8]) -> bool {
        let Some((at_chunk, at)) = self.find(score, member) else {
            return false;
        };
        self.chunks[at_chunk].remove(at);
        self.len -= 1;
        if self.chunks[at_chunk].is_empty() {
            self.chunks.remove(at_chunk);
        }
        true
    }

    /// How many members come before this one.
    #[must_use]
    pub fn rank(&self, score: f64, member: &[u8]) -> Option<usize> {
        let (at_chunk, at) = self.find(score, member)?;
        Some(self.len_before(at_chunk) + at)
    }

    fn len_before(&self, at_chunk: usize) -> usize {
        self.chunks[..at_chunk].iter().map(Vec::len).sum()
    }

    /// How many members `is_before` holds for, which must hold for those first in the
    /// order only.
    pub fn count_before(&self, is_before: impl Fn(&Scored) -> bool) -> usize {
        let at_chunk = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(&is_before));
        let within = self
            .chunks
            .get(at_chunk)
            .map_or(0, |chunk| chunk.partition_point(is_before));
        self.len_before(at_chunk) + within
    }

    /// Chunk and position of a rank; just past the last if there is no such rank.
    fn locate(&self, rank: usize) -> (usize, usize) {
        let mut left = rank;
        for (at_chunk, chunk) in self.chunks.iter().enumerate() {
            if left < chunk.len() {
                return (at_chunk, left);
            }
            left -= chunk.len();
        }
        (self.chunks.len(), 0)
    }

    /// The members of these ranks, those that exist.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = &Scored> {
        let ranks = ranks.start..ranks.end.min(self.len).max(ranks.start);
        let (first, start) = self.locate(ranks.start);
        let (last, end) = self.locate(ranks.end);
        let chunks = self
            .chunks
            .get(first..self.chunks.len().min(last + 1))
            .unwrap_or_default();
        chunks.iter().enumerate().flat_map(move |(at, chunk)| {
            let from = if at == 0 { start } else { 0 };
            let to = if first + at == last { end } else { chunk.len() };
            &chunk[from..to.max(from)]
        })
    }

    /// Removes the members of these ranks and returns them in order.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> Vec<Scored> {
        let ranks = ranks.start..ranks.end.min(self.len).max(ranks.start);
        let (first, mut start) = self.locate(ranks.start);
        let mut removed = Vec::new();
        let mut at_chunk = first;
        while removed.len() < ranks.len() {
            let chunk = &mut self.chunks[at_chunk];
            let end = chunk.len().min(start + ranks.len() - removed.len());
            removed.extend(chunk.drain(start..end));
            start = 0;
            at_chunk += 1;
        }
        self.len -= removed.len();
        self.chunks.retain(|chunk| !chunk.is_empty());
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is inserted and removed, the order and all ranks are those of a
        /// sorted vector.
        #[test]
        fn behaves_like_a_sorted_vector(
            changes in prop::collection::vec((0_u16..900, -3_i8..4, prop::bool::weighted(0.7)), 0..1500),
            cut in 0_usize..1000,
            cut_len in 0_usize..1000,
        ) {
            let mut ranked = Ranked::default();
            let mut model: Vec<(f64, Vec<u8>)> = Vec::new();
            for (name, score, adds) in changes {
                let (score, member) = (f64::from(score), name.to_be_bytes().to_vec());
                let found = model.iter().position(|it| *it == (score, member.clone()));
                if adds && found.is_none() {
                    ranked.insert(Scored { score, member: Arc::from(&*member) });
                    model.push((score, member));
                } else if !adds {
                    prop_assert_eq!(ranked.remove(score, &member), found.is_some());
                    found.map(|at| model.swap_remove(at));
                }
            }
            model.sort_by(|a, b| a.partial_cmp(b).unwrap());
            let pairs = |it: &Scored| (it.score, it.member.to_vec());
            prop_assert_eq!(ranked.range(0..usize::MAX).map(pairs).collect::<Vec<_>>(), model.clone());
            for (rank, (score, member)) in model.iter().enumerate() {
                prop_assert_eq!(ranked.rank(*score, member), Some(rank));
            }
            let start = cut.min(model.len());
            let end = (start + cut_len).min(model.len());
            let slice = ranked.range(cut..cut + cut_len).rev().map(pairs).collect::<Vec<_>>();
            prop_assert_eq!(slice, model[start..end].iter().rev().cloned().collect::<Vec<_>>());
            let removed = ranked.remove_range(start..end).iter().map(pairs).collect::<Vec<_>>();
            prop_assert_eq!(removed, model.drain(start..end).collect::<Vec<_>>());
            prop_assert_eq!(ranked.len(), model.len());
            prop_assert_eq!(ranked.range(0..model.len()).map(pairs).collect::<Vec<_>>(), model);
        }
    }
}
