//! The settings: one table that `CONFIG`, the command line and the server read. It
//! parses, checks and prints values; what a setting does is up to its reader.

use std::collections::BTreeMap;

use crate::keyspace::number::parse_i64;
use crate::keyspace::stream::NodeLimits;
use crate::keyspace::{EventClass, EventClasses};
use crate::server::aof::AofSettings;
use crate::server::evict::Policy;

/// One setting.
#[derive(Debug)]
pub struct ConfigSpec {
    /// The name as `CONFIG GET` prints it.
    pub name: &'static str,
    /// A second name that `CONFIG SET` takes and `CONFIG GET` prints too; may be empty.
    pub alias: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value at start, in the form `CONFIG SET` takes.
    pub default: &'static str,
    /// Whether `CONFIG SET` may change it.
    pub is_mutable: bool,
    /// What it is about, for the command line.
    pub help: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// An integer within bounds, both included.
    Int(i64, i64),
    /// A number of bytes within bounds, with an optional unit (`1kb`, `2mb`).
    Memory(i64, i64),
    /// One of some words, in any case.
    Word(&'static [&'static str]),
    /// Classes of keyspace events, one letter each.
    Events,
    /// Pairs of seconds and changes.
    SavePoints,
    /// Any text.
    Text,
}

const fn row(
    name: &'static str,
    alias: &'static str,
    kind: Kind,
    default: &'static str,
    is_mutable: bool,
    help: &'static str,
) -> ConfigSpec {
    ConfigSpec {
        name,
        alias,
        kind,
        default,
        is_mutable,
        help,
    }
}

const MAX: i64 = i64::MAX;
const MAX_INT: i64 = i32::MAX as i64;
const FIXED: bool = false;
const MUTABLE: bool = true;
const POLICIES: &[&str] = &[
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
];
const LOG_LEVELS: &[&str] = &["debug", "verbose", "notice", "warning", "nothing"];
/// The servers whose wording scripts can be given, in the order of
/// [`Compat`](crate::compat::Compat).
const COMPAT: &[&str] = &["valkey-9.1", "redis-7.2", "redis-7.0"];

