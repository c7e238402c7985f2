#![forbid(unsafe_code)]
//! A chunk on its way from text to a call.

use super::convert::FromLua;
use super::convert::multi::{FromLuaMulti, IntoLuaMulti};
use super::error::Error;
use super::roots::{FunctionRoot, TableRoot};
use super::{Lua, call_pushed};
use crate::func::call_cx::CallCx;
use crate::value::borrowed::{Function, Value};

/// A chunk of source text that has not been run: see [`Lua::chunk`].
///
/// ```
/// use lua_vm::{Lua, Vm};
///
/// let mut vm = Vm::default();
/// let sandbox = vm.create_table_from([("limit", 10)])?;
/// let config = vm.chunk("return limit * ...").name("config").environment(&sandbox);
/// assert_eq!(config.call::<i64>(2)?, 20);
/// let error = vm.chunk("return nil + 1").name("sum").exec().unwrap_err();
/// assert_eq!(error.to_string(), "sum:1: attempt to perform arithmetic on a nil value");
/// # Ok::<(), lua_vm::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a chunk does nothing until it is run"]
pub struct Chunk<'l, L> {
    lua: &'l mut L,
    source: &'l [u8],
    name: Option<Vec<u8>>,
    environment: Option<&'l TableRoot>,
}

impl<'l, L: Lua> Chunk<'l, L> {
    pub(super) fn new(lua: &'l mut L, source: &'l [u8]) -> Self {
        Chunk {
            lua,
            source,
            name: None,
            environment: None,
        }
    }

    /// What messages call the chunk. Without a name they quote its first line. A name in
    /// Lua's own form, `@file` or `=name`, is taken as it is.
    pub fn name(mut self, name: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        self.name = Some(match name.first() {
            Some(b'@' | b'=') => name.to_vec(),
            _ => [b"=", name].concat(),
        });
        self
    }

    /// The table that is the chunk's globals.
    pub fn environment(mut self, environment: &'l TableRoot) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Compiles the chunk, and keeps the function.
    ///
    /// # Errors
    ///
    /// Invalid source; the memory limit.
    pub fn into_function(self) -> Result<FunctionRoot, Error> {
        let Chunk {
            lua,
            source,
            name,
            environment,
        } = self;
        lua.run(|cx| {
            let function = load(cx, source, name.as_deref().unwrap_or(source), environment)?;
            Ok(FunctionRoot::from_lua(Value::Function(function), cx)?)
        })
    }

    /// Runs the chunk with arguments, which it finds in `...`, and converts its results.
    ///
    /// # Errors
    ///
    /// Invalid source; what the chunk raised; results that are no `R`.
    pub fn call<R: FromLuaMulti>(self, args: impl IntoLuaMulti) -> Result<R, Error> {
        let Chunk {
            lua,
            source,
            name,
            environment,
        } = self;
        lua.run(|cx| {
            let name = name.as_deref().unwrap_or(source);
            cx.push(Value::Function(load(cx, source, name, environment)?));
            call_pushed(cx, args)
        })
    }

    /// Runs the chunk.
    ///
    /// # Errors
    ///
    /// Invalid source; what the chunk raised.
    pub fn exec(self) -> Result<(), Error> {
        self.call(())
    }

    /// Evaluates the chunk: an expression, or a list of them, or else statements that
    /// `return` something.
    ///
    /// # Errors
    ///
    /// Invalid source; what the chunk raised; results that are no `R`.
    pub fn eval<R: FromLuaMulti>(self) -> Result<R, Error> {
        let Chunk {
            lua,
            source,
            name,
            environment,
        } = self;
        lua.run(|cx| {
            let name = name.as_deref().unwrap_or(source);
            let expression = [b"return ", source].concat();
            let function = match load(cx, &expression, name, environment) {
                Err(Error::Syntax { .. }) => load(cx, source, name, environment)?,
                result => result?,
            };
            cx.push(Value::Function(function));
            call_pushed(cx, ())
        })
    }
}

fn load<'v>(
    cx: &'v CallCx<'_>,
    source: &[u8],
    name: &[u8],
    environment: Option<&TableRoot>,
) -> Result<Function<'v>, Error> {
    let function = cx.load(source, name)?;
    if let Some(environment) = environment {
        function.set_environment(environment.borrow(cx)?)?;
    }
    Ok(function)
}
