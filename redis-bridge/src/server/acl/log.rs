//! The log of refusals (`ACL LOG`). Equal refusals that follow each other closely are
//! one entry.

use std::collections::VecDeque;

/// Why somebody was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named as the log names them
pub enum Reason {
    Command,
    Key,
    Channel,
    Auth,
}

impl Reason {
    /// As `ACL LOG` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Key => "key",
            Self::Channel => "channel",
            Self::Auth => "auth",
        }
    }
}

/// From where a command came that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A client.
    TopLevel,
    /// A transaction.
    Multi,
    /// A script.
    Lua,
}

impl Context {
    /// As `ACL LOG` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TopLevel => "toplevel",
            Self::Multi => "multi",
            Self::Lua => "lua",
        }
    }
}

/// One refusal, or several that are the same.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Counts up; never starts again.
    pub id: u64,
    /// How often it happened.
    pub count: u64,
    /// Why.
    pub reason: Reason,
    /// From where the command came.
    pub context: Context,
    /// The command, key or channel.
    pub object: Vec<u8>,
    /// The user, or the name that somebody tried.
    pub username: Vec<u8>,
    /// When it happened first and last, in milliseconds since 1970.
    pub times_ms: [u64; 2],
    /// The client, as `CLIENT LIST` shows it.
    pub client: String,
}

/// The last refusals, latest first.
#[derive(Debug)]
pub struct AclLog {
    entries: VecDeque<LogEntry>,
    max_len: usize,
    next_id: u64,
}

impl Default for AclLog {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            max_len: 128,
            next_id: 0,
        }
    }
}

impl AclLog {
    /// Refusals that are this far apart, in milliseconds, are not counted together.
    const GROUPED_MS: u64 = 60_000;
    /// An equal one is looked for among so many.
    const N_COMPARED: usize = 10;

    /// Adds a refusal; its id and count are set here.
    pub fn add(&mut self, mut entry: LogEntry) {
        let now_ms = entry.times_ms[1];
        let is_same = |old: &LogEntry| {
            old.reason == entry.reason
                && old.context == entry.context
                && now_ms.saturating_sub(old.times_ms[1]) <= Self::GROUPED_MS
                && old.object == entry.object
                && old.username == entry.username
        };
        let mut latest = self.entries.iter().take(Self::N_COMPARED);
        if let Some(old) = latest
            .position(is_same)
            .and_then(|at| self.entries.remove(at))
        {
            entry.id = old.id;
            entry.count = old.count + 1;
            entry.times_ms[0] = old.times_ms[0];
        } else {
            entry.id = self.next_id;
            entry.count = 1;
            self.next_id += 1;
        }
        self.entries.push_front(entry);
        self.entries.truncate(self.max_len);
    }

    /// How many entries are kept from the next one on (`acllog-max-len`).
    pub fn set_max_len(&mut self, max_len: usize) {
        self.max_len = max_len;
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The entries, latest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &LogEntry> {
        self.entries.iter()
    }
}
