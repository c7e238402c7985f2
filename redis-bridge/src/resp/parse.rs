//! Requests: an incremental parser whose arguments are slices of the read buffer.
//!
//! Published RESP crates decode into owned values, one allocation for each argument,
//! and none keeps Redis's limits and error texts; so this is our own. It accepts
//! exactly what the server accepts: arrays of bulk strings, and inline commands with
//! the quoting of `sdssplitargs`. It owns no buffer: the caller keeps the bytes of an
//! unfinished request and offers them again, longer.

use std::ops::Range;

use crate::keyspace::number::parse_i64;

/// The longest inline request, and the longest line that announces a count, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// The most arguments a request may have.
const MAX_ARGS: i64 = i32::MAX as i64;
/// The most arguments, and the longest argument in bytes, of a client that has yet
/// to authenticate.
const MAX_ARGS_UNAUTHENTICATED: i64 = 10;
const MAX_BULK_UNAUTHENTICATED: i64 = 16 * 1024;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest argument, in bytes (`proto-max-bulk-len`).
    pub max_bulk_bytes: i64,
    /// Whether the client has authenticated; one that has not may send only little.
    pub authenticated: bool,
}

/// Why a connection has to be closed. The text is the server's, without `ERR `.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum ProtocolError {
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    #[error("Protocol error: too big mbulk count string")]
    CountLineTooBig,
    #[error("Protocol error: invalid multibulk length")]
    InvalidCount,
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedCount,
    #[error("Protocol error: too big bulk count string")]
    BulkLineTooBig,
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    ExpectedBulk(u8),
    #[error("Protocol error: invalid bulk length")]
    InvalidBulk,
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulk,
}

impl ProtocolError {
    /// The text of the error reply, which quotes the very byte that the client sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = self.to_string();
        // Each character stands for one byte.
        text.chars()
            .filter_map(|c| u8::try_from(u32::from(c)).ok())
            .collect()
    }
}

/// How far one call of [`RequestParser::parse`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The request is not complete; at least this many more bytes are needed.
    Incomplete(usize),
    /// A request of this many bytes is complete; [`RequestParser::args`] has its
    /// arguments. An empty request has none and is not answered.
    Complete(usize),
}

/// The parser, with what it knows about a request that has arrived in part.
#[derive(Debug, Default)]
pub struct RequestParser {
    /// Where to go on; counts from the first byte of the request, as do `args`.
    pos: usize,
    /// Arguments of an array that are still to come.
    args_left: usize,
    /// The length of the argument at `pos`, once its header has been read.
    bulk_len: Option<usize>,
    args: Vec<Range<usize>>,
    /// The unquoted arguments of an inline request.
    inline: Option<Vec<u8>>,
}

impl RequestParser {
    /// Goes on parsing the request that starts at `input[0]`. After `Incomplete`,
    /// call it again with the same bytes and more; after `Complete`, with what
    /// follows the request.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`]; the connection cannot be used any further.
    pub fn parse(&mut self, input: &[u8], limits: Limits) -> Result<Progress, ProtocolError> {
        if self.args_left == 0 {
            self.pos = 0;
            self.args.clear();
            match input.first() {
                None => return Ok(Progress::Incomplete(1)),
                Some(b'*') => {
                    self.inline = None;
                    match self.count(input, limits)? {
                        None => return Ok(Progress::Incomplete(1)),
                        Some(0) => return Ok(Progress::Complete(self.pos)),
                        Some(n) => self.args_left = n,
                    }
                }
                Some(_) => return self.inline_request(input),
            }
        }
        while self.args_left > 0 {
            let Some(len) = self.bulk_header(input, limits)? else {
                return Ok(Progress::Incomplete(1));
            };
            let end = self.pos + len + 2;
            if input.len() < end {
                return Ok(Progress::Incomplete(end - input.len()));
            }
            self.args.push(self.pos..self.pos + len);
            self.pos = end;
            self.bulk_len = None;
            self.args_left -= 1;
        }
        Ok(Progress::Complete(self.pos))
    }

