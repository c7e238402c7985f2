//! A fast Lua 5.1 virtual machine behind an API that safe code cannot misuse.
//!
//! [`Vm`] is the machine. Safe code meets its values borrowed, as [`Value`]s; what may
//! collect or run Lua borrows the machine exclusively, so the borrow checker proves
//! that no value is held across it. Values kept longer are [`Root`]s. Native functions
//! are plain functions over a [`CallCx`].
//!
//! Above that, [`Lua`] has the same in Rust's types: what both the host, with its [`Vm`],
//! and a native function, with its [`CallCx`], can do.
//!
//! ```
//! use lua_vm::{CallCx, Error, Function, FunctionRoot, Lua, Vm};
//!
//! let mut vm = Vm::default();
//! vm.set_global("name", "world")?;
//! vm.set_global("shout", Function::wrap(|text: &str| text.to_uppercase()))?;
//! assert_eq!(vm.eval::<String>("'hello ' .. shout(name)")?, "hello WORLD");
//!
//! // A function that calls back takes the context first.
//! let twice = vm.create_function(|cx: &mut CallCx<'_>, f: FunctionRoot, x: f64| {
//!     let once = f.call::<f64>(cx, x)?;
//!     f.call::<f64>(cx, once)
//! })?;
//! let half: FunctionRoot = vm.eval("function(x) return x / 2 end")?;
//! assert_eq!(twice.call::<f64>(&mut vm, (&half, 10))?, 2.5);
//!
//! let error = vm.chunk("return nil + 1").name("sum").exec().unwrap_err();
//! assert_eq!(error.to_string(), "sum:1: attempt to perform arithmetic on a nil value");
//! # Ok::<(), Error>(())
//! ```
//!
//! Types of the host's get methods through [`UserData`]; [`Lua::scope`] lends what the
//! host only borrows. A [`Vm`] and its roots stay on the thread that made them;
//! [`Error`] and [`InterruptHandle`] may leave it.

mod debug;
mod error;
mod func;
mod heap;
mod host;
mod interp;
mod meta;
mod profile;
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
pub use profile::{FunctionCost, LineCost, Profile, ProfiledFunction};
pub use value::Type;
pub use value::borrowed::{
    Function, LuaString, Pairs, Table, Thread, ThreadStatus, Userdata, Value,
};
pub use value::number::{Formatted, format_number, format_number_to, to_integer};
pub use value::string::StringHash;
pub use vm::{Interrupt, InterruptHandle, Vm, VmConfig};
