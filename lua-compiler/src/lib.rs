//! Bytecode for Lua 5.1: from syntax tree to verified prototypes.
//!
//! Knows no heap values: constants are plain bytes and numbers.

pub mod isa;
mod proto;

pub use proto::{Capture, Constant, LineTable, LocalVar, Proto, Template};
