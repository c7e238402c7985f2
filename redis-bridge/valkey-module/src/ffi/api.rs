//! The server's functions that we call, found by name when the module is loaded.
//!
//! # Invariants
//!
//! - **F1** A field of [`Api`] holds the server's function of that name, and its type is
//!   the function's in the server's header, which never changes for a name.
//! - **F2** An [`Api`] is filled once, from a context that the server gave, and the
//!   functions outlive the module.

use std::ffi::{CStr, c_char, c_double, c_int, c_long, c_longlong, c_uint, c_ulonglong, c_void};
use std::sync::OnceLock;

use super::types::{
    EngineMethods, RawCallReply, RawContext, RawInfo, RawRun, RawServerInfo, RawString, RawUser,
    ReplyHandlers,
};

type GetNumber = extern "C" fn(*const c_char, *mut c_void) -> c_longlong;
type SetNumber =
    extern "C" fn(*const c_char, c_longlong, *mut c_void, *mut *mut RawString) -> c_int;
type Apply = extern "C" fn(*mut RawContext, *mut c_void, *mut *mut RawString) -> c_int;
type AddInfo = extern "C" fn(*mut RawInfo, c_int);
type CheckPermissions =
    unsafe extern "C" fn(*mut RawUser, *mut *mut RawString, c_int, c_int, *mut c_int) -> c_int;
type GetCommandKeys =
    unsafe extern "C" fn(*mut RawContext, *mut *mut RawString, c_int, *mut c_int) -> *mut c_int;
type ClusterKeySlot = unsafe extern "C" fn(*mut RawString) -> c_uint;
type ReplyWithError = unsafe extern "C" fn(*mut RawContext, c_int, *const c_char, ...) -> c_int;
type DebuggerLog = unsafe extern "C" fn(*mut RawString, c_int);
type DebuggerFlush = unsafe extern "C" fn();
type DebuggerProcess = unsafe extern "C" fn(*mut c_int, *mut *mut RawString);
type CallArgv = unsafe extern "C" fn(
    *mut RawContext,
    *mut *mut RawString,
    c_int,
    c_int,
    *const ReplyHandlers,
    *mut c_void,
) -> c_int;

/// Declares the table: a field per function of the API, and how it is filled.
macro_rules! api {
    (
        required {
            $($field:ident = $name:literal : fn($($arg:ty),* $(; $dots:tt)?) $(-> $result:ty)?;)*
        }
        optional {
            $($option:ident = $option_name:literal : $option_type:ty;)*
        }
    ) => {
        /// The functions.
        pub(crate) struct Api {
            $(pub(super) $field: unsafe extern "C" fn($($arg),* $(, $dots)?) $(-> $result)?,)*
            $(pub(super) $option: Option<$option_type>,)*
            /// `VM_CallArgv`, which is no part of the table but a symbol of the server's
            /// program; `None` where it is not.
            pub(super) call_argv: Option<CallArgv>,
        }

        impl Api {
            /// Finds the functions; the name of one that the server lacks otherwise.
            ///
            /// # Safety
            ///
            /// `look_up` gives the server's functions by their names, or null.
            unsafe fn find(
                look_up: impl Fn(&CStr) -> *mut c_void,
            ) -> Result<Api, &'static CStr> {
                Ok(Api {
                    $($field: {
                        let pointer = look_up($name);
                        if pointer.is_null() {
                            return Err($name);
                        }
                        // SAFETY: F1; a function pointer is as wide as a data pointer.
                        unsafe {
                            std::mem::transmute::<
                                *mut c_void,
                                unsafe extern "C" fn($($arg),* $(, $dots)?) $(-> $result)?,
                            >(pointer)
                        }
                    },)*
                    // SAFETY: F1; null is `None`.
                    $($option: unsafe {
                        std::mem::transmute::<*mut c_void, Option<$option_type>>(
                            look_up($option_name),
                        )
                    },)*
                    // SAFETY: the name ends in a NUL, and the default handle needs no
                    // opening; F1, null is `None`.
                    call_argv: unsafe {
                        std::mem::transmute::<*mut c_void, Option<CallArgv>>(
                            libc::dlsym(libc::RTLD_DEFAULT, c"VM_CallArgv".as_ptr()),
                        )
                    },
                })
            }
        }
    };
}

