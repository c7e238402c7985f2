//! What scripts find in their world, and that they cannot change it: the globals, all
//! read-only, and `KEYS` and `ARGV` of each call. The world of functions is in
//! [`functions`].

pub(crate) mod functions;

use std::collections::HashSet;

use lua_stdlib::{Preset, open};
use lua_vm::{Builtin, CallCx, LuaError, NativeFn, Results, Returned, Root, Table, Value, Vm};

use crate::api;
use crate::compat::Identity;
use crate::ext::{self, Lasting};
use crate::script::failure;
use crate::script::run::ScriptCall;
use crate::script::wording::Wording;

/// What the engine needs of the world it made, without looking it up.
#[derive(Debug)]
pub(crate) struct Handles {
    /// The message handler of scripts.
    pub(crate) error_handler: Root,
    keys_name: Root,
    argv_name: Root,
    /// What may have to be reset.
    pub(crate) libraries: Lasting,
    /// What goes on in the other VM.
    pub(crate) random: RandomSource,
}

/// Fills an empty VM with the world of scripts.
///
/// # Errors
///
/// Only for want of memory.
pub(crate) fn install(vm: &mut Vm, identity: &Identity) -> Result<Handles, LuaError> {
    let wording = Wording::of(identity.compat);
    let libraries = install_libraries(vm, identity)?;
    vm.enter(|cx| {
        let globals = cx.globals();
        let handler = cx.new_native(failure::describe)?;
        globals.set_bytes(b"__redis__err__handler", Value::Function(handler))?;
        if wording.is_valkey {
            globals.set_bytes(b"__server__err__handler", Value::Function(handler))?;
        }
        set_api(globals, api::script_table(cx, identity)?, wording)?;
        guard(cx, globals)?;
        // The names are there from the start, so that calls change values only.
        for name in [b"KEYS", b"ARGV"] {
            globals.set_bytes(name, Value::Table(cx.new_table(0, 0)?))?;
        }
        protect(cx, globals);
        let name = |text: &[u8]| cx.root(Value::String(cx.new_string(text)?));
        Ok(Handles {
            error_handler: cx.root(Value::Function(handler))?,
            keys_name: name(b"KEYS")?,
            argv_name: name(b"ARGV")?,
            libraries,
            random: RandomSource::of(cx)?,
        })
    })
}

/// Where `math.random` is in its sequence. Servers have one sequence for all scripts and
/// functions, whichever VM they run in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomState(f64);

/// What holds the [`RandomState`] of a VM.
#[derive(Debug)]
pub(crate) struct RandomSource(Root);

impl RandomSource {
    fn of(cx: &CallCx<'_>) -> Result<Self, LuaError> {
        let math = cx.globals().get_bytes(b"math").as_table();
        let state = match math.map(|math| math.get_bytes(b"random")) {
            Some(Value::Function(random)) => random.upvalue(1).map(|(_, state)| state),
            _ => None,
        };
        cx.root(state.unwrap_or(Value::Nil)).map(Self)
    }

    /// Where the sequence is.
    pub(crate) fn state(&self, vm: &Vm) -> Option<RandomState> {
        let table = vm.value_of(&self.0)?.as_table()?;
        table.get_index(1).as_number().map(RandomState)
    }

    /// Goes on from there.
    pub(crate) fn set_state(&self, vm: &Vm, state: RandomState) {
        if let Some(Value::Table(table)) = vm.value_of(&self.0) {
            // The element is there, so no memory is needed.
            let _ = table.set_index(1, Value::Number(state.0));
        }
    }
}

/// Installs what scripts and functions share.
fn install_libraries(vm: &mut Vm, identity: &Identity) -> Result<Lasting, LuaError> {
    let preset = if identity.insecure_api {
        Preset::SandboxedWithEnvironments
    } else {
        Preset::Sandboxed
    };
    open(vm, preset)?;
    let libraries = ext::install(vm)?;
    vm.enter(|cx| {
        let globals = cx.globals();
        let wording = Wording::of(identity.compat);
        if !wording.is_valkey {
            globals.set_bytes(b"os", Value::Nil)?;
        }
        if let Value::Table(cmsgpack) = globals.get_bytes(b"cmsgpack") {
            let text = cx.new_string(wording.cmsgpack_copyright.as_bytes())?;
            cmsgpack.set_bytes(b"_COPYRIGHT", Value::String(text))?;
        }
        globals.set_bytes(b"pcall", Value::Function(cx.new_native(pcall)?))
    })?;
    Ok(libraries)
}

