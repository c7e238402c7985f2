//! Loading: verified prototypes become code objects of a heap, and functions.

use std::sync::Arc;

use lua_compiler::isa::Instr;
use lua_compiler::{Constant, Proto, VerifiedProto};

use super::closure::LuaClosure;
use super::upvalue::UpValue;
use crate::error::LuaError;
use crate::heap::Heap;
use crate::heap::code_info::CodeInfo;
use crate::heap::object::{CodeObj, Header, Kind};
use crate::interp::VmCore;
use crate::meta::index::store_message;
use crate::table::{StoreError, TableObj};
use crate::value::RawValue;
use crate::value::string::StringObj;

/// Makes a function of a main chunk, in the running coroutine's globals.
///
/// # Errors
///
/// The memory limit.
///
/// # Safety
///
/// The VM is live. Nothing is collected meanwhile.
pub(crate) unsafe fn load(
    vm: *mut VmCore,
    proto: &VerifiedProto,
) -> Result<*mut LuaClosure, LuaError> {
    // SAFETY: the caller's contract.
    unsafe {
        let heap = &mut (*vm).heap;
        let code = load_code(heap, proto.proto())?;
        let globals = (*heap.current).globals;
        let closure = LuaClosure::new(heap, code, globals)?;
        // A main chunk captures nothing, unless it is a dumped function: its upvalues are
        // fresh variables.
        for i in 0..proto.proto().captures.len() {
            match UpValue::new_closed(heap) {
                Ok(upvalue) => *LuaClosure::upvalues(closure).add(i) = upvalue,
                Err(error) => {
                    LuaClosure::abandon(closure, i);
                    return Err(error);
                }
            }
        }
        Ok(closure)
    }
}

/// Makes the code object of a prototype that is part of verified code, nested ones
/// first. The nesting of verified code is bounded.
unsafe fn load_code(heap: &mut Heap, proto: &Proto) -> Result<*mut CodeObj, LuaError> {
    // SAFETY: the callers pass parts of verified code; the block is written in full
    // before anything else runs; V1, V2.
    unsafe {
        let mut children = Vec::with_capacity(proto.protos.len());
        for child in &proto.protos {
            children.push(load_code(heap, child)?);
        }
        let mut constants = Vec::with_capacity(proto.constants.len());
        for constant in &proto.constants {
            constants.push(match constant {
                Constant::Nil => RawValue::NIL,
                Constant::Boolean(b) => RawValue::boolean(*b),
                Constant::Number(n) => RawValue::number(*n),
                Constant::String(bytes) => {
                    let string = heap.string(bytes)?;
                    // The loop reads the hash of constant keys without asking.
                    StringObj::hash(string);
                    RawValue::string(string)
                }
            });
        }
        let mut templates = Vec::with_capacity(proto.templates.len());
        for template in &proto.templates {
            let made = (|| {
                let table = TableObj::new(heap, template.array_size, template.hash_size)?;
                for &(key, value) in &template.items {
                    TableObj::set(
                        heap,
                        table,
                        constants[key as usize],
                        constants[value as usize],
                    )?;
                }
                Ok(table)
            })();
            templates.push(
                made.map_err(|error: StoreError| match store_message(error) {
                    Ok(_) => LuaError::MEMORY,
                    Err(error) => error,
                })?,
            );
        }
        let slots = constants.len() + 1;
        let size = size_of::<CodeObj>() + slots * size_of::<RawValue>() + proto.code.len() * 4;
        let info = CodeInfo::of(proto);
        let bytes = info.bytes;
        let code = heap.allocate(size)?.cast::<CodeObj>();
        let slots_start = code.add(1).cast::<RawValue>();
        let words = slots_start.add(slots).cast::<u32>();
        code.write(CodeObj {
            header: Header::new(Kind::Code, heap.current_white),
            info,
            code: words,
            children: children.into(),
            templates: templates.into(),
            size,
        });
        for (i, &value) in constants.iter().rev().enumerate() {
            slots_start.add(i).write(value);
        }
        words.cast::<*mut CodeObj>().sub(1).write(code);
        std::ptr::copy_nonoverlapping(proto.code.as_ptr(), words, proto.code.len());
        heap.register_large(code.cast(), size);
        heap.charge(bytes);
        Ok(code)
    }
}

/// The prototype that a code object was made of, nested ones included.
///
/// # Safety
///
/// The object is live and its code does not run.
pub(crate) unsafe fn unload(code: *mut CodeObj) -> Proto {
    // SAFETY: the caller's contract; V1, V2. The nesting of verified code is bounded.
    unsafe {
        let info = CodeObj::info(code);
        let words = CodeObj::words(code);
        let mut compiled = Vec::with_capacity(words.len());
        while let Some(instr) = Instr::decode_at(words, compiled.len()) {
            let encoded = instr.as_compiled().encode();
            compiled.push(encoded.word);
            compiled.extend(encoded.aux);
        }
        let constants = CodeObj::constants(code).iter().rev();
        let constants = constants.map(|value| match value.as_string() {
            Some(string) => Constant::String(StringObj::bytes(string).into()),
            None if value.is_nil() => Constant::Nil,
            None if value.is_boolean() => Constant::Boolean(value.is_truthy()),
            None => Constant::Number(value.to_f64()),
        });
        let children = &(*code).children;
        Proto {
            code: compiled,
            constants: constants.collect(),
            protos: children
                .iter()
                .map(|child| Arc::new(unload(*child)))
                .collect(),
            captures: info.captures.to_vec(),
            templates: info.templates.to_vec(),
            params: info.params,
            is_vararg: info.is_vararg,
            max_stack: info.max_stack,
            source: Arc::clone(&info.source),
            line_defined: info.line_defined,
            last_line_defined: info.last_line_defined,
            lines: info.lines.to_table(),
            locals: info.to_locals(),
            upvalue_names: info.upvalue_names.to_vec(),
        }
    }
}