api! {
    required {
        is_module_name_busy = c"ValkeyModule_IsModuleNameBusy": fn(*const c_char) -> c_int;
        set_module_attribs = c"ValkeyModule_SetModuleAttribs":
            fn(*mut RawContext, *const c_char, c_int, c_int);
        set_module_options = c"ValkeyModule_SetModuleOptions": fn(*mut RawContext, c_int);
        alloc = c"ValkeyModule_Alloc": fn(usize) -> *mut c_void;
        free = c"ValkeyModule_Free": fn(*mut c_void);
        create_string = c"ValkeyModule_CreateString":
            fn(*mut RawContext, *const c_char, usize) -> *mut RawString;
        free_string = c"ValkeyModule_FreeString": fn(*mut RawContext, *mut RawString);
        string_append_buffer = c"ValkeyModule_StringAppendBuffer":
            fn(*mut RawContext, *mut RawString, *const c_char, usize) -> c_int;
        string_ptr_len = c"ValkeyModule_StringPtrLen":
            fn(*const RawString, *mut usize) -> *const c_char;
        log = c"ValkeyModule_Log": fn(*mut RawContext, *const c_char, *const c_char; ...);
        reply_with_long_long = c"ValkeyModule_ReplyWithLongLong":
            fn(*mut RawContext, c_longlong) -> c_int;
        reply_with_null = c"ValkeyModule_ReplyWithNull": fn(*mut RawContext) -> c_int;
        reply_with_null_array = c"ValkeyModule_ReplyWithNullArray": fn(*mut RawContext) -> c_int;
        reply_with_bool = c"ValkeyModule_ReplyWithBool": fn(*mut RawContext, c_int) -> c_int;
        reply_with_double = c"ValkeyModule_ReplyWithDouble": fn(*mut RawContext, c_double) -> c_int;
        reply_with_string_buffer = c"ValkeyModule_ReplyWithStringBuffer":
            fn(*mut RawContext, *const c_char, usize) -> c_int;
        reply_with_simple_string = c"ValkeyModule_ReplyWithSimpleString":
            fn(*mut RawContext, *const c_char) -> c_int;
        reply_with_big_number = c"ValkeyModule_ReplyWithBigNumber":
            fn(*mut RawContext, *const c_char, usize) -> c_int;
        reply_with_verbatim_string_type = c"ValkeyModule_ReplyWithVerbatimStringType":
            fn(*mut RawContext, *const c_char, usize, *const c_char) -> c_int;
        reply_with_error = c"ValkeyModule_ReplyWithError":
            fn(*mut RawContext, *const c_char) -> c_int;
        reply_with_array = c"ValkeyModule_ReplyWithArray": fn(*mut RawContext, c_long) -> c_int;
        reply_with_map = c"ValkeyModule_ReplyWithMap": fn(*mut RawContext, c_long) -> c_int;
        reply_with_set = c"ValkeyModule_ReplyWithSet": fn(*mut RawContext, c_long) -> c_int;
        call = c"ValkeyModule_Call":
            fn(*mut RawContext, *const c_char, *const c_char; ...) -> *mut RawCallReply;
        free_call_reply = c"ValkeyModule_FreeCallReply": fn(*mut RawCallReply);
        call_reply_array_element = c"ValkeyModule_CallReplyArrayElement":
            fn(*mut RawCallReply, usize) -> *mut RawCallReply;
        call_reply_string_ptr = c"ValkeyModule_CallReplyStringPtr":
            fn(*mut RawCallReply, *mut usize) -> *const c_char;
        call_reply_proto = c"ValkeyModule_CallReplyProto":
            fn(*mut RawCallReply, *mut usize) -> *const c_char;
        get_server_info = c"ValkeyModule_GetServerInfo":
            fn(*mut RawContext, *const c_char) -> *mut RawServerInfo;
        server_info_get_field = c"ValkeyModule_ServerInfoGetFieldC":
            fn(*mut RawServerInfo, *const c_char) -> *const c_char;
        free_server_info = c"ValkeyModule_FreeServerInfo": fn(*mut RawContext, *mut RawServerInfo);
        get_selected_db = c"ValkeyModule_GetSelectedDb": fn(*mut RawContext) -> c_int;
        get_current_user_name = c"ValkeyModule_GetCurrentUserName":
            fn(*mut RawContext) -> *mut RawString;
        get_module_user = c"ValkeyModule_GetModuleUserFromUserName":
            fn(*mut RawString) -> *mut RawUser;
        free_module_user = c"ValkeyModule_FreeModuleUser": fn(*mut RawUser);
        acl_check_command = c"ValkeyModule_ACLCheckCommandPermissions":
            fn(*mut RawUser, *mut *mut RawString, c_int) -> c_int;
        register_scripting_engine = c"ValkeyModule_RegisterScriptingEngine":
            fn(*mut RawContext, *const c_char, *mut c_void, *mut EngineMethods) -> c_int;
        unregister_scripting_engine = c"ValkeyModule_UnregisterScriptingEngine":
            fn(*mut RawContext, *const c_char) -> c_int;
        get_function_execution_state = c"ValkeyModule_GetFunctionExecutionState":
            fn(*mut RawRun) -> c_int;
        register_numeric_config = c"ValkeyModule_RegisterNumericConfig":
            fn(*mut RawContext, *const c_char, c_longlong, c_uint, c_longlong, c_longlong,
               Option<GetNumber>, Option<SetNumber>, Option<Apply>, *mut c_void) -> c_int;
        get_context_flags = c"ValkeyModule_GetContextFlags": fn(*mut RawContext) -> c_int;
        load_configs = c"ValkeyModule_LoadConfigs": fn(*mut RawContext) -> c_int;
        register_info_func = c"ValkeyModule_RegisterInfoFunc":
            fn(*mut RawContext, Option<AddInfo>) -> c_int;
        info_add_section = c"ValkeyModule_InfoAddSection":
            fn(*mut RawInfo, *const c_char) -> c_int;
        info_add_field_u_long_long = c"ValkeyModule_InfoAddFieldULongLong":
            fn(*mut RawInfo, *const c_char, c_ulonglong) -> c_int;
    }
    optional {
        // Since Valkey 9: can leave an error uncounted.
        reply_with_custom_error = c"ValkeyModule_ReplyWithCustomErrorFormat": ReplyWithError;
        // Since Valkey 9.1: knows of rights to databases too.
        acl_check_permissions = c"ValkeyModule_ACLCheckPermissions": CheckPermissions;
        // For nodes of clusters; since Valkey 8 or so.
        get_command_keys = c"ValkeyModule_GetCommandKeys": GetCommandKeys;
        cluster_key_slot = c"ValkeyModule_ClusterKeySlot": ClusterKeySlot;
        // Since version 4 of the engine interface.
        debugger_log = c"ValkeyModule_ScriptingEngineDebuggerLog": DebuggerLog;
        debugger_flush_logs = c"ValkeyModule_ScriptingEngineDebuggerFlushLogs": DebuggerFlush;
        debugger_process_commands = c"ValkeyModule_ScriptingEngineDebuggerProcessCommands":
            DebuggerProcess;
    }
}

