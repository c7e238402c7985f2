//! Commands on strings as a whole, on parts of them, and on the numbers they hold.

use smallvec::SmallVec;

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::expiry::{self, Unit};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::keyspace::long_double::{LongDouble, Parsed};
use crate::keyspace::string::{MAX_LEN, Text};
use crate::keyspace::{EventClass, Typed, Value};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(String);

const FIRST: KeySpec = KeySpec::FIRST;
const PAIRS: KeySpec = KeySpec::Range {
    first: 1,
    last: -1,
    step: 2,
};

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("append", "2.0.0", 3, "write denyoom fast; RW insert", FIRST, replying!(append)),
    row("decr", "1.0.0", 2, "write denyoom fast", FIRST, replying!(decr)),
    row("decrby", "1.0.0", 3, "write denyoom fast", FIRST, replying!(decrby)),
    row("get", "1.0.0", 2, "readonly fast", FIRST, replying!(get)),
    row("getdel", "6.2.0", 2, "write fast; RW access delete", FIRST, replying!(getdel)),
    row("getex", "6.2.0", -2, "write fast", FIRST, replying!(getex)),
    row("getrange", "2.4.0", 4, "readonly", FIRST, replying!(getrange)),
    row("getset", "1.0.0", 3, "write denyoom fast", FIRST, replying!(getset)),
    row("incr", "1.0.0", 2, "write denyoom fast", FIRST, replying!(incr)),
    row("incrby", "1.0.0", 3, "write denyoom fast", FIRST, replying!(incrby)),
    row("incrbyfloat", "2.6.0", 3, "write denyoom fast", FIRST, replying!(incrbyfloat)),
    row("mget", "1.0.0", -2, "readonly fast", KeySpec::ALL, replying!(mget)),
    row("mset", "1.0.1", -3, "write denyoom; OW update", PAIRS, replying!(mset)),
    row("msetnx", "1.0.1", -3, "write denyoom; OW insert", PAIRS, replying!(msetnx)),
    row("psetex", "2.6.0", 4, "write denyoom; OW update", FIRST, replying!(psetex)),
    row("set", "1.0.0", -3, "write denyoom; RW access update variable_flags", FIRST, replying!(set)),
    row("setex", "2.0.0", 4, "write denyoom; OW update", FIRST, replying!(setex)),
    row("setnx", "1.0.0", 3, "write denyoom fast; OW insert", FIRST, replying!(setnx)),
    row("setrange", "2.2.0", 4, "write denyoom; RW update", FIRST, replying!(setrange)),
    row("strlen", "2.2.0", 2, "readonly fast; RO", FIRST, replying!(strlen)),
    row("substr", "1.0.0", 4, "readonly", FIRST, replying!(getrange)),
];

pub(super) const TOO_LONG: CommandError =
    CommandError::of("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
const OVERFLOW: CommandError = CommandError::of("ERR increment or decrement would overflow");
const NOT_FINITE: CommandError = CommandError::of("ERR increment would produce NaN or Infinity");

fn bulk_or_null(text: Option<&Text>, out: &mut dyn ReplySink) {
    match text {
        Some(text) => out.bulk(&text.bytes()),
        None => out.null(),
    }
}

/// Stores a string and tells everybody.
fn store(cx: &mut Cx<'_>, key: &[u8], value: &[u8]) {
    cx.put(key, Text::new(value).into_value());
    cx.changed(key, EventClass::String, "set");
}

fn get(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    bulk_or_null(cx.read(args[1])?, out);
    Ok(())
}

fn getdel(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    bulk_or_null(cx.read(args[1])?, out);
    if cx.delete(args[1]) {
        cx.log_as(&[b"DEL", args[1]]);
    }
    Ok(())
}

fn getset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    bulk_or_null(cx.read(args[1])?, out);
    store(cx, args[1], args[2]);
    cx.log_as(&[b"SET", args[1], args[2]]);
    Ok(())
}

fn strlen(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<Text>(args[1])?.map_or(0, Text::len);
    out.integer(len as i64);
    Ok(())
}

/// The options that `SET` and `GETEX` share in part.
#[derive(Default)]
struct SetOptions<'a> {
    if_missing: bool,
    if_exists: bool,
    get: bool,
    keep_ttl: bool,
    persist: bool,
    deadline: Option<(Unit, &'a [u8])>,
}

