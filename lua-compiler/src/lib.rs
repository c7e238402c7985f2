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

use codegen::{Buffers, Codegen};
use lua_syntax::Chunk;

pub use binary::{UndumpError, dump, is_binary, undump};
pub use error::{CompileError, LoadError};
pub use limits::Limit;
pub use proto::{Capture, Constant, LineTable, LocalVar, Proto, Template};
pub use verify::{VerifiedProto, VerifyError, verify};

/// Compiles a chunk. `source` is the text that it was parsed from, which some
/// messages quote.
pub fn compile(chunk: &Chunk, source: &[u8]) -> Result<Proto, CompileError> {
    compile_in(&mut Buffers::default(), chunk, source)
}

fn compile_in(buffers: &mut Buffers, chunk: &Chunk, source: &[u8]) -> Result<Proto, CompileError> {
    Codegen::main(chunk, buffers)
        .map_err(|exceeded| CompileError::new(&exceeded, chunk.name(), source))
}

/// Parses, compiles and verifies source text. `chunk_name` is as in Lua: `=text`,
/// `@file`, or the source itself.
///
/// The text is taken as source whatever it begins with; whether it is bytecode is
/// for the caller to decide.
pub fn load(source: &[u8], chunk_name: &[u8]) -> Result<VerifiedProto, LoadError> {
    Loader::default().load_here(source, chunk_name)
}

/// Largest source, in bytes, that a [`Loader`] uses its own buffers for: beyond, new
/// ones cost next to nothing, and keeping them would be a waste.
const LARGEST_KEPT: usize = 16 << 10;

/// Loads chunks one after the other. It keeps its buffers, which makes short sources
/// cheap; [`load`] is for a single one.
#[derive(Debug, Default)]
pub struct Loader {
    parser: lua_syntax::Parser,
    buffers: Buffers,
    marks: Vec<u8>,
}

impl Loader {
    /// As [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(&mut self, source: &[u8], chunk_name: &[u8]) -> Result<VerifiedProto, LoadError> {
        if source.len() > LARGEST_KEPT {
            return load(source, chunk_name);
        }
        self.load_here(source, chunk_name)
    }

    /// As [`load`], for a source that comes in pieces: see
    /// [`lua_syntax::Parser::parse_pieces`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load_pieces<'r>(
        &mut self,
        source: &'r mut Vec<u8>,
        more: &'r mut lua_syntax::More<'r>,
        chunk_name: &[u8],
    ) -> Result<VerifiedProto, LoadError> {
        let chunk = self.parser.parse_pieces(source, more, chunk_name)?;
        let proto = compile_in(&mut self.buffers, chunk, source)?;
        Ok(verify::verify_in(&mut self.marks, proto)?)
    }

    fn load_here(&mut self, source: &[u8], chunk_name: &[u8]) -> Result<VerifiedProto, LoadError> {
        let chunk = self.parser.parse(source, chunk_name)?;
        let proto = compile_in(&mut self.buffers, chunk, source)?;
        Ok(verify::verify_in(&mut self.marks, proto)?)
    }
}
