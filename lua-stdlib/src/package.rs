//! The `package` library (§5.3): `require` and `module`, for modules written in Lua.
//!
//! Owns the search and the table of loaded modules. Native modules are searched for but not
//! loaded: dynamic libraries are reported as absent, as by a build of the reference without
//! them.

use lua_vm::{CallCx, LuaError, NativeFn, Results, Returned, Table, Value};

use crate::args::{check_c_string, until_nul};
use crate::base::{load_file, os_path};
use crate::library::Entry::Native;
use crate::library::{Library, Parts};

/// The `package` library, with the globals `module` and `require`.
pub const PACKAGE: Library = Library {
    name: "package",
    manual: "§5.3",
    entries: &[("loadlib", Native(loadlib)), ("seeall", Native(seeall))],
    finish: Some(finish),
};

/// Where Lua modules are searched unless `LUA_PATH` says otherwise.
const DEFAULT_PATH: &str = "./?.lua;/usr/local/share/lua/5.1/?.lua;\
    /usr/local/share/lua/5.1/?/init.lua;/usr/local/lib/lua/5.1/?.lua;\
    /usr/local/lib/lua/5.1/?/init.lua;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua";

/// Where native modules are searched unless `LUA_CPATH` says otherwise.
const DEFAULT_CPATH: &str =
    "./?.so;/usr/local/lib/lua/5.1/?.so;/usr/lib/lua/5.1/?.so;/usr/local/lib/lua/5.1/loadall.so";

/// What `package.loadlib` says, and loaders that find a native module.
const NO_LIBRARIES: &[u8] = b"dynamic libraries not enabled; check your Lua installation";

/// Separators within `package.path` and the like: directory, template, name, executable, mark.
const CONFIG: &str = "/\n;\n?\n!\n-";

/// Positions in the state: the library's table, the loaded modules, and the mark of a module
/// that is being loaded.
const PACKAGE_TABLE: i64 = 1;
const LOADED: i64 = 2;
const LOADING: i64 = 3;

/// Sets `loaded`, `loaders`, `preload`, the paths, and the global functions.
fn finish(cx: &CallCx<'_>, parts: Parts<'_>) -> Result<(), LuaError> {
    let Parts {
        table: package,
        state,
    } = parts;
    let loaded = crate::library::loaded(cx)?;
    state.set_index(PACKAGE_TABLE, Value::Table(package))?;
    state.set_index(LOADED, Value::Table(loaded))?;
    state.set_index(LOADING, Value::Userdata(cx.new_userdata(Box::new(()))?))?;
    let globals = cx.globals();
    let upvalues = [Value::Table(state)];
    let loaders = cx.new_table(4, 0)?;
    let searchers: [NativeFn; 4] = [load_preloaded, load_from_path, load_native, load_from_root];
    for (i, loader) in searchers.into_iter().enumerate() {
        let loader = cx.new_closure(loader, &upvalues)?;
        loaders.set_index(i as i64 + 1, Value::Function(loader))?;
    }
    package.set_bytes(b"loaded", Value::Table(loaded))?;
    package.set_bytes(b"loaders", Value::Table(loaders))?;
    package.set_bytes(b"preload", Value::Table(cx.new_table(0, 0)?))?;
    let path = search_path("LUA_PATH", DEFAULT_PATH);
    let cpath = search_path("LUA_CPATH", DEFAULT_CPATH);
    let texts = [
        ("path", &*path),
        ("cpath", &*cpath),
        ("config", CONFIG.as_bytes()),
    ];
    for (name, text) in texts {
        let text = cx.new_string(text)?;
        package.set_bytes(name.as_bytes(), Value::String(text))?;
    }
    let functions: [(&str, NativeFn); 2] = [("require", require), ("module", module)];
    for (name, function) in functions {
        let function = cx.new_closure(function, &upvalues)?;
        globals.set_bytes(name.as_bytes(), Value::Function(function))?;
    }
    Ok(())
}

/// The path that an environment variable holds, where `;;` stands for the default.
fn search_path(variable: &str, default: &str) -> Vec<u8> {
    let Some(path) = std::env::var_os(variable) else {
        return default.as_bytes().to_vec();
    };
    let mut rest = path.as_encoded_bytes();
    let mut text = Vec::new();
    while let Some(at) = memchr::memmem::find(rest, b";;") {
        text.extend_from_slice(&[&rest[..at], b";", default.as_bytes(), b";"].concat());
        rest = &rest[at + 2..];
    }
    text.extend_from_slice(rest);
    text
}

