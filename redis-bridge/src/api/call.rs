//! `redis.call`, `redis.pcall`, `redis.acl_check_cmd`: commands.

use lua_vm::{CallCx, LuaError, Returned, Value};

use crate::api::api_error;
use crate::convert::args::with_args;
use crate::convert::to_lua::{COUNTED, ValueBuilder, error_table};
use crate::debugger::tee::Tee;
use crate::host::Refusal;
use crate::script::run::with_run;
use crate::script::wording::Wording;

/// Implements `redis.call(command, ...)`: an error reply is raised.
pub(super) fn call(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if run_command(cx)? {
        return Err(cx.throw(cx.value(-1)));
    }
    cx.ret_top(1)
}

/// Implements `redis.pcall(command, ...)`: an error reply is returned, as a table.
pub(super) fn pcall(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    run_command(cx)?;
    cx.ret_top(1)
}

/// Runs the command that the arguments are and pushes its reply: is it an error?
fn run_command(cx: &CallCx<'_>) -> Result<bool, LuaError> {
    with_run(cx, |run| {
        let wording = run.wording;
        if cx.arg_count() == 0 {
            if let Some(debugger) = &run.debugger {
                debugger.note_error(wording.no_arguments.as_bytes());
            }
            return push_error(cx, wording.no_arguments, false);
        }
        let called = with_args(cx, 1, wording, |args| {
            // What the command costs beyond its arguments is the server's to know.
            cx.charge_bytes(args.iter().map(|arg| arg.len()).sum())?;
            let mut builder = ValueBuilder::new(cx, run.options.protocol);
            let outcome = match &run.debugger {
                None => run.host.call(args, run.options, &mut builder),
                Some(debugger) => {
                    debugger.note_command(args);
                    let mut copy = Vec::new();
                    let mut tee = Tee::new(&mut builder, &mut copy);
                    let outcome = run.host.call(args, run.options, &mut tee);
                    if outcome.is_ok() {
                        debugger.note_reply(&copy);
                    }
                    outcome
                }
            };
            match outcome {
                Ok(()) => builder.finish(),
                Err(refusal) => {
                    let text = worded(refusal, wording);
                    run.host.note_error(&text);
                    if let Some(debugger) = &run.debugger {
                        debugger.note_error(text.strip_prefix(b"ERR ").unwrap_or(&text));
                    }
                    let table = error_table(cx, &text)?;
                    table.set_bytes(COUNTED, Value::Boolean(true))?;
                    cx.push(Value::Table(table));
                    Ok(true)
                }
            }
        });
        called.unwrap_or_else(|_| {
            if let Some(debugger) = &run.debugger {
                debugger.note_error(wording.bad_argument.as_bytes());
            }
            push_error(cx, wording.bad_argument, false)
        })
    })?
}

fn push_error(cx: &CallCx<'_>, text: &str, is_counted: bool) -> Result<bool, LuaError> {
    let table = error_table(cx, format!("ERR {text}").as_bytes())?;
    if is_counted {
        table.set_bytes(COUNTED, Value::Boolean(true))?;
    }
    cx.push(Value::Table(table));
    Ok(true)
}

/// Why a command did not run, in the server's words, with a code.
fn worded(refusal: Refusal, wording: &Wording) -> Vec<u8> {
    let text = match refusal {
        Refusal::Other(text) => return text,
        Refusal::UnknownSubcommand(text) if wording.names_subcommands => return text,
        Refusal::NoPermission(reason) => {
            return [b"ERR ", wording.no_permission.as_bytes(), &reason].concat();
        }
        Refusal::UnknownCommand | Refusal::UnknownSubcommand(_) => wording.unknown_command,
        Refusal::WrongArity => wording.wrong_arity,
        Refusal::NotAllowedFromScript => wording.not_allowed,
        Refusal::WriteInReadOnlyScript => "Write commands are not allowed from read-only scripts.",
    };
    [b"ERR ", text.as_bytes()].concat()
}

/// Implements `redis.acl_check_cmd(command, ...)`: may the user run it?
pub(super) fn acl_check_cmd(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (wording, checked) = with_run(cx, |run| {
        let checked = with_args(cx, 1, run.wording, |args| {
            (!args.is_empty()).then(|| run.host.check_permissions(args))
        });
        (run.wording, checked)
    })?;
    match checked {
        Err(_) => Err(api_error(cx, wording.bad_argument)),
        Ok(None) => Err(api_error(cx, wording.no_arguments)),
        Ok(Some(Ok(is_allowed))) => cx.ret_bool(is_allowed),
        Ok(Some(Err(_))) => {
            let text = format!("Invalid command passed to {}.acl_check_cmd()", wording.api);
            Err(api_error(cx, text))
        }
    }
}
