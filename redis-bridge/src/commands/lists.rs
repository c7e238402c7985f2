//! Commands on lists, the blocking ones included: those ask the server to be run
//! again when a key is written (see [`BlockRequest`]).

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::compat::Compat;
use crate::keyspace::EventClass;
use crate::keyspace::list::{End, List};
use crate::keyspace::value::Type;
use crate::reply::ReplySink;
use crate::replying;
use crate::server::session::BlockRequest;

rows_of!(List);

const FIRST: KeySpec = KeySpec::FIRST;
const TWO: KeySpec = KeySpec::TWO;
const ALL_BUT_LAST: KeySpec = KeySpec::Range {
    first: 1,
    last: -2,
    step: 1,
};

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("blmove", "6.2.0", 6, "write denyoom noscript blocking; RW access delete; RW insert", TWO, replying!(blmove)),
    row("blmpop", "7.0.0", -5, "write blocking movablekeys; RW access delete", KeySpec::Counted { dest: 0, count: 2 }, replying!(blmpop)),
    row("blpop", "2.0.0", -3, "write noscript blocking; RW access delete", ALL_BUT_LAST, replying!(blpop)),
    row("brpop", "2.0.0", -3, "write noscript blocking; RW access delete", ALL_BUT_LAST, replying!(brpop)),
    row("brpoplpush", "2.2.0", 4, "write denyoom noscript blocking; RW access delete; RW insert", TWO, replying!(brpoplpush)),
    row("lindex", "1.0.0", 3, "readonly", FIRST, replying!(lindex)),
    row("linsert", "2.2.0", 5, "write denyoom; RW insert", FIRST, replying!(linsert)),
    row("llen", "1.0.0", 2, "readonly fast; RO", FIRST, replying!(llen)),
    row("lmove", "6.2.0", 5, "write denyoom; RW access delete; RW insert", TWO, replying!(lmove)),
    row("lmpop", "7.0.0", -4, "write movablekeys; RW access delete", KeySpec::Counted { dest: 0, count: 1 }, replying!(lmpop)),
    row("lpop", "1.0.0", -2, "write fast; RW access delete", FIRST, replying!(lpop)),
    row("lpos", "6.0.6", -3, "readonly", FIRST, replying!(lpos)),
    row("lpush", "1.0.0", -3, "write denyoom fast; RW insert", FIRST, replying!(lpush)),
    row("lpushx", "2.2.0", -3, "write denyoom fast; RW insert", FIRST, replying!(lpushx)),
    row("lrange", "1.0.0", 4, "readonly", FIRST, replying!(lrange)),
    row("lrem", "1.0.0", 4, "write; RW delete", FIRST, replying!(lrem)),
    row("lset", "1.0.0", 4, "write denyoom; RW update", FIRST, replying!(lset)),
    row("ltrim", "1.0.0", 4, "write; RW delete", FIRST, replying!(ltrim)),
    row("rpop", "1.0.0", -2, "write fast; RW access delete", FIRST, replying!(rpop)),
    row("rpoplpush", "1.2.0", 3, "write denyoom; RW access delete; RW insert", TWO, replying!(rpoplpush)),
    row("rpush", "1.0.0", -3, "write denyoom fast; RW insert", FIRST, replying!(rpush)),
    row("rpushx", "2.2.0", -3, "write denyoom fast; RW insert", FIRST, replying!(rpushx)),
];

fn parse_end(word: &[u8]) -> Result<End, CommandError> {
    if is(word, "left") {
        Ok(End::Left)
    } else if is(word, "right") {
        Ok(End::Right)
    } else {
        Err(CommandError::SYNTAX)
    }
}

fn push_event(end: End) -> &'static str {
    if end == End::Left { "lpush" } else { "rpush" }
}

fn pop_event(end: End) -> &'static str {
    if end == End::Left { "lpop" } else { "rpop" }
}

fn push(cx: &mut Cx<'_>, args: &[&[u8]], end: End, creates: bool, out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    if !creates && cx.read::<List>(key)?.is_none() {
        out.integer(0);
        return Ok(());
    }
    let list = cx.edit_or_create::<List>(key)?;
    args[2..].iter().for_each(|element| list.push(end, element));
    let len = list.len();
    cx.changed(key, EventClass::List, push_event(end));
    out.integer(len as i64);
    Ok(())
}

fn lpush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    push(cx, args, End::Left, true, out)
}

fn rpush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    push(cx, args, End::Right, true, out)
}

fn lpushx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    push(cx, args, End::Left, false, out)
}

fn rpushx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    push(cx, args, End::Right, false, out)
}

