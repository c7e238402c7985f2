//! `XCLAIM` and `XAUTOCLAIM`: what was delivered to one consumer becomes another's.

use super::read::log_claim;
use super::{IdText, no_key_or_group, note, parse_id, parse_start, send_entries, send_id};
use crate::commands::Cx;
use crate::commands::args::{self, Options, is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::compat::Compat;
use crate::keyspace::stream::{Group, Log, Stream, StreamId};
use crate::reply::ReplySink;

/// How a claim is carried out.
#[derive(Clone, Copy)]
struct Claim {
    min_idle_ms: i64,
    /// When the entry counts as delivered.
    delivered_at_ms: i64,
    /// How often it counts as delivered; `None` is once more than before.
    n_deliveries: Option<i64>,
    /// Also an entry that is not pending.
    force: bool,
    /// Only ids are asked for, which does not count as a delivery.
    just_id: bool,
}

/// What becomes of one entry.
enum Outcome {
    /// The consumer has it now, delivered so often.
    Claimed(i64),
    /// It is gone from the stream, and so is no longer pending.
    Dropped,
    Unchanged,
}

impl Claim {
    fn apply(
        &self,
        (log, group): (&Log, &mut Group),
        consumer: &[u8],
        id: StreamId,
        now_ms: i64,
    ) -> Outcome {
        if log.get(id).is_none() {
            return match group.acknowledge(id) {
                true => Outcome::Dropped,
                false => Outcome::Unchanged,
            };
        }
        let pending = group.pending().get(&id);
        let is_busy =
            pending.is_some_and(|it| self.min_idle_ms > 0 && it.idle_ms(now_ms) < self.min_idle_ms);
        if is_busy || (pending.is_none() && !self.force) {
            return Outcome::Unchanged;
        }
        let before = pending.map_or(1, |it| it.n_deliveries);
        let again = before.wrapping_add((!self.just_id).into());
        let n_deliveries = self.n_deliveries.unwrap_or(again);
        group.see_consumer(consumer, now_ms);
        group.assign(id, consumer, self.delivered_at_ms, n_deliveries);
        Outcome::Claimed(n_deliveries)
    }
}

/// The stream with a group of it.
fn open<'a>(
    cx: &'a mut Cx<'_>,
    key: &[u8],
    name: &[u8],
) -> Result<(&'a mut Log, &'a mut Group), CommandError> {
    let missing = || no_key_or_group(key, name, "");
    let Stream { log, groups } = cx.edit::<Stream>(key)?.ok_or_else(missing)?;
    Ok((log, groups.get_mut(name).ok_or_else(missing)?))
}

/// Notes that the consumer asks for something. It comes into being by that, but in Redis
/// 7.0 only if it gets something. Returns whether it was known before.
fn see_consumer(cx: &mut Cx<'_>, args: &[&[u8]]) -> Result<bool, CommandError> {
    let (now_ms, is_lazy) = (cx.now_ms(), cx.server.compat == Compat::Redis70);
    let (_, group) = open(cx, args[1], args[2])?;
    let was_known = group.consumers().contains_key(args[3]);
    if !is_lazy && group.see_consumer(args[3], now_ms) {
        note_consumer(cx, args);
    }
    Ok(was_known || !is_lazy)
}

/// Tells that a consumer has come into being.
fn note_consumer(cx: &mut Cx<'_>, args: &[&[u8]]) {
    note(cx, args[1], "xgroup-createconsumer");
    cx.log_as(&[b"XGROUP", b"CREATECONSUMER", args[1], args[2], args[3]]);
}

/// Tells the log of what has become of some entries.
fn log_outcomes(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    delivered_at_ms: i64,
    outcomes: &[(StreamId, Outcome)],
) {
    if !cx.keyspace().effects.is_wanted() {
        return;
    }
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Claimed(n) => {
                log_claim(cx, args[1], (args[2], args[3]), *id, (delivered_at_ms, *n));
            }
            Outcome::Dropped => {
                cx.log_as(&[b"XACK", args[1], args[2], IdText::of(*id).as_bytes()]);
            }
            Outcome::Unchanged => {}
        }
    }
}

