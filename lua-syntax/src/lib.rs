//! Lua 5.1 source text to syntax tree.
//!
//! Knows no scopes, registers or values: bytes and a chunk name in, a
//! [`Chunk`] or a [`SyntaxError`] out.

pub mod ast;

pub use ast::Chunk;

/// Depth to which constructs that Lua 5.1's parser recurses on may nest.
pub const MAX_SYNTAX_LEVELS: usize = 200;
