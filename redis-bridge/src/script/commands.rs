//! The commands about scripts: `EVAL`, `EVALSHA`, their read-only forms, and `SCRIPT`.

use crate::commands::Cx;
use crate::commands::args::{int, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, Handler, KeySpec};
use crate::reply::ReplySink;
use crate::replying;
use crate::script::debugging;
use crate::script::wording::Wording;
use crate::script::{Keep, Limits, Prepared, ScriptCall, ScriptEngine, ScriptFlags, Sha};
use crate::server::commands::help;
use crate::server::state::{RunningScript, ScriptKind, ScriptUse};
use crate::server::{EmbeddedHost, Server, dispatch};

const KEYS: KeySpec = KeySpec::Counted { dest: 0, count: 2 };
pub(super) const WRITES: &str =
    "noscript stale skip_monitor may_replicate no_mandatory_keys movablekeys";
pub(super) const READS: &str = "noscript stale skip_monitor readonly no_mandatory_keys movablekeys";

pub(super) const fn caller(
    name: &'static str,
    since: &'static str,
    flags: &str,
    run: Handler,
) -> CommandSpec {
    CommandSpec::new(Group::Scripting, name, since, -3, flags, KEYS, run)
}

const fn sub(name: &'static str, arity: i32, flags: &str, run: Handler) -> CommandSpec {
    CommandSpec::new(
        Group::Scripting,
        name,
        "2.6.0",
        arity,
        flags,
        KeySpec::None,
        run,
    )
}

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    caller("eval", "2.6.0", WRITES, replying!(eval)),
    caller("eval_ro", "7.0.0", READS, replying!(eval_ro)),
    caller("evalsha", "2.6.0", WRITES, replying!(evalsha)),
    caller("evalsha_ro", "7.0.0", READS, replying!(evalsha_ro)),
    CommandSpec::container(Group::Scripting, "script", "2.6.0", &[
        sub("script|debug", -3, "noscript", replying!(debugging::debug)),
        sub("script|exists", -3, "noscript", replying!(exists)),
        sub("script|flush", -2, "noscript may_replicate", replying!(flush)),
        sub("script|help", 2, "loading stale", script_help),
        sub("script|kill", 2, "noscript allow_busy", replying!(kill)),
        sub("script|load", 3, "noscript stale may_replicate", replying!(load)),
        sub("script|show", 3, "noscript", replying!(show)),
    ]),
];

fn eval(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    eval_with(cx, args, false, out)
}

fn eval_ro(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    eval_with(cx, args, true, out)
}

fn evalsha(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    evalsha_with(cx, args, false, out)
}

fn evalsha_ro(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    evalsha_with(cx, args, true, out)
}

pub(super) fn eval_with(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    read_only: bool,
    out: &mut dyn ReplySink,
) -> Done {
    show_to_monitors(cx, args);
    if debugging::is_wanted(cx) {
        return debugging::begin(cx, args, read_only, out);
    }
    let call = script_call(args, read_only)?;
    with_engine(cx, |cx, engine| {
        let sha = engine
            .load(args[1], Keep::WhileUsed)
            .map_err(CommandError::new)?;
        let script = engine.prepare(sha).ok_or_else(|| no_script(cx))?;
        run(cx, engine, &script, call, out)
    })
}

fn evalsha_with(cx: &mut Cx<'_>, args: &[&[u8]], read_only: bool, out: &mut dyn ReplySink) -> Done {
    const HEX_LEN: usize = 40;
    show_to_monitors(cx, args);
    if debugging::is_wanted(cx) {
        let text = "ERR Please use EVAL instead of EVALSHA for debugging";
        return Err(CommandError::of(text));
    }
    if args[1].len() != HEX_LEN {
        return Err(no_script(cx));
    }
    let call = script_call(args, read_only)?;
    with_engine(cx, |cx, engine| {
        let script = Sha::from_hex(args[1]).and_then(|sha| engine.prepare(sha));
        let script = script.ok_or_else(|| no_script(cx))?;
        run(cx, engine, &script, call, out)
    })
}