/// Every setting, in alphabetical order.
pub const CONFIG: &[ConfigSpec] = &[
    row(
        "acl-pubsub-default",
        "",
        Kind::Word(&["allchannels", "resetchannels"]),
        "resetchannels",
        MUTABLE,
        "Whether new users may use all channels or none",
    ),
    row(
        "aclfile",
        "",
        Kind::Text,
        "",
        FIXED,
        "File of the users, as ACL SAVE writes it",
    ),
    row(
        "acllog-max-len",
        "",
        Kind::Int(0, MAX),
        "128",
        MUTABLE,
        "Entries ACL LOG keeps",
    ),
    row(
        "aof-load-truncated",
        "",
        Kind::Bool,
        "yes",
        MUTABLE,
        "Whether an append-only file whose end is cut off is used",
    ),
    row(
        "aof-use-rdb-preamble",
        "",
        Kind::Word(&["no"]),
        "no",
        MUTABLE,
        "Whether the base of the append-only file is a snapshot; it consists of commands",
    ),
    row(
        "appenddirname",
        "",
        Kind::Text,
        "appendonlydir",
        FIXED,
        "Folder of the append-only file, in dir",
    ),
    row(
        "appendfilename",
        "",
        Kind::Text,
        "appendonly.aof",
        FIXED,
        "What the names of the append-only file's parts begin with",
    ),
    row(
        "appendfsync",
        "",
        Kind::Word(&["always", "everysec", "no"]),
        "everysec",
        MUTABLE,
        "When the append-only file is brought to the disk: always, everysec, no",
    ),
    row(
        "appendonly",
        "",
        Kind::Bool,
        "no",
        MUTABLE,
        "Whether the data are kept in an append-only file",
    ),
    row(
        "auto-aof-rewrite-min-size",
        "",
        Kind::Memory(0, MAX),
        "64mb",
        MUTABLE,
        "Bytes below which the append-only file is not rewritten by itself",
    ),
    row(
        "auto-aof-rewrite-percentage",
        "",
        Kind::Int(0, MAX_INT),
        "100",
        MUTABLE,
        "Growth in percent after which the append-only file is rewritten; 0 is never",
    ),
    row(
        "bind",
        "",
        Kind::Text,
        "127.0.0.1 -::1",
        FIXED,
        "Addresses to listen on; one that begins with - may be missing",
    ),
    row(
        "busy-reply-threshold",
        "lua-time-limit",
        Kind::Int(0, MAX),
        "5000",
        MUTABLE,
        "Milliseconds a script may run before others are served; 0 is no limit",
    ),
    row(
        "client-query-buffer-limit",
        "",
        Kind::Memory(1024 * 1024, MAX),
        "1gb",
        MUTABLE,
        "Bytes one client may have sent without an answer",
    ),
    row(
        "databases",
        "",
        Kind::Int(1, MAX_INT),
        "16",
        FIXED,
        "Number of databases",
    ),
    row(
        "dir",
        "",
        Kind::Text,
        ".",
        FIXED,
        "Where the server keeps its files",
    ),
    row(
        "enable-debug-command",
        "",
        Kind::Word(&["no", "local", "yes"]),
        "no",
        FIXED,
        "Who may use DEBUG: nobody, clients on this machine, everybody",
    ),
    row(
        "hz",
        "",
        Kind::Int(1, 500),
        "10",
        MUTABLE,
        "How often a second housekeeping runs",
    ),
    row(
        "latency-monitor-threshold",
        "",
        Kind::Int(0, MAX),
        "0",
        MUTABLE,
        "Milliseconds from which LATENCY remembers what took so long; 0 is never",
    ),
    row(
        "latency-tracking",
        "",
        Kind::Bool,
        "yes",
        MUTABLE,
        "Whether LATENCY HISTOGRAM counts how long commands take; it always does",
    ),
    row(
        "logfile",
        "",
        Kind::Text,
        "",
        FIXED,
        "File for the log; standard output if empty",
    ),
    row(
        "loglevel",
        "",
        Kind::Word(LOG_LEVELS),
        "notice",
        MUTABLE,
        "The least important messages to log",
    ),
    row(
        "maxclients",
        "",
        Kind::Int(1, u32::MAX as i64),
        "10000",
        MUTABLE,
        "Number of clients served at a time",
    ),
    row(
        "maxmemory",
        "",
        Kind::Memory(0, MAX),
        "0",
        MUTABLE,
        "Bytes from which keys are evicted or writes refused; 0 is no limit",
    ),
    row(
        "maxmemory-policy",
        "",
        Kind::Word(POLICIES),
        "noeviction",
        MUTABLE,
        "What happens at maxmemory",
    ),
    row(
        "maxmemory-samples",
        "",
        Kind::Int(1, MAX_INT),
        "5",
        MUTABLE,
        "Keys compared to find one to evict",
    ),
    row(
        "no-appendfsync-on-rewrite",
        "",
        Kind::Bool,
        "no",
        MUTABLE,
        "Whether the disk is left in peace while the append-only file is rewritten",
    ),
    row(
        "notify-keyspace-events",
        "",
        Kind::Events,
        "",
        MUTABLE,
        "Classes of keyspace events to publish",
    ),
    row(
        "port",
        "",
        Kind::Int(0, 65535),
        "6379",
        FIXED,
        "Port to listen on; 0 picks a free one",
    ),
    row(
        "proto-max-bulk-len",
        "",
        Kind::Memory(1024 * 1024, MAX),
        "512mb",
        MUTABLE,
        "Bytes one argument may have",
    ),
    row(
        "requirepass",
        "",
        Kind::Text,
        "",
        MUTABLE,
        "Password of all clients; none if empty",
    ),
    row(
        "save",
        "",
        Kind::SavePoints,
        "",
        MUTABLE,
        "Accepted and not used: data are kept by appendonly",
    ),
    row(
        "script-compat",
        "",
        Kind::Word(COMPAT),
        "valkey-9.1",
        FIXED,
        "Server whose wording scripts see: valkey-9.1, redis-7.2, redis-7.0",
    ),
    row(
        "script-instruction-limit",
        "",
        Kind::Int(0, MAX),
        "0",
        MUTABLE,
        "Instructions one script may run; 0 is no limit",
    ),
    row(
        "script-memory-limit",
        "",
        Kind::Memory(0, MAX),
        "256mb",
        MUTABLE,
        "Bytes the scripts' memory may take; 0 is no limit",
    ),
    row(
        "slowlog-log-slower-than",
        "",
        Kind::Int(-1, MAX),
        "10000",
        MUTABLE,
        "Microseconds from which a command is slow; negative is never",
    ),
    row(
        "slowlog-max-len",
        "",
        Kind::Int(0, MAX),
        "128",
        MUTABLE,
        "Entries the slow log keeps",
    ),
    row(
        "stream-node-max-bytes",
        "",
        Kind::Memory(0, MAX),
        "4096",
        MUTABLE,
        "Bytes a node of a stream may have; 0 is no limit",
    ),
    row(
        "stream-node-max-entries",
        "",
        Kind::Int(0, MAX),
        "100",
        MUTABLE,
        "Entries a node of a stream may have; 0 is no limit",
    ),
    row(
        "tcp-backlog",
        "",
        Kind::Int(0, MAX_INT),
        "511",
        FIXED,
        "Connections that may wait to be accepted",
    ),
    row(
        "tcp-keepalive",
        "",
        Kind::Int(0, MAX_INT),
        "300",
        MUTABLE,
        "Seconds of silence before the connection is probed; 0 is never",
    ),
    row(
        "timeout",
        "",
        Kind::Int(0, MAX_INT),
        "0",
        MUTABLE,
        "Seconds of silence before a client is disconnected; 0 is never",
    ),
];

