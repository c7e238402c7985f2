//! `XADD`, `XTRIM`, `XDEL`, `XSETID`.

use super::{INVALID_ID, IdText, note, parse_id, send_id};
use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::compat::Compat;
use crate::keyspace::stream::{Log, NodeLimits, PartialId, Stream, StreamId, Trim, TrimTo};
use crate::keyspace::{Event, EventClass};
use crate::reply::ReplySink;

/// The options of `XADD` and `XTRIM`.
#[derive(Default)]
struct Parsed {
    trim_to: Option<TrimTo>,
    is_approximate: bool,
    limit: Option<i64>,
    if_exists: bool,
    /// The id of `XADD`; `None` is `*`.
    id: Option<PartialId>,
    /// How many words the options and the id take.
    n_words: usize,
}

impl Parsed {
    /// Reads what follows the key.
    fn parse(words: &[&[u8]], adds: bool) -> Result<Self, CommandError> {
        let mut parsed = Self::default();
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            let has_value = options.left() > 0;
            if adds && word == b"*" {
                break;
            } else if is(word, "maxlen") && has_value {
                let value = parsed.threshold(&mut options)?;
                let negative = CommandError::of("ERR The MAXLEN argument must be >= 0.");
                let len = usize::try_from(args::int(value)?).map_err(|_| negative)?;
                parsed.trim_to = Some(TrimTo::Len(len));
            } else if is(word, "minid") && has_value {
                let value = parsed.threshold(&mut options)?;
                parsed.trim_to = Some(TrimTo::Id(parse_id(value, 0)?));
            } else if is(word, "limit") && has_value {
                let limit = args::int(options.value()?)?;
                if limit < 0 {
                    return Err(CommandError::of("ERR The LIMIT argument must be >= 0."));
                }
                parsed.limit = Some(limit);
            } else if adds && is(word, "nomkstream") {
                parsed.if_exists = true;
            } else if adds {
                parsed.id = Some(PartialId::parse(word).ok_or(INVALID_ID)?);
                break;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        parsed.n_words = words.len() - options.left();
        if parsed.trim_to.is_none() && parsed.limit.is_some_and(|limit| limit > 0) {
            return Err(CommandError::of(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if parsed.trim_to.is_none() && !adds {
            return Err(CommandError::of(
                "ERR syntax error, XTRIM must be called with a trimming strategy",
            ));
        }
        if parsed.limit.is_some() && !parsed.is_approximate {
            return Err(CommandError::of(
                "ERR syntax error, LIMIT cannot be used without the special ~ option",
            ));
        }
        Ok(parsed)
    }

    /// The threshold of `MAXLEN` or `MINID`, with `=` or `~` in front or not.
    fn threshold<'b>(&mut self, options: &mut Options<'_, 'b>) -> Result<&'b [u8], CommandError> {
        if self.trim_to.is_some() {
            return Err(CommandError::of(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let word = options.value()?;
        let has_more = options.left() > 0;
        self.is_approximate = has_more && word == b"~";
        if self.is_approximate || (has_more && word == b"=") {
            options.value()
        } else {
            Ok(word)
        }
    }

    /// What is to be trimmed, if anything.
    fn trim(&self, limits: NodeLimits) -> Option<Trim> {
        /// Without a limit of its own, a call trims that many nodes' worth at most.
        const DEFAULT_NODES: usize = 100;
        let limit = match self.limit {
            Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
            None if !self.is_approximate => 0,
            None if limits.entries == 0 => 10_000,
            None => limits.entries.saturating_mul(DEFAULT_NODES).min(1_000_000),
        };
        Some(Trim {
            to: self.trim_to?,
            is_approximate: self.is_approximate,
            limit,
        })
    }
}

/// The threshold that trims a log to what has remained of it now.
fn exact_threshold(log: &Log, to: TrimTo) -> Vec<u8> {
    match to {
        TrimTo::Len(_) => log.len().to_string().into(),
        TrimTo::Id(_) if log.is_empty() => {
            let after = log.last_id.next().unwrap_or(StreamId::MAX);
            after.to_string().into()
        }
        TrimTo::Id(_) => log.first_id().to_string().into(),
    }
}

/// Logs a call that has trimmed a stream, to which an entry was added under an id that
/// stands in the place `id_at`: the call as it came, but with that id, and with the exact
/// threshold in place of what `~` allows.
fn log_edit(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    (id_at, id): (usize, StreamId),
    threshold: Option<&[u8]>,
) {
    let id = IdText::of(id);
    let mut effect: Vec<&[u8]> = Vec::with_capacity(args.len());
    let mut at = 0;
    while let Some(&word) = args.get(at) {
        let is_option = (2..id_at).contains(&at);
        match threshold {
            _ if at == id_at => effect.push(id.as_bytes()),
            Some(threshold) if is_option && word == b"~" => {
                effect.extend([b"=", threshold]);
                at += 1;
            }
            // A limit belongs to what is approximate.
            _ if is_option && is(word, "limit") => at += 1,
            _ => effect.push(word),
        }
        at += 1;
    }
    cx.log_as(&effect);
}

/// The id of the next entry.
fn choose_id(
    wanted: Option<PartialId>,
    last_id: StreamId,
    now_ms: i64,
) -> Result<StreamId, CommandError> {
    const TOO_SMALL: CommandError = CommandError::of(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
    if last_id == StreamId::MAX {
        return Err(CommandError::of(
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let first_of = |ms| StreamId { ms, seq: 0 };
    let id = match wanted {
        None => {
            let now = first_of(u64::try_from(now_ms).unwrap_or(0));
            if now.ms > last_id.ms {
                now
            } else {
                last_id.next().ok_or(TOO_SMALL)?
            }
        }
        Some(PartialId::Whole(id)) => id,
        Some(PartialId::Time(ms)) => first_of(ms),
        Some(PartialId::AnySeq(ms)) if ms == last_id.ms => StreamId {
            ms,
            seq: last_id.seq.checked_add(1).ok_or(TOO_SMALL)?,
        },
        Some(PartialId::AnySeq(ms)) => first_of(ms),
    };
    if id > last_id { Ok(id) } else { Err(TOO_SMALL) }
}

pub(super) fn xadd(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let parsed = Parsed::parse(&args[2..], true)?;
    let pairs = &args[2 + parsed.n_words..];
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err(CommandError::wrong_arity("xadd"));
    }
    if let Some(PartialId::Whole(StreamId::MIN) | PartialId::Time(0)) = parsed.id {
        return Err(CommandError::of(
            "ERR The ID specified in XADD must be greater than 0-0",
        ));
    }
    let now_ms = cx.now_ms();
    let limits = cx.server.settings.stream_nodes;
    let last_id = match cx.edit::<Stream>(key)? {
        Some(stream) => stream.log.last_id,
        None if parsed.if_exists => {
            out.null();
            return Ok(());
        }
        None => StreamId::MIN,
    };
    let id = choose_id(parsed.id, last_id, now_ms)?;
    if !Log::accepts(pairs) {
        return Err(CommandError::of("ERR Elements are too large to be stored"));
    }
    let log = &mut cx.edit_or_create::<Stream>(key)?.log;
    log.append(id, pairs, limits);
    let trim = parsed.trim(limits);
    let n_trimmed = trim.map_or(0, |trim| log.trim(trim));
    let threshold = trim.map(|trim| exact_threshold(log, trim.to));
    cx.changed(key, EventClass::Stream, "xadd");
    if n_trimmed > 0 {
        let db = cx.db();
        let event = Event(EventClass::Stream, "xtrim");
        cx.keyspace().events.note(event, db, key);
    }
    if cx.keyspace().effects.is_wanted() {
        let id_at = args.len() - pairs.len() - 1;
        log_edit(cx, args, (id_at, id), threshold.as_deref());
    }
    send_id(out, id);
    Ok(())
}

pub(super) fn xtrim(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let parsed = Parsed::parse(&args[2..], false)?;
    let trim = parsed.trim(cx.server.settings.stream_nodes);
    let (Some(trim), Some(stream)) = (trim, cx.edit::<Stream>(key)?) else {
        out.integer(0);
        return Ok(());
    };
    let n_trimmed = stream.log.trim(trim);
    let threshold = exact_threshold(&stream.log, trim.to);
    if n_trimmed > 0 {
        cx.changed(key, EventClass::Stream, "xtrim");
        log_edit(cx, args, (args.len(), StreamId::MIN), Some(&threshold));
    }
    out.integer(n_trimmed as i64);
    Ok(())
}

pub(super) fn xdel(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(stream) = cx.edit::<Stream>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let ids = args[2..].iter().map(|text| parse_id(text, 0));
    let ids: Vec<StreamId> = ids.collect::<Result<_, _>>()?;
    let n_deleted = ids.iter().filter(|id| stream.log.delete(**id)).count();
    if n_deleted > 0 {
        cx.changed(args[1], EventClass::Stream, "xdel");
    }
    out.integer(n_deleted as i64);
    Ok(())
}

pub(super) fn xsetid(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let id = parse_id(args[2], 0)?;
    let (mut n_added, mut max_deleted_id) = (None, StreamId::MIN);
    let mut options = Options::new(&args[3..]);
    while let Some(word) = options.next() {
        if is(word, "entriesadded") && options.left() > 0 {
            let value = args::int(options.value()?)?;
            if value < 0 {
                return Err(CommandError::of("ERR entries_added must be positive"));
            }
            n_added = Some(value);
        } else if is(word, "maxdeletedid") && options.left() > 0 {
            max_deleted_id = parse_id(options.value()?, 0)?;
            if id < max_deleted_id {
                return Err(CommandError::of(
                    "ERR The ID specified in XSETID is smaller than the provided \
                     max_deleted_entry_id",
                ));
            }
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    // Redis 7.0 did not look at what was deleted.
    let looks_at_deleted = cx.server.compat != Compat::Redis70;
    let stream = cx.edit::<Stream>(args[1])?;
    let log = &mut stream.ok_or(CommandError::NO_SUCH_KEY)?.log;
    if looks_at_deleted && id < log.max_deleted_id {
        return Err(CommandError::of(
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ));
    }
    if let Some(last) = log.last() {
        if id < last.id {
            return Err(CommandError::of(
                "ERR The ID specified in XSETID is smaller than the target stream top item",
            ));
        }
        if n_added.is_some_and(|n_added| (n_added as usize) < log.len()) {
            return Err(CommandError::of(
                "ERR The entries_added specified in XSETID is smaller than the target stream \
                 length",
            ));
        }
    }
    log.last_id = id;
    log.n_added = n_added.unwrap_or(log.n_added);
    if max_deleted_id != StreamId::MIN {
        log.max_deleted_id = max_deleted_id;
    }
    note(cx, args[1], "xsetid");
    out.ok();
    Ok(())
}
