//! What the server calls: the engine's callbacks, those of the settings and that of
//! `INFO`.
//!
//! # Invariants
//!
//! - **E1** The pointer that the server hands back to a callback is the [`Engine`] that was
//!   registered with it. It lives until the engine and all that it was registered for is
//!   unregistered, which waits for callbacks on other threads.
//! - **E2** Callbacks come one at a time: on the main thread, or on another that holds the
//!   server's lock. The main thread gives the lock up only while no script runs. A callback
//!   may come within another on the same thread; hence shared borrows of the engine only.
//! - **E3** What [`reset_env`] gives out owns all that it frees, and nobody else uses it;
//!   [`drop_world`] gets it once, on any thread, without the lock.
//! - **E4** A [`CompiledFunction`] is the server's while it holds it, which may move it: only
//!   what a callback is given is looked at. It was allocated by the server's allocator.
//!
//! No panic leaves a callback.

use std::any::Any;
use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use redis_bridge::script::{LibraryFunction, ScriptFlags};

use super::api::Api;
use super::context::{Context, Running};
use super::debugger;
use super::strings::{ServerString, all_bytes, text};
use super::types::debugger_enable as enabling;
use super::types::{
    COMPILED_FUNCTION_ABI, CompiledFunction, DebuggerCommand, ENGINE_ABI, EngineMethods, LazyReset,
    MEMORY_INFO_ABI, MemoryInfo, OK, RawContext, RawInfo, RawRun, RawString, SUBSYSTEM_EVAL,
    SUBSYSTEM_FUNCTION, script_flag,
};
use crate::engine::{Engine, Handle, Retired, Subsystem};
use crate::settings::{SETTINGS, Setting};
use crate::world::Registered;

/// The engine that is registered, for callbacks that are not told.
pub(super) static ENGINE: AtomicPtr<Engine> = AtomicPtr::new(std::ptr::null_mut());

/// The callbacks, in the shape of a version of the interface.
pub(super) fn methods(version: u64) -> EngineMethods {
    let compile_code = if version == 1 {
        compile_code_v1 as *const c_void
    } else {
        compile_code as *const c_void
    };
    let reset_env = match version {
        1 | 2 => reset_env_v2 as *const c_void,
        3 => reset_env_v3 as *const c_void,
        _ => reset_env as *const c_void,
    };
    EngineMethods {
        version: version.min(ENGINE_ABI),
        compile_code,
        free_function: free_function as *const c_void,
        call_function: call_function as *const c_void,
        get_function_memory_overhead: get_function_memory_overhead as *const c_void,
        reset_env,
        get_memory_info: get_memory_info as *const c_void,
        debugger_enable: debugger_enable as *const c_void,
        debugger_disable: debugger_disable as *const c_void,
        debugger_start: debugger_start as *const c_void,
        debugger_end: debugger_end as *const c_void,
    }
}

fn subsystem(number: c_int) -> Option<Subsystem> {
    match number {
        SUBSYSTEM_EVAL => Some(Subsystem::Eval),
        SUBSYSTEM_FUNCTION => Some(Subsystem::Function),
        _ => None,
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Runs the body of a callback. A panic is logged, and `None` is the result.
fn guard<R>(context: Option<Context<'_>>, what: &str, body: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => Some(result),
        Err(panic) => {
            if let Some(context) = context {
                let text = format!("internal error in {what}: {}", message(&*panic));
                context.log(c"warning", text.as_bytes());
            }
            // What it drops may panic too.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
            None
        }
    }
}

/// What a callback is given: the engine and its context.
///
/// # Safety
///
/// Called with the pointers of a callback; E1, C1.
unsafe fn enter<'a>(
    context: *mut RawContext,
    engine: *mut c_void,
) -> Option<(&'a Engine, Context<'a>)> {
    // SAFETY: E1 and E2; C1.
    unsafe {
        let engine = engine.cast::<Engine>().as_ref()?;
        let context = Context::new(Api::get()?, NonNull::new(context)?);
        Some((engine, context))
    }
}

extern "C" fn compile_code(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    code: *const c_char,
    len: usize,
    timeout: usize,
    out_count: *mut usize,
    out_error: *mut *mut RawString,
) -> *mut *mut CompiledFunction {
    // SAFETY: the server lends its pointers until we return.
    unsafe {
        let code = text(code, len);
        compile(context, engine, kind, code, timeout, out_count, out_error)
    }
}

/// As servers before Valkey 8.1.1 or so call it: with code that ends in a NUL.
extern "C" fn compile_code_v1(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    code: *const c_char,
    timeout: usize,
    out_count: *mut usize,
    out_error: *mut *mut RawString,
) -> *mut *mut CompiledFunction {
    // SAFETY: the server lends its pointers until we return.
    unsafe {
        let code = CStr::from_ptr(code).to_bytes();
        compile(context, engine, kind, code, timeout, out_count, out_error)
    }
}

