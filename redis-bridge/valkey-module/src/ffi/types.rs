#![forbid(unsafe_code)]
//! What the server's C header defines and we use: structures by their layout, constants
//! by their value. They are fixed by the versions that the structures carry. Nothing
//! here calls anything.

use std::ffi::{c_char, c_double, c_int, c_longlong, c_void};

/// `ValkeyModuleCtx`: opaque but for its first word.
#[repr(C)]
pub(crate) struct RawContext {
    /// Looks a function of the API up by name; 0 when it is there.
    pub(super) get_api: Option<extern "C" fn(*const c_char, *mut *mut c_void) -> c_int>,
}

/// `ValkeyModuleString`.
#[repr(C)]
pub(crate) struct RawString {
    _opaque: [u8; 0],
}

/// `ValkeyModuleCallReply`.
#[repr(C)]
pub(crate) struct RawCallReply {
    _opaque: [u8; 0],
}

/// `ValkeyModuleUser`.
#[repr(C)]
pub(crate) struct RawUser {
    _opaque: [u8; 0],
}

/// `ValkeyModuleServerInfoData`.
#[repr(C)]
pub(crate) struct RawServerInfo {
    _opaque: [u8; 0],
}

/// `ValkeyModuleInfoCtx`.
#[repr(C)]
pub(crate) struct RawInfo {
    _opaque: [u8; 0],
}

/// `ValkeyModuleScriptingEngineServerRuntimeCtx`.
#[repr(C)]
pub(crate) struct RawRun {
    _opaque: [u8; 0],
}

/// What functions of the API return.
pub(crate) const OK: c_int = 0;
/// See [`OK`].
pub(crate) const ERR: c_int = 1;

/// The version of the module API.
pub(crate) const API_VERSION: c_int = 1;

/// Options of a module: it copes with replicas that load while they serve, and with
/// slots that move. A server turns these off while a module without them is loaded.
pub(crate) const OPTIONS: c_int = 1 << 2 | 1 << 5;

/// A numeric setting that is given as an amount of memory: `64mb`.
pub(crate) const CONFIG_MEMORY: u32 = 1 << 7;

/// Flags of `VM_CallArgv`.
pub(crate) mod call_flag {
    use std::ffi::c_int;

    pub(crate) const REPLICATE: c_int = 1 << 0;
    pub(crate) const NO_AOF: c_int = 1 << 1;
    pub(crate) const NO_REPLICAS: c_int = 1 << 2;
    pub(crate) const RESP_3: c_int = 1 << 3;
    pub(crate) const SCRIPT_MODE: c_int = 1 << 6;
    pub(crate) const ERRORS_AS_REPLIES: c_int = 1 << 8;
    pub(crate) const RESPECT_DENY_OOM: c_int = 1 << 9;
    pub(crate) const REPLY_EXACT: c_int = 1 << 12;
}

/// What a context says of its client and of the server.
pub(crate) mod context_flag {
    use std::ffi::c_int;

    pub(crate) const CLUSTER: c_int = 1 << 5;
    pub(crate) const REPLICATED: c_int = 1 << 12;
    pub(crate) const LOADING: c_int = 1 << 13;
}

/// What functions declare.
pub(crate) mod script_flag {
    pub(crate) const NO_WRITES: u64 = 1 << 0;
    pub(crate) const ALLOW_OOM: u64 = 1 << 1;
    pub(crate) const ALLOW_STALE: u64 = 1 << 2;
    pub(crate) const NO_CLUSTER: u64 = 1 << 3;
    // Bit 4 is the server's own.
    pub(crate) const ALLOW_CROSS_SLOT: u64 = 1 << 5;
}

/// `VMSE_EVAL`: scripts of `EVAL`.
pub(crate) const SUBSYSTEM_EVAL: c_int = 0;
/// `VMSE_FUNCTION`: functions of libraries.
pub(crate) const SUBSYSTEM_FUNCTION: c_int = 1;

/// `VMSE_STATE_KILLED`.
pub(crate) const STATE_KILLED: c_int = 1;

/// The newest version of the engine interface that we speak.
pub(crate) const ENGINE_ABI: u64 = 4;

/// A function or script that the engine has compiled.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct CompiledFunction {
    pub(crate) version: u64,
    pub(crate) name: *mut RawString,
    pub(crate) function: *mut c_void,
    pub(crate) desc: *mut RawString,
    pub(crate) flags: u64,
}

/// The version of [`CompiledFunction`].
pub(crate) const COMPILED_FUNCTION_ABI: u64 = 1;

/// What the engine says of its memory; returned by value.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct MemoryInfo {
    pub(crate) version: u64,
    pub(crate) used_memory: usize,
    pub(crate) engine_memory_overhead: usize,
}

