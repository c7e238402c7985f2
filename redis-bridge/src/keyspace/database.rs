//! One database: entries by key, their deadlines, and walks over them.
//!
//! Entries stand in an index map whose removals move the last entry into the gap.
//! [`Database::scan`] walks it from the end to the start: an entry that has not been
//! returned yet can then only move to a lower position, which the walk has still
//! before it. So a full scan returns every key that was there all the time, however
//! the database changes between calls, and the cursor is just a position.

use std::collections::BTreeSet;

use crate::keyspace::snapshot::{Encode, Walk};
use crate::keyspace::{IndexMap, Type, Value};

/// A key's value and what is known beside it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// When it ceases to exist, in milliseconds since 1970.
    expires_at_ms: Option<i64>,
    /// When it was last read or written, in seconds since 1970.
    pub used_at_s: u32,
    /// The last snapshot that has it, or that it is too young for.
    in_snapshot: u32,
    /// Its share of [`Database::charged_bytes`].
    charge: u32,
}

impl Entry {
    fn new(value: Value, now_ms: i64, in_snapshot: u32) -> Self {
        Self {
            in_snapshot,
            value,
            expires_at_ms: None,
            used_at_s: seconds(now_ms),
            charge: 0,
        }
    }

    /// Is its time over?
    #[must_use]
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|deadline| deadline < now_ms)
    }

    /// Notes that it was read or written.
    pub(crate) fn touch(&mut self, now_ms: i64) {
        self.used_at_s = seconds(now_ms);
    }

    /// Notes that a snapshot is to have it; false if that is known already.
    pub(super) fn enter_snapshot(&mut self, number: u32) -> bool {
        std::mem::replace(&mut self.in_snapshot, number) != number
    }

    /// When it ceases to exist, in milliseconds since 1970.
    #[must_use]
    pub fn expires_at_ms(&self) -> Option<i64> {
        self.expires_at_ms
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is not there.
    Missing,
    /// It is there, but its time is over.
    Due,
    /// It is there, at this position.
    At(usize),
}

/// One database.
#[derive(Debug, Default)]
pub struct Database {
    entries: IndexMap<Box<[u8]>, Entry>,
    /// The keys with a deadline, soonest first.
    deadlines: BTreeSet<(i64, Box<[u8]>)>,
    /// The number of the last snapshot; 0 before the first.
    snapshot: u32,
    /// The snapshot that is under way.
    walk: Option<Box<Walk>>,
    /// The sum of what entries are charged.
    charged: u64,
}

impl Clone for Database {
    /// The same data; the copy has no part in a snapshot that is under way.
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            deadlines: self.deadlines.clone(),
            snapshot: self.snapshot,
            walk: None,
            charged: self.charged,
        }
    }
}

impl Database {
    /// The number of keys, those whose time is over but which nobody has noticed
    /// yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there no key?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of keys with a deadline.
    #[must_use]
    pub fn n_volatile(&self) -> usize {
        self.deadlines.len()
    }

    /// Where a key is, and whether its time is over.
    pub(crate) fn find(&self, key: &[u8], now_ms: i64) -> Found {
        match self.entries.get_full(key) {
            None => Found::Missing,
            Some((_, _, entry)) if entry.is_due(now_ms) => Found::Due,
            Some((position, _, _)) => Found::At(position),
        }
    }

    /// The entry at a position that [`find`](Self::find) has just told.
    pub(crate) fn at_mut(&mut self, position: usize) -> &mut Entry {
        self.preserve(position);
        &mut self.entries[position]
    }

    /// Puts an entry into the snapshot that is under way, because it is about to change.
    #[inline]
    fn preserve(&mut self, position: usize) {
        if let Some(walk) = &mut self.walk
            && let Some((key, entry)) = self.entries.get_index_mut(position)
        {
            walk.keep(key, entry, self.snapshot);
        }
    }

    /// As [`preserve`](Self::preserve), by key; returns the entry.
    fn preserved(&mut self, key: &[u8]) -> Option<&mut Entry> {
        if self.walk.is_some()
            && let Some(position) = self.entries.get_index_of(key)
        {
            self.preserve(position);
        }
        self.entries.get_mut(key)
    }

