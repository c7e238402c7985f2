#![forbid(unsafe_code)]
//! Errors as the host keeps them: with their text, apart from the VM.

use std::sync::Arc;

use super::convert::{FromLuaError, class_name};
use super::object::cell::AccessError;
use crate::error::{ErrorKind, LoadError, LuaError};
use crate::func::call_cx::CallCx;
use crate::value::borrowed::Value;

/// An error of the host's own.
pub(crate) type External = Box<dyn std::error::Error + Send + Sync>;

/// An error of the host's own that has gone through Lua.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl From<External> for Cause {
    fn from(error: External) -> Cause {
        Cause(Arc::from(error))
    }
}

impl std::ops::Deref for Cause {
    type Target = dyn std::error::Error + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// What went wrong in a VM. What the host gets owns its texts; it may outlive the VM and
/// change threads.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A chunk is not valid Lua.
    #[error("{message}")]
    Syntax {
        /// Lua's words, with chunk and line.
        message: String,
        /// True if more text could make it valid: a prompt would ask for another line.
        is_incomplete: bool,
    },
    /// A script raised an error, or an operation of it failed.
    #[error("{message}")]
    Runtime {
        /// What was raised, usually with chunk and line in front. For a value that is
        /// neither string nor number nor has a `__tostring` metamethod: its type.
        message: String,
        /// The calls that led there, as `debug.traceback` lists them.
        traceback: String,
        /// The error that a function of the host's returned, if it is this one.
        #[source]
        source: Option<Cause>,
    },
    /// A value is not what the host asked for.
    #[error("{0}")]
    Conversion(FromLuaError),
    /// An object of the host's cannot be used now.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The script was stopped: it reached a limit, or the host interrupted it.
    #[error("{}", LuaError::abort(*kind))]
    Aborted {
        /// What stopped it; never [`ErrorKind::Throw`].
        kind: ErrorKind,
        /// The calls it was in; empty if no script was running.
        traceback: String,
    },
    /// An error whose value, or traceback, is still in the VM. Operations on a
    /// [`CallCx`] give it, to be passed on: to Lua by a native function, to the host by
    /// the body of [`Lua::scope`](crate::Lua::scope) or [`Vm::with`](crate::Vm::with).
    /// The host gets one of the others.
    #[error(transparent)]
    Raised(#[from] LuaError),
}

impl Error {
    /// The calls that led to the error, in Lua's format; empty if there were none.
    pub fn traceback(&self) -> &str {
        match self {
            Error::Runtime { traceback, .. } | Error::Aborted { traceback, .. } => traceback,
            _ => "",
        }
    }

    /// What stopped the script, if it was not an error of its own.
    pub fn abort_kind(&self) -> Option<ErrorKind> {
        match self {
            Error::Aborted { kind, .. } => Some(*kind),
            Error::Raised(error) => Some(error.kind()).filter(|kind| kind.is_abort()),
            _ => None,
        }
    }

    /// The error that a function of the host's returned, or what caused that, if it is a
    /// `T`.
    pub fn downcast_ref<T: std::error::Error + 'static>(&self) -> Option<&T> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }

    /// The error to raise in the native that it happened in.
    pub(crate) fn raise(&self, cx: &CallCx<'_>) -> LuaError {
        match self {
            Error::Raised(error) | Error::Conversion(FromLuaError::Lua(error)) => *error,
            // The position is there already.
            Error::Syntax { message, .. } | Error::Runtime { message, .. } => {
                cx.throw_message(message.as_bytes())
            }
            other => cx.error(other.to_string()),
        }
    }

    /// The error to give to the host. Aborts get their traceback later.
    pub(crate) fn describe(self, cx: &mut CallCx<'_>) -> Error {
        match self {
            Error::Raised(error) if error.kind().is_abort() => Error::Aborted {
                kind: error.kind(),
                traceback: String::new(),
            },
            Error::Raised(_) => {
                let source = cx.take_external();
                let traceback = text(cx.take_traceback().unwrap_or_default());
                Error::Runtime {
                    message: thrown_message(cx),
                    traceback,
                    source,
                }
            }
            other => other,
        }
    }
}

impl From<FromLuaError> for Error {
    fn from(error: FromLuaError) -> Error {
        match error {
            FromLuaError::Lua(error) => Error::Raised(error),
            other => Error::Conversion(other),
        }
    }
}

impl From<lua_compiler::LoadError> for Error {
    fn from(error: lua_compiler::LoadError) -> Error {
        Error::Syntax {
            message: text(error.message()),
            is_incomplete: error.is_incomplete(),
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Error {
        match error {
            LoadError::Compile(error) => error.into(),
            LoadError::Vm(error) => Error::Raised(error),
        }
    }
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// What the thrown value says.
fn thrown_message(cx: &mut CallCx<'_>) -> String {
    let value = cx.error_value();
    match value {
        Value::String(s) => String::from_utf8_lossy(s.as_bytes()).into_owned(),
        Value::Number(n) => text(crate::format_number(n).as_bytes().to_vec()),
        _ => {
            let plain = format!("(error object is a {} value)", class_name(value));
            if cx.metafield(value, b"__tostring").is_nil() {
                return plain;
            }
            cx.push(value);
            match cx.to_display(-1) {
                Ok(()) => cx
                    .value(-1)
                    .as_bytes()
                    .map_or(plain, |bytes| text(bytes.to_vec())),
                Err(_) => plain,
            }
        }
    }
}