/// Compiles, and gives the server a list of functions, or an error, never both.
///
/// # Safety
///
/// Called with the pointers of the callback.
unsafe fn compile(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    code: &[u8],
    timeout_ms: usize,
    out_count: *mut usize,
    out_error: *mut *mut RawString,
) -> *mut *mut CompiledFunction {
    // SAFETY: the caller's contract.
    let Some((engine, context)) = (unsafe { enter(context, engine) }) else {
        return std::ptr::null_mut();
    };
    let api = context.api();
    let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms as u64));
    let compiled = guard(Some(context), "compile_code", || match subsystem(kind) {
        Some(Subsystem::Eval) => Ok(vec![(engine.compile(code)?, None)]),
        Some(Subsystem::Function) => {
            let functions = engine.load(code, timeout, context)?.into_iter();
            Ok(functions.map(|(handle, it)| (handle, Some(it))).collect())
        }
        None => Err(b"no such subsystem".to_vec()),
    });
    let compiled: Result<Vec<_>, Vec<u8>> =
        compiled.unwrap_or_else(|| Err(b"internal error, see the log".to_vec()));
    // SAFETY: F1; the out pointers are the server's. Memory of its allocator is never
    // null: it ends itself first. E4.
    unsafe {
        match compiled {
            Ok(functions) => {
                let bytes = size_of::<*mut CompiledFunction>() * functions.len().max(1);
                let list = (api.alloc)(bytes).cast::<*mut CompiledFunction>();
                for (at, (handle, function)) in functions.iter().enumerate() {
                    let function = new_function(api, *handle, function.as_ref());
                    list.add(at).write(function);
                }
                out_count.write(functions.len());
                list
            }
            Err(error) => {
                let error = ServerString::new(api, &error);
                out_count.write(0);
                out_error.write(error.map_or(std::ptr::null_mut(), ServerString::into_raw));
                std::ptr::null_mut()
            }
        }
    }
}

/// What the server keeps of a script, or of a function with its name.
///
/// # Safety
///
/// In a callback.
unsafe fn new_function(
    api: &'static Api,
    handle: Handle,
    function: Option<&Registered>,
) -> *mut CompiledFunction {
    let string = |text: Option<&[u8]>| {
        let string = text.and_then(|text| ServerString::new(api, text));
        string.map_or(std::ptr::null_mut(), ServerString::into_raw)
    };
    let function = function.map(|it| &it.function);
    // SAFETY: F1; the memory is as large as a function, and the server's allocator aligns
    // it for any type.
    unsafe {
        let compiled = (api.alloc)(size_of::<CompiledFunction>()).cast::<CompiledFunction>();
        compiled.write(CompiledFunction {
            version: COMPILED_FUNCTION_ABI,
            name: string(function.map(LibraryFunction::name)),
            function: handle.to_bits().get() as *mut c_void,
            desc: string(function.and_then(LibraryFunction::description)),
            flags: function.map_or(0, |it| bits(it.flags())),
        });
        compiled
    }
}

/// The flags of a function, as the server has them.
fn bits(flags: ScriptFlags) -> u64 {
    let all = [
        (flags.no_writes, script_flag::NO_WRITES),
        (flags.allow_oom, script_flag::ALLOW_OOM),
        (flags.allow_stale, script_flag::ALLOW_STALE),
        (flags.no_cluster, script_flag::NO_CLUSTER),
        (flags.allow_cross_slot_keys, script_flag::ALLOW_CROSS_SLOT),
    ];
    let set = all.iter().filter(|(is_set, _)| *is_set);
    set.fold(0, |bits, (_, flag)| bits | flag)
}

/// The handle within what the server keeps.
///
/// # Safety
///
/// E4.
unsafe fn handle_of(function: *const CompiledFunction) -> Option<Handle> {
    // SAFETY: the caller's contract; `new_function` has put bits there, no address.
    Handle::from_bits(unsafe { (*function).function } as u64)
}

extern "C" fn free_function(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    function: *mut CompiledFunction,
) {
    // SAFETY: E1, E2, E4: the function is ours to free, with its strings.
    unsafe {
        let Some((engine, context)) = enter(context, engine) else {
            return;
        };
        let api = context.api();
        let handle = handle_of(function);
        guard(Some(context), "free_function", || {
            if let (Some(subsystem), Some(handle)) = (subsystem(kind), handle) {
                engine.free(subsystem, handle);
            }
        });
        drop(ServerString::from_raw(api, (*function).name));
        drop(ServerString::from_raw(api, (*function).desc));
        (api.free)(function.cast());
    }
}

