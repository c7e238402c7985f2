//! Ferrous Lua as the scripting engine of Valkey: a shared library that
//! `valkey-server --loadmodule` takes, and that runs `EVAL`, `FCALL` and their relatives
//! in place of the C interpreter.
//!
//! `ffi` holds all that touches the server's C interface; everything else is safe code:
//! the engine (`engine`) with its two worlds of scripts (`world`), the server as a host (`host`),
//! the client as a receiver of replies (`reply`), the user of the debugger (`console`), and what operators set (`settings`).

mod console;
mod engine;
mod ffi;
mod host;
mod reply;
mod settings;
mod world;

use std::ffi::{c_int, c_void};

/// Valkey calls this when it loads the module: 0 if the engine is at work.
///
/// # Safety
///
/// Only for the server, with a context and arguments of its own.
// SAFETY: the name is the one that the server looks for, and nobody else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ValkeyModule_OnLoad(
    context: *mut c_void,
    argv: *const *mut c_void,
    argc: c_int,
) -> c_int {
    // SAFETY: P1 of `entry`.
    unsafe { ffi::entry::on_load(context.cast(), argv.cast(), argc) }
}

/// Redis calls this, and older servers: they have no interface for scripting engines, and
/// the module says so.
///
/// # Safety
///
/// As [`ValkeyModule_OnLoad`].
// SAFETY: the name is the one that the server looks for, and nobody else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RedisModule_OnLoad(
    context: *mut c_void,
    _argv: *const *mut c_void,
    _argc: c_int,
) -> c_int {
    // SAFETY: P1 of `entry`.
    unsafe { ffi::entry::on_load_by_redis(context.cast()) }
}

/// Valkey calls this before it unloads the module, and when it shuts down: 0 if the
/// library may go.
///
/// # Safety
///
/// As [`ValkeyModule_OnLoad`].
// SAFETY: the name is the one that the server looks for, and nobody else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ValkeyModule_OnUnload(context: *mut c_void) -> c_int {
    // SAFETY: P1 of `entry`.
    unsafe { ffi::entry::on_unload(context.cast()) }
}