fn parse_min_idle(text: &[u8], command: &str) -> Result<i64, CommandError> {
    let error = format!("ERR Invalid min-idle-time argument for {command}");
    let ms = parse_i64(text).ok_or_else(|| CommandError::new(error))?;
    Ok(ms.max(0))
}

/// Sends the entries that were claimed, or only their ids.
fn send_claimed(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    ids: &[StreamId],
    just_id: bool,
    out: &mut dyn ReplySink,
) -> Done {
    if just_id {
        out.array(ids.len());
        ids.iter().for_each(|id| send_id(out, *id));
        return Ok(());
    }
    let (log, _) = open(cx, args[1], args[2])?;
    send_entries(out, ids.iter().filter_map(|id| log.get(*id)));
    Ok(())
}

/// The options of `XCLAIM`, and the last id it may set.
fn parse_claim(
    words: &[&[u8]],
    min_idle_ms: i64,
    now_ms: i64,
) -> Result<(Claim, StreamId), CommandError> {
    let mut claim = Claim {
        min_idle_ms,
        delivered_at_ms: now_ms,
        n_deliveries: None,
        force: false,
        just_id: false,
    };
    let (mut delivered_at_ms, mut last_id) = (-1, StreamId::MIN);
    let mut options = Options::new(words);
    while let Some(word) = options.next() {
        let has_value = options.left() > 0;
        let number = |options: &mut Options<'_, '_>, name: &str| {
            let error = format!("ERR Invalid {name} option argument for XCLAIM");
            parse_i64(options.value()?).ok_or_else(|| CommandError::new(error))
        };
        if is(word, "force") {
            claim.force = true;
        } else if is(word, "justid") {
            claim.just_id = true;
        } else if is(word, "idle") && has_value {
            delivered_at_ms = now_ms.wrapping_sub(number(&mut options, "IDLE")?);
        } else if is(word, "time") && has_value {
            delivered_at_ms = number(&mut options, "TIME")?;
        } else if is(word, "retrycount") && has_value {
            let n = number(&mut options, "RETRYCOUNT")?;
            claim.n_deliveries = (n >= 0).then_some(n);
        } else if is(word, "lastid") && has_value {
            last_id = parse_id(options.value()?, 0)?;
        } else {
            let start = b"ERR Unrecognized XCLAIM option '";
            let word = super::quoted(word);
            return Err(CommandError::new([start, word, b"'"].concat()));
        }
    }
    // A time that makes no sense is no error: clients reckon with clocks of their own.
    if (0..=now_ms).contains(&delivered_at_ms) {
        claim.delivered_at_ms = delivered_at_ms;
    }
    Ok((claim, last_id))
}

pub(super) fn xclaim(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let now_ms = cx.now_ms();
    open(cx, args[1], args[2])?;
    let min_idle_ms = parse_min_idle(args[4], "XCLAIM")?;
    let ids: Vec<StreamId> = args[5..]
        .iter()
        .map_while(|text| StreamId::parse(text, 0))
        .collect();
    let (claim, last_id) = parse_claim(&args[5 + ids.len()..], min_idle_ms, now_ms)?;
    cx.log_nothing();
    let (_, group) = open(cx, args[1], args[2])?;
    if last_id > group.last_id {
        group.last_id = last_id;
        let n_read = group.n_read.unwrap_or(-1).to_string();
        let (last_id, read) = (IdText::of(last_id), b"ENTRIESREAD");
        cx.keyspace().dirty += 1;
        cx.log_as(&[
            b"XGROUP",
            b"SETID",
            args[1],
            args[2],
            last_id.as_bytes(),
            read,
            n_read.as_bytes(),
        ]);
    }
    let was_known = see_consumer(cx, args)?;
    let (log, group) = open(cx, args[1], args[2])?;
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        outcomes.push((id, claim.apply((log, &mut *group), args[3], id, now_ms)));
    }
    let is_claimed =
        |(id, outcome): &(StreamId, Outcome)| matches!(outcome, Outcome::Claimed(_)).then_some(*id);
    let claimed: Vec<StreamId> = outcomes.iter().filter_map(is_claimed).collect();
    let is_change = |it: &&(StreamId, Outcome)| !matches!(it.1, Outcome::Unchanged);
    if !claimed.is_empty() {
        group.note_activity(args[3], now_ms);
        if !was_known {
            note_consumer(cx, args);
        }
    }
    cx.keyspace().dirty += outcomes.iter().filter(is_change).count() as u64;
    log_outcomes(cx, args, claim.delivered_at_ms, &outcomes);
    send_claimed(cx, args, &claimed, claim.just_id, out)
}

