//! `XGROUP`, `XACK`, `XPENDING`.

use super::{no_key_or_group, note, parse_bound, parse_id, quoted, send_id, wrong_usage};
use super::{parse_end, parse_start};
use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::keyspace::stream::{Group, Stream, StreamId};
use crate::reply::ReplySink;
use crate::server;

const NO_KEY: CommandError = CommandError::of(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to \
     use the MKSTREAM option to create an empty stream automatically.",
);

/// There is no such group in a key that is there.
pub(super) fn no_group(key: &[u8], group: &[u8]) -> CommandError {
    let (key, group) = (quoted(key), quoted(group));
    let start = b"NOGROUP No such consumer group '";
    CommandError::new([start, group, b"' for key name '", key, b"'"].concat())
}

/// The group of that name in a key that must be there.
fn find<'a>(cx: &'a mut Cx<'_>, key: &[u8], name: &[u8]) -> Result<&'a mut Group, CommandError> {
    let stream = cx.edit::<Stream>(key)?.ok_or(NO_KEY)?;
    stream
        .groups
        .get_mut(name)
        .ok_or_else(|| no_group(key, name))
}

/// The options of `XGROUP CREATE` and `SETID`: whether to make the stream, and how many
/// entries count as read.
fn parse_options(args: &[&[u8]], creates: bool) -> Result<(bool, Option<i64>), CommandError> {
    let (mut makes_stream, mut n_read) = (false, None);
    let mut options = Options::new(&args[5..]);
    while let Some(word) = options.next() {
        if creates && is(word, "mkstream") {
            makes_stream = true;
        } else if is(word, "entriesread") && options.left() > 0 {
            let value = args::int(options.value()?)?;
            if value < -1 {
                return Err(CommandError::of(
                    "ERR value for ENTRIESREAD must be positive or -1",
                ));
            }
            n_read = (value >= 0).then_some(value);
        } else {
            return Err(wrong_usage(args));
        }
    }
    Ok((makes_stream, n_read))
}

pub(super) fn create(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    /// More than all options together have.
    const MAX_ARGS: usize = 8;
    let (key, name) = (args[2], args[3]);
    let (makes_stream, n_read) = parse_options(args, true)?;
    let last_id = cx.edit::<Stream>(key)?.map(|stream| stream.log.last_id);
    if last_id.is_none() && !makes_stream {
        return Err(NO_KEY);
    }
    if args.len() > MAX_ARGS {
        return Err(wrong_usage(args));
    }
    let id = match args[4] {
        b"$" => last_id.unwrap_or_default(),
        text => parse_id(text, 0)?,
    };
    if last_id.is_none() {
        cx.edit_or_create::<Stream>(key)?;
        cx.server.signal_modified(cx.session.db, key);
    }
    let groups = &mut cx.edit_or_create::<Stream>(key)?.groups;
    if groups.contains_key(name) {
        return Err(CommandError::of(
            "BUSYGROUP Consumer Group name already exists",
        ));
    }
    groups.insert(name.into(), Group::new(id, n_read));
    note(cx, key, "xgroup-create");
    out.ok();
    Ok(())
}

pub(super) fn set_id(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, name) = (args[2], args[3]);
    let (_, n_read) = parse_options(args, false)?;
    find(cx, key, name)?;
    if args.len() != 5 && args.len() != 7 {
        return Err(wrong_usage(args));
    }
    let last_id = cx.edit::<Stream>(key)?.map(|stream| stream.log.last_id);
    let id = match args[4] {
        b"$" => last_id.unwrap_or_default(),
        text => parse_bound(text, 0)?,
    };
    let group = find(cx, key, name)?;
    (group.last_id, group.n_read) = (id, n_read);
    note(cx, key, "xgroup-setid");
    out.ok();
    Ok(())
}

pub(super) fn destroy(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, name) = (args[2], args[3]);
    let stream = cx.edit::<Stream>(key)?.ok_or(NO_KEY)?;
    let was_there = stream.groups.remove(name).is_some();
    if was_there {
        note(cx, key, "xgroup-destroy");
        // Its readers have nothing to wait for any more.
        cx.server.blocking.signal(cx.session.db, key);
    }
    out.integer(was_there.into());
    Ok(())
}

pub(super) fn create_consumer(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let now_ms = cx.now_ms();
    let is_new = find(cx, args[2], args[3])?.add_consumer(args[4], now_ms);
    if is_new {
        note(cx, args[2], "xgroup-createconsumer");
    }
    out.integer(is_new.into());
    Ok(())
}

pub(super) fn delete_consumer(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_pending = find(cx, args[2], args[3])?.remove_consumer(args[4]);
    if n_pending.is_some() {
        note(cx, args[2], "xgroup-delconsumer");
    }
    out.integer(n_pending.unwrap_or(0) as i64);
    Ok(())
}