fn no_script(cx: &Cx<'_>) -> CommandError {
    CommandError::of(Wording::of(cx.server.compat).no_script)
}

/// What `EVAL script numkeys key ... arg ...` passes to the script.
fn script_call<'a>(args: &'a [&'a [u8]], read_only: bool) -> Result<ScriptCall<'a>, CommandError> {
    split_keys(int(args[2])?, &args[3..], read_only)
}

/// A call with so many keys among the arguments.
pub(super) fn split_keys<'a>(
    n_keys: i64,
    rest: &'a [&'a [u8]],
    read_only: bool,
) -> Result<ScriptCall<'a>, CommandError> {
    if n_keys > i64::try_from(rest.len()).unwrap_or(i64::MAX) {
        let text = "ERR Number of keys can't be greater than number of args";
        return Err(CommandError::of(text));
    }
    let n_keys = usize::try_from(n_keys)
        .map_err(|_| CommandError::of("ERR Number of keys can't be negative"))?;
    let (keys, args) = rest.split_at(n_keys);
    Ok(ScriptCall {
        keys,
        args,
        read_only,
    })
}

/// What all engines are to keep to.
pub(super) fn limits(server: &Server) -> Limits {
    Limits {
        memory_bytes: server.settings.script_memory_limit,
        instructions: server.settings.script_instruction_limit,
    }
}

/// Uses the engine, which is taken out of the server meanwhile.
fn with_engine(cx: &mut Cx<'_>, body: impl FnOnce(&mut Cx<'_>, &mut ScriptEngine) -> Done) -> Done {
    let mut engine = match cx.server.scripts.take() {
        Some(engine) => engine,
        None => Box::new(new_engine(cx.server)?),
    };
    engine.set_limits(limits(cx.server));
    let done = body(cx, &mut engine);
    note_use(cx.server, &engine);
    cx.server.scripts = Some(engine);
    done
}

fn new_engine(server: &Server) -> Result<ScriptEngine, CommandError> {
    let mut engine = ScriptEngine::new(server.compat)
        .map_err(|error| CommandError::new(format!("ERR no scripting engine: {error}")))?;
    if let Some(state) = server.random_state {
        engine.set_random_state(state);
    }
    Ok(engine)
}

fn note_use(server: &mut Server, engine: &ScriptEngine) {
    server.script_use = ScriptUse {
        vm_bytes: engine.vm_bytes() as u64,
        cache_bytes: engine.cache_bytes() as u64,
        cached: engine.script_count(),
        evicted: engine.evicted_count(),
        ..server.script_use
    };
}

/// Runs a script of which the server has made sure that it may run.
fn run(
    cx: &mut Cx<'_>,
    engine: &mut ScriptEngine,
    script: &Prepared,
    mut call: ScriptCall<'_>,
    out: &mut dyn ReplySink,
) -> Done {
    if let Some(flags) = script.flags() {
        check(cx, flags, call.read_only)?;
        call.read_only |= flags.no_writes;
    }
    note_use(cx.server, engine);
    // Only `FUNCTION STATS` shows the arguments, and it does not answer during `EVAL`.
    cx.server.running_script = Some(RunningScript::new(ScriptKind::Eval, b"", &[]));
    let debugger = cx.session.debugger.clone();
    let mut host = EmbeddedHost::new(cx.server, cx.session);
    if script.flags().is_some_and(|flags| flags.allow_oom) {
        host.allow_oom();
    }
    engine.set_debugger(debugger);
    let outcome = engine.run(script, &call, &mut host, out);
    engine.set_debugger(None);
    drop(host);
    cx.server.running_script = None;
    cx.server.stats.scripts.calls += 1;
    cx.server.stats.error_is_counted = outcome.error_is_counted;
    Ok(())
}

