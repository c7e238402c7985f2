//! What a library is, and the one installer.
//!
//! Owns the row type and the presets. Knows nothing about what the functions do.

use lua_vm::{Builtin, CallCx, FastFn, LuaError, NativeFn, Table, Value, Vm};

/// A library: a table of functions and constants under one global name.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// The global that holds the table; empty for the base library, whose entries are globals.
    pub name: &'static str,
    /// The section of the Lua 5.1 manual that describes it.
    pub manual: &'static str,
    /// Its fields, in the order in which the reference sets them: `pairs` shows it.
    pub entries: &'static [(&'static str, Entry)],
    /// What rows cannot say, done after the fields are set.
    pub finish: Option<Finish>,
}

/// The parts of a library that is being installed.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The library's table; the globals for the base library.
    pub table: Table<'a>,
    /// The table that [`Entry::Stateful`] functions share.
    pub state: Table<'a>,
}

/// See [`Library::finish`].
pub type Finish = fn(&CallCx<'_>, Parts<'_>) -> Result<(), LuaError>;

/// A field of a library.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A native function.
    Native(NativeFn),
    /// A native function with an entry for hot calls that want one result or none.
    Fast(NativeFn, FastFn),
    /// A function the interpreter carries out itself.
    Builtin(Builtin),
    /// A number.
    Number(f64),
    /// A string.
    Text(&'static str),
    /// A native function whose upvalue 1 is a table for the library's state: one for all
    /// functions of this kind.
    Stateful(NativeFn),
    /// What another entry, further up, has set: an old name.
    Alias(&'static str),
    /// The library's own table.
    Itself,
}

/// A choice of libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Everything: scripts may read files and the environment and end the process.
    Full,
    /// No access to anything outside the VM but the processor clock. Base functions that
    /// load files or print are left out, as are `newproxy`, `getfenv` and `setfenv`; `load`
    /// and `loadstring` take precompiled chunks for text, which they are not.
    Sandboxed,
    /// As [`Preset::Sandboxed`], with `newproxy`, `getfenv` and `setfenv`, by which
    /// scripts reach into functions that are not theirs: for scripts that trust each other.
    SandboxedWithEnvironments,
}

/// Base functions that both sandboxes leave out.
const UNSAFE_BASE: &[&str] = &["dofile", "loadfile", "print"];

/// Base functions that [`Preset::Sandboxed`] leaves out too.
const ENVIRONMENTS: &[&str] = &["getfenv", "newproxy", "setfenv"];

impl Preset {
    fn libraries(self) -> &'static [Library] {
        match self {
            Preset::Full => &[
                crate::BASE,
                crate::COROUTINE,
                crate::PACKAGE,
                crate::TABLE,
                crate::IO,
                crate::OS,
                crate::STRING,
                crate::MATH,
                crate::DEBUG,
            ],
            Preset::Sandboxed | Preset::SandboxedWithEnvironments => &[
                crate::BASE,
                crate::COROUTINE,
                crate::TABLE,
                crate::OS_CLOCK,
                crate::STRING,
                crate::MATH,
            ],
        }
    }
}

/// Installs the libraries of `preset` as globals. Fails only when memory runs out.
pub fn open(vm: &mut Vm, preset: Preset) -> Result<(), LuaError> {
    vm.enter(|cx| {
        for library in preset.libraries() {
            library.install(cx)?;
        }
        let removed = match preset {
            Preset::Full => None,
            Preset::SandboxedWithEnvironments => Some(&[][..]),
            Preset::Sandboxed => Some(ENVIRONMENTS),
        };
        if let Some(more) = removed {
            for name in UNSAFE_BASE.iter().chain(more) {
                cx.globals().set_bytes(name.as_bytes(), Value::Nil)?;
            }
            for (name, native) in crate::base::TEXT_ONLY {
                let native = Value::Function(cx.new_native(*native)?);
                cx.globals().set_bytes(name.as_bytes(), native)?;
            }
        }
        Ok(())
    })
}

impl Library {
    /// Sets this library's global and fields; fields that exist already are replaced.
    pub fn install(&self, cx: &CallCx<'_>) -> Result<(), LuaError> {
        let globals = cx.globals();
        let table = match globals.get_bytes(self.name.as_bytes()) {
            _ if self.name.is_empty() => globals,
            Value::Table(table) => table,
            _ => {
                let table = cx.new_table(0, self.entries.len())?;
                globals.set_bytes(self.name.as_bytes(), Value::Table(table))?;
                table
            }
        };
        let state = cx.new_table(0, 0)?;
        for (name, entry) in self.entries {
            let value = match *entry {
                Entry::Native(native) => Value::Function(cx.new_native(native)?),
                Entry::Fast(native, fast) => Value::Function(cx.new_fast_native(native, fast)?),
                Entry::Builtin(builtin) => Value::Function(cx.builtin(builtin)),
                Entry::Number(number) => Value::Number(number),
                Entry::Text(text) => Value::String(cx.new_string(text.as_bytes())?),
                Entry::Stateful(native) => {
                    Value::Function(cx.new_closure(native, &[Value::Table(state)])?)
                }
                Entry::Alias(other) => table.get_bytes(other.as_bytes()),
                Entry::Itself => Value::Table(table),
            };
            table.set_bytes(name.as_bytes(), value)?;
        }
        match self.finish {
            Some(finish) => finish(cx, Parts { table, state }),
            None => Ok(()),
        }?;
        let name = if self.name.is_empty() {
            "_G"
        } else {
            self.name
        };
        loaded(cx)?.set_bytes(name.as_bytes(), Value::Table(table))
    }
}

/// The table of loaded modules, `package.loaded`, which lists the libraries too.
pub(crate) fn loaded<'a>(cx: &'a CallCx<'_>) -> Result<Table<'a>, LuaError> {
    let registry = cx.registry();
    if let Value::Table(loaded) = registry.get_bytes(b"_LOADED") {
        return Ok(loaded);
    }
    let loaded = cx.new_table(0, 1)?;
    registry.set_bytes(b"_LOADED", Value::Table(loaded))?;
    Ok(loaded)
}
