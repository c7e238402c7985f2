//! The entries of a stream, and what is remembered of those that are gone. As in Redis
//! they lie in nodes of a limited size, because trimming "about so much" and the figures
//! of `XINFO` are in terms of nodes.

use std::collections::VecDeque;

use crate::keyspace::listpack::Listpack;
use crate::keyspace::stream::id::StreamId;
use crate::keyspace::stream::node::{Entry, Node};

/// The longest an entry may be, in bytes, and the largest a node.
const NODE_MAX_BYTES: usize = 1 << 30;

/// How large a node may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimits {
    /// `stream-node-max-bytes`; 0 is no limit.
    pub bytes: usize,
    /// `stream-node-max-entries`; 0 is no limit.
    pub entries: usize,
}

impl Default for NodeLimits {
    fn default() -> Self {
        Self {
            bytes: 4096,
            entries: 100,
        }
    }
}

/// What is to be trimmed away.
#[derive(Clone, Copy, Debug)]
pub struct Trim {
    /// What remains.
    pub to: TrimTo,
    /// Only whole nodes go.
    pub is_approximate: bool,
    /// No more entries than that go; 0 is no limit.
    pub limit: usize,
}

/// What remains of a trimmed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimTo {
    /// So many of the newest entries.
    Len(usize),
    /// The entries from this id on.
    Id(StreamId),
}

/// The entries of a stream.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Ordered by id.
    nodes: VecDeque<Node>,
    len: usize,
    /// The id of the first entry; the least if there is none.
    first_id: StreamId,
    /// The greatest id that an entry had, or that was set.
    pub last_id: StreamId,
    /// The greatest id of an entry that was deleted, trimming aside.
    pub max_deleted_id: StreamId,
    /// How many entries there have been.
    pub n_added: i64,
}

impl Log {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Are there no entries?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The id of the first entry; the least id if there is none.
    #[must_use]
    pub fn first_id(&self) -> StreamId {
        self.first_id
    }

    /// Is an entry of these fields and values, alternating, not too large?
    #[must_use]
    pub fn accepts(pairs: &[&[u8]]) -> bool {
        pairs.iter().map(|item| item.len()).sum::<usize>() <= NODE_MAX_BYTES
    }

    /// Appends an entry that [`accepts`](Self::accepts) allows. The id must be greater
    /// than [`last_id`](Self::last_id).
    pub fn append(&mut self, id: StreamId, pairs: &[&[u8]], limits: NodeLimits) {
        let n_bytes: usize = pairs.iter().map(|item| item.len()).sum();
        let max_bytes = match limits.bytes {
            0 => NODE_MAX_BYTES,
            bytes => bytes.min(NODE_MAX_BYTES),
        };
        let has_room = |node: &&mut Node| {
            let n_entries = node.n_live() + node.n_deleted();
            node.pack().as_bytes().len() + n_bytes < max_bytes
                && (limits.entries == 0 || n_entries < limits.entries)
        };
        if let Some(node) = self.nodes.back_mut().filter(has_room) {
            node.append(id, pairs);
        } else {
            if let Some(full) = self.nodes.back_mut() {
                full.shrink();
            }
            self.nodes.push_back(Node::new(id, pairs));
        }
        self.len += 1;
        self.n_added = self.n_added.wrapping_add(1);
        self.last_id = id;
        if self.len == 1 {
            self.first_id = id;
        }
    }

    /// The position of the node in which an id is, if it is in any.
    fn node_of(&self, id: StreamId) -> usize {
        let after = self.nodes.partition_point(|node| node.master() <= id);
        after.saturating_sub(1)
    }

