//! Which clients wait for which keys. It runs nothing: [`client`](super::client)
//! runs a waiting command again once one of its keys is ready.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::server::session::ClientId;
use crate::server::watch::DbKey;

/// The clients that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Blocking {
    by_key: HashMap<DbKey, VecDeque<ClientId>>,
    by_client: HashMap<ClientId, Vec<DbKey>>,
    ready: Vec<DbKey>,
}

impl Blocking {
    /// `client` waits for any of `keys`.
    pub fn wait(&mut self, client: ClientId, db: usize, keys: &[Vec<u8>]) {
        let waits = self.by_client.entry(client).or_default();
        for key in keys {
            let key: DbKey = (db, Box::from(key.as_slice()));
            if !waits.contains(&key) {
                waits.push(key.clone());
                self.by_key.entry(key).or_default().push_back(client);
            }
        }
    }

    /// `client` waits no more.
    pub fn forget(&mut self, client: ClientId) {
        for key in self.by_client.remove(&client).unwrap_or_default() {
            if let Some(waiting) = self.by_key.get_mut(&key) {
                waiting.retain(|&id| id != client);
                if waiting.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    /// The value of `key` was changed or created.
    pub fn signal(&mut self, db: usize, key: &[u8]) {
        if self.by_key.is_empty() {
            return;
        }
        let key: DbKey = (db, Box::from(key));
        if self.by_key.contains_key(&key) && !self.ready.contains(&key) {
            self.ready.push(key);
        }
    }

    /// Is there a key that somebody waits for, and that was written?
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The keys that were written, in that order, each with the clients to run again,
    /// first come, first served; the keys are no longer ready.
    pub fn take_ready(&mut self) -> Vec<(DbKey, Vec<ClientId>)> {
        let ready = std::mem::take(&mut self.ready);
        let waiting = |key: DbKey| {
            let clients = self.by_key.get(&key)?.iter().copied().collect();
            Some((key, clients))
        };
        ready.into_iter().filter_map(waiting).collect()
    }

    /// How many keys are waited for.
    #[must_use]
    pub fn n_keys(&self) -> usize {
        self.by_key.len()
    }

    /// How many clients wait.
    #[must_use]
    pub fn n_clients(&self) -> usize {
        self.by_client.len()
    }
}
