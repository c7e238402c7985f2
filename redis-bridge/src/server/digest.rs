//! `DEBUG DIGEST`: a number that two servers agree on if their data are the same, whatever
//! the order of what has none. It is the number that Redis computes.

use sha1::{Digest as _, Sha1};

use crate::keyspace::stream::StreamId;
use crate::keyspace::{Database, Value};
use crate::resp::number::write_seventeen_digits;

/// Twenty bytes under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DataDigest([u8; 20]);

impl DataDigest {
    /// Adds what has no order.
    fn add(&mut self, bytes: &[u8]) {
        let hash: [u8; 20] = Sha1::digest(bytes).into();
        for (to, from) in self.0.iter_mut().zip(hash) {
            *to ^= from;
        }
    }

    /// Adds what comes next.
    fn append(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Adds a value, and whether it will expire.
    pub(crate) fn append_value(&mut self, value: &Value, expires: bool) {
        let kind: u32 = match value {
            Value::String(_) => 0,
            Value::List(_) => 1,
            Value::Set(_) => 2,
            Value::SortedSet(_) => 3,
            Value::Hash(_) => 4,
            Value::Stream(_) => 6,
        };
        self.append(&kind.to_be_bytes());
        match value {
            Value::String(text) => self.append(&text.bytes()),
            Value::List(list) => list.iter().for_each(|element| self.append(element)),
            Value::Set(set) => set.iter().for_each(|member| self.add(&member)),
            Value::SortedSet(zset) => {
                for scored in zset.iter() {
                    let mut score = Vec::new();
                    write_seventeen_digits(&mut score, scored.score);
                    self.add_pair(&scored.member, &score);
                }
            }
            Value::Hash(hash) => {
                for (field, value) in hash.iter() {
                    self.add_pair(field, value);
                }
            }
            Value::Stream(stream) => {
                for entry in stream.log.range(StreamId::MIN, StreamId::MAX) {
                    let id = format!("{}.{}", entry.id.ms, entry.id.seq);
                    self.append(id.as_bytes());
                    for (field, value) in entry.fields() {
                        self.append(&field);
                        self.append(&value);
                    }
                }
            }
        }
        if expires {
            self.add(b"!!expire!!");
        }
    }

    fn add_pair(&mut self, first: &[u8], second: &[u8]) {
        let mut pair = Self::default();
        pair.append(first);
        pair.append(second);
        self.add(&pair.0);
    }

    /// Adds the database with that number, if there is anything in it.
    pub(crate) fn append_database(&mut self, number: usize, database: &Database) {
        if database.is_empty() {
            return;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.append(&number.to_be_bytes());
        for (key, entry) in database.iter() {
            let mut digest = Self::default();
            digest.append(key);
            digest.append_value(&entry.value, entry.expires_at_ms().is_some());
            self.add(&digest.0);
        }
    }

    /// Forty hexadecimal digits.
    pub(crate) fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
