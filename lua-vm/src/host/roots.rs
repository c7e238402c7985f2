#![forbid(unsafe_code)]
//! Handles that stay: [`Root`]s of which the type is known. Operations on one borrow the
//! VM, or a native's context, for their duration: see [`Lua`].

use std::cell::{Ref, RefMut};
use std::rc::Rc;

use super::convert::multi::{FromLuaMulti, IntoLuaMulti};
use super::convert::{FromLua, FromLuaError, FromLuaOwned, IntoLua, describe_key};
use super::error::Error;
use super::object::cell::{AccessError, ObjectCell};
use super::object::{UserData, object_at};
use super::{Lua, call_pushed};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Results;
use crate::heap::handle::Root;
use crate::interp::builtin::Builtin;
use crate::value::borrowed::{Function, Table, Thread, ThreadStatus, Value};

macro_rules! typed_roots {
    ($($(#[$doc:meta])* $name:ident $variant:ident $type_name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Root);

        impl AsRef<Root> for $name {
            fn as_ref(&self) -> &Root {
                &self.0
            }
        }

        impl From<$name> for Root {
            fn from(root: $name) -> Root {
                root.0
            }
        }

        impl FromLua for $name {
            type Output<'v> = $name;

            fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<$name, FromLuaError> {
                match value {
                    Value::$variant(_) => Ok($name(cx.root(value)?)),
                    other => Err(FromLuaError::expected($type_name, other)),
                }
            }
        }

        impl IntoLua for $name {
            fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
                cx.value_of(&self.0)
            }
        }

        impl IntoLua for &$name {
            fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
                cx.value_of(&self.0)
            }
        }
    )*};
}

typed_roots! {
    /// A table that the host keeps.
    TableRoot Table "table";
    /// A function that the host keeps.
    FunctionRoot Function "function";
    /// A coroutine that the host keeps.
    ThreadRoot Thread "thread";
}

impl AsRef<Root> for Root {
    fn as_ref(&self) -> &Root {
        self
    }
}

impl FunctionRoot {
    /// Calls the function.
    ///
    /// # Errors
    ///
    /// What it raised; results that are no `R`.
    pub fn call<R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        lua.call_function(self, args)
    }

    /// Sets the environment: the table that is the function's globals (manual §2.9).
    ///
    /// # Errors
    ///
    /// A table, or a function, of another VM.
    pub fn set_environment(
        &self,
        lua: &mut impl Lua,
        environment: &TableRoot,
    ) -> Result<(), Error> {
        lua.run(|cx| {
            let function = Function::from_lua(cx.value_of(&self.0)?, cx)?;
            Ok(function.set_environment(environment.borrow(cx)?)?)
        })
    }
}