extern "C" fn call_function(
    context: *mut RawContext,
    engine: *mut c_void,
    run: *mut RawRun,
    function: *mut CompiledFunction,
    kind: c_int,
    keys: *mut *mut RawString,
    key_count: usize,
    args: *mut *mut RawString,
    arg_count: usize,
) {
    // SAFETY: E1, E2, E4; keys and arguments are lent until we return (W2), the context and
    // the run too (C2).
    unsafe {
        let Some((engine, context)) = enter(context, engine) else {
            return;
        };
        let running = Running::new(context, run, &engine.words);
        let api = context.api();
        let (Some(subsystem), Some(handle)) = (subsystem(kind), handle_of(function)) else {
            return context.reply_error(b"ERR no such function", true);
        };
        let done = guard(Some(context), "a script", || {
            let keys = all_bytes(api, keys, key_count);
            let args = all_bytes(api, args, arg_count);
            engine.call(subsystem, handle, &keys, &args, running);
        });
        if done.is_none() {
            guard(Some(context), "making the engine anew", || {
                engine.rebuild(subsystem, context);
            });
        }
    }
}

/// The same number for a function at all times: the server adds it, and later subtracts it.
extern "C" fn get_function_memory_overhead(
    _context: *mut RawContext,
    function: *const CompiledFunction,
) -> usize {
    let mut bytes = size_of::<CompiledFunction>();
    if let Some(api) = Api::get() {
        // SAFETY: F1, E4; a length is asked for.
        unsafe {
            for string in [(*function).name, (*function).desc] {
                if !string.is_null() {
                    bytes += super::strings::bytes(api, string).len();
                }
            }
        }
    }
    bytes
}

extern "C" fn reset_env_v2(
    context: *mut RawContext,
    engine: *mut c_void,
    is_async: c_int,
) -> *mut LazyReset {
    reset_env_v3(context, engine, SUBSYSTEM_EVAL, is_async)
}

/// These servers have no client in the context, without which a setting cannot be asked for.
extern "C" fn reset_env_v3(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    is_async: c_int,
) -> *mut LazyReset {
    reset(context, engine, kind, is_async, |_| None)
}

extern "C" fn reset_env(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    is_async: c_int,
) -> *mut LazyReset {
    reset(context, engine, kind, is_async, |context| {
        Some(super::entry::has_insecure_api(context))
    })
}

/// Begins anew; the old world is dropped at once, or by whom the server chooses. `insecure`
/// tells whether `lua-enable-insecure-api` is on, if that can be known.
fn reset(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    is_async: c_int,
    insecure: impl FnOnce(Context<'_>) -> Option<bool>,
) -> *mut LazyReset {
    // SAFETY: E1, E2: only callbacks call this, with their pointers.
    let Some((engine, context)) = (unsafe { enter(context, engine) }) else {
        return std::ptr::null_mut();
    };
    let old = guard(Some(context), "reset_env", || {
        let old = engine.reset(subsystem(kind)?, insecure(context))?;
        Some(Box::new(old)).filter(|_| is_async != 0)
    });
    let Some(old) = old.flatten() else {
        return std::ptr::null_mut();
    };
    // SAFETY: F1; the memory is as large as a reset, and freed by the server. E3.
    unsafe {
        let reset = (context.api().alloc)(size_of::<LazyReset>()).cast::<LazyReset>();
        reset.write(LazyReset {
            context: Box::into_raw(old).cast(),
            callback: Some(drop_world),
        });
        reset
    }
}

extern "C" fn drop_world(world: *mut c_void) {
    // SAFETY: E3.
    let world = unsafe { Box::from_raw(world.cast::<Retired>()) };
    guard(None, "dropping a world", || drop(world));
}

extern "C" fn get_memory_info(
    _context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
) -> MemoryInfo {
    // SAFETY: E1, E2.
    let engine = unsafe { engine.cast::<Engine>().as_ref() };
    let used = guard(None, "get_memory_info", || {
        let bytes = |subsystem| engine.map_or(0, |engine| engine.bytes(subsystem));
        match subsystem(kind) {
            Some(subsystem) => bytes(subsystem),
            None => bytes(Subsystem::Eval) + bytes(Subsystem::Function),
        }
    });
    MemoryInfo {
        version: MEMORY_INFO_ABI,
        used_memory: used.unwrap_or(0),
        // The same number always: the server adds it, and later subtracts it.
        engine_memory_overhead: size_of::<Engine>(),
    }
}

extern "C" fn debugger_enable(
    _context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    out_commands: *mut *const DebuggerCommand,
    out_count: *mut usize,
) -> c_int {
    if subsystem(kind) != Some(Subsystem::Eval) || !debugger::is_supported() {
        return enabling::NOT_SUPPORTED;
    }
    let (commands, count) = debugger::commands();
    // SAFETY: the out pointers are the server's; E1, E2.
    unsafe {
        out_commands.write(commands);
        out_count.write(count);
        if let Some(engine) = engine.cast::<Engine>().as_ref() {
            engine.note_debugging();
        }
    }
    enabling::ENABLED
}

/// A session begins with [`debugger_start`]: before, there is nothing to disable.
extern "C" fn debugger_disable(_context: *mut RawContext, _engine: *mut c_void, _kind: c_int) {}

extern "C" fn debugger_start(
    context: *mut RawContext,
    engine: *mut c_void,
    kind: c_int,
    source: *mut RawString,
) {
    // SAFETY: E1, E2; the text is lent until we return (W2).
    let (engine, context, source) = unsafe {
        let Some((engine, context)) = enter(context, engine) else {
            return;
        };
        (
            engine,
            context,
            super::strings::bytes(context.api(), source),
        )
    };
    guard(Some(context), "debugger_start", || {
        if subsystem(kind) == Some(Subsystem::Eval) {
            engine.start_debugging(source);
        }
    });
}

extern "C" fn debugger_end(context: *mut RawContext, engine: *mut c_void, _kind: c_int) {
    // SAFETY: E1, E2.
    if let Some((engine, context)) = unsafe { enter(context, engine) } {
        guard(Some(context), "debugger_end", || engine.end_debugging());
    }
}

/// Which setting a callback is for, and whose.
///
/// # Safety
///
/// `name` ends in a NUL; E1.
unsafe fn setting<'a>(name: *const c_char, engine: *mut c_void) -> Option<(Setting, &'a Engine)> {
    // SAFETY: the caller's contract.
    let (name, engine) = unsafe { (CStr::from_ptr(name), engine.cast::<Engine>().as_ref()?) };
    SETTINGS
        .iter()
        .find(|(other, ..)| *other == name)
        .map(|(_, setting, _)| (*setting, engine))
}

