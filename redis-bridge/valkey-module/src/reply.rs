#![forbid(unsafe_code)]
//! The reply of a script, to the client that called it. It owes the client exactly one,
//! and pays what is left when it is dropped.

use redis_bridge::reply::{Protocol, ReplySink};

use crate::ffi::Context;

/// Sends one reply.
pub(crate) struct ClientReply<'a> {
    context: Context<'a>,
    /// Replies that the client still waits for: one at first; an aggregate is worth as
    /// many as it announces.
    owed: usize,
}

impl<'a> ClientReply<'a> {
    pub(crate) fn new(context: Context<'a>) -> Self {
        Self { context, owed: 1 }
    }

    fn pay(&mut self, parts: usize) -> Context<'a> {
        self.owed = self.owed.saturating_sub(1).saturating_add(parts);
        self.context
    }
}

impl Drop for ClientReply<'_> {
    fn drop(&mut self) {
        // A script that broke off must not leave its client out of step.
        while self.owed > 0 {
            self.error(b"ERR the script broke off");
        }
    }
}

impl ReplySink for ClientReply<'_> {
    fn protocol(&self) -> Protocol {
        // The server knows what the client speaks, and downgrades.
        Protocol::Resp3
    }

    fn status(&mut self, text: &[u8]) {
        if text.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            let text: Vec<u8> = text.iter().map(|byte| unbroken(*byte)).collect();
            return self.pay(0).reply_status(&text);
        }
        self.pay(0).reply_status(text);
    }

    fn error(&mut self, text: &[u8]) {
        self.pay(0).reply_error(text, true);
    }

    fn counted_error(&mut self, text: &[u8]) {
        self.pay(0).reply_error(text, false);
    }

    fn integer(&mut self, value: i64) {
        self.pay(0).reply_integer(value);
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.pay(0).reply_bulk(bytes);
    }

    fn null(&mut self) {
        self.pay(0).reply_null();
    }

    fn null_array(&mut self) {
        self.pay(0).reply_null_array();
    }

    fn array(&mut self, len: usize) {
        self.pay(len).reply_array(len);
    }

    fn map(&mut self, pairs: usize) {
        self.pay(pairs.saturating_mul(2)).reply_map(pairs);
    }

    fn set(&mut self, len: usize) {
        self.pay(len).reply_set(len);
    }

    fn double(&mut self, value: f64) {
        self.pay(0).reply_double(value);
    }

    fn boolean(&mut self, value: bool) {
        self.pay(0).reply_boolean(value);
    }

    fn big_number(&mut self, digits: &[u8]) {
        let digits: Vec<u8> = digits.iter().map(|byte| unbroken(*byte)).collect();
        self.pay(0).reply_big_number(&digits);
    }

    fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        self.pay(0).reply_verbatim(format, text);
    }

    fn push(&mut self, len: usize) {
        self.array(len);
    }
}

/// A byte that does not end a line.
fn unbroken(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' => b' ',
        byte => byte,
    }
}
