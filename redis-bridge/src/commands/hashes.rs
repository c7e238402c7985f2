//! Commands on hashes.

use crate::commands::Cx;
use crate::commands::args::{self, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::sample::{self, Amount};
use crate::commands::spec::{CommandSpec, Group, Handler, KeySpec};
use crate::commands::strings::add_floats;
use crate::keyspace::EventClass;
use crate::keyspace::hash::Hash;
use crate::reply::{Protocol, ReplySink};
use crate::replying;

const fn row(
    name: &'static str,
    since: &'static str,
    arity: i32,
    flags: &str,
    handler: Handler,
) -> CommandSpec {
    CommandSpec::new(
        Group::Hash,
        name,
        since,
        arity,
        flags,
        KeySpec::FIRST,
        handler,
    )
}

pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(
        "hdel",
        "2.0.0",
        -3,
        "write fast; RW delete",
        replying!(hdel),
    ),
    row(
        "hexists",
        "2.0.0",
        3,
        "readonly fast; RO",
        replying!(hexists),
    ),
    row("hget", "2.0.0", 3, "readonly fast", replying!(hget)),
    row("hgetall", "2.0.0", 2, "readonly", replying!(hgetall)),
    row(
        "hincrby",
        "2.0.0",
        4,
        "write denyoom fast",
        replying!(hincrby),
    ),
    row(
        "hincrbyfloat",
        "2.6.0",
        4,
        "write denyoom fast",
        replying!(hincrbyfloat),
    ),
    row("hkeys", "2.0.0", 2, "readonly", replying!(hkeys)),
    row("hlen", "2.0.0", 2, "readonly fast; RO", replying!(hlen)),
    row("hmget", "2.0.0", -3, "readonly fast", replying!(hmget)),
    row(
        "hmset",
        "2.0.0",
        -4,
        "write denyoom fast; RW update",
        replying!(hmset),
    ),
    row("hrandfield", "6.2.0", -2, "readonly", replying!(hrandfield)),
    row(
        "hset",
        "2.0.0",
        -4,
        "write denyoom fast; RW update",
        replying!(hset),
    ),
    row(
        "hsetnx",
        "2.0.0",
        4,
        "write denyoom fast; RW insert",
        replying!(hsetnx),
    ),
    row(
        "hstrlen",
        "3.2.0",
        3,
        "readonly fast; RO",
        replying!(hstrlen),
    ),
    row("hvals", "2.0.0", 2, "readonly", replying!(hvals)),
];

fn bulk_or_null(value: Option<&[u8]>, out: &mut dyn ReplySink) {
    match value {
        Some(value) => out.bulk(value),
        None => out.null(),
    }
}

/// Sets the fields; returns how many are new.
fn set_fields(cx: &mut Cx<'_>, name: &str, args: &[&[u8]]) -> Result<usize, CommandError> {
    let pairs = args[2..].chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(CommandError::wrong_arity(name));
    }
    let hash = cx.edit_or_create::<Hash>(args[1])?;
    let n_new = pairs.filter(|pair| hash.set(pair[0], pair[1])).count();
    cx.changed(args[1], EventClass::Hash, "hset");
    Ok(n_new)
}

fn hset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_new = set_fields(cx, "hset", args)?;
    out.integer(n_new as i64);
    Ok(())
}

fn hmset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    set_fields(cx, "hmset", args)?;
    out.ok();
    Ok(())
}

fn hsetnx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let hash = cx.edit_or_create::<Hash>(args[1])?;
    let is_new = hash.get(args[2]).is_none();
    if is_new {
        hash.set(args[2], args[3]);
        cx.changed(args[1], EventClass::Hash, "hset");
    }
    out.integer(is_new.into());
    Ok(())
}

fn hget(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    bulk_or_null(
        cx.read::<Hash>(args[1])?.and_then(|hash| hash.get(args[2])),
        out,
    );
    Ok(())
}

fn hmget(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    out.array(args.len() - 2);
    for field in &args[2..] {
        bulk_or_null(hash.and_then(|hash| hash.get(field)), out);
    }
    Ok(())
}

fn hdel(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(hash) = cx.edit::<Hash>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let n_removed = args[2..].iter().filter(|field| hash.remove(field)).count();
    if n_removed > 0 {
        cx.changed(args[1], EventClass::Hash, "hdel");
        cx.settle(args[1]);
    }
    out.integer(n_removed as i64);
    Ok(())
}

