//! Commands of scripts: how one is handed to the server, and how its reply comes back.
//!
//! # Invariants
//!
//! - **R1** The pointer that the server hands back to a handler is the [`Receiver`] of
//!   the call under way, which nothing else uses until the call returns.
//!
//! A handler that panics does not unwind into the server: the panic waits until the call
//! has returned.

use std::any::Any;
use std::ffi::{c_char, c_double, c_int, c_longlong, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use redis_bridge::host::{CallOptions, Refusal};
use redis_bridge::reply::{Protocol, ReplySink};
use redis_bridge::resp::relay::relay;

use super::api::Api;
use super::slots;
use super::strings::{ServerString, text};
use super::types::{OK, REPLY_HANDLERS_ABI, RawContext, ReplyHandlers, call_flag};
use super::words::{Argv, Words};

/// Takes a reply in.
struct Receiver<'a> {
    sink: &'a mut dyn ReplySink,
    /// How many attributes are open: what is within them is dropped.
    attributes: usize,
    /// Nothing has been received yet.
    is_first: bool,
    refusal: Option<Refusal>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Receiver<'a> {
    fn new(sink: &'a mut dyn ReplySink) -> Self {
        Self {
            sink,
            attributes: 0,
            is_first: true,
            refusal: None,
            panic: None,
        }
    }

    /// Hands a part on, unless it belongs to an attribute.
    fn part(&mut self, send: impl FnOnce(&mut dyn ReplySink)) {
        if self.attributes == 0 {
            self.is_first = false;
            send(self.sink);
        }
    }

    /// An error: the reply of the command, an element of it, or, if it is the first
    /// thing received and `errno` says so, the reason why there was no command.
    fn error(&mut self, errno: i32, text: &[u8]) {
        if errno != 0 && self.is_first {
            self.is_first = false;
            self.refusal = Some(refusal(errno, text));
            return;
        }
        self.part(|sink| {
            if text.contains(&b' ') {
                sink.error(text);
            } else {
                // As the C engine has it: a word alone is no code.
                sink.error(&[b"ERR ", text].concat());
            }
        });
    }

    fn finish(self) -> Result<(), Refusal> {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => {
                if self.is_first {
                    self.sink.null();
                }
                Ok(())
            }
        }
    }
}

/// What the server means by a number and a text, where the engine has words of its own.
fn refusal(errno: i32, text: &[u8]) -> Refusal {
    let starts = |prefix: &[u8]| text.starts_with(prefix);
    match errno {
        libc::ENOENT if starts(b"ERR unknown command '") => Refusal::UnknownCommand,
        libc::EINVAL if starts(b"ERR wrong number of arguments for ") => Refusal::WrongArity,
        libc::ESPIPE if starts(b"ERR command ") => Refusal::NotAllowedFromScript,
        libc::EACCES if starts(b"NOPERM ") => {
            Refusal::NoPermission(text[b"NOPERM ".len()..].to_vec())
        }
        _ => Refusal::Other(text.to_vec()),
    }
}

/// Runs a command in the name of the script that `context` is for.
///
/// # Errors
///
/// Why it was not run; then nothing was sent.
///
/// # Safety
///
/// `context` is live, and one that the server made for a running script.
pub(super) unsafe fn run(
    api: &'static Api,
    context: *mut RawContext,
    words: &[&[u8]],
    kept_words: &Words,
    options: CallOptions,
    sink: &mut dyn ReplySink,
) -> Result<(), Refusal> {
    let mut argv = Argv::new(api, words, Some(kept_words));
    // SAFETY: the caller's contract.
    if let Some(refusal) = unsafe { slots::refuse(api, context, &mut argv, words) } {
        return Err(refusal);
    }
    let mut receiver = Receiver::new(sink);
    match api.call_argv {
        Some(call_argv) => {
            // In script mode a refusal has to be asked for as a reply, always: otherwise
            // the server dereferences null.
            let mut flags = call_flag::SCRIPT_MODE
                | call_flag::REPLICATE
                | call_flag::ERRORS_AS_REPLIES
                | call_flag::RESPECT_DENY_OOM
                | call_flag::REPLY_EXACT;
            let mut add = |is_wanted: bool, flag: c_int| {
                if is_wanted {
                    flags |= flag;
                }
            };
            add(!options.to_aof, call_flag::NO_AOF);
            add(!options.to_replicas, call_flag::NO_REPLICAS);
            add(options.protocol == Protocol::Resp3, call_flag::RESP_3);
            // SAFETY: F1; the words and the receiver live until the call returns. R1.
            unsafe {
                call_argv(
                    context,
                    argv.as_mut_ptr(),
                    argv.len(),
                    flags,
                    &HANDLERS,
                    (&raw mut receiver).cast(),
                )
            };
        }
        // SAFETY: the caller's contract.
        None => unsafe { run_by_call(api, context, &mut argv, words, options, &mut receiver) },
    }
    receiver.finish()
}

