//! Replies on the wire: a [`ReplySink`] that appends to an output buffer, in either
//! version of the protocol.

use crate::reply::{Protocol, ReplySink};
use crate::resp::number::{DoubleText, write_integer};

/// Writes replies into a buffer, downgrading for RESP2 what it lacks.
#[derive(Debug)]
pub struct RespWriter<'a> {
    out: &'a mut Vec<u8>,
    protocol: Protocol,
    doubles: DoubleText,
}

impl<'a> RespWriter<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, protocol: Protocol) -> Self {
        Self {
            out,
            protocol,
            doubles: DoubleText::default(),
        }
    }

    /// The same writer, but doubles look so.
    #[must_use]
    pub fn with_doubles(self, doubles: DoubleText) -> Self {
        Self { doubles, ..self }
    }

    fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.push(kind);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A line of free text: line breaks in it would end the reply early.
    fn text_line(&mut self, kind: u8, text: &[u8]) {
        if memchr::memchr2(b'\r', b'\n', text).is_none() {
            self.line(kind, text);
            return;
        }
        self.out.push(kind);
        let spaced = text
            .iter()
            .map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b });
        self.out.extend(spaced);
        self.out.extend_from_slice(b"\r\n");
    }

    fn header(&mut self, kind: u8, len: usize) {
        if let Ok(digit @ 0..=9) = u8::try_from(len) {
            self.out
                .extend_from_slice(&[kind, b'0' + digit, b'\r', b'\n']);
        } else {
            self.line(kind, itoa::Buffer::new().format(len).as_bytes());
        }
    }
}

impl ReplySink for RespWriter<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    fn status(&mut self, text: &[u8]) {
        self.text_line(b'+', text);
    }

    fn error(&mut self, text: &[u8]) {
        self.text_line(b'-', text);
    }

    fn integer(&mut self, value: i64) {
        self.line(b':', itoa::Buffer::new().format(value).as_bytes());
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.header(b'$', bytes.len());
        self.out.reserve(bytes.len() + 2);
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    fn null(&mut self) {
        self.out.extend_from_slice(if self.is_resp3() {
            b"_\r\n"
        } else {
            b"$-1\r\n"
        });
    }

    fn null_array(&mut self) {
        self.out.extend_from_slice(if self.is_resp3() {
            b"_\r\n"
        } else {
            b"*-1\r\n"
        });
    }

    fn array(&mut self, len: usize) {
        self.header(b'*', len);
    }

    fn map(&mut self, pairs: usize) {
        if self.is_resp3() {
            self.header(b'%', pairs);
        } else {
            self.header(b'*', pairs * 2);
        }
    }

    fn set(&mut self, len: usize) {
        let kind = if self.is_resp3() { b'~' } else { b'*' };
        self.header(kind, len);
    }

    fn double(&mut self, value: f64) {
        if self.is_resp3() {
            self.out.push(b',');
            self.doubles.write(self.out, value);
            self.out.extend_from_slice(b"\r\n");
        } else {
            let mut digits = Vec::with_capacity(32);
            self.doubles.write(&mut digits, value);
            self.bulk(&digits);
        }
    }

    fn boolean(&mut self, value: bool) {
        if self.is_resp3() {
            self.line(b'#', if value { b"t" } else { b"f" });
        } else {
            self.integer(i64::from(value));
        }
    }

    fn big_number(&mut self, digits: &[u8]) {
        if self.is_resp3() {
            self.text_line(b'(', digits);
        } else {
            self.bulk(digits);
        }
    }

    fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        if self.is_resp3() {
            self.out.push(b'=');
            write_integer(self.out, text.len() as i64 + 4);
            self.out.extend_from_slice(b"\r\n");
            self.out.extend_from_slice(&format);
            self.out.push(b':');
            self.out.extend_from_slice(text);
            self.out.extend_from_slice(b"\r\n");
        } else {
            self.bulk(text);
        }
    }

    fn push(&mut self, len: usize) {
        let kind = if self.is_resp3() { b'>' } else { b'*' };
        self.header(kind, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes one reply in both versions.
    fn check(reply: impl Fn(&mut dyn ReplySink), resp2: &str, resp3: &str) {
        for (protocol, expected) in [(Protocol::Resp2, resp2), (Protocol::Resp3, resp3)] {
            let mut out = Vec::new();
            reply(&mut RespWriter::new(&mut out, protocol));
            assert_eq!(out.escape_ascii().to_string(), expected, "{protocol:?}");
        }
    }

    #[test]
    fn each_kind_in_both_versions() {
        check(|r| r.ok(), r"+OK\r\n", r"+OK\r\n");
        check(
            |r| r.error(b"ERR a\r\nb"),
            r"-ERR a  b\r\n",
            r"-ERR a  b\r\n",
        );
        check(|r| r.integer(-12), r":-12\r\n", r":-12\r\n");
        check(|r| r.bulk(b"a\r\n"), r"$3\r\na\r\n\r\n", r"$3\r\na\r\n\r\n");
        check(
            |r| r.bulk(b"0123456789"),
            r"$10\r\n0123456789\r\n",
            r"$10\r\n0123456789\r\n",
        );
        check(|r| r.null(), r"$-1\r\n", r"_\r\n");
        check(|r| r.null_array(), r"*-1\r\n", r"_\r\n");
        check(|r| r.array(2), r"*2\r\n", r"*2\r\n");
        check(|r| r.map(2), r"*4\r\n", r"%2\r\n");
        check(|r| r.set(12), r"*12\r\n", r"~12\r\n");
        check(|r| r.double(2.5), r"$3\r\n2.5\r\n", r",2.5\r\n");
        check(|r| r.boolean(true), r":1\r\n", r"#t\r\n");
        check(|r| r.boolean(false), r":0\r\n", r"#f\r\n");
        check(|r| r.big_number(b"123"), r"$3\r\n123\r\n", r"(123\r\n");
        check(
            |r| r.verbatim(*b"txt", b"hi"),
            r"$2\r\nhi\r\n",
            r"=6\r\ntxt:hi\r\n",
        );
        check(|r| r.push(3), r"*3\r\n", r">3\r\n");
    }
}