/// Whether `get`, `set` and `len` ask metamethods is in the name: those that do not begin
/// with `raw_`, or say so.
impl TableRoot {
    /// The table, for as long as the context is not used to call Lua.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn borrow<'v>(&self, cx: &'v CallCx<'_>) -> Result<Table<'v>, Error> {
        Ok(Table::from_lua(cx.value_of(&self.0)?, cx)?)
    }

    /// `table[key]`.
    ///
    /// # Errors
    ///
    /// A value that is no `T`; what a metamethod raised.
    pub fn get<T: FromLuaOwned>(&self, lua: &mut impl Lua, key: impl IntoLua) -> Result<T, Error> {
        lua.run(|cx| {
            cx.push(cx.value_of(&self.0)?);
            cx.push(key.into_lua(cx)?);
            let name = describe_key(cx.value(-1));
            cx.get_index()?;
            Ok(T::from_lua(cx.value(-1), cx).map_err(|error| error.of_part(|| name))?)
        })
    }

    /// `table[key] = value`.
    ///
    /// # Errors
    ///
    /// A nil or NaN key, a table marked read-only; what a metamethod raised.
    pub fn set(
        &self,
        lua: &mut impl Lua,
        key: impl IntoLua,
        value: impl IntoLua,
    ) -> Result<(), Error> {
        lua.run(|cx| {
            cx.push(cx.value_of(&self.0)?);
            cx.push(key.into_lua(cx)?);
            cx.push(value.into_lua(cx)?);
            Ok(cx.set_index()?)
        })
    }

    /// `table[key]` without metamethods.
    ///
    /// # Errors
    ///
    /// A value that is no `T`.
    pub fn raw_get<T: FromLuaOwned>(
        &self,
        lua: &mut impl Lua,
        key: impl IntoLua,
    ) -> Result<T, Error> {
        lua.run(|cx| Ok(self.borrow(cx)?.field::<T>(cx, key)?))
    }

    /// `table[key] = value` without metamethods.
    ///
    /// # Errors
    ///
    /// A nil or NaN key, a table marked read-only.
    pub fn raw_set(
        &self,
        lua: &mut impl Lua,
        key: impl IntoLua,
        value: impl IntoLua,
    ) -> Result<(), Error> {
        lua.run(|cx| Ok(self.borrow(cx)?.set_field(cx, key, value)?))
    }

    /// True if there is something but nil under the key; no metamethods.
    ///
    /// # Errors
    ///
    /// What the conversion fails with.
    pub fn contains(&self, lua: &mut impl Lua, key: impl IntoLua) -> Result<bool, Error> {
        lua.run(|cx| {
            let key = key.into_lua(cx)?;
            Ok(!self.borrow(cx)?.get(key).is_nil())
        })
    }

    /// A border: `#table`, without metamethods, which tables have none for in Lua 5.1.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn len(&self, lua: &mut impl Lua) -> Result<usize, Error> {
        lua.run(|cx| Ok(self.borrow(cx)?.len()))
    }

    /// True if the border is 0.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn is_empty(&self, lua: &mut impl Lua) -> Result<bool, Error> {
        Ok(self.len(lua)? == 0)
    }

    /// Appends a value to the sequence; no metamethods.
    ///
    /// # Errors
    ///
    /// As [`TableRoot::raw_set`].
    pub fn push(&self, lua: &mut impl Lua, value: impl IntoLua) -> Result<(), Error> {
        lua.run(|cx| {
            let table = self.borrow(cx)?;
            Ok(table.set_index(table.len() as i64 + 1, value.into_lua(cx)?)?)
        })
    }

    /// All entries, in the order of `next`.
    ///
    /// # Errors
    ///
    /// A key that is no `K`, a value that is no `V`.
    pub fn pairs<K: FromLuaOwned, V: FromLuaOwned>(
        &self,
        lua: &mut impl Lua,
    ) -> Result<Vec<(K, V)>, Error> {
        let mut list = Vec::new();
        self.for_each(lua, |key, value| {
            list.push((key, value));
            Ok(())
        })?;
        Ok(list)
    }

    /// Calls `visit` with each entry, in the order of `next`, until it fails.
    ///
    /// # Errors
    ///
    /// A key that is no `K`, a value that is no `V`; what `visit` returns.
    pub fn for_each<K: FromLuaOwned, V: FromLuaOwned>(
        &self,
        lua: &mut impl Lua,
        mut visit: impl FnMut(K, V) -> Result<(), Error>,
    ) -> Result<(), Error> {
        lua.run(|cx| {
            for (key, value) in self.borrow(cx)?.pairs() {
                let name = || describe_key(key);
                visit(
                    K::from_lua(key, cx)
                        .map_err(|error| error.of_part(|| format!("key of {}", name())))?,
                    V::from_lua(value, cx).map_err(|error| error.of_part(name))?,
                )?;
            }
            Ok(())
        })
    }

    /// The values from 1 to the border.
    ///
    /// # Errors
    ///
    /// A value that is no `T`.
    pub fn sequence<T: FromLuaOwned>(&self, lua: &mut impl Lua) -> Result<Vec<T>, Error> {
        lua.run(|cx| {
            let table = self.borrow(cx)?;
            (1..=table.len() as i64)
                .map(|i| Ok(table.field::<T>(cx, i)?))
                .collect()
        })
    }

    /// Calls the function under a key.
    ///
    /// # Errors
    ///
    /// As [`TableRoot::get`] and [`FunctionRoot::call`].
    pub fn call_function<R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        key: impl IntoLua,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        lua.run(|cx| {
            cx.push(cx.value_of(&self.0)?);
            cx.push(key.into_lua(cx)?);
            cx.get_index()?;
            call_pushed(cx, args)
        })
    }

    /// As [`TableRoot::call_function`], with the table as the first argument.
    ///
    /// # Errors
    ///
    /// As [`TableRoot::call_function`].
    pub fn call_method<R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        key: impl IntoLua,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        call_method(&self.0, lua, key, args)
    }

    /// The metatable.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn metatable(&self, lua: &mut impl Lua) -> Result<Option<TableRoot>, Error> {
        lua.run(|cx| match self.borrow(cx)?.metatable() {
            Some(metatable) => Ok(Some(TableRoot(cx.root(Value::Table(metatable))?))),
            None => Ok(None),
        })
    }

    /// Sets or removes the metatable.
    ///
    /// # Errors
    ///
    /// A table marked read-only, or of another VM.
    pub fn set_metatable(
        &self,
        lua: &mut impl Lua,
        metatable: Option<&TableRoot>,
    ) -> Result<(), Error> {
        lua.run(|cx| {
            let metatable = match metatable {
                Some(root) => Some(root.borrow(cx)?),
                None => None,
            };
            Ok(self.borrow(cx)?.set_metatable(metatable)?)
        })
    }

    /// Lets scripts, and the host's raw operations, change the table or not.
    ///
    /// # Errors
    ///
    /// A table of another VM.
    pub fn set_readonly(&self, lua: &mut impl Lua, is_readonly: bool) -> Result<(), Error> {
        lua.run(|cx| {
            self.borrow(cx)?.set_readonly(is_readonly);
            Ok(())
        })
    }
}

