//! What a handler works on: the databases through the eyes of one client. Keys whose
//! time is over vanish here, at the moment somebody asks for them.

use crate::commands::error::CommandError;
use crate::keyspace::{Event, EventClass, Found, Keyspace, Typed, Value};
use crate::server::{session::Session, state::Server};

/// What a command works on.
pub struct Cx<'a> {
    /// The data and everything else that clients share.
    pub server: &'a mut Server,
    /// The client that called, or the script's stand-in for it.
    pub session: &'a mut Session,
}

impl Cx<'_> {
    /// The number of the selected database.
    #[must_use]
    pub fn db(&self) -> usize {
        self.session.db
    }

    /// All databases.
    pub fn keyspace(&mut self) -> &mut Keyspace {
        &mut self.server.keyspace
    }

    /// The time of the command, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.server.keyspace.now_ms()
    }

    /// Removes a key of the selected database if its time is over.
    pub fn expire_if_due(&mut self, key: &[u8]) {
        self.expire_if_due_in(self.db(), key);
    }

    /// As [`expire_if_due`](Self::expire_if_due), for any database.
    pub fn expire_if_due_in(&mut self, db: usize, key: &[u8]) {
        if self.server.keyspace.expire_if_due(db, key) {
            self.server.signal_modified(db, key);
        }
    }

    /// The position of a key in its database; a key whose time is over is removed.
    fn locate(&mut self, key: &[u8]) -> Option<usize> {
        let db = self.session.db;
        let due_before_ms = self.server.keyspace.due_before_ms();
        match self.server.keyspace.db(db).find(key, due_before_ms) {
            Found::At(position) => Some(position),
            Found::Missing => None,
            Found::Due => {
                self.expire_if_due_in(db, key);
                None
            }
        }
    }

    /// The value at a position, which counts as an access.
    fn value_at(&mut self, position: usize) -> &mut Value {
        let now_ms = self.now_ms();
        let entry = self
            .server
            .keyspace
            .db_mut(self.session.db)
            .at_mut(position);
        entry.touch(now_ms);
        &mut entry.value
    }

    /// Is there such a key?
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.locate(key).is_some()
    }

    /// As [`exists`](Self::exists), for commands that read; counts as a hit or a miss.
    pub fn look(&mut self, key: &[u8]) -> bool {
        let is_found = self.exists(key);
        self.count_look(key, is_found);
        is_found
    }

    fn count_look(&mut self, key: &[u8], is_found: bool) {
        let db = self.session.db;
        let keyspace = &mut self.server.keyspace;
        if is_found {
            keyspace.hits += 1;
        } else {
            keyspace.misses += 1;
            let event = Event(EventClass::Missed, "keymiss");
            keyspace.events.note(event, db, key);
        }
    }

    /// The value of a key, which counts as an access.
    pub fn value(&mut self, key: &[u8]) -> Option<&mut Value> {
        let position = self.locate(key)?;
        Some(self.value_at(position))
    }

    /// The value of a key for reading; counts as a hit or a miss.
    ///
    /// # Errors
    ///
    /// [`CommandError::WRONG_TYPE`] if it is of another type.
    pub fn read<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&T>, CommandError> {
        let found = self.locate(key);
        self.count_look(key, found.is_some());
        let Some(position) = found else {
            return Ok(None);
        };
        T::of(self.value_at(position))
            .ok_or(CommandError::WRONG_TYPE)
            .map(Some)
    }

    /// The value of a key for writing.
    ///
    /// # Errors
    ///
    /// [`CommandError::WRONG_TYPE`] if it is of another type.
    pub fn edit<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&mut T>, CommandError> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => T::of_mut(value).ok_or(CommandError::WRONG_TYPE).map(Some),
        }
    }

    /// The value of a key for writing, a new and empty one if there is none. An
    /// empty collection must be filled, or removed by [`settle`](Self::settle).
    ///
    /// # Errors
    ///
    /// [`CommandError::WRONG_TYPE`] if it is of another type.
    pub fn edit_or_create<T: Typed + Default>(
        &mut self,
        key: &[u8],
    ) -> Result<&mut T, CommandError> {
        let position = match self.locate(key) {
            Some(position) => position,
            None => self.add(key, T::default().into_value()),
        };
        T::of_mut(self.value_at(position)).ok_or(CommandError::WRONG_TYPE)
    }

    /// Adds a key that is not there yet; returns its position.
    fn add(&mut self, key: &[u8], value: Value) -> usize {
        let (db, now_ms) = (self.db(), self.now_ms());
        let keyspace = &mut self.server.keyspace;
        keyspace.events.note(Event(EventClass::New, "new"), db, key);
        keyspace.db_mut(db).add(key, value, now_ms)
    }

    /// The values of several keys for reading, all at once.
    ///
    /// # Errors
    ///
    /// [`CommandError::WRONG_TYPE`] if one is of another type.
    pub fn read_all<T: Typed>(&mut self, keys: &[&[u8]]) -> Result<Vec<Option<&T>>, CommandError> {
        for key in keys {
            self.expire_if_due(key);
        }
        let database = self.server.keyspace.db(self.session.db);
        let typed = |key: &&[u8]| match database.get(key) {
            None => Ok(None),
            Some(entry) => T::of(&entry.value)
                .ok_or(CommandError::WRONG_TYPE)
                .map(Some),
        };
        keys.iter().map(typed).collect()
    }

    /// Stores a value in place of any other, without a deadline. Says nothing to
    /// anybody; see [`changed`](Self::changed).
    pub fn put(&mut self, key: &[u8], value: Value) {
        let db = self.db();
        self.put_in(db, key, value);
    }

    /// As [`put`](Self::put), for any database.
    pub fn put_in(&mut self, db: usize, key: &[u8], value: Value) {
        let keyspace = &mut self.server.keyspace;
        let now_ms = keyspace.now_ms();
        if keyspace.db_mut(db).insert(key, value, now_ms) {
            keyspace.events.note(Event(EventClass::New, "new"), db, key);
        }
    }

    /// Removes a key and tells everybody; returns whether it was there.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        self.expire_if_due(key);
        let db = self.db();
        let was_there = self.server.keyspace.db_mut(db).remove(key).is_some();
        if was_there {
            self.changed(key, EventClass::Generic, "del");
        }
        was_there
    }

    /// Tells everybody that a key has changed: watching clients, subscribers, and
    /// whoever asks whether something was written.
    pub fn changed(&mut self, key: &[u8], class: EventClass, name: &'static str) {
        self.changed_in(self.db(), key, class, name);
    }

    /// As [`changed`](Self::changed), for any database.
    pub fn changed_in(&mut self, db: usize, key: &[u8], class: EventClass, name: &'static str) {
        self.server.keyspace.dirty += 1;
        self.server
            .keyspace
            .events
            .note(Event(class, name), db, key);
        self.server.signal_modified(db, key);
    }

    /// Another command of the same effect, for the log: without what depends on the time
    /// or on chance. It stands in place of the command under way, which would be logged
    /// as it came; several calls give several effects. See [`Effects`](crate::keyspace::Effects).
    pub fn log_as(&mut self, argv: &[&[u8]]) {
        let db = self.db();
        self.server.keyspace.effects.add(db, argv);
    }

    /// Nothing is to be logged for the command under way, or nothing else.
    pub fn log_nothing(&mut self) {
        self.server.keyspace.effects.add_nothing();
    }

    /// The command under way is to be logged even if it changes nothing.
    pub fn log_always(&mut self) {
        self.server.keyspace.effects.add_command();
    }

    /// Removes the key if it holds an empty collection.
    pub fn settle(&mut self, key: &[u8]) {
        let database = self.server.keyspace.db(self.db());
        if database
            .get(key)
            .is_some_and(|entry| entry.value.is_empty_collection())
        {
            self.delete(key);
        }
    }

    /// Stores the result of a command that has a destination: an empty collection
    /// removes the key. Returns whether there is something now.
    pub fn store(
        &mut self,
        key: &[u8],
        value: Value,
        class: EventClass,
        name: &'static str,
    ) -> bool {
        if value.is_empty_collection() {
            self.delete(key);
            return false;
        }
        self.put(key, value);
        self.changed(key, class, name);
        true
    }
}