/// Logs that elements were popped from an end of a list; `count` if the command that
/// did it named a number.
fn log_pop(cx: &mut Cx<'_>, key: &[u8], end: End, count: Option<usize>) {
    let name: &[u8] = if end == End::Left { b"LPOP" } else { b"RPOP" };
    match count {
        None => cx.log_as(&[name, key]),
        Some(count) => cx.log_as(&[name, key, itoa::Buffer::new().format(count).as_bytes()]),
    }
}

/// Takes up to `count` elements from an end of a list, and the key if none remain.
fn take(
    cx: &mut Cx<'_>,
    key: &[u8],
    end: End,
    count: usize,
) -> Result<Option<Vec<Box<[u8]>>>, CommandError> {
    let Some(list) = cx.edit::<List>(key)? else {
        return Ok(None);
    };
    let taken: Vec<_> = std::iter::from_fn(|| list.pop(end)).take(count).collect();
    if !taken.is_empty() {
        cx.changed(key, EventClass::List, pop_event(end));
        cx.settle(key);
    }
    Ok(Some(taken))
}

fn pop(cx: &mut Cx<'_>, args: &[&[u8]], end: End, out: &mut dyn ReplySink) -> Done {
    let [name, key, counts @ ..] = args else {
        return Err(CommandError::SYNTAX);
    };
    let Some(count) = counts.first() else {
        match take(cx, key, end, 1)?.unwrap_or_default().first() {
            Some(element) => out.bulk(element),
            None => out.null(),
        }
        return Ok(());
    };
    if counts.len() > 1 {
        return Err(CommandError::wrong_arity(
            &String::from_utf8_lossy(name).to_ascii_lowercase(),
        ));
    }
    let count = args::count(count)?;
    let Some(elements) = take(cx, key, end, count)? else {
        out.null_array();
        return Ok(());
    };
    out.array(elements.len());
    elements.iter().for_each(|element| out.bulk(element));
    Ok(())
}

fn lpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop(cx, args, End::Left, out)
}

fn rpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop(cx, args, End::Right, out)
}

fn llen(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<List>(args[1])?.map_or(0, List::len);
    out.integer(len as i64);
    Ok(())
}

fn lrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (start, stop) = (args::int(args[2])?, args::int(args[3])?);
    let Some(list) = cx.read::<List>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let range = args::index_range(start, stop, list.len());
    out.array(range.len());
    list.range(range).for_each(|element| out.bulk(element));
    Ok(())
}

fn lindex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(list) = cx.read::<List>(args[1])? else {
        out.null();
        return Ok(());
    };
    match list.get(args::int(args[2])?) {
        Some(element) => out.bulk(element),
        None => out.null(),
    }
    Ok(())
}

fn lset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let list = cx.edit::<List>(args[1])?.ok_or(CommandError::NO_SUCH_KEY)?;
    if !list.set(args::int(args[2])?, args[3]) {
        return Err(CommandError::INDEX_OUT_OF_RANGE);
    }
    cx.changed(args[1], EventClass::List, "lset");
    out.ok();
    Ok(())
}

fn linsert(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let after = if is(args[2], "after") {
        true
    } else if is(args[2], "before") {
        false
    } else {
        return Err(CommandError::SYNTAX);
    };
    let Some(list) = cx.edit::<List>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    if !list.insert_beside(args[3], after, args[4]) {
        out.integer(-1);
        return Ok(());
    }
    let len = list.len();
    cx.changed(args[1], EventClass::List, "linsert");
    out.integer(len as i64);
    Ok(())
}

fn lrem(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let count = args::int(args[2])?;
    let from = if count < 0 { End::Right } else { End::Left };
    let limit = if count == 0 {
        usize::MAX
    } else {
        count.unsigned_abs() as usize
    };
    let Some(list) = cx.edit::<List>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let n_removed = list.remove(args[3], from, limit);
    if n_removed > 0 {
        cx.changed(args[1], EventClass::List, "lrem");
        cx.settle(args[1]);
    }
    out.integer(n_removed as i64);
    Ok(())
}

fn ltrim(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (start, stop) = (args::int(args[2])?, args::int(args[3])?);
    if let Some(list) = cx.edit::<List>(args[1])? {
        let len_before = list.len();
        list.keep(args::index_range(start, stop, len_before));
        let is_trimmed = list.len() < len_before;
        cx.changed(args[1], EventClass::List, "ltrim");
        cx.settle(args[1]);
        if !is_trimmed {
            cx.log_nothing();
        }
    }
    out.ok();
    Ok(())
}