static API: OnceLock<Api> = OnceLock::new();

impl Api {
    /// The functions, found through the context of the module's entry at the first time.
    ///
    /// # Errors
    ///
    /// The name of a function that the server lacks.
    ///
    /// # Safety
    ///
    /// `context` is the one that the server calls the module's entry with.
    pub(super) unsafe fn of(context: *mut RawContext) -> Result<&'static Api, &'static CStr> {
        if let Some(api) = API.get() {
            return Ok(api);
        }
        // SAFETY: the caller's contract: the first word of a context is this function.
        let get_api = unsafe { (*context).get_api };
        let look_up = |name: &CStr| {
            let mut pointer = std::ptr::null_mut();
            match get_api.map(|get| get(name.as_ptr(), &mut pointer)) {
                Some(0) => pointer,
                _ => std::ptr::null_mut(),
            }
        };
        // SAFETY: F1.
        let api = unsafe { Api::find(look_up)? };
        Ok(API.get_or_init(|| api))
    }

    /// The functions, once they have been found: for callbacks that get no context.
    pub(super) fn get() -> Option<&'static Api> {
        API.get()
    }
}

/// Logs a line where nothing but the log can be asked for: on a server that lacks
/// functions, or that is no Valkey.
///
/// # Safety
///
/// `context` is the one that the server calls the module's entry with, and `log` the name
/// of its log function in its own API.
pub(super) unsafe fn log_without_api(context: *mut RawContext, log: &CStr, message: &CStr) {
    type Log = unsafe extern "C" fn(*mut RawContext, *const c_char, *const c_char, ...);
    let mut pointer = std::ptr::null_mut::<c_void>();
    // SAFETY: the caller's contract; F1: the type is that of the log function in both
    // servers' headers, and the format takes one string.
    unsafe {
        let Some(get_api) = (*context).get_api else {
            return;
        };
        if get_api(log.as_ptr(), &mut pointer) == 0
            && let Some(log) = std::mem::transmute::<*mut c_void, Option<Log>>(pointer)
        {
            log(
                context,
                c"warning".as_ptr(),
                c"%s".as_ptr(),
                message.as_ptr(),
            );
        }
    }
}
