//! What a key can hold.

use crate::keyspace::stream::Stream;
use crate::keyspace::{hash::Hash, list::List, set::Set, string::Text, zset::SortedSet};

/// A value of any type.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // named after the types
pub enum Value {
    String(Text),
    List(List),
    Hash(Hash),
    Set(Set),
    SortedSet(Box<SortedSet>),
    Stream(Box<Stream>),
}

/// The types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named after the types
pub enum Type {
    String,
    List,
    Hash,
    Set,
    SortedSet,
    Stream,
}

impl Type {
    /// As `TYPE` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::SortedSet => "zset",
            Self::Stream => "stream",
        }
    }
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn type_(&self) -> Type {
        match self {
            Self::String(_) => Type::String,
            Self::List(_) => Type::List,
            Self::Hash(_) => Type::Hash,
            Self::Set(_) => Type::Set,
            Self::SortedSet(_) => Type::SortedSet,
            Self::Stream(_) => Type::Stream,
        }
    }

    /// How Redis would store it, as `OBJECT ENCODING` prints it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(text) => text.encoding(),
            Self::List(_) => "quicklist",
            Self::Hash(hash) => hash.encoding(),
            Self::Set(set) => set.encoding(),
            Self::SortedSet(zset) => zset.encoding(),
            Self::Stream(_) => "stream",
        }
    }

    /// Is it a collection without elements? Such values do not stay in a database; an
    /// empty stream does, as it knows what it has contained.
    #[must_use]
    pub fn is_empty_collection(&self) -> bool {
        match self {
            Self::String(_) | Self::Stream(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Hash(hash) => hash.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::SortedSet(zset) => zset.is_empty(),
        }
    }
}

/// A type that a [`Value`] can be.
pub trait Typed: Sized {
    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<&Self>;
    /// As [`of`](Self::of), for writing.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// Makes it a value.
    fn into_value(self) -> Value;
}

/// Implements [`Typed`] for the type of a variant.
macro_rules! typed {
    ($($type:ty, $variant:ident, $wrap:expr;)*) => {$(
        impl Typed for $type {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$variant(it) = value { Some(it) } else { None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$variant(it) = value { Some(it) } else { None }
            }
            fn into_value(self) -> Value {
                Value::$variant($wrap(self))
            }
        }
    )*};
}

typed! {
    Text, String, std::convert::identity;
    List, List, std::convert::identity;
    Hash, Hash, std::convert::identity;
    Set, Set, std::convert::identity;
    SortedSet, SortedSet, Box::new;
    Stream, Stream, Box::new;
}
