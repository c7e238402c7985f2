//! Commands on keys, whatever they hold, and on whole databases.

use crate::commands::Cx;
use crate::commands::args::{self, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, Handler, KeySpec, rows_of};
use crate::keyspace::string::Text;
use crate::keyspace::{EventClass, Value};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(Generic);

const fn server_row(
    name: &'static str,
    since: &'static str,
    arity: i32,
    flags: &str,
    handler: Handler,
) -> CommandSpec {
    CommandSpec::new(
        Group::Server,
        name,
        since,
        arity,
        flags,
        KeySpec::None,
        handler,
    )
}

const FIRST: KeySpec = KeySpec::FIRST;
const SECOND: KeySpec = KeySpec::SECOND;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("copy", "6.2.0", -3, "write denyoom; RO access; OW update", KeySpec::TWO, replying!(copy)),
    row("del", "1.0.0", -2, "write; RM delete", KeySpec::ALL, replying!(del)),
    row("exists", "1.0.0", -2, "readonly fast; RO", KeySpec::ALL, replying!(exists)),
    row("move", "1.0.0", 3, "write fast", FIRST, replying!(move_)),
    CommandSpec::container(Group::Generic, "object", "2.2.3", OBJECT),
    row("rename", "1.0.0", 3, "write; RW access delete; OW update", KeySpec::TWO, replying!(rename)),
    row("renamenx", "1.0.0", 3, "write fast; RW access delete; OW insert", KeySpec::TWO, replying!(renamenx)),
    row("touch", "3.2.1", -2, "readonly fast; RO", KeySpec::ALL, replying!(touch)),
    row("type", "1.0.0", 2, "readonly fast; RO", FIRST, replying!(type_)),
    row("unlink", "4.0.0", -2, "write fast; RM delete", KeySpec::ALL, replying!(del)),
    server_row("dbsize", "1.0.0", 1, "keyspace readonly fast", replying!(dbsize)),
    server_row("flushall", "1.0.0", -1, "keyspace write dangerous", replying!(flushall)),
    server_row("flushdb", "1.0.0", -1, "keyspace write dangerous", replying!(flushdb)),
    server_row("swapdb", "4.0.0", 3, "keyspace write fast dangerous", replying!(swapdb)),
];

#[rustfmt::skip]
const OBJECT: &[CommandSpec] = &[
    row("object|encoding", "2.2.3", 3, "readonly; RO", SECOND, replying!(object_encoding)),
    row("object|freq", "4.0.0", 3, "readonly; RO", SECOND, replying!(object_freq)),
    row("object|help", "6.2.0", 2, "loading stale", KeySpec::None, replying!(object_help)),
    row("object|idletime", "2.2.3", 3, "readonly; RO", SECOND, replying!(object_idletime)),
    row("object|refcount", "2.2.3", 3, "readonly; RO", SECOND, replying!(object_refcount)),
];

const SAME_OBJECT: CommandError =
    CommandError::of("ERR source and destination objects are the same");
const DB_OUT_OF_RANGE: CommandError = CommandError::of("ERR DB index is out of range");

fn del(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_deleted = args[1..].iter().filter(|key| cx.delete(key)).count();
    out.integer(n_deleted as i64);
    Ok(())
}

fn exists(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_found = args[1..].iter().filter(|key| cx.look(key)).count();
    out.integer(n_found as i64);
    Ok(())
}

fn touch(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let n_found = args[1..]
        .iter()
        .filter(|key| cx.look(key) && cx.value(key).is_some())
        .count();
    out.integer(n_found as i64);
    Ok(())
}

fn type_(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.look(args[1]);
    let name = cx
        .value(args[1])
        .map_or("none", |value| value.type_().name());
    out.status(name.as_bytes());
    Ok(())
}

/// Moves a key with its deadline to another name; the other key must not exist.
fn rename_to(cx: &mut Cx<'_>, from: &[u8], to: &[u8]) {
    let db = cx.db();
    let Some(entry) = cx.keyspace().db_mut(db).remove(from) else {
        return;
    };
    let deadline = entry.expires_at_ms();
    cx.put(to, entry.value);
    cx.keyspace().db_mut(db).set_deadline(to, deadline);
    cx.changed(from, EventClass::Generic, "rename_from");
    cx.changed(to, EventClass::Generic, "rename_to");
}

fn rename(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (from, to) = (args[1], args[2]);
    if !cx.exists(from) {
        return Err(CommandError::NO_SUCH_KEY);
    }
    if from != to {
        // What was there goes without a word.
        cx.expire_if_due(to);
        let db = cx.db();
        cx.keyspace().db_mut(db).remove(to);
        rename_to(cx, from, to);
    }
    out.ok();
    Ok(())
}

fn renamenx(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (from, to) = (args[1], args[2]);
    if !cx.exists(from) {
        return Err(CommandError::NO_SUCH_KEY);
    }
    let is_free = !cx.exists(to);
    if is_free {
        rename_to(cx, from, to);
    }
    out.integer(is_free.into());
    Ok(())
}

/// The number of a database in an argument.
fn db_index(cx: &mut Cx<'_>, text: &[u8]) -> Result<usize, CommandError> {
    let index = args::int(text)?;
    let n_databases = cx.keyspace().n_databases();
    usize::try_from(index)
        .ok()
        .filter(|&db| db < n_databases)
        .ok_or(DB_OUT_OF_RANGE)
}

