//! Values, written.

use super::{container, kind};
use crate::keyspace::Value;
use crate::keyspace::list::List;
use crate::keyspace::listpack::Listpack;
use crate::keyspace::set::Set;
use crate::keyspace::stream::{Group, Stream, StreamId};
use crate::keyspace::zset::SortedSet;
use crate::rdb::{write_length, write_string};
use crate::resp::number::DoubleText;

/// The size of a node of a list, in bytes (`list-max-listpack-size -2`).
const LIST_NODE_MAX_BYTES: usize = 8192;

/// What an element is thought to take in a node beside its text.
const ELEMENT_OVERHEAD: usize = 8;

/// An element from this size on has a node of its own, which is no listpack.
const LARGE_ELEMENT_BYTES: usize = 1 << 30;

/// Appends a value, its type first.
pub fn write_value(out: &mut Vec<u8>, value: &Value) {
    let is_small = value.encoding() == "listpack";
    match value {
        Value::String(text) => {
            out.push(kind::STRING);
            write_string(out, &text.bytes());
        }
        Value::List(list) => write_list(out, list),
        Value::Hash(hash) if is_small => {
            let mut pack = Listpack::default();
            for (field, value) in hash.iter() {
                pack.push(field);
                pack.push(value);
            }
            out.push(kind::HASH_LISTPACK);
            write_string(out, pack.as_bytes());
        }
        Value::Hash(hash) => {
            out.push(kind::HASH);
            write_length(out, hash.len() as u64);
            for (field, value) in hash.iter() {
                write_string(out, field);
                write_string(out, value);
            }
        }
        Value::Set(Set::Integers(integers)) => {
            out.push(kind::SET_INTSET);
            write_string(out, &intset(integers));
        }
        Value::Set(set) => {
            out.push(kind::SET);
            write_length(out, set.len() as u64);
            set.iter().for_each(|member| write_string(out, &member));
        }
        Value::SortedSet(zset) if is_small => {
            out.push(kind::ZSET_LISTPACK);
            write_string(out, small_zset(zset).as_bytes());
        }
        Value::SortedSet(zset) => {
            out.push(kind::ZSET);
            write_length(out, zset.len() as u64);
            for it in zset.iter().rev() {
                write_string(out, &it.member);
                out.extend_from_slice(&it.score.to_le_bytes());
            }
        }
        Value::Stream(stream) => write_stream(out, stream),
    }
}

fn write_list(out: &mut Vec<u8>, list: &List) {
    let mut nodes: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut open = Listpack::default();
    let close = |nodes: &mut Vec<(u64, Vec<u8>)>, open: &mut Listpack| {
        let pack = std::mem::take(open);
        if !pack.is_empty() {
            nodes.push((container::PACKED, pack.as_bytes().to_vec()));
        }
    };
    for element in list.iter() {
        if element.len() > LARGE_ELEMENT_BYTES {
            close(&mut nodes, &mut open);
            nodes.push((container::PLAIN, element.to_vec()));
            continue;
        }
        let size = open.as_bytes().len() + element.len() + ELEMENT_OVERHEAD;
        if size > LIST_NODE_MAX_BYTES {
            close(&mut nodes, &mut open);
        }
        open.push(element);
    }
    close(&mut nodes, &mut open);
    out.push(kind::LIST_QUICKLIST_2);
    write_length(out, nodes.len() as u64);
    for (container, bytes) in nodes {
        write_length(out, container);
        write_string(out, &bytes);
    }
}

/// Sorted integers, all of the width that the widest needs.
fn intset(integers: &[i64]) -> Vec<u8> {
    let ends = [integers.first(), integers.last()];
    let ends = || ends.into_iter().flatten();
    let width: usize = if ends().all(|it| i16::try_from(*it).is_ok()) {
        2
    } else if ends().all(|it| i32::try_from(*it).is_ok()) {
        4
    } else {
        8
    };
    let mut bytes = Vec::with_capacity(8 + width * integers.len());
    bytes.extend_from_slice(&(width as u32).to_le_bytes());
    bytes.extend_from_slice(&(integers.len() as u32).to_le_bytes());
    for integer in integers {
        bytes.extend_from_slice(&integer.to_le_bytes()[..width]);
    }
    bytes
}

fn small_zset(zset: &SortedSet) -> Listpack {
    let mut pack = Listpack::default();
    for it in zset.iter() {
        pack.push(&it.member);
        let mut score = Vec::new();
        DoubleText::SeventeenDigits.write_kept(&mut score, it.score);
        pack.push(&score);
    }
    pack
}

fn write_id(out: &mut Vec<u8>, id: StreamId) {
    write_length(out, id.ms);
    write_length(out, id.seq);
}

fn write_stream(out: &mut Vec<u8>, stream: &Stream) {
    let log = &stream.log;
    out.push(kind::STREAM_2);
    write_length(out, log.n_nodes() as u64);
    for (master, pack) in log.nodes() {
        write_string(out, &master.to_bytes());
        write_string(out, pack.as_bytes());
    }
    write_length(out, log.len() as u64);
    write_id(out, log.last_id);
    write_id(out, log.first_id());
    write_id(out, log.max_deleted_id);
    write_length(out, log.n_added as u64);
    write_length(out, stream.groups.len() as u64);
    for (name, group) in &stream.groups {
        write_string(out, name);
        write_group(out, group);
    }
}

fn write_group(out: &mut Vec<u8>, group: &Group) {
    write_id(out, group.last_id);
    // Minus one, as an unsigned number, says that it is not known.
    write_length(out, group.n_read.unwrap_or(-1) as u64);
    write_length(out, group.pending().len() as u64);
    for (id, pending) in group.pending() {
        out.extend_from_slice(&id.to_bytes());
        out.extend_from_slice(&pending.delivered_at_ms.to_le_bytes());
        write_length(out, pending.n_deliveries as u64);
    }
    write_length(out, group.consumers().len() as u64);
    for (name, consumer) in group.consumers() {
        write_string(out, name);
        out.extend_from_slice(&consumer.seen_at_ms.to_le_bytes());
        write_length(out, consumer.pending().len() as u64);
        for id in consumer.pending() {
            out.extend_from_slice(&id.to_bytes());
        }
    }
}
