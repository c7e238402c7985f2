//! A reply in the form of the wire, handed on piece by piece: for hosts that get whole
//! replies from a server.

use memchr::memchr;

use crate::keyspace::number::parse_i64;
use crate::reply::ReplySink;

/// Hands one reply on; attributes are dropped. False if the bytes are no whole reply: then
/// the receiver may have got a part of it.
pub fn relay(bytes: &[u8], to: &mut dyn ReplySink) -> bool {
    let mut from = Wire { bytes };
    // Pieces that still belong to it.
    let mut left = 1_usize;
    while left > 0 {
        left -= 1;
        match from.next(to) {
            Some(parts) => left = left.saturating_add(parts),
            None => return false,
        }
    }
    true
}

/// What has not been read yet.
struct Wire<'a> {
    bytes: &'a [u8],
}

impl<'a> Wire<'a> {
    fn line(&mut self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.bytes)?;
        let line = self.bytes[..end].strip_suffix(b"\r")?;
        self.bytes = &self.bytes[end + 1..];
        Some(line)
    }

    fn block(&mut self, len: usize) -> Option<&'a [u8]> {
        let (block, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest.strip_prefix(b"\r\n")?;
        Some(block)
    }

    /// Hands the next piece on: how many parts follow it.
    fn next(&mut self, to: &mut dyn ReplySink) -> Option<usize> {
        let (&kind, text) = self.line()?.split_first()?;
        let length = || parse_i64(text).and_then(|len| usize::try_from(len).ok());
        match kind {
            b'+' => to.status(text),
            b'-' => to.error(text),
            b':' => to.integer(parse_i64(text)?),
            b'$' if text == b"-1" => to.null(),
            b'*' if text == b"-1" => to.null_array(),
            b'_' => to.null(),
            b'$' => to.bulk(self.block(length()?)?),
            b'#' => to.boolean(text == b"t"),
            b'(' => to.big_number(text),
            b',' => to.double(std::str::from_utf8(text).ok()?.parse().ok()?),
            b'=' => {
                let (format, text) = self.block(length()?)?.split_at_checked(4)?;
                to.verbatim([format[0], format[1], format[2]], text);
            }
            b'*' => {
                to.array(length()?);
                return length();
            }
            b'~' => {
                to.set(length()?);
                return length();
            }
            b'>' => {
                to.push(length()?);
                return length();
            }
            b'%' => {
                to.map(length()?);
                return length()?.checked_mul(2);
            }
            b'|' => {
                let mut left = length()?.checked_mul(2)?;
                while left > 0 {
                    left = (left - 1).checked_add(self.next(&mut Nobody)?)?;
                }
                return Some(1);
            }
            _ => return None,
        }
        Some(0)
    }
}

/// Receives what nobody wants.
struct Nobody;

impl ReplySink for Nobody {
    fn protocol(&self) -> crate::reply::Protocol {
        crate::reply::Protocol::Resp3
    }

    fn status(&mut self, _: &[u8]) {}
    fn error(&mut self, _: &[u8]) {}
    fn integer(&mut self, _: i64) {}
    fn bulk(&mut self, _: &[u8]) {}
    fn null(&mut self) {}
    fn null_array(&mut self) {}
    fn array(&mut self, _: usize) {}
    fn map(&mut self, _: usize) {}
    fn set(&mut self, _: usize) {}
    fn double(&mut self, _: f64) {}
    fn boolean(&mut self, _: bool) {}
    fn big_number(&mut self, _: &[u8]) {}
    fn verbatim(&mut self, _: [u8; 3], _: &[u8]) {}
    fn push(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Protocol;
    use crate::resp::write::RespWriter;

    fn check(wire: &str, expected: Option<&str>) {
        let mut out = Vec::new();
        let is_whole = relay(
            wire.as_bytes(),
            &mut RespWriter::new(&mut out, Protocol::Resp3),
        );
        let got = String::from_utf8_lossy(&out).into_owned();
        assert_eq!(is_whole.then_some(&got[..]), expected, "{wire:?}");
    }

    #[test]
    fn every_kind_comes_out_as_it_went_in() {
        for wire in [
            "+OK\r\n",
            "-ERR no\r\n",
            ":-7\r\n",
            "$5\r\na\r\nbc\r\n",
            "_\r\n",
            "#t\r\n",
            "(123\r\n",
            ",1.5\r\n",
            "=7\r\ntxt:abc\r\n",
            "*2\r\n:1\r\n*1\r\n+x\r\n",
            "%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n",
            "*0\r\n",
        ] {
            check(wire, Some(wire));
        }
        check("$-1\r\n", Some("_\r\n"));
        check("*-1\r\n", Some("_\r\n"));
    }

    #[test]
    fn attributes_are_dropped() {
        check("|1\r\n+k\r\n*1\r\n:1\r\n:7\r\n", Some(":7\r\n"));
        check(
            "*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n",
            Some("*2\r\n:1\r\n:2\r\n"),
        );
    }

    #[test]
    fn what_is_cut_off_is_no_reply() {
        for wire in [
            "",
            "+OK",
            "+OK\n",
            "$5\r\nabc",
            "*2\r\n:1\r\n",
            "?\r\n",
            ",x\r\n",
            "=2\r\nab\r\n",
        ] {
            check(wire, None);
        }
    }
}
