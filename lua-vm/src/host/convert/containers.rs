#![forbid(unsafe_code)]
//! `Option`, sequences and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use super::{FromLua, FromLuaError, IntoLua, describe_key};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::value::borrowed::{Table, Value};

pub(super) fn list_into_lua<'v, T: IntoLua>(
    items: impl ExactSizeIterator<Item = T>,
    cx: &'v CallCx<'_>,
) -> Result<Value<'v>, LuaError> {
    let table = cx.new_table(items.len(), 0)?;
    for (i, item) in items.enumerate() {
        table.set_index(i as i64 + 1, item.into_lua(cx)?)?;
    }
    Ok(Value::Table(table))
}

pub(super) fn list_from_lua<'v, T: FromLua>(
    value: Value<'v>,
    cx: &'v CallCx<'_>,
) -> Result<Vec<T::Output<'v>>, FromLuaError> {
    let table = table(value)?;
    (1..=table.len() as i64)
        .map(|i| {
            T::from_lua(table.get_index(i), cx)
                .map_err(|error| error.of_part(|| format!("field {i}")))
        })
        .collect()
}

fn table(value: Value<'_>) -> Result<Table<'_>, FromLuaError> {
    value
        .as_table()
        .ok_or_else(|| FromLuaError::expected("table", value))
}

/// `None` is nil.
impl<T: IntoLua> IntoLua for Option<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        match self {
            Some(value) => value.into_lua(cx),
            None => Ok(Value::Nil),
        }
    }
}

/// Nil, and an argument that is absent, are `None`.
impl<T: FromLua> FromLua for Option<T> {
    type Output<'v> = Option<T::Output<'v>>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Option<T::Output<'v>>, FromLuaError> {
        if value.is_nil() {
            return Ok(None);
        }
        T::from_lua(value, cx).map(Some)
    }
}

/// A sequence from 1; bytes are a string.
impl<T: IntoLua> IntoLua for Vec<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        T::list_into_lua(self.into_iter(), cx)
    }
}

impl<T: IntoLua, const N: usize> IntoLua for [T; N] {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        T::list_into_lua(self.into_iter(), cx)
    }
}

impl<T: IntoLua + Clone> IntoLua for &[T] {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        T::list_into_lua(self.iter().cloned(), cx)
    }
}

impl<T: IntoLua + Clone, const N: usize> IntoLua for &[T; N] {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        T::list_into_lua(self.iter().cloned(), cx)
    }
}

/// The sequence of a table, as long as `#` says.
impl<T: FromLua> FromLua for Vec<T> {
    type Output<'v> = Vec<T::Output<'v>>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Vec<T::Output<'v>>, FromLuaError> {
        T::list_from_lua(value, cx)
    }
}

/// A sequence of just this length.
impl<T: FromLua, const N: usize> FromLua for [T; N] {
    type Output<'v> = [T::Output<'v>; N];

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<[T::Output<'v>; N], FromLuaError> {
        let list = T::list_from_lua(value, cx)?;
        let len = list.len();
        list.try_into()
            .map_err(|_| FromLuaError::value(format!("{N} values expected, got {len}")))
    }
}

fn map_into_lua<'v, K: IntoLua, V: IntoLua>(
    entries: impl ExactSizeIterator<Item = (K, V)>,
    cx: &'v CallCx<'_>,
) -> Result<Value<'v>, LuaError> {
    let table = cx.new_table(0, entries.len())?;
    for (key, value) in entries {
        table.set(key.into_lua(cx)?, value.into_lua(cx)?)?;
    }
    Ok(Value::Table(table))
}

fn map_from_lua<'v, K: FromLua, V: FromLua, C>(
    value: Value<'v>,
    cx: &'v CallCx<'_>,
) -> Result<C, FromLuaError>
where
    C: FromIterator<(K::Output<'v>, V::Output<'v>)>,
{
    table(value)?
        .pairs()
        .map(|(key, value)| {
            let name = || describe_key(key);
            Ok((
                K::from_lua(key, cx)
                    .map_err(|error| error.of_part(|| format!("key of {}", name())))?,
                V::from_lua(value, cx).map_err(|error| error.of_part(name))?,
            ))
        })
        .collect()
}

impl<K: IntoLua, V: IntoLua, S> IntoLua for HashMap<K, V, S> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        map_into_lua(self.into_iter(), cx)
    }
}

impl<K: IntoLua, V: IntoLua> IntoLua for BTreeMap<K, V> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        map_into_lua(self.into_iter(), cx)
    }
}

impl<K: FromLua, V: FromLua, S: BuildHasher + Default> FromLua for HashMap<K, V, S>
where
    for<'v> K::Output<'v>: Eq + Hash,
{
    type Output<'v> = HashMap<K::Output<'v>, V::Output<'v>, S>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Self::Output<'v>, FromLuaError> {
        map_from_lua::<K, V, _>(value, cx)
    }
}

impl<K: FromLua, V: FromLua> FromLua for BTreeMap<K, V>
where
    for<'v> K::Output<'v>: Ord,
{
    type Output<'v> = BTreeMap<K::Output<'v>, V::Output<'v>>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Self::Output<'v>, FromLuaError> {
        map_from_lua::<K, V, _>(value, cx)
    }
}

/// A set is a table with its members for keys and `true` for values.
fn set_into_lua<'v, T: IntoLua>(
    members: impl ExactSizeIterator<Item = T>,
    cx: &'v CallCx<'_>,
) -> Result<Value<'v>, LuaError> {
    map_into_lua(members.map(|member| (member, true)), cx)
}

fn set_from_lua<'v, T: FromLua, C: FromIterator<T::Output<'v>>>(
    value: Value<'v>,
    cx: &'v CallCx<'_>,
) -> Result<C, FromLuaError> {
    table(value)?
        .pairs()
        .filter(|(_, value)| value.truthy())
        .map(|(key, _)| {
            T::from_lua(key, cx)
                .map_err(|error| error.of_part(|| format!("key of {}", describe_key(key))))
        })
        .collect()
}

impl<T: IntoLua, S> IntoLua for HashSet<T, S> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        set_into_lua(self.into_iter(), cx)
    }
}

impl<T: IntoLua> IntoLua for BTreeSet<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        set_into_lua(self.into_iter(), cx)
    }
}

impl<T: FromLua, S: BuildHasher + Default> FromLua for HashSet<T, S>
where
    for<'v> T::Output<'v>: Eq + Hash,
{
    type Output<'v> = HashSet<T::Output<'v>, S>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Self::Output<'v>, FromLuaError> {
        set_from_lua::<T, _>(value, cx)
    }
}

impl<T: FromLua> FromLua for BTreeSet<T>
where
    for<'v> T::Output<'v>: Ord,
{
    type Output<'v> = BTreeSet<T::Output<'v>>;

    fn from_lua<'v>(
        value: Value<'v>,
        cx: &'v CallCx<'_>,
    ) -> Result<Self::Output<'v>, FromLuaError> {
        set_from_lua::<T, _>(value, cx)
    }
}
