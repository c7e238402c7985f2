//! Running Lua from a native function: loading, calling, paying for work.

use lua_compiler::VerifiedProto;

use super::CallCx;
use crate::error::{LoadError, LuaError};
use crate::func::load;
use crate::func::native::Results;
use crate::heap::BYTES_PER_UNIT;
use crate::interp::{Finally, VmCore, budget, call, unwind};
use crate::value::RawValue;
use crate::value::borrowed::{FOREIGN_MESSAGE, Function};

impl CallCx<'_> {
    /// Calls the function below the last `n_args` values with these; leaves the results
    /// in their place and returns their number.
    ///
    /// # Errors
    ///
    /// What the function raised.
    pub fn call(&mut self, n_args: usize, results: Results) -> Result<usize, LuaError> {
        if n_args >= self.top() {
            return Err(self.error("call without a function"));
        }
        // SAFETY: N2; the room for the results is made before they are filled up.
        unsafe {
            if (*self.vm).has_foreign_value {
                (*self.vm).has_foreign_value = false;
                return Err(unwind::throw_text(self.vm, FOREIGN_MESSAGE));
            }
            if (*self.vm).aborting.is_some() {
                // A push may have failed: what is on the stack is not what was meant.
                return Err(unwind::abort_error(self.vm));
            }
            let func = (*self.vm).top.sub(n_args + 1);
            let start = func.offset_from((*self.vm).base) as usize;
            call::call_from_native(self.vm, func, n_args)?;
            let count = self.top() - start;
            match results {
                Results::Open => Ok(count),
                Results::Exactly(wanted) => {
                    if wanted > count {
                        VmCore::ensure_slots(self.vm, (*self.vm).top, wanted - count)?;
                        for i in count..wanted {
                            *(*self.vm).base.add(start + i) = RawValue::NIL;
                        }
                    }
                    (*self.vm).top = (*self.vm).base.add(start + wanted);
                    Ok(wanted)
                }
            }
        }
    }

    /// As [`CallCx::call`], but an error that `pcall` would catch leaves its value on the
    /// stack: `Ok(Err(()))`.
    ///
    /// # Errors
    ///
    /// Aborts.
    pub fn try_call(
        &mut self,
        n_args: usize,
        results: Results,
    ) -> Result<Result<usize, ()>, LuaError> {
        let below = self.top().saturating_sub(n_args + 1);
        match self.call(n_args, results) {
            Ok(count) => Ok(Ok(count)),
            Err(error) if error.kind().is_abort() => Err(error),
            Err(_) => {
                self.pop(self.top() - below);
                // SAFETY: the thrown value is live.
                self.push_raw(unsafe { (*self.vm).heap.thrown });
                Ok(Err(()))
            }
        }
    }

    pub(super) unsafe fn call_handler(
        &mut self,
        handler: RawValue,
        args: &[RawValue],
    ) -> Result<(), LuaError> {
        self.push_raw(handler);
        for &arg in args {
            self.push_raw(arg);
        }
        self.call(args.len(), Results::Exactly(1)).map(|_| ())
    }

    /// Charges units of the instruction limit for work of a native's own; to be called
    /// every few thousand steps.
    ///
    /// # Errors
    ///
    /// An abort, if the script is to stop.
    pub fn charge(&self, units: u64) -> Result<(), LuaError> {
        // SAFETY: N2.
        unsafe { budget::charge(self.vm, units) }
    }

    /// As [`CallCx::charge`], for so many bytes that are copied or looked at. New strings
    /// and tables are paid for where they are made.
    ///
    /// # Errors
    ///
    /// An abort, if the script is to stop.
    pub fn charge_bytes(&self, bytes: usize) -> Result<(), LuaError> {
        self.charge((bytes / BYTES_PER_UNIT) as u64)
    }

    /// Compiles a chunk of source text into a function (manual §5.1, `loadstring`). A
    /// precompiled chunk is no text, and refused: see [`CallCx::load_binary`].
    ///
    /// # Errors
    ///
    /// Invalid source, with Lua's message; the memory limit.
    pub fn load(&self, source: &[u8], chunk_name: &[u8]) -> Result<Function<'_>, LoadError> {
        // SAFETY: N2; loading does not come back to the VM, so nobody else uses the loader.
        let proto = unsafe { (*self.vm).loader.load(source, chunk_name)? };
        self.load_proto(&proto).map_err(LoadError::Vm)
    }

    /// Compiles a chunk that comes in pieces (manual §5.1, `load`): `more`
    /// appends the next to what there is in `source`, or says that there is none. It is
    /// asked for no more than must be seen before the first error, and may run Lua. The
    /// first error of `more` ends the loading. [`CallCx::load_proto`] makes the function.
    ///
    /// # Errors
    ///
    /// What `more` returns.
    pub fn compile_pieces(
        &mut self,
        source: &mut Vec<u8>,
        chunk_name: &[u8],
        mut more: impl FnMut(&mut CallCx<'_>, &mut Vec<u8>) -> Result<bool, LuaError>,
    ) -> Result<Result<VerifiedProto, LoadError>, LuaError> {
        let vm = self.vm;
        // What `more` runs may load chunks, too. The buffers that grow for this one are not
        // kept: it may be a large one.
        let mut loader = lua_compiler::Loader::default();
        let mut failed = None;
        let loaded = {
            let mut next = |source: &mut Vec<u8>, level: usize| {
                if failed.is_some() {
                    return false;
                }
                // SAFETY: N2. The parser's levels use the stack as calls of natives do, and
                // count as such; whoever resets the VM resets the depth.
                let result = unsafe {
                    let depth = (*vm).native_depth;
                    (*vm).native_depth += level as u32;
                    let restored = Finally(|| (*vm).native_depth = depth);
                    let result = more(self, source);
                    drop(restored);
                    result
                };
                result.unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
            };
            loader.load_pieces(source, &mut next, chunk_name)
        };
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(loaded.map_err(LoadError::from))
    }

    /// Makes a function of a precompiled chunk, as [`Function::dump`] writes it. Its
    /// upvalues are fresh variables. The bytes may come from anywhere: they are
    /// verified.
    ///
    /// # Errors
    ///
    /// Anything but such a chunk, with Lua's message; the memory limit.
    pub fn load_binary(&self, chunk: &[u8], chunk_name: &[u8]) -> Result<Function<'_>, LoadError> {
        let proto =
            lua_compiler::undump(chunk, chunk_name).map_err(lua_compiler::LoadError::from)?;
        self.load_proto(&proto).map_err(LoadError::Vm)
    }

    /// Makes a function of a compiled chunk.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub fn load_proto(&self, proto: &VerifiedProto) -> Result<Function<'_>, LuaError> {
        // SAFETY: the globals are live; B1.
        unsafe {
            let closure = load::load(self.vm, proto)?;
            Ok(self.function(closure.cast()))
        }
    }
}