/// The values of all settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// In the order of [`CONFIG`], each in the form `CONFIG GET` prints.
    values: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        let default_of = |spec: &ConfigSpec| {
            spec.kind
                .normalize(spec.default)
                .unwrap_or_else(|_| spec.default.to_owned())
        };
        Self {
            values: CONFIG.iter().map(default_of).collect(),
        }
    }
}

impl Config {
    /// The row of a setting, by either of its names in any case.
    #[must_use]
    pub fn find(name: &[u8]) -> Option<usize> {
        CONFIG.iter().position(|spec| {
            name.eq_ignore_ascii_case(spec.name.as_bytes())
                || (!spec.alias.is_empty() && name.eq_ignore_ascii_case(spec.alias.as_bytes()))
        })
    }

    /// Sets the setting in row `at`, whether clients may change it or not.
    ///
    /// # Errors
    ///
    /// Why the value does not fit, as `CONFIG SET` words it; nothing is changed then.
    pub fn set(&mut self, at: usize, value: &str) -> Result<(), String> {
        self.values[at] = CONFIG[at].kind.normalize(value)?;
        Ok(())
    }

    /// The value in row `at` as `CONFIG GET` prints it.
    #[must_use]
    pub fn value(&self, at: usize) -> &str {
        &self.values[at]
    }

    /// The value of a setting that the table is known to have; empty otherwise.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        Self::find(name.as_bytes()).map_or("", |at| self.value(at))
    }

    /// The value of a setting that is a number; 0 if it is none.
    #[must_use]
    pub fn int(&self, name: &str) -> i64 {
        parse_i64(self.get(name).as_bytes()).unwrap_or(0)
    }

    /// The settings that differ from their defaults, as the lines of a file.
    #[must_use]
    pub fn changed(&self) -> BTreeMap<&'static str, &str> {
        let default = Self::default();
        let rows = CONFIG.iter().zip(&self.values).zip(&default.values);
        rows.filter(|((_, value), default)| value != default)
            .map(|((spec, value), _)| (spec.name, value.as_str()))
            .collect()
    }
}

impl Kind {
    /// Brings a value into the form that `CONFIG GET` prints.
    fn normalize(self, value: &str) -> Result<String, String> {
        match self {
            Self::Bool => {
                let lower = value.to_ascii_lowercase();
                let is_bool = matches!(lower.as_str(), "yes" | "no");
                is_bool
                    .then_some(lower)
                    .ok_or_else(|| "argument must be 'yes' or 'no'".to_owned())
            }
            Self::Int(min, max) => {
                let number = parse_i64(value.as_bytes())
                    .ok_or("argument couldn't be parsed into an integer")?;
                in_bounds(number, min, max)
            }
            Self::Memory(min, max) => {
                let bytes = parse_memory(value).ok_or("argument must be a memory value")?;
                in_bounds(bytes, min, max)
            }
            Self::Word(words) => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(value));
                word.map(|&word| word.to_owned()).ok_or_else(|| {
                    format!(
                        "argument(s) must be one of the following: {}",
                        words.join(", ")
                    )
                })
            }
            Self::Events => normalize_events(value)
                .ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".to_owned()),
            Self::SavePoints => {
                let words: Vec<_> = value.split_ascii_whitespace().collect();
                let are_numbers = words
                    .iter()
                    .all(|w| parse_i64(w.as_bytes()).is_some_and(|n| n >= 0));
                if words.len() % 2 == 0 && are_numbers {
                    Ok(words.join(" "))
                } else {
                    Err("Invalid save parameters".to_owned())
                }
            }
            Self::Text => Ok(value.to_owned()),
        }
    }
}

