//! Who listens to which channels and patterns, and how a message reaches them. The
//! commands are in `commands::pubsub`.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::keyspace::glob::{self, Case};
use crate::server::session::ClientId;
use crate::server::state::Server;

/// What a subscription names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One channel.
    Channel,
    /// Every channel whose name matches a glob.
    Pattern,
    /// One channel of a shard; a namespace of its own.
    Shard,
}

/// All subscriptions. Ordered by name, so that replies are the same in every run.
#[derive(Debug, Default)]
pub struct PubSub {
    by_name: [BTreeMap<Vec<u8>, Vec<ClientId>>; 3],
    by_client: HashMap<ClientId, [Vec<Vec<u8>>; 3]>,
}

impl PubSub {
    /// Adds a subscription; does nothing if the client has it.
    pub fn subscribe(&mut self, client: ClientId, topic: Topic, name: &[u8]) {
        let names = &mut self.by_client.entry(client).or_default()[topic as usize];
        if !names.iter().any(|known| known == name) {
            names.push(name.to_vec());
            self.by_name[topic as usize]
                .entry(name.to_vec())
                .or_default()
                .push(client);
        }
    }

    /// Ends a subscription.
    pub fn unsubscribe(&mut self, client: ClientId, topic: Topic, name: &[u8]) {
        if let Some(names) = self.by_client.get_mut(&client) {
            names[topic as usize].retain(|known| known != name);
            if names.iter().all(Vec::is_empty) {
                self.by_client.remove(&client);
            }
        }
        let listeners = &mut self.by_name[topic as usize];
        if let Some(clients) = listeners.get_mut(name) {
            clients.retain(|&id| id != client);
            if clients.is_empty() {
                listeners.remove(name);
            }
        }
    }

    /// Ends all of a client's subscriptions.
    pub fn forget(&mut self, client: ClientId) {
        for topic in [Topic::Channel, Topic::Pattern, Topic::Shard] {
            for name in self.names_of(client, topic).to_vec() {
                self.unsubscribe(client, topic, &name);
            }
        }
    }

    /// What a client listens to.
    #[must_use]
    pub fn names_of(&self, client: ClientId, topic: Topic) -> &[Vec<u8>] {
        self.by_client
            .get(&client)
            .map_or(&[], |names| &names[topic as usize])
    }

    /// How many channels and patterns a client listens to, which is the count in the
    /// replies about those; channels of shards are counted apart.
    #[must_use]
    pub fn count_of(&self, client: ClientId, topic: Topic) -> usize {
        let n = |topic| self.names_of(client, topic).len();
        match topic {
            Topic::Shard => n(Topic::Shard),
            Topic::Channel | Topic::Pattern => n(Topic::Channel) + n(Topic::Pattern),
        }
    }

    /// Who listens to exactly that name.
    #[must_use]
    pub fn listeners(&self, topic: Topic, name: &[u8]) -> &[ClientId] {
        self.by_name[topic as usize]
            .get(name)
            .map_or(&[], Vec::as_slice)
    }

    /// All names somebody listens to, and who, by name.
    pub fn names(&self, topic: Topic) -> impl Iterator<Item = (&[u8], &[ClientId])> {
        self.by_name[topic as usize]
            .iter()
            .map(|(name, ids)| (name.as_slice(), ids.as_slice()))
    }

    /// How many clients listen to anything.
    #[must_use]
    pub fn n_clients(&self) -> usize {
        self.by_client.len()
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self, topic: Topic) -> usize {
        self.by_name[topic as usize].len()
    }
}

/// Sends a message to everyone who listens to the channel; returns to how many.
pub fn publish(server: &mut Server, channel: &[u8], message: &[u8]) -> usize {
    let Server {
        pubsub, clients, ..
    } = server;
    let listeners = pubsub.listeners(Topic::Channel, channel);
    for &id in listeners {
        clients.send(id, |out| {
            out.push(3);
            out.bulk(b"message");
            out.bulk(channel);
            out.bulk(message);
        });
    }
    let mut n_receivers = listeners.len();
    for (pattern, listeners) in pubsub.names(Topic::Pattern) {
        if !glob::matches(pattern, channel, Case::Sensitive) {
            continue;
        }
        n_receivers += listeners.len();
        for &id in listeners {
            clients.send(id, |out| {
                out.push(4);
                out.bulk(b"pmessage");
                out.bulk(pattern);
                out.bulk(channel);
                out.bulk(message);
            });
        }
    }
    n_receivers
}

/// As [`publish`], to a channel of a shard.
pub fn publish_sharded(server: &mut Server, channel: &[u8], message: &[u8]) -> usize {
    let listeners = server.pubsub.listeners(Topic::Shard, channel);
    for &id in listeners {
        server.clients.send(id, |out| {
            out.push(3);
            out.bulk(b"smessage");
            out.bulk(channel);
            out.bulk(message);
        });
    }
    listeners.len()
}
