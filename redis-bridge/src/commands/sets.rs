//! Commands on sets.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::lists::NUMKEYS_NOT_POSITIVE;
use crate::commands::sample::{self, Amount};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::keyspace::set::Set;
use crate::keyspace::{Event, EventClass, Typed};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(Set);

const FIRST: KeySpec = KeySpec::FIRST;
const ALL: KeySpec = KeySpec::ALL;
const COUNTED: KeySpec = KeySpec::Counted { dest: 0, count: 1 };

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("sadd", "1.0.0", -3, "write denyoom fast; RW insert", FIRST, replying!(sadd)),
    row("scard", "1.0.0", 2, "readonly fast; RO", FIRST, replying!(scard)),
    row("sdiff", "1.0.0", -2, "readonly", ALL, replying!(sdiff)),
    row("sdiffstore", "1.0.0", -3, "write denyoom; OW update; RO access", ALL, replying!(sdiffstore)),
    row("sinter", "1.0.0", -2, "readonly", ALL, replying!(sinter)),
    row("sintercard", "7.0.0", -3, "readonly movablekeys", COUNTED, replying!(sintercard)),
    row("sinterstore", "1.0.0", -3, "write denyoom; RW update; RO access", ALL, replying!(sinterstore)),
    row("sismember", "1.0.0", 3, "readonly fast; RO", FIRST, replying!(sismember)),
    row("smembers", "1.0.0", 2, "readonly", FIRST, replying!(smembers)),
    row("smismember", "6.2.0", -3, "readonly fast", FIRST, replying!(smismember)),
    row("smove", "1.0.0", 4, "write fast; RW access delete; RW insert", KeySpec::TWO, replying!(smove)),
    row("spop", "1.0.0", -2, "write fast; RW access delete", FIRST, replying!(spop)),
    row("srandmember", "1.0.0", -2, "readonly", FIRST, replying!(srandmember)),
    row("srem", "1.0.0", -3, "write fast; RW delete", FIRST, replying!(srem)),
    row("sunion", "1.0.0", -2, "readonly", ALL, replying!(sunion)),
    row("sunionstore", "1.0.0", -3, "write denyoom; OW update; RO access", ALL, replying!(sunionstore)),
];

fn sadd(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let set = cx.edit_or_create::<Set>(args[1])?;
    let n_added = args[2..].iter().filter(|member| set.insert(member)).count();
    if n_added > 0 {
        cx.changed(args[1], EventClass::Set, "sadd");
    }
    out.integer(n_added as i64);
    Ok(())
}

fn srem(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(set) = cx.edit::<Set>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let n_removed = args[2..].iter().filter(|member| set.remove(member)).count();
    if n_removed > 0 {
        cx.changed(args[1], EventClass::Set, "srem");
        cx.settle(args[1]);
    }
    out.integer(n_removed as i64);
    Ok(())
}

fn scard(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<Set>(args[1])?.map_or(0, Set::len);
    out.integer(len as i64);
    Ok(())
}

fn sismember(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let found = cx
        .read::<Set>(args[1])?
        .is_some_and(|set| set.contains(args[2]));
    out.integer(found.into());
    Ok(())
}

