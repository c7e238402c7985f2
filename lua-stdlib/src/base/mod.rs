//! The base library (§5.1): globals that work on any value.
//!
//! Owns everything but loading chunks ([`load`]) and numerals in odd bases (`tonumber`).
//! `next`, `pcall`, `select`, `unpack`, `xpcall` and the step of `ipairs` are carried out by the
//! interpreter.

mod load;
mod tonumber;

#[cfg(feature = "command")]
pub(crate) use load::load_chunk;
pub(crate) use load::{load_file, os_path};

use lua_vm::{
    Builtin, CallCx, FastArgs, FastResult, Function, LuaError, Results, Returned, Table, Value,
};

use crate::args::{check_option, opt_c_string};
use crate::library::Entry::{Builtin as Interpreted, Fast, Itself, Native, Stateful, Text};
use crate::library::{Library, Parts};
use crate::output;

/// The base library: its entries are globals.
pub const BASE: Library = Library {
    name: "",
    manual: "§5.1",
    entries: &[
        ("_G", Itself),
        ("assert", Fast(assert, |args| args.truthy(0))),
        ("collectgarbage", Native(collectgarbage)),
        ("dofile", Native(load::dofile)),
        ("error", Native(error)),
        ("gcinfo", Native(gcinfo)),
        ("getfenv", Native(getfenv)),
        ("getmetatable", Native(getmetatable)),
        ("loadfile", Native(load::loadfile)),
        ("load", Native(load::load)),
        ("loadstring", Native(load::loadstring)),
        ("next", Interpreted(Builtin::Next)),
        ("pcall", Interpreted(Builtin::Pcall)),
        ("print", Native(print)),
        ("rawequal", Fast(rawequal, rawequal_fast)),
        ("rawget", Fast(rawget, rawget_fast)),
        ("rawset", Native(rawset)),
        ("select", Interpreted(Builtin::Select)),
        ("setfenv", Native(setfenv)),
        ("setmetatable", Fast(setmetatable, setmetatable_fast)),
        ("tonumber", Fast(tonumber, tonumber_fast)),
        ("tostring", Fast(tostring, tostring_fast)),
        ("type", Fast(type_, |args| args.type_name(0))),
        ("unpack", Interpreted(Builtin::Unpack)),
        ("xpcall", Interpreted(Builtin::Xpcall)),
        ("_VERSION", Text("Lua 5.1")),
        ("ipairs", Native(ipairs)),
        ("pairs", Native(pairs)),
        ("newproxy", Stateful(newproxy)),
    ],
    finish: Some(finish),
};

/// What [`crate::Preset::Sandboxed`] has in place of functions that also load precompiled
/// chunks.
pub(crate) const TEXT_ONLY: &[(&str, lua_vm::NativeFn)] = &[
    ("load", load::load_text),
    ("loadstring", load::loadstring_text),
];

/// Makes the state, the metatables that `newproxy` made, weak.
fn finish(cx: &CallCx<'_>, parts: Parts<'_>) -> Result<(), LuaError> {
    let mode = cx.new_string(b"kv")?;
    parts.state.set_bytes(b"__mode", Value::String(mode))?;
    parts.state.set_metatable(Some(parts.state))
}

/// Implements `assert` (§5.1): all its arguments, unless the first is nil or false.
/// Errors with the second argument, a string, or `assertion failed!`.
fn assert(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.check_any(1)?.truthy() {
        return cx.ret_top(cx.arg_count());
    }
    Err(cx.error(opt_c_string(cx, 2, b"assertion failed!")?))
}

/// What `collectgarbage` is asked to do.
#[derive(Clone, Copy)]
enum Collect {
    Stop,
    Restart,
    Full,
    Count,
    Step,
    SetPause,
    SetStepMultiplier,
}

/// Implements `collectgarbage` (§5.1): `count` is in Kbytes, `step` tells whether a cycle
/// ended, `setpause` and `setstepmul` give the previous value in percent, all others give 0.
/// Errors with `bad argument #1 to 'collectgarbage' (invalid option 'x')`.
fn collectgarbage(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let action = check_option(
        cx,
        1,
        b"collect",
        &[
            ("stop", Collect::Stop),
            ("restart", Collect::Restart),
            ("collect", Collect::Full),
            ("count", Collect::Count),
            ("step", Collect::Step),
            ("setpause", Collect::SetPause),
            ("setstepmul", Collect::SetStepMultiplier),
        ],
    )?;
    let data = cx.opt_int(2, 0)?;
    match action {
        Collect::Stop => cx.gc_stop(),
        Collect::Restart => cx.gc_restart(),
        Collect::Full => cx.gc_collect()?,
        Collect::Count => return cx.ret_number(cx.gc_count_bytes() as f64 / 1024.0),
        Collect::Step => {
            let ended = cx.gc_step(usize::try_from(data).unwrap_or(0))?;
            return cx.ret_bool(ended);
        }
        Collect::SetPause => return cx.ret_number(f64::from(cx.gc_set_pause(data))),
        Collect::SetStepMultiplier => {
            return cx.ret_number(f64::from(cx.gc_set_step_multiplier(data)));
        }
    }
    cx.ret_number(0.0)
}