/// The version of [`MemoryInfo`].
pub(crate) const MEMORY_INFO_ABI: u64 = 1;

/// How the server gives up an environment later, on any thread.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct LazyReset {
    pub(crate) context: *mut c_void,
    pub(crate) callback: Option<extern "C" fn(*mut c_void)>,
}

/// The engine's callbacks, which the server copies. Version 1 has another `compile_code`,
/// versions before 3 another `reset_env`, and versions before 4 end before the debugger.
#[repr(C)]
pub(crate) struct EngineMethods {
    pub(crate) version: u64,
    pub(crate) compile_code: *const c_void,
    pub(crate) free_function: *const c_void,
    pub(crate) call_function: *const c_void,
    pub(crate) get_function_memory_overhead: *const c_void,
    pub(crate) reset_env: *const c_void,
    pub(crate) get_memory_info: *const c_void,
    pub(crate) debugger_enable: *const c_void,
    pub(crate) debugger_disable: *const c_void,
    pub(crate) debugger_start: *const c_void,
    pub(crate) debugger_end: *const c_void,
}

/// A parameter of a debugger's command.
#[repr(C)]
pub(crate) struct DebuggerParam {
    pub(crate) name: *const c_char,
    pub(crate) optional: c_int,
    pub(crate) variadic: c_int,
}

/// A command of a debugger.
#[repr(C)]
pub(crate) struct DebuggerCommand {
    pub(crate) version: u64,
    pub(crate) name: *const c_char,
    pub(crate) prefix_len: usize,
    pub(crate) params: *const DebuggerParam,
    pub(crate) params_len: usize,
    pub(crate) desc: *const c_char,
    pub(crate) invisible: c_int,
    pub(crate) handler: Option<extern "C" fn(*mut *mut RawString, usize, *mut c_void) -> c_int>,
    pub(crate) context: *mut c_void,
}

/// The version of [`DebuggerCommand`].
pub(crate) const DEBUGGER_COMMAND_ABI: u64 = 1;

/// What the server is told when it asks for a debugger.
pub(crate) mod debugger_enable {
    use std::ffi::c_int;

    pub(crate) const NOT_SUPPORTED: c_int = 0;
    pub(crate) const ENABLED: c_int = 1;
}

type OnNothing = Option<extern "C" fn(*mut c_void)>;
type OnLength = Option<extern "C" fn(*mut c_void, usize)>;
type OnText = Option<extern "C" fn(*mut c_void, *const c_char, usize)>;
type OnVerbatim = Option<extern "C" fn(*mut c_void, *const c_char, usize, *const c_char)>;

/// What `VM_CallArgv` calls for each part of a reply.
#[repr(C)]
pub(crate) struct ReplyHandlers {
    pub(crate) version: u64,
    pub(crate) null: OnNothing,
    pub(crate) null_bulk_string: OnNothing,
    pub(crate) null_array: OnNothing,
    pub(crate) bulk_string: OnText,
    pub(crate) simple_string: OnText,
    pub(crate) verbatim_string: OnVerbatim,
    pub(crate) error: OnText,
    pub(crate) integer: Option<extern "C" fn(*mut c_void, c_longlong)>,
    pub(crate) double: Option<extern "C" fn(*mut c_void, c_double)>,
    pub(crate) big_number: OnText,
    pub(crate) boolean: Option<extern "C" fn(*mut c_void, c_int)>,
    pub(crate) attribute_start: OnLength,
    pub(crate) attribute_end: OnNothing,
    pub(crate) array_start: OnLength,
    pub(crate) array_end: OnNothing,
    pub(crate) map_start: OnLength,
    pub(crate) map_end: OnNothing,
    pub(crate) set_start: OnLength,
    pub(crate) set_end: OnNothing,
    pub(crate) parsing_error: OnNothing,
    pub(crate) on_blocked: Option<extern "C" fn(*mut c_void, *mut RawContext, *mut c_void)>,
    pub(crate) on_resp_available:
        Option<extern "C" fn(*mut c_void, *mut RawContext, *const c_char, usize) -> c_int>,
}

/// The version of [`ReplyHandlers`].
pub(crate) const REPLY_HANDLERS_ABI: u64 = 1;

/// Layouts that the server's header gives.
const _: () = {
    assert!(size_of::<EngineMethods>() == 88);
    assert!(size_of::<CompiledFunction>() == 40);
    assert!(size_of::<MemoryInfo>() == 24);
    assert!(size_of::<LazyReset>() == 16);
    assert!(size_of::<ReplyHandlers>() == 184);
    assert!(size_of::<DebuggerCommand>() == 72);
    assert!(size_of::<DebuggerParam>() == 16);
};
