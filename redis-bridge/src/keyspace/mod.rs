//! The databases: keys, values, deadlines, and the clock that deadlines are compared
//! with. It knows no commands, no clients and no replies.

pub mod database;
pub mod dump;
pub mod effects;
pub mod events;
pub mod glob;
pub mod hash;
pub mod list;
pub mod listpack;
pub mod long_double;
pub mod number;
pub mod ranked;
pub mod set;
pub(crate) mod snapshot;
pub mod stream;
pub mod string;
pub mod value;
pub mod zset;

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) use database::Found;
pub use database::{Database, Entry};
pub use effects::Effects;
pub use events::{Event, EventClass, EventClasses, Events, KeyEvent};
pub use value::{Type, Typed, Value};

/// The hash of all maps: fast, and seeded at random against chosen collisions.
pub(crate) type Hasher = hashbrown::DefaultHashBuilder;

/// Hash map that keeps an order, see [`hash`].
pub(crate) type IndexMap<K, V> = indexmap::IndexMap<K, V, Hasher>;

/// Hash set that keeps an order.
pub(crate) type IndexSet<T> = indexmap::IndexSet<T, Hasher>;

/// All databases of a server.
pub struct Keyspace {
    databases: Vec<Database>,
    now_ms: i64,
    /// No key is removed for its age.
    keeps_due: bool,
    /// Counts changes that commands make to keys; that time is over for a key is none
    /// of them. Whoever wants to know whether something wrote
    /// compares two readings.
    pub dirty: u64,
    /// What happened to keys since the server last looked.
    pub events: Events,
    /// What commands have done, for a log.
    pub effects: Effects,
    /// Lookups that found their key, and those that did not (`INFO stats`).
    pub hits: u64,
    /// See [`hits`](Self::hits).
    pub misses: u64,
    /// Keys removed because their time was over.
    pub expired: u64,
    /// Keys removed because memory was short.
    pub evicted: u64,
}

impl Keyspace {
    /// That many empty databases.
    #[must_use]
    pub fn new(n_databases: usize) -> Self {
        let mut keyspace = Self {
            databases: std::iter::repeat_with(Database::default)
                .take(n_databases)
                .collect(),
            now_ms: 0,
            keeps_due: false,
            dirty: 0,
            events: Events::default(),
            effects: Effects::default(),
            hits: 0,
            misses: 0,
            expired: 0,
            evicted: 0,
        };
        keyspace.refresh_clock();
        keyspace
    }

    /// The same data once more, with everything else as at first.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            databases: self.databases.clone(),
            ..Self::new(0)
        }
    }

    /// How many databases there are.
    #[must_use]
    pub fn n_databases(&self) -> usize {
        self.databases.len()
    }

    /// One database.
    ///
    /// # Panics
    ///
    /// If there are not that many; `SELECT` has checked the number.
    #[must_use]
    pub fn db(&self, db: usize) -> &Database {
        &self.databases[db]
    }

    /// One database, for writing.
    ///
    /// # Panics
    ///
    /// As [`db`](Self::db).
    pub fn db_mut(&mut self, db: usize) -> &mut Database {
        &mut self.databases[db]
    }

    /// Exchanges the contents of two databases.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.databases.swap(a, b);
    }

    /// The time of the current command, in milliseconds since 1970. It stands still
    /// while a command, a script or a transaction runs.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Reads the system's clock. The dispatcher does so before each command that a
    /// client sends, but not before those that a script calls.
    pub fn refresh_clock(&mut self) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    }

    /// While it is set, no key is removed because its time is over: a log is replayed,
    /// which says itself when each of them went.
    pub fn keep_due(&mut self, keeps: bool) {
        self.keeps_due = keeps;
    }

    /// Is a log being replayed?
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.keeps_due
    }

    /// Keys whose deadline is before this are gone, in milliseconds since 1970.
    #[must_use]
    pub fn due_before_ms(&self) -> i64 {
        if self.keeps_due {
            i64::MIN
        } else {
            self.now_ms
        }
    }

    /// Sets the clock, for tests.
    pub fn set_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    /// Removes the key if its time is over, and says whether it did.
    pub fn expire_if_due(&mut self, db: usize, key: &[u8]) -> bool {
        let is_due = self.databases[db].find(key, self.due_before_ms()) == Found::Due;
        if is_due {
            self.databases[db].remove(key);
            self.note_expired(db, key);
        }
        is_due
    }

    /// Removes up to `limit` keys whose time is over, telling `on_removed` each one; tells
    /// whether there may be more. The server calls it several times a second.
    pub fn expire_cycle(&mut self, limit: usize, mut on_removed: impl FnMut(usize, &[u8])) -> bool {
        let due_before_ms = self.due_before_ms();
        let mut left = limit;
        for db in 0..self.databases.len() {
            while left > 0 {
                let Some(key) = self.databases[db].pop_due(due_before_ms) else {
                    break;
                };
                left -= 1;
                self.note_expired(db, &key);
                on_removed(db, &key);
            }
        }
        left == 0
    }

    fn note_expired(&mut self, db: usize, key: &[u8]) {
        self.expired += 1;
        self.effects.add_gone(db, key);
        self.events
            .note(Event(EventClass::Expired, "expired"), db, key);
    }
}
