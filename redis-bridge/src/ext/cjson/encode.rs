//! `cjson.encode`. Nested tables are kept on a stack of its own, so that depth costs
//! memory and nothing else.

use lua_vm::{CallCx, LuaError, Pairs, Returned, Table, Value};

use super::scan::unescaped_len;
use super::{InvalidNumbers, MAX_SLOTS, Settings, settings};
use crate::ext::output::{Output, PER_UNIT};

/// Bytes of a string that are written between two looks at the limits.
const CHUNK: usize = 512;

/// Implements `cjson.encode(value)`.
pub(super) fn encode(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    if cx.arg_count() != 1 {
        return Err(cx.arg_error(1, "expected 1 argument"));
    }
    let settings = settings(cx)?.get();
    Output::to_string(cx, |out| {
        let mut encoder = Encoder {
            out,
            settings,
            open: Vec::new(),
            n_slots: 1,
        };
        encoder.encode(cx.arg(1))
    })?;
    cx.ret_top(1)
}

/// A table that is being written.
enum Open<'c> {
    /// A list: the next index, and the last one.
    List {
        table: Table<'c>,
        next: i64,
        last: i64,
    },
    Object {
        pairs: Pairs<'c>,
        is_first: bool,
    },
}

impl Open<'_> {
    /// Stack slots that it takes in the reference.
    fn slots(&self) -> usize {
        match self {
            Open::List { .. } => 1,
            Open::Object { .. } => 2,
        }
    }
}

struct Encoder<'o, 'c, 'a> {
    out: &'o mut Output<'c, 'a>,
    settings: Settings,
    open: Vec<Open<'c>>,
    /// Stack slots that the reference would use.
    n_slots: usize,
}

impl<'c> Encoder<'_, 'c, '_> {
    /// Writes a value and all that is in it.
    fn encode(&mut self, value: Value<'c>) -> Result<(), LuaError> {
        self.value(value)?;
        while let Some(open) = self.open.last_mut() {
            let value = match open {
                Open::List { table, next, last } if *next <= *last => {
                    if *next > 1 {
                        self.out.bytes().push(b',');
                    }
                    let value = table.get_index(*next);
                    *next += 1;
                    value
                }
                Open::Object { pairs, is_first } => match pairs.next() {
                    Some((key, value)) => {
                        if !std::mem::take(is_first) {
                            self.out.bytes().push(b',');
                        }
                        self.key(key)?;
                        value
                    }
                    None => {
                        self.end(b'}');
                        continue;
                    }
                },
                Open::List { .. } => {
                    self.end(b']');
                    continue;
                }
            };
            self.value(value)?;
        }
        Ok(())
    }

    fn end(&mut self, bracket: u8) {
        self.out.bytes().push(bracket);
        if let Some(open) = self.open.pop() {
            self.n_slots -= open.slots();
        }
    }

    /// Writes a value; of a table only the opening bracket.
    #[inline]
    fn value(&mut self, value: Value<'c>) -> Result<(), LuaError> {
        match value {
            Value::String(string) => return string_to(self.out, string.as_bytes()),
            Value::Number(n) => self.number(n)?,
            Value::Boolean(true) => self.out.bytes().extend_from_slice(b"true"),
            Value::Boolean(false) => self.out.bytes().extend_from_slice(b"false"),
            Value::Nil | Value::LightUserdata(0) => self.out.bytes().extend_from_slice(b"null"),
            Value::Table(table) => return self.begin(table),
            Value::Function(_)
            | Value::Userdata(_)
            | Value::LightUserdata(_)
            | Value::Thread(_) => return Err(self.refuse(value, "type not supported")),
        }
        self.out.look()
    }

    fn key(&mut self, key: Value<'c>) -> Result<(), LuaError> {
        match key {
            Value::String(string) => string_to(self.out, string.as_bytes())?,
            Value::Number(n) => {
                self.out.bytes().push(b'"');
                self.number(n)?;
                self.out.bytes().push(b'"');
            }
            _ => return Err(self.refuse(key, "table key must be a number or string")),
        }
        self.out.bytes().push(b':');
        Ok(())
    }

    #[cold]
    fn refuse(&self, value: Value<'_>, reason: &str) -> LuaError {
        let text = format!("Cannot serialise {}: {reason}", value.type_name());
        self.out.cx().error(text)
    }

    fn begin(&mut self, table: Table<'c>) -> Result<(), LuaError> {
        let depth = self.open.len() + 1;
        if depth > self.settings.encode_max_depth as usize || self.n_slots + 3 > MAX_SLOTS {
            let text = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(self.out.cx().error(text));
        }
        self.out.count(PER_UNIT + table.slot_count())?;
        let open = match self.list_len(table)? {
            Some(last) => {
                // Each entry takes two bytes: a list of nothing but holes may be long.
                let cx = self.out.cx();
                cx.check_room(self.out.bytes().len().saturating_add(2 * last as usize))?;
                self.out.bytes().push(b'[');
                Open::List {
                    table,
                    next: 1,
                    last,
                }
            }
            None => {
                self.out.bytes().push(b'{');
                Open::Object {
                    pairs: table.pairs(),
                    is_first: true,
                }
            }
        };
        self.n_slots += open.slots();
        self.open.push(open);
        self.out.look()
    }

