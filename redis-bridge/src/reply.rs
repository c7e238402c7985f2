//! How a command answers: piece by piece, in the terms of RESP3.
//!
//! One trait, three kinds of receiver: the wire in either protocol version (which
//! downgrades what RESP2 lacks), the builder of Lua values for `redis.call`, and
//! the text form that the command line prints. Commands know none of them.

/// The protocol version a reply is shaped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Protocol {
    /// RESP2: no maps, sets, doubles, booleans.
    #[default]
    Resp2,
    /// RESP3.
    Resp3,
}

/// Receives exactly one reply for each command. An aggregate call announces how
/// many replies (for a map: pairs of replies) follow and belong to it.
///
/// A receiver shaped for RESP2 turns maps into flat arrays, sets into arrays,
/// doubles, big numbers and verbatim strings into bulk strings, booleans into 1
/// and 0, and every null into the null bulk or null array.
pub trait ReplySink {
    /// The version the reply is shaped for: for the few commands whose reply
    /// differs in more than its encoding (`ZRANGE ... WITHSCORES`).
    fn protocol(&self) -> Protocol;
    /// The client has chosen another version (`HELLO`), and this very reply follows it.
    /// Receivers that are no client have nothing to do.
    fn set_protocol(&mut self, _protocol: Protocol) {}
    /// A status, `+OK`; without CR and LF.
    fn status(&mut self, text: &[u8]);
    /// An error: code and message without the leading `-`; CR and LF become spaces.
    fn error(&mut self, text: &[u8]);
    /// An error that a script passes on after a command answered with it: the server has
    /// counted it then.
    fn counted_error(&mut self, text: &[u8]) {
        self.error(text);
    }
    /// An integer.
    fn integer(&mut self, value: i64);
    /// A string.
    fn bulk(&mut self, bytes: &[u8]);
    /// The absence of a string: `$-1` in RESP2, `_` in RESP3.
    fn null(&mut self);
    /// The absence of an array: `*-1` in RESP2, `_` in RESP3.
    fn null_array(&mut self);
    /// An array of `len` replies.
    fn array(&mut self, len: usize);
    /// A map of `pairs` keys and values, alternating.
    fn map(&mut self, pairs: usize);
    /// A set of `len` replies.
    fn set(&mut self, len: usize);
    /// A double.
    fn double(&mut self, value: f64);
    /// A boolean.
    fn boolean(&mut self, value: bool);
    /// A big number, in decimal digits.
    fn big_number(&mut self, digits: &[u8]);
    /// A verbatim string with its three-letter format.
    fn verbatim(&mut self, format: [u8; 3], text: &[u8]);
    /// A push message of `len` replies (RESP3; an array in RESP2).
    fn push(&mut self, len: usize);

    /// The status `OK`.
    fn ok(&mut self) {
        self.status(b"OK");
    }
}
