//! Concatenation: strings and numbers at once, metamethods from the right (manual
//! §2.5.4, §2.8).

use super::Event;
use crate::error::LuaError;
use crate::interp::frame::{Word, WordKind};
use crate::interp::{VmCore, budget, call, slow, unwind};
use crate::value::RawValue;
use crate::value::number::format_number;
use crate::value::string::{MAX_INTERNED, MAX_LENGTH, StringObj};

fn is_text(value: RawValue) -> bool {
    value.is_string() || value.is_number()
}

/// `R[dst] := R[first] .. ... .. R[first + count - 1]` of the running frame; may leave
/// it for a metamethod. The state says how to go on.
///
/// # Safety
///
/// The saved state is that of the running Lua frame, within which the registers lie.
pub(crate) unsafe fn concat(vm: *mut VmCore, dst: usize, first: usize, mut count: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        let base = (*vm).base;
        while count > 1 {
            let last = first + count - 1;
            let (x, y) = (*base.add(last - 1), *base.add(last));
            if !(is_text(x) && is_text(y)) {
                let mut handler = (*vm).heap.metamethod(x, Event::Concat);
                if handler.is_nil() {
                    handler = (*vm).heap.metamethod(y, Event::Concat);
                }
                if handler.is_nil() {
                    let (value, reg) = if is_text(x) { (y, last) } else { (x, last - 1) };
                    let error = slow::type_error(vm, "concatenate", value, Some(reg as u8));
                    unwind::raise(vm, error);
                    return;
                }
                let word = |distance| {
                    Word::with(
                        WordKind::MetaConcat,
                        distance,
                        dst as u8,
                        first as u8,
                        count as u8 - 1,
                    )
                };
                call::call_metamethod(vm, word, handler, &[x, y]);
                return;
            }
            let mut start = last - 1;
            while start > first && is_text(*base.add(start - 1)) {
                start -= 1;
            }
            match join(vm, base.add(start), last - start + 1) {
                Ok(string) => *base.add(start) = RawValue::string(string),
                Err(error) => {
                    unwind::raise(vm, error);
                    return;
                }
            }
            count = start - first + 1;
        }
        *base.add(dst) = *base.add(first);
        if (*vm).heap.debt > 0
            && let Err(error) = budget::collect(vm)
        {
            unwind::raise(vm, error);
        }
    }
}

/// The strings and numbers of a run of slots as one string.
unsafe fn join(
    vm: *mut VmCore,
    slots: *const RawValue,
    count: usize,
) -> Result<*mut StringObj, LuaError> {
    // SAFETY: the caller passes live slots that hold strings and numbers.
    unsafe {
        let slots = std::slice::from_raw_parts(slots, count);
        let mut total = 0usize;
        let mut has_numbers = false;
        for value in slots {
            match value.as_string() {
                Some(string) => total += StringObj::len(string),
                None => has_numbers = true,
            }
        }
        if total > MAX_LENGTH {
            return Err(unwind::throw_positioned(vm, b"string length overflow"));
        }
        let append = |to: &mut [u8]| {
            let mut at = 0;
            for value in slots {
                if let Some(string) = value.as_string() {
                    let bytes = StringObj::bytes(string);
                    to[at..at + bytes.len()].copy_from_slice(bytes);
                    at += bytes.len();
                }
            }
        };
        if !has_numbers {
            if total > MAX_INTERNED {
                return (*vm).heap.long_string(total, append);
            }
            let mut buffer = [0; MAX_INTERNED];
            append(&mut buffer[..total]);
            return (*vm).heap.string(&buffer[..total]);
        }
        if !(*vm).heap.has_room(total) {
            return Err(LuaError::MEMORY);
        }
        let mut buffer = Vec::with_capacity(total + 24 * count);
        for value in slots {
            match (value.as_string(), value.as_number()) {
                (Some(string), _) => buffer.extend_from_slice(StringObj::bytes(string)),
                (_, Some(n)) => buffer.extend_from_slice(format_number(n).as_bytes()),
                _ => {}
            }
        }
        (*vm).heap.string(&buffer)
    }
}
