//! Commands on single members of sorted sets, and those that pop.

use smallvec::SmallVec;

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::lists::{
    COUNT_NOT_POSITIVE, NUMKEYS_NOT_POSITIVE, candidates, parse_timeout, wait_for,
};
use crate::commands::sample::{self, Amount};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::keyspace::EventClass;
use crate::keyspace::ranked::Scored;
use crate::keyspace::value::Type;
use crate::keyspace::zset::SortedSet;
use crate::reply::{Protocol, ReplySink};
use crate::replying;

rows_of!(SortedSet);

const FIRST: KeySpec = KeySpec::FIRST;
const ALL_BUT_LAST: KeySpec = KeySpec::Range {
    first: 1,
    last: -2,
    step: 1,
};

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("bzmpop", "7.0.0", -5, "write blocking movablekeys; RW access delete", KeySpec::Counted { dest: 0, count: 2 }, replying!(bzmpop)),
    row("bzpopmax", "5.0.0", -3, "write noscript blocking fast; RW access delete", ALL_BUT_LAST, replying!(bzpopmax)),
    row("bzpopmin", "5.0.0", -3, "write noscript blocking fast; RW access delete", ALL_BUT_LAST, replying!(bzpopmin)),
    row("zadd", "1.2.0", -4, "write denyoom fast; RW update", FIRST, replying!(zadd)),
    row("zcard", "1.2.0", 2, "readonly fast; RO", FIRST, replying!(zcard)),
    row("zincrby", "1.2.0", 4, "write denyoom fast", FIRST, replying!(zincrby)),
    row("zmpop", "7.0.0", -4, "write movablekeys; RW access delete", KeySpec::Counted { dest: 0, count: 1 }, replying!(zmpop)),
    row("zmscore", "6.2.0", -3, "readonly fast", FIRST, replying!(zmscore)),
    row("zpopmax", "5.0.0", -2, "write fast; RW access delete", FIRST, replying!(zpopmax)),
    row("zpopmin", "5.0.0", -2, "write fast; RW access delete", FIRST, replying!(zpopmin)),
    row("zrandmember", "6.2.0", -2, "readonly", FIRST, replying!(zrandmember)),
    row("zrank", "2.0.0", 3, "readonly fast", FIRST, replying!(zrank)),
    row("zrem", "1.2.0", -3, "write fast; RW delete", FIRST, replying!(zrem)),
    row("zrevrank", "2.0.0", 3, "readonly fast", FIRST, replying!(zrevrank)),
    row("zscore", "1.2.0", 3, "readonly fast", FIRST, replying!(zscore)),
];

/// The options of `ZADD`.
#[derive(Default)]
struct AddOptions {
    if_missing: bool,
    if_exists: bool,
    if_greater: bool,
    if_less: bool,
    counts_changes: bool,
    increments: bool,
}

impl AddOptions {
    /// Takes the options at the start of `words`; returns the rest.
    fn parse<'a, 'b>(&mut self, mut words: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
        while let Some((word, rest)) = words.split_first() {
            let flag = if is(word, "nx") {
                &mut self.if_missing
            } else if is(word, "xx") {
                &mut self.if_exists
            } else if is(word, "gt") {
                &mut self.if_greater
            } else if is(word, "lt") {
                &mut self.if_less
            } else if is(word, "ch") {
                &mut self.counts_changes
            } else if is(word, "incr") {
                &mut self.increments
            } else {
                break;
            };
            *flag = true;
            words = rest;
        }
        words
    }

