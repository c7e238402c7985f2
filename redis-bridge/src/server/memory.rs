//! How much memory the process uses, as the operating system sees it, and how much
//! of it a key takes, by estimate.

use crate::keyspace::{Entry, Value};

/// Bytes of the process that are in memory; 0 where the system does not tell.
#[must_use]
pub fn resident_bytes() -> u64 {
    status_bytes("VmRSS:")
}

/// The most that [`resident_bytes`] has been.
#[must_use]
pub fn peak_resident_bytes() -> u64 {
    status_bytes("VmHWM:")
}

/// A field of `/proc/self/status`, which counts kibibytes.
fn status_bytes(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number
        .and_then(|digits| digits.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// All memory of the machine, in bytes; 0 where the system does not tell.
#[must_use]
pub fn machine_bytes() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number
        .and_then(|digits| digits.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// A number of bytes as `INFO` prints it for people: `1.50M`.
#[must_use]
pub fn human(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1 << 40, "T"),
        (1 << 30, "G"),
        (1 << 20, "M"),
        (1 << 10, "K"),
    ];
    let unit = UNITS.iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(
        || format!("{bytes}B"),
        |(size, letter)| format!("{:.2}{letter}", bytes as f64 / *size as f64),
    )
}

/// As [`estimate`], from a few elements of a collection.
#[must_use]
pub fn sampled_estimate(key: &[u8], entry: &Entry) -> usize {
    const N_SAMPLED: usize = 5;
    /// What an element costs beside its bytes.
    const PER_ELEMENT: usize = 40;
    const PER_KEY: usize = 96;
    let mean = |len: usize, lens: &mut dyn Iterator<Item = usize>| -> usize {
        let (n, sum) = lens
            .take(N_SAMPLED)
            .fold((0, 0), |(n, sum), len| (n + 1, sum + len));
        (sum * len).div_ceil(n.max(1)) + len * PER_ELEMENT
    };
    let value = match &entry.value {
        Value::String(text) => text.len(),
        Value::List(list) => mean(list.len(), &mut list.iter().map(<[u8]>::len)),
        Value::Hash(hash) => mean(
            hash.len(),
            &mut hash
                .iter()
                .map(|(field, value)| field.len() + value.len() + PER_ELEMENT),
        ),
        Value::Set(set) => mean(set.len(), &mut set.iter().map(|member| member.len())),
        Value::SortedSet(zset) => mean(
            zset.len(),
            &mut zset.iter().map(|scored| scored.member.len() + PER_ELEMENT),
        ),
        Value::Stream(_) => return estimate(key, entry),
    };
    PER_KEY + key.len() + value
}

/// About how many bytes a key and its value take.
#[must_use]
pub fn estimate(key: &[u8], entry: &Entry) -> usize {
    /// What an element costs beside its bytes: its place in a table, and its block's
    /// share of the allocator.
    const PER_ELEMENT: usize = 40;
    const PER_KEY: usize = 96;
    let elements = |lens: &mut dyn Iterator<Item = usize>| -> usize {
        lens.map(|len| len + PER_ELEMENT).sum()
    };
    let value = match &entry.value {
        Value::String(text) => text.len(),
        Value::List(list) => elements(&mut list.iter().map(<[u8]>::len)),
        Value::Hash(hash) => elements(
            &mut hash
                .iter()
                .map(|(field, value)| field.len() + value.len() + PER_ELEMENT),
        ),
        Value::Set(set) => elements(&mut set.iter().map(|member| member.len())),
        // A table and an ordered list share the members.
        Value::SortedSet(zset) => {
            elements(&mut zset.iter().map(|scored| scored.member.len() + PER_ELEMENT))
        }
        Value::Stream(stream) => {
            let nodes = stream.log.nodes();
            let entries = elements(&mut nodes.map(|(_, pack)| pack.memory_bytes()));
            let groups = elements(&mut stream.groups.iter().map(|(name, group)| {
                let consumers = elements(&mut group.consumers().keys().map(|name| name.len()));
                name.len() + consumers + group.pending().len() * 2 * PER_ELEMENT
            }));
            entries + groups
        }
    };
    PER_KEY + key.len() + value
}
