//! Streams: entries in the order of their ids, and groups of consumers that share them.

pub mod group;
pub mod id;
pub mod log;
mod node;

pub use group::{Consumer, Group, Groups, Pending};
pub use id::{PartialId, StreamId};
pub use log::{Log, NodeLimits, Trim, TrimTo};
pub use node::Entry;

/// A stream value.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The entries.
    pub log: Log,
    /// Those who read them together.
    pub groups: Groups,
}