    /// The entries from `start` to `end`, both included, in order.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let first = self.node_of(start);
        let nodes = self.nodes.range(first.min(self.nodes.len())..);
        nodes
            .flat_map(Node::entries)
            .skip_while(move |entry| entry.id < start)
            .take_while(move |entry| entry.id <= end)
    }

    /// As [`range`](Self::range), from `end` back to `start`.
    pub fn range_back(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let past = self.nodes.partition_point(|node| node.master() <= end);
        let nodes = self.nodes.range(..past).rev();
        nodes
            .flat_map(|node| {
                let entries: Vec<_> = node.entries().collect();
                entries.into_iter().rev()
            })
            .skip_while(move |entry| entry.id > end)
            .take_while(move |entry| entry.id >= start)
    }

    /// The entry of that id.
    #[must_use]
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.range(id, id).next()
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> Option<Entry<'_>> {
        self.range(StreamId::MIN, StreamId::MAX).next()
    }

    /// The last entry.
    #[must_use]
    pub fn last(&self) -> Option<Entry<'_>> {
        self.range_back(StreamId::MIN, StreamId::MAX).next()
    }

    fn find_first_id(&mut self) {
        self.first_id = self.first().map_or(StreamId::MIN, |entry| entry.id);
    }

    /// Deletes an entry; returns whether there was one.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let at = self.node_of(id);
        let Some(node) = self.nodes.get_mut(at) else {
            return false;
        };
        if !node.delete(id) {
            return false;
        }
        if node.n_live() == 0 {
            self.nodes.remove(at);
        }
        self.len -= 1;
        self.max_deleted_id = self.max_deleted_id.max(id);
        if id == self.first_id {
            self.find_first_id();
        }
        true
    }

    /// Removes entries from the start; returns how many.
    pub fn trim(&mut self, trim: Trim) -> usize {
        let mut n_trimmed = 0;
        while let Some(node) = self.nodes.front_mut() {
            if matches!(trim.to, TrimTo::Len(max) if self.len <= max) {
                break;
            }
            let n_live = node.n_live();
            if trim.limit > 0 && n_trimmed + n_live > trim.limit {
                break;
            }
            let goes_whole = match trim.to {
                TrimTo::Len(max) => self.len - n_live >= max,
                TrimTo::Id(id) => node.last_id() < id,
            };
            if goes_whole {
                self.nodes.pop_front();
                self.len -= n_live;
                n_trimmed += n_live;
                continue;
            }
            if !trim.is_approximate {
                let mut len = self.len;
                let n_deleted = node.delete_while(|id| match trim.to {
                    TrimTo::Len(max) => {
                        let goes = len > max;
                        len -= usize::from(goes);
                        goes
                    }
                    TrimTo::Id(first) => id < first,
                });
                self.len -= n_deleted;
                n_trimmed += n_deleted;
            }
            break;
        }
        if n_trimmed > 0 {
            self.find_first_id();
        }
        n_trimmed
    }

    /// May an entry between these ids, both included, have been deleted?
    #[must_use]
    pub fn may_have_gap(&self, start: StreamId, end: StreamId) -> bool {
        let known = self.max_deleted_id;
        // What was deleted before the first entry is no gap.
        self.len > 0 && known >= self.first_id && start <= known && known <= end
    }

    /// How many entries there have been up to this id, if that can be told.
    #[must_use]
    pub fn n_added_until(&self, id: StreamId) -> Option<i64> {
        if self.n_added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.n_added);
        }
        if id >= self.last_id {
            // What comes after the last entry has not been counted.
            return (id == self.last_id).then_some(self.n_added);
        }
        let is_whole = self.max_deleted_id == StreamId::MIN || self.max_deleted_id < self.first_id;
        let before_first = self.n_added.wrapping_sub(self.len as i64);
        match id.cmp(&self.first_id) {
            std::cmp::Ordering::Less if is_whole => Some(before_first),
            std::cmp::Ordering::Equal if is_whole => Some(before_first.wrapping_add(1)),
            _ => None,
        }
    }

    /// The nodes: the id from which each counts, and its entries.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (StreamId, &Listpack)> {
        self.nodes.iter().map(|node| (node.master(), node.pack()))
    }

    /// The number of nodes.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// A log of nodes that came from elsewhere. `None` if they are not laid out as they
    /// should be, or are out of order.
    #[must_use]
    pub fn from_nodes(parts: Vec<(StreamId, Listpack)>) -> Option<Self> {
        let mut log = Self::default();
        for (master, pack) in parts {
            let node = Node::from_parts(master, pack)?;
            if log
                .nodes
                .back()
                .is_some_and(|before| before.last_id() >= master)
            {
                return None;
            }
            log.len += node.n_live();
            log.nodes.push_back(node);
        }
        log.find_first_id();
        Some(log)
    }

    /// How many nodes the tree has in which Redis keeps its nodes by their ids: the
    /// figure that `XINFO` prints. The tree's edges are bytes; what has only one edge is
    /// one node with the next of its kind.
    #[must_use]
    pub fn n_tree_nodes(&self) -> usize {
        let keys: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.master().to_bytes())
            .collect();
        count_tree_nodes(&keys, 0)
    }
}