    /// Begins a snapshot of the entries as they are now; `number` is that of the
    /// database, and `encode` makes bytes of an entry.
    pub(super) fn start_snapshot(&mut self, number: usize, encode: Encode) {
        self.snapshot += 1;
        self.walk = Some(Box::new(Walk::new(number, self.entries.len(), encode)));
    }

    /// Goes on with the snapshot until `is_enough` says so for the bytes that wait to be
    /// taken; returns the walk, with whether it is over.
    pub(super) fn continue_snapshot(
        &mut self,
        mut is_enough: impl FnMut(usize) -> bool,
    ) -> Option<(&mut Walk, bool)> {
        let walk = self.walk.as_mut()?;
        let is_over = walk.advance(&mut self.entries, self.snapshot, &mut is_enough);
        Some((walk, is_over))
    }

    /// Ends the snapshot, whether it is over or not.
    pub(super) fn stop_snapshot(&mut self) {
        self.walk = None;
    }

    /// Adds a key that is not there yet; returns its position.
    pub(crate) fn add(&mut self, key: &[u8], value: Value, now_ms: i64) -> usize {
        self.entries
            .insert_full(key.into(), Entry::new(value, now_ms, self.snapshot))
            .0
    }

    /// The entry of a key, even if its time is over.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// As [`get`](Self::get), for writing the value.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        self.preserved(key)
    }

    /// When the key ceases to exist, in milliseconds since 1970; `None` if never or
    /// if there is no such key.
    #[must_use]
    pub fn deadline(&self, key: &[u8]) -> Option<i64> {
        self.entries.get(key)?.expires_at_ms
    }

    /// Stores a value, in place of any other under that key; it never expires.
    /// Returns whether the key is new.
    pub fn insert(&mut self, key: &[u8], value: Value, now_ms: i64) -> bool {
        let snapshot = self.snapshot;
        if let Some(entry) = self.preserved(key) {
            let old = std::mem::replace(entry, Entry::new(value, now_ms, snapshot));
            self.charged -= u64::from(old.charge);
            if let Some(deadline) = old.expires_at_ms {
                self.deadlines.remove(&(deadline, key.into()));
            }
            return false;
        }
        self.add(key, value, now_ms);
        true
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        self.preserved(key)?;
        let (key, entry) = self.entries.swap_remove_entry(key)?;
        self.charged -= u64::from(entry.charge);
        if let Some(deadline) = entry.expires_at_ms {
            self.deadlines.remove(&(deadline, key));
        }
        Some(entry)
    }

    /// Sets or clears the deadline of a key, if it exists.
    pub fn set_deadline(&mut self, key: &[u8], deadline_ms: Option<i64>) {
        let Some(entry) = self.preserved(key) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut entry.expires_at_ms, deadline_ms) {
            self.deadlines.remove(&(old, key.into()));
        }
        if let Some(new) = deadline_ms {
            self.deadlines.insert((new, key.into()));
        }
    }

    /// Removes the key with the soonest deadline, if that is before `now_ms`.
    pub fn pop_due(&mut self, now_ms: i64) -> Option<Box<[u8]>> {
        let (deadline, _) = self.deadlines.first()?;
        if *deadline >= now_ms {
            return None;
        }
        let (_, key) = self.deadlines.pop_first()?;
        self.preserved(&key);
        if let Some(entry) = self.entries.swap_remove(&key) {
            self.charged -= u64::from(entry.charge);
        }
        Some(key)
    }

    /// What the keys together are charged, in bytes; what that means is up to whoever
    /// charges them.
    #[must_use]
    pub fn charged_bytes(&self) -> u64 {
        self.charged
    }

    /// Charges a key anew, if it exists.
    pub fn charge(&mut self, key: &[u8], bytes_of: impl FnOnce(&Entry) -> usize) {
        if let Some(entry) = self.entries.get_mut(key) {
            let bytes = u32::try_from(bytes_of(entry)).unwrap_or(u32::MAX);
            let old = std::mem::replace(&mut entry.charge, bytes);
            self.charged = self.charged - u64::from(old) + u64::from(bytes);
        }
    }

    /// Charges all keys anew.
    pub fn charge_all(&mut self, bytes_of: impl Fn(&[u8], &Entry) -> usize) {
        self.charged = 0;
        for (key, entry) in &mut self.entries {
            entry.charge = u32::try_from(bytes_of(key, entry)).unwrap_or(u32::MAX);
            self.charged += u64::from(entry.charge);
        }
    }

    /// The soonest deadline, in milliseconds since 1970, and whose it is.
    #[must_use]
    pub fn soonest_deadline(&self) -> Option<(i64, &[u8])> {
        let (deadline, key) = self.deadlines.first()?;
        Some((*deadline, key))
    }

    /// A key with a deadline: mostly each with about the same probability, but the one
    /// with the soonest if such keys are rare.
    #[must_use]
    pub fn random_volatile_key(&self) -> Option<&[u8]> {
        const ATTEMPTS: usize = 20;
        let is_volatile = |key: &&[u8]| self.deadline(key).is_some();
        let found = (0..ATTEMPTS)
            .filter_map(|_| self.random_key())
            .find(is_volatile);
        found.or_else(|| self.soonest_deadline().map(|(_, key)| key))
    }

    /// A key, each with the same probability.
    #[must_use]
    pub fn random_key(&self) -> Option<&[u8]> {
        let at = fastrand::usize(..self.entries.len().max(1));
        self.entries.get_index(at).map(|(key, _)| &**key)
    }

    /// All keys and entries, those whose time is over included.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Entry)> {
        self.entries.iter().map(|(key, entry)| (&**key, entry))
    }

    /// The next `count` entries of a walk; see `scan_slice`.
    pub fn scan(&self, cursor: u64, count: usize) -> (u64, impl Iterator<Item = (&[u8], &Entry)>) {
        let (next, range) = scan_slice(self.entries.len(), cursor, count);
        let walk = self.entries.get_range(range).into_iter().flatten().rev();
        (next, walk.map(|(key, entry)| (&**key, entry)))
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        if let Some(walk) = &mut self.walk {
            walk.take_over(entries);
        }
        self.deadlines.clear();
        self.charged = 0;
    }

    /// The number of keys of a type, for statistics.
    #[must_use]
    pub fn count_of(&self, type_: Type) -> usize {
        self.entries
            .values()
            .filter(|entry| entry.value.type_() == type_)
            .count()
    }
}

