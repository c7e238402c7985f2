//! A run of entries in one listpack, as Redis lays it out. The fields of the first
//! entry are kept once; later entries with the same fields have only their values.
//!
//! ```text
//! live deleted n-fields field... 0
//! flags ms-difference seq-difference value...                      length   same fields
//! flags ms-difference seq-difference n-fields field value...       length   other fields
//! ```

use crate::keyspace::listpack::{self, Element, Listpack};
use crate::keyspace::stream::id::StreamId;
use crate::keyspace::string::TextBytes;

/// Flag of an entry: it is gone.
const DELETED: i64 = 1;
/// Flag of an entry: it has the fields of the node's first.
const SAME_FIELDS: i64 = 2;

/// A run of entries, which may all be deleted.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The id of the first entry ever; those of the others are differences to it.
    master: StreamId,
    pack: Listpack,
}

/// An entry of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: StreamId,
    pack: &'a Listpack,
    /// Where its flags are.
    flags_at: usize,
    flags: i64,
    n_fields: usize,
    /// Where its first value, or first field and value, is.
    items_at: usize,
}

impl<'a> Entry<'a> {
    /// How many fields it has.
    #[must_use]
    pub fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// Its fields with their values.
    pub fn fields(&self) -> impl Iterator<Item = (TextBytes<'a>, TextBytes<'a>)> + use<'a> {
        let pack = self.pack;
        let shares_fields = self.flags & SAME_FIELDS != 0;
        let mut field_at = if shares_fields {
            master_fields(pack)
        } else {
            0
        };
        let mut item_at = self.items_at;
        (0..self.n_fields).map_while(move |_| {
            let field = if shares_fields {
                next(pack, &mut field_at)?
            } else {
                next(pack, &mut item_at)?
            };
            Some((field.bytes(), next(pack, &mut item_at)?.bytes()))
        })
    }

    fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }
}

/// The element at `*at`, which moves on.
fn next<'a>(pack: &'a Listpack, at: &mut usize) -> Option<Element<'a>> {
    let (element, after) = pack.at(*at)?;
    *at = after;
    Some(element)
}

/// As [`next`], where only an integer can be.
fn next_integer(pack: &Listpack, at: &mut usize) -> Option<i64> {
    let (value, after) = pack.integer_at(*at)?;
    *at = after;
    Some(value)
}

/// Where the count of deleted entries is.
fn deleted_at(pack: &Listpack) -> usize {
    pack.at(listpack::FIRST)
        .map_or(listpack::FIRST, |(_, at)| at)
}

/// Where the fields of the first entry are.
fn master_fields(pack: &Listpack) -> usize {
    let n_fields_at = pack.at(deleted_at(pack)).map_or(0, |(_, at)| at);
    pack.at(n_fields_at).map_or(0, |(_, at)| at)
}

impl Node {
    /// A node with its first entry.
    pub(super) fn new(id: StreamId, pairs: &[&[u8]]) -> Self {
        let mut pack = Listpack::default();
        pack.push_integer(0);
        pack.push_integer(0);
        pack.push_integer((pairs.len() / 2) as i64);
        pairs.iter().step_by(2).for_each(|field| pack.push(field));
        pack.push_integer(0);
        let mut node = Self { master: id, pack };
        node.append(id, pairs);
        node
    }

    /// One that came from elsewhere; `None` unless it is laid out as it should be.
    pub(super) fn from_parts(master: StreamId, pack: Listpack) -> Option<Self> {
        let node = Self { master, pack };
        let (mut n_live, mut n_deleted, mut last) = (0, 0, None);
        let mut at = node.first_entry()?;
        while node.pack.at(at).is_some() {
            let (entry, after) = node.entry_at(at)?;
            let count = if entry.is_deleted() {
                &mut n_deleted
            } else {
                &mut n_live
            };
            *count += 1;
            if last.is_some_and(|last| last >= entry.id) || entry.id < master {
                return None;
            }
            last = Some(entry.id);
            at = after;
        }
        ((n_live, n_deleted) == (node.n_live(), node.n_deleted())).then_some(node)
    }

    /// The id that the others count from.
    pub(super) fn master(&self) -> StreamId {
        self.master
    }

    /// The entries as they lie in memory.
    pub(super) fn pack(&self) -> &Listpack {
        &self.pack
    }

    /// As [`pack`](Self::pack), to give memory back.
    pub(super) fn shrink(&mut self) {
        self.pack.shrink();
    }

    /// How many entries there are.
    pub(super) fn n_live(&self) -> usize {
        let live = self.pack.integer_at(listpack::FIRST);
        live.map_or(0, |(n, _)| usize::try_from(n).unwrap_or(0))
    }

    /// How many entries have been deleted but still take their space.
    pub(super) fn n_deleted(&self) -> usize {
        let deleted = self.pack.integer_at(deleted_at(&self.pack));
        deleted.map_or(0, |(n, _)| usize::try_from(n).unwrap_or(0))
    }

    fn count(&mut self, n_live: usize, n_deleted: usize) {
        self.pack.replace_integer(listpack::FIRST, n_live as i64);
        let at = deleted_at(&self.pack);
        self.pack.replace_integer(at, n_deleted as i64);
    }

