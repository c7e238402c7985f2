//! `cjson`: values as JSON and back, as lua-cjson 2.1 does it. Here are the table of the
//! library and the settings of its instances, which last as long as the VM.

mod decode;
mod encode;
mod number;
mod scan;

use std::cell::Cell;

use lua_vm::{CallCx, LuaError, NativeFn, Returned, Root, Table, Value};

const FUNCTIONS: &[(&str, NativeFn)] = &[
    ("encode", encode::encode),
    ("decode", decode::decode),
    ("encode_sparse_array", encode_sparse_array),
    ("encode_max_depth", encode_max_depth),
    ("decode_max_depth", decode_max_depth),
    ("encode_number_precision", encode_number_precision),
    ("encode_keep_buffer", encode_keep_buffer),
    ("encode_invalid_numbers", encode_invalid_numbers),
    ("decode_invalid_numbers", decode_invalid_numbers),
    ("new", new),
];

/// Stack slots that one native may use. Each open table takes some, as it does in the
/// reference, so that both refuse the same nesting whatever depth a script has set.
const MAX_SLOTS: usize = 8000;

/// What becomes of NaN and the infinities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InvalidNumbers {
    Refused,
    AsTheyAre,
    Null,
}

/// The settings of an instance.
#[derive(Clone, Copy, Debug)]
struct Settings {
    /// Lists with too many holes become objects; otherwise they are refused.
    convert_sparse: bool,
    /// Holes are too many if the largest index is beyond so many times the number of
    /// entries; 0 if they never are.
    sparse_ratio: i32,
    /// Up to this index, holes are never too many.
    sparse_safe: i32,
    encode_max_depth: i32,
    decode_max_depth: i32,
    /// Significant digits of numbers, 1 to 14.
    precision: i32,
    /// Has no effect: there is one buffer for all instances.
    keep_buffer: bool,
    encode_invalid: InvalidNumbers,
    /// Numbers that JSON does not know are read: hexadecimal ones, NaN, and so on.
    decode_invalid: bool,
}

const DEFAULT: Settings = Settings {
    convert_sparse: false,
    sparse_ratio: 2,
    sparse_safe: 10,
    encode_max_depth: 1000,
    decode_max_depth: 1000,
    precision: 14,
    keep_buffer: true,
    encode_invalid: InvalidNumbers::Refused,
    decode_invalid: true,
};

/// Installs the library as a global, and returns its settings.
///
/// # Errors
///
/// Only for want of memory.
pub(super) fn install(cx: &CallCx<'_>) -> Result<Root, LuaError> {
    let settings = new_settings(cx)?;
    let instance = Value::Table(instance(cx, settings)?);
    cx.globals().set_bytes(b"cjson", instance)?;
    cx.root(settings)
}

/// Makes settings what they were at first.
pub(super) fn reset(settings: Option<Value<'_>>) {
    if let Some(Value::Userdata(settings)) = settings
        && let Some(settings) = settings.downcast::<Cell<Settings>>()
    {
        settings.set(DEFAULT);
    }
}

fn new_settings<'c>(cx: &'c CallCx<'_>) -> Result<Value<'c>, LuaError> {
    let settings = Box::new(Cell::new(DEFAULT));
    cx.new_userdata(settings).map(Value::Userdata)
}

/// A table of the functions, with these settings. Fields are set in the order of the
/// reference: `pairs` shows it.
fn instance<'c>(cx: &'c CallCx<'_>, settings: Value<'c>) -> Result<Table<'c>, LuaError> {
    let table = cx.new_table(0, 0)?;
    for &(name, function) in FUNCTIONS {
        let function = Value::Function(cx.new_closure(function, &[settings])?);
        table.set_bytes(name.as_bytes(), function)?;
    }
    table.set_bytes(b"null", NULL)?;
    for (name, text) in [("_NAME", "cjson"), ("_VERSION", "2.1.0")] {
        let text = Value::String(cx.new_string(text.as_bytes())?);
        table.set_bytes(name.as_bytes(), text)?;
    }
    Ok(table)
}

/// `cjson.null`.
const NULL: Value<'static> = Value::LightUserdata(0);

/// Implements `cjson.new()`: another instance.
fn new(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let instance = instance(cx, new_settings(cx)?)?;
    cx.ret(Value::Table(instance))
}

/// The settings of the running function's instance.
fn settings<'c>(cx: &'c CallCx<'_>) -> Result<&'c Cell<Settings>, LuaError> {
    let cell = match cx.upvalue(1) {
        Value::Userdata(settings) => settings.downcast(),
        _ => None,
    };
    cell.ok_or_else(|| cx.error("cjson without settings"))
}

