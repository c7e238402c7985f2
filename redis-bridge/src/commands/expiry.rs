//! Times to live: the arguments that set them, and the commands that ask for them.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, Handler, KeySpec};
use crate::keyspace::{Event, EventClass};
use crate::reply::ReplySink;
use crate::replying;

const fn row(
    name: &'static str,
    since: &'static str,
    arity: i32,
    flags: &str,
    handler: Handler,
) -> CommandSpec {
    CommandSpec::new(
        Group::Generic,
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
        "expire",
        "1.0.0",
        -3,
        "write fast; RW update",
        replying!(expire),
    ),
    row(
        "expireat",
        "1.2.0",
        -3,
        "write fast; RW update",
        replying!(expireat),
    ),
    row(
        "expiretime",
        "7.0.0",
        2,
        "readonly fast",
        replying!(expiretime),
    ),
    row(
        "persist",
        "2.2.0",
        2,
        "write fast; RW update",
        replying!(persist),
    ),
    row(
        "pexpire",
        "2.6.0",
        -3,
        "write fast; RW update",
        replying!(pexpire),
    ),
    row(
        "pexpireat",
        "2.6.0",
        -3,
        "write fast; RW update",
        replying!(pexpireat),
    ),
    row(
        "pexpiretime",
        "7.0.0",
        2,
        "readonly fast",
        replying!(pexpiretime),
    ),
    row("pttl", "2.6.0", 2, "readonly fast", replying!(pttl)),
    row("ttl", "1.0.0", 2, "readonly fast", replying!(ttl)),
];

/// What a time in an argument means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// From now.
    Seconds,
    /// From now.
    Milliseconds,
    /// Since 1970.
    UnixSeconds,
    /// Since 1970.
    UnixMilliseconds,
}

impl Unit {
    /// That of an option of `SET` and `GETEX`.
    pub(super) fn from_option(word: &[u8]) -> Option<Self> {
        const OPTIONS: [(&str, Unit); 4] = [
            ("ex", Unit::Seconds),
            ("px", Unit::Milliseconds),
            ("exat", Unit::UnixSeconds),
            ("pxat", Unit::UnixMilliseconds),
        ];
        OPTIONS
            .iter()
            .find(|(name, _)| is(word, name))
            .map(|(_, unit)| *unit)
    }

    /// The point of time in milliseconds since 1970, if it can be told.
    fn deadline(self, time: i64, now_ms: i64) -> Option<i64> {
        let ms = match self {
            Self::Seconds | Self::UnixSeconds => time.checked_mul(1000)?,
            Self::Milliseconds | Self::UnixMilliseconds => time,
        };
        match self {
            Self::Seconds | Self::Milliseconds => ms.checked_add(now_ms),
            Self::UnixSeconds | Self::UnixMilliseconds => Some(ms),
        }
    }
}

fn invalid_time(command: &str) -> CommandError {
    CommandError::new(format!("ERR invalid expire time in '{command}' command"))
}

/// The deadline that an argument of `command` means, which must be above 0.
pub(super) fn deadline(
    cx: &Cx<'_>,
    unit: Unit,
    time: &[u8],
    command: &str,
) -> Result<i64, CommandError> {
    let time = args::int(time)?;
    let deadline = if time > 0 {
        unit.deadline(time, cx.now_ms())
    } else {
        None
    };
    deadline.ok_or_else(|| invalid_time(command))
}

/// Gives a key a deadline, as part of another change.
pub(super) fn set_deadline(cx: &mut Cx<'_>, key: &[u8], deadline_ms: i64) {
    restore_deadline(cx, key, Some(deadline_ms));
    let event = Event(EventClass::Generic, "expire");
    let db = cx.db();
    cx.keyspace().events.note(event, db, key);
}

/// Gives a key the deadline it had before, without a notification.
pub(super) fn restore_deadline(cx: &mut Cx<'_>, key: &[u8], deadline_ms: Option<i64>) {
    let db = cx.db();
    cx.keyspace().db_mut(db).set_deadline(key, deadline_ms);
}

/// Logs that a key got a deadline, under these conditions of `EXPIRE`.
pub(super) fn log_deadline(cx: &mut Cx<'_>, key: &[u8], deadline_ms: i64, conditions: &[&[u8]]) {
    let mut digits = itoa::Buffer::new();
    let deadline = digits.format(deadline_ms).as_bytes();
    let start: [&[u8]; 3] = [b"PEXPIREAT", key, deadline];
    cx.log_as(&[&start, conditions].concat());
}

