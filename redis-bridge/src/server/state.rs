//! What all clients share: the keyspace and what the server knows about itself.
//! It knows nothing of sockets; one thread owns it, so there are no locks.

use hashbrown::HashMap;

use crate::keyspace::Keyspace;
use crate::server::session::ClientId;

/// The state that all clients share.
///
/// A handler gets it together with the [`Session`](crate::server::Session) of the
/// client that sent the command.
pub struct Server {
    /// The databases.
    pub keyspace: Keyspace,
    /// Who watches which key, and which clients have lost their transaction.
    pub watches: Watches,
}

impl Server {
    /// A server with `databases` empty databases.
    #[must_use]
    pub fn new(databases: usize) -> Self {
        Self {
            keyspace: Keyspace::new(databases),
            watches: Watches::default(),
        }
    }

    /// Says that the value of `key` was changed, created or removed. Every command
    /// that writes calls it, once for each key, after the write.
    pub fn signal_modified(&mut self, db: usize, key: &[u8]) {
        self.watches.touch(db, key);
    }
}

/// The keys that clients watch (`WATCH`).
#[derive(Default)]
pub struct Watches {
    keys: HashMap<(usize, Box<[u8]>), Vec<ClientId>>,
    /// Clients whose watched keys have changed since their `WATCH`.
    dirty: Vec<ClientId>,
}

impl Watches {
    /// Marks every client that watches `key` as dirty.
    pub fn touch(&mut self, db: usize, key: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        if let Some(watchers) = self.keys.get(&(db, Box::from(key))) {
            for id in watchers {
                if !self.dirty.contains(id) {
                    self.dirty.push(*id);
                }
            }
        }
    }
}