/// Element `position` of the state.
fn state<'a>(cx: &'a CallCx<'_>, position: i64) -> Value<'a> {
    cx.upvalue(1)
        .as_table()
        .map_or(Value::Nil, |state| state.get_index(position))
}

fn loaded<'a>(cx: &'a CallCx<'_>) -> Result<Table<'a>, LuaError> {
    state(cx, LOADED)
        .as_table()
        .ok_or_else(|| cx.error("'package.loaded' must be a table"))
}

/// Field `name` of the `package` table, raw.
fn package_field<'a>(cx: &'a CallCx<'_>, name: &[u8]) -> Value<'a> {
    state(cx, PACKAGE_TABLE)
        .as_table()
        .map_or(Value::Nil, |package| package.get_bytes(name))
}

/// `before'name'after`, as in most messages here.
fn quoting(before: &str, name: &[u8], after: &[u8]) -> Vec<u8> {
    [before.as_bytes(), b"'", name, b"'", after].concat()
}

/// Implements `require` (§5.3): the value of a module, which is loaded the first time.
/// Errors with `module 'x' not found:` and where it was looked for, `loop or previous error
/// loading module 'x'`, and what loading raises.
fn require(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?.to_vec();
    let known = loaded(cx)?.get_bytes(&name);
    if known.truthy() {
        if known.raw_equals(state(cx, LOADING)) {
            return Err(cx.error(quoting(
                "loop or previous error loading module ",
                &name,
                b"",
            )));
        }
        return cx.ret(known);
    }
    if package_field(cx, b"loaders").as_table().is_none() {
        return Err(cx.error("'package.loaders' must be a table"));
    }
    let mut tried = Vec::new();
    for i in 1.. {
        let loader = package_field(cx, b"loaders")
            .as_table()
            .map_or(Value::Nil, |loaders| loaders.get_index(i));
        if loader.is_nil() {
            tried.insert(0, b':');
            return Err(cx.error(quoting(
                "module ",
                &name,
                &[b" not found", until_nul(&tried)].concat(),
            )));
        }
        cx.push(loader);
        cx.push_bytes(&name)?;
        cx.call(1, Results::Exactly(1))?;
        match cx.value(-1) {
            Value::Function(_) => break,
            Value::String(message) => tried.extend_from_slice(message.as_bytes()),
            Value::Number(number) => {
                tried.extend_from_slice(lua_vm::format_number(number).as_bytes());
            }
            _ => {}
        }
        cx.pop(1);
    }
    loaded(cx)?.set_bytes(&name, state(cx, LOADING))?;
    cx.push_bytes(&name)?;
    cx.call(1, Results::Exactly(1))?;
    let loaded = loaded(cx)?;
    if !cx.value(-1).is_nil() {
        loaded.set_bytes(&name, cx.value(-1))?;
    }
    if loaded.get_bytes(&name).raw_equals(state(cx, LOADING)) {
        loaded.set_bytes(&name, Value::Boolean(true))?;
    }
    cx.ret(loaded.get_bytes(&name))
}

/// The loader for `package.preload`.
fn load_preloaded(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let Value::Table(preload) = package_field(cx, b"preload") else {
        return Err(cx.error("'package.preload' must be a table"));
    };
    match preload.get_bytes(name) {
        Value::Nil => {
            let message = quoting("\n\tno field package.preload[", name, b"]");
            cx.ret_bytes(&message)
        }
        loader => cx.ret(loader),
    }
}

/// The first file for `name` along the path in field `path`, or where it was looked for.
/// Errors with `'package.path' must be a string`.
fn search(cx: &CallCx<'_>, name: &[u8], path: &str) -> Result<Result<Vec<u8>, Vec<u8>>, LuaError> {
    let number;
    let templates = match package_field(cx, path.as_bytes()) {
        Value::String(templates) => templates.as_bytes(),
        Value::Number(value) => {
            number = lua_vm::format_number(value);
            number.as_bytes()
        }
        _ => return Err(cx.error(format!("'package.{path}' must be a string"))),
    };
    let name: Vec<u8> = name
        .iter()
        .map(|&byte| if byte == b'.' { b'/' } else { byte })
        .collect();
    let mut tried = Vec::new();
    for template in until_nul(templates).split(|&byte| byte == b';') {
        if template.is_empty() {
            continue;
        }
        let parts: Vec<&[u8]> = template.split(|&byte| byte == b'?').collect();
        let file = parts.join(&name[..]);
        if std::fs::File::open(os_path(&file)).is_ok() {
            return Ok(Ok(file));
        }
        tried.extend_from_slice(&quoting("\n\tno file ", &file, b""));
    }
    Ok(Err(tried))
}

