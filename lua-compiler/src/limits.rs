//! The limits of one function, as the reference implementation sets them, and the
//! sign that one was passed. Wording is in [`crate::error`].

/// Local variables active at once.
pub(crate) const MAX_LOCALS: usize = 200;

/// Upvalues of a function.
pub(crate) const MAX_UPVALUES: usize = 60;

/// Registers of a frame.
pub(crate) const MAX_STACK: usize = crate::verify::MAX_STACK as usize;

/// Constants of a function.
pub(crate) const MAX_CONSTANTS: usize = (1 << 18) - 1;

/// Functions nested directly in one, and table templates of one: what a 16-bit
/// operand counts.
pub(crate) const MAX_CHILDREN: usize = 1 << 16;

/// Code words up to which a jump operand holds both distances and the positions
/// that link the jumps of a list.
pub(crate) const MAX_JUMP: u32 = 1 << 23;

/// Items after which a table constructor stores what it has gathered in registers.
pub(crate) const FIELDS_PER_FLUSH: usize = 50;

/// Which limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// More than 200 local variables active at once.
    Locals,
    /// More than 60 upvalues.
    Upvalues,
    /// More than 250 registers needed.
    Registers,
    /// A jump too far for its operand.
    Jump,
    /// Too many constants, nested functions or templates.
    Constants,
}

/// A limit that was passed, where it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exceeded {
    pub(crate) limit: Limit,
    /// Line of the `function` keyword, 0 in the main chunk.
    pub(crate) line_defined: u32,
    /// Byte offset from which the token at which the reference stops is found...
    pub(crate) offset: u32,
    /// ...behind this many others.
    pub(crate) skip: u32,
}

/// A result that fails on a limit.
pub(crate) type Checked<T> = Result<T, Exceeded>;
