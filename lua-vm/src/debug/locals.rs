//! The local variables of a level (manual §5.9, `debug.getlocal`).

use lua_compiler::names;

use super::levels::Level;
use crate::error::LuaError;
use crate::heap::object::CodeObj;
use crate::interp::loops;
use crate::value::RawValue;
use crate::value::borrowed::{Value, checked_raw};

/// What a slot without a name is called.
const TEMPORARY: &[u8] = b"(*temporary)";

impl<'v> Level<'v> {
    /// Name and value of local `n`, counted from 1: the active variables, then the
    /// temporaries of the frame; all values of a native's frame are temporaries.
    pub fn local(&self, n: usize) -> Option<(&'v [u8], Value<'v>)> {
        let (name, slot) = self.local_slot(n)?;
        // SAFETY: the slot is one of the frame's; B1.
        unsafe {
            let raw = loops::visible(slot, self.walk()?.base);
            Some((name, Value::from_raw(self.core(), raw)))
        }
    }

    /// Sets local `n`, counted from 1, and returns its name; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A value of another VM.
    pub fn set_local(&self, n: usize, value: Value<'_>) -> Result<Option<&'v [u8]>, LuaError> {
        let raw = checked_raw(self.core(), value)?;
        Ok(self.local_slot(n).map(|(name, slot)| {
            // SAFETY: the slot is one of the frame's. Verified code finds any value
            // in any register (V3 is about places, not values); a stack needs no barrier.
            unsafe { *slot = raw };
            name
        }))
    }

    fn local_slot(&self, n: usize) -> Option<(&'v [u8], *mut RawValue)> {
        let index = n.checked_sub(1)?;
        let walk = self.walk()?;
        // SAFETY: the walk is up to date; a local's register is within the frame (S2), and
        // a temporary is below what the frame above has taken.
        unsafe {
            if let Some((_, code, at)) = walk.lua()
                && let Some(local) = names::local(|index| CodeObj::info(code).local(index), n, at)
            {
                return Some((local.name, walk.base.add(usize::from(local.reg))));
            }
            let used = (walk.end.addr()).saturating_sub(walk.base.addr()) / size_of::<RawValue>();
            (index < used).then(|| (TEMPORARY, walk.base.add(index)))
        }
    }
}
