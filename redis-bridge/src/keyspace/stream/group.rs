//! Groups of consumers: how far each group has read, and what its consumers have been
//! given but not acknowledged.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;

use crate::keyspace::stream::id::StreamId;
use crate::keyspace::stream::log::Log;

/// The groups of a stream by name, in the order of their names.
pub type Groups = BTreeMap<Box<[u8]>, Group>;

/// A group of consumers.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The greatest id that was delivered to a consumer, or that was set.
    pub last_id: StreamId,
    /// How many entries of the stream, from its beginning, have been read; `None` if
    /// that is not known.
    pub n_read: Option<i64>,
    /// What has not been acknowledged.
    pending: BTreeMap<StreamId, Pending>,
    consumers: BTreeMap<Arc<[u8]>, Consumer>,
}

/// An entry that was delivered, but not acknowledged.
#[derive(Clone, Debug)]
pub struct Pending {
    /// To whom.
    pub consumer: Arc<[u8]>,
    /// When, in milliseconds since 1970.
    pub delivered_at_ms: i64,
    /// How often.
    pub n_deliveries: i64,
}

impl Pending {
    /// Milliseconds since the delivery; negative if the clock went back.
    #[must_use]
    pub fn idle_ms(&self, now_ms: i64) -> i64 {
        now_ms.wrapping_sub(self.delivered_at_ms)
    }
}

/// A consumer.
#[derive(Clone, Debug, Default)]
pub struct Consumer {
    /// When it last asked for something, in milliseconds since 1970.
    pub seen_at_ms: i64,
    /// When it last got something.
    pub active_at_ms: Option<i64>,
    pending: BTreeSet<StreamId>,
}

impl Consumer {
    /// What it has not acknowledged.
    #[must_use]
    pub fn pending(&self) -> &BTreeSet<StreamId> {
        &self.pending
    }
}

impl Group {
    /// One that has read up to an id.
    #[must_use]
    pub fn new(last_id: StreamId, n_read: Option<i64>) -> Self {
        Self {
            last_id,
            n_read,
            ..Self::default()
        }
    }

    /// What has not been acknowledged.
    #[must_use]
    pub fn pending(&self) -> &BTreeMap<StreamId, Pending> {
        &self.pending
    }

    /// The consumers by name, in the order of their names.
    #[must_use]
    pub fn consumers(&self) -> &BTreeMap<Arc<[u8]>, Consumer> {
        &self.consumers
    }

    /// Adds a consumer; returns whether it is new.
    pub fn add_consumer(&mut self, name: &[u8], now_ms: i64) -> bool {
        let is_new = !self.consumers.contains_key(name);
        if is_new {
            let consumer = Consumer {
                seen_at_ms: now_ms,
                ..Consumer::default()
            };
            self.consumers.insert(name.into(), consumer);
        }
        is_new
    }

    /// Notes that a consumer has asked for something; adds it if it is new, and returns
    /// whether it is.
    pub fn see_consumer(&mut self, name: &[u8], now_ms: i64) -> bool {
        match self.consumers.get_mut(name) {
            Some(consumer) => {
                consumer.seen_at_ms = now_ms;
                false
            }
            None => self.add_consumer(name, now_ms),
        }
    }

    /// Notes that a consumer has got something.
    pub fn note_activity(&mut self, name: &[u8], now_ms: i64) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.active_at_ms = Some(now_ms);
        }
    }

    /// Puts a consumer back that came from elsewhere, with nothing pending.
    pub fn restore_consumer(&mut self, name: &[u8], seen_at_ms: i64, active_at_ms: Option<i64>) {
        let consumer = Consumer {
            seen_at_ms,
            active_at_ms,
            pending: BTreeSet::new(),
        };
        self.consumers.insert(name.into(), consumer);
    }

    /// Removes a consumer with what it has not acknowledged; returns how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// An entry is no longer pending; returns whether it was.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&id) else {
            return false;
        };
        if let Some(consumer) = self.consumers.get_mut(&pending.consumer) {
            consumer.pending.remove(&id);
        }
        true
    }

    /// An entry is now pending for this consumer, which must exist, and for no other.
    pub fn assign(&mut self, id: StreamId, name: &[u8], delivered_at_ms: i64, n_deliveries: i64) {
        let Some((name, consumer)) = self.consumers.get_key_value(name) else {
            return;
        };
        let pending = Pending {
            consumer: Arc::clone(name),
            delivered_at_ms,
            n_deliveries,
        };
        let is_listed = consumer.pending.contains(&id);
        let name = Arc::clone(name);
        match self.pending.entry(id) {
            Entry::Vacant(slot) => {
                slot.insert(pending);
            }
            Entry::Occupied(mut slot) => {
                let before = slot.insert(pending);
                if before.consumer != name
                    && let Some(loser) = self.consumers.get_mut(&before.consumer)
                {
                    loser.pending.remove(&id);
                }
            }
        }
        if !is_listed && let Some(consumer) = self.consumers.get_mut(&name) {
            consumer.pending.insert(id);
        }
    }

    /// Notes one more delivery of an entry that is pending.
    pub fn redeliver(&mut self, id: StreamId, now_ms: i64) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.delivered_at_ms = now_ms;
            pending.n_deliveries = pending.n_deliveries.wrapping_add(1);
        }
    }

    /// Moves on to an entry that is about to be delivered.
    pub fn advance(&mut self, log: &Log, id: StreamId) {
        if id <= self.last_id {
            return;
        }
        if let Some(n_read) = self.n_read
            && !log.may_have_gap(id, StreamId::MAX)
        {
            self.n_read = Some(n_read.wrapping_add(1));
        } else if log.n_added != 0 {
            self.n_read = log.n_added_until(id);
        }
        self.last_id = id;
    }

    /// How many entries the group has not read yet, if that can be told.
    #[must_use]
    pub fn lag(&self, log: &Log) -> Option<i64> {
        if log.n_added == 0 {
            return Some(0);
        }
        let n_read = match self.n_read {
            Some(n_read) if !log.may_have_gap(self.last_id, StreamId::MAX) => n_read,
            _ => log.n_added_until(self.last_id)?,
        };
        Some(log.n_added.wrapping_sub(n_read))
    }
}
