//! `XINFO`.

use super::groups::no_group;
use super::{send_entries, send_entry, send_id, wrong_usage};
use crate::commands::Cx;
use crate::commands::args::{self, is};
use crate::commands::error::{CommandError, Done};
use crate::compat::Compat;
use crate::keyspace::stream::{Consumer, Group, Log, Stream, StreamId};
use crate::reply::ReplySink;
use crate::server;

/// The stream that is asked about.
fn find<'a>(cx: &'a mut Cx<'_>, key: &[u8]) -> Result<&'a Stream, CommandError> {
    cx.read::<Stream>(key)?.ok_or(CommandError::NO_SUCH_KEY)
}

/// Does the server tell when a consumer last got something?
fn knows_activity(cx: &Cx<'_>) -> bool {
    cx.server.compat != Compat::Redis70
}

fn field(out: &mut dyn ReplySink, name: &str, value: i64) {
    out.bulk(name.as_bytes());
    out.integer(value);
}

fn id_field(out: &mut dyn ReplySink, name: &str, id: StreamId) {
    out.bulk(name.as_bytes());
    send_id(out, id);
}

fn optional(out: &mut dyn ReplySink, name: &str, value: Option<i64>) {
    out.bulk(name.as_bytes());
    match value {
        Some(value) => out.integer(value),
        None => out.null(),
    }
}

pub(super) fn stream(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    const DEFAULT_COUNT: i64 = 10;
    let knows_activity = knows_activity(cx);
    let stream = find(cx, args[2])?;
    let count = match &args[3..] {
        [] => None,
        [full] if is(full, "full") => Some(DEFAULT_COUNT),
        [full, word, count] if is(full, "full") && is(word, "count") => {
            let count = args::int(count)?;
            Some(if count < 0 { DEFAULT_COUNT } else { count })
        }
        _ => return Err(wrong_usage(args)),
    };
    let Stream { log, groups } = stream;
    out.map(if count.is_some() { 9 } else { 10 });
    field(out, "length", log.len() as i64);
    field(out, "radix-tree-keys", log.n_nodes() as i64);
    field(out, "radix-tree-nodes", log.n_tree_nodes() as i64);
    id_field(out, "last-generated-id", log.last_id);
    id_field(out, "max-deleted-entry-id", log.max_deleted_id);
    field(out, "entries-added", log.n_added);
    id_field(out, "recorded-first-entry-id", log.first_id());
    let Some(count) = count else {
        field(out, "groups", groups.len() as i64);
        for (name, entry) in [("first-entry", log.first()), ("last-entry", log.last())] {
            out.bulk(name.as_bytes());
            match entry {
                Some(entry) => send_entry(out, &entry),
                None => out.null(),
            }
        }
        return Ok(());
    };
    let limit = match usize::try_from(count) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(count) => count,
    };
    out.bulk(b"entries");
    let entries = log.range(StreamId::MIN, StreamId::MAX);
    send_entries(out, entries.take(limit));
    out.bulk(b"groups");
    out.array(groups.len());
    for (name, group) in groups {
        send_group(out, name, (log, group), limit, knows_activity);
    }
    Ok(())
}

/// Sends all about a group, and up to `limit` of each list of pending entries.
fn send_group(
    out: &mut dyn ReplySink,
    name: &[u8],
    (log, group): (&Log, &Group),
    limit: usize,
    knows_activity: bool,
) {
    out.map(7);
    out.bulk(b"name");
    out.bulk(name);
    id_field(out, "last-delivered-id", group.last_id);
    optional(out, "entries-read", group.n_read);
    optional(out, "lag", group.lag(log));
    let pending = group.pending();
    field(out, "pel-count", pending.len() as i64);
    out.bulk(b"pending");
    out.array(pending.len().min(limit));
    for (id, it) in pending.iter().take(limit) {
        out.array(4);
        send_id(out, *id);
        out.bulk(&it.consumer);
        out.integer(it.delivered_at_ms);
        out.integer(it.n_deliveries);
    }
    out.bulk(b"consumers");
    out.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        out.map(if knows_activity { 5 } else { 4 });
        out.bulk(b"name");
        out.bulk(name);
        field(out, "seen-time", consumer.seen_at_ms);
        if knows_activity {
            field(out, "active-time", consumer.active_at_ms.unwrap_or(-1));
        }
        field(out, "pel-count", consumer.pending().len() as i64);
        out.bulk(b"pending");
        out.array(consumer.pending().len().min(limit));
        for id in consumer.pending().iter().take(limit) {
            out.array(3);
            send_id(out, *id);
            let it = pending.get(id);
            out.integer(it.map_or(0, |it| it.delivered_at_ms));
            out.integer(it.map_or(0, |it| it.n_deliveries));
        }
    }
}

pub(super) fn groups(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Stream { log, groups } = find(cx, args[2])?;
    out.array(groups.len());
    for (name, group) in groups {
        out.map(6);
        out.bulk(b"name");
        out.bulk(name);
        field(out, "consumers", group.consumers().len() as i64);
        field(out, "pending", group.pending().len() as i64);
        id_field(out, "last-delivered-id", group.last_id);
        optional(out, "entries-read", group.n_read);
        optional(out, "lag", group.lag(log));
    }
    Ok(())
}

pub(super) fn consumers(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (now_ms, knows_activity) = (cx.now_ms(), knows_activity(cx));
    let stream = find(cx, args[2])?;
    let group = stream.groups.get(args[3]);
    let group = group.ok_or_else(|| no_group(args[2], args[3]))?;
    out.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        let since = |at_ms: i64| now_ms.wrapping_sub(at_ms).max(0);
        let Consumer {
            seen_at_ms,
            active_at_ms,
            ..
        } = *consumer;
        out.map(if knows_activity { 4 } else { 3 });
        out.bulk(b"name");
        out.bulk(name);
        field(out, "pending", consumer.pending().len() as i64);
        field(out, "idle", since(seen_at_ms));
        if knows_activity {
            field(out, "inactive", active_at_ms.map_or(-1, since));
        }
    }
    Ok(())
}

pub(super) fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let lines = [
        "CONSUMERS <key> <groupname>",
        "    Show consumers of <groupname>.",
        "GROUPS <key>",
        "    Show the stream consumer groups.",
        "STREAM <key> [FULL [COUNT <count>]",
        "    Show information about the stream.",
    ];
    server::commands::help(out, cx.server.compat, "XINFO", &lines);
    Ok(())
}