    fn check(&self, n_words: usize) -> Done {
        if n_words == 0 || n_words % 2 == 1 {
            return Err(CommandError::SYNTAX);
        }
        if self.if_missing && self.if_exists {
            return Err(CommandError::of(
                "ERR XX and NX options at the same time are not compatible",
            ));
        }
        let n_exclusive = [self.if_missing, self.if_greater, self.if_less];
        if n_exclusive.iter().filter(|set| **set).count() > 1 {
            return Err(CommandError::of(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.increments && n_words > 2 {
            return Err(CommandError::of(
                "ERR INCR option supports a single increment-element pair",
            ));
        }
        Ok(())
    }

    /// The score a member gets, `None` if it stays as it is.
    fn new_score(&self, old: Option<f64>, score: f64) -> Result<Option<f64>, CommandError> {
        let Some(old) = old else {
            return Ok((!self.if_exists).then_some(score));
        };
        if self.if_missing {
            return Ok(None);
        }
        let score = if self.increments { old + score } else { score };
        if score.is_nan() {
            return Err(CommandError::of(
                "ERR resulting score is not a number (NaN)",
            ));
        }
        let refused = self.if_less && score >= old || self.if_greater && score <= old;
        Ok((!refused).then_some(score))
    }
}

fn add(cx: &mut Cx<'_>, args: &[&[u8]], mut options: AddOptions, out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let pairs = options.parse(&args[2..]);
    options.check(pairs.len())?;
    let pairs = pairs
        .chunks_exact(2)
        .map(|pair| Ok((args::float(pair[0])?, pair[1])))
        .collect::<Result<SmallVec<[_; 4]>, CommandError>>()?;

    let is_missing = options.if_exists && cx.edit::<SortedSet>(key)?.is_none();
    let (mut n_added, mut n_updated) = (0, 0);
    let mut last_score = None;
    let mut failure = None;
    if !is_missing {
        let zset = cx.edit_or_create::<SortedSet>(key)?;
        for (score, member) in pairs {
            let old = zset.score(member);
            let new = match options.new_score(old, score) {
                Ok(new) => new,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            last_score = new;
            if let Some(new) = new
                && old != Some(new)
            {
                zset.set(member, new);
                n_added += usize::from(old.is_none());
                n_updated += usize::from(old.is_some());
            }
        }
    }
    if n_added + n_updated > 0 {
        let event = if options.increments { "zincr" } else { "zadd" };
        cx.changed(key, EventClass::SortedSet, event);
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    match last_score {
        Some(score) if options.increments => out.double(score),
        None if options.increments => out.null(),
        _ if options.counts_changes => out.integer((n_added + n_updated) as i64),
        _ => out.integer(n_added as i64),
    }
    Ok(())
}

fn zadd(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    add(cx, args, AddOptions::default(), out)
}

fn zincrby(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    add(
        cx,
        args,
        AddOptions {
            increments: true,
            ..AddOptions::default()
        },
        out,
    )
}

fn zrem(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(zset) = cx.edit::<SortedSet>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let n_removed = args[2..]
        .iter()
        .filter(|member| zset.remove(member).is_some())
        .count();
    if n_removed > 0 {
        cx.changed(args[1], EventClass::SortedSet, "zrem");
        cx.settle(args[1]);
    }
    out.integer(n_removed as i64);
    Ok(())
}

fn zcard(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<SortedSet>(args[1])?.map_or(0, SortedSet::len);
    out.integer(len as i64);
    Ok(())
}

fn double_or_null(value: Option<f64>, out: &mut dyn ReplySink) {
    match value {
        Some(value) => out.double(value),
        None => out.null(),
    }
}

fn zscore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    double_or_null(
        cx.read::<SortedSet>(args[1])?
            .and_then(|zset| zset.score(args[2])),
        out,
    );
    Ok(())
}

fn zmscore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let zset = cx.read::<SortedSet>(args[1])?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        double_or_null(zset.and_then(|zset| zset.score(member)), out);
    }
    Ok(())
}

fn zrank(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    match cx
        .read::<SortedSet>(args[1])?
        .and_then(|zset| zset.rank(args[2]))
    {
        Some(rank) => out.integer(rank as i64),
        None => out.null(),
    }
    Ok(())
}

fn zrevrank(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let zset = cx.read::<SortedSet>(args[1])?;
    match zset.and_then(|zset| Some(zset.len() - 1 - zset.rank(args[2])?)) {
        Some(rank) => out.integer(rank as i64),
        None => out.null(),
    }
    Ok(())
}

/// Announces `len` members with their scores: pairs in RESP3, a flat array in RESP2.
pub(super) fn open_scored(out: &mut dyn ReplySink, len: usize) {
    let nests = out.protocol() == Protocol::Resp3;
    out.array(if nests { len } else { len * 2 });
}

/// Sends one of the members that [`open_scored`] announced.
pub(super) fn send_scored(out: &mut dyn ReplySink, member: &[u8], score: f64) {
    if out.protocol() == Protocol::Resp3 {
        out.array(2);
    }
    out.bulk(member);
    out.double(score);
}

/// The lowest or the highest scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extreme {
    Min,
    Max,
}

/// Logs that members were popped; `count` if the command that did it named a number.
fn log_pop(cx: &mut Cx<'_>, key: &[u8], extreme: Extreme, count: Option<usize>) {
    let name: &[u8] = match extreme {
        Extreme::Min => b"ZPOPMIN",
        Extreme::Max => b"ZPOPMAX",
    };
    match count {
        None => cx.log_as(&[name, key]),
        Some(count) => cx.log_as(&[name, key, itoa::Buffer::new().format(count).as_bytes()]),
    }
}

/// Takes up to `count` members from one end, and the key if none remain.
fn take(
    cx: &mut Cx<'_>,
    key: &[u8],
    extreme: Extreme,
    count: usize,
) -> Result<Option<Vec<Scored>>, CommandError> {
    let Some(zset) = cx.edit::<SortedSet>(key)? else {
        return Ok(None);
    };
    let count = count.min(zset.len());
    let (taken, event) = match extreme {
        Extreme::Min => (zset.remove_range(0..count), "zpopmin"),
        Extreme::Max => {
            let mut taken = zset.remove_range(zset.len() - count..zset.len());
            taken.reverse();
            (taken, "zpopmax")
        }
    };
    if !taken.is_empty() {
        cx.changed(key, EventClass::SortedSet, event);
        cx.settle(key);
    }
    Ok(Some(taken))
}

fn pop(cx: &mut Cx<'_>, args: &[&[u8]], extreme: Extreme, out: &mut dyn ReplySink) -> Done {
    let count = match &args[2..] {
        [] => None,
        [count] => Some(args::count(count)?),
        _ => return Err(CommandError::SYNTAX),
    };
    let taken = take(cx, args[1], extreme, count.unwrap_or(1))?.unwrap_or_default();
    match (count, taken.first()) {
        (None, Some(only)) => {
            // Flat in both protocols.
            out.array(2);
            out.bulk(&only.member);
            out.double(only.score);
        }
        _ => {
            open_scored(out, taken.len());
            taken
                .iter()
                .for_each(|it| send_scored(out, &it.member, it.score));
        }
    }
    Ok(())
}

fn zpopmin(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop(cx, args, Extreme::Min, out)
}

fn zpopmax(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop(cx, args, Extreme::Max, out)
}

/// What `ZMPOP` and its relative say after their keys.
fn parse_pop_options(rest: &[&[u8]]) -> Result<(Extreme, usize), CommandError> {
    let mut options = Options::new(rest);
    let extreme = match options.value()?.to_ascii_lowercase().as_slice() {
        b"min" => Extreme::Min,
        b"max" => Extreme::Max,
        _ => return Err(CommandError::SYNTAX),
    };
    let mut count = None;
    while let Some(word) = options.next() {
        if !is(word, "count") || count.is_some() || options.left() == 0 {
            return Err(CommandError::SYNTAX);
        }
        count = Some(args::int_from(options.value()?, 1, COUNT_NOT_POSITIVE)? as usize);
    }
    Ok((extreme, count.unwrap_or(1)))
}

/// Replies with members of the first sorted set that has some; returns whether one
/// has.
fn pop_first(
    cx: &mut Cx<'_>,
    keys: &[&[u8]],
    (extreme, count): (Extreme, usize),
    out: &mut dyn ReplySink,
) -> Result<bool, CommandError> {
    for key in keys {
        let Some(taken) = take(cx, key, extreme, count)? else {
            continue;
        };
        log_pop(cx, key, extreme, Some(taken.len()));
        out.array(2);
        out.bulk(key);
        out.array(taken.len());
        for it in taken {
            out.array(2);
            out.bulk(&it.member);
            out.double(it.score);
        }
        return Ok(true);
    }
    Ok(false)
}

fn zmpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (keys, rest) = args::counted_keys(args, 1, NUMKEYS_NOT_POSITIVE)?;
    let options = parse_pop_options(rest)?;
    if !pop_first(cx, keys, options, out)? {
        out.null_array();
    }
    Ok(())
}

