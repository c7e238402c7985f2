//! Bytecode for Lua 5.1: from syntax tree to verified prototypes.
//!
//! [`load`] is the usual way in: source text to code that can run. Its steps can
//! be had one by one: [`lua_syntax::parse`], [`compile`], [`verify()`]. [`dump`] and
//! [`undump`] are for precompiled chunks.
//!
//! Knows no heap values: constants are plain bytes and numbers.
//!
//! ```
//! let proto = lua_compiler::load(b"return 1 + 2", b"=example").unwrap();
//! let listing = lua_compiler::disasm::listing(proto.proto());
//! assert!(listing.contains("LoadK      R0 K0 ; 3"));
//! ```

mod arith;
mod assign;
pub mod binary;
mod codegen;
mod cond;
pub mod disasm;
mod emit;
mod error;
mod expr;
mod fold;
mod function;
pub mod isa;
mod limits;
pub mod names;
mod proto;
mod regs;
mod scope;
mod stat;
mod table;
mod value;
pub mod verify;

use lua_syntax::Chunk;

pub use binary::{UndumpError, dump, is_binary, undump};
pub use error::{CompileError, LoadError};
pub use limits::Limit;
pub use proto::{Capture, Constant, LineTable, LocalVar, Proto, Template};
pub use verify::{VerifiedProto, VerifyError, verify};

/// Compiles a chunk. `source` is the text that it was parsed from, which some
/// messages quote.
pub fn compile(chunk: &Chunk, source: &[u8]) -> Result<Proto, CompileError> {
    codegen::Codegen::main(chunk)
        .map_err(|exceeded| CompileError::new(&exceeded, chunk.name(), source))
}

/// Parses, compiles and verifies source text. `chunk_name` is as in Lua: `=text`,
/// `@file`, or the source itself.
///
/// The text is taken as source whatever it begins with; whether it is bytecode is
/// for the caller to decide.
pub fn load(source: &[u8], chunk_name: &[u8]) -> Result<VerifiedProto, LoadError> {
    let chunk = lua_syntax::parse(source, chunk_name)?;
    Ok(verify(compile(&chunk, source)?)?)
}
