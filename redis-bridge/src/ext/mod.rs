//! The libraries that servers give to scripts beside Lua's own: `cjson`, `cmsgpack`,
//! `struct` and `bit`. Their results, limits and error texts are those of the C
//! libraries in Redis and Valkey.

mod bit;
mod cjson;
mod cmsgpack;
mod output;
mod struct_;

use lua_vm::{LuaError, Root, Vm};

/// What of the libraries lasts from script to script.
#[derive(Debug)]
pub(crate) struct Lasting {
    cjson_settings: Root,
}

/// Installs the libraries as globals.
///
/// # Errors
///
/// Only for want of memory.
pub(crate) fn install(vm: &mut Vm) -> Result<Lasting, LuaError> {
    vm.attach(output::Spare::default());
    vm.enter(|cx| {
        for library in [&cmsgpack::CMSGPACK, &struct_::STRUCT, &bit::BIT] {
            library.install(cx)?;
        }
        Ok(Lasting {
            cjson_settings: cjson::install(cx)?,
        })
    })
}

impl Lasting {
    /// Makes all as it was at first.
    pub(crate) fn reset(&self, vm: &Vm) {
        cjson::reset(vm.value_of(&self.cjson_settings));
    }
}
