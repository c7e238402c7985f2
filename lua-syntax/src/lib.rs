//! Lua 5.1 source text to syntax tree.
//!
//! Knows no scopes, registers or values: bytes and a chunk name in, a
//! [`Chunk`] or a [`SyntaxError`] out.
//!
//! ```
//! let chunk = lua_syntax::parse(b"return 1 + 2 * x", b"=example").unwrap();
//! assert_eq!(lua_syntax::dump::dump(&chunk), "1: return (+ 1 (* 2 x))\n");
//!
//! let error = lua_syntax::parse(b"x = = 1", b"=example").unwrap_err();
//! assert_eq!(error.to_string(), "example:1: unexpected symbol near '='");
//! ```

pub mod ast;
pub mod dump;
mod error;
mod lexer;
pub mod literal;
mod parser;
mod span;
mod token;

pub use ast::Chunk;
pub use error::{SyntaxError, display_name, display_name_in_error};
pub use lexer::More;
pub use parser::Parser;

/// Depth to which constructs that Lua 5.1's parser recurses on may nest: blocks,
/// and expressions inside parentheses, brackets, braces, function bodies, and to
/// the right of operators. The main chunk is the first level.
pub const MAX_SYNTAX_LEVELS: usize = 200;

/// Parses a chunk.
///
/// `chunk_name` is as in Lua: `=text`, `@file`, or the source itself; see
/// [`display_name`] for how messages print it. Like Lua's, it ends at a NUL byte
/// where it is printed.
///
/// The source may hold any bytes. Sources of 4 GiB and more are refused.
pub fn parse(source: &[u8], chunk_name: &[u8]) -> Result<Chunk, SyntaxError> {
    let mut parser = Parser::default();
    parser.parse(source, chunk_name)?;
    Ok(parser.into_chunk())
}

/// The part of a file that is Lua: without a first line that starts with `#`,
/// but with the newline that ends it, so that lines keep their numbers.
///
/// For files only: in a string such a line is an error, as in Lua.
pub fn skip_shebang(source: &[u8]) -> &[u8] {
    if source.first() != Some(&b'#') {
        return source;
    }
    match memchr::memchr(b'\n', source) {
        Some(newline) => &source[newline..],
        None => &[],
    }
}
