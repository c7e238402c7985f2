//! Commands on streams: the rows, how ids are read, and how entries are sent. What the
//! commands do is in a file for each group of them.

mod claim;
mod edit;
mod groups;
mod info;
mod range;
mod read;
#[cfg(test)]
mod tests;

use crate::commands::Cx;
use crate::commands::error::CommandError;
use crate::commands::spec::{CommandSpec, Group, KeySpec, rows_of};
use crate::keyspace::stream::{Entry, StreamId};
use crate::keyspace::{Event, EventClass};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::dispatch;

rows_of!(Stream);

const FIRST: KeySpec = KeySpec::FIRST;
const SECOND: KeySpec = KeySpec::SECOND;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("xack", "5.0.0", -4, "write fast; RW update", FIRST, replying!(groups::xack)),
    row("xadd", "5.0.0", -5, "write denyoom fast; RW update", FIRST, replying!(edit::xadd)),
    row("xautoclaim", "6.2.0", -6, "write fast; RW delete", FIRST, replying!(claim::xautoclaim)),
    row("xclaim", "5.0.0", -6, "write fast; RW update", FIRST, replying!(claim::xclaim)),
    row("xdel", "5.0.0", -3, "write fast; RW delete", FIRST, replying!(edit::xdel)),
    CommandSpec::container(Group::Stream, "xgroup", "5.0.0", XGROUP),
    CommandSpec::container(Group::Stream, "xinfo", "5.0.0", XINFO),
    row("xlen", "5.0.0", 2, "readonly fast; RO", FIRST, replying!(range::xlen)),
    row("xpending", "5.0.0", -3, "readonly", FIRST, replying!(groups::xpending)),
    row("xrange", "5.0.0", -4, "readonly", FIRST, replying!(range::xrange)),
    row("xread", "5.0.0", -4, "readonly blocking movablekeys", KeySpec::Streams(1), replying!(read::xread)),
    row("xreadgroup", "5.0.0", -7, "write blocking movablekeys; RO access", KeySpec::Streams(4), replying!(read::xreadgroup)),
    row("xrevrange", "5.0.0", -4, "readonly", FIRST, replying!(range::xrevrange)),
    row("xsetid", "5.0.0", -3, "write denyoom fast; RW update", FIRST, replying!(edit::xsetid)),
    row("xtrim", "5.0.0", -4, "write; RW delete", FIRST, replying!(edit::xtrim)),
];

#[rustfmt::skip]
const XGROUP: &[CommandSpec] = &[
    row("xgroup|create", "5.0.0", -5, "write denyoom; RW insert", SECOND, replying!(groups::create)),
    row("xgroup|createconsumer", "6.2.0", 5, "write denyoom; RW insert", SECOND, replying!(groups::create_consumer)),
    row("xgroup|delconsumer", "5.0.0", 5, "write; RW delete", SECOND, replying!(groups::delete_consumer)),
    row("xgroup|destroy", "5.0.0", 4, "write; RW delete", SECOND, replying!(groups::destroy)),
    row("xgroup|help", "5.0.0", 2, "loading stale", KeySpec::None, replying!(groups::help)),
    row("xgroup|setid", "5.0.0", -5, "write; RW update", SECOND, replying!(groups::set_id)),
];

#[rustfmt::skip]
const XINFO: &[CommandSpec] = &[
    row("xinfo|consumers", "5.0.0", 4, "readonly", SECOND, replying!(info::consumers)),
    row("xinfo|groups", "5.0.0", 3, "readonly", SECOND, replying!(info::groups)),
    row("xinfo|help", "5.0.0", 2, "loading stale", KeySpec::None, replying!(info::help)),
    row("xinfo|stream", "5.0.0", -3, "readonly", SECOND, replying!(info::stream)),
];

const INVALID_ID: CommandError =
    CommandError::of("ERR Invalid stream ID specified as stream command argument");

/// An id; `missing_seq` is its second part if there is only one.
fn parse_id(text: &[u8], missing_seq: u64) -> Result<StreamId, CommandError> {
    StreamId::parse(text, missing_seq).ok_or(INVALID_ID)
}

/// As [`parse_id`], where `-` and `+` stand for the least and the greatest.
fn parse_bound(text: &[u8], missing_seq: u64) -> Result<StreamId, CommandError> {
    match text {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => parse_id(text, missing_seq),
    }
}

/// The start of a range, which begins just after an id that has a `(` in front.
fn parse_start(text: &[u8]) -> Result<StreamId, CommandError> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => parse_id(id, 0)?
            .next()
            .ok_or(CommandError::of("ERR invalid start ID for the interval")),
        _ => parse_bound(text, 0),
    }
}

/// The end of a range, which lies just before an id that has a `(` in front.
fn parse_end(text: &[u8]) -> Result<StreamId, CommandError> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => parse_id(id, u64::MAX)?
            .previous()
            .ok_or(CommandError::of("ERR invalid end ID for the interval")),
        _ => parse_bound(text, u64::MAX),
    }
}

/// Arguments that a subcommand cannot make anything of.
fn wrong_usage(args: &[&[u8]]) -> CommandError {
    let start = b"ERR unknown subcommand or wrong number of arguments for '";
    let container = args[0].to_ascii_uppercase();
    let sub = dispatch::shown(args[1]);
    CommandError::new([&start[..], sub, b"'. Try ", &container, b" HELP."].concat())
}

/// What C makes of a text that an error quotes: it ends at a NUL.
fn quoted(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |end| &text[..end])
}

/// There is no such key, or no such group in it.
fn no_key_or_group(key: &[u8], group: &[u8], where_: &str) -> CommandError {
    let (key, group) = (quoted(key), quoted(group));
    let start = b"NOGROUP No such key '";
    let middle = b"' or consumer group '";
    CommandError::new([start, key, middle, group, b"'", where_.as_bytes()].concat())
}

/// The text of an id.
struct IdText {
    bytes: [u8; 41],
    len: usize,
}

impl IdText {
    fn of(id: StreamId) -> Self {
        let mut text = Self {
            bytes: [0; 41],
            len: 0,
        };
        let mut digits = itoa::Buffer::new();
        text.push(digits.format(id.ms).as_bytes());
        text.push(b"-");
        text.push(digits.format(id.seq).as_bytes());
        text
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn send_id(out: &mut dyn ReplySink, id: StreamId) {
    out.bulk(IdText::of(id).as_bytes());
}

/// Sends an entry: its id, and its fields and values in one array.
fn send_entry(out: &mut dyn ReplySink, entry: &Entry<'_>) {
    out.array(2);
    send_id(out, entry.id);
    out.array(entry.n_fields() * 2);
    for (field, value) in entry.fields() {
        out.bulk(&field);
        out.bulk(&value);
    }
}

/// Sends entries in an array.
fn send_entries<'a>(out: &mut dyn ReplySink, entries: impl Iterator<Item = Entry<'a>>) {
    let entries: Vec<_> = entries.collect();
    out.array(entries.len());
    entries.iter().for_each(|entry| send_entry(out, entry));
}

/// Something has happened to a stream that neither those who watch the key nor those
/// who wait for entries need to know; subscribers do.
fn note(cx: &mut Cx<'_>, key: &[u8], name: &'static str) {
    let db = cx.db();
    cx.keyspace().dirty += 1;
    cx.keyspace()
        .events
        .note(Event(EventClass::Stream, name), db, key);
}
