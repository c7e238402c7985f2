//! Snapshots: all entries as they are at one moment, encoded piece by piece while the
//! databases go on changing. Nothing is copied: whoever changes an entry first has it
//! encoded as it was, and a walk encodes the others. What the bytes mean is up to the
//! encoder that the snapshot is started with.

use crate::keyspace::{Entry, IndexMap, Keyspace};

/// Appends what stands for an entry.
pub(crate) type Encode = fn(&mut Vec<u8>, &[u8], &Entry);

/// The snapshot of one database.
///
/// The walk goes from the last position to the first: removals move an entry to a lower
/// position only, which is still ahead, and new entries stand behind.
#[derive(Debug)]
pub(super) struct Walk {
    /// What the database was called when the snapshot began.
    number: usize,
    encode: Encode,
    /// Entries from here on have been looked at.
    next: usize,
    /// The entries of a database that was cleared meanwhile.
    cleared: Option<IndexMap<Box<[u8]>, Entry>>,
    out: Vec<u8>,
}

impl Walk {
    pub(super) fn new(number: usize, n_entries: usize, encode: Encode) -> Self {
        Self {
            number,
            encode,
            next: n_entries,
            cleared: None,
            out: Vec::new(),
        }
    }

    /// Puts an entry into the snapshot unless it is there, or too young.
    pub(super) fn keep(&mut self, key: &[u8], entry: &mut Entry, snapshot: u32) {
        if entry.enter_snapshot(snapshot) {
            (self.encode)(&mut self.out, key, entry);
        }
    }

    /// The database has been cleared of these entries.
    pub(super) fn take_over(&mut self, entries: IndexMap<Box<[u8]>, Entry>) {
        // Those that came after another clearing are not in the snapshot.
        if self.cleared.is_none() {
            self.cleared = Some(entries);
        }
    }

    /// Encodes entries until none is left, which it tells, or it is enough.
    pub(super) fn advance(
        &mut self,
        entries: &mut IndexMap<Box<[u8]>, Entry>,
        snapshot: u32,
        is_enough: &mut impl FnMut(usize) -> bool,
    ) -> bool {
        let mut cleared = self.cleared.take();
        let entries = cleared.as_mut().unwrap_or(entries);
        self.next = self.next.min(entries.len());
        while self.next > 0 && !is_enough(self.out.len()) {
            self.next -= 1;
            if let Some((key, entry)) = entries.get_index_mut(self.next) {
                self.keep(key, entry, snapshot);
            }
        }
        let is_over = self.next == 0;
        self.cleared = cleared.filter(|_| !is_over);
        is_over
    }

    /// What the database was called when the snapshot began, and what has been encoded
    /// since the last call.
    pub(super) fn take(&mut self) -> (usize, Vec<u8>) {
        (self.number, std::mem::take(&mut self.out))
    }
}

impl Keyspace {
    /// Begins a snapshot of everything as it is now. Until it is over, or stopped,
    /// [`continue_snapshot`](Self::continue_snapshot) must be called again and again.
    pub(crate) fn start_snapshot(&mut self, encode: Encode) {
        for (number, database) in self.databases.iter_mut().enumerate() {
            database.start_snapshot(number, encode);
        }
    }

    /// Goes on with the snapshot until `is_enough` says so, to whom it tells how many
    /// bytes it has encoded; gives `take` what it has, by database. Returns whether it
    /// is over.
    pub(crate) fn continue_snapshot(
        &mut self,
        mut is_enough: impl FnMut(usize) -> bool,
        mut take: impl FnMut(usize, Vec<u8>),
    ) -> bool {
        let mut n_bytes = 0;
        for database in &mut self.databases {
            let Some((walk, is_over)) = database.continue_snapshot(|n| is_enough(n_bytes + n))
            else {
                continue;
            };
            let (number, bytes) = walk.take();
            n_bytes += bytes.len();
            if !bytes.is_empty() {
                take(number, bytes);
            }
            if !is_over {
                return false;
            }
            database.stop_snapshot();
        }
        true
    }

    /// Ends a snapshot before it is over.
    pub(crate) fn stop_snapshot(&mut self) {
        self.databases
            .iter_mut()
            .for_each(|database| database.stop_snapshot());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keyspace::Value;
    use crate::keyspace::string::Text;

    fn encode(out: &mut Vec<u8>, key: &[u8], entry: &Entry) {
        let Value::String(text) = &entry.value else {
            panic!("only strings here");
        };
        let line = format!(
            "{}={:?}@{:?};",
            key[0],
            text.to_i64(),
            entry.expires_at_ms()
        );
        out.extend_from_slice(line.as_bytes());
    }

    fn lines(number: usize, bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.split_terminator(';');
        lines.map(|line| format!("{number}:{line}")).collect()
    }

    fn all(keyspace: &Keyspace) -> Vec<String> {
        let mut all = Vec::new();
        for number in 0..keyspace.n_databases() {
            for (key, entry) in keyspace.db(number).iter() {
                let mut out = Vec::new();
                encode(&mut out, key, entry);
                all.extend(lines(number, &out));
            }
        }
        all.sort();
        all
    }

    proptest! {
        /// Whatever happens while a snapshot is made, it has every entry as it was, once.
        #[test]
        fn a_snapshot_is_of_one_moment(
            before in prop::collection::vec((0_usize..2, any::<u8>(), any::<i8>()), 0..300),
            changes in prop::collection::vec((0_u8..40, 0_usize..2, any::<u8>()), 0..300),
            step in 1_usize..200,
            n_snapshots in 1_usize..3,
        ) {
            let mut keyspace = Keyspace::new(2);
            keyspace.set_clock(1000);
            let value = |n: i64| Value::String(Text::Integer(n));
            for (db, key, n) in before {
                keyspace.db_mut(db).insert(&[key], value(n.into()), 0);
            }
            let mut changes = changes.into_iter().cycle();
            for _ in 0..n_snapshots {
                let expected = all(&keyspace);
                keyspace.start_snapshot(encode);
                let mut found = Vec::new();
                let mut left = 300;
                loop {
                    let is_over = keyspace.continue_snapshot(
                        |n_bytes| n_bytes >= step,
                        |number, bytes| found.extend(lines(number, &bytes)),
                    );
                    if is_over {
                        break;
                    }
                    for (what, db, key) in changes.by_ref().take(left.min(7)) {
                        left = left.saturating_sub(1);
                        let database = keyspace.db_mut(db);
                        match what {
                            0 => database.clear(),
                            1 => keyspace.swap(0, 1),
                            2..10 => drop(database.remove(&[key])),
                            10..15 => database.set_deadline(&[key], Some(i64::from(key))),
                            15 => drop(database.pop_due(100)),
                            16..25 => {
                                if let Some(entry) = database.get_mut(&[key]) {
                                    entry.value = value(-1000);
                                }
                            }
                            _ => drop(database.insert(&[key], value(2000), 0)),
                        }
                    }
                }
                found.sort();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
