//! `XREAD` and `XREADGROUP`, which may wait for entries.

use super::{IdText, no_key_or_group, note, parse_id, send_entries, send_entry, send_id};
use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::compat::Compat;
use crate::keyspace::stream::{Stream, StreamId};
use crate::keyspace::value::Type;
use crate::reply::{Protocol, ReplySink};
use crate::server::session::BlockRequest;

/// The group and the consumer that read.
#[derive(Clone, Copy)]
struct Reader<'a> {
    group: &'a [u8],
    consumer: &'a [u8],
    /// What is read counts as acknowledged.
    no_ack: bool,
}

/// A call, parsed.
struct Call<'a, 'b> {
    /// Milliseconds to wait, at most or for ever; `None` is not to wait.
    block: Option<Option<u64>>,
    /// Entries to read from each stream; 0 is all.
    count: usize,
    reader: Option<Reader<'b>>,
    keys: &'a [&'b [u8]],
    /// As many as keys.
    ids: &'a [&'b [u8]],
}

impl<'a, 'b> Call<'a, 'b> {
    fn parse(cx: &Cx<'_>, args: &'a [&'b [u8]], is_group: bool) -> Result<Self, CommandError> {
        let (mut block, mut count, mut reader, mut no_ack) = (None, 0, None, false);
        let mut streams = None;
        let mut options = Options::new(&args[1..]);
        while let Some(word) = options.next() {
            if is(word, "block") && options.left() > 0 {
                if cx.server.compat == Compat::Redis70 && cx.server.running_script.is_some() {
                    let text = b" command is not allowed with BLOCK option from scripts";
                    let name = super::quoted(args[0]);
                    return Err(CommandError::new([b"ERR ", name, text].concat()));
                }
                block = Some(parse_block(cx, options.value()?)?);
            } else if is(word, "count") && options.left() > 0 {
                let value = args::int(options.value()?)?.max(0);
                count = usize::try_from(value).unwrap_or(usize::MAX);
            } else if is(word, "streams") && options.left() > 0 {
                let rest = &args[args.len() - options.left()..];
                if !rest.len().is_multiple_of(2) {
                    return Err(unbalanced(cx.server.compat, is_group));
                }
                streams = Some(rest.split_at(rest.len() / 2));
                break;
            } else if is(word, "group") && options.left() >= 2 {
                if !is_group {
                    return Err(CommandError::of(
                        "ERR The GROUP option is only supported by XREADGROUP. You called XREAD \
                         instead.",
                    ));
                }
                reader = Some((options.value()?, options.value()?));
            } else if is(word, "noack") {
                if !is_group {
                    return Err(CommandError::of(
                        "ERR The NOACK option is only supported by XREADGROUP. You called XREAD \
                         instead.",
                    ));
                }
                no_ack = true;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        let (keys, ids) = streams.ok_or(CommandError::SYNTAX)?;
        if is_group && reader.is_none() {
            return Err(CommandError::of("ERR Missing GROUP option for XREADGROUP"));
        }
        let reader = reader.map(|(group, consumer)| Reader {
            group,
            consumer,
            no_ack,
        });
        Ok(Self {
            block,
            count,
            reader,
            keys,
            ids,
        })
    }

    /// Entries to read from one stream.
    fn limit(&self) -> usize {
        if self.count == 0 {
            usize::MAX
        } else {
            self.count
        }
    }

    /// From where to read each stream. Also checks that its key and group are there.
    fn starts(&self, cx: &mut Cx<'_>) -> Result<Vec<Start>, CommandError> {
        let knows_last = cx.server.compat == Compat::Valkey91;
        let mut starts = Vec::with_capacity(self.keys.len());
        for (key, id) in self.keys.iter().zip(self.ids) {
            let stream = cx.read::<Stream>(key)?;
            if let Some(reader) = self.reader {
                let group = stream.and_then(|stream| stream.groups.get(reader.group));
                if group.is_none() {
                    let place = " in XREADGROUP with GROUP option";
                    return Err(no_key_or_group(key, reader.group, place));
                }
            }
            starts.push(match (*id, self.reader) {
                (b"$", None) => Start::After(stream.map_or(StreamId::MIN, |it| it.log.last_id)),
                (b"$", Some(_)) => return Err(meaningless('$')),
                (b">", Some(_)) => Start::New,
                (b">", None) => {
                    return Err(CommandError::of(
                        "ERR The > ID can be specified only when calling XREADGROUP using the \
                         GROUP <group> <consumer> option.",
                    ));
                }
                (b"+", None) if knows_last => {
                    let before_last = |stream: &Stream| match stream.log.last() {
                        Some(last) => last.id.previous().unwrap_or(StreamId::MIN),
                        None => stream.log.last_id,
                    };
                    Start::After(stream.map_or(StreamId::MIN, before_last))
                }
                (b"+", Some(_)) if knows_last => return Err(meaningless('+')),
                (id, reader) => match parse_id(id, 0)? {
                    StreamId::MAX if reader.is_some() => Start::New,
                    id => Start::After(id),
                },
            });
        }
        Ok(starts)
    }

    /// Asks the server to run the call again when there may be something to read, or
    /// tells the client that there is nothing.
    fn wait(&self, cx: &mut Cx<'_>, args: &[&[u8]], starts: &[Start], out: &mut dyn ReplySink) {
        let Some(timeout_ms) = self.block.filter(|_| !cx.session.deny_blocking) else {
            out.null_array();
            return;
        };
        // What is new is what comes from now on, not what comes from the next look on.
        let n_before = args.len() - self.ids.len();
        let ids = starts
            .iter()
            .zip(self.ids)
            .map(|(start, text)| match start {
                Start::After(id) => IdText::of(*id).as_bytes().to_vec(),
                Start::New => text.to_vec(),
            });
        let before = args[..n_before].iter().map(|arg| arg.to_vec());
        cx.session.block = Some(BlockRequest {
            keys: self.keys.iter().map(|key| key.to_vec()).collect(),
            wanted: Some(Type::Stream),
            wants_removal: self.reader.is_some(),
            timeout_ms,
            args: Some(before.chain(ids).collect()),
        });
    }
}

/// From where to read.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Just after this id; for a group, its consumer's pending entries.
    After(StreamId),
    /// What no consumer of the group has got yet.
    New,
}

/// There are not as many ids as keys.
fn unbalanced(compat: Compat, is_group: bool) -> CommandError {
    let (name, symbol) = match (compat, is_group) {
        (Compat::Redis70, _) => ("XREAD", '$'),
        (_, true) => ("'xreadgroup'", '>'),
        (_, false) => ("'xread'", '$'),
    };
    CommandError::new(format!(
        "ERR Unbalanced {name} list of streams: for each stream key an ID or '{symbol}' must be \
         specified."
    ))
}

fn meaningless(id: char) -> CommandError {
    CommandError::new(format!(
        "ERR The {id} ID is meaningless in the context of XREADGROUP: you want to read the \
         history of this consumer by specifying a proper ID, or use the > ID to get new messages. \
         The {id} ID would just return an empty result set."
    ))
}

/// The time to wait in milliseconds; `None` is for ever.
fn parse_block(cx: &Cx<'_>, text: &[u8]) -> Result<Option<u64>, CommandError> {
    let ms = args::parse_i64(text).ok_or(CommandError::of(
        "ERR timeout is not an integer or out of range",
    ))?;
    let ms = u64::try_from(ms).map_err(|_| CommandError::of("ERR timeout is negative"))?;
    if cx.now_ms().checked_add_unsigned(ms).is_none() {
        return Err(CommandError::of("ERR timeout is out of range"));
    }
    Ok((ms > 0).then_some(ms))
}

/// Announces so many streams; each is a key with what belongs to it.
fn open_reply(out: &mut dyn ReplySink, n_streams: usize) {
    match out.protocol() {
        Protocol::Resp2 => out.array(n_streams),
        Protocol::Resp3 => out.map(n_streams),
    }
}

fn open_stream(out: &mut dyn ReplySink, key: &[u8]) {
    if out.protocol() == Protocol::Resp2 {
        out.array(2);
    }
    out.bulk(key);
}

pub(super) fn xread(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.is_time_over {
        out.null_array();
        return Ok(());
    }
    let call = Call::parse(cx, args, false)?;
    if let Some(at) = woken_by(cx, call.keys) {
        // The ids were written out when the wait began.
        let starts = call.ids.iter().map(|id| Ok(Start::After(parse_id(id, 0)?)));
        let starts: Vec<Start> = starts.collect::<Result<_, CommandError>>()?;
        return serve_woken(cx, args, &call, &starts, at, out);
    }
    let starts = call.starts(cx)?;
    let mut served = Vec::new();
    for (key, start) in call.keys.iter().zip(&starts) {
        let Start::After(id) = *start else { continue };
        let last = cx
            .read::<Stream>(key)?
            .and_then(|it| Some(it.log.last()?.id));
        if let Some(first) = id.next().filter(|_| last.is_some_and(|last| last > id)) {
            served.push((*key, first));
        }
    }
    if served.is_empty() {
        call.wait(cx, args, &starts, out);
        return Ok(());
    }
    open_reply(out, served.len());
    for (key, first) in served {
        open_stream(out, key);
        if let Some(stream) = cx.read::<Stream>(key)? {
            let entries = stream.log.range(first, StreamId::MAX);
            send_entries(out, entries.take(call.limit()));
        }
    }
    Ok(())
}

/// Which of the keys has woken the call, if one has and no other may be looked at.
fn woken_by(cx: &Cx<'_>, keys: &[&[u8]]) -> Option<usize> {
    let ready = cx.session.ready_key.as_ref()?;
    keys.iter().position(|key| **key == **ready)
}

/// What a call that waited gets of the stream that has woken it, as Redis 7.0 has it: it
/// looks only at the stream's last id, and reads a limited number of entries.
fn serve_woken(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    call: &Call<'_, '_>,
    starts: &[Start],
    at: usize,
    out: &mut dyn ReplySink,
) -> Done {
    const DEFAULT_COUNT: usize = 1000;
    let key = call.keys[at];
    let Some(stream) = cx.edit::<Stream>(key)? else {
        call.wait(cx, args, starts, out);
        return Ok(());
    };
    let after = match (call.reader, starts[at]) {
        (Some(reader), _) => stream.groups.get(reader.group).map(|group| group.last_id),
        (None, Start::After(id)) => Some(id),
        (None, Start::New) => None,
    };
    let Some(first) = after
        .filter(|after| stream.log.last_id > *after)
        .and_then(StreamId::next)
    else {
        call.wait(cx, args, starts, out);
        return Ok(());
    };
    let limit = if call.count == 0 {
        DEFAULT_COUNT
    } else {
        call.count
    };
    if let Some(reader) = call.reader {
        see_consumer(cx, key, reader)?;
        let ids = deliver(cx, key, reader, first, limit)?;
        open_reply(out, 1);
        open_stream(out, key);
        return send_new(cx, key, &ids, out);
    }
    open_reply(out, 1);
    open_stream(out, key);
    send_entries(out, stream.log.range(first, StreamId::MAX).take(limit));
    Ok(())
}

/// What one stream gives a consumer.
enum Given {
    /// Entries that were new.
    New(Vec<StreamId>),
    /// What is pending for it.
    History(Vec<StreamId>),
}

pub(super) fn xreadgroup(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.is_time_over {
        out.null_array();
        return Ok(());
    }
    let call = Call::parse(cx, args, true)?;
    let Some(reader) = call.reader else {
        return Err(CommandError::SYNTAX);
    };
    // Redis 7.0 tells those who waited more exactly why they wait in vain.
    if let Some(at) = woken_by(cx, call.keys) {
        match cx.edit::<Stream>(call.keys[at]) {
            Ok(Some(stream)) if !stream.groups.contains_key(reader.group) => {
                return Err(CommandError::of(
                    "NOGROUP the consumer group this client was blocked on no longer exists",
                ));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => {
                return Err(CommandError::of(
                    "UNBLOCKED the stream key no longer exists",
                ));
            }
        }
        let starts = vec![Start::New; call.keys.len()];
        return serve_woken(cx, args, &call, &starts, at, out);
    }
    let starts = call.starts(cx)?;
    cx.log_nothing();
    let mut given = Vec::new();
    // Redis 7.0 has consumers come into being when they get something.
    let is_lazy = cx.server.compat == Compat::Redis70;
    for (key, start) in call.keys.iter().zip(&starts) {
        if !is_lazy || matches!(start, Start::After(_)) {
            see_consumer(cx, key, reader)?;
        }
        match start {
            Start::After(id) => {
                let ids = redeliver(cx, key, reader, *id, call.limit())?;
                given.push((*key, Given::History(ids)));
            }
            Start::New => {
                let Some(stream) = cx.edit::<Stream>(key)? else {
                    continue;
                };
                let after = stream.groups.get(reader.group).map(|group| group.last_id);
                let last = stream.log.last().map(|last| last.id);
                if last > after
                    && let Some(first) = after.and_then(StreamId::next)
                {
                    see_consumer(cx, key, reader)?;
                    let ids = deliver(cx, key, reader, first, call.limit())?;
                    given.push((*key, Given::New(ids)));
                }
            }
        }
    }
    if given.is_empty() {
        call.wait(cx, args, &starts, out);
        return Ok(());
    }
    open_reply(out, given.len());
    for (key, given) in given {
        open_stream(out, key);
        match given {
            Given::New(ids) => send_new(cx, key, &ids, out)?,
            Given::History(ids) => send_history(cx, key, &ids, out)?,
        }
    }
    Ok(())
}

/// Notes that the consumer reads; it comes into being by that.
fn see_consumer(cx: &mut Cx<'_>, key: &[u8], reader: Reader<'_>) -> Done {
    let now_ms = cx.now_ms();
    let Some(stream) = cx.edit::<Stream>(key)? else {
        return Ok(());
    };
    let group = stream.groups.get_mut(reader.group);
    if group.is_some_and(|group| group.see_consumer(reader.consumer, now_ms)) {
        note(cx, key, "xgroup-createconsumer");
        cx.log_as(&[
            b"XGROUP",
            b"CREATECONSUMER",
            key,
            reader.group,
            reader.consumer,
        ]);
    }
    Ok(())
}

/// Gives the consumer new entries, from `first` on; returns their ids.
fn deliver(
    cx: &mut Cx<'_>,
    key: &[u8],
    reader: Reader<'_>,
    first: StreamId,
    limit: usize,
) -> Result<Vec<StreamId>, CommandError> {
    let now_ms = cx.now_ms();
    let Some(Stream { log, groups }) = cx.edit::<Stream>(key)? else {
        return Ok(Vec::new());
    };
    let Some(group) = groups.get_mut(reader.group) else {
        return Ok(Vec::new());
    };
    let entries = log.range(first, StreamId::MAX).take(limit);
    let ids: Vec<StreamId> = entries.map(|entry| entry.id).collect();
    for id in &ids {
        group.advance(log, *id);
        if !reader.no_ack {
            group.assign(*id, reader.consumer, now_ms, 1);
        }
    }
    if !ids.is_empty() {
        group.note_activity(reader.consumer, now_ms);
    }
    let (last_id, n_read) = (group.last_id, group.n_read);
    cx.keyspace().dirty += 1;
    if cx.keyspace().effects.is_wanted() {
        if !reader.no_ack {
            ids.iter().for_each(|id| {
                log_claim(cx, key, (reader.group, reader.consumer), *id, (now_ms, 1))
            });
        }
        let n_read = n_read.unwrap_or(-1).to_string();
        let last_id = IdText::of(last_id);
        let (setid, read): (&[u8], &[u8]) = (b"SETID", b"ENTRIESREAD");
        cx.log_as(&[
            b"XGROUP",
            setid,
            key,
            reader.group,
            last_id.as_bytes(),
            read,
            n_read.as_bytes(),
        ]);
    }
    Ok(ids)
}

/// Logs that an entry is pending for a consumer since a time, after so many deliveries.
pub(super) fn log_claim(
    cx: &mut Cx<'_>,
    key: &[u8],
    (group, consumer): (&[u8], &[u8]),
    id: StreamId,
    (delivered_at_ms, n_deliveries): (i64, i64),
) {
    cx.log_as(&[
        b"XCLAIM",
        key,
        group,
        consumer,
        b"0",
        IdText::of(id).as_bytes(),
        b"TIME",
        delivered_at_ms.to_string().as_bytes(),
        b"RETRYCOUNT",
        n_deliveries.to_string().as_bytes(),
        b"FORCE",
        b"JUSTID",
    ]);
}

/// Gives the consumer once more what is pending for it after an id; returns the ids,
/// those of entries that are gone included.
fn redeliver(
    cx: &mut Cx<'_>,
    key: &[u8],
    reader: Reader<'_>,
    after: StreamId,
    limit: usize,
) -> Result<Vec<StreamId>, CommandError> {
    let now_ms = cx.now_ms();
    cx.keyspace().dirty += 1;
    let Some(Stream { log, groups }) = cx.edit::<Stream>(key)? else {
        return Ok(Vec::new());
    };
    let (Some(group), Some(first)) = (groups.get_mut(reader.group), after.next()) else {
        return Ok(Vec::new());
    };
    let Some(consumer) = group.consumers().get(reader.consumer) else {
        return Ok(Vec::new());
    };
    let ids: Vec<_> = consumer
        .pending()
        .range(first..)
        .take(limit)
        .copied()
        .collect();
    let mut delivered = Vec::new();
    for id in ids.iter().filter(|id| log.get(**id).is_some()) {
        group.redeliver(*id, now_ms);
        delivered.extend(group.pending().get(id).map(|it| (*id, it.n_deliveries)));
    }
    if !ids.is_empty() {
        group.note_activity(reader.consumer, now_ms);
    }
    if cx.keyspace().effects.is_wanted() {
        for (id, n_deliveries) in delivered {
            log_claim(
                cx,
                key,
                (reader.group, reader.consumer),
                id,
                (now_ms, n_deliveries),
            );
        }
    }
    Ok(ids)
}

/// Sends entries that follow one another.
fn send_new(cx: &mut Cx<'_>, key: &[u8], ids: &[StreamId], out: &mut dyn ReplySink) -> Done {
    match (cx.read::<Stream>(key)?, ids.first(), ids.last()) {
        (Some(stream), Some(first), Some(last)) => {
            send_entries(out, stream.log.range(*first, *last));
        }
        _ => out.array(0),
    }
    Ok(())
}

/// Sends entries that may be gone.
fn send_history(cx: &mut Cx<'_>, key: &[u8], ids: &[StreamId], out: &mut dyn ReplySink) -> Done {
    let stream = cx.read::<Stream>(key)?;
    out.array(ids.len());
    for id in ids {
        if let Some(entry) = stream.and_then(|stream| stream.log.get(*id)) {
            send_entry(out, &entry);
        } else {
            out.array(2);
            send_id(out, *id);
            out.null_array();
        }
    }
    Ok(())
}