fn move_(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let (from, to) = (cx.db(), db_index(cx, args[2])?);
    if from == to {
        return Err(SAME_OBJECT);
    }
    cx.expire_if_due_in(to, key);
    let moves = cx.exists(key) && cx.keyspace().db(to).get(key).is_none();
    if moves && let Some(entry) = cx.keyspace().db_mut(from).remove(key) {
        let deadline = entry.expires_at_ms();
        cx.put_in(to, key, entry.value);
        cx.keyspace().db_mut(to).set_deadline(key, deadline);
        cx.changed_in(from, key, EventClass::Generic, "move_from");
        cx.changed_in(to, key, EventClass::Generic, "move_to");
    }
    out.integer(moves.into());
    Ok(())
}

fn copy(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (source, dest) = (args[1], args[2]);
    let (mut db, mut replace) = (cx.db(), false);
    let mut options = args::Options::new(&args[3..]);
    while let Some(word) = options.next() {
        if is(word, "replace") {
            replace = true;
        } else if is(word, "db") && options.left() > 0 {
            let index = options.value()?;
            db = db_index(cx, index)?;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    if db == cx.db() && source == dest {
        return Err(SAME_OBJECT);
    }
    let found = cx.look(source);
    cx.expire_if_due_in(db, dest);
    let is_free = cx.keyspace().db(db).get(dest).is_none();
    let from = cx.db();
    let entry = cx
        .keyspace()
        .db(from)
        .get(source)
        .filter(|_| found && (is_free || replace));
    let Some(entry) = entry.cloned() else {
        out.integer(0);
        return Ok(());
    };
    let deadline = entry.expires_at_ms();
    // What was there goes, for a new key.
    cx.keyspace().db_mut(db).remove(dest);
    cx.put_in(db, dest, entry.value);
    cx.keyspace().db_mut(db).set_deadline(dest, deadline);
    cx.changed_in(db, dest, EventClass::Generic, "copy_to");
    out.integer(1);
    Ok(())
}

fn dbsize(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let db = cx.db();
    out.integer(cx.keyspace().db(db).len() as i64);
    Ok(())
}

/// Removes all keys of a database; those who watch them are told.
fn flush(cx: &mut Cx<'_>, db: usize) {
    let keys: Vec<Box<[u8]>> = cx
        .keyspace()
        .db(db)
        .iter()
        .map(|(key, _)| key.into())
        .collect();
    cx.keyspace().db_mut(db).clear();
    for key in keys {
        cx.keyspace().dirty += 1;
        cx.server.signal_moved(db, &key);
    }
}

/// Checks the one option of `FLUSHDB` and `FLUSHALL`; ours always take effect at once.
fn check_flush_option(args: &[&[u8]]) -> Done {
    match args {
        [_] => Ok(()),
        [_, mode] if is(mode, "sync") || is(mode, "async") => Ok(()),
        _ => Err(CommandError::SYNTAX),
    }
}

fn flushdb(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    check_flush_option(args)?;
    flush(cx, cx.db());
    cx.server.tracking.note_flush();
    cx.log_always();
    out.ok();
    Ok(())
}

fn flushall(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    check_flush_option(args)?;
    for db in 0..cx.keyspace().n_databases() {
        flush(cx, db);
    }
    cx.server.tracking.note_flush();
    cx.log_always();
    out.ok();
    Ok(())
}

fn swapdb(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let index = |text, error| args::int_from(text, i64::MIN, CommandError::of(error));
    let first = index(args[1], "ERR invalid first DB index")?;
    let second = index(args[2], "ERR invalid second DB index")?;
    let n_databases = cx.keyspace().n_databases();
    let in_range = |index| usize::try_from(index).ok().filter(|&db| db < n_databases);
    let (Some(first), Some(second)) = (in_range(first), in_range(second)) else {
        return Err(DB_OUT_OF_RANGE);
    };
    cx.keyspace().dirty += 1;
    if first != second {
        cx.keyspace().swap(first, second);
        // Whoever watches a key of either database may now see another value.
        for (db, other) in [(first, second), (second, first)] {
            for source in [db, other] {
                let keyspace = cx.keyspace();
                let keys: Vec<Box<[u8]>> = keyspace
                    .db(source)
                    .iter()
                    .map(|(key, _)| key.into())
                    .collect();
                for key in keys {
                    cx.server.signal_moved(db, &key);
                }
            }
        }
    }
    out.ok();
    Ok(())
}

fn object_encoding(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.expire_if_due(args[2]);
    let db = cx.db();
    match cx.keyspace().db(db).get(args[2]) {
        Some(entry) => out.bulk(entry.value.encoding().as_bytes()),
        None => out.null(),
    }
    Ok(())
}

fn object_refcount(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    /// Small integers are shared by all keys that hold them, which is not counted.
    const SHARED: i64 = i32::MAX as i64;
    cx.expire_if_due(args[2]);
    let db = cx.db();
    match cx.keyspace().db(db).get(args[2]).map(|entry| &entry.value) {
        Some(Value::String(Text::Integer(0..10_000))) => out.integer(SHARED),
        Some(_) => out.integer(1),
        None => out.null(),
    }
    Ok(())
}

fn object_idletime(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.expire_if_due(args[2]);
    let (db, now_s) = (cx.db(), cx.now_ms() / 1000);
    match cx.keyspace().db(db).get(args[2]) {
        Some(entry) => out.integer((now_s - i64::from(entry.used_at_s)).max(0)),
        None => out.null(),
    }
    Ok(())
}

fn object_freq(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if !cx.exists(args[2]) {
        out.null();
        return Ok(());
    }
    Err(CommandError::of(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
         that when switching between policies at runtime LRU and LFU data will take some time to \
         adjust.",
    ))
}

fn object_help(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    const LINES: [&str; 11] = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
    ];
    const REST: [&str; 4] = [
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
        "    Prints this help.",
    ];
    out.array(LINES.len() + REST.len());
    for line in LINES.iter().chain(&REST) {
        out.status(line.as_bytes());
    }
    Ok(())
}
