//! `maxmemory`: how much is in use, and which keys go when that is too much.
//!
//! With a limit, the size of every key is kept: by estimate, made anew whenever the key
//! is written. What else the server holds is added: the scripts' VMs and texts, and what
//! clients have sent or have not taken yet.

use crate::keyspace::{Event, EventClass};
use crate::server::memory;
use crate::server::state::Server;

/// What the server takes without any data or clients, in bytes.
const BASE_BYTES: u64 = 1 << 20;

/// Which keys are given up, and in which order (`maxmemory-policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// None: commands that need memory are refused.
    #[default]
    Never,
    /// One that was not used for long; `volatile` spares keys without a deadline. The
    /// policies by frequency are like this too, for uses are not counted.
    LeastRecent {
        /// Only keys with a deadline.
        volatile: bool,
    },
    /// Any.
    Random {
        /// Only keys with a deadline.
        volatile: bool,
    },
    /// The one with the soonest deadline.
    SoonestDeadline,
}

impl Policy {
    /// That of a value of `maxmemory-policy`.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let volatile = name.starts_with("volatile");
        match name {
            "volatile-ttl" => Self::SoonestDeadline,
            "allkeys-random" | "volatile-random" => Self::Random { volatile },
            "allkeys-lru" | "allkeys-lfu" | "volatile-lru" | "volatile-lfu" => {
                Self::LeastRecent { volatile }
            }
            _ => Self::Never,
        }
    }
}

impl Server {
    /// Bytes in use, as far as `maxmemory` limits them.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        let databases = 0..self.keyspace.n_databases();
        let data: u64 = databases
            .map(|db| self.keyspace.db(db).charged_bytes())
            .sum();
        let scripts = &self.script_use;
        let buffered = self.clients.iter().map(|client| client.buffered());
        let clients: usize = buffered.map(|(n_in, n_out)| n_in + n_out).sum();
        BASE_BYTES
            + data
            + scripts.vm_bytes
            + scripts.cache_bytes
            + scripts.function_vm_bytes
            + clients as u64
    }

    /// Notes how large a key is now.
    pub(crate) fn charge(&mut self, db: usize, key: &[u8]) {
        if self.settings.max_memory_bytes > 0 {
            let database = self.keyspace.db_mut(db);
            database.charge(key, |entry| memory::sampled_estimate(key, entry));
        }
    }

    /// Notes how large all keys are, after a limit was set.
    pub(crate) fn charge_all(&mut self) {
        for db in 0..self.keyspace.n_databases() {
            let database = self.keyspace.db_mut(db);
            database.charge_all(memory::sampled_estimate);
        }
    }

    /// Gives up keys until less than `maxmemory` is in use, as the policy says; false if
    /// that is not enough.
    pub(crate) fn make_room(&mut self) -> bool {
        while self.is_over_max_memory() {
            let Some((db, key)) = self.next_victim() else {
                return false;
            };
            self.keyspace.db_mut(db).remove(&key);
            self.keyspace.evicted += 1;
            self.keyspace.effects.add_gone(db, &key);
            let event = Event(EventClass::Evicted, "evicted");
            self.keyspace.events.note(event, db, &key);
            self.signal_modified(db, &key);
        }
        true
    }

    /// The key to give up next: the best of a few (`maxmemory-samples`) of every
    /// database.
    fn next_victim(&self) -> Option<(usize, Box<[u8]>)> {
        let policy = self.settings.eviction;
        let n_samples = match policy {
            Policy::Never => return None,
            Policy::Random { .. } | Policy::SoonestDeadline => 1,
            Policy::LeastRecent { .. } => self.settings.eviction_samples,
        };
        let mut best: Option<(i64, usize, &[u8])> = None;
        for db in 0..self.keyspace.n_databases() {
            let database = self.keyspace.db(db);
            for _ in 0..n_samples {
                let found = match policy {
                    Policy::Never => None,
                    Policy::SoonestDeadline => database.soonest_deadline(),
                    Policy::Random { volatile } | Policy::LeastRecent { volatile } => {
                        let key = if volatile {
                            database.random_volatile_key()
                        } else {
                            database.random_key()
                        };
                        let rank = match policy {
                            Policy::Random { .. } => |_: u32| i64::from(fastrand::i32(..)),
                            _ => |used_at_s: u32| i64::from(used_at_s),
                        };
                        let entry = key.and_then(|key| database.get(key));
                        key.zip(entry)
                            .map(|(key, entry)| (rank(entry.used_at_s), key))
                    }
                };
                let Some((rank, key)) = found else {
                    break;
                };
                if best.is_none_or(|(least, ..)| rank < least) {
                    best = Some((rank, db, key));
                }
            }
        }
        best.map(|(_, db, key)| (db, key.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;
    use crate::server::{Session, dispatch};

    /// Replies to commands, one line each.
    fn check(commands: &[&str], expected: &[&str]) {
        let mut server = Server::new(Config::default());
        let mut session = Session::new(1);
        let mut replies = Vec::new();
        for command in commands {
            let args: Vec<_> = command.split(' ').map(str::as_bytes).collect();
            let mut out = Vec::new();
            dispatch::execute(&mut server, &mut session, &args, &mut out);
            replies.push(
                String::from_utf8_lossy(&out)
                    .trim_end()
                    .replace("\r\n", " "),
            );
        }
        assert_eq!(replies, expected);
    }

    const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.";

    #[test]
    fn without_a_policy_what_needs_memory_is_refused() {
        check(
            &[
                "set a 1",
                "config set maxmemory 1",
                "set b 1",
                "get a",
                "del a",
                "config set maxmemory 100mb",
                "set b 1",
            ],
            &["+OK", "+OK", OOM, "$1 1", ":1", "+OK", "+OK"],
        );
    }

    #[test]
    fn only_keys_with_a_deadline_are_volatile() {
        check(
            &[
                "set a 1",
                "set b 1 ex 1000",
                "set c 1 ex 100",
                "config set maxmemory-policy volatile-ttl",
                "config set maxmemory 1",
                "set d 1",
                "exists a b c",
                "exists a",
            ],
            &["+OK", "+OK", "+OK", "+OK", "+OK", OOM, ":1", ":1"],
        );
    }

    #[test]
    fn keys_go_until_there_is_room() {
        let fill: Vec<_> = (0..50)
            .map(|n| format!("set k{n} {}", "x".repeat(1000)))
            .collect();
        let mut server = Server::new(Config::default());
        let mut session = Session::new(1);
        let limit = format!("config set maxmemory {}", BASE_BYTES + 20_000);
        let settings = ["config set maxmemory-policy allkeys-lru", &limit];
        for command in settings.into_iter().chain(fill.iter().map(String::as_str)) {
            let args: Vec<_> = command.split(' ').map(str::as_bytes).collect();
            let mut out = Vec::new();
            dispatch::execute(&mut server, &mut session, &args, &mut out);
            assert_eq!(out, b"+OK\r\n", "{command}");
        }
        let n_left = server.keyspace.db(0).len() as u64;
        assert!((10..20).contains(&n_left), "{n_left} keys");
        assert_eq!(server.keyspace.evicted, 50 - n_left);
        assert!(server.used_bytes() <= BASE_BYTES + 22_000);
        // All charges go with the keys.
        server.keyspace.db_mut(0).clear();
        assert_eq!(server.used_bytes(), BASE_BYTES);
    }
}
