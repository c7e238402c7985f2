//! `cjson.encode`. Nested tables are kept on a stack of its own, so that depth costs
//! memory and nothing else.

use lua_vm::{CallCx, LuaError, Pairs, Returned, Table, Value};
use smallvec::SmallVec;

use super::scan::{copy_unescaped, unescaped_len};
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
            depth: 0,
            n_slots: 1,
        };
        encoder.encode(cx.arg(1))
    })?;
    cx.ret_top(1)
}

/// A table that is being written.
enum Open<'c> {
    List(List<'c>),
    Object(Object<'c>),
}

/// A list: the next index, and the last one.
struct List<'c> {
    table: Table<'c>,
    next: i64,
    last: i64,
}

struct Object<'c> {
    pairs: Pairs<'c>,
    is_first: bool,
}

impl Open<'_> {
    /// Stack slots that it takes in the reference.
    fn slots(&self) -> usize {
        match self {
            Open::List(_) => 1,
            Open::Object(_) => 2,
        }
    }
}

struct Encoder<'o, 'c, 'a> {
    out: &'o mut Output<'c, 'a>,
    settings: Settings,
    /// How many tables are open.
    depth: usize,
    /// Stack slots that the reference would use.
    n_slots: usize,
}

impl<'c> Encoder<'_, 'c, '_> {
    /// Writes a value and all that is in it.
    fn encode(&mut self, value: Value<'c>) -> Result<(), LuaError> {
        let Some(mut open) = self.value(value)? else {
            return Ok(());
        };
        let mut outer: SmallVec<[Open<'c>; 8]> = SmallVec::new();
        loop {
            let inner = match &mut open {
                Open::List(list) => self.entries(list)?,
                Open::Object(object) => self.fields(object)?,
            };
            match inner {
                Some(inner) => outer.push(std::mem::replace(&mut open, inner)),
                None => {
                    self.depth -= 1;
                    self.n_slots -= open.slots();
                    match outer.pop() {
                        Some(next) => open = next,
                        None => return Ok(()),
                    }
                }
            }
        }
    }

    /// Writes a list up to the next table in it, or to its end.
    fn entries(&mut self, list: &mut List<'c>) -> Result<Option<Open<'c>>, LuaError> {
        while list.next <= list.last {
            if list.next > 1 {
                self.out.put([b','])?;
            }
            let value = list.table.get_index(list.next);
            list.next += 1;
            if let inner @ Some(_) = self.value(value)? {
                return Ok(inner);
            }
        }
        self.out.put([b']'])?;
        Ok(None)
    }

    /// Writes an object up to the next table in it, or to its end.
    fn fields(&mut self, object: &mut Object<'c>) -> Result<Option<Open<'c>>, LuaError> {
        for (key, value) in object.pairs.by_ref() {
            let is_first = std::mem::take(&mut object.is_first);
            match key {
                Value::String(key) if is_first => {
                    quoted(self.out, [b'"'], key.as_bytes(), [b'"', b':'])?;
                }
                Value::String(key) => {
                    quoted(self.out, [b',', b'"'], key.as_bytes(), [b'"', b':'])?;
                }
                _ => self.other_key(key, is_first)?,
            }
            if let inner @ Some(_) = self.value(value)? {
                return Ok(inner);
            }
        }
        self.out.put([b'}'])?;
        Ok(None)
    }

    fn other_key(&mut self, key: Value<'_>, is_first: bool) -> Result<(), LuaError> {
        if !is_first {
            self.out.put([b','])?;
        }
        let Value::Number(n) = key else {
            return Err(self.refuse(key, "table key must be a number or string"));
        };
        self.out.put([b'"'])?;
        self.number(n)?;
        self.out.put([b'"', b':'])
    }

    /// Writes a value; of a table, which is returned, only the opening bracket.
    #[inline(always)]
    fn value(&mut self, value: Value<'c>) -> Result<Option<Open<'c>>, LuaError> {
        match value {
            Value::String(string) => quoted(self.out, [b'"'], string.as_bytes(), [b'"'])?,
            Value::Number(n) => self.number(n)?,
            Value::Boolean(true) => self.out.put(*b"true")?,
            Value::Boolean(false) => self.out.put(*b"false")?,
            Value::Nil | Value::LightUserdata(0) => self.out.put(*b"null")?,
            Value::Table(table) => return self.begin(table).map(Some),
            Value::Function(_)
            | Value::Userdata(_)
            | Value::LightUserdata(_)
            | Value::Thread(_) => return Err(self.refuse(value, "type not supported")),
        }
        Ok(None)
    }

    #[cold]
    fn refuse(&self, value: Value<'_>, reason: &str) -> LuaError {
        let text = format!("Cannot serialise {}: {reason}", value.type_name());
        self.out.cx().error(text)
    }

    fn begin(&mut self, table: Table<'c>) -> Result<Open<'c>, LuaError> {
        self.depth += 1;
        if self.depth > self.settings.encode_max_depth as usize || self.n_slots + 3 > MAX_SLOTS {
            let text = format!("Cannot serialise, excessive nesting ({})", self.depth);
            return Err(self.out.cx().error(text));
        }
        self.out.count(PER_UNIT + table.slot_count())?;
        let open = match self.list_len(table)? {
            Some(last) => {
                // Each entry takes two bytes: a list of nothing but holes may be long.
                let cx = self.out.cx();
                cx.check_room(self.out.len().saturating_add(2 * last as usize))?;
                self.out.put([b'['])?;
                Open::List(List {
                    table,
                    next: 1,
                    last,
                })
            }
            None => {
                self.out.put([b'{'])?;
                Open::Object(Object {
                    pairs: table.pairs(),
                    is_first: true,
                })
            }
        };
        self.n_slots += open.slots();
        Ok(open)
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
        if (1.0..10.0).contains(&n) && integer as f64 == n {
            return self.out.put([b'0' + integer as u8]);
        }
        // Not zero, so that a negative one is not among them.
        if integer as f64 == n
            && (1..10_u64.pow(14)).contains(&integer.unsigned_abs())
            && self.is_exact()
        {
            let mut text = itoa::Buffer::new();
            let text = text.format(integer);
            return self.out.push(text.as_bytes());
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
            return self.out.push(text);
        }
        let text = lua_vm::format_number_to(n, self.settings.precision as usize);
        self.out.push(text.as_bytes())
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

/// Writes a string and what stands around it, quotes among it.
#[inline(always)]
fn quoted<const BEFORE: usize, const BEHIND: usize>(
    out: &mut Output<'_, '_>,
    before: [u8; BEFORE],
    string: &[u8],
    behind: [u8; BEHIND],
) -> Result<(), LuaError> {
    if string.len() <= CHUNK {
        let len = BEFORE + string.len() + BEHIND;
        let room = out.claim(len)?;
        let (start, room) = room.split_at_mut(BEFORE);
        let (room, end) = room.split_at_mut(string.len());
        start.copy_from_slice(&before);
        if copy_unescaped(string, room) {
            end.copy_from_slice(&behind);
            out.advance(len);
            return Ok(());
        }
    }
    out.put(before)?;
    escaped_to(out, string)?;
    out.put(behind)
}

/// Writes a string that is long or has something to escape.
#[inline(never)]
fn escaped_to(out: &mut Output<'_, '_>, string: &[u8]) -> Result<(), LuaError> {
    for chunk in string.chunks(CHUNK) {
        let room = out.claim(LONGEST_ESCAPE * chunk.len())?;
        let len = escape_to(chunk, room);
        out.advance(len);
    }
    Ok(())
}

/// Bytes that one byte becomes at most.
const LONGEST_ESCAPE: usize = 6;

/// Writes a string to where there is room for the longest escapes; returns how long it has
/// become.
fn escape_to(mut rest: &[u8], room: &mut [u8]) -> usize {
    let mut len = 0;
    let mut write = |bytes: &[u8]| {
        room[len..len + bytes.len()].copy_from_slice(bytes);
        len += bytes.len();
    };
    loop {
        let stop = unescaped_len(rest);
        write(&rest[..stop]);
        let Some(&byte) = rest.get(stop) else {
            return len;
        };
        match ESCAPES[byte as usize] {
            b'u' => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digit = |n: u8| DIGITS[usize::from(n & 15)];
                write(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
            letter => write(&[b'\\', letter]),
        }
        rest = &rest[stop + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: &str) {
        let mut room = vec![0; LONGEST_ESCAPE * text.len()];
        let len = escape_to(text, &mut room);
        assert_eq!(String::from_utf8_lossy(&room[..len]), expected);
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
