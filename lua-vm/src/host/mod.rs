#![forbid(unsafe_code)]
//! The VM for hosts that think in Rust's types: conversions, closures, objects with
//! methods, handles that stay.
//!
//! It stands on what [`crate::Vm`] and [`CallCx`] offer, and hides none of it. Nothing
//! here knows how a value is represented.

pub(crate) mod chunk;
pub(crate) mod convert;
pub(crate) mod error;
pub(crate) mod function;
pub(crate) mod object;
pub(crate) mod roots;
pub(crate) mod scope;

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{ErrorKind, LuaError};
use crate::func::call_cx::CallCx;
use crate::func::native::Results;
use crate::heap::handle::Root;
use crate::value::borrowed::Value;
use crate::vm::Vm;
use chunk::Chunk;
use convert::multi::{FromLuaMulti, IntoLuaMulti};
use convert::{FromLua, FromLuaError, FromLuaOwned, IntoLua};
use error::{Cause, Error, External};
use function::HostFn;
use object::UserData;
use roots::{FunctionRoot, ObjectRoot, TableRoot, ThreadRoot};
use scope::Scope;

/// What this module remembers of a VM.
#[derive(Default)]
pub(crate) struct HostState {
    /// The metatable of each type of object.
    classes: RefCell<HashMap<TypeId, Root>>,
    /// The last error that a function of the host's returned, under the value that was
    /// thrown for it.
    external: RefCell<Option<(Root, Cause)>>,
}