/// Implements `gcinfo` (§7.3, deprecated): Kbytes in use, a whole number.
fn gcinfo(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.ret_number((cx.gc_count_bytes() / 1024) as f64)
}

/// Implements `error` (§5.1): raises its first argument, with the position of `level`
/// (default 1) in front of a string.
fn error(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let level = cx.opt_int(2, 1)?;
    match cx.arg(1) {
        Value::String(_) | Value::Number(_) if level > 0 => {
            let message = [&cx.position(level as usize), cx.check_bytes(1)?].concat();
            Err(cx.throw(Value::String(cx.new_string(&message)?)))
        }
        value => Err(cx.throw(value)),
    }
}

/// The function that argument 1 of `getfenv` and `setfenv` means: itself, or the one at a
/// stack level. Level 0 means none.
fn function_arg<'a>(
    cx: &'a CallCx<'_>,
    default_level: Option<i32>,
) -> Result<Option<Function<'a>>, LuaError> {
    if let Value::Function(function) = cx.arg(1) {
        return Ok(Some(function));
    }
    let level = match default_level {
        Some(level) => cx.opt_int(1, level)?,
        None => cx.check_int(1)?,
    };
    let level =
        usize::try_from(level).map_err(|_| cx.arg_error(1, "level must be non-negative"))?;
    if level == 0 {
        return Ok(None);
    }
    match cx.frame_function(level) {
        Some(Some(function)) => Ok(Some(function)),
        Some(None) => Err(cx.error(format!(
            "no function environment for tail call at level {level}"
        ))),
        None => Err(cx.arg_error(1, "invalid level")),
    }
}

/// Implements `getfenv` (§5.1): the environment of a function, of the one at a level (default
/// 1), or of the thread for level 0 and for native functions.
fn getfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = function_arg(cx, Some(1))?
        .filter(|function| !function.is_native())
        .map(|function| function.environment());
    cx.ret(Value::Table(environment.unwrap_or(cx.globals())))
}

/// Implements `setfenv` (§5.1): changes the environment of a Lua function, or of the thread
/// for level 0. Errors with `'setfenv' cannot change environment of given object`.
fn setfenv(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let environment = cx.check_table(2)?;
    // Level 0 is recognised before the argument is checked, and only as a number.
    if matches!(cx.arg(1), Value::Number(0.0)) {
        cx.set_globals(environment)?;
        return cx.ret0();
    }
    match function_arg(cx, None)? {
        Some(function) if !function.is_native() => {
            function.set_environment(environment)?;
            cx.ret(Value::Function(function))
        }
        _ => Err(cx.error("'setfenv' cannot change environment of given object")),
    }
}

/// Implements `getmetatable` (§5.1): the metatable, or what its `__metatable` holds instead.
fn getmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let value = cx.check_any(1)?;
    match cx.metatable_of(value) {
        None => cx.ret_nil(),
        Some(metatable) => match cx.metafield(value, b"__metatable") {
            Value::Nil => cx.ret(Value::Table(metatable)),
            hidden => cx.ret(hidden),
        },
    }
}

/// Implements `setmetatable` (§5.1): sets or (with nil) removes the metatable of a table.
/// Errors with `cannot change a protected metatable` if the old one has `__metatable`.
fn setmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let metatable = match cx.arg(2) {
        Value::Table(metatable) => Some(metatable),
        Value::Nil if cx.has_arg(2) => None,
        _ => return Err(cx.arg_error(2, "nil or table expected")),
    };
    if !cx.metafield(Value::Table(table), b"__metatable").is_nil() {
        return Err(cx.error("cannot change a protected metatable"));
    }
    table.set_metatable(metatable)?;
    cx.ret_arg(1)
}