    /// The arguments of the complete request that starts at `input[0]`.
    pub fn args<'a>(&'a self, input: &'a [u8]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let source = self.inline.as_deref().unwrap_or(input);
        self.args.iter().map(|range| &source[range.clone()])
    }

    /// Gives back memory that an unusually large request needed.
    pub fn shrink(&mut self) {
        if self.args_left == 0 {
            self.args.clear();
            self.args.shrink_to(64);
            self.inline = None;
        }
    }

    /// Reads `*<count>CRLF`; counts below one make an empty request.
    fn count(&mut self, input: &[u8], limits: Limits) -> Result<Option<usize>, ProtocolError> {
        let Some((count, next)) = header(input, 1, ProtocolError::CountLineTooBig)? else {
            return Ok(None);
        };
        let count = count
            .filter(|n| *n <= MAX_ARGS)
            .ok_or(ProtocolError::InvalidCount)?;
        if count > MAX_ARGS_UNAUTHENTICATED && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedCount);
        }
        self.pos = next;
        Ok(Some(usize::try_from(count).unwrap_or(0)))
    }

    /// Reads `$<length>CRLF` unless that was done before.
    fn bulk_header(
        &mut self,
        input: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, ProtocolError> {
        if let Some(len) = self.bulk_len {
            return Ok(Some(len));
        }
        let Some(&kind) = input.get(self.pos) else {
            return Ok(None);
        };
        // A wrong first byte is reported once its line is complete.
        let digits_at = if kind == b'$' { self.pos + 1 } else { self.pos };
        let Some((len, next)) = header(input, digits_at, ProtocolError::BulkLineTooBig)? else {
            return Ok(None);
        };
        if kind != b'$' {
            return Err(ProtocolError::ExpectedBulk(kind));
        }
        let len = len
            .filter(|n| (0..=limits.max_bulk_bytes).contains(n))
            .ok_or(ProtocolError::InvalidBulk)?;
        if len > MAX_BULK_UNAUTHENTICATED && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulk);
        }
        let len = usize::try_from(len).map_err(|_| ProtocolError::InvalidBulk)?;
        self.pos = next;
        self.bulk_len = Some(len);
        Ok(Some(len))
    }

    fn inline_request(&mut self, input: &[u8]) -> Result<Progress, ProtocolError> {
        let Some(newline) = memchr::memchr(b'\n', input) else {
            if input.len() > MAX_LINE_BYTES {
                return Err(ProtocolError::InlineTooBig);
            }
            return Ok(Progress::Incomplete(1));
        };
        let line = &input[..newline];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut unquoted = self.inline.take().unwrap_or_default();
        unquoted.clear();
        split_quoted(line, &mut unquoted, &mut self.args).ok_or(ProtocolError::UnbalancedQuotes)?;
        self.inline = Some(unquoted);
        Ok(Progress::Complete(newline + 1))
    }
}

/// The number on the line that starts at `from` (`None` inside if it is no strict
/// integer), and where the next line starts; `None` if the line is incomplete.
fn header(
    input: &[u8],
    from: usize,
    too_big: ProtocolError,
) -> Result<Option<(Option<i64>, usize)>, ProtocolError> {
    // Nearly all numbers here have one or two digits.
    let line = input.get(from..).unwrap_or_default();
    match line {
        [a @ b'0'..=b'9', b'\r', _, ..] => {
            return Ok(Some((Some(i64::from(a - b'0')), from + 3)));
        }
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', _, ..] => {
            let value = i64::from(a - b'0') * 10 + i64::from(b - b'0');
            return Ok(Some((Some(value), from + 4)));
        }
        _ => {}
    }
    match memchr::memchr(b'\r', line) {
        Some(end) if line.len() > end + 1 => Ok(Some((parse_i64(&line[..end]), from + end + 2))),
        Some(_) => Ok(None),
        None if line.len() > MAX_LINE_BYTES => Err(too_big),
        None => Ok(None),
    }
}

/// Splits a line into arguments with the quoting rules of inline commands, appending
/// the unquoted bytes to `bytes` and their ranges there to `args`. `None` if a quote
/// is not closed, or something other than white space follows a closing quote.
#[must_use]
pub fn split_quoted(line: &[u8], bytes: &mut Vec<u8>, args: &mut Vec<Range<usize>>) -> Option<()> {
    let mut rest = line;
    loop {
        let skip = rest
            .iter()
            .position(|&b| !is_c_space(b))
            .unwrap_or(rest.len());
        rest = &rest[skip..];
        if matches!(rest.first(), None | Some(0)) {
            return Some(());
        }
        let start = bytes.len();
        rest = split_word(rest, bytes)?;
        args.push(start..bytes.len());
    }
}

/// Appends the first word of `rest`, unquoted; returns what follows it.
fn split_word<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t' | 0, ..] => return Some(rest),
            [b'"', tail @ ..] => return closed(double_quoted(tail, bytes)?),
            [b'\'', tail @ ..] => return closed(single_quoted(tail, bytes)?),
            [byte, tail @ ..] => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
}