/// May a script that declares what it does run now?
pub(super) fn check(cx: &Cx<'_>, flags: ScriptFlags, read_only: bool) -> Done {
    if flags.no_writes {
        return Ok(());
    }
    if !flags.allow_oom && cx.server.is_over_max_memory() {
        return Err(CommandError::new(dispatch::OUT_OF_MEMORY));
    }
    if read_only {
        let text = "ERR Can not execute a script with write flag using *_ro command.";
        return Err(CommandError::of(text));
    }
    Ok(())
}

/// Shows the call before the script's own commands.
pub(super) fn show_to_monitors(cx: &Cx<'_>, args: &[&[u8]]) {
    if cx.server.monitors.is_empty() {
        return;
    }
    if let Ok(spec) = crate::commands::resolve(args) {
        let client = cx.server.clients.get(cx.session.id);
        let origin = client.map_or("", |client| client.addresses[0].as_str());
        dispatch::show_to_monitors(cx.server, cx.session, spec, args, origin);
    }
}

fn load(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    with_engine(cx, |_, engine| {
        let sha = engine
            .load(args[2], Keep::UntilFlush)
            .map_err(CommandError::new)?;
        out.bulk(&sha.to_hex());
        Ok(())
    })
}

fn exists(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let engine = cx.server.scripts.as_ref();
    out.array(args.len() - 2);
    for text in &args[2..] {
        let is_known = |sha| engine.is_some_and(|engine| engine.contains(sha));
        out.integer(i64::from(Sha::from_hex(text).is_some_and(is_known)));
    }
    Ok(())
}

fn flush(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let is_valid = match args {
        [_, _] => true,
        [_, _, how] => is(how, "sync") || is(how, "async"),
        _ => false,
    };
    if !is_valid {
        let text = "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
        return Err(CommandError::of(text));
    }
    if let Some(mut engine) = cx.server.scripts.take() {
        engine.flush();
        note_use(cx.server, &engine);
        cx.server.scripts = Some(engine);
    }
    out.ok();
    Ok(())
}

fn kill(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    kill_running(cx, ScriptKind::Eval, out)
}

/// Stops what runs, if it is of that kind.
pub(super) fn kill_running(cx: &mut Cx<'_>, kind: ScriptKind, out: &mut dyn ReplySink) -> Done {
    let busy = dispatch::busy_error(cx.server);
    let Some(script) = &mut cx.server.running_script else {
        let text = "NOTBUSY No scripts in execution right now.";
        return Err(CommandError::of(text));
    };
    if script.has_written {
        return Err(CommandError::of(
            "UNKILLABLE Sorry the script already executed write commands against the dataset. \
             You can either wait the script termination or kill the server in a hard way using \
             the SHUTDOWN NOSAVE command.",
        ));
    }
    if script.kind != kind {
        return Err(CommandError::new(busy.unwrap_or_default()));
    }
    script.is_killed = true;
    out.ok();
    Ok(())
}

fn show(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if !cx.server.compat.is_valkey() {
        let sub = [b"ERR unknown subcommand '", args[1], b"'. Try SCRIPT HELP."].concat();
        return Err(CommandError::new(sub));
    }
    let sha = Sha::from_hex(args[2]);
    let engine = cx.server.scripts.as_ref();
    match engine.zip(sha).and_then(|(engine, sha)| engine.body(sha)) {
        Some(body) => {
            out.bulk(body);
            Ok(())
        }
        None => Err(no_script(cx)),
    }
}

fn script_help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) {
    let lines = [
        "DEBUG (YES|SYNC|NO)",
        "    Set the debug mode for subsequent scripts executed.",
        "EXISTS <sha1> [<sha1> ...]",
        "    Return information about the existence of the scripts in the script cache.",
        "FLUSH [ASYNC|SYNC]",
        "    Flush the Lua scripts cache. Very dangerous on replicas.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the scripts cache.",
        "    * SYNC: Synchronously flush the scripts cache.",
        "KILL",
        "    Kill the currently executing Lua script.",
        "LOAD <script>",
        "    Load a script into the scripts cache without executing it.",
    ];
    help(out, cx.server.compat, "SCRIPT", &lines);
}