/// Changes the settings by the arguments, at most `n_args`, and returns what `change`
/// pushes.
fn set(
    cx: &CallCx<'_>,
    n_args: usize,
    change: impl FnOnce(&Cell<Settings>) -> Result<(), LuaError>,
) -> Result<Returned, LuaError> {
    if cx.arg_count() > n_args {
        return Err(cx.arg_error(n_args + 1, "found too many arguments"));
    }
    change(settings(cx)?)?;
    cx.ret_top(n_args)
}

/// Sets a whole number by argument `i`, if that is not nil, and pushes it.
fn integer(
    cx: &CallCx<'_>,
    i: usize,
    settings: &Cell<Settings>,
    field: impl Fn(&mut Settings) -> &mut i32,
    range: std::ops::RangeInclusive<i32>,
) -> Result<(), LuaError> {
    let mut changed = settings.get();
    let setting = field(&mut changed);
    if !cx.arg(i).is_nil() {
        let value = cx.check_int(i)?;
        if !range.contains(&value) {
            let (min, max) = range.into_inner();
            // Argument 1 whichever it is: that is what the reference says.
            let text = format!("expected integer between {min} and {max}");
            return Err(cx.arg_error(1, text));
        }
        *setting = value;
    }
    cx.push_number(f64::from(*setting));
    settings.set(changed);
    Ok(())
}

/// Argument `i` as one of the options, or as a boolean for the first two, `off` and
/// `on`; `None` if it is nil.
fn option(cx: &CallCx<'_>, i: usize, options: &[&str]) -> Result<Option<usize>, LuaError> {
    match cx.arg(i) {
        Value::Nil => Ok(None),
        Value::Boolean(is_on) => Ok(Some(usize::from(is_on))),
        _ => {
            let name = cx.check_bytes(i)?;
            match options.iter().position(|option| option.as_bytes() == name) {
                Some(at) => Ok(Some(at)),
                None => {
                    let text = [b"invalid option '", name, b"'"].concat();
                    Err(cx.arg_error(i, text))
                }
            }
        }
    }
}

/// Sets a switch by argument `i`, if that is not nil, and pushes it.
fn switch(
    cx: &CallCx<'_>,
    i: usize,
    settings: &Cell<Settings>,
    field: impl Fn(&mut Settings) -> &mut bool,
) -> Result<(), LuaError> {
    let mut changed = settings.get();
    let setting = field(&mut changed);
    if let Some(option) = option(cx, i, &["off", "on"])? {
        *setting = option == 1;
    }
    cx.push_bool(*setting);
    settings.set(changed);
    Ok(())
}

/// Implements `cjson.encode_sparse_array([convert [, ratio [, safe]]])`.
fn encode_sparse_array(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 3, |settings| {
        switch(cx, 1, settings, |s| &mut s.convert_sparse)?;
        integer(cx, 2, settings, |s| &mut s.sparse_ratio, 0..=i32::MAX)?;
        integer(cx, 3, settings, |s| &mut s.sparse_safe, 0..=i32::MAX)
    })
}

/// Implements `cjson.encode_max_depth([depth])`.
fn encode_max_depth(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 1, |settings| {
        integer(cx, 1, settings, |s| &mut s.encode_max_depth, 1..=i32::MAX)
    })
}

/// Implements `cjson.decode_max_depth([depth])`.
fn decode_max_depth(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 1, |settings| {
        integer(cx, 1, settings, |s| &mut s.decode_max_depth, 1..=i32::MAX)
    })
}

/// Implements `cjson.encode_number_precision([digits])`.
fn encode_number_precision(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 1, |settings| {
        integer(cx, 1, settings, |s| &mut s.precision, 1..=14)
    })
}

/// Implements `cjson.encode_keep_buffer([keep])`.
fn encode_keep_buffer(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 1, |settings| {
        switch(cx, 1, settings, |s| &mut s.keep_buffer)
    })
}

/// Implements `cjson.encode_invalid_numbers([option])`: `true`, `false` or `"null"`.
fn encode_invalid_numbers(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    const OPTIONS: [InvalidNumbers; 3] = [
        InvalidNumbers::Refused,
        InvalidNumbers::AsTheyAre,
        InvalidNumbers::Null,
    ];
    set(cx, 1, |settings| {
        let mut changed = settings.get();
        if let Some(option) = option(cx, 1, &["off", "on", "null"])? {
            changed.encode_invalid = OPTIONS[option];
        }
        settings.set(changed);
        match changed.encode_invalid {
            InvalidNumbers::Refused => cx.push_bool(false),
            InvalidNumbers::AsTheyAre => cx.push_bool(true),
            InvalidNumbers::Null => cx.push_bytes(b"null")?,
        }
        Ok(())
    })
}

/// Implements `cjson.decode_invalid_numbers([accept])`.
fn decode_invalid_numbers(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    set(cx, 1, |settings| {
        switch(cx, 1, settings, |s| &mut s.decode_invalid)
    })
}