/// [`run`] on servers without `VM_CallArgv`: the reply is made whole, then taken apart.
///
/// # Safety
///
/// As [`run`]; `argv` is what `words` are.
unsafe fn run_by_call(
    api: &'static Api,
    context: *mut RawContext,
    argv: &mut Argv<'_>,
    words: &[&[u8]],
    options: CallOptions,
    receiver: &mut Receiver<'_>,
) {
    let mut format = b"!SEM".to_vec();
    let mut add = |is_wanted: bool, letter: u8| {
        if is_wanted {
            format.push(letter);
        }
    };
    add(!options.to_aof, b'A');
    add(!options.to_replicas, b'R');
    add(options.protocol == Protocol::Resp3, b'3');
    // SAFETY: F1; the caller's contract. The name is ours (W1).
    let user = unsafe { ServerString::from_raw(api, (api.get_current_user_name)(context)) };
    // What has no user, such as the stream of a primary, may do everything. Older servers do
    // not ask on their own.
    add(user.is_some(), b'C');
    format.extend_from_slice(b"v\0");
    // The name goes apart, and ends in a NUL; one within it names no command anyway.
    let name = [words.first().copied().unwrap_or_default(), b"\0"].concat();
    // SAFETY: F1; the format takes an array and its length, which is there behind the first
    // word. The reply is taken apart before it is freed.
    unsafe {
        let reply = (api.call)(
            context,
            name.as_ptr().cast(),
            format.as_ptr().cast(),
            argv.as_mut_ptr().add(1),
            words.len().saturating_sub(1),
        );
        let errno = last_errno();
        if reply.is_null() {
            let text = format!("ERR the server refused the command (error {errno})");
            receiver.refusal = Some(Refusal::Other(text.into_bytes()));
            return;
        }
        let mut len = 0;
        let wire = (api.call_reply_proto)(reply, &mut len);
        let wire = text(wire, len);
        let taken = catch_unwind(AssertUnwindSafe(|| match wire.strip_prefix(b"-") {
            Some(error) => receiver.error(errno, error.trim_ascii_end()),
            None => {
                let is_whole = relay(wire, receiver.sink);
                receiver.is_first = !is_whole;
            }
        }));
        receiver.panic = taken.err();
        (api.free_call_reply)(reply);
    }
}

/// Why the server has just refused something; 0 if it has not.
pub(super) fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The three letters of a verbatim string's format.
///
/// # Safety
///
/// The pointer is null, or there are three bytes.
unsafe fn verbatim_format(format: *const c_char) -> [u8; 3] {
    if format.is_null() {
        return *b"txt";
    }
    // SAFETY: the caller's contract.
    unsafe { *format.cast() }
}

/// Lets the receiver behind the server's pointer take something in.
fn receive(context: *mut c_void, take: impl FnOnce(&mut Receiver<'_>)) {
    // SAFETY: R1.
    let receiver = unsafe { &mut *context.cast::<Receiver<'_>>() };
    if receiver.panic.is_some() {
        return;
    }
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| take(receiver))) {
        receiver.panic = Some(panic);
    }
}

extern "C" fn on_null(context: *mut c_void) {
    receive(context, |receiver| receiver.part(|sink| sink.null()));
}

extern "C" fn on_null_array(context: *mut c_void) {
    receive(context, |receiver| receiver.part(|sink| sink.null_array()));
}

extern "C" fn on_bulk_string(context: *mut c_void, start: *const c_char, len: usize) {
    // SAFETY: the server's text, until the handler returns.
    let bytes = unsafe { text(start, len) };
    receive(context, |receiver| receiver.part(|sink| sink.bulk(bytes)));
}

extern "C" fn on_simple_string(context: *mut c_void, start: *const c_char, len: usize) {
    // SAFETY: the server's text, until the handler returns.
    let bytes = unsafe { text(start, len) };
    receive(context, |receiver| receiver.part(|sink| sink.status(bytes)));
}

extern "C" fn on_verbatim_string(
    context: *mut c_void,
    start: *const c_char,
    len: usize,
    format: *const c_char,
) {
    // SAFETY: the server's text and the three letters of its format, until the handler
    // returns.
    let (format, bytes) = unsafe { (verbatim_format(format), text(start, len)) };
    receive(context, |receiver| {
        receiver.part(|sink| sink.verbatim(format, bytes));
    });
}