impl<'a> SetOptions<'a> {
    fn parse(words: &[&'a [u8]], is_set: bool) -> Result<Self, CommandError> {
        let mut parsed = Self::default();
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            let has_time = parsed.keep_ttl || parsed.persist || parsed.deadline.is_some();
            if is_set && is(word, "nx") && !parsed.if_exists {
                parsed.if_missing = true;
            } else if is_set && is(word, "xx") && !parsed.if_missing {
                parsed.if_exists = true;
            } else if is_set && is(word, "get") {
                parsed.get = true;
            } else if is_set && is(word, "keepttl") && (!has_time || parsed.keep_ttl) {
                parsed.keep_ttl = true;
            } else if !is_set && is(word, "persist") && (!has_time || parsed.persist) {
                parsed.persist = true;
            } else if let Some(unit) = Unit::from_option(word)
                && (!has_time || parsed.deadline.is_some_and(|(other, _)| other == unit))
            {
                parsed.deadline = Some((unit, options.value()?));
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(parsed)
    }
}

fn set(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, value) = (args[1], args[2]);
    if args.len() == 3 {
        store(cx, key, value);
        out.ok();
        return Ok(());
    }
    let options = SetOptions::parse(&args[3..], true)?;
    let deadline = match options.deadline {
        Some((unit, time)) => Some(expiry::deadline(cx, unit, time, "set")?),
        None => None,
    };
    let found = if options.get {
        let text = cx.read::<Text>(key)?;
        bulk_or_null(text, out);
        text.is_some()
    } else {
        cx.exists(key)
    };
    if (options.if_missing && found) || (options.if_exists && !found) {
        if !options.get {
            out.null();
        }
        return Ok(());
    }
    let db = cx.db();
    let old_deadline = cx.keyspace().db(db).deadline(key);
    store(cx, key, value);
    if options.keep_ttl {
        expiry::restore_deadline(cx, key, old_deadline);
    }
    if let Some(deadline) = deadline {
        expiry::set_deadline(cx, key, deadline);
        log_set(cx, key, value, deadline);
    } else if options.get {
        let is_get = |at: usize, arg: &[u8]| at >= 3 && is(arg, "get");
        let others = args
            .iter()
            .enumerate()
            .filter(|(at, arg)| !is_get(*at, arg));
        let argv: SmallVec<[&[u8]; 8]> = others.map(|(_, arg)| *arg).collect();
        cx.log_as(&argv);
    }
    if !options.get {
        out.ok();
    }
    Ok(())
}

/// Logs that a string was stored with a deadline.
fn log_set(cx: &mut Cx<'_>, key: &[u8], value: &[u8], deadline_ms: i64) {
    let mut digits = itoa::Buffer::new();
    let deadline = digits.format(deadline_ms).as_bytes();
    cx.log_as(&[b"SET", key, value, b"PXAT", deadline]);
}

fn set_with_ttl(cx: &mut Cx<'_>, args: &[&[u8]], unit: Unit, out: &mut dyn ReplySink) -> Done {
    let name = if unit == Unit::Seconds {
        "setex"
    } else {
        "psetex"
    };
    let deadline = expiry::deadline(cx, unit, args[2], name)?;
    store(cx, args[1], args[3]);
    expiry::set_deadline(cx, args[1], deadline);
    log_set(cx, args[1], args[3], deadline);
    out.ok();
    Ok(())
}

fn setex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    set_with_ttl(cx, args, Unit::Seconds, out)
}

fn psetex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    set_with_ttl(cx, args, Unit::Milliseconds, out)
}

fn setnx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let missing = !cx.exists(args[1]);
    if missing {
        store(cx, args[1], args[2]);
    }
    out.integer(missing.into());
    Ok(())
}

fn getex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let options = SetOptions::parse(&args[2..], false)?;
    // The type comes first, then the time; nothing is checked for a missing key.
    let Some(text) = cx.read::<Text>(key)? else {
        out.null();
        return Ok(());
    };
    let bytes = text.bytes().to_vec();
    if let Some((unit, time)) = options.deadline {
        let deadline = expiry::deadline(cx, unit, time, "getex")?;
        if deadline <= cx.keyspace().due_before_ms() {
            cx.delete(key);
            cx.log_as(&[b"DEL", key]);
        } else {
            expiry::restore_deadline(cx, key, Some(deadline));
            cx.changed(key, EventClass::Generic, "expire");
            expiry::log_deadline(cx, key, deadline, &[]);
        }
    } else if options.persist && expiry::clear_deadline(cx, key) {
        cx.log_as(&[b"PERSIST", key]);
    }
    out.bulk(&bytes);
    Ok(())
}

fn mget(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.array(args.len() - 1);
    for key in &args[1..] {
        // Values of other types count as missing here.
        bulk_or_null(cx.read(key).unwrap_or_default(), out);
    }
    Ok(())
}

fn mset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let pairs = pairs("mset", args)?;
    for pair in pairs {
        store(cx, pair[0], pair[1]);
    }
    out.ok();
    Ok(())
}

fn msetnx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let pairs = pairs("msetnx", args)?;
    let missing = !pairs.clone().any(|pair| cx.exists(pair[0]));
    if missing {
        for pair in pairs {
            store(cx, pair[0], pair[1]);
        }
    }
    out.integer(missing.into());
    Ok(())
}

fn pairs<'a, 'b>(
    name: &str,
    args: &'a [&'b [u8]],
) -> Result<std::slice::ChunksExact<'a, &'b [u8]>, CommandError> {
    let pairs = args[1..].chunks_exact(2);
    if pairs.remainder().is_empty() {
        Ok(pairs)
    } else {
        Err(CommandError::wrong_arity(name))
    }
}

