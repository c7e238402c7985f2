//! Values in the form that Redis 7.0 writes them to snapshots, for `DUMP` and `RESTORE`.
//! Older and newer forms are read as well. Checksums are the business of
//! [`rdb::payload`](crate::rdb::payload).

mod read;
mod write;
mod ziplist;

pub use read::read_value;
pub use write::write_value;

/// The first byte of a value: its type and how it is laid out.
mod kind {
    pub(super) const STRING: u8 = 0;
    /// Elements one by one.
    pub(super) const LIST: u8 = 1;
    /// Members one by one.
    pub(super) const SET: u8 = 2;
    /// Members with scores as texts.
    pub(super) const ZSET_TEXT: u8 = 3;
    /// Fields and values one by one.
    pub(super) const HASH: u8 = 4;
    /// Members with scores as doubles, the greatest first.
    pub(super) const ZSET: u8 = 5;
    pub(super) const LIST_ZIPLIST: u8 = 10;
    pub(super) const SET_INTSET: u8 = 11;
    pub(super) const ZSET_ZIPLIST: u8 = 12;
    pub(super) const HASH_ZIPLIST: u8 = 13;
    /// Ziplists one after another.
    pub(super) const LIST_QUICKLIST: u8 = 14;
    /// Without counters.
    pub(super) const STREAM: u8 = 15;
    pub(super) const HASH_LISTPACK: u8 = 16;
    pub(super) const ZSET_LISTPACK: u8 = 17;
    /// Listpacks one after another, and single elements that are too large for one.
    pub(super) const LIST_QUICKLIST_2: u8 = 18;
    /// With counters.
    pub(super) const STREAM_2: u8 = 19;
    /// Only read: Redis 7.0 does not know it.
    pub(super) const SET_LISTPACK: u8 = 20;
    /// Only read: consumers with one more time.
    pub(super) const STREAM_3: u8 = 21;
}

/// Containers in [`kind::LIST_QUICKLIST_2`].
mod container {
    pub(super) const PLAIN: u64 = 1;
    pub(super) const PACKED: u64 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::hash::Hash;
    use crate::keyspace::list::{End, List};
    use crate::keyspace::set::Set;
    use crate::keyspace::stream::{Group, NodeLimits, Stream, StreamId};
    use crate::keyspace::string::Text;
    use crate::keyspace::zset::SortedSet;
    use crate::keyspace::{Typed, Value};
    use proptest::prelude::*;

    fn written(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_value(&mut bytes, value);
        bytes
    }

    /// A value of each layout, made of these texts.
    fn values(texts: &[Vec<u8>]) -> Vec<Value> {
        let mut list = List::default();
        let (mut hash, mut set) = (Hash::default(), Set::default());
        let (mut integers, mut zset) = (Set::default(), SortedSet::default());
        let mut stream = Stream::default();
        for (at, text) in texts.iter().enumerate() {
            list.push(End::Right, text);
            hash.set(text, text);
            set.insert(text);
            integers.insert(at.to_string().as_bytes());
            zset.set(text, at as f64 / 2.0);
            let id = StreamId {
                ms: at as u64 + 1,
                seq: 0,
            };
            let field: &[u8] = if at % 3 == 0 { b"f" } else { b"g" };
            stream.log.append(
                id,
                &[field, text],
                NodeLimits {
                    bytes: 100,
                    entries: 5,
                },
            );
        }
        let mut group = Group::new(StreamId { ms: 1, seq: 0 }, Some(1));
        group.restore_consumer(b"alice", 5, None);
        group.assign(StreamId { ms: 1, seq: 0 }, b"alice", 7, 2);
        stream.groups.insert((*b"group").into(), group);
        let text = Text::new(texts.first().map_or(b"", Vec::as_slice));
        vec![
            text.into_value(),
            list.into_value(),
            hash.into_value(),
            set.into_value(),
            integers.into_value(),
            zset.into_value(),
            stream.into_value(),
        ]
    }

    fn any_texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let text = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        ];
        prop::collection::vec(text, 1..40)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in any_texts()) {
            for value in values(&texts) {
                let bytes = written(&value);
                let again = read_value(&bytes);
                prop_assert!(again.is_some(), "{:?}", bytes);
                let again = again.expect("it was checked");
                prop_assert_eq!(again.encoding(), value.encoding());
                prop_assert_eq!(written(&again), bytes);
            }
        }

        /// Whatever the bytes, they are refused, or make a value that can be written.
        #[test]
        fn broken_values_do_no_harm(
            texts in any_texts(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            for value in values(&texts) {
                let mut bytes = written(&value);
                for (at, byte) in &changes {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                if let Some(cut) = cut {
                    bytes.truncate(cut.index(bytes.len()));
                }
                if let Some(value) = read_value(&bytes) {
                    prop_assert!(!value.is_empty_collection());
                    let bytes = written(&value);
                    prop_assert!(read_value(&bytes).is_some());
                }
            }
        }
    }
}