fn in_bounds(number: i64, min: i64, max: i64) -> Result<String, String> {
    if (min..=max).contains(&number) {
        Ok(number.to_string())
    } else {
        Err(format!(
            "argument must be between {min} and {max} inclusive"
        ))
    }
}

/// A number of bytes with an optional unit: `b`, `k`, `kb`, `m`, `mb`, `g`, `gb`,
/// where the units with a `b` are powers of 1024 and those without powers of 1000.
#[must_use]
pub fn parse_memory(text: &str) -> Option<i64> {
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1024,
        "m" => 1_000_000,
        "mb" => 1024 * 1024,
        "g" => 1_000_000_000,
        "gb" => 1024 * 1024 * 1024,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(factor)
}

/// The classes of keyspace events that `A` stands for.
const EVENTS_IN_ALL: &str = "g$lshzxetd";

/// Classes of keyspace events in the server's order, with `A` for all it stands for.
fn normalize_events(text: &str) -> Option<String> {
    const IN_ALL: &str = EVENTS_IN_ALL;
    const OTHERS: &str = "KEmn";
    let has = |class: char| text.contains(class) || (text.contains('A') && IN_ALL.contains(class));
    if text
        .chars()
        .any(|c| c != 'A' && !IN_ALL.contains(c) && !OTHERS.contains(c))
    {
        return None;
    }
    let mut out = String::new();
    if IN_ALL.chars().all(has) {
        out.push('A');
    } else {
        out.extend(IN_ALL.chars().filter(|&c| has(c)));
    }
    out.extend(OTHERS.chars().filter(|&c| has(c)));
    Some(out)
}

/// The settings that are read for every command or every client, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `proto-max-bulk-len`, in bytes.
    pub max_bulk_bytes: i64,
    /// `client-query-buffer-limit`, in bytes.
    pub max_query_bytes: usize,
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
            max_clients: size("maxclients"),
            idle_timeout_s: unsigned("timeout"),
            max_memory_bytes: unsigned("maxmemory"),
            eviction: Policy::from_name(config.get("maxmemory-policy")),
            eviction_samples: size("maxmemory-samples"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: Result<&str, &str>) {
        let mut config = Config::default();
        let at = Config::find(name.as_bytes()).expect("a setting");
        let outcome = config.set(at, value).map(|()| config.get(name).to_owned());
        assert_eq!(
            outcome,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{name} {value}"
        );
    }

    #[test]
    fn defaults_fit_their_kinds() {
        for spec in CONFIG {
            assert!(spec.kind.normalize(spec.default).is_ok(), "{}", spec.name);
        }
        assert!(CONFIG.is_sorted_by_key(|spec| spec.name));
    }

    #[test]
    fn values_are_checked_and_normalized() {
        check("maxmemory", "2mb", Ok("2097152"));
        check("maxmemory", "2m", Ok("2000000"));
        check("maxmemory", "x", Err("argument must be a memory value"));
        check("lua-time-limit", "10", Ok("10"));
        check(
            "hz",
            "0",
            Err("argument must be between 1 and 500 inclusive"),
        );
        check(
            "hz",
            "1.5",
            Err("argument couldn't be parsed into an integer"),
        );
        check("LogLevel", "DEBUG", Ok("debug"));
        check("notify-keyspace-events", "KEA", Ok("AKE"));
        check("notify-keyspace-events", "Kx", Ok("xK"));
        check("save", "900  1", Ok("900 1"));
        check("save", "900", Err("Invalid save parameters"));
    }
}
