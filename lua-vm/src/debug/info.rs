//! What is known of a function without running it: its source and its upvalues.

use std::collections::BTreeSet;

use lua_syntax::display_name;

use crate::error::LuaError;
use crate::func::closure::{LuaClosure, NativeClosure};
use crate::func::upvalue::UpValue;
use crate::heap::object::{CodeObj, Kind};
use crate::value::RawValue;
use crate::value::borrowed::{Function, Value, checked_raw};

/// Where a function comes from (manual §5.9, `debug.getinfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionInfo<'v> {
    /// The name of the chunk as the host gave it; `=[C]` for a native.
    pub source: &'v [u8],
    /// `main` for a chunk, `Lua` for a function in one, `C` for a native.
    pub what: &'static str,
    /// The lines of the `function` and of its `end`, counted from 1, 0 for a chunk;
    /// `None` for a native.
    pub lines: Option<(u32, u32)>,
    /// Number of upvalues.
    pub upvalue_count: usize,
}

impl FunctionInfo<'_> {
    /// The source in the form that messages use, `[string "..."]` or the file's name.
    pub fn short_source(&self) -> Vec<u8> {
        display_name(self.source)
    }
}

impl<'v> Function<'v> {
    fn code(self) -> Option<*mut CodeObj> {
        // SAFETY: B1, V2.
        unsafe {
            ((*self.object).kind == Kind::LuaFunction)
                .then(|| LuaClosure::code_object(self.object.cast()))
        }
    }

    /// Where the function comes from.
    pub fn info(self) -> FunctionInfo<'v> {
        // SAFETY: B1; U1: `extra` counts the upvalues of both kinds.
        let upvalue_count = unsafe { (*self.object).extra as usize };
        let Some(code) = self.code() else {
            return FunctionInfo {
                source: b"=[C]",
                what: "C",
                lines: None,
                upvalue_count,
            };
        };
        // SAFETY: B1: the function keeps its code object.
        let proto = unsafe { CodeObj::info(code) };
        FunctionInfo {
            source: &proto.source,
            what: if proto.line_defined == 0 {
                "main"
            } else {
                "Lua"
            },
            lines: Some((proto.line_defined, proto.last_line_defined)),
            upvalue_count,
        }
    }

    /// The lines that have code, in order, counted from 1; `None` for a native.
    pub fn active_lines(self) -> Option<Vec<u32>> {
        // SAFETY: B1.
        let proto = unsafe { CodeObj::info(self.code()?) };
        let table = proto.lines.to_table();
        let runs = table.runs().iter();
        let lines = runs.filter(|run| (run.0 as usize) < proto.code_len);
        let lines: BTreeSet<u32> = lines.map(|run| run.1).collect();
        Some(lines.into_iter().collect())
    }

    /// Name and value of upvalue `i`, counted from 1. Those of natives have empty names;
    /// those of code without debug information are not found.
    pub fn upvalue(self, i: usize) -> Option<(&'v [u8], Value<'v>)> {
        let (name, slot) = self.upvalue_slot(i)?;
        // SAFETY: the slot is the live upvalue's; B1.
        unsafe { Some((name, Value::from_raw(self.vm, *slot))) }
    }

    /// Sets upvalue `i`, counted from 1, and returns its name; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn set_upvalue(self, i: usize, value: Value<'_>) -> Result<Option<&'v [u8]>, LuaError> {
        let raw = checked_raw(self.vm, value)?;
        let Some((name, slot)) = self.upvalue_slot(i) else {
            return Ok(None);
        };
        // SAFETY: the slot is the live upvalue's; the barrier keeps G4.
        unsafe {
            *slot = raw;
            let holder = match self.code() {
                Some(_) => (*LuaClosure::upvalues(self.object.cast()).add(i - 1)).cast(),
                None => self.object,
            };
            (*self.vm).heap.barrier_forward(holder, raw);
        }
        Ok(Some(name))
    }

    fn upvalue_slot(self, i: usize) -> Option<(&'v [u8], *mut RawValue)> {
        let index = i.checked_sub(1)?;
        // SAFETY: B1; U1 bounds the index, U3 and U4 the pointer.
        unsafe {
            if index >= (*self.object).extra as usize {
                return None;
            }
            let Some(code) = self.code() else {
                let slot = NativeClosure::upvalues(self.object.cast()).add(index);
                return Some((b"", slot));
            };
            let name = CodeObj::info(code).upvalue_names.get(index)?;
            let upvalue: *mut UpValue = *LuaClosure::upvalues(self.object.cast()).add(index);
            Some((name, (*upvalue).pointer))
        }
    }
}
