//! The world of functions: the globals they see when they are called, and the few that
//! their library sees while it is loaded.
//!
//! Both are the same table, so that the functions which a library makes see everything
//! later; its fields are exchanged before and after.

use lua_vm::{CallCx, LuaError, Root, Table, Value, Vm};

use crate::api;
use crate::compat::Identity;
use crate::ext::Lasting;
use crate::script::failure;
use crate::script::wording::Wording;

use super::{RandomSource, guard, install_libraries, protect, set_api};

/// What the engine of functions needs of the world it made.
#[derive(Debug)]
pub(crate) struct FunctionWorld {
    /// The message handler of functions.
    pub(crate) error_handler: Root,
    /// What may have to be reset.
    pub(crate) libraries: Lasting,
    /// What goes on in the other VM.
    pub(crate) random: RandomSource,
    /// The globals of functions, by name.
    at_call: Root,
    /// The globals of a library that is being loaded, by name.
    at_load: Root,
}

/// Fills an empty VM with the world of functions.
///
/// # Errors
///
/// Only for want of memory.
pub(crate) fn install(vm: &mut Vm, identity: &Identity) -> Result<FunctionWorld, LuaError> {
    let wording = Wording::of(identity.compat);
    let libraries = install_libraries(vm, identity)?;
    vm.enter(|cx| {
        let globals = cx.globals();
        set_api(globals, api::function_table(cx, identity)?, wording)?;
        let at_call = cx.new_table(0, globals.pairs().count())?;
        for (name, value) in globals.pairs() {
            at_call.set(name, value)?;
        }
        let loading_api = api::loading_table(cx, identity)?;
        guard(cx, loading_api)?;
        let at_load = cx.new_table(0, 2)?;
        set_api(at_load, loading_api, wording)?;
        protect(cx, at_load);
        guard(cx, globals)?;
        protect(cx, globals);
        let handler = Value::Function(cx.new_native(failure::describe)?);
        Ok(FunctionWorld {
            error_handler: cx.root(handler)?,
            libraries,
            random: RandomSource::of(cx)?,
            at_call: cx.root(Value::Table(at_call))?,
            at_load: cx.root(Value::Table(at_load))?,
        })
    })
}

impl FunctionWorld {
    /// Leaves only the globals of loading.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub(crate) fn begin_loading(&self, cx: &CallCx<'_>) -> Result<(), LuaError> {
        exchange(cx, &self.at_call, &self.at_load)
    }

    /// Brings the globals of functions back.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub(crate) fn end_loading(&self, cx: &CallCx<'_>) -> Result<(), LuaError> {
        exchange(cx, &self.at_load, &self.at_call)
    }
}

fn exchange(cx: &CallCx<'_>, old: &Root, new: &Root) -> Result<(), LuaError> {
    let globals = cx.globals();
    globals.set_readonly(false);
    let result = set_all(globals, fields(cx, old)?, |_| Value::Nil)
        .and_then(|()| set_all(globals, fields(cx, new)?, |value| value));
    globals.set_readonly(true);
    result
}

fn fields<'c>(cx: &'c CallCx<'_>, root: &Root) -> Result<Option<Table<'c>>, LuaError> {
    Ok(cx.value_of(root)?.as_table())
}

fn set_all<'c>(
    globals: Table<'_>,
    fields: Option<Table<'c>>,
    value_of: impl Fn(Value<'c>) -> Value<'c>,
) -> Result<(), LuaError> {
    for (name, value) in fields.into_iter().flat_map(Table::pairs) {
        globals.set(name, value_of(value))?;
    }
    Ok(())
}