fn call_method<R: FromLuaMulti>(
    object: &Root,
    lua: &mut impl Lua,
    key: impl IntoLua,
    args: impl IntoLuaMulti,
) -> Result<R, Error> {
    lua.run(|cx| {
        cx.push(cx.value_of(object)?);
        cx.push(key.into_lua(cx)?);
        cx.get_index()?;
        let first = cx.top();
        cx.push(cx.value_of(object)?);
        let n_args = args.push_values(cx)?;
        let count = cx.call(n_args + 1, Results::Open)?;
        Ok(R::from_values(cx, first, count)?)
    })
}

/// What a coroutine gave when it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed<Y, R = Y> {
    /// It has yielded, and may be resumed.
    Yielded(Y),
    /// Its function has returned.
    Returned(R),
}

impl<T> Resumed<T> {
    /// The values, whichever they are.
    pub fn into_inner(self) -> T {
        match self {
            Resumed::Yielded(values) | Resumed::Returned(values) => values,
        }
    }
}

impl ThreadRoot {
    /// Starts the coroutine with arguments, or goes on with them as the results of the
    /// `yield` that it stopped at. Returns what it yields, or returns in the end:
    /// [`ThreadRoot::status`] tells which.
    ///
    /// # Errors
    ///
    /// What it raised: it is dead then; a coroutine that cannot be resumed; values that
    /// are no `R`.
    pub fn resume<R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        Ok(self.step::<R, R>(lua, args)?.into_inner())
    }

    /// As [`ThreadRoot::resume`], with a type for what it yields and one for what its
    /// function returns.
    ///
    /// # Errors
    ///
    /// As [`ThreadRoot::resume`].
    pub fn step<Y: FromLuaMulti, R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        args: impl IntoLuaMulti,
    ) -> Result<Resumed<Y, R>, Error> {
        lua.run(|cx| {
            let first = cx.top() + 1;
            cx.push(Value::Function(cx.builtin(Builtin::Resume)));
            cx.push(cx.value_of(&self.0)?);
            let n_args = args.push_values(cx)?;
            let count = cx.call(n_args + 1, Results::Open)?;
            if !cx.value(first as isize).truthy() {
                cx.note_traceback(Thread::from_lua(cx.value_of(&self.0)?, cx)?)?;
                return Err(Error::Raised(cx.throw(cx.value(first as isize + 1))));
            }
            let (first, count) = (first + 1, count - 1);
            Ok(
                match Thread::from_lua(cx.value_of(&self.0)?, cx)?.status() {
                    ThreadStatus::Dead => Resumed::Returned(R::from_values(cx, first, count)?),
                    _ => Resumed::Yielded(Y::from_values(cx, first, count)?),
                },
            )
        })
    }

    /// The state, as `coroutine.status` names it.
    ///
    /// # Errors
    ///
    /// A coroutine of another VM.
    pub fn status(&self, lua: &mut impl Lua) -> Result<ThreadStatus, Error> {
        lua.run(|cx| Ok(Thread::from_lua(cx.value_of(&self.0)?, cx)?.status()))
    }
}

/// An object of the host's that both the host and Lua have. The host needs no VM to use
/// it; `RefCell`'s rules hold between the two.
pub struct ObjectRoot<T> {
    root: Root,
    cell: Rc<ObjectCell<T>>,
}

impl<T: UserData> ObjectRoot<T> {
    /// Borrows the object.
    ///
    /// # Errors
    ///
    /// An object that is being changed, or has been taken, or is lent.
    pub fn borrow(&self) -> Result<Ref<'_, T>, AccessError> {
        self.cell.borrow()
    }

    /// Borrows the object exclusively.
    ///
    /// # Errors
    ///
    /// An object that is in use, or has been taken, or is lent.
    pub fn borrow_mut(&self) -> Result<RefMut<'_, T>, AccessError> {
        self.cell.borrow_mut()
    }

    /// Takes the object out of the VM. What Lua still has of it raises an error when it
    /// is used.
    ///
    /// # Errors
    ///
    /// As [`ObjectRoot::borrow_mut`].
    pub fn take(&self) -> Result<T, AccessError> {
        self.cell.take()
    }

    /// Calls a method.
    ///
    /// # Errors
    ///
    /// What it raised; results that are no `R`.
    pub fn call_method<R: FromLuaMulti>(
        &self,
        lua: &mut impl Lua,
        name: &str,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        call_method(&self.root, lua, name, args)
    }
}

impl<T> AsRef<Root> for ObjectRoot<T> {
    fn as_ref(&self) -> &Root {
        &self.root
    }
}

impl<T> std::fmt::Debug for ObjectRoot<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ObjectRoot").field(&self.root).finish()
    }
}

impl<T: UserData> FromLua for ObjectRoot<T> {
    type Output<'v> = ObjectRoot<T>;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<ObjectRoot<T>, FromLuaError> {
        let cell = Rc::clone(object_at(value)?);
        let root = cx.root(value)?;
        Ok(ObjectRoot { root, cell })
    }
}

impl<T: UserData> IntoLua for &ObjectRoot<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.value_of(&self.root)
    }
}

impl<T: UserData> IntoLua for ObjectRoot<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        cx.value_of(&self.root)
    }
}