/// After a closing quote only white space may follow.
fn closed(rest: &[u8]) -> Option<&[u8]> {
    match rest.first() {
        Some(&b) if !is_c_space(b) => None,
        _ => Some(rest),
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(hex_value(*high) * 16 + hex_value(*low));
                tail
            }
            [b'\\', escaped, tail @ ..] => {
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', tail @ ..] => return Some(tail),
            [b'\\', b'\'', tail @ ..] => {
                bytes.push(b'\'');
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
}

/// `isspace` of the C locale.
fn is_c_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        max_bulk_bytes: 512 * 1024 * 1024,
        authenticated: true,
    };

    /// Parses `input` as one client sends it, whole and byte by byte; prints each
    /// request as its arguments between bars, then the error or what is left over.
    fn check(input: &[u8], limits: Limits, expected: &str) {
        assert_eq!(run(input, input.len().max(1), limits), expected, "whole");
        assert_eq!(run(input, 1, limits), expected, "byte by byte");
    }

    fn run(input: &[u8], step: usize, limits: Limits) -> String {
        let mut parser = RequestParser::default();
        let (mut start, mut end) = (0, step.min(input.len()));
        let mut text = String::new();
        loop {
            match parser.parse(&input[start..end], limits) {
                Ok(Progress::Complete(n)) => {
                    let args = parser.args(&input[start..end]);
                    let args: Vec<_> = args.map(|a| a.escape_ascii().to_string()).collect();
                    text += &format!("[{}]", args.join("|"));
                    start += n;
                }
                Ok(Progress::Incomplete(_)) if end < input.len() => {
                    end = (end + step).min(input.len());
                }
                Ok(Progress::Incomplete(_)) => {
                    let left = end - start;
                    return if left == 0 {
                        text
                    } else {
                        format!("{text} +{left}")
                    };
                }
                Err(error) => return format!("{text} {error}"),
            }
        }
    }

    #[test]
    fn arrays_of_bulks() {
        check(b"*1\r\n$4\r\nPING\r\n", LIMITS, "[PING]");
        check(
            b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n",
            LIMITS,
            "[GET|k][PING]",
        );
        check(b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", LIMITS, "[ECHO|]");
        check(
            b"*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\0\xff\r\n",
            LIMITS,
            "[ECHO|\\r\\n\\x00\\xff]",
        );
        check(
            b"*0\r\n*-1\r\n*-5\r\n*1\r\n$4\r\nPING\r\n",
            LIMITS,
            "[][][][PING]",
        );
        check(b"*2\r\n$3\r\nGET\r\n$10\r\nabc", LIMITS, " +21");
        check(b"*1\r\n$12\r\nabcdefghijkl\r\n", LIMITS, "[abcdefghijkl]");
    }

    #[test]
    fn inline_commands() {
        check(b"PING\r\n", LIMITS, "[PING]");
        check(b"PING\n\r\n\nPING\n", LIMITS, "[PING][][][PING]");
        check(b"  set  k \t v  \r\n", LIMITS, "[set|k|v]");
        check(br#"set k "a\x41\n\"b c" 'd\'e\n'"#, LIMITS, " +29");
        check(
            b"set \"a\\x41\\n\\\"b c\" 'd\\'e\\n' \"\"\r\n",
            LIMITS,
            r#"[set|aA\n\"b c|d\'e\\n|]"#,
        );
        check(b"get a\"b\" c'd'\r\n", LIMITS, "[get|ab|cd]");
        check(
            b"get \"a\"b\r\n",
            LIMITS,
            " Protocol error: unbalanced quotes in request",
        );
        check(
            b"get \"a\r\n",
            LIMITS,
            " Protocol error: unbalanced quotes in request",
        );
        check(
            b"get 'a\r\n",
            LIMITS,
            " Protocol error: unbalanced quotes in request",
        );
        check(
            &[b'a'; 70_000],
            LIMITS,
            " Protocol error: too big inline request",
        );
    }

    #[test]
    fn protocol_errors() {
        check(
            b"*x\r\n",
            LIMITS,
            " Protocol error: invalid multibulk length",
        );
        check(
            b"*2147483648\r\n",
            LIMITS,
            " Protocol error: invalid multibulk length",
        );
        check(
            b"*\r\n",
            LIMITS,
            " Protocol error: invalid multibulk length",
        );
        check(
            b"*1\r\n:4\r\n",
            LIMITS,
            " Protocol error: expected '$', got ':'",
        );
        check(
            b"*1\r\n$x\r\n",
            LIMITS,
            " Protocol error: invalid bulk length",
        );
        check(
            b"*1\r\n$-1\r\n",
            LIMITS,
            " Protocol error: invalid bulk length",
        );
        check(
            b"*1\r\n$536870913\r\n",
            LIMITS,
            " Protocol error: invalid bulk length",
        );
        let mut long = vec![b'1'; 70_000];
        long[0] = b'*';
        check(&long, LIMITS, " Protocol error: too big mbulk count string");
        let mut long = b"*1\r\n$".to_vec();
        long.resize(70_000, b'1');
        check(&long, LIMITS, " Protocol error: too big bulk count string");
    }

    #[test]
    fn strangers_may_send_only_little() {
        let limits = Limits {
            authenticated: false,
            ..LIMITS
        };
        check(b"*10\r\n", limits, " +5");
        check(
            b"*11\r\n",
            limits,
            " Protocol error: unauthenticated multibulk length",
        );
        check(
            b"*1\r\n$16385\r\n",
            limits,
            " Protocol error: unauthenticated bulk length",
        );
    }
}