/// What can be done with a VM by whoever has it: the host, with a [`Vm`], and a native
/// function, with its [`CallCx`].
///
/// ```
/// use lua_vm::{Lua, Vm};
///
/// let mut vm = Vm::default();
/// vm.set_global("base", 40)?;
/// let add = vm.create_function(|a: i64, b: i64| a + b)?;
/// vm.set_global("add", &add)?;
/// assert_eq!(vm.eval::<i64>("add(base, 2)")?, 42);
/// assert_eq!(add.call::<i64>(&mut vm, (1, 2))?, 3);
/// # Ok::<(), lua_vm::Error>(())
/// ```
pub trait Lua: sealed::Sealed + Sized {
    #[doc(hidden)]
    fn run<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, Error>,
    ) -> Result<R, Error>;

    /// A chunk of source text, to be named, given an environment, run.
    fn chunk<'l, S: AsRef<[u8]> + ?Sized>(&'l mut self, source: &'l S) -> Chunk<'l, Self> {
        Chunk::new(self, source.as_ref())
    }

    /// Runs a chunk.
    ///
    /// # Errors
    ///
    /// Invalid source; what the chunk raised.
    fn exec(&mut self, source: impl AsRef<[u8]>) -> Result<(), Error> {
        self.chunk(&source).exec()
    }

    /// Evaluates an expression, or a chunk that returns something.
    ///
    /// # Errors
    ///
    /// Invalid source; what the chunk raised; results that are no `R`.
    fn eval<R: FromLuaMulti>(&mut self, source: impl AsRef<[u8]>) -> Result<R, Error> {
        self.chunk(&source).eval()
    }

    /// A global variable.
    ///
    /// # Errors
    ///
    /// A value that is no `T`: an undefined variable is nil.
    fn global<T: FromLuaOwned>(&mut self, name: &str) -> Result<T, Error> {
        self.run(|cx| Ok(cx.globals().field::<T>(cx, name)?))
    }

    /// Sets a global variable.
    ///
    /// # Errors
    ///
    /// What the conversion fails with; globals marked read-only.
    fn set_global(&mut self, name: &str, value: impl IntoLua) -> Result<(), Error> {
        self.run(|cx| Ok(cx.globals().set_field(cx, name, value)?))
    }

    /// A value that the host has stored under a name that scripts cannot see.
    ///
    /// # Errors
    ///
    /// A value that is no `T`: an unknown name is nil.
    fn named<T: FromLuaOwned>(&mut self, name: &str) -> Result<T, Error> {
        self.run(|cx| {
            let value = cx.registry().get_bytes(&registry_key(name));
            Ok(T::from_lua(value, cx)?)
        })
    }

    /// Stores a value under a name that scripts cannot see.
    ///
    /// # Errors
    ///
    /// What the conversion fails with.
    fn set_named(&mut self, name: &str, value: impl IntoLua) -> Result<(), Error> {
        self.run(|cx| {
            let value = value.into_lua(cx)?;
            Ok(cx.registry().set_bytes(&registry_key(name), value)?)
        })
    }

    /// Keeps a value.
    ///
    /// # Errors
    ///
    /// What the conversion fails with.
    fn create_root(&mut self, value: impl IntoLua) -> Result<Root, Error> {
        self.run(|cx| {
            let value = value.into_lua(cx)?;
            Ok(cx.root(value)?)
        })
    }

    /// What a root holds, converted.
    ///
    /// # Errors
    ///
    /// A value that is no `T`; a root of another VM.
    fn get<T: FromLuaOwned>(&mut self, root: &impl AsRef<Root>) -> Result<T, Error> {
        self.run(|cx| Ok(T::from_lua(cx.value_of(root.as_ref())?, cx)?))
    }

    /// An empty table.
    ///
    /// # Errors
    ///
    /// The memory limit.
    fn create_table(&mut self) -> Result<TableRoot, Error> {
        self.run(|cx| Ok(TableRoot::from_lua(Value::Table(cx.new_table(0, 0)?), cx)?))
    }

    /// A table of these entries.
    ///
    /// # Errors
    ///
    /// What conversions fail with; a nil or NaN key.
    fn create_table_from<K: IntoLua, V: IntoLua>(
        &mut self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<TableRoot, Error> {
        self.run(|cx| {
            let entries = entries.into_iter();
            let table = cx.new_table(0, entries.size_hint().0)?;
            for (key, value) in entries {
                table.set_field(cx, key, value)?;
            }
            Ok(TableRoot::from_lua(Value::Table(table), cx)?)
        })
    }

    /// A Lua function that is a closure of the host's: see [`HostFn`] for the forms it
    /// may have.
    ///
    /// # Errors
    ///
    /// The memory limit.
    fn create_function<F, M>(&mut self, function: F) -> Result<FunctionRoot, Error>
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        self.run(|cx| {
            let function = function::new_native(cx, function::shared(function))?;
            Ok(FunctionRoot::from_lua(Value::Function(function), cx)?)
        })
    }

    /// As [`Lua::create_function`], for a closure that changes what it has captured. A
    /// call while it is running already raises an error.
    ///
    /// # Errors
    ///
    /// The memory limit.
    fn create_function_mut<F, M>(&mut self, function: F) -> Result<FunctionRoot, Error>
    where
        F: HostFn<M> + 'static,
    {
        self.run(|cx| {
            let function = function::new_native(cx, function::exclusive(function))?;
            Ok(FunctionRoot::from_lua(Value::Function(function), cx)?)
        })
    }

    /// An object of the host's, with the methods of its type.
    ///
    /// # Errors
    ///
    /// The memory limit; what [`UserData::register`] fails with.
    fn create_object<T: UserData>(&mut self, object: T) -> Result<ObjectRoot<T>, Error> {
        self.run(|cx| {
            let value = object.into_lua(cx)?;
            Ok(ObjectRoot::from_lua(value, cx)?)
        })
    }

    /// The functions and methods of a type, as a table that scripts cannot change: what
    /// one makes a global for constructors, `Counter.new()`.
    ///
    /// # Errors
    ///
    /// The memory limit; what [`UserData::register`] fails with.
    fn class<T: UserData>(&mut self) -> Result<TableRoot, Error> {
        self.run(|cx| {
            let methods = object::methods::<T>(cx)?;
            Ok(TableRoot::from_lua(Value::Table(methods), cx)?)
        })
    }

    /// A coroutine that will run a function.
    ///
    /// # Errors
    ///
    /// The memory limit; a value that is no function, or another VM's.
    fn create_thread(&mut self, function: &impl AsRef<Root>) -> Result<ThreadRoot, Error> {
        self.run(|cx| {
            let function = crate::Function::from_lua(cx.value_of(function.as_ref())?, cx)?;
            let thread = cx.new_thread(function)?;
            Ok(ThreadRoot::from_lua(Value::Thread(thread), cx)?)
        })
    }

    /// Calls a value: a function, or what has a `__call` metamethod.
    ///
    /// # Errors
    ///
    /// What the function raised; results that are no `R`.
    fn call_function<R: FromLuaMulti>(
        &mut self,
        function: &impl AsRef<Root>,
        args: impl IntoLuaMulti,
    ) -> Result<R, Error> {
        self.run(|cx| {
            cx.push(cx.value_of(function.as_ref())?);
            call_pushed(cx, args)
        })
    }

    /// Lends values and closures to Lua for as long as `body` runs: they may borrow from
    /// the caller. Afterwards Lua may still have them, but to use them is an error.
    ///
    /// ```
    /// use lua_vm::{Lua, Vm};
    ///
    /// let mut vm = Vm::default();
    /// let mut lines = Vec::new();
    /// vm.scope(|cx, scope| {
    ///     cx.set_global("log", scope.function_mut(|line: String| lines.push(line)))?;
    ///     cx.exec("log('one') log('two')")
    /// })?;
    /// assert_eq!(lines, ["one", "two"]);
    /// assert!(vm.exec("log('three')").is_err());
    /// # Ok::<(), lua_vm::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `body` returns.
    fn scope<'env, R>(
        &mut self,
        body: impl for<'l> FnOnce(&mut CallCx<'_>, &Scope<'l, 'env>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.run(|cx| scope::open(cx, body))
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for crate::Vm {}
    impl Sealed for crate::CallCx<'_> {}
}

