//! The commands about functions: `FCALL`, its read-only form, and `FUNCTION`.

use std::rc::Rc;
use std::time::Instant;

use crate::commands::Cx;
use crate::commands::args::{int_from, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::keyspace::glob::{self, Case};
use crate::reply::ReplySink;
use crate::replying;
use crate::script::commands::{
    READS, WRITES, caller, check, kill_running, limits, show_to_monitors, split_keys,
};
use crate::script::{FunctionEngine, LibraryFunction, RandomState, ScriptCall};
use crate::server::commands::help;
use crate::server::state::{RunningScript, ScriptKind};
use crate::server::{EmbeddedHost, Server, dispatch};

use super::metadata::Metadata;
use super::{LOAD_TIMEOUT, Libraries, Library, dump, read_library};

const fn sub(
    name: &'static str,
    arity: i32,
    flags: &str,
    run: crate::commands::spec::Handler,
) -> CommandSpec {
    CommandSpec::new(
        Group::Scripting,
        name,
        "7.0.0",
        arity,
        flags,
        KeySpec::None,
        run,
    )
}

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    caller("fcall", "7.0.0", WRITES, replying!(fcall)),
    caller("fcall_ro", "7.0.0", READS, replying!(fcall_ro)),
    CommandSpec::container(Group::Scripting, "function", "7.0.0", &[
        sub("function|delete", 3, "write noscript", replying!(delete)),
        sub("function|dump", 2, "noscript", dump_all),
        sub("function|flush", -2, "write noscript", replying!(flush)),
        sub("function|help", 2, "loading stale", function_help),
        sub("function|kill", 2, "noscript allow_busy", replying!(kill)),
        sub("function|list", -2, "noscript", replying!(list)),
        sub("function|load", -3, "write denyoom noscript", replying!(load)),
        sub("function|restore", -3, "write denyoom noscript", replying!(restore)),
        sub("function|stats", 2, "noscript allow_busy", replying!(stats)),
    ]),
];

fn fcall(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    fcall_with(cx, args, false, out)
}

fn fcall_ro(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    fcall_with(cx, args, true, out)
}

fn fcall_with(cx: &mut Cx<'_>, args: &[&[u8]], read_only: bool, out: &mut dyn ReplySink) -> Done {
    show_to_monitors(cx, args);
    let not_found = CommandError::of("ERR Function not found");
    let function = cx.server.libraries.function(args[1]).cloned();
    let function = function.ok_or(not_found.clone())?;
    let bad_count = CommandError::of("ERR Bad number of keys provided");
    let n_keys = int_from(args[2], i64::MIN, bad_count.clone()).map_err(|_| bad_count)?;
    let mut call = split_keys(n_keys, &args[3..], read_only)?;
    let flags = function.flags();
    check(cx, flags, read_only)?;
    call.read_only |= flags.no_writes;
    with_engine(cx, |cx, engine| {
        // A new engine has loaded it anew.
        let function = cx.server.libraries.function(args[1]).cloned();
        run(cx, engine, &function.ok_or(not_found)?, args, &call, out);
        Ok(())
    })
}

/// Runs a function of which the server has made sure that it may run.
fn run(
    cx: &mut Cx<'_>,
    engine: &mut FunctionEngine,
    function: &LibraryFunction,
    args: &[&[u8]],
    call: &ScriptCall<'_>,
    out: &mut dyn ReplySink,
) {
    let running = RunningScript::new(ScriptKind::Function, function.name(), args);
    cx.server.running_script = Some(running);
    let mut host = EmbeddedHost::new(cx.server, cx.session);
    if function.flags().allow_oom {
        host.allow_oom();
    }
    let outcome = engine.run(function, call, &mut host, out);
    drop(host);
    cx.server.running_script = None;
    cx.server.stats.scripts.calls += 1;
    cx.server.stats.error_is_counted = outcome.error_is_counted;
}

