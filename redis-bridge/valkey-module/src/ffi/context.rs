//! What a callback can do with the context that the server lends it.
//!
//! # Invariants
//!
//! - **C1** A [`Context`] holds a context that is live for `'a`, on the thread that holds
//!   the server's lock: one is made in a callback only, and not sent anywhere.
//! - **C2** A [`Running`] is a context of `call_function`, with the script's state in the
//!   server; both are live until the callback returns.

use std::ffi::{CStr, c_int, c_long};
use std::marker::PhantomData;
use std::ptr::NonNull;

use redis_bridge::host::{CallOptions, Refusal, RunState};
use redis_bridge::reply::ReplySink;
use redis_bridge::script::Sha;
use smallvec::SmallVec;

use super::api::Api;
use super::command;
use super::strings::text;
use super::types::{RawContext, RawRun, STATE_KILLED};
use super::words::Words;

/// A context of the server.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    raw: NonNull<RawContext>,
    api: &'static Api,
    marker: PhantomData<&'a RawContext>,
}

/// A text that ends in a NUL, short ones without an allocation. What follows a NUL within
/// it the server does not see.
fn with_nul(text: &[u8]) -> SmallVec<[u8; 256]> {
    let mut with_nul = SmallVec::with_capacity(text.len() + 1);
    with_nul.extend_from_slice(text);
    with_nul.push(0);
    with_nul
}

fn length(len: usize) -> c_long {
    c_long::try_from(len).unwrap_or(c_long::MAX)
}

impl<'a> Context<'a> {
    /// Wraps the context of a callback.
    ///
    /// # Safety
    ///
    /// It is live for `'a`, and the caller runs in a callback of the server.
    pub(super) unsafe fn new(api: &'static Api, raw: NonNull<RawContext>) -> Self {
        let marker = PhantomData;
        Self { raw, api, marker }
    }

