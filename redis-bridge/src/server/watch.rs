//! The keys that clients watch for their transactions (`WATCH`). It does not know
//! what a transaction holds.

use hashbrown::{HashMap, HashSet};

use crate::server::session::ClientId;

/// A key in a database.
pub type DbKey = (usize, Box<[u8]>);

/// Who watches which keys, and whose have changed.
#[derive(Debug, Default)]
pub struct Watches {
    by_key: HashMap<DbKey, Vec<ClientId>>,
    by_client: HashMap<ClientId, Vec<DbKey>>,
    /// Clients whose watched keys have changed since their `WATCH`.
    dirty: HashSet<ClientId>,
}

impl Watches {
    /// `client` wants to know of changes to `key`.
    pub fn watch(&mut self, client: ClientId, db: usize, key: &[u8]) {
        let key: DbKey = (db, Box::from(key));
        let watched = self.by_client.entry(client).or_default();
        if !watched.contains(&key) {
            watched.push(key.clone());
            self.by_key.entry(key).or_default().push(client);
        }
    }

    /// `client` watches nothing any more, and is clean again.
    pub fn unwatch_all(&mut self, client: ClientId) {
        self.dirty.remove(&client);
        for key in self.by_client.remove(&client).unwrap_or_default() {
            if let Some(watchers) = self.by_key.get_mut(&key) {
                watchers.retain(|&id| id != client);
                if watchers.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    /// The value of `key` was changed, created or removed.
    pub fn touch(&mut self, db: usize, key: &[u8]) {
        if self.by_key.is_empty() {
            return;
        }
        if let Some(watchers) = self.by_key.get(&(db, Box::from(key))) {
            self.dirty.extend(watchers);
        }
    }

    /// The keys that are watched, for changes to whole databases.
    pub fn keys(&self) -> impl Iterator<Item = &DbKey> {
        self.by_key.keys()
    }

    /// The keys that `client` watches.
    #[must_use]
    pub fn keys_of(&self, client: ClientId) -> &[DbKey] {
        self.by_client.get(&client).map_or(&[], Vec::as_slice)
    }

    /// How many clients watch anything.
    #[must_use]
    pub fn n_clients(&self) -> usize {
        self.by_client.len()
    }

    /// Has a key that `client` watches changed?
    #[must_use]
    pub fn is_dirty(&self, client: ClientId) -> bool {
        self.dirty.contains(&client)
    }
}