fn bzmpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let timeout_ms = parse_timeout(cx, args[1])?;
    let (keys, rest) = args::counted_keys(args, 2, NUMKEYS_NOT_POSITIVE)?;
    let options = parse_pop_options(rest)?;
    if !pop_first(cx, candidates(cx, keys), options, out)? {
        wait_for(cx, (keys, Type::SortedSet), timeout_ms, || out.null_array());
    }
    Ok(())
}

fn pop_or_wait(cx: &mut Cx<'_>, args: &[&[u8]], extreme: Extreme, out: &mut dyn ReplySink) -> Done {
    let (timeout, keys) = args[1..].split_last().ok_or(CommandError::SYNTAX)?;
    let timeout_ms = parse_timeout(cx, timeout)?;
    for key in candidates(cx, keys) {
        let taken = take(cx, key, extreme, 1)?;
        let Some(only) = taken.as_ref().and_then(|taken| taken.first()) else {
            continue;
        };
        log_pop(cx, key, extreme, None);
        out.array(3);
        out.bulk(key);
        out.bulk(&only.member);
        out.double(only.score);
        return Ok(());
    }
    wait_for(cx, (keys, Type::SortedSet), timeout_ms, || out.null_array());
    Ok(())
}

fn bzpopmin(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop_or_wait(cx, args, Extreme::Min, out)
}

fn bzpopmax(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop_or_wait(cx, args, Extreme::Max, out)
}

fn zrandmember(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(count) = args.get(2) else {
        match cx.read::<SortedSet>(args[1])? {
            Some(zset) => out.bulk(zset.at(fastrand::usize(..zset.len())).0),
            None => out.null(),
        }
        return Ok(());
    };
    let count = args::int(count)?;
    // Out of every range: that is said first.
    Amount::of(count, false)?;
    let with_scores = match &args[3..] {
        [] => false,
        [word] if is(word, "withscores") => true,
        _ => return Err(CommandError::SYNTAX),
    };
    let amount = Amount::of(count, with_scores)?;
    let Some(zset) = cx.read::<SortedSet>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let picks = sample::positions(amount, zset.len(), |at| zset.at(at).0.len())?;
    if with_scores {
        open_scored(out, picks.len());
    } else {
        out.array(picks.len());
    }
    for at in picks {
        let (member, score) = zset.at(at);
        if with_scores {
            send_scored(out, member, score);
        } else {
            out.bulk(member);
        }
    }
    Ok(())
}
