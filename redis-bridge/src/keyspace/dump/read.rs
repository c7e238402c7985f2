//! Values, read. The bytes may come from anywhere: they make a value that is sound, or
//! none at all.

use std::collections::BTreeMap;

use super::{container, kind, ziplist};
use crate::keyspace::hash::Hash;
use crate::keyspace::list::{End, List};
use crate::keyspace::listpack::Listpack;
use crate::keyspace::number::parse_f64;
use crate::keyspace::set::Set;
use crate::keyspace::stream::{Group, Groups, Log, Stream, StreamId};
use crate::keyspace::string::Text;
use crate::keyspace::zset::SortedSet;
use crate::keyspace::{Typed, Value};
use crate::rdb::Reader;

/// The value that begins with its type; `None` if there is no sound value.
#[must_use]
pub fn read_value(bytes: &[u8]) -> Option<Value> {
    let mut source = Source(Reader::new(bytes));
    let value = match source.byte()? {
        kind::STRING => Text::new(&source.string()?).into_value(),
        kind::LIST => {
            let mut list = List::default();
            for _ in 0..source.length()? {
                list.push(End::Right, &source.string()?);
            }
            list.into_value()
        }
        kind::LIST_ZIPLIST => list_of(ziplist::read(&source.string()?)?).into_value(),
        kind::LIST_QUICKLIST => {
            let mut elements = Vec::new();
            for _ in 0..source.length()? {
                elements.extend(ziplist::read(&source.string()?)?);
            }
            list_of(elements).into_value()
        }
        kind::LIST_QUICKLIST_2 => quicklist(&mut source)?.into_value(),
        kind::SET => {
            let n = source.length()?;
            set_of((0..n).map(|_| source.string()))?.into_value()
        }
        kind::SET_INTSET => set_of(intset(&source.string()?)?.into_iter().map(Some))?.into_value(),
        kind::SET_LISTPACK => set_of(source.listpack()?.into_iter().map(Some))?.into_value(),
        kind::HASH => {
            let n = source.length()?;
            let mut hash = Hash::default();
            for _ in 0..n {
                let (field, value) = (source.string()?, source.string()?);
                hash.set(&field, &value).then_some(())?;
            }
            hash.into_value()
        }
        kind::HASH_ZIPLIST => hash_of(&ziplist::read(&source.string()?)?)?.into_value(),
        kind::HASH_LISTPACK => hash_of(&source.listpack()?)?.into_value(),
        kind::ZSET_TEXT => {
            let mut zset = SortedSet::default();
            for _ in 0..source.length()? {
                let member = source.string()?;
                add_scored(&mut zset, &member, source.text_score()?)?;
            }
            zset.into_value()
        }
        kind::ZSET => {
            let mut zset = SortedSet::default();
            for _ in 0..source.length()? {
                let member = source.string()?;
                add_scored(&mut zset, &member, f64::from_le_bytes(source.array()?))?;
            }
            zset.into_value()
        }
        kind::ZSET_ZIPLIST => zset_of(&ziplist::read(&source.string()?)?)?.into_value(),
        kind::ZSET_LISTPACK => zset_of(&source.listpack()?)?.into_value(),
        form @ (kind::STREAM | kind::STREAM_2 | kind::STREAM_3) => {
            stream(&mut source, form)?.into_value()
        }
        _ => return None,
    };
    (!value.is_empty_collection()).then_some(value)
}

/// A reader for which every fault is the same.
struct Source<'b>(Reader<'b>);

impl Source<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.0.byte().ok()
    }

    fn length(&mut self) -> Option<u64> {
        self.0.length().ok()
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        self.0.string().ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.0.bytes(N as u64).ok()?.first_chunk().copied()
    }

    /// The elements of a listpack.
    fn listpack(&mut self) -> Option<Vec<Vec<u8>>> {
        let pack = Listpack::from_bytes(self.string()?)?;
        Some(pack.iter().map(|it| it.bytes().to_vec()).collect())
    }

    /// A score in its old form: the length of its text, or what it is.
    fn text_score(&mut self) -> Option<f64> {
        match self.byte()? {
            253 => None,
            254 => Some(f64::INFINITY),
            255 => Some(f64::NEG_INFINITY),
            len => parse_f64(self.0.bytes(len.into()).ok()?),
        }
    }

    fn id(&mut self) -> Option<StreamId> {
        let (ms, seq) = (self.length()?, self.length()?);
        Some(StreamId { ms, seq })
    }

    fn ms(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
}

fn list_of(elements: Vec<Vec<u8>>) -> List {
    elements.into_iter().map(Vec::into_boxed_slice).collect()
}

fn quicklist(source: &mut Source<'_>) -> Option<List> {
    let mut elements = Vec::new();
    for _ in 0..source.length()? {
        match source.length()? {
            container::PLAIN => elements.push(source.string()?),
            container::PACKED => elements.extend(source.listpack()?),
            _ => return None,
        }
    }
    Some(list_of(elements))
}

