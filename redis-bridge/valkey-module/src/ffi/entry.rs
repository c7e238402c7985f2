//! Where the server comes in, and leaves: the module is named, the engine is made and
//! registered, and unregistered again.
//!
//! # Invariants
//!
//! - **P1** The server calls the entries on its main thread, with a context that lives until
//!   they return, and with arguments that it lends for as long.
//! - **P2** The engine is a `Box`, given to the server as a pointer by [`register`] and taken
//!   back by [`unload`], after the server has given up every use of it.

use std::ffi::{CStr, CString, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use redis_bridge::compat::{Compat, Identity};

use super::api::{Api, log_without_api};
use super::callbacks::{self, ENGINE};
use super::context::Context;
use super::strings::all_bytes;
use super::types::{
    API_VERSION, CONFIG_MEMORY, ENGINE_ABI, ERR, OK, OPTIONS, RawContext, RawString,
};
use crate::engine::Engine;
use crate::settings::{Arguments, SETTINGS};

/// The module's name, which starts the names of its settings.
const NAME: &CStr = c"ferrous";

/// The engine's name, if it may have it: the one that scripts without a `#!` run on.
const LUA: &CStr = c"LUA";

/// Its name beside an engine that has that one.
const OTHER: &CStr = c"FERROUS";

/// The name that the engine was registered by.
static REGISTERED: Mutex<Option<CString>> = Mutex::new(None);

/// What [`load`] failed for.
enum Failure {
    /// A function that the server does not have.
    Lacks(&'static CStr),
    /// Anything else; the log can be written to.
    Other(String),
}

/// `ValkeyModule_OnLoad`.
///
/// # Safety
///
/// P1.
pub(crate) unsafe fn on_load(
    context: *mut RawContext,
    argv: *const *mut RawString,
    argc: c_int,
) -> c_int {
    // SAFETY: P1.
    let loaded = catch_unwind(AssertUnwindSafe(|| unsafe { load(context, argv, argc) }));
    let reason = match loaded {
        Ok(Ok(())) => return OK,
        Ok(Err(Failure::Lacks(name))) => {
            let name = name.to_string_lossy();
            let name = name.trim_start_matches("ValkeyModule_");
            format!("this server has no {name} for modules; it takes Valkey 8.1 or later")
        }
        Ok(Err(Failure::Other(reason))) => reason,
        Err(_) => "internal error".to_owned(),
    };
    let message = CString::new(format!("the engine Ferrous is not loaded: {reason}"));
    // SAFETY: P1.
    unsafe { log_without_api(context, c"ValkeyModule_Log", &message.unwrap_or_default()) };
    ERR
}

/// `RedisModule_OnLoad`: servers that know no other entry have no interface for engines.
///
/// # Safety
///
/// P1.
pub(crate) unsafe fn on_load_by_redis(context: *mut RawContext) -> c_int {
    let message = c"the engine Ferrous is not loaded: scripting engines take Valkey 8.1 or later";
    // SAFETY: P1.
    unsafe { log_without_api(context, c"RedisModule_Log", message) };
    ERR
}

/// `ValkeyModule_OnUnload`.
///
/// # Safety
///
/// P1.
pub(crate) unsafe fn on_unload(context: *mut RawContext) -> c_int {
    // SAFETY: P1.
    let unloaded = catch_unwind(AssertUnwindSafe(|| unsafe { unload(context) }));
    if matches!(unloaded, Ok(true)) {
        OK
    } else {
        ERR
    }
}

/// # Safety
///
/// P1.
unsafe fn load(
    raw: *mut RawContext,
    argv: *const *mut RawString,
    argc: c_int,
) -> Result<(), Failure> {
    let fail = |reason: &str| Failure::Other(reason.to_owned());
    // SAFETY: P1.
    let api = unsafe { Api::of(raw) }.map_err(Failure::Lacks)?;
    let context = NonNull::new(raw).ok_or_else(|| fail("no context"))?;
    // SAFETY: P1; F1. The module has to have its attributes before anything else is done
    // with the context.
    let (context, words) = unsafe {
        if (api.is_module_name_busy)(NAME.as_ptr()) != 0 {
            return Err(fail("a module of this name is loaded"));
        }
        (api.set_module_attribs)(raw, NAME.as_ptr(), 1, API_VERSION);
        (api.set_module_options)(raw, OPTIONS);
        let argc = usize::try_from(argc).unwrap_or(0);
        (Context::new(api, context), all_bytes(api, argv, argc))
    };
    let arguments = Arguments::parse(&words).map_err(Failure::Other)?;
    let engine = Engine::new(identity(context)).ok_or_else(|| fail("no memory"))?;
    let engine = Box::into_raw(Box::new(engine));
    // SAFETY: P1, P2: until it is registered, the engine is ours.
    unsafe {
        register(context, engine, &arguments).inspect_err(|_| {
            ENGINE.store(std::ptr::null_mut(), Ordering::Release);
            drop(Box::from_raw(engine));
        })
    }
}

/// Gives the engine to the server: its settings, its part of `INFO`, and, as the last
/// thing that can fail, the engine.
///
/// # Safety
///
/// P1; `engine` is live.
unsafe fn register(
    context: Context<'_>,
    engine: *mut Engine,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let api = context.api();
    let fail = |reason: &str| Failure::Other(reason.to_owned());
    for (name, _, is_memory) in SETTINGS {
        let flags = if *is_memory { CONFIG_MEMORY } else { 0 };
        // SAFETY: F1; the callbacks get the engine back (E1), the name ends in a NUL.
        let result = unsafe {
            (api.register_numeric_config)(
                context.as_ptr(),
                name.as_ptr(),
                0,
                flags,
                0,
                i64::MAX,
                Some(callbacks::get_setting),
                Some(callbacks::set_setting),
                None,
                engine.cast(),
            )
        };
        if result != OK {
            return Err(fail("its settings are refused"));
        }
    }
    // SAFETY: F1.
    unsafe {
        if (api.load_configs)(context.as_ptr()) != OK {
            return Err(fail("a setting has a bad value"));
        }
        ENGINE.store(engine, Ordering::Release);
        (api.register_info_func)(context.as_ptr(), Some(callbacks::add_info));
    }
    let chosen = match &arguments.engine_name {
        Some(name) => CString::new(name.as_str()).map_err(|_| fail("a NUL in a name"))?,
        None => LUA.to_owned(),
    };
    // SAFETY: the caller's contract.
    let name = unsafe {
        if register_as(context, &chosen, engine.cast()) {
            chosen
        } else if arguments.engine_name.is_none() && register_as(context, OTHER, engine.cast()) {
            let text = b"the name LUA belongs to the engine of the server: scripts choose this \
                one by #!ferrous";
            context.log(c"warning", text);
            OTHER.to_owned()
        } else {
            return Err(fail("the server does not take an engine of this name"));
        }
    };
    let text = format!(
        "Ferrous Lua {} runs as the engine {}",
        env!("CARGO_PKG_VERSION"),
        name.to_string_lossy()
    );
    context.log(c"notice", text.as_bytes());
    if let Ok(mut registered) = REGISTERED.lock() {
        *registered = Some(name);
    }
    Ok(())
}

/// Registers the engine under a name, by the newest version of the interface that the
/// server knows; false if it will not.
///
/// # Safety
///
/// P1; `engine` is live.
unsafe fn register_as(context: Context<'_>, name: &CStr, engine: *mut c_void) -> bool {
    (1..=ENGINE_ABI).rev().any(|version| {
        let mut methods = callbacks::methods(version);
        // SAFETY: F1; the server copies what the pointers point to, but the engine: E1.
        let result = unsafe {
            (context.api().register_scripting_engine)(
                context.as_ptr(),
                name.as_ptr(),
                engine,
                &mut methods,
            )
        };
        result == OK
    })
}

/// Takes the engine back; false if it cannot be, which keeps the module loaded.
///
/// # Safety
///
/// P1.
unsafe fn unload(raw: *mut RawContext) -> bool {
    let engine = ENGINE.load(Ordering::Acquire);
    let (Some(api), Some(context)) = (Api::get(), NonNull::new(raw)) else {
        return false;
    };
    // SAFETY: P1, E1, E2.
    let (context, engine_ref) = unsafe { (Context::new(api, context), engine.as_ref()) };
    // A server that shuts down while a script runs comes here from within that script.
    if engine_ref.is_some_and(Engine::is_running) {
        return false;
    }
    // The server would use what it has noted after freeing it.
    if engine_ref.is_some_and(Engine::is_noted) {
        let text = b"stays loaded: since SCRIPT DEBUG the server refers to the engine";
        context.log(c"notice", text);
        return false;
    }
    let registered = || REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(name) = registered().clone() else {
        return true;
    };
    // SAFETY: F1. The server frees all functions through our callbacks, waits for those
    // on other threads, and then holds nothing of the engine. P2.
    unsafe {
        if (api.unregister_scripting_engine)(context.as_ptr(), name.as_ptr()) != OK {
            context.log(c"warning", b"the server does not give the engine up");
            return false;
        }
        registered().take();
        ENGINE.store(std::ptr::null_mut(), Ordering::Release);
        if !engine.is_null() {
            drop(Box::from_raw(engine));
        }
    }
    true
}

/// Whom scripts are told that they run on: this very server.
fn identity(context: Context<'_>) -> Identity {
    let mut identity = Identity::from(Compat::Valkey91);
    let fields = [c"redis_version", c"valkey_version", c"server_name"];
    let values = context.server_info(&fields);
    let places = [
        &mut identity.redis_version,
        &mut identity.version,
        &mut identity.server_name,
    ];
    for (place, value) in places.into_iter().zip(values) {
        if let Some(value) = value {
            *place = value;
        }
    }
    identity.insecure_api = has_insecure_api(context);
    identity
}

/// Is `lua-enable-insecure-api` on?
pub(super) fn has_insecure_api(context: Context<'_>) -> bool {
    context
        .setting(c"lua-enable-insecure-api")
        .is_some_and(|value| value == b"yes")
}