/// Uses the engine, which is taken out of the server meanwhile.
fn with_engine(
    cx: &mut Cx<'_>,
    body: impl FnOnce(&mut Cx<'_>, &mut FunctionEngine) -> Done,
) -> Done {
    let mut engine = match cx.server.functions.take() {
        Some(engine) => engine,
        None => Box::new(new_engine(cx)?),
    };
    engine.set_limits(limits(cx.server));
    if let Some(state) = random_state(cx.server) {
        engine.set_random_state(state);
    }
    let done = body(cx, &mut engine);
    cx.server.random_state = engine.random_state();
    if let (Some(scripts), Some(state)) = (&mut cx.server.scripts, engine.random_state()) {
        scripts.set_random_state(state);
    }
    cx.server.script_use.function_vm_bytes = engine.vm_bytes() as u64;
    cx.server.functions = Some(engine);
    done
}

/// Where scripts have left `math.random`, or functions if there was no script.
fn random_state(server: &Server) -> Option<RandomState> {
    let of_scripts = server.scripts.as_ref().and_then(|it| it.random_state());
    of_scripts.or(server.random_state)
}

/// An engine in place of none. If there are libraries, an engine was lost (the server
/// survives defects in commands), so they are loaded once more.
fn new_engine(cx: &mut Cx<'_>) -> Result<FunctionEngine, CommandError> {
    let mut engine = FunctionEngine::new(&cx.server.compat.into())
        .map_err(|error| CommandError::new(format!("ERR no engine for functions: {error}")))?;
    if !cx.server.libraries.is_empty() {
        let old = std::mem::take(&mut cx.server.libraries);
        let mut host = EmbeddedHost::new(cx.server, cx.session);
        let mut libraries = Libraries::default();
        for library in old.iter() {
            let loaded = Metadata::of(library.code()).and_then(|metadata| {
                let code = library.code();
                read_library(&mut engine, metadata, code, None, &mut host)
            });
            // It was loaded before, by the same rules.
            if let Ok(library) = loaded {
                let _ = libraries.add(Rc::new(library), false);
            }
        }
        drop(host);
        cx.server.libraries = libraries;
    }
    Ok(engine)
}

/// What loads libraries, with a host for it.
fn with_loader<R>(
    cx: &mut Cx<'_>,
    body: impl FnOnce(&mut FunctionEngine, &mut EmbeddedHost<'_>) -> Result<R, Vec<u8>>,
) -> Result<R, CommandError> {
    let mut result = Err(Vec::new());
    with_engine(cx, |cx, engine| {
        let mut host = EmbeddedHost::new(cx.server, cx.session);
        result = body(engine, &mut host);
        Ok(())
    })?;
    result.map_err(with_code)
}

fn with_code(text: Vec<u8>) -> CommandError {
    CommandError::new([b"ERR ", &text[..]].concat())
}

/// Says that the libraries are others than before.
fn note_change(cx: &mut Cx<'_>) {
    cx.server.keyspace.dirty += 1;
    cx.server.keyspace.effects.add_command();
}

fn load(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (code, options) = args[2..].split_last().ok_or(CommandError::SYNTAX)?;
    if let Some(option) = options.iter().find(|option| !is(option, "replace")) {
        return Err(with_code([b"Unknown option given: ", *option].concat()));
    }
    let replaces = !options.is_empty();
    let metadata = Metadata::of(code).map_err(with_code)?;
    if !replaces && cx.server.libraries.contains(&metadata.name) {
        let text = [b"Library '", &metadata.name[..], b"' already exists"].concat();
        return Err(with_code(text));
    }
    // What a log has was loaded once in time; a busy machine must not lose it.
    let timeout = (!cx.server.keyspace.is_replaying()).then_some(LOAD_TIMEOUT);
    let library = with_loader(cx, |engine, host| {
        read_library(engine, metadata, code, timeout, host)
    })?;
    let library = Rc::new(library);
    cx.server
        .libraries
        .add(Rc::clone(&library), replaces)
        .map_err(|clash| with_code(dump::explain(clash)))?;
    note_change(cx);
    out.bulk(library.name());
    Ok(())
}

fn delete(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if !cx.server.libraries.remove(args[2]) {
        return Err(CommandError::of("ERR Library not found"));
    }
    free_dropped(cx);
    note_change(cx);
    out.ok();
    Ok(())
}

/// Gives back the memory of libraries that are gone.
fn free_dropped(cx: &mut Cx<'_>) {
    if let Some(engine) = &mut cx.server.functions {
        engine.collect();
        cx.server.script_use.function_vm_bytes = engine.vm_bytes() as u64;
    }
}

fn flush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args.len() > 3 {
        return Err(syntax(args));
    }
    if args.len() == 3 && !is(args[2], "sync") && !is(args[2], "async") {
        let text = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
        return Err(CommandError::of(text));
    }
    cx.server.libraries = Libraries::default();
    if let Some(engine) = &mut cx.server.functions {
        engine.reset();
        cx.server.script_use.function_vm_bytes = engine.vm_bytes() as u64;
    }
    note_change(cx);
    out.ok();
    Ok(())
}

/// The error of a subcommand with too many arguments.
fn syntax(args: &[&[u8]]) -> CommandError {
    let intro = b"ERR unknown subcommand or wrong number of arguments for '";
    CommandError::new(
        [
            &intro[..],
            dispatch::shown(args[1]),
            b"'. Try FUNCTION HELP.",
        ]
        .concat(),
    )
}

fn kill(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    kill_running(cx, ScriptKind::Function, out)
}

fn list(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let mut pattern = None;
    let mut with_code = false;
    let mut options = args[2..].iter();
    while let Some(option) = options.next() {
        if !with_code && is(option, "withcode") {
            with_code = true;
        } else if pattern.is_none() && is(option, "libraryname") {
            let missing = CommandError::of("ERR library name argument was not given");
            pattern = Some(*options.next().ok_or(missing)?);
        } else {
            return Err(self::with_code([b"Unknown argument ", *option].concat()));
        }
    }
    let is_asked = |library: &&Library| {
        pattern.is_none_or(|pattern| glob::matches(pattern, library.name(), Case::Ignored))
    };
    let libraries: Vec<_> = cx.server.libraries.iter().filter(is_asked).collect();
    out.array(libraries.len());
    for library in libraries {
        out.map(3 + usize::from(with_code));
        out.bulk(b"library_name");
        out.bulk(library.name());
        out.bulk(b"engine");
        out.bulk(b"LUA");
        out.bulk(b"functions");
        out.array(library.functions().len());
        for function in library.functions() {
            describe(function, out);
        }
        if with_code {
            out.bulk(b"library_code");
            out.bulk(library.code());
        }
    }
    Ok(())
}

fn describe(function: &LibraryFunction, out: &mut dyn ReplySink) {
    out.map(3);
    out.bulk(b"name");
    out.bulk(function.name());
    out.bulk(b"description");
    match function.description() {
        Some(text) => out.bulk(text),
        None => out.null(),
    }
    out.bulk(b"flags");
    out.set(function.flags().names().count());
    for name in function.flags().names() {
        out.status(name.as_bytes());
    }
}

fn stats(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let server = &*cx.server;
    let running = server.running_script.as_ref();
    if running.is_some_and(|script| script.kind == ScriptKind::Eval) {
        let busy = dispatch::busy_error(server).unwrap_or_default();
        return Err(CommandError::new(busy));
    }
    out.map(2);
    out.bulk(b"running_script");
    match running {
        Some(script) => {
            out.map(3);
            out.bulk(b"name");
            out.bulk(&script.function);
            out.bulk(b"command");
            out.array(script.args.len());
            for arg in &script.args {
                out.bulk(arg);
            }
            out.bulk(b"duration_ms");
            let duration = Instant::now().duration_since(script.started);
            out.integer(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
        }
        None => out.null(),
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(b"LUA");
    out.map(2);
    out.bulk(b"libraries_count");
    out.integer(server.libraries.len() as i64);
    out.bulk(b"functions_count");
    out.integer(server.libraries.function_count() as i64);
    Ok(())
}

fn dump_all(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) {
    out.bulk(&dump::dump(&cx.server.libraries, cx.server.compat));
}

/// What `FUNCTION RESTORE` does with the libraries that are there.
enum Policy {
    /// They go.
    Flush,
    /// They stay, so none of the restored ones may be called as they are.
    Append,
    /// Those go that are called as a restored one.
    Replace,
}

fn restore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let policy = match args[3..] {
        [] => Policy::Append,
        [policy] if is(policy, "append") => Policy::Append,
        [policy] if is(policy, "replace") => Policy::Replace,
        [policy] if is(policy, "flush") => Policy::Flush,
        [_] => {
            return Err(CommandError::of(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
        _ => return Err(syntax(args)),
    };
    let compat = cx.server.compat;
    let restored = with_loader(cx, |engine, host| {
        dump::restore(args[2], engine, compat, host)
    })?;
    let known = &mut cx.server.libraries;
    let joined = match policy {
        Policy::Flush => {
            *known = restored;
            Ok(())
        }
        Policy::Append => known.join(restored, false),
        Policy::Replace => known.join(restored, true),
    };
    joined.map_err(|clash| with_code(dump::explain(clash)))?;
    note_change(cx);
    out.ok();
    Ok(())
}

fn function_help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) {
    let lines = [
        "LOAD [REPLACE] <FUNCTION CODE>",
        "    Create a new library with the given library name and code.",
        "DELETE <LIBRARY NAME>",
        "    Delete the given library.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Return general information on all the libraries:",
        "    * Library name",
        "    * The engine used to run the Library",
        "    * Library description",
        "    * Functions list",
        "    * Library code (if WITHCODE is given)",
        "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
        "STATS",
        "    Return information about the current function running:",
        "    * Function name",
        "    * Command used to run the function",
        "    * Duration in MS that the function is running",
        "    If no function is running, return nil",
        "    In addition, returns a list of available engines.",
        "KILL",
        "    Kill the current running function.",
        "FLUSH [ASYNC|SYNC]",
        "    Delete all the libraries.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the libraries.",
        "    * SYNC: Synchronously flush the libraries.",
        "DUMP",
        "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
        "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
        "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
        "    control how to handle existing libraries (default APPEND):",
        "    * FLUSH: delete all existing libraries.",
        "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
        "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
        "      libraries with the new libraries (notice that even on this option there is a chance of failure",
        "      in case of functions name collision with another library).",
    ];
    help(out, cx.server.compat, "FUNCTION", &lines);
}