pub(super) extern "C" fn get_setting(name: *const c_char, engine: *mut c_void) -> c_longlong {
    // SAFETY: the server's name; E1.
    let found = unsafe { setting(name, engine) };
    let value = guard(None, "a setting", || {
        found.map(|(setting, engine)| setting.get(engine.limits()))
    });
    value.flatten().unwrap_or(0)
}

pub(super) extern "C" fn set_setting(
    name: *const c_char,
    value: c_longlong,
    engine: *mut c_void,
    _error: *mut *mut RawString,
) -> c_int {
    // SAFETY: the server's name; E1.
    let found = unsafe { setting(name, engine) };
    guard(None, "a setting", || {
        if let Some((setting, engine)) = found {
            engine.set_limits(setting.set(engine.limits(), value));
        }
    });
    OK
}

pub(super) extern "C" fn add_info(info: *mut RawInfo, _is_crash_report: c_int) {
    // SAFETY: E1, E2.
    let engine = unsafe { ENGINE.load(Ordering::Acquire).as_ref() };
    let (Some(engine), Some(api)) = (engine, Api::get()) else {
        return;
    };
    let fields = guard(None, "INFO", || {
        let (limits, counters) = (engine.limits(), &engine.counters);
        [
            (c"calls", counters.calls.get()),
            (c"internal_errors", counters.panics.get()),
            (c"stopped_by_memory_limit", counters.stopped_by_memory.get()),
            (
                c"stopped_by_instruction_limit",
                counters.stopped_by_instructions.get(),
            ),
            (c"stopped_by_kill", counters.stopped_by_kill.get()),
            (c"scripts", engine.count(Subsystem::Eval) as u64),
            (c"functions", engine.count(Subsystem::Function) as u64),
            (c"used_memory_eval", engine.bytes(Subsystem::Eval) as u64),
            (
                c"used_memory_functions",
                engine.bytes(Subsystem::Function) as u64,
            ),
            (
                c"script_memory_limit",
                limits.memory_bytes.unwrap_or(0) as u64,
            ),
            (
                c"script_instruction_limit",
                limits.instructions.unwrap_or(0),
            ),
        ]
    });
    // SAFETY: F1; the server's `INFO`, which is under way. Names end in a NUL.
    unsafe {
        (api.info_add_section)(info, c"engine".as_ptr());
        for (name, value) in fields.iter().flatten() {
            (api.info_add_field_u_long_long)(info, name.as_ptr(), *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_in_the_callback() {
        assert_eq!(guard(None, "a test", || 1), Some(1));
        assert_eq!(guard(None, "a test", || panic!("of a test")), None::<()>);
    }
}
