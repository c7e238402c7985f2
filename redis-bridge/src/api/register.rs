//! `redis.register_function`: how a library says, while it is loaded, what its functions
//! are.

use lua_vm::{CallCx, LuaError, Returned, Table, Value, format_number};

use crate::api::api_error;
use crate::script::ScriptFlags;
use crate::script::library::{LibraryFunction, NAME_RULE, is_name};
use crate::script::run::with_run;
use crate::script::wording::Wording;

/// What a call names, as far as it does.
#[derive(Default)]
struct Named<'c> {
    name: Option<Vec<u8>>,
    description: Option<Vec<u8>>,
    callback: Option<Value<'c>>,
    flags: ScriptFlags,
}

/// Implements `redis.register_function(name, callback)` and its form with one table.
pub(super) fn register_function(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    // A library may keep this function, and one of its functions call it.
    let loading = with_run(cx, |run| run.loading.is_some().then_some(run.wording));
    let Some(wording) = loading? else {
        let wording = with_run(cx, |run| run.wording)?;
        let text = format!(
            "{}.register_function can only be called on FUNCTION LOAD command",
            wording.api
        );
        return Err(api_error(cx, text));
    };
    register(cx, wording).map_err(|complaint| match complaint {
        Complaint::Text(text) => api_error(cx, text.replace("{}", &this(wording))),
        Complaint::Vm(error) => error,
    })?;
    cx.ret0()
}

/// What messages call this function.
fn this(wording: &Wording) -> String {
    format!("{}.register_function", wording.api)
}

/// Why nothing was registered; `{}` stands for this function.
enum Complaint {
    Text(&'static str),
    Vm(LuaError),
}

impl From<LuaError> for Complaint {
    fn from(error: LuaError) -> Self {
        Self::Vm(error)
    }
}

fn register(cx: &CallCx<'_>, wording: &Wording) -> Result<(), Complaint> {
    let named = match cx.arg_count() {
        1 => from_table(cx)?,
        2 => from_two(cx)?,
        _ => return Err(Complaint::Text("wrong number of arguments to {}")),
    };
    let name = named
        .name
        .ok_or(Complaint::Text("{} must get a function name argument"))?;
    let callback = named
        .callback
        .ok_or(Complaint::Text("{} must get a callback argument"))?;
    if wording.checks_names_at_once && !is_name(&name) {
        return Err(Complaint::Text(NAME_RULE));
    }
    let function = LibraryFunction::new(name, named.description, named.flags, cx.root(callback)?);
    with_run(cx, |run| {
        let Some(loading) = &mut run.loading else {
            return Ok(());
        };
        let is_same = |other: &LibraryFunction| other.name().eq_ignore_ascii_case(function.name());
        if wording.checks_names_at_once && loading.functions.iter().any(is_same) {
            return Err(Complaint::Text("Function already exists in the library"));
        }
        loading.functions.push(function);
        Ok(())
    })?
}

fn from_two<'c>(cx: &'c CallCx<'_>) -> Result<Named<'c>, Complaint> {
    let name = text_of(cx.arg(1));
    if name.is_none() {
        return Err(Complaint::Text("first argument to {} must be a string"));
    }
    if !matches!(cx.arg(2), Value::Function(_)) {
        return Err(Complaint::Text("second argument to {} must be a function"));
    }
    Ok(Named {
        name,
        callback: Some(cx.arg(2)),
        ..Named::default()
    })
}

fn from_table<'c>(cx: &'c CallCx<'_>) -> Result<Named<'c>, Complaint> {
    let Value::Table(table) = cx.arg(1) else {
        return Err(Complaint::Text(
            "calling {} with a single argument is only applicable to Lua table (representing \
             named arguments).",
        ));
    };
    let mut named = Named::default();
    for (key, value) in table.pairs() {
        let key = text_of(key);
        let key = key.ok_or(Complaint::Text(
            "named argument key given to {} is not a string",
        ))?;
        let text = || text_of(value);
        match &key.to_ascii_lowercase()[..] {
            b"function_name" => {
                let complaint = "function_name argument given to {} must be a string";
                named.name = Some(text().ok_or(Complaint::Text(complaint))?);
            }
            b"description" => {
                let complaint = "description argument given to {} must be a string";
                named.description = Some(text().ok_or(Complaint::Text(complaint))?);
            }
            b"callback" => {
                if !matches!(value, Value::Function(_)) {
                    let complaint = "callback argument given to {} must be a function";
                    return Err(Complaint::Text(complaint));
                }
                named.callback = Some(value);
            }
            b"flags" => {
                let Value::Table(list) = value else {
                    return Err(Complaint::Text(
                        "flags argument to {} must be a table representing function flags",
                    ));
                };
                named.flags = flags_of(list).ok_or(Complaint::Text("unknown flag given"))?;
            }
            _ => return Err(Complaint::Text("unknown argument given to {}")),
        }
    }
    Ok(named)
}

/// The flags that a list names, in any case.
fn flags_of(list: Table<'_>) -> Option<ScriptFlags> {
    let mut flags = ScriptFlags::default();
    for index in 1.. {
        let value = list.get_index(index);
        if value.is_nil() {
            break;
        }
        if !flags.set(&text_of(value)?.to_ascii_lowercase()) {
            return None;
        }
    }
    Some(flags)
}

/// A string, or a number as one.
fn text_of(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Number(number) => Some(format_number(number).as_bytes().to_vec()),
        _ => None,
    }
}
