//! The settings that are read often, ready for use.

use super::Config;
use super::kind::EVENTS_IN_ALL;
use super::output_limits::OutputLimits;
use crate::keyspace::stream::NodeLimits;
use crate::keyspace::{EventClass, EventClasses};
use crate::server::aof::AofSettings;
use crate::server::evict::Policy;

/// The settings that are read for every command or every client, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `proto-max-bulk-len`, in bytes.
    pub max_bulk_bytes: i64,
    /// `client-query-buffer-limit`, in bytes.
    pub max_query_bytes: usize,
    /// `client-output-buffer-limit`.
    pub output_limits: OutputLimits,
    /// `maxclients`.
    pub max_clients: usize,
    /// `timeout`, in seconds; 0 is never.
    pub idle_timeout_s: u64,
    /// `maxmemory`, in bytes; 0 is no limit.
    pub max_memory_bytes: u64,
    /// `maxmemory-policy`.
    pub eviction: Policy,
    /// `maxmemory-samples`: keys compared to find one to evict.
    pub eviction_samples: usize,
    /// Keys that clients who track are remembered for (`tracking-table-max-keys`).
    pub tracking_max_keys: usize,
    /// `latency-monitor-threshold`, in milliseconds; 0 is never.
    pub latency_threshold_ms: u64,
    /// `busy-reply-threshold`, in milliseconds; 0 is never.
    pub busy_threshold_ms: u64,
    /// `notify-keyspace-events`: the classes of events, and whether they are published
    /// under the key's name (`K`) and under the event's (`E`).
    pub event_classes: EventClasses,
    /// See [`event_classes`](Self::event_classes).
    pub events_by_key: bool,
    /// See [`event_classes`](Self::event_classes).
    pub events_by_name: bool,
    /// `script-memory-limit`, in bytes.
    pub script_memory_limit: Option<usize>,
    /// `script-instruction-limit`.
    pub script_instruction_limit: Option<u64>,
    /// Those of the append-only file.
    pub aof: AofSettings,
    /// `slowlog-log-slower-than`, in microseconds; negative is never.
    pub slowlog_slower_than_us: i64,
    /// `slowlog-max-len`, in entries.
    pub slowlog_max_len: usize,
    /// `stream-node-max-bytes`, `stream-node-max-entries`.
    pub stream_nodes: NodeLimits,
}

impl Settings {
    /// What `config` says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let unsigned = |name| u64::try_from(config.int(name)).unwrap_or(0);
        let size = |name| usize::try_from(config.int(name)).unwrap_or(usize::MAX);
        let events = config.get("notify-keyspace-events");
        let (events_by_key, events_by_name) = (events.contains('K'), events.contains('E'));
        let mut event_classes = EventClasses::default();
        if events_by_key || events_by_name {
            let letters = events.replace('A', EVENTS_IN_ALL);
            letters
                .bytes()
                .filter_map(EventClass::from_letter)
                .for_each(|c| event_classes.insert(c));
        }
        Self {
            max_bulk_bytes: config.int("proto-max-bulk-len"),
            max_query_bytes: size("client-query-buffer-limit"),
            output_limits: OutputLimits::parse(config.get("client-output-buffer-limit")),
            max_clients: size("maxclients"),
            idle_timeout_s: unsigned("timeout"),
            max_memory_bytes: unsigned("maxmemory"),
            eviction: Policy::from_name(config.get("maxmemory-policy")),
            eviction_samples: size("maxmemory-samples"),
            tracking_max_keys: size("tracking-table-max-keys"),
            latency_threshold_ms: unsigned("latency-monitor-threshold"),
            busy_threshold_ms: unsigned("busy-reply-threshold"),
            event_classes,
            events_by_key,
            events_by_name,
            script_memory_limit: Some(size("script-memory-limit")).filter(|&bytes| bytes > 0),
            script_instruction_limit: Some(unsigned("script-instruction-limit"))
                .filter(|&count| count > 0),
            aof: AofSettings::of(config),
            slowlog_slower_than_us: config.int("slowlog-log-slower-than"),
            slowlog_max_len: size("slowlog-max-len"),
            stream_nodes: NodeLimits {
                bytes: size("stream-node-max-bytes"),
                entries: size("stream-node-max-entries"),
            },
        }
    }
}