fn append(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, tail) = (args[1], args[2]);
    let len = if let Some(text) = cx.edit::<Text>(key)? {
        if text.len() + tail.len() > MAX_LEN {
            return Err(TOO_LONG);
        }
        let bytes = text.edit();
        bytes.extend_from_slice(tail);
        bytes.len()
    } else {
        cx.put(key, Text::new(tail).into_value());
        tail.len()
    };
    cx.changed(key, EventClass::String, "append");
    out.integer(len as i64);
    Ok(())
}

fn getrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (start, end) = (args::int(args[2])?, args::int(args[3])?);
    let Some(text) = cx.read::<Text>(args[1])? else {
        out.bulk(b"");
        return Ok(());
    };
    let bytes = text.bytes();
    // A range whose ends are out of order stays empty, even if both are before the
    // start of the string and so mean its first byte.
    let range = if start < 0 && end < 0 && start > end {
        0..0
    } else {
        let signed_len = bytes.len() as i64;
        let end = if end < 0 {
            end.saturating_add(signed_len).max(0)
        } else {
            end
        };
        args::index_range(start, end, bytes.len())
    };
    out.bulk(&bytes[range]);
    Ok(())
}

fn setrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, patch) = (args[1], args[3]);
    let offset = args::int_from(args[2], i64::MIN, CommandError::NOT_INTEGER)?;
    let offset =
        usize::try_from(offset).map_err(|_| CommandError::of("ERR offset is out of range"))?;
    let text = cx.edit::<Text>(key)?;
    if patch.is_empty() {
        // Nothing to write creates nothing.
        out.integer(text.map_or(0, |text| text.len()) as i64);
        return Ok(());
    }
    let end = offset
        .checked_add(patch.len())
        .filter(|&end| end <= MAX_LEN)
        .ok_or(TOO_LONG)?;
    let bytes = edit_or_create(cx, key)?;
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(patch);
    let len = bytes.len();
    cx.changed(key, EventClass::String, "setrange");
    out.integer(len as i64);
    Ok(())
}

/// The bytes of a string for editing, of an empty one if there is none.
pub(super) fn edit_or_create<'a>(
    cx: &'a mut Cx<'_>,
    key: &[u8],
) -> Result<&'a mut Vec<u8>, CommandError> {
    if !cx.exists(key) {
        cx.put(key, Value::String(Text::Edited(Vec::new())));
    }
    Ok(cx
        .edit::<Text>(key)?
        .ok_or(CommandError::NO_SUCH_KEY)?
        .edit())
}

fn add(cx: &mut Cx<'_>, key: &[u8], increment: i64, out: &mut dyn ReplySink) -> Done {
    let sum = if let Some(text) = cx.edit::<Text>(key)? {
        let old = text.to_i64().ok_or(CommandError::NOT_INTEGER)?;
        let sum = old.checked_add(increment).ok_or(OVERFLOW)?;
        *text = Text::Integer(sum);
        sum
    } else {
        cx.put(key, Value::String(Text::Integer(increment)));
        increment
    };
    cx.changed(key, EventClass::String, "incrby");
    out.integer(sum);
    Ok(())
}

fn incr(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    add(cx, args[1], 1, out)
}

fn decr(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    add(cx, args[1], -1, out)
}

fn incrby(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    add(cx, args[1], args::int(args[2])?, out)
}

fn decrby(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let decrement = args::int(args[2])?;
    let increment = decrement
        .checked_neg()
        .ok_or(CommandError::of("ERR decrement would overflow"))?;
    add(cx, args[1], increment, out)
}

/// The sum of a stored number, 0 if there is none, and an increment, as text.
pub(super) fn add_floats(
    stored: Option<&[u8]>,
    increment: &[u8],
    bad_stored: CommandError,
) -> Result<String, CommandError> {
    let stored = match stored {
        None => Parsed::Finite(LongDouble::ZERO),
        Some(text) => LongDouble::parse(text).ok_or(bad_stored)?,
    };
    let increment = LongDouble::parse(increment).ok_or(CommandError::NOT_FLOAT)?;
    match (stored, increment) {
        (Parsed::Finite(a), Parsed::Finite(b)) => {
            Ok(a.checked_add(b).ok_or(NOT_FINITE)?.to_string())
        }
        _ => Err(NOT_FINITE),
    }
}

fn incrbyfloat(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, increment) = (args[1], args[2]);
    let sum = if let Some(text) = cx.edit::<Text>(key)? {
        let sum = add_floats(Some(&text.bytes()), increment, CommandError::NOT_FLOAT)?;
        *text = Text::Fixed(sum.as_bytes().into());
        sum
    } else {
        let sum = add_floats(None, increment, CommandError::NOT_FLOAT)?;
        cx.put(key, Value::String(Text::Fixed(sum.as_bytes().into())));
        sum
    };
    cx.changed(key, EventClass::String, "incrbyfloat");
    // Another machine might add otherwise.
    cx.log_as(&[b"SET", key, sum.as_bytes(), b"KEEPTTL"]);
    out.bulk(sum.as_bytes());
    Ok(())
}
