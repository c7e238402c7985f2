//! Replies read back by a client, and printed as `redis-cli` prints them. The server
//! itself never builds a [`Value`].

use std::io::{self, BufRead, Read as _};

use crate::keyspace::number::parse_i64;

/// Replies nested deeper than this are refused rather than read.
const MAX_DEPTH: usize = 512;
/// The longest header line: longer ones are no replies of a sane server.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// One reply of either version of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+OK`.
    Status(Vec<u8>),
    /// `-ERR ...`; code and message.
    Error(Vec<u8>),
    /// `:1`.
    Integer(i64),
    /// `$3`.
    Bulk(Vec<u8>),
    /// `$-1`, `*-1` or `_`.
    Null,
    /// `*2`.
    Array(Vec<Value>),
    /// `%1`: keys with their values.
    Map(Vec<(Value, Value)>),
    /// `~2`.
    Set(Vec<Value>),
    /// `>2`.
    Push(Vec<Value>),
    /// `,1.5`; the text that the server sent.
    Double(Vec<u8>),
    /// `#t` or `#f`.
    Boolean(bool),
    /// `(123`.
    BigNumber(Vec<u8>),
    /// `=7`, without its format.
    Verbatim(Vec<u8>),
}

/// Reads one reply.
///
/// # Errors
///
/// Those of the reader; [`io::ErrorKind::UnexpectedEof`] if it ends inside the reply,
/// [`io::ErrorKind::InvalidData`] if what comes is no reply.
pub fn read_value(from: &mut impl BufRead) -> io::Result<Value> {
    read_nested(from, 0)
}

fn read_nested(from: &mut impl BufRead, depth: usize) -> io::Result<Value> {
    if depth > MAX_DEPTH {
        return Err(invalid("nested too deeply"));
    }
    let line = read_line(from)?;
    let (&kind, text) = line.split_first().ok_or_else(|| invalid("an empty line"))?;
    let number = || parse_i64(text).ok_or_else(|| invalid("a bad number"));
    Ok(match kind {
        b'+' => Value::Status(text.to_vec()),
        b'-' => Value::Error(text.to_vec()),
        b':' => Value::Integer(number()?),
        b',' => Value::Double(text.to_vec()),
        b'(' => Value::BigNumber(text.to_vec()),
        b'#' => Value::Boolean(text == b"t"),
        b'_' => Value::Null,
        b'$' | b'*' if text == b"-1" => Value::Null,
        b'$' => Value::Bulk(read_bulk(from, number()?)?),
        b'=' => Value::Verbatim(read_bulk(from, number()?)?.split_off_start(4)),
        b'*' => Value::Array(read_many(from, number()?, depth)?),
        b'~' => Value::Set(read_many(from, number()?, depth)?),
        b'>' => Value::Push(read_many(from, number()?, depth)?),
        b'%' => {
            let mut flat = read_many(from, number()?.saturating_mul(2), depth)?.into_iter();
            let mut pairs = Vec::with_capacity(flat.len() / 2);
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                pairs.push((key, value));
            }
            Value::Map(pairs)
        }
        _ => return Err(invalid("an unknown type")),
    })
}

/// Drops the first bytes of a string.
trait SplitOffStart {
    fn split_off_start(self, n: usize) -> Self;
}

impl SplitOffStart for Vec<u8> {
    fn split_off_start(mut self, n: usize) -> Self {
        self.drain(..n.min(self.len()));
        self
    }
}

fn read_many(from: &mut impl BufRead, len: i64, depth: usize) -> io::Result<Vec<Value>> {
    let len = usize::try_from(len).map_err(|_| invalid("a negative length"))?;
    // The length is only a claim, so memory is taken as the elements come.
    let mut values = Vec::with_capacity(len.min(1024));
    for _ in 0..len {
        values.push(read_nested(from, depth + 1)?);
    }
    Ok(values)
}

