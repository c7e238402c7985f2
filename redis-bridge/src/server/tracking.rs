//! Who keeps copies of what it has read (`CLIENT TRACKING`), of which keys, and how it is told that
//! they have changed. The commands are in `commands::tracking`.
//!
//! Changes are collected while a command runs and told behind its reply, so that a client
//! finds messages only between replies.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::commands;
use crate::commands::spec::{CommandFlags, CommandSpec, Group};
use crate::compat::Compat;
use crate::reply::Protocol;
use crate::server::pubsub::Topic;
use crate::server::session::{ClientId, Session};
use crate::server::state::Server;

/// The channel that clients of RESP2 listen to for others, or for themselves.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// Commands that run scripts: what these read counts, not what they were given.
const SCRIPT_RUNNERS: [&str; 3] = ["eval_ro", "evalsha_ro", "fcall_ro"];

/// Which of a client's commands count, besides `CLIENT CACHING`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All.
    #[default]
    All,
    /// Those behind `CLIENT CACHING YES`.
    OptIn,
    /// Those that are not behind `CLIENT CACHING NO`.
    OptOut,
}

/// A client that is told of changes.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    /// Who gets its messages in its place.
    pub redirect: Option<ClientId>,
    /// That client has gone.
    pub is_redirect_broken: bool,
    /// It is told of all keys that begin so, whether it has read them or not (`BCAST`).
    pub prefixes: Option<BTreeSet<Vec<u8>>>,
    /// Which of its commands count.
    pub choice: Choice,
    /// It said `CLIENT CACHING` for the command that comes next.
    pub has_said_caching: bool,
    /// It is not told of what it changes itself.
    pub no_loop: bool,
}

/// A change that somebody is to be told of.
#[derive(Debug)]
enum Notice {
    /// Of one key, to those who have read it.
    Key(Vec<u8>, BTreeSet<ClientId>),
    /// Of all keys, to everybody.
    All,
}

/// Who listens to a prefix, and what has changed there.
#[derive(Debug, Default)]
struct Broadcast {
    clients: BTreeSet<ClientId>,
    changed: BTreeSet<Vec<u8>>,
}

/// All that is tracked. Keys are those of any database: messages do not say which.
#[derive(Debug, Default)]
pub struct Tracking {
    clients: BTreeMap<ClientId, Tracker>,
    readers: HashMap<Vec<u8>, BTreeSet<ClientId>>,
    broadcasts: BTreeMap<Vec<u8>, Broadcast>,
    notices: Vec<Notice>,
    /// The keys that the script under way was given, where these count.
    script_keys: Vec<Vec<u8>>,
}

impl Tracking {
    /// Does anybody track?
    #[must_use]
    pub fn is_used(&self) -> bool {
        !self.clients.is_empty()
    }

    /// How a client tracks, if it does.
    #[must_use]
    pub fn get(&self, client: ClientId) -> Option<&Tracker> {
        self.clients.get(&client)
    }

    /// As [`get`](Self::get), to change it.
    pub fn get_mut(&mut self, client: ClientId) -> Option<&mut Tracker> {
        self.clients.get_mut(&client)
    }

    /// From now on a client tracks, or does so in another way.
    pub fn enable(&mut self, client: ClientId, tracker: Tracker) {
        for prefix in tracker.prefixes.iter().flatten() {
            let broadcast = self.broadcasts.entry(prefix.clone()).or_default();
            broadcast.clients.insert(client);
        }
        self.clients.insert(client, tracker);
    }

    /// From now on a client does not track.
    pub fn disable(&mut self, client: ClientId) {
        let Some(tracker) = self.clients.remove(&client) else {
            return;
        };
        for prefix in tracker.prefixes.iter().flatten() {
            if let Some(broadcast) = self.broadcasts.get_mut(prefix) {
                broadcast.clients.remove(&client);
                if broadcast.clients.is_empty() {
                    self.broadcasts.remove(prefix);
                }
            }
        }
        // What it has read is forgotten when that changes, or with the last who tracks.
        if self.clients.is_empty() {
            *self = Self::default();
        }
    }

    /// A key was changed, created or removed.
    pub fn note_change(&mut self, key: &[u8]) {
        if self.clients.is_empty() {
            return;
        }
        for (prefix, broadcast) in &mut self.broadcasts {
            if key.starts_with(prefix) {
                broadcast.changed.insert(key.to_vec());
            }
        }
        self.forget_key(key);
    }

    /// All keys of a database were removed.
    pub fn note_flush(&mut self) {
        if !self.clients.is_empty() {
            self.readers.clear();
            self.notices.push(Notice::All);
        }
    }

    /// Nobody need be told of a key any more, once its readers are told now.
    fn forget_key(&mut self, key: &[u8]) {
        if let Some((key, readers)) = self.readers.remove_entry(key) {
            self.notices.push(Notice::Key(key, readers));
        }
    }

    /// The client has read these keys. At most `max_keys` are remembered (0: no limit);
    /// others are given up as if they had changed.
    fn remember(&mut self, client: ClientId, keys: &[&[u8]], max_keys: usize) {
        let Some(tracker) = self.clients.get(&client) else {
            return;
        };
        let counts = match tracker.choice {
            Choice::All => true,
            Choice::OptIn => tracker.has_said_caching,
            Choice::OptOut => !tracker.has_said_caching,
        };
        if tracker.prefixes.is_some() || !counts {
            return;
        }
        for key in keys {
            self.readers.entry_ref(*key).or_default().insert(client);
        }
        while max_keys > 0
            && self.readers.len() > max_keys
            && let Some(victim) = self.readers.keys().next().cloned()
        {
            self.forget_key(&victim);
        }
    }

