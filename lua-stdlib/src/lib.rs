//! The standard libraries of Lua 5.1 (manual §5) as tables of native functions.
//!
//! Each module holds one library: its functions, and a [`Library`] that lists them. [`open`]
//! installs a [`Preset`] of libraries into a [`Vm`](lua_vm::Vm), [`Library::install`] a single
//! one. The functions and their error texts are those of the reference implementation, 5.1.5.
//!
//! What scripts print goes through [`output`]. Nothing here knows of Redis.

#[cfg(feature = "command")]
pub mod command;
pub mod library;
pub mod output;
#[cfg(feature = "profile")]
pub mod profile;

mod args;
mod base;
mod buffer;
mod coroutine;
mod debug;
mod io;
mod math;
mod os;
mod package;
mod string;
mod table;

pub use base::BASE;
pub use coroutine::COROUTINE;
pub use debug::DEBUG;
pub use io::IO;
pub use library::{Entry, Library, Preset, open};
pub use math::{MATH, Random};
pub use os::{OS, OS_CLOCK};
pub use package::PACKAGE;
pub use string::STRING;
pub use table::TABLE;
