#![forbid(unsafe_code)]
//! Lists of values: arguments and results. A tuple is as many values, `()` none, every
//! other type one; [`Variadic`] is any number of one type.

use std::ops::{Deref, DerefMut};

use super::{FromLua, FromLuaError, FromLuaOwned, IntoLua};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Returned;
use crate::value::borrowed::Value;

/// What may be passed to a Lua function: one value, a tuple, [`Variadic`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not become a list of Lua values",
    note = "it is a value (`IntoLua`), a tuple of values, or `Variadic`"
)]
pub trait IntoLuaMulti {
    /// Pushes the values, and returns how many they are.
    ///
    /// # Errors
    ///
    /// As [`IntoLua::into_lua`]; a stack overflow.
    fn push_values(self, cx: &CallCx<'_>) -> Result<usize, LuaError>;
}

/// What the results of a Lua function are converted to: one value, a tuple, [`Variadic`].
/// Results that are absent are nil; those that are too many are dropped.
#[diagnostic::on_unimplemented(
    message = "a list of Lua values is not converted to `{Self}`",
    note = "it is a value that owns its data (`FromLua`), a tuple of values, or `Variadic`"
)]
pub trait FromLuaMulti: Sized {
    /// Converts the `count` slots of the stack from `first` on, counted from 1.
    ///
    /// # Errors
    ///
    /// A value of the wrong type, or out of range.
    fn from_values(cx: &CallCx<'_>, first: usize, count: usize) -> Result<Self, FromLuaError>;
}

/// Any number of values of one type: the last parameter of a function, the last of its
/// results, or all of either.
///
/// ```
/// use lua_vm::{Function, Lua, Variadic, Vm};
///
/// let mut vm = Vm::default();
/// vm.set_global("sum", Function::wrap(|list: Variadic<f64>| list.iter().sum::<f64>()))?;
/// assert_eq!(vm.eval::<f64>("sum(1, 2, 3)")?, 6.0);
/// let all: Variadic<i64> = vm.eval("1, 2, 3")?;
/// assert_eq!(*all, [1, 2, 3]);
/// # Ok::<(), lua_vm::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variadic<T>(pub Vec<T>);

impl<T> Deref for Variadic<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Variadic<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> FromIterator<T> for Variadic<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Variadic(items.into_iter().collect())
    }
}

impl<T> IntoIterator for Variadic<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: IntoLua> IntoLuaMulti for T {
    fn push_values(self, cx: &CallCx<'_>) -> Result<usize, LuaError> {
        cx.push(self.into_lua(cx)?);
        Ok(1)
    }
}

impl<T: IntoLua> IntoLuaMulti for Variadic<T> {
    fn push_values(self, cx: &CallCx<'_>) -> Result<usize, LuaError> {
        let count = self.len();
        cx.ensure_stack(count)?;
        for value in self.0 {
            cx.push(value.into_lua(cx)?);
        }
        Ok(count)
    }
}

impl IntoLuaMulti for () {
    fn push_values(self, _: &CallCx<'_>) -> Result<usize, LuaError> {
        Ok(0)
    }
}

impl<T: FromLuaOwned> FromLuaMulti for T {
    fn from_values(cx: &CallCx<'_>, first: usize, count: usize) -> Result<Self, FromLuaError> {
        let value = if count > 0 {
            cx.value(first as isize)
        } else {
            Value::Nil
        };
        T::from_lua(value, cx)
    }
}

impl<T: FromLuaOwned> FromLuaMulti for Variadic<T> {
    fn from_values(cx: &CallCx<'_>, first: usize, count: usize) -> Result<Self, FromLuaError> {
        (first..first + count)
            .map(|i| T::from_lua(cx.value(i as isize), cx))
            .collect()
    }
}

impl FromLuaMulti for () {
    fn from_values(_: &CallCx<'_>, _: usize, _: usize) -> Result<(), FromLuaError> {
        Ok(())
    }
}