    /// Appends an entry with an id that is greater than all before.
    pub(super) fn append(&mut self, id: StreamId, pairs: &[&[u8]]) {
        let n_fields = pairs.len() / 2;
        let shares_fields = self.has_fields(pairs);
        self.count(self.n_live() + 1, self.n_deleted());
        let pack = &mut self.pack;
        pack.push_integer(if shares_fields { SAME_FIELDS } else { 0 });
        // Differences wrap: a later entry may have a smaller number.
        pack.push_integer(id.ms.wrapping_sub(self.master.ms) as i64);
        pack.push_integer(id.seq.wrapping_sub(self.master.seq) as i64);
        let mut n_elements = 3 + n_fields;
        if shares_fields {
            pairs
                .iter()
                .skip(1)
                .step_by(2)
                .for_each(|value| pack.push(value));
        } else {
            pack.push_integer(n_fields as i64);
            pairs.iter().for_each(|item| pack.push(item));
            n_elements += 1 + n_fields;
        }
        pack.push_integer(n_elements as i64);
    }

    /// Are these the fields of the first entry?
    fn has_fields(&self, pairs: &[&[u8]]) -> bool {
        let at = self.pack.at(deleted_at(&self.pack)).map_or(0, |(_, at)| at);
        let Some((n_fields, mut at)) = self.pack.integer_at(at) else {
            return false;
        };
        n_fields == (pairs.len() / 2) as i64
            && pairs.iter().step_by(2).all(|field| {
                next(&self.pack, &mut at).is_some_and(|known| *known.bytes() == **field)
            })
    }

    /// Where the first entry begins.
    fn first_entry(&self) -> Option<usize> {
        let mut at = deleted_at(&self.pack);
        next_integer(&self.pack, &mut at)?;
        let n_fields = next_integer(&self.pack, &mut at)?;
        for _ in 0..n_fields {
            next(&self.pack, &mut at)?;
        }
        (next_integer(&self.pack, &mut at)? == 0).then_some(at)
    }

    /// The entry at an offset, and the offset of the next.
    fn entry_at(&self, flags_at: usize) -> Option<(Entry<'_>, usize)> {
        let pack = &self.pack;
        let mut at = flags_at;
        let flags = next_integer(pack, &mut at)?;
        let ms = next_integer(pack, &mut at)? as u64;
        let seq = next_integer(pack, &mut at)? as u64;
        let shares_fields = flags & SAME_FIELDS != 0;
        let (n_fields, items_each) = if shares_fields {
            let n_fields_at = pack.at(deleted_at(pack))?.1;
            (pack.integer_at(n_fields_at)?.0, 1)
        } else {
            (next_integer(pack, &mut at)?, 2)
        };
        let n_fields = usize::try_from(n_fields).ok()?;
        let items_at = at;
        for _ in 0..n_fields.checked_mul(items_each)? {
            next(pack, &mut at)?;
        }
        let n_elements = n_fields * items_each + if shares_fields { 3 } else { 4 };
        if next_integer(pack, &mut at)? != n_elements as i64 {
            return None;
        }
        let entry = Entry {
            id: StreamId {
                ms: self.master.ms.wrapping_add(ms),
                seq: self.master.seq.wrapping_add(seq),
            },
            pack,
            flags_at,
            flags,
            n_fields,
            items_at,
        };
        Some((entry, at))
    }

    /// All entries, the deleted ones included.
    fn all(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut at = self.first_entry();
        std::iter::from_fn(move || {
            let (entry, after) = self.entry_at(at?)?;
            at = Some(after);
            Some(entry)
        })
    }

    /// The entries in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.all().filter(|entry| !entry.is_deleted())
    }

    /// The id of the last entry, which may be deleted.
    pub(super) fn last_id(&self) -> StreamId {
        self.all().last().map_or(self.master, |entry| entry.id)
    }

    /// Deletes an entry; returns whether there was one.
    pub(super) fn delete(&mut self, id: StreamId) -> bool {
        let found = self.entries().find(|entry| entry.id >= id);
        let Some((flags_at, flags)) = found
            .filter(|entry| entry.id == id)
            .map(|entry| (entry.flags_at, entry.flags))
        else {
            return false;
        };
        // Flags take one byte whatever they are, so nothing moves.
        self.pack.replace_integer(flags_at, flags | DELETED);
        self.count(self.n_live() - 1, self.n_deleted() + 1);
        true
    }

    /// Deletes entries from the start, as long as `goes` says so of one; returns how many.
    pub(super) fn delete_while(&mut self, mut goes: impl FnMut(StreamId) -> bool) -> usize {
        let doomed: Vec<_> = self
            .all()
            .take_while(|entry| entry.is_deleted() || goes(entry.id))
            .filter(|entry| !entry.is_deleted())
            .map(|entry| (entry.flags_at, entry.flags))
            .collect();
        for (flags_at, flags) in &doomed {
            self.pack.replace_integer(*flags_at, flags | DELETED);
        }
        let n_deleted = doomed.len();
        self.count(self.n_live() - n_deleted, self.n_deleted() + n_deleted);
        n_deleted
    }
}
