//! Precompiled chunks: prototypes as bytes, for `string.dump` (manual §5.4) and
//! files. Owns the format; whether what was read may run is for [`crate::verify()`].
//!
//! # Format
//!
//! A header of 12 bytes, then the main function. Counts, lines and positions are
//! unsigned numbers of 32 bits in groups of seven bits, low groups first, the high
//! bit set in all bytes but the last. A string is its length and its bytes.
//!
//! | function | |
//! |---|---|
//! | source | 0 if it is that of the enclosing function, else its length plus 1, and its bytes |
//! | lines | of `function` and of `end` |
//! | frame | three bytes: parameters, 1 for a vararg function, registers |
//! | code | count, then words of 4 bytes, low byte first |
//! | constants | count; each a tag, then 8 bytes for a number, a string for a string |
//! | captures | count; each a kind (0 register, 1 upvalue) and an index |
//! | templates | count; each array size, hash size, count of items, pairs of indexes |
//! | functions | count, then the nested functions |
//! | line table | count; each how many words after the one before, and its line |
//! | locals | count; each a name, register, start and how many words it lives |
//! | upvalue names | count, then strings |
//!
//! Bytes behind the main function are not looked at, as in the reference.

mod read;
mod write;

use crate::proto::Proto;
use crate::verify::{VerifiedProto, VerifyError, verify};

/// How every chunk begins. The first five bytes are the reference's, so that tools
/// know a chunk of Lua 5.1 when they see one, and the sixth ends the text for those
/// that print it; the next six keep either from running the other's code. The last
/// byte is the version of the format: it changes with it, and with the instruction
/// set.
const HEADER: &[u8; 12] = b"\x1bLuaQ\0Ferro\x01";

const NIL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const STRING: u8 = 4;

const CAPTURE_LOCAL: u8 = 0;
const CAPTURE_UPVALUE: u8 = 1;

/// True if a chunk is to be taken as precompiled: text never begins like this.
pub fn is_binary(chunk: &[u8]) -> bool {
    chunk.first() == HEADER.first()
}

/// A function as bytes that [`undump`] reads, debug information included. Its
/// upvalues are not part of it.
pub fn dump(proto: &Proto) -> Vec<u8> {
    write::chunk(proto)
}

/// Reads and verifies what [`dump`] wrote, or any other bytes. `chunk_name` is for
/// error messages.
///
/// Uses memory in proportion to the number of bytes, whatever they claim.
pub fn undump(bytes: &[u8], chunk_name: &[u8]) -> Result<VerifiedProto, UndumpError> {
    let refused = |problem| UndumpError::new(chunk_name, problem);
    let proto = read::chunk(bytes).map_err(refused)?;
    verify(proto).map_err(|error| refused(Problem::Code(error)))
}

/// Why bytes are no precompiled chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem} in precompiled chunk", String::from_utf8_lossy(.name))]
pub struct UndumpError {
    name: Vec<u8>,
    problem: Problem,
}

/// What is wrong with a precompiled chunk, worded as the reference words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It does not begin as this version's chunks do.
    #[error("bad header")]
    Header,
    /// The bytes end too early.
    #[error("unexpected end")]
    Truncated,
    /// A number does not fit 32 bits, or a byte does not say what it could.
    #[error("bad integer")]
    Integer,
    /// A constant of no type.
    #[error("bad constant")]
    Constant,
    /// Functions nest deeper than [`crate::verify::MAX_NESTING`].
    #[error("code too deep")]
    TooDeep,
    /// The verifier refused the code.
    #[error("bad code")]
    Code(#[source] VerifyError),
}

impl UndumpError {
    fn new(chunk_name: &[u8], problem: Problem) -> UndumpError {
        let name = match chunk_name {
            [b'=' | b'@', name @ ..] => name,
            [first, ..] if *first == HEADER[0] => b"binary string",
            name => name,
        };
        let end = memchr::memchr(0, name).unwrap_or(name.len());
        UndumpError {
            name: name[..end].to_vec(),
            problem,
        }
    }

    /// What is wrong.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The whole message as Lua gives it. Bytes, because it quotes the chunk's name.
    pub fn message(&self) -> Vec<u8> {
        let problem = format!(": {} in precompiled chunk", self.problem);
        [&self.name, problem.as_bytes()].concat()
    }
}