fn read_bulk(from: &mut impl BufRead, len: i64) -> io::Result<Vec<u8>> {
    let len = u64::try_from(len).map_err(|_| invalid("a negative length"))?;
    let mut bytes = Vec::new();
    from.take(len).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut end = [0; 2];
    from.read_exact(&mut end)?;
    if &end == b"\r\n" {
        Ok(bytes)
    } else {
        Err(invalid("a string without an end"))
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    if line.ends_with(b"\r\n") {
        line.truncate(line.len() - 2);
        Ok(line)
    } else if line.ends_with(b"\n") || line.len() as u64 == MAX_LINE_BYTES {
        Err(invalid("a line without an end"))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server sent {what}"),
    )
}

/// Appends a string in double quotes, with escapes for what does not print.
pub fn write_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

impl Value {
    /// Is the reply itself an error?
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// As `redis-cli` prints it on a terminal, with the last line ended.
    #[must_use]
    pub fn to_terminal(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_terminal(&mut out, "");
        out
    }

    fn write_terminal(&self, out: &mut Vec<u8>, indent: &str) {
        let mut line = |parts: &[&[u8]]| {
            parts.iter().for_each(|part| out.extend_from_slice(part));
            out.push(b'\n');
        };
        match self {
            Self::Status(text) | Self::Verbatim(text) | Self::BigNumber(text) => line(&[text]),
            Self::Error(text) => line(&[b"(error) ", text]),
            Self::Integer(value) => line(&[b"(integer) ", value.to_string().as_bytes()]),
            Self::Double(text) => line(&[b"(double) ", text]),
            Self::Boolean(true) => line(&[b"(true)"]),
            Self::Boolean(false) => line(&[b"(false)"]),
            Self::Null => line(&[b"(nil)"]),
            Self::Bulk(text) => {
                write_quoted(out, text);
                out.push(b'\n');
            }
            Self::Array(items) => write_items(out, indent, items, ')', "(empty array)"),
            Self::Push(items) => write_items(out, indent, items, ')', "(empty push)"),
            Self::Set(items) => write_items(out, indent, items, '~', "(empty set)"),
            Self::Map(pairs) => {
                let width = pairs.len().to_string().len();
                let inner = format!("{indent}{:width$}  ", "");
                for (n, (key, value)) in pairs.iter().enumerate() {
                    write_index(out, indent, n, width, '#');
                    key.write_terminal(out, &inner);
                    out.pop();
                    out.extend_from_slice(b" => ");
                    value.write_terminal(out, &inner);
                }
                if pairs.is_empty() {
                    out.extend_from_slice(b"(empty hash)\n");
                }
            }
        }
    }

    /// As `redis-cli --raw` prints it, with the last line ended.
    #[must_use]
    pub fn to_raw(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_raw(&mut out);
        out.push(b'\n');
        out
    }

    fn write_raw(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Status(text)
            | Self::Bulk(text)
            | Self::Verbatim(text)
            | Self::Double(text)
            | Self::BigNumber(text) => out.extend_from_slice(text),
            Self::Error(text) => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Self::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Boolean(true) => out.extend_from_slice(b"(true)"),
            Self::Boolean(false) => out.extend_from_slice(b"(false)"),
            Self::Array(items) | Self::Set(items) | Self::Push(items) => {
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(b'\n');
                    }
                    item.write_raw(out);
                }
            }
            Self::Map(pairs) => {
                for (n, (key, value)) in pairs.iter().enumerate() {
                    if n > 0 {
                        out.push(b'\n');
                    }
                    key.write_raw(out);
                    out.push(b' ');
                    value.write_raw(out);
                }
            }
        }
    }
}

fn write_items(out: &mut Vec<u8>, indent: &str, items: &[Value], mark: char, empty: &str) {
    if items.is_empty() {
        out.extend_from_slice(empty.as_bytes());
        out.push(b'\n');
    }
    let width = items.len().to_string().len();
    let inner = format!("{indent}{:width$}  ", "");
    for (n, item) in items.iter().enumerate() {
        write_index(out, indent, n, width, mark);
        item.write_terminal(out, &inner);
    }
}

/// The number before an element; the first one stands where its parent's number ended.
fn write_index(out: &mut Vec<u8>, indent: &str, n: usize, width: usize, mark: char) {
    let indent = if n == 0 { "" } else { indent };
    out.extend_from_slice(format!("{indent}{:width$}{mark} ", n + 1).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(wire: &str, terminal: Expect, raw: &str) {
        let value = read_value(&mut wire.as_bytes()).expect("a reply");
        terminal.assert_eq(&String::from_utf8_lossy(&value.to_terminal()));
        assert_eq!(String::from_utf8_lossy(&value.to_raw()), raw);
    }

    #[test]
    fn replies_print_as_redis_cli_prints_them() {
        check(
            ":1\r\n",
            expect![[r#"
            (integer) 1
        "#]],
            "1\n",
        );
        check(
            "$4\r\na\"\u{1}\n\r\n",
            expect![[r#"
            "a\"\x01\n"
        "#]],
            "a\"\u{1}\n\n",
        );
        check(
            "-ERR no\r\n",
            expect![[r#"
            (error) ERR no
        "#]],
            "ERR no\n\n",
        );
        check(
            "*0\r\n",
            expect![[r#"
            (empty array)
        "#]],
            "\n",
        );
        check(
            "*3\r\n$1\r\na\r\n*2\r\n:1\r\n*-1\r\n+OK\r\n",
            expect![[r#"
            1) "a"
            2) 1) (integer) 1
               2) (nil)
            3) OK
        "#]],
            "a\n1\n\nOK\n",
        );
        check(
            "%2\r\n+a\r\n,1.5\r\n+b\r\n~2\r\n#t\r\n(12\r\n",
            expect![[r#"
            1# a => (double) 1.5
            2# b => 1~ (true)
               2~ 12
        "#]],
            "a 1.5\nb (true)\n12\n",
        );
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for (wire, kind) in [
            ("", io::ErrorKind::UnexpectedEof),
            (":1", io::ErrorKind::UnexpectedEof),
            ("$5\r\nab\r\n", io::ErrorKind::UnexpectedEof),
            ("$-2\r\n", io::ErrorKind::InvalidData),
            ("?\r\n", io::ErrorKind::InvalidData),
            ("$1\r\nabc\r\n", io::ErrorKind::InvalidData),
            (&"*1\r\n".repeat(1000), io::ErrorKind::InvalidData),
        ] {
            let error = read_value(&mut wire.as_bytes()).expect_err(wire);
            assert_eq!(error.kind(), kind, "{wire:?}");
        }
    }
}