extern "C" fn on_error(context: *mut c_void, start: *const c_char, len: usize) {
    // Before anything else can change it.
    let errno = last_errno();
    // SAFETY: the server's text, until the handler returns.
    let bytes = unsafe { text(start, len) };
    receive(context, |receiver| receiver.error(errno, bytes));
}

extern "C" fn on_integer(context: *mut c_void, value: c_longlong) {
    receive(context, |receiver| {
        receiver.part(|sink| sink.integer(value))
    });
}

extern "C" fn on_double(context: *mut c_void, value: c_double) {
    receive(context, |receiver| receiver.part(|sink| sink.double(value)));
}

extern "C" fn on_big_number(context: *mut c_void, start: *const c_char, len: usize) {
    // SAFETY: the server's text, until the handler returns.
    let bytes = unsafe { text(start, len) };
    receive(context, |receiver| {
        receiver.part(|sink| sink.big_number(bytes));
    });
}

extern "C" fn on_boolean(context: *mut c_void, value: c_int) {
    receive(context, |receiver| {
        receiver.part(|sink| sink.boolean(value != 0));
    });
}

extern "C" fn on_attribute_start(context: *mut c_void, _pairs: usize) {
    receive(context, |receiver| receiver.attributes += 1);
}

extern "C" fn on_attribute_end(context: *mut c_void) {
    receive(context, |receiver| {
        receiver.attributes = receiver.attributes.saturating_sub(1);
    });
}

extern "C" fn on_array_start(context: *mut c_void, len: usize) {
    receive(context, |receiver| receiver.part(|sink| sink.array(len)));
}

extern "C" fn on_map_start(context: *mut c_void, pairs: usize) {
    receive(context, |receiver| receiver.part(|sink| sink.map(pairs)));
}

extern "C" fn on_set_start(context: *mut c_void, len: usize) {
    receive(context, |receiver| receiver.part(|sink| sink.set(len)));
}

extern "C" fn on_resp_available(
    _context: *mut c_void,
    _server: *mut RawContext,
    _reply: *const c_char,
    _len: usize,
) -> c_int {
    1 // Take it apart.
}

/// Ends of aggregates need no handler: their lengths are known when they start.
static HANDLERS: ReplyHandlers = ReplyHandlers {
    version: REPLY_HANDLERS_ABI,
    null: Some(on_null),
    null_bulk_string: Some(on_null),
    null_array: Some(on_null_array),
    bulk_string: Some(on_bulk_string),
    simple_string: Some(on_simple_string),
    verbatim_string: Some(on_verbatim_string),
    error: Some(on_error),
    integer: Some(on_integer),
    double: Some(on_double),
    big_number: Some(on_big_number),
    boolean: Some(on_boolean),
    attribute_start: Some(on_attribute_start),
    attribute_end: Some(on_attribute_end),
    array_start: Some(on_array_start),
    array_end: None,
    map_start: Some(on_map_start),
    map_end: None,
    set_start: Some(on_set_start),
    set_end: None,
    parsing_error: None,
    on_blocked: None,
    on_resp_available: Some(on_resp_available),
};

/// Asks whether a user may run a command on its keys.
///
/// # Errors
///
/// [`Refusal::UnknownCommand`] if there is no such command.
///
/// # Safety
///
/// `context` is live, and one that the server made for a running script.
pub(super) unsafe fn check_permissions(
    api: &'static Api,
    context: *mut RawContext,
    words: &[&[u8]],
) -> Result<bool, Refusal> {
    let mut argv = Argv::new(api, words, None);
    // SAFETY: F1; the caller's contract. The name is ours (W1), the user is freed.
    let (result, errno) = unsafe {
        let name = (api.get_current_user_name)(context);
        // What has no user, such as the stream of a primary, may do everything.
        let Some(name) = ServerString::from_raw(api, name) else {
            return Ok(true);
        };
        let user = (api.get_module_user)(name.as_ptr());
        let (argv, len) = (argv.as_mut_ptr(), argv.len());
        if user.is_null() {
            return Ok(false);
        }
        let result = match api.acl_check_permissions {
            Some(check) => {
                let database = (api.get_selected_db)(context);
                check(user, argv, len, database, std::ptr::null_mut())
            }
            None => (api.acl_check_command)(user, argv, len),
        };
        let errno = last_errno();
        (api.free_module_user)(user);
        (result, errno)
    };
    match (result, errno) {
        (OK, _) => Ok(true),
        (_, libc::EACCES) => Ok(false),
        _ => Err(Refusal::UnknownCommand),
    }
}