    pub(super) fn api(self) -> &'static Api {
        self.api
    }

    pub(super) fn as_ptr(self) -> *mut RawContext {
        self.raw.as_ptr()
    }

    /// Writes a line to the server's log.
    pub(crate) fn log(self, level: &CStr, message: &[u8]) {
        let message = with_nul(message);
        // SAFETY: F1, C1; the format takes one string, which ends in a NUL.
        unsafe {
            (self.api.log)(
                self.as_ptr(),
                level.as_ptr(),
                c"%s".as_ptr(),
                message.as_ptr(),
            );
        }
    }

    /// A field of `INFO server`.
    pub(crate) fn server_info(self, fields: &[&CStr]) -> Vec<Option<String>> {
        // SAFETY: F1, C1; fields are copied before the data are freed.
        unsafe {
            let info = (self.api.get_server_info)(self.as_ptr(), c"server".as_ptr());
            if info.is_null() {
                return fields.iter().map(|_| None).collect();
            }
            let values = fields.iter().map(|field| {
                let value = (self.api.server_info_get_field)(info, field.as_ptr());
                (!value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
            });
            let values = values.collect();
            (self.api.free_server_info)(self.as_ptr(), info);
            values
        }
    }

    /// A setting of the server that has one value; `None` if it has no such setting.
    pub(crate) fn setting(self, name: &CStr) -> Option<Vec<u8>> {
        // SAFETY: F1, C1; the format takes two strings. The value is copied before the
        // reply is freed; there is no element 1 of anything but an array of two.
        unsafe {
            let reply = (self.api.call)(
                self.as_ptr(),
                c"CONFIG".as_ptr(),
                c"ccE".as_ptr(),
                c"GET".as_ptr(),
                name.as_ptr(),
            );
            if reply.is_null() {
                return None;
            }
            let value = (self.api.call_reply_array_element)(reply, 1);
            let value = (!value.is_null()).then(|| {
                let mut len = 0;
                let start = (self.api.call_reply_string_ptr)(value, &mut len);
                text(start, len).to_vec()
            });
            (self.api.free_call_reply)(reply);
            value
        }
    }

    /// The text of a script that the server holds.
    pub(crate) fn script_text(self, digest: &Sha) -> Option<Vec<u8>> {
        let digits = digest.to_hex();
        // SAFETY: F1, C1; the format takes a string and a buffer with its length. The text is
        // copied before the reply is freed; what is no string has none.
        let text = unsafe {
            let reply = (self.api.call)(
                self.as_ptr(),
                c"SCRIPT".as_ptr(),
                c"cbE".as_ptr(),
                c"SHOW".as_ptr(),
                digits.as_ptr(),
                digits.len(),
            );
            if reply.is_null() {
                return None;
            }
            let mut len = 0;
            let start = (self.api.call_reply_string_ptr)(reply, &mut len);
            let text = text(start, len).to_vec();
            (self.api.free_call_reply)(reply);
            text
        };
        // An error is a text, too.
        (Sha::of(&text) == *digest).then_some(text)
    }

    /// Replies with a status.
    pub(crate) fn reply_status(self, text: &[u8]) {
        let text = with_nul(text);
        // SAFETY: F1, C1; the text ends in a NUL.
        unsafe { (self.api.reply_with_simple_string)(self.as_ptr(), text.as_ptr().cast()) };
    }

    /// Replies with an error, which the server counts if it is to.
    pub(crate) fn reply_error(self, text: &[u8], is_to_be_counted: bool) {
        let text = with_nul(text);
        // SAFETY: F1, C1; the format takes one string, which ends in a NUL.
        unsafe {
            match self.api.reply_with_custom_error {
                Some(reply) => reply(
                    self.as_ptr(),
                    c_int::from(is_to_be_counted),
                    c"%s".as_ptr(),
                    text.as_ptr(),
                ),
                None => (self.api.reply_with_error)(self.as_ptr(), text.as_ptr().cast()),
            };
        }
    }

    /// Replies with an integer.
    pub(crate) fn reply_integer(self, value: i64) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_long_long)(self.as_ptr(), value) };
    }

    /// Replies with a string.
    pub(crate) fn reply_bulk(self, bytes: &[u8]) {
        // SAFETY: F1, C1.
        unsafe {
            (self.api.reply_with_string_buffer)(self.as_ptr(), bytes.as_ptr().cast(), bytes.len());
        }
    }

    /// Replies with null.
    pub(crate) fn reply_null(self) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_null)(self.as_ptr()) };
    }

    /// Replies with the null array.
    pub(crate) fn reply_null_array(self) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_null_array)(self.as_ptr()) };
    }

    /// Begins an array.
    pub(crate) fn reply_array(self, len: usize) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_array)(self.as_ptr(), length(len)) };
    }

    /// Begins a map.
    pub(crate) fn reply_map(self, pairs: usize) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_map)(self.as_ptr(), length(pairs)) };
    }

    /// Begins a set.
    pub(crate) fn reply_set(self, len: usize) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_set)(self.as_ptr(), length(len)) };
    }

    /// Replies with a double.
    pub(crate) fn reply_double(self, value: f64) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_double)(self.as_ptr(), value) };
    }

    /// Replies with a boolean: 1 or 0 where the client knows none.
    pub(crate) fn reply_boolean(self, value: bool) {
        // SAFETY: F1, C1.
        unsafe { (self.api.reply_with_bool)(self.as_ptr(), c_int::from(value)) };
    }

    /// Replies with a big number.
    pub(crate) fn reply_big_number(self, digits: &[u8]) {
        // SAFETY: F1, C1.
        unsafe {
            (self.api.reply_with_big_number)(self.as_ptr(), digits.as_ptr().cast(), digits.len());
        }
    }

    /// Replies with a verbatim string.
    pub(crate) fn reply_verbatim(self, format: [u8; 3], text: &[u8]) {
        let format = with_nul(&format);
        // SAFETY: F1, C1; the format ends in a NUL.
        unsafe {
            (self.api.reply_with_verbatim_string_type)(
                self.as_ptr(),
                text.as_ptr().cast(),
                text.len(),
                format.as_ptr().cast(),
            );
        }
    }
}

/// A script that runs.
#[derive(Clone, Copy)]
pub(crate) struct Running<'a> {
    context: Context<'a>,
    run: *mut RawRun,
    words: &'a Words,
}

impl<'a> Running<'a> {
    /// Wraps what `call_function` is given.
    ///
    /// # Safety
    ///
    /// C2.
    pub(super) unsafe fn new(context: Context<'a>, run: *mut RawRun, words: &'a Words) -> Self {
        Self {
            context,
            run,
            words,
        }
    }

    /// The client's context: replies go there.
    pub(crate) fn context(self) -> Context<'a> {
        self.context
    }

    /// Runs a command in the script's name.
    ///
    /// # Errors
    ///
    /// Why it was not run; then nothing was sent.
    pub(crate) fn call(
        self,
        words: &[&[u8]],
        options: CallOptions,
        sink: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        // SAFETY: C1, C2.
        unsafe {
            command::run(
                self.context.api,
                self.context.as_ptr(),
                words,
                self.words,
                options,
                sink,
            )
        }
    }

    /// May the caller run this command?
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownCommand`] if there is no such command.
    pub(crate) fn check_permissions(self, words: &[&[u8]]) -> Result<bool, Refusal> {
        // SAFETY: C1, C2.
        unsafe { command::check_permissions(self.context.api, self.context.as_ptr(), words) }
    }

    /// Lets a server that has waited for too long serve others, and asks whether the
    /// script may go on.
    pub(crate) fn poll(self) -> RunState {
        // SAFETY: F1, C2.
        match unsafe { (self.context.api.get_function_execution_state)(self.run) } {
            STATE_KILLED => RunState::Killed,
            _ => RunState::Continue,
        }
    }
}