pub(super) fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let lines = [
        "CREATE <key> <groupname> <id|$> [option]",
        "    Create a new consumer group. Options are:",
        "    * MKSTREAM",
        "      Create the empty stream if it does not exist.",
        "    * ENTRIESREAD entries_read",
        "      Set the group's entries_read counter (internal use).",
        "CREATECONSUMER <key> <groupname> <consumer>",
        "    Create a new consumer in the specified group.",
        "DELCONSUMER <key> <groupname> <consumer>",
        "    Remove the specified consumer.",
        "DESTROY <key> <groupname>",
        "    Remove the specified group.",
        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
        "    Set the current group ID and entries_read counter.",
    ];
    server::commands::help(out, cx.server.compat, "XGROUP", &lines);
    Ok(())
}

pub(super) fn xack(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let stream = cx.edit::<Stream>(args[1])?;
    let Some(group) = stream.and_then(|stream| stream.groups.get_mut(args[2])) else {
        out.integer(0);
        return Ok(());
    };
    let ids = args[3..].iter().map(|text| parse_id(text, 0));
    let ids: Vec<StreamId> = ids.collect::<Result<_, _>>()?;
    let n_acknowledged = ids.iter().filter(|id| group.acknowledge(**id)).count();
    cx.keyspace().dirty += n_acknowledged as u64;
    out.integer(n_acknowledged as i64);
    Ok(())
}

/// What `XPENDING` is to list.
struct Listing<'a> {
    start: StreamId,
    end: StreamId,
    count: usize,
    min_idle_ms: i64,
    consumer: Option<&'a [u8]>,
}

impl<'a> Listing<'a> {
    /// Reads `[IDLE ms] start end count [consumer]`.
    fn parse(words: &[&'a [u8]]) -> Result<Self, CommandError> {
        let (min_idle_ms, words) = match words {
            [word, ms, rest @ ..] if is(word, "idle") => (args::int(ms)?, rest),
            words => (0, words),
        };
        let [start, end, count, rest @ ..] = words else {
            return Err(CommandError::SYNTAX);
        };
        let count = args::int(count)?.max(0);
        Ok(Self {
            start: parse_start(start)?,
            end: parse_end(end)?,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            min_idle_ms,
            consumer: rest.first().copied(),
        })
    }

    fn send(&self, group: &Group, now_ms: i64, out: &mut dyn ReplySink) {
        let is_wanted = |name: &[u8]| self.consumer.is_none_or(|wanted| wanted == name);
        let is_long_idle = |idle_ms| self.min_idle_ms == 0 || idle_ms >= self.min_idle_ms;
        let within = if self.start <= self.end {
            Some(group.pending().range(self.start..=self.end))
        } else {
            None
        };
        let found: Vec<_> = within
            .into_iter()
            .flatten()
            .filter(|(_, it)| is_wanted(&it.consumer) && is_long_idle(it.idle_ms(now_ms)))
            .take(self.count)
            .collect();
        out.array(found.len());
        for (id, pending) in found {
            out.array(4);
            send_id(out, *id);
            out.bulk(&pending.consumer);
            out.integer(pending.idle_ms(now_ms).max(0));
            out.integer(pending.n_deliveries);
        }
    }
}

pub(super) fn xpending(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, name) = (args[1], args[2]);
    if args.len() != 3 && !(6..=9).contains(&args.len()) {
        return Err(CommandError::SYNTAX);
    }
    let listing = match &args[3..] {
        [] => None,
        words => Some(Listing::parse(words)?),
    };
    let now_ms = cx.now_ms();
    let stream = cx.read::<Stream>(key)?;
    let group = stream.and_then(|stream| stream.groups.get(name));
    let group = group.ok_or_else(|| no_key_or_group(key, name, ""))?;
    if let Some(listing) = listing {
        listing.send(group, now_ms, out);
    } else {
        summarize(group, out);
    }
    Ok(())
}

/// How much is pending, from which id to which, and how much for each consumer.
fn summarize(group: &Group, out: &mut dyn ReplySink) {
    out.array(4);
    out.integer(group.pending().len() as i64);
    let ends = (
        group.pending().first_key_value(),
        group.pending().last_key_value(),
    );
    let (Some((first, _)), Some((last, _))) = ends else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    send_id(out, *first);
    send_id(out, *last);
    let consumers = group.consumers().iter();
    let busy: Vec<_> = consumers
        .filter(|(_, it)| !it.pending().is_empty())
        .collect();
    out.array(busy.len());
    for (name, consumer) in busy {
        out.array(2);
        out.bulk(name);
        out.bulk(
            itoa::Buffer::new()
                .format(consumer.pending().len())
                .as_bytes(),
        );
    }
}
