//! Hashes: fields with values.
//!
//! Redis keeps a small hash as a list, in the order in which fields came, and a
//! large one as a hash table. Ours is always an index map; as long as it is small,
//! removals keep the order, so that replies have Redis's order.

use crate::keyspace::{IndexMap, database::scan_slice};

/// `hash-max-listpack-entries`: fields of a small hash.
const SMALL_MAX_LEN: usize = 512;

/// `hash-max-listpack-value`: bytes of a field or value in a small hash.
const SMALL_MAX_BYTES: usize = 64;

/// A field with its value.
type Field<'a> = (&'a [u8], &'a [u8]);

/// A hash value.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    fields: IndexMap<Box<[u8]>, Box<[u8]>>,
    /// It was too large for a list once; it never becomes one again.
    is_large: bool,
}

impl Hash {
    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Has it no fields?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.fields.get(field).map(|value| &**value)
    }

    /// Sets a field; returns whether it is new.
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        let is_new = if let Some(slot) = self.fields.get_mut(field) {
            *slot = value.into();
            false
        } else {
            self.fields.insert(field.into(), value.into());
            true
        };
        self.is_large |= self.fields.len() > SMALL_MAX_LEN
            || field.len() > SMALL_MAX_BYTES
            || value.len() > SMALL_MAX_BYTES;
        is_new
    }

    /// Removes a field; returns whether there was one.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let removed = if self.is_large {
            self.fields.swap_remove(field)
        } else {
            self.fields.shift_remove(field)
        };
        removed.is_some()
    }

    /// All fields with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|(field, value)| (&**field, &**value))
    }

    /// The field at a position, which must exist.
    #[must_use]
    pub fn at(&self, position: usize) -> (&[u8], &[u8]) {
        let (field, value) = &self
            .fields
            .get_index(position)
            .expect("the position is checked");
        (field, value)
    }

    /// The next `count` fields of a walk, all if it is small; see
    /// [`Database::scan`](crate::keyspace::Database::scan).
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<Field<'_>>) {
        if !self.is_large {
            return (0, self.iter().collect());
        }
        let (next, range) = scan_slice(self.fields.len(), cursor, count);
        (next, range.rev().map(|at| self.at(at)).collect())
    }

    /// As `OBJECT ENCODING` prints it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.is_large {
            "hashtable"
        } else {
            "listpack"
        }
    }
}