/// Takes a key's deadline away; returns whether it had one.
pub(super) fn clear_deadline(cx: &mut Cx<'_>, key: &[u8]) -> bool {
    let had_one = current(cx, key).flatten().is_some();
    if had_one {
        restore_deadline(cx, key, None);
        cx.changed(key, EventClass::Generic, "persist");
    }
    had_one
}

/// The deadline of a key, if it has one, if there is such a key.
fn current(cx: &mut Cx<'_>, key: &[u8]) -> Option<Option<i64>> {
    cx.expire_if_due(key);
    let db = cx.db();
    cx.keyspace()
        .db(db)
        .get(key)
        .map(|entry| entry.expires_at_ms())
}

/// The conditions that `EXPIRE` can be given.
#[derive(Default)]
struct Conditions {
    if_none: bool,
    if_any: bool,
    if_later: bool,
    if_sooner: bool,
}

impl Conditions {
    fn parse(words: &[&[u8]]) -> Result<Self, CommandError> {
        let mut parsed = Self::default();
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            let flag = match word.to_ascii_lowercase().as_slice() {
                b"nx" => &mut parsed.if_none,
                b"xx" => &mut parsed.if_any,
                b"gt" => &mut parsed.if_later,
                b"lt" => &mut parsed.if_sooner,
                _ => {
                    let mut text = b"ERR Unsupported option ".to_vec();
                    text.extend_from_slice(word);
                    return Err(CommandError::new(text));
                }
            };
            *flag = true;
        }
        if parsed.if_none && (parsed.if_any || parsed.if_later || parsed.if_sooner) {
            return Err(CommandError::of(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if parsed.if_later && parsed.if_sooner {
            return Err(CommandError::of(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(parsed)
    }

    fn allow(&self, current: Option<i64>, new: i64) -> bool {
        !(self.if_none && current.is_some()
            || self.if_any && current.is_none()
            // A key without a deadline lives longer than any other.
            || self.if_later && current.is_none_or(|current| new <= current)
            || self.if_sooner && current.is_some_and(|current| new >= current))
    }
}

fn expire_in(cx: &mut Cx<'_>, args: &[&[u8]], unit: Unit, out: &mut dyn ReplySink) -> Done {
    let key = args[1];
    let time = args::int(args[2]);
    let conditions = Conditions::parse(&args[3..])?;
    let deadline = unit
        .deadline(time?, cx.now_ms())
        .ok_or_else(|| invalid_time(&String::from_utf8_lossy(args[0]).to_ascii_lowercase()))?;
    let applies = current(cx, key).is_some_and(|current| conditions.allow(current, deadline));
    if applies && deadline <= cx.keyspace().due_before_ms() {
        cx.delete(key);
        cx.log_as(&[b"DEL", key]);
    } else if applies {
        restore_deadline(cx, key, Some(deadline));
        cx.changed(key, EventClass::Generic, "expire");
        if unit != Unit::UnixMilliseconds {
            log_deadline(cx, key, deadline, &args[3..]);
        }
    }
    out.integer(applies.into());
    Ok(())
}

fn expire(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    expire_in(cx, args, Unit::Seconds, out)
}

fn pexpire(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    expire_in(cx, args, Unit::Milliseconds, out)
}

fn expireat(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    expire_in(cx, args, Unit::UnixSeconds, out)
}

fn pexpireat(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    expire_in(cx, args, Unit::UnixMilliseconds, out)
}

/// Replies with what `shape` makes of the deadline; -2 without a key, -1 without a
/// deadline.
fn report(
    cx: &mut Cx<'_>,
    key: &[u8],
    out: &mut dyn ReplySink,
    shape: impl Fn(i64, i64) -> i64,
) -> Done {
    let now_ms = cx.now_ms();
    cx.look(key);
    out.integer(match current(cx, key) {
        None => -2,
        Some(None) => -1,
        Some(Some(deadline)) => shape(deadline, now_ms),
    });
    Ok(())
}

fn ttl(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    report(cx, args[1], out, |deadline, now| {
        ((deadline - now).max(0) + 500) / 1000
    })
}

fn pttl(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    report(cx, args[1], out, |deadline, now| (deadline - now).max(0))
}

fn expiretime(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    report(cx, args[1], out, |deadline, _| {
        deadline.saturating_add(500) / 1000
    })
}

fn pexpiretime(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    report(cx, args[1], out, |deadline, _| deadline)
}

fn persist(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let had_one = clear_deadline(cx, args[1]);
    out.integer(had_one.into());
    Ok(())
}