/// Sets the global `redis`, and `server` where there is one.
fn set_api(globals: Table<'_>, api: Table<'_>, wording: &Wording) -> Result<(), LuaError> {
    globals.set_bytes(b"redis", Value::Table(api))?;
    if wording.is_valkey {
        globals.set_bytes(b"server", Value::Table(api))?;
    }
    Ok(())
}

/// Makes the reading of fields that a table does not have an error.
fn guard(cx: &CallCx<'_>, table: Table<'_>) -> Result<(), LuaError> {
    let guard = cx.new_table(0, 1)?;
    guard.set_bytes(b"__index", Value::Function(cx.new_native(missing_global)?))?;
    table.set_metatable(Some(guard))
}

/// Makes a table read-only, and all that can be reached from it through tables and
/// metatables, that of strings included.
fn protect(cx: &CallCx<'_>, globals: Table<'_>) {
    let mut seen = HashSet::new();
    let mut to_do = vec![globals];
    if let Ok(text) = cx.new_string(b"") {
        to_do.extend(cx.metatable_of(Value::String(text)));
    }
    while let Some(table) = to_do.pop() {
        if !seen.insert(table.address()) {
            continue;
        }
        table.set_readonly(true);
        to_do.extend(table.metatable());
        for (key, value) in table.pairs() {
            to_do.extend([key, value].into_iter().filter_map(Value::as_table));
        }
    }
}

impl Handles {
    /// Sets `KEYS` and `ARGV`.
    ///
    /// # Errors
    ///
    /// The memory limit.
    pub(crate) fn set_arguments(
        &self,
        cx: &CallCx<'_>,
        call: &ScriptCall<'_>,
    ) -> Result<(), LuaError> {
        let globals = cx.globals();
        globals.set_readonly(false);
        let result = list(cx, call.keys)
            .and_then(|keys| globals.set(cx.value_of(&self.keys_name)?, Value::Table(keys)))
            .and_then(|()| list(cx, call.args))
            .and_then(|args| globals.set(cx.value_of(&self.argv_name)?, Value::Table(args)));
        globals.set_readonly(true);
        result
    }
}

/// A list of strings.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn list<'c>(cx: &'c CallCx<'_>, items: &[&[u8]]) -> Result<Table<'c>, LuaError> {
    let table = cx.new_table(items.len(), 0)?;
    for (index, item) in (1..).zip(items) {
        table.set_index(index, Value::String(cx.new_string(item)?))?;
    }
    Ok(table)
}

/// `__index` of the globals.
fn missing_global(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = match cx.arg(2) {
        Value::String(name) => name.as_bytes().to_vec(),
        Value::Number(number) => lua_vm::format_number(number).as_bytes().to_vec(),
        _ => {
            let text = "Second argument to luaProtectedTableError must be a string or number";
            return Err(cx.error(text));
        }
    };
    let text = b"Script attempted to access nonexistent global variable '";
    Err(cx.error([&text[..], &name, b"'"].concat()))
}

/// Implements `pcall` (manual §5.1) as servers have it: an error table with a text
/// `err` becomes that text. It is a native around the interpreter's own, so that
/// coroutines cannot yield across it, as in the reference implementation.
fn pcall(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_any(1)?;
    let n_args = cx.arg_count();
    cx.ensure_stack(n_args + 1)?;
    cx.push(Value::Function(cx.builtin(Builtin::Pcall)));
    for i in 1..=n_args {
        cx.push_arg(i);
    }
    let count = cx.call(n_args, Results::Open)?;
    let has_failed = count == 2 && !cx.value(-2).truthy();
    if has_failed && let Value::Table(table) = cx.value(-1) {
        match table.get_bytes(b"err") {
            text @ Value::String(_) => cx.set(-1, text)?,
            Value::Number(number) => {
                let text = cx.new_string(lua_vm::format_number(number).as_bytes())?;
                cx.set(-1, Value::String(text))?;
            }
            _ => {}
        }
    }
    cx.ret_top(count)
}

/// The names of natives, for tables of them.
pub(crate) type Natives = &'static [(&'static str, NativeFn)];