/// A set of members, each of which comes once.
fn set_of(members: impl Iterator<Item = Option<Vec<u8>>>) -> Option<Set> {
    let mut set = Set::default();
    for member in members {
        set.insert(&member?).then_some(())?;
    }
    Some(set)
}

/// The members of a set of integers, which are ascending.
fn intset(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let width = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    let len = u32::from_le_bytes(*bytes.get(4..8)?.first_chunk()?) as usize;
    let stored = bytes.get(8..)?;
    if !matches!(width, 2 | 4 | 8) || stored.len() != len.checked_mul(width)? {
        return None;
    }
    let integers: Vec<i64> = stored.chunks_exact(width).map(sign_extended).collect();
    let is_ascending = integers.is_sorted_by(|a, b| a < b);
    is_ascending.then(|| {
        integers
            .iter()
            .map(|it| it.to_string().into_bytes())
            .collect()
    })
}

/// An integer of at most eight bytes, the low ones first.
fn sign_extended(bytes: &[u8]) -> i64 {
    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if is_negative { 0xff } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(wide)
}

/// A hash of fields and values, alternating; no field comes twice.
fn hash_of(items: &[Vec<u8>]) -> Option<Hash> {
    let mut hash = Hash::default();
    let (pairs, rest) = items.as_chunks();
    for [field, value] in pairs {
        hash.set(field, value).then_some(())?;
    }
    rest.is_empty().then_some(hash)
}

/// A sorted set of members and scores, alternating.
fn zset_of(items: &[Vec<u8>]) -> Option<SortedSet> {
    let mut zset = SortedSet::default();
    let (pairs, rest) = items.as_chunks();
    for [member, score] in pairs {
        add_scored(&mut zset, member, parse_f64(score)?)?;
    }
    rest.is_empty().then_some(zset)
}

/// Adds a member that is not there yet.
fn add_scored(zset: &mut SortedSet, member: &[u8], score: f64) -> Option<()> {
    let is_sound = !score.is_nan() && zset.set(member, score).is_none();
    is_sound.then_some(())
}

fn stream(source: &mut Source<'_>, form: u8) -> Option<Stream> {
    let has_counters = form != kind::STREAM;
    let mut nodes = Vec::new();
    for _ in 0..source.length()? {
        let master = StreamId::from_bytes(source.string()?.try_into().ok()?);
        nodes.push((master, Listpack::from_bytes(source.string()?)?));
    }
    let mut log = Log::from_nodes(nodes)?;
    let len = source.length()?;
    log.last_id = source.id()?;
    let is_sound = len == log.len() as u64 && log.last().is_none_or(|it| it.id <= log.last_id);
    is_sound.then_some(())?;
    log.n_added = log.len() as i64;
    if has_counters {
        // The first id follows from the entries.
        source.id()?;
        log.max_deleted_id = source.id()?;
        log.n_added = i64::try_from(source.length()?).ok()?;
    }
    let mut groups = Groups::new();
    for _ in 0..source.length()? {
        let name = source.string()?.into_boxed_slice();
        let group = group(source, &log, form)?;
        groups.insert(name, group).is_none().then_some(())?;
    }
    Some(Stream { log, groups })
}

fn group(source: &mut Source<'_>, log: &Log, form: u8) -> Option<Group> {
    let last_id = source.id()?;
    let n_read = if form == kind::STREAM {
        log.n_added_until(last_id)
    } else {
        Some(source.length()? as i64).filter(|n| *n >= 0)
    };
    let mut group = Group::new(last_id, n_read);
    let mut unowned = BTreeMap::new();
    for _ in 0..source.length()? {
        let id = StreamId::from_bytes(source.array()?);
        let delivered_at_ms = source.ms()?;
        let n_deliveries = i64::try_from(source.length()?).ok()?;
        let before = unowned.insert(id, (delivered_at_ms, n_deliveries));
        before.is_none().then_some(())?;
    }
    for _ in 0..source.length()? {
        let name = source.string()?;
        let seen_at_ms = source.ms()?;
        let active_at_ms = match form {
            kind::STREAM_3 => Some(source.ms()?).filter(|ms| *ms >= 0),
            _ => None,
        };
        let is_known = group.consumers().contains_key(&*name);
        (!is_known).then_some(())?;
        group.restore_consumer(&name, seen_at_ms, active_at_ms);
        for _ in 0..source.length()? {
            let id = StreamId::from_bytes(source.array()?);
            let (delivered_at_ms, n_deliveries) = unowned.remove(&id)?;
            group.assign(id, &name, delivered_at_ms, n_deliveries);
        }
    }
    unowned.is_empty().then_some(group)
}