    /// The largest index of a table that is to be written as a list; `None` for others.
    fn list_len(&self, table: Table<'_>) -> Result<Option<i64>, LuaError> {
        if let Some(len) = table.list_len() {
            return Ok((len > 0).then_some(len as i64));
        }
        let mut count = 0i64;
        let mut last = 0i64;
        for (key, _) in table.pairs() {
            match key {
                // Larger ones are no indexes for the reference either.
                Value::Number(n) if n >= 1.0 && n == n.floor() && n <= f64::from(i32::MAX) => {
                    last = last.max(n as i64);
                    count += 1;
                }
                _ => return Ok(None),
            }
        }
        if count == 0 {
            return Ok(None);
        }
        let Settings {
            convert_sparse,
            sparse_ratio,
            sparse_safe,
            ..
        } = self.settings;
        let is_sparse = sparse_ratio > 0
            && last > count.saturating_mul(i64::from(sparse_ratio))
            && last > i64::from(sparse_safe);
        if !is_sparse {
            return Ok(Some(last));
        }
        if convert_sparse {
            return Ok(None);
        }
        Err(self.refuse(Value::Table(table), "excessively sparse array"))
    }

    #[inline]
    fn number(&mut self, n: f64) -> Result<(), LuaError> {
        let integer = n as i64;
        // Above zero, so that a negative zero is not among them.
        if integer as f64 == n
            && (1..10_u64.pow(14)).contains(&integer.unsigned_abs())
            && self.is_exact()
        {
            let mut text = itoa::Buffer::new();
            let text = text.format(integer);
            self.out.bytes().extend_from_slice(text.as_bytes());
            return Ok(());
        }
        self.any_number(n)
    }

    /// Whole numbers up to 14 digits are written as they are.
    fn is_exact(&self) -> bool {
        self.settings.precision >= 14
    }

    fn any_number(&mut self, n: f64) -> Result<(), LuaError> {
        if !n.is_finite() {
            let text: &[u8] = match self.settings.encode_invalid {
                InvalidNumbers::Refused => {
                    return Err(self.refuse(Value::Number(n), "must not be NaN or Inf"));
                }
                InvalidNumbers::Null => b"null",
                InvalidNumbers::AsTheyAre if n.is_nan() => b"nan",
                InvalidNumbers::AsTheyAre if n < 0.0 => b"-inf",
                InvalidNumbers::AsTheyAre => b"inf",
            };
            self.out.bytes().extend_from_slice(text);
            return Ok(());
        }
        let text = lua_vm::format_number_to(n, self.settings.precision as usize);
        self.out.bytes().extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// What a byte becomes inside a string, if not itself: 0 for those that stay, `u` for a
/// number, otherwise the letter behind the backslash.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = b'u';
        byte += 1;
    }
    escapes[0x08] = b'b';
    escapes[0x09] = b't';
    escapes[0x0a] = b'n';
    escapes[0x0c] = b'f';
    escapes[0x0d] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'/' as usize] = b'/';
    escapes[b'\\' as usize] = b'\\';
    escapes[0x7f] = b'u';
    escapes
};

/// Writes a string between quotes.
fn string_to(out: &mut Output<'_, '_>, string: &[u8]) -> Result<(), LuaError> {
    out.reserve(string.len() + 2)?;
    out.bytes().push(b'"');
    for chunk in string.chunks(CHUNK) {
        escape_to(out.bytes(), chunk);
        out.look()?;
    }
    out.bytes().push(b'"');
    out.look()
}

fn escape_to(out: &mut Vec<u8>, mut rest: &[u8]) {
    loop {
        let stop = unescaped_len(rest);
        out.extend_from_slice(&rest[..stop]);
        let Some(&byte) = rest.get(stop) else { return };
        match ESCAPES[byte as usize] {
            b'u' => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digit = |n: u8| DIGITS[usize::from(n & 15)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
            letter => out.extend_from_slice(&[b'\\', letter]),
        }
        rest = &rest[stop + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: &str) {
        let mut out = Vec::new();
        escape_to(&mut out, text);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn escapes() {
        check(b"", "");
        check(b"plain", "plain");
        check(b"\"\\/\x08\t\n\x0c\r", "\\\"\\\\\\/\\b\\t\\n\\f\\r");
        check(b"\0\x1f\x7f\x0b", "\\u0000\\u001f\\u007f\\u000b");
        check(
            b"sixteen bytes ok\xc3\xa9 and then a \"quote\" near the very end",
            "sixteen bytes ok\u{e9} and then a \\\"quote\\\" near the very end",
        );
        for at in 0..40 {
            let mut text = vec![b'x'; 40];
            text[at] = b'\n';
            let expected = format!("{}\\n{}", "x".repeat(at), "x".repeat(39 - at));
            check(&text, &expected);
        }
    }
}