/// `error loading module 'x' from file 'f':` and the reason.
fn load_error(cx: &CallCx<'_>, name: &[u8], file: &[u8], reason: &[u8]) -> LuaError {
    let message = quoting(" from file ", file, &[b":\n\t", reason].concat());
    cx.error(quoting("error loading module ", name, &message))
}

/// The loader for Lua files along `package.path`: the chunk, or where it was looked for.
/// Errors with `error loading module 'x' from file 'f':` and the compiler's message.
fn load_from_path(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let file = match search(cx, name, "path")? {
        Ok(file) => file,
        Err(tried) => return cx.ret_bytes(&tried),
    };
    match load_file(cx, Some(&file))? {
        Ok(()) => cx.ret_top(1),
        Err(message) => Err(load_error(cx, check_c_string(cx, 1)?, &file, &message)),
    }
}

/// The loader for native modules along `package.cpath`: where they were looked for. One that
/// is there is an error.
fn load_native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    match search(cx, name, "cpath")? {
        Ok(file) => Err(load_error(cx, name, &file, NO_LIBRARIES)),
        Err(tried) => cx.ret_bytes(&tried),
    }
}

/// The loader for a submodule that its root's native library might hold; as `load_native`.
fn load_from_root(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let Some(dot) = memchr::memchr(b'.', name) else {
        return cx.ret0();
    };
    match search(cx, &name[..dot], "cpath")? {
        Ok(file) => Err(load_error(cx, name, &file, NO_LIBRARIES)),
        Err(tried) => cx.ret_bytes(&tried),
    }
}

/// Implements `package.loadlib` (§5.3): nil, a message and `absent`.
fn loadlib(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_bytes(1)?;
    cx.check_bytes(2)?;
    cx.push_nil();
    cx.push_bytes(NO_LIBRARIES)?;
    cx.push_bytes(b"absent")?;
    cx.ret_top(3)
}

/// Implements `package.seeall` (§5.3): makes the globals visible in a module.
fn seeall(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let module = cx.check_table(1)?;
    let metatable = match module.metatable() {
        Some(metatable) => metatable,
        None => {
            let metatable = cx.new_table(0, 1)?;
            module.set_metatable(Some(metatable))?;
            metatable
        }
    };
    metatable.set_bytes(b"__index", Value::Table(cx.globals()))?;
    cx.ret0()
}

/// Implements `module` (§5.3): makes a module table, global under its dotted name, the
/// environment of the calling function, and calls each option with it.
/// Errors with `name conflict for module 'x'` and `'module' not called from a Lua function`.
fn module(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = check_c_string(cx, 1)?;
    let loaded = loaded(cx)?;
    let module = match loaded.get_bytes(name) {
        Value::Table(module) => module,
        _ => {
            let module = global_table(cx, name)?
                .ok_or_else(|| cx.error(quoting("name conflict for module ", name, b"")))?;
            loaded.set_bytes(name, Value::Table(module))?;
            module
        }
    };
    if module.get_bytes(b"_NAME").is_nil() {
        let package_len = memchr::memrchr(b'.', name).map_or(0, |dot| dot + 1);
        module.set_bytes(b"_M", Value::Table(module))?;
        module.set_bytes(b"_NAME", Value::String(cx.new_string(name)?))?;
        let package = cx.new_string(&name[..package_len])?;
        module.set_bytes(b"_PACKAGE", Value::String(package))?;
    }
    match cx.frame_function(1) {
        Some(Some(caller)) if !caller.is_native() => caller.set_environment(module)?,
        _ => return Err(cx.error("'module' not called from a Lua function")),
    }
    cx.push(Value::Table(module));
    for i in 2..=cx.arg_count() {
        cx.push_arg(i);
        cx.push(cx.value(-2));
        cx.call(1, Results::Exactly(0))?;
    }
    cx.ret0()
}

/// The table under the dotted `name` from the globals, made where it is missing; `None` if
/// something else is in the way.
fn global_table<'a>(cx: &'a CallCx<'_>, name: &[u8]) -> Result<Option<Table<'a>>, LuaError> {
    let mut table = cx.globals();
    for part in name.split(|&byte| byte == b'.') {
        table = match table.get_bytes(part) {
            Value::Table(inner) => inner,
            Value::Nil => {
                let inner = cx.new_table(0, 1)?;
                table.set_bytes(part, Value::Table(inner))?;
                inner
            }
            _ => return Ok(None),
        };
    }
    Ok(Some(table))
}
