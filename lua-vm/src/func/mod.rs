//! Functions: closures over Lua code and over native code, and upvalues.

pub(crate) mod call_cx;
pub(crate) mod closure;
pub(crate) mod load;
pub(crate) mod native;
pub(crate) mod upvalue;