pub(super) fn xautoclaim(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    /// How many pending entries are looked at for each that may be claimed.
    const LOOKS_EACH: usize = 10;
    const MAX_COUNT: i64 = i64::MAX / 16;
    let now_ms = cx.now_ms();
    let min_idle_ms = parse_min_idle(args[4], "XAUTOCLAIM")?;
    let start = parse_start(args[5])?;
    let (mut count, mut just_id) = (100, false);
    let mut options = Options::new(&args[6..]);
    while let Some(word) = options.next() {
        if is(word, "count") && options.left() > 0 {
            const BAD_COUNT: CommandError = CommandError::of("ERR COUNT must be > 0");
            let value = args::int_from(options.value()?, 1, BAD_COUNT)?;
            if value > MAX_COUNT {
                return Err(BAD_COUNT);
            }
            count = usize::try_from(value).unwrap_or(usize::MAX);
        } else if is(word, "justid") {
            just_id = true;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    open(cx, args[1], args[2])?;
    cx.log_nothing();
    let was_known = see_consumer(cx, args)?;
    let claim = Claim {
        min_idle_ms,
        delivered_at_ms: now_ms,
        n_deliveries: None,
        force: false,
        just_id,
    };
    let (log, group) = open(cx, args[1], args[2])?;
    let n_looks = count.saturating_mul(LOOKS_EACH);
    let candidates = group
        .pending()
        .range(start..)
        .take(n_looks.saturating_add(1));
    let candidates: Vec<StreamId> = candidates.map(|(id, _)| *id).collect();
    let (mut outcomes, mut n_left, mut n_seen) = (Vec::new(), count, 0);
    while n_left > 0 && n_seen < n_looks && n_seen < candidates.len() {
        let id = candidates[n_seen];
        n_seen += 1;
        let outcome = claim.apply((log, &mut *group), args[3], id, now_ms);
        if !matches!(outcome, Outcome::Unchanged) {
            n_left -= 1;
            outcomes.push((id, outcome));
        }
    }
    let cursor = candidates.get(n_seen).copied().unwrap_or_default();
    let (claimed, dropped): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .partition(|(_, outcome)| matches!(outcome, Outcome::Claimed(_)));
    let ids = |which: Vec<&(StreamId, Outcome)>| -> Vec<StreamId> {
        which.into_iter().map(|(id, _)| *id).collect()
    };
    let (claimed, dropped) = (ids(claimed), ids(dropped));
    if !claimed.is_empty() {
        group.note_activity(args[3], now_ms);
        if !was_known {
            note_consumer(cx, args);
        }
    }
    cx.keyspace().dirty += outcomes.len() as u64;
    log_outcomes(cx, args, now_ms, &outcomes);
    out.array(3);
    send_id(out, cursor);
    send_claimed(cx, args, &claimed, just_id, out)?;
    out.array(dropped.len());
    dropped.iter().for_each(|id| send_id(out, *id));
    Ok(())
}