impl Lua for Vm {
    fn run<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (result, traceback) = self.enter_traced(|cx| {
            let result = body(cx).map_err(|error| error.describe(cx));
            cx.forget_external();
            Ok(result)
        });
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Error::Aborted { kind, .. })) => Err(aborted(kind, traceback)),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(aborted(error.kind(), traceback)),
        }
    }
}

fn aborted(kind: ErrorKind, traceback: Option<Vec<u8>>) -> Error {
    Error::Aborted {
        kind,
        traceback: error::text(traceback.unwrap_or_default()),
    }
}

impl Lua for CallCx<'_> {
    fn run<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let top = self.top();
        let result = body(self);
        self.set_top(top)?;
        result
    }
}

impl Vm {
    /// Enters the VM as [`Vm::enter`] does; errors come with their text.
    ///
    /// # Errors
    ///
    /// What `body` returns.
    pub fn with<R>(
        &mut self,
        body: impl FnOnce(&mut CallCx<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.run(body)
    }
}

/// Calls the function that has just been pushed.
fn call_pushed<R: FromLuaMulti>(cx: &mut CallCx<'_>, args: impl IntoLuaMulti) -> Result<R, Error> {
    let first = cx.top();
    let n_args = args.push_values(cx)?;
    let count = cx.call(n_args, Results::Open)?;
    Ok(R::from_values(cx, first, count)?)
}

fn registry_key(name: &str) -> Vec<u8> {
    [b"host:", name.as_bytes()].concat()
}

impl CallCx<'_> {
    /// Argument `i`, converted.
    ///
    /// # Errors
    ///
    /// `bad argument #i to 'f' (...)`.
    pub fn arg_as<T: FromLua>(&self, i: usize) -> Result<T::Output<'_>, LuaError> {
        T::from_lua(self.arg(i), self).map_err(|error| self.conversion_error(i, error))
    }

    /// The error for argument `i` that was not converted.
    pub(crate) fn conversion_error(&self, i: usize, error: FromLuaError) -> LuaError {
        match error {
            FromLuaError::Type { expected, .. } if !self.has_arg(i) => {
                self.arg_error(i, format!("{expected} expected, got no value"))
            }
            FromLuaError::Lua(error) => error,
            other => self.arg_error(i, other.to_string()),
        }
    }

    /// Makes an error of the host's a Lua error: its message, with the position of the
    /// caller in front. What has been raised in Lua stays what it is.
    pub fn raise(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LuaError {
        let error: External = error.into();
        if let Some(&error) = error.downcast_ref::<LuaError>() {
            return error;
        }
        if let Some(FromLuaError::Lua(error)) = error.downcast_ref() {
            return *error;
        }
        let raised = match error.downcast_ref::<Error>() {
            Some(&Error::Raised(error)) => return error,
            Some(error) => error.raise(self),
            None => self.error(error.to_string()),
        };
        if raised.kind() == ErrorKind::Throw
            && let Some(state) = self.host_data::<HostState>()
            && let Ok(thrown) = self.root(self.error_value())
        {
            *state.external.borrow_mut() = Some((thrown, error.into()));
        }
        raised
    }

    /// The host's error that the thrown value stands for.
    fn take_external(&self) -> Option<Cause> {
        let (thrown, error) = self.host_data::<HostState>()?.external.take()?;
        let is_same = self
            .value_of(&thrown)
            .is_ok_and(|thrown| thrown.raw_equals(self.error_value()));
        is_same.then_some(error)
    }

    fn forget_external(&self) {
        if let Some(state) = self.host_data::<HostState>() {
            state.external.take();
        }
    }
}

/// A closure of the host's on its way into a VM.
pub(crate) type SharedFunction<'f> = Rc<crate::interp::scoped::HostFunction<'f>>;