/// The step of a walk from the end of an index map of `len` entries to its start:
/// the next cursor, and the positions to return, to be taken in descending order.
/// Cursor 0 starts a walk, and a next cursor of 0 ends it.
pub(crate) fn scan_slice(len: usize, cursor: u64, count: usize) -> (u64, std::ops::Range<usize>) {
    let end = match usize::try_from(cursor) {
        Ok(cursor) if cursor != 0 => cursor.min(len),
        _ => len,
    };
    let start = end.saturating_sub(count);
    (start as u64, start..end)
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::keyspace::string::Text;

    proptest! {
        /// A walk returns every key that is there from its start to its end, whatever
        /// comes and goes in between.
        #[test]
        fn a_walk_misses_no_key_that_stays(
            n_keys in 1_u16..200,
            count in 1_usize..20,
            changes in prop::collection::vec((0_u16..400, any::<bool>()), 0..200),
        ) {
            let mut database = Database::default();
            let value = || Value::String(Text::Integer(1));
            for key in 0..n_keys {
                database.insert(&key.to_be_bytes(), value(), 0);
            }
            let mut staying: HashSet<u16> = (0..n_keys).collect();
            let mut changes = changes.into_iter();
            let mut seen = HashSet::new();
            let mut cursor = 0;
            loop {
                let (next, entries) = database.scan(cursor, count);
                seen.extend(entries.map(|(key, _)| u16::from_be_bytes([key[0], key[1]])));
                cursor = next;
                if cursor == 0 {
                    break;
                }
                for (key, adds) in changes.by_ref().take(3) {
                    if adds {
                        database.insert(&key.to_be_bytes(), value(), 0);
                    } else {
                        database.remove(&key.to_be_bytes());
                        staying.remove(&key);
                    }
                }
            }
            prop_assert!(staying.is_subset(&seen));
        }
    }
}
