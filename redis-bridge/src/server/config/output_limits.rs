//! `client-output-buffer-limit`: how much may wait to be sent to a client before it is
//! disconnected.

use std::time::Duration;

use super::parse_memory;
use crate::keyspace::number::parse_i64;

/// Classes of clients, which have limits of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// All others.
    #[default]
    Normal,
    /// Replicas; there are none.
    Replica,
    /// Those who listen to channels.
    PubSub,
}

/// The limits of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// With more bytes than this the client is disconnected; 0 is no limit.
    pub hard_bytes: u64,
    /// As [`hard_bytes`](Self::hard_bytes), if it lasts.
    pub soft_bytes: u64,
    /// So long.
    pub soft_time: Duration,
}

/// The limits of all classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits([OutputLimit; 3]);

/// The classes in the order of [`OutputLimits`], by the names that are printed.
const NAMES: [(&str, Class); 3] = [
    ("normal", Class::Normal),
    ("slave", Class::Replica),
    ("pubsub", Class::PubSub),
];

impl OutputLimits {
    /// The limits of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> OutputLimit {
        self.0[class as usize]
    }

    /// Reads the form that `CONFIG GET` prints; classes that are missing have no limits.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut limits = Self::default();
        // What is printed is well formed.
        let _ = limits.change(text);
        limits
    }

    /// Changes the limits of the classes that `text` names: groups of a class, two numbers
    /// of bytes and one of seconds.
    ///
    /// # Errors
    ///
    /// What is wrong, as `CONFIG SET` words it; some limits may have changed.
    pub fn change(&mut self, text: &str) -> Result<(), &'static str> {
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        let (groups, rest) = words.as_chunks::<4>();
        if !rest.is_empty() {
            return Err("Wrong number of arguments in buffer limit configuration.");
        }
        for [name, hard, soft, seconds] in groups {
            let name = name.to_ascii_lowercase();
            let name = if name == "replica" { "slave" } else { &name };
            let class = NAMES.iter().find(|(known, _)| *known == name);
            let (_, class) =
                class.ok_or("Invalid client class specified in buffer limit configuration.")?;
            let bytes = |text| parse_memory(text).and_then(|n| u64::try_from(n).ok());
            let seconds = parse_i64(seconds.as_bytes()).and_then(|n| u64::try_from(n).ok());
            let (Some(hard_bytes), Some(soft_bytes), Some(seconds)) =
                (bytes(hard), bytes(soft), seconds)
            else {
                return Err(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
                );
            };
            self.0[*class as usize] = OutputLimit {
                hard_bytes,
                soft_bytes,
                soft_time: Duration::from_secs(seconds),
            };
        }
        Ok(())
    }
}

impl std::fmt::Display for OutputLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, ((name, _), limit)) in NAMES.iter().zip(&self.0).enumerate() {
            let space = if at > 0 { " " } else { "" };
            let seconds = limit.soft_time.as_secs();
            let (hard, soft) = (limit.hard_bytes, limit.soft_bytes);
            write!(f, "{space}{name} {hard} {soft} {seconds}")?;
        }
        Ok(())
    }
}
