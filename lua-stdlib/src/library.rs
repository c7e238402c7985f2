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
    /// Its fields.
    pub entries: &'static [(&'static str, Entry)],
    /// What rows cannot say, done to the library's table after its fields are set.
    pub finish: Option<Finish>,
}

/// See [`Library::finish`].
pub type Finish = fn(&CallCx<'_>, Table<'_>) -> Result<(), LuaError>;

/// A field of a library.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A native function.
    Native(NativeFn),
    /// A native function with an entry for hot calls that want one result.
    Fast(NativeFn, FastFn),
    /// A function the interpreter carries out itself.
    Builtin(Builtin),
    /// A number.
    Number(f64),
    /// A string.
    Text(&'static str),
}

/// A choice of libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Everything: scripts may read files and the environment and end the process.
    Full,
    /// No access to anything outside the VM but the processor clock. Base functions that
    /// load files or print are left out, as are `newproxy`, `getfenv` and `setfenv`.
    Sandboxed,
}

/// Base functions that [`Preset::Sandboxed`] leaves out.
const UNSAFE_BASE: &[&str] = &[
    "dofile", "getfenv", "loadfile", "newproxy", "print", "setfenv",
];

impl Preset {
    fn libraries(self) -> &'static [Library] {
        match self {
            Preset::Full => &[
                crate::BASE,
                crate::TABLE,
                crate::OS,
                crate::STRING,
                crate::MATH,
                crate::COROUTINE,
                crate::IO,
                crate::PACKAGE,
            ],
            Preset::Sandboxed => &[
                crate::BASE,
                crate::TABLE,
                crate::OS_CLOCK,
                crate::STRING,
                crate::MATH,
                crate::COROUTINE,
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
        if preset == Preset::Sandboxed {
            for name in UNSAFE_BASE {
                cx.globals().set_bytes(name.as_bytes(), Value::Nil)?;
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
        for (name, entry) in self.entries {
            let value = match *entry {
                Entry::Native(native) => Value::Function(cx.new_native(native)?),
                Entry::Fast(native, fast) => Value::Function(cx.new_fast_native(native, fast)?),
                Entry::Builtin(builtin) => Value::Function(cx.builtin(builtin)),
                Entry::Number(number) => Value::Number(number),
                Entry::Text(text) => Value::String(cx.new_string(text.as_bytes())?),
            };
            table.set_bytes(name.as_bytes(), value)?;
        }
        match self.finish {
            Some(finish) => finish(cx, table),
            None => Ok(()),
        }
    }
}