fn setmetatable_fast(args: FastArgs<'_>) -> FastResult<'_> {
    args.set_first_metatable(0, 1)
        .unwrap_or(FastResult::DECLINE)
}

/// Implements `ipairs` (§5.1): the iterator over 1, 2, ... up to the first nil.
fn ipairs(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    cx.push(Value::Function(cx.builtin(Builtin::IpairsStep)));
    cx.push(Value::Table(table));
    cx.push_number(0.0);
    cx.ret_top(3)
}

/// Implements `pairs` (§5.1): a function that does what `next` does, the table and nil.
fn pairs(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    cx.push(Value::Function(cx.builtin(Builtin::PairsStep)));
    cx.push(Value::Table(table));
    cx.push_nil();
    cx.ret_top(3)
}

/// Implements `print` (§5.1): the arguments through the global `tostring`, separated by tabs.
/// Errors with `'tostring' must return a string to 'print'`.
///
/// As C's `fputs`, it writes a text up to its first zero byte, and each at once: what comes before
/// an error is written.
fn print(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    // As in C, a failure to write is not the script's business.
    let write = |bytes: &[u8]| {
        let _ = output::write(bytes);
    };
    for i in 1..=cx.arg_count() {
        push_global(cx, b"tostring")?;
        cx.push_arg(i);
        cx.call(1, Results::Exactly(1))?;
        let tab: &[u8] = if i > 1 { b"\t" } else { b"" };
        match cx.value(-1) {
            Value::String(text) => {
                let text = text.as_bytes();
                write(tab);
                write(&text[..memchr::memchr(0, text).unwrap_or(text.len())]);
            }
            Value::Number(number) => {
                write(tab);
                write(lua_vm::format_number(number).as_bytes());
            }
            _ => return Err(cx.error("'tostring' must return a string to 'print'")),
        }
        cx.pop(1);
    }
    write(b"\n");
    cx.ret0()
}

/// Pushes a global variable, by metamethods if it is not there.
fn push_global(cx: &mut CallCx<'_>, name: &[u8]) -> Result<(), LuaError> {
    match cx.globals().get_bytes(name) {
        Value::Nil => {
            cx.push(Value::Table(cx.globals()));
            cx.push_bytes(name)?;
            cx.get_index()
        }
        value => {
            cx.push(value);
            Ok(())
        }
    }
}

/// Implements `rawequal` (§5.1): equality without metamethods.
fn rawequal(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let equal = cx.check_any(1)?.raw_equals(cx.check_any(2)?);
    cx.ret_bool(equal)
}

fn rawequal_fast(args: FastArgs<'_>) -> FastResult<'_> {
    match args.raw_equal(0, 1) {
        Some(equal) => FastResult::boolean(equal),
        None => FastResult::DECLINE,
    }
}

/// Implements `rawget` (§5.1): a field without metamethods.
fn rawget(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let key = cx.check_any(2)?;
    cx.ret(table.get(key))
}

fn rawget_fast(args: FastArgs<'_>) -> FastResult<'_> {
    args.raw_get(0, 1).unwrap_or(FastResult::DECLINE)
}

/// Implements `rawset` (§5.1): sets a field without metamethods; the table.
/// Errors with `table index is nil` or `table index is NaN`.
fn rawset(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let key = cx.check_any(2)?;
    let value = cx.check_any(3)?;
    table.set(key, value)?;
    cx.ret_arg(1)
}

/// Implements `tonumber` (§5.1): a number, or a numeral in `base` (2 to 36, default 10), as a
/// number; nil for anything else. Errors with `base out of range`.
fn tonumber(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let base = cx.opt_int(2, 10)?;
    let number = if base == 10 {
        cx.check_any(1)?.to_number()
    } else {
        let text = cx.check_bytes(1)?;
        if !(2..=36).contains(&base) {
            return Err(cx.arg_error(2, "base out of range"));
        }
        cx.charge_bytes(text.len())?;
        tonumber::parse(text, base as u32)
    };
    match number {
        Some(number) => cx.ret_number(number),
        None => cx.ret_nil(),
    }
}

fn tonumber_fast(args: FastArgs<'_>) -> FastResult<'_> {
    if args.len() != 1 {
        return FastResult::DECLINE;
    }
    if args.number(0).is_some() {
        return args.value(0);
    }
    /// Longer texts are the other entry's, which pays for them.
    const MAX_FAST: usize = 64;
    let text = args.bytes(0);
    if text.is_some_and(|text| text.len() > MAX_FAST) {
        return FastResult::DECLINE;
    }
    match text.and_then(lua_syntax::literal::parse_number) {
        Some(number) => FastResult::number(number),
        None => FastResult::nil(),
    }
}

/// Implements `tostring` (§5.1): the text of a value, by `__tostring` if it has one.
fn tostring(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_any(1)?;
    cx.to_display(1)?;
    cx.ret_top(1)
}

fn tostring_fast(args: FastArgs<'_>) -> FastResult<'_> {
    match args.number(0) {
        Some(number) if !args.has_metatable(0) => {
            args.byte_string(lua_vm::format_number(number).as_bytes())
        }
        _ => FastResult::DECLINE,
    }
}

/// Implements `type` (§5.1).
fn type_(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let name = cx.check_any(1)?.type_name();
    cx.ret_bytes(name.as_bytes())
}

/// Implements `newproxy` (§7.3, undocumented): an empty userdata, without a metatable, with a
/// new one (`true`), or with that of another proxy.
/// Errors with `bad argument #1 to 'newproxy' (boolean or proxy expected)`.
fn newproxy(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let proxy = cx.new_proxy()?;
    let known = |metatable: Table<'_>| match cx.upvalue(1) {
        Value::Table(known) => known.get(Value::Table(metatable)).truthy(),
        _ => false,
    };
    match cx.arg(1) {
        Value::Nil | Value::Boolean(false) => {}
        Value::Boolean(true) => {
            let metatable = cx.new_table(0, 0)?;
            if let Value::Table(known) = cx.upvalue(1) {
                known.set(Value::Table(metatable), Value::Boolean(true))?;
            }
            proxy.set_metatable(Some(metatable))?;
        }
        other => match cx.metatable_of(other).filter(|metatable| known(*metatable)) {
            Some(metatable) => proxy.set_metatable(Some(metatable))?,
            None => return Err(cx.arg_error(1, "boolean or proxy expected")),
        },
    }
    cx.ret(Value::Userdata(proxy))
}
