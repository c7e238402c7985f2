//! What every heap object starts with, and the objects that have no module of
//! their own.
//!
//! # Invariants
//!
//! - **H1** Every heap object begins with a [`Header`] whose `kind` says what follows;
//!   a cell of an object page that holds no object has kind [`Kind::Free`].
//! - **H2** An object's kind and size never change while it lives.

use std::any::Any;

use super::code_info::CodeInfo;
use crate::table::TableObj;
use crate::value::RawValue;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Not an object: a free cell.
    Free = 0,
    String = 1,
    Table = 2,
    LuaFunction = 3,
    NativeFunction = 4,
    UpValue = 5,
    Userdata = 6,
    Thread = 7,
    /// A loaded prototype: code words, constants, nested prototypes.
    Code = 8,
}

/// Bits of [`Header::mark`].
pub(crate) mod mark {
    /// One of the two whites; which one is current alternates with each cycle.
    pub(crate) const WHITE0: u8 = 1;
    /// The other white.
    pub(crate) const WHITE1: u8 = 2;
    /// Both whites.
    pub(crate) const WHITES: u8 = WHITE0 | WHITE1;
    /// Marked, and so are all objects it refers to.
    pub(crate) const BLACK: u8 = 4;
    /// A table that scripts may not change; a store must take the slow path.
    pub(crate) const READONLY: u8 = 8;
    /// A table whose chains grew suspiciously: it hashes strings with the secret seed.
    pub(crate) const SEEDED: u8 = 16;
    /// Userdata whose finalizer has run or is due.
    pub(crate) const FINALIZED: u8 = 32;
    /// A string whose table hash has been computed.
    pub(crate) const HASHED: u8 = 64;
    /// Stores into a table with one of these bits take the slow path.
    pub(crate) const STORE_GUARD: u8 = BLACK | READONLY;
}

/// The first eight bytes of every object.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) mark: u8,
    /// Functions: number of parameters ([`crate::func::closure::VARARG_PARAMS`] for a
    /// vararg function), or the builtin's number. Tables: absent metamethods. Strings: how
    /// tables hash them.
    pub(crate) aux: u8,
    /// Lua functions: registers of a frame. Tables: log2 of the node count.
    pub(crate) aux2: u8,
    /// Strings: table hash. Tables: array size. Functions: number of upvalues.
    /// Userdata: bytes charged for the host's value.
    pub(crate) extra: u32,
}

impl Header {
    pub(crate) fn new(kind: Kind, mark: u8) -> Header {
        Header {
            kind,
            mark,
            aux: 0,
            aux2: 0,
            extra: 0,
        }
    }

    pub(crate) fn is_white(&self) -> bool {
        self.mark & mark::WHITES != 0
    }

    pub(crate) fn is_black(&self) -> bool {
        self.mark & mark::BLACK != 0
    }
}

/// Full userdata: a host's value, a metatable and an environment.
#[repr(C)]
pub(crate) struct UserdataObj {
    pub(crate) header: Header,
    pub(crate) metatable: *mut TableObj,
    pub(crate) env: *mut TableObj,
    /// The host's value; `None` for `newproxy`.
    pub(crate) payload: Option<Box<dyn Any>>,
}

/// A prototype loaded into a heap: one block of `CodeObj`, the constants in
/// descending order, the back pointer, the code words.
///
/// # Validity
///
/// - **V1** The object is made of verified code; `code` points just behind the back
///   pointer, at `code_len` words that are the prototype's, except that hint bytes vary
///   and `TForCall` may stand as `PairsLoop` or `IpairsLoop`.
/// - **V2** The slot at `code - 1` is the address of this object; constant `i` is at
///   `code - 2 - i`, for `constant_count` of them, and equals the prototype's.
/// - **V3** The operands of every instruction are within the frame, the constants, the
///   upvalues and the nested prototypes, as `lua_compiler::verify` has proved.
#[repr(C)]
pub(crate) struct CodeObj {
    pub(crate) header: Header,
    pub(crate) info: CodeInfo,
    pub(crate) code: *mut u32,
    pub(crate) children: Box<[*mut CodeObj]>,
    pub(crate) templates: Box<[*mut TableObj]>,
    /// Bytes of the whole block.
    pub(crate) size: usize,
}

impl CodeObj {
    /// What is known of the prototype.
    ///
    /// # Safety
    ///
    /// The object is live for as long as the reference is used.
    pub(crate) unsafe fn info<'a>(object: *const CodeObj) -> &'a CodeInfo {
        // SAFETY: the caller's contract.
        unsafe { &(*object).info }
    }

    /// The code words.
    ///
    /// # Safety
    ///
    /// The object is live and its code does not run for as long as the reference is used.
    pub(crate) unsafe fn words<'a>(object: *const CodeObj) -> &'a [u32] {
        // SAFETY: V1.
        unsafe { std::slice::from_raw_parts((*object).code, (*object).info.code_len) }
    }

    /// The constants, in memory order (descending index).
    ///
    /// # Safety
    ///
    /// The object is live and fully built.
    pub(crate) unsafe fn constants<'a>(object: *mut CodeObj) -> &'a [RawValue] {
        // SAFETY: V2 places the constants below the back pointer.
        unsafe {
            let count = CodeObj::info(object).constant_count;
            let first = (*object).code.cast::<RawValue>().sub(1 + count);
            std::slice::from_raw_parts(first, count)
        }
    }
}
