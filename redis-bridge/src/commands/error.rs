//! Error replies of commands, with the code and wording that clients match on.

use std::borrow::Cow;

use crate::reply::ReplySink;

/// An error reply: a code, then a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError(Cow<'static, [u8]>);

/// What a command that replies by itself returns.
pub type Done = Result<(), CommandError>;

impl CommandError {
    /// The key holds another type than the command works on.
    pub const WRONG_TYPE: Self =
        Self::of("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// The options do not parse.
    pub const SYNTAX: Self = Self::of("ERR syntax error");
    /// An argument or a stored value is not a 64-bit integer.
    pub const NOT_INTEGER: Self = Self::of("ERR value is not an integer or out of range");
    /// An argument or a stored value is not a number.
    pub const NOT_FLOAT: Self = Self::of("ERR value is not a valid float");
    /// A count that may not be negative is.
    pub const NOT_POSITIVE: Self = Self::of("ERR value is out of range, must be positive");
    /// The command needs an existing key.
    pub const NO_SUCH_KEY: Self = Self::of("ERR no such key");
    /// An index beyond the value's ends.
    pub const INDEX_OUT_OF_RANGE: Self = Self::of("ERR index out of range");

    /// An error with a fixed text, code included.
    #[must_use]
    pub const fn of(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// An error with a text made for the occasion, code included.
    #[must_use]
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// `ERR wrong number of arguments for 'name' command`.
    #[must_use]
    pub fn wrong_arity(name: &str) -> Self {
        Self::new(format!(
            "ERR wrong number of arguments for '{name}' command"
        ))
    }

    /// Code and message, without the leading `-`.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// Sends it as the reply.
    pub fn send(&self, out: &mut dyn ReplySink) {
        out.error(&self.0);
    }
}

/// Makes a [`Handler`](super::spec::Handler) of a function that returns [`Done`]: its
/// error becomes the reply. Such a function must not fail after it began to reply.
#[macro_export]
#[doc(hidden)]
macro_rules! replying {
    ($function:path) => {
        |cx, args, out| {
            if let Err(error) = $function(cx, args, out) {
                error.send(out);
            }
        }
    };
}