/// The nodes below a prefix of `depth` bytes that these ordered keys share.
fn count_tree_nodes(keys: &[[u8; 16]], depth: usize) -> usize {
    let [first, .., last] = keys else {
        // A single key: the rest of its bytes, and what it leads to.
        return if keys.is_empty() || depth == 16 { 1 } else { 2 };
    };
    let shared = (depth..16).take_while(|&at| first[at] == last[at]).count();
    let fork = depth + shared;
    let below = keys.chunk_by(|a, b| a[fork] == b[fork]);
    usize::from(shared > 0)
        + 1
        + below
            .map(|keys| count_tree_nodes(keys, fork + 1))
            .sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(ms: u64) -> StreamId {
        StreamId { ms, seq: 0 }
    }

    proptest! {
        /// Whatever is appended, deleted and trimmed, ranges are those of a plain list.
        #[test]
        fn behaves_like_a_list(
            changes in prop::collection::vec((0_u8..12, 0_u64..400), 0..300),
            start in 0_u64..400,
            end in 0_u64..400,
        ) {
            let limits = NodeLimits { bytes: 4096, entries: 7 };
            let mut log = Log::default();
            let mut model: Vec<u64> = Vec::new();
            for (what, number) in changes {
                match what {
                    0 => {
                        let found = model.iter().position(|&ms| ms == number);
                        prop_assert_eq!(log.delete(id(number)), found.is_some());
                        found.map(|at| model.remove(at));
                    }
                    1 => {
                        let keep = number as usize % 40;
                        let trim = Trim { to: TrimTo::Len(keep), is_approximate: false, limit: 0 };
                        let n_gone = model.len().saturating_sub(keep);
                        prop_assert_eq!(log.trim(trim), n_gone);
                        model.drain(..n_gone);
                    }
                    2 => {
                        let trim = Trim { to: TrimTo::Id(id(number)), is_approximate: false, limit: 0 };
                        let n_gone = model.iter().filter(|&&ms| ms < number).count();
                        prop_assert_eq!(log.trim(trim), n_gone);
                        model.drain(..n_gone);
                    }
                    _ => {
                        let ms = log.last_id.ms + 1 + number % 3;
                        let value = number.to_string();
                        let field: &[u8] = if number % 5 == 0 { b"other" } else { b"field" };
                        let pairs = [field, value.as_bytes()];
                        log.append(id(ms), &pairs, limits);
                        model.push(ms);
                    }
                }
                prop_assert_eq!(log.len(), model.len());
                prop_assert_eq!(log.first_id().ms, model.first().copied().unwrap_or(0));
            }
            let within: Vec<u64> = model.iter().copied().filter(|ms| (start..=end).contains(ms)).collect();
            let there: Vec<u64> = log.range(id(start), id(end)).map(|it| it.id.ms).collect();
            prop_assert_eq!(&there, &within);
            let mut back: Vec<u64> = log.range_back(id(start), id(end)).map(|it| it.id.ms).collect();
            back.reverse();
            prop_assert_eq!(&back, &within);
            let again = Log::from_nodes(log.nodes().map(|(id, pack)| (id, pack.clone())).collect());
            let again = again.expect("it is well-formed");
            prop_assert_eq!(again.len(), log.len());
        }
    }
}
