#![forbid(unsafe_code)]
//! Lending: closures and objects that borrow from the host, for the duration of a call.

use super::convert::IntoLua;
use super::error::Error;
use super::function::{self, HostFn};
use super::object::cell::ObjectCell;
use super::object::{UserData, new_object};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::interp::scoped::{HostFunction, Lending, Lent};
use crate::value::borrowed::Value;

/// What the body of [`super::Lua::scope`] lends with. `'env` is the time for which what is
/// lent has to live: longer than the scope.
pub struct Scope<'l, 'env> {
    lending: &'l Lending<'env>,
}

pub(super) fn open<'env, R>(
    cx: &mut CallCx<'_>,
    body: impl for<'l> FnOnce(&mut CallCx<'_>, &Scope<'l, 'env>) -> Result<R, Error>,
) -> Result<R, Error> {
    Lending::open(|lending| body(cx, &Scope { lending }))
}

impl<'env> Scope<'_, 'env> {
    /// A function, in the forms of [`HostFn`], that may borrow from the host.
    pub fn function<F, M>(&self, function: F) -> LentFunction
    where
        F: 'env,
        for<'f> &'f F: HostFn<M>,
    {
        LentFunction(self.lending.function(function::shared(function)))
    }

    /// As [`Scope::function`], for a closure that changes what it has captured.
    pub fn function_mut<F, M>(&self, function: F) -> LentFunction
    where
        F: HostFn<M> + 'env,
    {
        LentFunction(self.lending.function(function::exclusive(function)))
    }

    /// An object, with the methods of its type, that Lua may change.
    pub fn object<T: UserData>(&self, object: &'env mut T) -> LentObject<T> {
        LentObject(self.lending.exclusive(object))
    }

    /// An object that Lua may only read.
    pub fn object_ref<T: UserData>(&self, object: &'env T) -> LentObject<T> {
        LentObject(self.lending.shared(object))
    }
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scope")
    }
}

/// A function lent to Lua: a value to pass or to store.
pub struct LentFunction(Lent<HostFunction<'static>>);

impl IntoLua for LentFunction {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        let lent = self.0;
        let function = std::rc::Rc::new(move |cx: &mut CallCx<'_>| {
            let loan = lent.loan();
            match loan.as_ref().and_then(|loan| lent.get(loan)) {
                Some(function) => function(cx),
                None => Err(cx.error("function was lent by the host, and is no longer")),
            }
        });
        Ok(Value::Function(function::new_native(cx, function)?))
    }
}

impl std::fmt::Debug for LentFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LentFunction")
    }
}

/// An object lent to Lua: a value to pass or to store.
pub struct LentObject<T>(Lent<T>);

impl<T: UserData> IntoLua for LentObject<T> {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        new_object(cx, ObjectCell::lent(self.0))
    }
}

impl<T> std::fmt::Debug for LentObject<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LentObject")
    }
}