fn lpos(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (mut rank, mut count, mut max_len) = (1, None, 0);
    let mut options = Options::new(&args[3..]);
    while let Some(word) = options.next() {
        if is(word, "rank") && options.left() > 0 {
            rank = args::int(options.value()?)?;
            if rank == 0 {
                return Err(CommandError::of(
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                     second ... or use negative to start from the end of the list",
                ));
            }
            if rank == i64::MIN {
                return Err(CommandError::of(
                    "ERR value is out of range, value must between -9223372036854775807 and \
                     9223372036854775807",
                ));
            }
        } else if is(word, "count") && options.left() > 0 {
            let negative = CommandError::of("ERR COUNT can't be negative");
            count = Some(args::int_from(options.value()?, 0, negative)? as usize);
        } else if is(word, "maxlen") && options.left() > 0 {
            let negative = CommandError::of("ERR MAXLEN can't be negative");
            max_len = args::int_from(options.value()?, 0, negative)? as usize;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    let Some(list) = cx.read::<List>(args[1])? else {
        if count.is_some() {
            out.array(0)
        } else {
            out.null()
        }
        return Ok(());
    };
    let limit = if max_len == 0 { usize::MAX } else { max_len };
    let n_skipped = rank.unsigned_abs() as usize - 1;
    let n_wanted = match count {
        None => 1,
        Some(0) => usize::MAX,
        Some(count) => count,
    };
    let matching = |&(_, element): &(usize, &[u8])| element == args[2];
    let position = |(position, _)| position;
    let found: Vec<usize> = if rank > 0 {
        let walk = list.iter().enumerate().take(limit);
        walk.filter(matching)
            .skip(n_skipped)
            .take(n_wanted)
            .map(position)
            .collect()
    } else {
        let walk = list.iter().enumerate().rev().take(limit);
        walk.filter(matching)
            .skip(n_skipped)
            .take(n_wanted)
            .map(position)
            .collect()
    };
    match (count, found.first()) {
        (Some(_), _) => {
            out.array(found.len());
            found
                .iter()
                .for_each(|&position| out.integer(position as i64));
        }
        (None, Some(&position)) => out.integer(position as i64),
        (None, None) => out.null(),
    }
    Ok(())
}

/// Moves an element from an end of one list to an end of another, perhaps the same.
/// Returns whether there was one.
fn move_element(
    cx: &mut Cx<'_>,
    (source, from): (&[u8], End),
    (dest, to): (&[u8], End),
    out: &mut dyn ReplySink,
) -> Result<bool, CommandError> {
    if cx.edit::<List>(source)?.is_none() {
        return Ok(false);
    }
    // Checks the type before anything is taken.
    cx.edit::<List>(dest)?;
    let Some(element) = cx.edit::<List>(source)?.and_then(|list| list.pop(from)) else {
        return Ok(false);
    };
    cx.edit_or_create::<List>(dest)?.push(to, &element);
    cx.changed(dest, EventClass::List, push_event(to));
    cx.changed(source, EventClass::List, pop_event(from));
    cx.settle(source);
    out.bulk(&element);
    Ok(true)
}

fn lmove(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (from, to) = (parse_end(args[3])?, parse_end(args[4])?);
    if !move_element(cx, (args[1], from), (args[2], to), out)? {
        out.null();
    }
    Ok(())
}

fn rpoplpush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if !move_element(cx, (args[1], End::Right), (args[2], End::Left), out)? {
        out.null();
    }
    Ok(())
}

/// What `LMPOP` and its relative say after their keys.
fn parse_pop_options(rest: &[&[u8]]) -> Result<(End, usize), CommandError> {
    let mut options = Options::new(rest);
    let end = parse_end(options.value()?)?;
    let mut count = None;
    while let Some(word) = options.next() {
        if !is(word, "count") || count.is_some() || options.left() == 0 {
            return Err(CommandError::SYNTAX);
        }
        count = Some(args::int_from(options.value()?, 1, COUNT_NOT_POSITIVE)? as usize);
    }
    Ok((end, count.unwrap_or(1)))
}

pub(super) const NUMKEYS_NOT_POSITIVE: CommandError =
    CommandError::of("ERR numkeys should be greater than 0");
pub(super) const COUNT_NOT_POSITIVE: CommandError =
    CommandError::of("ERR count should be greater than 0");

/// Replies with elements of the first list that has some; returns whether one has.
fn pop_first(
    cx: &mut Cx<'_>,
    keys: &[&[u8]],
    end: End,
    count: usize,
    out: &mut dyn ReplySink,
) -> Result<bool, CommandError> {
    for key in keys {
        let Some(elements) = take(cx, key, end, count)? else {
            continue;
        };
        log_pop(cx, key, end, Some(elements.len()));
        out.array(2);
        out.bulk(key);
        out.array(elements.len());
        elements.iter().for_each(|element| out.bulk(element));
        return Ok(true);
    }
    Ok(false)
}

fn lmpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (keys, rest) = args::counted_keys(args, 1, NUMKEYS_NOT_POSITIVE)?;
    let (end, count) = parse_pop_options(rest)?;
    if !pop_first(cx, keys, end, count, out)? {
        out.null_array();
    }
    Ok(())
}

