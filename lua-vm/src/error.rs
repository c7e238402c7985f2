#![forbid(unsafe_code)]
//! Errors: one word for the interpreter, a message for people.

/// What kind of error stopped a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ErrorKind {
    /// A script raised it, or an operation failed; `pcall` catches it. The thrown
    /// value is in the VM: [`crate::Vm::error_value`].
    Throw = 1,
    /// The memory limit was reached, or memory is exhausted. Not caught by `pcall`.
    Memory,
    /// The instruction limit was reached. Not caught by `pcall`.
    Instructions,
    /// The host interrupted the script. Not caught by `pcall`.
    Interrupted,
    /// The time limit was reached. Not caught by `pcall`.
    Time,
}

impl ErrorKind {
    /// True for the kinds that no `pcall` catches.
    pub const fn is_abort(self) -> bool {
        !matches!(self, ErrorKind::Throw)
    }
}

/// The error of a call into a VM: one word. The thrown value stays in the VM, where
/// the collector sees it, until the next error replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.describe())]
pub struct LuaError {
    kind: ErrorKind,
}

impl LuaError {
    /// The memory limit.
    pub(crate) const MEMORY: LuaError = LuaError {
        kind: ErrorKind::Memory,
    };
    pub(crate) const THROW: LuaError = LuaError {
        kind: ErrorKind::Throw,
    };

    pub(crate) const fn abort(kind: ErrorKind) -> LuaError {
        LuaError { kind }
    }

    /// What kind of error it is.
    pub const fn kind(self) -> ErrorKind {
        self.kind
    }

    fn describe(self) -> &'static str {
        match self.kind {
            ErrorKind::Throw => "Lua error; the VM holds its value",
            ErrorKind::Memory => "not enough memory",
            ErrorKind::Instructions => "instruction limit exceeded",
            ErrorKind::Interrupted => "script interrupted",
            ErrorKind::Time => "time limit exceeded",
        }
    }
}

/// Why a chunk could not be loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// The source is not valid, or a limit of the compiler was exceeded.
    #[error(transparent)]
    Compile(#[from] lua_compiler::LoadError),
    /// The memory limit of the VM.
    #[error(transparent)]
    Vm(#[from] LuaError),
}

impl LoadError {
    /// The message as Lua words it.
    pub fn message(&self) -> Vec<u8> {
        match self {
            LoadError::Compile(error) => error.message().to_vec(),
            LoadError::Vm(error) => error.to_string().into_bytes(),
        }
    }

    /// True if the chunk ends where more was expected: it may be the start of a valid
    /// one.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, LoadError::Compile(error) if error.is_incomplete())
    }
}