macro_rules! tuples {
    ($($name:ident $number:literal),*; $last:ident $last_number:literal) => {
        impl<$($name: IntoLua,)* $last: IntoLuaMulti> IntoLuaMulti for ($($name,)* $last,) {
            #[allow(non_snake_case, reason = "variables named as their types")]
            fn push_values(self, cx: &CallCx<'_>) -> Result<usize, LuaError> {
                let ($($name,)* $last,) = self;
                $(cx.push($name.into_lua(cx)?);)*
                Ok($last_number - 1 + $last.push_values(cx)?)
            }
        }

        impl<$($name: FromLuaOwned,)* $last: FromLuaMulti> FromLuaMulti for ($($name,)* $last,) {
            fn from_values(
                cx: &CallCx<'_>,
                first: usize,
                count: usize,
            ) -> Result<Self, FromLuaError> {
                let part = |number: usize| move || format!("value {number}");
                Ok((
                    $($name::from_values(cx, first + $number - 1, count.saturating_sub($number - 1))
                        .map_err(|error| error.of_part(part($number)))?,)*
                    $last::from_values(
                        cx,
                        first + $last_number - 1,
                        count.saturating_sub($last_number - 1),
                    )
                    .map_err(|error| error.of_part(part($last_number)))?,
                ))
            }
        }
    };
}

tuples!(; A 1);
tuples!(A 1; B 2);
tuples!(A 1, B 2; C 3);
tuples!(A 1, B 2, C 3; D 4);
tuples!(A 1, B 2, C 3, D 4; E 5);
tuples!(A 1, B 2, C 3, D 4, E 5; F 6);
tuples!(A 1, B 2, C 3, D 4, E 5, F 6; G 7);
tuples!(A 1, B 2, C 3, D 4, E 5, F 6, G 7; H 8);
tuples!(A 1, B 2, C 3, D 4, E 5, F 6, G 7, H 8; I 9);
tuples!(A 1, B 2, C 3, D 4, E 5, F 6, G 7, H 8, I 9; J 10);

/// What a function of the host's may return: what [`IntoLuaMulti`] is for, a `Result` of
/// it, or [`Returned`] for values that are on the stack already.
///
/// An error is raised in Lua with its message, and the position of the caller in front;
/// when nothing in Lua catches it, the host finds it again as the
/// [source](std::error::Error::source) of its [`crate::Error`].
#[diagnostic::on_unimplemented(
    message = "a function of the host's cannot return `{Self}`",
    note = "it returns a value (`IntoLua`), a tuple, `Variadic`, or a `Result` of these with an error that is `Send + Sync`"
)]
pub trait IntoResults {
    /// Leaves the results on the stack.
    ///
    /// # Errors
    ///
    /// As [`IntoLuaMulti::push_values`], and the error returned.
    fn into_results(self, cx: &CallCx<'_>) -> Result<Returned, LuaError>;
}

impl<T: IntoLuaMulti> IntoResults for T {
    fn into_results(self, cx: &CallCx<'_>) -> Result<Returned, LuaError> {
        let count = self.push_values(cx)?;
        cx.ret_top(count)
    }
}

impl IntoResults for Returned {
    fn into_results(self, _: &CallCx<'_>) -> Result<Returned, LuaError> {
        Ok(self)
    }
}

impl<T, E> IntoResults for Result<T, E>
where
    T: IntoResults,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn into_results(self, cx: &CallCx<'_>) -> Result<Returned, LuaError> {
        match self {
            Ok(value) => value.into_results(cx),
            Err(error) => Err(cx.raise(error)),
        }
    }
}

/// A parameter of a function of the host's, converted from argument `i` on.
pub trait FromArgs: Sized {
    /// See [`FromLua::Output`].
    type Output<'v>;

    /// # Errors
    ///
    /// As [`FromLua::from_lua`].
    fn from_args<'v>(cx: &'v CallCx<'_>, i: usize) -> Result<Self::Output<'v>, LuaError>;
}

impl<T: FromLua> FromArgs for T {
    type Output<'v> = T::Output<'v>;

    fn from_args<'v>(cx: &'v CallCx<'_>, i: usize) -> Result<T::Output<'v>, LuaError> {
        T::from_lua(cx.arg(i), cx).map_err(|error| cx.conversion_error(i, error))
    }
}

impl<T: FromLua> FromArgs for Variadic<T> {
    type Output<'v> = Variadic<T::Output<'v>>;

    fn from_args<'v>(cx: &'v CallCx<'_>, i: usize) -> Result<Variadic<T::Output<'v>>, LuaError> {
        (i..=cx.arg_count())
            .map(|i| <T as FromArgs>::from_args(cx, i))
            .collect()
    }
}