fn hlen(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<Hash>(args[1])?.map_or(0, Hash::len);
    out.integer(len as i64);
    Ok(())
}

fn hstrlen(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let value = cx.read::<Hash>(args[1])?.and_then(|hash| hash.get(args[2]));
    out.integer(value.map_or(0, <[u8]>::len) as i64);
    Ok(())
}

fn hexists(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let found = cx
        .read::<Hash>(args[1])?
        .is_some_and(|hash| hash.get(args[2]).is_some());
    out.integer(found.into());
    Ok(())
}

fn hkeys(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    out.array(hash.map_or(0, Hash::len));
    hash.into_iter()
        .flat_map(Hash::iter)
        .for_each(|(field, _)| out.bulk(field));
    Ok(())
}

fn hvals(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    out.array(hash.map_or(0, Hash::len));
    hash.into_iter()
        .flat_map(Hash::iter)
        .for_each(|(_, value)| out.bulk(value));
    Ok(())
}

fn hgetall(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let hash = cx.read::<Hash>(args[1])?;
    out.map(hash.map_or(0, Hash::len));
    for (field, value) in hash.into_iter().flat_map(Hash::iter) {
        out.bulk(field);
        out.bulk(value);
    }
    Ok(())
}

fn hincrby(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, field) = (args[1], args[2]);
    let increment = args::int(args[3])?;
    let hash = cx.edit_or_create::<Hash>(key)?;
    let old = match hash.get(field) {
        None => 0,
        Some(text) => {
            args::parse_i64(text).ok_or(CommandError::of("ERR hash value is not an integer"))?
        }
    };
    let sum = old.checked_add(increment).ok_or(CommandError::of(
        "ERR increment or decrement would overflow",
    ))?;
    hash.set(field, sum.to_string().as_bytes());
    cx.changed(key, EventClass::Hash, "hincrby");
    out.integer(sum);
    Ok(())
}

fn hincrbyfloat(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    use crate::keyspace::long_double::{LongDouble, Parsed};
    let (key, field, increment) = (args[1], args[2], args[3]);
    // All is checked before a hash is made, which would otherwise stay empty.
    match LongDouble::parse(increment) {
        None => return Err(CommandError::NOT_FLOAT),
        Some(Parsed::Infinite) => return Err(CommandError::of("ERR value is NaN or Infinity")),
        Some(Parsed::Finite(_)) => {}
    }
    let stored = cx.edit::<Hash>(key)?.and_then(|hash| hash.get(field));
    let bad_stored = CommandError::of("ERR hash value is not a float");
    let sum = add_floats(stored, increment, bad_stored)?;
    cx.edit_or_create::<Hash>(key)?.set(field, sum.as_bytes());
    cx.changed(key, EventClass::Hash, "hincrbyfloat");
    // Another machine might add otherwise.
    cx.log_as(&[b"HSET", key, field, sum.as_bytes()]);
    out.bulk(sum.as_bytes());
    Ok(())
}

fn hrandfield(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(count) = args.get(2) else {
        let hash = cx.read::<Hash>(args[1])?;
        bulk_or_null(
            hash.map(|hash| hash.at(fastrand::usize(..hash.len())).0),
            out,
        );
        return Ok(());
    };
    let count = args::int(count)?;
    // Out of every range: that is said first.
    Amount::of(count, false)?;
    let with_values = match &args[3..] {
        [] => false,
        [word] if is(word, "withvalues") => true,
        _ => return Err(CommandError::SYNTAX),
    };
    let amount = Amount::of(count, with_values)?;
    let Some(hash) = cx.read::<Hash>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let nests = out.protocol() == Protocol::Resp3;
    let bytes_at = |at| {
        let (field, value) = hash.at(at);
        field.len() + if with_values { value.len() } else { 0 }
    };
    let picks = sample::positions(amount, hash.len(), bytes_at)?;
    out.array(if with_values && !nests {
        picks.len() * 2
    } else {
        picks.len()
    });
    for at in picks {
        let (field, value) = hash.at(at);
        if with_values && nests {
            out.array(2);
        }
        out.bulk(field);
        if with_values {
            out.bulk(value);
        }
    }
    Ok(())
}