    /// How many clients track.
    #[must_use]
    pub fn n_clients(&self) -> usize {
        self.clients.len()
    }

    /// How many keys are remembered, how often, and how many prefixes.
    #[must_use]
    pub fn totals(&self) -> [usize; 3] {
        let n_items = self.readers.values().map(BTreeSet::len).sum();
        [self.readers.len(), n_items, self.broadcasts.len()]
    }
}

/// Remembers what a command that has run has read, if its client wants to hear of it.
pub(crate) fn note_reads(
    server: &mut Server,
    session: &Session,
    spec: &'static CommandSpec,
    args: &[&[u8]],
) {
    let counts = spec.flags.contains(CommandFlags::READONLY)
        && !spec.flags.intersects(CommandFlags::PUBSUB)
        && !SCRIPT_RUNNERS.contains(&spec.name);
    if !counts || server.tracking.get(session.id).is_none() {
        return;
    }
    let max_keys = server.settings.tracking_max_keys;
    // Once, what a script read was taken to be what it had been given.
    let is_by_names = server.compat == Compat::Redis70 && server.running_script.is_some();
    let tracking = &mut server.tracking;
    if is_by_names {
        let names = std::mem::take(&mut tracking.script_keys);
        let keys: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        tracking.remember(session.id, &keys, max_keys);
        tracking.script_keys = names;
    } else {
        tracking.remember(session.id, &keys_of(spec, args), max_keys);
    }
}

/// Notes what keys a script is given that is to run, for servers to which these count.
pub(crate) fn note_script(server: &mut Server, spec: &'static CommandSpec, args: &[&[u8]]) {
    if server.compat == Compat::Redis70 && matches!(spec.group, Group::Scripting) {
        let keys = keys_of(spec, args);
        server.tracking.script_keys = keys.iter().map(|key| key.to_vec()).collect();
    }
}

fn keys_of<'k>(spec: &'static CommandSpec, args: &[&'k [u8]]) -> Vec<&'k [u8]> {
    let keys = commands::key_uses(spec, args).unwrap_or_default();
    keys.iter().map(|&(at, _)| args[at]).collect()
}

/// Tells whoever tracks what has changed since the last call; `actor` changed it.
pub(crate) fn deliver(server: &mut Server, actor: Option<ClientId>) {
    if !server.tracking.is_used() {
        return;
    }
    let is_own = |tracker: &Tracker, id| tracker.no_loop && actor == Some(id);
    for notice in std::mem::take(&mut server.tracking.notices) {
        match notice {
            Notice::Key(key, readers) => {
                for id in readers {
                    let tracker = server.tracking.get(id);
                    if tracker.is_some_and(|t| t.prefixes.is_none() && !is_own(t, id)) {
                        send(server, id, Some(&[&key]));
                    }
                }
            }
            Notice::All => {
                let everybody: Vec<_> = server.tracking.clients.keys().copied().collect();
                for id in everybody {
                    send(server, id, None);
                }
            }
        }
    }
    let mut messages = Vec::new();
    for broadcast in server.tracking.broadcasts.values_mut() {
        let changed = std::mem::take(&mut broadcast.changed);
        if !changed.is_empty() {
            messages.push((broadcast.clients.clone(), changed));
        }
    }
    for (clients, changed) in messages {
        let keys: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
        for id in clients {
            if server.tracking.get(id).is_some_and(|t| !is_own(t, id)) {
                send(server, id, Some(&keys));
            }
        }
    }
}

/// Tells one that tracks of some keys, or of all.
fn send(server: &mut Server, id: ClientId, keys: Option<&[&[u8]]>) {
    let Some(tracker) = server.tracking.clients.get_mut(&id) else {
        return;
    };
    let target = match tracker.redirect {
        None => id,
        Some(other) if server.clients.get(other).is_some() => other,
        Some(other) => {
            tracker.is_redirect_broken = true;
            let is_told = server.clients.get(id);
            if is_told.is_some_and(|client| client.protocol.get() == Protocol::Resp3) {
                server.clients.send(id, |out| {
                    out.push(2);
                    out.bulk(b"tracking-redir-broken");
                    out.integer(i64::try_from(other).unwrap_or(i64::MAX));
                });
            }
            return;
        }
    };
    let is_redirected = tracker.redirect.is_some();
    let Some(client) = server.clients.get(target) else {
        return;
    };
    let speaks_resp3 = client.protocol.get() == Protocol::Resp3;
    let listens = [Topic::Channel, Topic::Shard]
        .iter()
        .any(|&topic| server.pubsub.count_of(target, topic) > 0);
    // In RESP2 a message would be taken for a reply, unless replies have come to an end.
    let can_tell = speaks_resp3 || (is_redirected && listens);
    if !can_tell {
        return;
    }
    server.clients.send(target, |out| {
        if speaks_resp3 {
            out.push(2);
            out.bulk(b"invalidate");
        } else {
            out.push(3);
            out.bulk(b"message");
            out.bulk(CHANNEL);
        }
        match keys {
            None => out.null(),
            Some(keys) => {
                out.array(keys.len());
                keys.iter().for_each(|key| out.bulk(key));
            }
        }
    });
}
