//! A fast Lua 5.1 virtual machine behind an API that safe code cannot misuse.
//!
//! [`Vm`] is the machine. Safe code meets its values borrowed, as [`Value`]s; what may
//! collect or run Lua borrows the machine exclusively, so the borrow checker proves
//! that no value is held across it. Values kept longer are [`Root`]s. Native functions
//! are plain functions over a [`CallCx`].

mod debug;
mod error;
mod func;
mod heap;
mod host;
mod interp;
mod meta;
mod table;
mod value;
mod vm;

pub use debug::hooks::HookEvents;
pub use debug::info::FunctionInfo;
pub use debug::levels::Level;
pub use error::{ErrorKind, LoadError, LuaError};
pub use func::call_cx::CallCx;
pub use func::native::{FastArgs, FastFn, FastResult, NativeFn, Results, Returned};
pub use heap::handle::Root;
pub use host::Lua;
pub use host::chunk::Chunk;
pub use host::convert::multi::{FromLuaMulti, IntoLuaMulti, IntoResults, Variadic};
pub use host::convert::{FromLua, FromLuaError, FromLuaOwned, IntoLua};
pub use host::error::{Cause, Error};
pub use host::function::{HostFn, Wrapped};
pub use host::object::cell::AccessError;
pub use host::object::{Class, Meta, UserData};
pub use host::roots::{FunctionRoot, ObjectRoot, Resumed, TableRoot, ThreadRoot};
pub use host::scope::{LentFunction, LentObject, Scope};
pub use interp::builtin::Builtin;
pub use interp::scoped::Scoped;
pub use lua_compiler::is_binary;
pub use lua_syntax::literal::parse_number;
pub use value::Type;
pub use value::borrowed::{
    Function, LuaString, Pairs, Table, Thread, ThreadStatus, Userdata, Value,
};
pub use value::number::{Formatted, format_number, format_number_to, to_integer};
pub use vm::{Interrupt, InterruptHandle, Vm, VmConfig};
