//! `DUMP` and `RESTORE`: a value as bytes that another server understands.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::expiry::restore_deadline;
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::keyspace::{EventClass, dump};
use crate::rdb::payload;
use crate::reply::ReplySink;
use crate::replying;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec::new(Group::Generic, "dump", "2.6.0", 2, "readonly", KeySpec::FIRST, replying!(dump)),
    CommandSpec::new(Group::Generic, "restore", "2.6.0", -4, "write denyoom dangerous; OW update", KeySpec::FIRST, replying!(restore)),
];

fn dump(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let version = cx.server.compat.dump_version();
    cx.look(args[1]);
    let Some(value) = cx.value(args[1]) else {
        out.null();
        return Ok(());
    };
    let mut bytes = Vec::new();
    dump::write_value(&mut bytes, value);
    payload::seal(&mut bytes, version);
    out.bulk(&bytes);
    Ok(())
}

/// The options of `RESTORE`.
#[derive(Default)]
struct RestoreOptions {
    replaces: bool,
    is_absolute: bool,
    idle_s: Option<i64>,
    /// How often it was used, which nothing here depends on.
    frequency: Option<i64>,
}

impl RestoreOptions {
    fn parse(words: &[&[u8]]) -> Result<Self, CommandError> {
        let mut parsed = Self::default();
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            let has_value = options.left() > 0;
            if is(word, "replace") {
                parsed.replaces = true;
            } else if is(word, "absttl") {
                parsed.is_absolute = true;
            } else if is(word, "idletime") && has_value && parsed.frequency.is_none() {
                let value = args::int(options.value()?)?;
                if value < 0 {
                    let text = "ERR Invalid IDLETIME value, must be >= 0";
                    return Err(CommandError::of(text));
                }
                parsed.idle_s = Some(value);
            } else if is(word, "freq") && has_value && parsed.idle_s.is_none() {
                let value = args::int(options.value()?)?;
                if !(0..=255).contains(&value) {
                    let text = "ERR Invalid FREQ value, must be >= 0 and <= 255";
                    return Err(CommandError::of(text));
                }
                parsed.frequency = Some(value);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(parsed)
    }
}

fn restore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (key, sealed) = (args[1], args[3]);
    let options = RestoreOptions::parse(&args[4..])?;
    if !options.replaces && cx.exists(key) {
        return Err(CommandError::of("BUSYKEY Target key name already exists."));
    }
    let ttl_ms = args::int(args[2])?;
    if ttl_ms < 0 {
        return Err(CommandError::of("ERR Invalid TTL value, must be >= 0"));
    }
    let compat = cx.server.compat;
    let body = payload::open(sealed, |version| compat.accepts_dump(version)).ok_or(
        CommandError::of("ERR DUMP payload version or checksum are wrong"),
    )?;
    let value = dump::read_value(body).ok_or(CommandError::of("ERR Bad data format"))?;
    let now_ms = cx.now_ms();
    let deadline_ms = match ttl_ms {
        0 => None,
        ttl_ms if options.is_absolute => Some(ttl_ms),
        ttl_ms => Some(ttl_ms.saturating_add(now_ms)),
    };
    let due_before_ms = cx.keyspace().due_before_ms();
    if deadline_ms.is_some_and(|deadline| deadline <= due_before_ms) {
        if cx.delete(key) {
            cx.log_as(&[b"DEL", key]);
        }
        out.ok();
        return Ok(());
    }
    if options.replaces && cx.exists(key) {
        // It goes without a word, for another comes at once.
        let db = cx.db();
        cx.keyspace().db_mut(db).remove(key);
    }
    cx.put(key, value);
    restore_deadline(cx, key, deadline_ms);
    if let Some(idle_s) = options.idle_s {
        let db = cx.db();
        let used_at_s = (now_ms / 1000).saturating_sub(idle_s).max(0);
        if let Some(entry) = cx.keyspace().db_mut(db).get_mut(key) {
            entry.used_at_s = u32::try_from(used_at_s).unwrap_or(0);
        }
    }
    cx.changed(key, EventClass::Generic, "restore");
    if let Some(deadline_ms) = deadline_ms {
        let mut digits = itoa::Buffer::new();
        let deadline = digits.format(deadline_ms).as_bytes();
        cx.log_as(&[b"RESTORE", key, deadline, sealed, b"ABSTTL", b"REPLACE"]);
    }
    out.ok();
    Ok(())
}
