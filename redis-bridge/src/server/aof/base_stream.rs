//! The base of a log: commands that make a stream, with the groups of its consumers.

use crate::keyspace::effects::encode;
use crate::keyspace::stream::{Group, Stream, StreamId};
use crate::keyspace::string::TextBytes;

/// Appends the commands that make a stream.
pub(super) fn encode_stream(out: &mut Vec<u8>, key: &[u8], stream: &Stream) {
    let log = &stream.log;
    for entry in log.range(StreamId::MIN, StreamId::MAX) {
        let id = entry.id.to_string();
        let fields: Vec<TextBytes<'_>> = entry.fields().flat_map(|(f, v)| [f, v]).collect();
        let start: [&[u8]; 3] = [b"XADD", key, id.as_bytes()];
        let fields = fields.iter().map(|text| &**text);
        let argv: Vec<&[u8]> = start.into_iter().chain(fields).collect();
        encode(out, &argv);
    }
    let last = log.last_id.to_string();
    if log.is_empty() {
        // An entry that is gone at once leaves an empty stream.
        encode(out, &[b"XADD", key, b"MAXLEN", b"0", b"0-1", b"x", b"y"]);
    }
    let (n_added, max_deleted) = (log.n_added.to_string(), log.max_deleted_id.to_string());
    encode(
        out,
        &[
            b"XSETID",
            key,
            last.as_bytes(),
            b"ENTRIESADDED",
            n_added.as_bytes(),
            b"MAXDELETEDID",
            max_deleted.as_bytes(),
        ],
    );
    for (name, group) in &stream.groups {
        encode_group(out, key, name, group);
    }
}

fn encode_group(out: &mut Vec<u8>, key: &[u8], name: &[u8], group: &Group) {
    let last = group.last_id.to_string();
    // -1 is what a group has that does not know.
    let n_read = group.n_read.unwrap_or(-1).to_string();
    encode(
        out,
        &[
            b"XGROUP",
            b"CREATE",
            key,
            name,
            last.as_bytes(),
            b"ENTRIESREAD",
            n_read.as_bytes(),
        ],
    );
    for consumer in group.consumers().keys() {
        encode(out, &[b"XGROUP", b"CREATECONSUMER", key, name, consumer]);
    }
    for (id, pending) in group.pending() {
        let id = id.to_string();
        let (at, n) = (
            pending.delivered_at_ms.to_string(),
            pending.n_deliveries.to_string(),
        );
        encode(
            out,
            &[
                b"XCLAIM",
                key,
                name,
                &pending.consumer,
                b"0",
                id.as_bytes(),
                b"TIME",
                at.as_bytes(),
                b"RETRYCOUNT",
                n.as_bytes(),
                b"JUSTID",
                b"FORCE",
            ],
        );
    }
}
