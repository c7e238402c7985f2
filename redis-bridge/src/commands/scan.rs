//! Walks and searches: `SCAN` and its relatives, `KEYS`, `RANDOMKEY`.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::keyspace::glob::{self, Case};
use crate::keyspace::{hash::Hash, set::Set, zset::SortedSet};
use crate::reply::ReplySink;
use crate::replying;
use crate::resp::number::DoubleText;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec::new(Group::Generic, "keys", "1.0.0", 2, "readonly dangerous", KeySpec::None, replying!(keys)),
    CommandSpec::new(Group::Generic, "randomkey", "1.0.0", 1, "readonly", KeySpec::None, replying!(randomkey)),
    CommandSpec::new(Group::Generic, "scan", "2.8.0", -2, "readonly", KeySpec::None, replying!(scan)),
    CommandSpec::new(Group::Hash, "hscan", "2.8.0", -3, "readonly", KeySpec::FIRST, replying!(hscan)),
    CommandSpec::new(Group::Set, "sscan", "2.8.0", -3, "readonly", KeySpec::FIRST, replying!(sscan)),
    CommandSpec::new(Group::SortedSet, "zscan", "2.8.0", -3, "readonly", KeySpec::FIRST, replying!(zscan)),
];

/// How many entries one step visits unless told otherwise.
const DEFAULT_COUNT: usize = 10;

/// What is the same in all walks.
struct Walk<'a> {
    cursor: u64,
    count: usize,
    pattern: Option<&'a [u8]>,
    type_: Option<&'a [u8]>,
}

impl<'a> Walk<'a> {
    fn parse(cursor: u64, words: &[&'a [u8]], takes_type: bool) -> Result<Self, CommandError> {
        let mut walk = Self {
            cursor,
            count: DEFAULT_COUNT,
            pattern: None,
            type_: None,
        };
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            if is(word, "count") && options.left() > 0 {
                let count = args::int(options.value()?)?;
                walk.count = usize::try_from(count)
                    .ok()
                    .filter(|&count| count > 0)
                    .ok_or(CommandError::SYNTAX)?;
            } else if is(word, "match") && options.left() > 0 {
                walk.pattern = Some(options.value()?).filter(|pattern| pattern != b"*");
            } else if takes_type && is(word, "type") && options.left() > 0 {
                walk.type_ = Some(options.value()?);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(walk)
    }

    fn accepts(&self, name: &[u8]) -> bool {
        self.pattern
            .is_none_or(|pattern| glob::matches(pattern, name, Case::Sensitive))
    }
}

/// A cursor, read as C's `strtoul` does: nothing at all is 0, and a sign is allowed.
fn parse_cursor(text: &[u8]) -> Result<u64, CommandError> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    if text.is_empty() {
        return Ok(0);
    }
    let value = digits.iter().all(u8::is_ascii_digit).then_some(digits);
    let value = value.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
    let value = value.ok_or(CommandError::of("ERR invalid cursor"))?;
    Ok(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// Sends the next cursor and announces the elements that follow.
fn open_reply(out: &mut dyn ReplySink, next: u64, n_elements: usize) {
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(n_elements);
}

fn scan(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let walk = Walk::parse(parse_cursor(args[1])?, &args[2..], true)?;
    let (db, now_ms) = (cx.db(), cx.now_ms());
    let mut due = Vec::new();
    let mut found = Vec::new();
    let (next, entries) = cx.server.keyspace.db(db).scan(walk.cursor, walk.count);
    for (key, entry) in entries {
        let type_name = entry.value.type_().name();
        if !walk.accepts(key) || walk.type_.is_some_and(|wanted| !is(wanted, type_name)) {
            continue;
        }
        if entry.is_due(now_ms) {
            due.push(Box::<[u8]>::from(key))
        } else {
            found.push(key)
        }
    }
    open_reply(out, next, found.len());
    found.iter().for_each(|key| out.bulk(key));
    due.iter().for_each(|key| cx.expire_if_due(key));
    Ok(())
}

fn hscan(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let cursor = parse_cursor(args[2])?;
    let hash = cx.read::<Hash>(args[1])?;
    let Some(hash) = hash else {
        open_reply(out, 0, 0);
        return Ok(());
    };
    let walk = Walk::parse(cursor, &args[3..], false)?;
    let (next, mut fields) = hash.scan(walk.cursor, walk.count);
    fields.retain(|(field, _)| walk.accepts(field));
    open_reply(out, next, fields.len() * 2);
    for (field, value) in fields {
        out.bulk(field);
        out.bulk(value);
    }
    Ok(())
}

fn sscan(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let cursor = parse_cursor(args[2])?;
    let Some(set) = cx.read::<Set>(args[1])? else {
        open_reply(out, 0, 0);
        return Ok(());
    };
    let walk = Walk::parse(cursor, &args[3..], false)?;
    let (next, mut members) = set.scan(walk.cursor, walk.count);
    members.retain(|member| walk.accepts(member));
    open_reply(out, next, members.len());
    members.iter().for_each(|member| out.bulk(member));
    Ok(())
}

fn zscan(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let text = DoubleText::of(cx.server.compat);
    let cursor = parse_cursor(args[2])?;
    let Some(zset) = cx.read::<SortedSet>(args[1])? else {
        open_reply(out, 0, 0);
        return Ok(());
    };
    let walk = Walk::parse(cursor, &args[3..], false)?;
    let (next, mut members) = zset.scan(walk.cursor, walk.count);
    members.retain(|(member, _)| walk.accepts(member));
    open_reply(out, next, members.len() * 2);
    for (member, score) in members {
        out.bulk(member);
        // A bulk string in both protocols.
        let mut digits = Vec::new();
        text.write_kept(&mut digits, score);
        out.bulk(&digits);
    }
    Ok(())
}

fn keys(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let pattern = args[1];
    let (db, now_ms) = (cx.db(), cx.now_ms());
    let found: Vec<&[u8]> = cx
        .keyspace()
        .db(db)
        .iter()
        .filter(|(key, entry)| {
            (pattern == b"*" || glob::matches(pattern, key, Case::Sensitive))
                && !entry.is_due(now_ms)
        })
        .map(|(key, _)| key)
        .collect();
    out.array(found.len());
    found.iter().for_each(|key| out.bulk(key));
    Ok(())
}

fn randomkey(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let db = cx.db();
    // Each round removes a key whose time is over, so this ends.
    while let Some(key) = cx.keyspace().db(db).random_key().map(Box::<[u8]>::from) {
        if cx.exists(&key) {
            out.bulk(&key);
            return Ok(());
        }
    }
    out.null();
    Ok(())
}