/// The timeout of a blocking command in milliseconds; `None` is for ever.
pub(super) fn parse_timeout(cx: &Cx<'_>, text: &[u8]) -> Result<Option<u64>, CommandError> {
    let seconds = args::parse_f64(text).ok_or(CommandError::of(
        "ERR timeout is not a float or out of range",
    ))?;
    let ms = (seconds * 1000.0).ceil();
    let is_too_long = ms >= i64::MAX as f64;
    // Redis 7.0 did not look, and took what overflowed for negative.
    if ms < 0.0 || (is_too_long && cx.server.compat == Compat::Redis70) {
        return Err(CommandError::of("ERR timeout is negative"));
    }
    if is_too_long {
        return Err(CommandError::of("ERR timeout is out of range"));
    }
    Ok((ms != 0.0).then_some(ms as u64))
}

/// The keys that a blocking command may look at now: all of them, or the one whose
/// being written woke it.
pub(super) fn candidates<'a, 'b>(cx: &Cx<'_>, keys: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
    let Some(ready) = &cx.session.ready_key else {
        return keys;
    };
    let at = keys.iter().position(|key| *key == &**ready);
    at.map_or(&[], |at| &keys[at..=at])
}

/// Asks the server to run the command again when one of `keys` is written and holds a
/// value of the type, or answers `null` if waiting is impossible or over.
pub(super) fn wait_for(
    cx: &mut Cx<'_>,
    (keys, wanted): (&[&[u8]], Type),
    timeout_ms: Option<u64>,
    null: impl FnOnce(),
) {
    if cx.session.deny_blocking {
        null();
    } else {
        cx.session.block = Some(BlockRequest {
            keys: keys.iter().map(|key| key.to_vec()).collect(),
            wanted: Some(wanted),
            timeout_ms,
            ..BlockRequest::default()
        });
    }
}

/// Waits for the list that an element is to be moved from.
fn wait_to_move(
    cx: &mut Cx<'_>,
    source: &[&[u8]],
    timeout_ms: Option<u64>,
    out: &mut dyn ReplySink,
) {
    let is_time_over = cx.session.is_time_over;
    wait_for(cx, (source, Type::List), timeout_ms, || {
        // Strange, but so it is: an element or no array.
        if is_time_over {
            out.null_array();
        } else {
            out.null();
        }
    });
}

fn pop_one_or_wait(cx: &mut Cx<'_>, args: &[&[u8]], end: End, out: &mut dyn ReplySink) -> Done {
    let (timeout, keys) = args[1..].split_last().ok_or(CommandError::SYNTAX)?;
    let timeout_ms = parse_timeout(cx, timeout)?;
    for key in candidates(cx, keys) {
        let Some(elements) = take(cx, key, end, 1)? else {
            continue;
        };
        log_pop(cx, key, end, None);
        out.array(1 + elements.len());
        out.bulk(key);
        elements.iter().for_each(|element| out.bulk(element));
        return Ok(());
    }
    wait_for(cx, (keys, Type::List), timeout_ms, || out.null_array());
    Ok(())
}

fn blpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop_one_or_wait(cx, args, End::Left, out)
}

fn brpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    pop_one_or_wait(cx, args, End::Right, out)
}

fn blmove(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (from, to) = (parse_end(args[3])?, parse_end(args[4])?);
    let timeout_ms = parse_timeout(cx, args[5])?;
    if move_element(cx, (args[1], from), (args[2], to), out)? {
        let words = [args[3], args[4]].map(|word| {
            // Redis 7.0 words it anew for a client that has waited.
            if cx.session.ready_key.is_some() {
                word.to_ascii_lowercase()
            } else {
                word.to_vec()
            }
        });
        cx.log_as(&[b"LMOVE", args[1], args[2], &words[0], &words[1]]);
    } else {
        wait_to_move(cx, &args[1..2], timeout_ms, out);
    }
    Ok(())
}

fn brpoplpush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let timeout_ms = parse_timeout(cx, args[3])?;
    if move_element(cx, (args[1], End::Right), (args[2], End::Left), out)? {
        cx.log_as(&[b"RPOPLPUSH", args[1], args[2]]);
    } else {
        wait_to_move(cx, &args[1..2], timeout_ms, out);
    }
    Ok(())
}

fn blmpop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let timeout_ms = parse_timeout(cx, args[1])?;
    let (keys, rest) = args::counted_keys(args, 2, NUMKEYS_NOT_POSITIVE)?;
    let (end, count) = parse_pop_options(rest)?;
    if !pop_first(cx, candidates(cx, keys), end, count, out)? {
        wait_for(cx, (keys, Type::List), timeout_ms, || out.null_array());
    }
    Ok(())
}