fn smismember(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let set = cx.read::<Set>(args[1])?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        out.integer(set.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

fn send_set(set: Option<&Set>, out: &mut dyn ReplySink) {
    out.set(set.map_or(0, Set::len));
    set.into_iter()
        .flat_map(Set::iter)
        .for_each(|member| out.bulk(&member));
}

fn smembers(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    send_set(cx.read(args[1])?, out);
    Ok(())
}

fn smove(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (source, dest, member) = (args[1], args[2], args[3]);
    let is_member = cx.edit::<Set>(source)?.map(|set| set.contains(member));
    let Some(is_member) = is_member else {
        out.integer(0);
        return Ok(());
    };
    cx.edit::<Set>(dest)?;
    if is_member && source != dest {
        if let Some(set) = cx.edit::<Set>(source)? {
            set.remove(member);
        }
        cx.changed(source, EventClass::Set, "srem");
        cx.settle(source);
        if cx.edit_or_create::<Set>(dest)?.insert(member) {
            cx.changed(dest, EventClass::Set, "sadd");
        }
    }
    out.integer(is_member.into());
    Ok(())
}

fn spop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let Some(count) = args.get(2) else {
        let Some(set) = cx.edit::<Set>(key)? else {
            out.null();
            return Ok(());
        };
        let member = set.remove_at(fastrand::usize(..set.len()));
        cx.changed(key, EventClass::Set, "spop");
        cx.settle(key);
        cx.log_as(&[b"SREM", key, &member]);
        out.bulk(&member);
        return Ok(());
    };
    if args.len() > 3 {
        return Err(CommandError::SYNTAX);
    }
    let count = args::count(count)?;
    let Some(set) = cx.edit::<Set>(key)? else {
        out.set(0);
        return Ok(());
    };
    let n_popped = count.min(set.len());
    if n_popped == set.len() {
        send_set(Some(set), out);
        let db = cx.db();
        cx.keyspace()
            .events
            .note(Event(EventClass::Set, "spop"), db, key);
        cx.delete(key);
        cx.log_as(&[b"DEL", key]);
        return Ok(());
    }
    let mut pop = |_| set.remove_at(fastrand::usize(..set.len()));
    let popped: Vec<_> = (0..n_popped).map(&mut pop).collect();
    if n_popped > 0 {
        cx.changed(key, EventClass::Set, "spop");
    }
    out.set(n_popped);
    for member in popped {
        cx.log_as(&[b"SREM", key, &member]);
        out.bulk(&member);
    }
    Ok(())
}

fn srandmember(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(count) = args.get(2) else {
        match cx.read::<Set>(args[1])? {
            Some(set) => out.bulk(&set.at(fastrand::usize(..set.len()))),
            None => out.null(),
        }
        return Ok(());
    };
    if args.len() > 3 {
        return Err(CommandError::SYNTAX);
    }
    let amount = Amount::of(args::int(count)?, false)?;
    let Some(set) = cx.read::<Set>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let picks = sample::positions(amount, set.len(), |at| set.at(at).len())?;
    out.array(picks.len());
    picks.for_each(|at| out.bulk(&set.at(at)));
    Ok(())
}

/// What is in all of the sets; a missing one is empty.
fn intersect(sets: &[Option<&Set>], mut visit: impl FnMut(&[u8]) -> bool) {
    let Some(mut sets) = sets.iter().copied().collect::<Option<Vec<&Set>>>() else {
        return;
    };
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else {
        return;
    };
    for member in smallest.iter() {
        if others.iter().all(|set| set.contains(&member)) && !visit(&member) {
            return;
        }
    }
}

fn collect(visit: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Set {
    let mut result = Set::default();
    visit(&mut |member| {
        result.insert(member);
    });
    result
}

fn intersection(sets: &[Option<&Set>]) -> Set {
    collect(|add| {
        intersect(sets, |member| {
            add(member);
            true
        });
    })
}

fn union(sets: &[Option<&Set>]) -> Set {
    collect(|add| {
        sets.iter()
            .flatten()
            .flat_map(|set| set.iter())
            .for_each(|it| add(&it))
    })
}

fn difference(sets: &[Option<&Set>]) -> Set {
    let Some((Some(first), others)) = sets.split_first() else {
        return Set::default();
    };
    let is_elsewhere = |member: &[u8]| others.iter().flatten().any(|set| set.contains(member));
    collect(|add| {
        first
            .iter()
            .filter(|member| !is_elsewhere(member))
            .for_each(|it| add(&it))
    })
}

type Combine = fn(&[Option<&Set>]) -> Set;

fn reply_with(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink, combine: Combine) -> Done {
    let result = combine(&cx.read_all(&args[1..])?);
    send_set(Some(&result), out);
    Ok(())
}

fn store_as(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    out: &mut dyn ReplySink,
    combine: Combine,
    event: &'static str,
) -> Done {
    let result = combine(&cx.read_all(&args[2..])?);
    let len = result.len();
    cx.store(args[1], result.into_value(), EventClass::Set, event);
    out.integer(len as i64);
    Ok(())
}

fn sinter(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, out, intersection)
}

fn sunion(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, out, union)
}

fn sdiff(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, out, difference)
}

fn sinterstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, out, intersection, "sinterstore")
}

fn sunionstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, out, union, "sunionstore")
}

fn sdiffstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, out, difference, "sdiffstore")
}

pub(super) const TOO_MANY_KEYS: CommandError =
    CommandError::of("ERR Number of keys can't be greater than number of args");

/// What follows the keys of `SINTERCARD` and `ZINTERCARD`: at most so many are counted.
pub(super) fn parse_limit(rest: &[&[u8]]) -> Result<usize, CommandError> {
    let mut limit = 0;
    let mut options = Options::new(rest);
    while let Some(word) = options.next() {
        if !is(word, "limit") || options.left() == 0 {
            return Err(CommandError::SYNTAX);
        }
        let negative = CommandError::of("ERR LIMIT can't be negative");
        limit = args::int_from(options.value()?, 0, negative)? as usize;
    }
    Ok(if limit == 0 { usize::MAX } else { limit })
}

fn sintercard(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let keys = args::counted_keys(args, 1, NUMKEYS_NOT_POSITIVE);
    let (keys, rest) = keys.map_err(|error| {
        if error == CommandError::SYNTAX {
            TOO_MANY_KEYS
        } else {
            error
        }
    })?;
    let limit = parse_limit(rest)?;
    let mut n_common = 0;
    intersect(&cx.read_all(keys)?, |_| {
        n_common += 1;
        n_common < limit
    });
    out.integer(n_common as i64);
    Ok(())
}
