//! `cjson.decode`: one pass over the text, without recursion. Strings without escapes
//! are made straight from it.

use lua_vm::{CallCx, LuaError, Returned, Table, Value};
use smallvec::SmallVec;

use super::number::{is_beyond_json, number_prefix, plain_number};
use super::scan::plain_len;
use super::{MAX_SLOTS, NULL, Settings, settings};
use crate::ext::output::PER_UNIT;

/// Decoded values that wait for their list to be complete; more go into their table at
/// once, where memory is accounted for.
const MAX_WAITING: usize = 1 << 14;

/// The same for the fields of objects, in all...
const MAX_FIELDS: usize = 1 << 12;
/// ...and of one object: no more of them are placed at once.
const MAX_OBJECT: usize = 32;

/// Bytes between two payments.
const STRIDE: usize = 4096;

/// Implements `cjson.decode(text)`.
pub(super) fn decode(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    if cx.arg_count() != 1 {
        return Err(cx.arg_error(1, "expected 1 argument"));
    }
    let settings = settings(cx)?.get();
    let text = cx.check_bytes(1)?;
    if let [a, b, ..] = text
        && (*a == 0 || *b == 0)
    {
        return Err(cx.error("JSON parser does not support UTF-16 or UTF-32"));
    }
    let mut parser = Parser {
        cx,
        settings,
        text,
        at: 0,
        paid: 0,
        n_slots: 1,
        waiting: SmallVec::new(),
        fields: SmallVec::new(),
        outer: SmallVec::new(),
        unescaped: Vec::new(),
    };
    let value = parser.parse()?;
    parser.pay()?;
    cx.ret(value)
}

/// What the value that is being read is for.
enum Open<'c> {
    /// The result.
    Top,
    List {
        /// There only if it has outgrown what may wait.
        table: Option<Table<'c>>,
        /// Where its waiting values start.
        start: usize,
        /// How many values are in the table.
        stored: i64,
    },
    Object {
        /// As for lists.
        table: Option<Table<'c>>,
        /// Where its waiting fields start.
        start: usize,
        /// That of the value which is being read.
        key: Value<'c>,
    },
}

impl Open<'_> {
    /// Stack slots that it takes in the reference.
    fn slots(&self) -> usize {
        match self {
            Open::Top => 0,
            Open::List { .. } => 1,
            Open::Object { .. } => 2,
        }
    }
}

struct Parser<'c, 'a> {
    cx: &'c CallCx<'a>,
    settings: Settings,
    /// The whole text; a zero byte ends it, as the end does.
    text: &'c [u8],
    at: usize,
    /// Position when work was last paid for.
    paid: usize,
    /// Stack slots that the reference would use.
    n_slots: usize,
    /// Values of open lists.
    waiting: SmallVec<[Value<'c>; 16]>,
    /// Keys and values of open objects.
    fields: SmallVec<[(Value<'c>, Value<'c>); 16]>,
    /// What is open around the innermost table.
    outer: SmallVec<[Open<'c>; 8]>,
    /// The string that is being read, if it has escapes.
    unescaped: Vec<u8>,
}

impl<'c> Parser<'c, '_> {
    fn pay(&mut self) -> Result<(), LuaError> {
        let work = self.at - std::mem::replace(&mut self.paid, self.at);
        self.cx.charge(1 + (work / PER_UNIT) as u64)
    }

    /// The byte at the position, 0 at the end.
    #[inline(always)]
    fn byte(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and returns the byte behind it.
    #[inline(always)]
    fn token(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// The one value of the text.
    fn parse(&mut self) -> Result<Value<'c>, LuaError> {
        let mut open = Open::Top;
        loop {
            let mut value = match self.token() {
                b'"' => self.string("value")?,
                b'0'..=b'9' | b'-' => self.number()?,
                b'[' => match self.begin_list(&mut open)? {
                    Some(value) => value,
                    None => continue,
                },
                b'{' => match self.begin_object(&mut open)? {
                    Some(value) => value,
                    None => continue,
                },
                _ => self.scalar("value")?.0,
            };
            if self.at - self.paid > STRIDE {
                self.pay()?;
            }
            // A value may complete tables, each of which is a value in turn.
            loop {
                let next = self.token();
                match &mut open {
                    Open::Top if next == 0 => return Ok(value),
                    Open::Top => return Err(self.unexpected("the end")),
                    Open::List {
                        table,
                        start,
                        stored,
                    } => {
                        self.waiting.push(value);
                        match next {
                            b',' => {
                                self.at += 1;
                                if self.waiting.len() > MAX_WAITING {
                                    self.store(table, *start, stored)?;
                                }
                                break;
                            }
                            b']' => {
                                value = match table {
                                    None => self.list(*start)?,
                                    Some(_) => Value::Table(self.store(table, *start, stored)?),
                                };
                                self.close(&mut open);
                            }
                            _ => return Err(self.unexpected("comma or array end")),
                        }
                    }
                    Open::Object { table, start, key } => {
                        match table {
                            None => self.fields.push((*key, value)),
                            Some(table) => table.set(*key, value)?,
                        }
                        match next {
                            b',' => {
                                self.at += 1;
                                self.token();
                                *key = self.key()?;
                                let n_fields = self.fields.len();
                                if n_fields - *start >= MAX_OBJECT || n_fields > MAX_FIELDS {
                                    self.object(table, *start)?;
                                }
                                break;
                            }
                            b'}' => {
                                value = Value::Table(self.object(table, *start)?);
                                self.close(&mut open);
                            }
                            _ => return Err(self.unexpected("comma or object end")),
                        }
                    }
                }
            }
        }
    }

    /// Goes one level down, behind the opening bracket. `n_slots` is what the reference
    /// wants to be free on its stack.
    #[inline]
    fn descend(&mut self, open: &Open<'_>, n_slots: usize) -> Result<(), LuaError> {
        self.at += 1;
        let depth = self.outer.len() + usize::from(!matches!(open, Open::Top)) + 1;
        if depth > self.settings.decode_max_depth as usize || self.n_slots + n_slots > MAX_SLOTS {
            return Err(self.too_deep(depth));
        }
        Ok(())
    }

    #[cold]
    fn too_deep(&self, depth: usize) -> LuaError {
        let character = self.at;
        let text =
            format!("Found too many nested data structures ({depth}) at character {character}");
        self.cx.error(text)
    }

    /// Opens a list; an empty one is complete at once.
    #[inline]
    fn begin_list(&mut self, open: &mut Open<'c>) -> Result<Option<Value<'c>>, LuaError> {
        self.descend(open, 2)?;
        if self.token() == b']' {
            self.at += 1;
            return Ok(Some(Value::Table(self.cx.new_table(0, 0)?)));
        }
        let inner = Open::List {
            table: None,
            start: self.waiting.len(),
            stored: 0,
        };
        self.open(open, inner);
        Ok(None)
    }

    /// Opens an object and reads its first key; an empty one is complete at once.
    #[inline]
    fn begin_object(&mut self, open: &mut Open<'c>) -> Result<Option<Value<'c>>, LuaError> {
        self.descend(open, 3)?;
        if self.token() == b'}' {
            self.at += 1;
            return Ok(Some(Value::Table(self.cx.new_table(0, 0)?)));
        }
        let inner = Open::Object {
            table: None,
            start: self.fields.len(),
            key: self.key()?,
        };
        self.open(open, inner);
        Ok(None)
    }

    #[inline]
    fn open(&mut self, open: &mut Open<'c>, inner: Open<'c>) {
        self.n_slots += inner.slots();
        match std::mem::replace(open, inner) {
            Open::Top => {}
            outer => self.outer.push(outer),
        }
    }

    /// Leaves the innermost table, behind its closing bracket.
    #[inline]
    fn close(&mut self, open: &mut Open<'c>) {
        self.at += 1;
        self.n_slots -= open.slots();
        *open = self.outer.pop().unwrap_or(Open::Top);
    }

    /// A list of the values that wait from `start` on.
    fn list(&mut self, start: usize) -> Result<Value<'c>, LuaError> {
        let table = self.cx.new_list(&self.waiting[start..])?;
        self.waiting.truncate(start);
        Ok(Value::Table(table))
    }

    /// Moves the waiting values of a list into its table.
    fn store(
        &mut self,
        table: &mut Option<Table<'c>>,
        start: usize,
        stored: &mut i64,
    ) -> Result<Table<'c>, LuaError> {
        let table = match table {
            Some(table) => *table,
            None => *table.insert(self.cx.new_table(0, 0)?),
        };
        for value in self.waiting.drain(start..) {
            *stored += 1;
            table.set_index(*stored, value)?;
        }
        Ok(table)
    }

    /// The table of an object, in which there is nothing else once there are fields.
    #[inline]
    fn object(
        &mut self,
        table: &mut Option<Table<'c>>,
        start: usize,
    ) -> Result<Table<'c>, LuaError> {
        if let Some(table) = table {
            return Ok(*table);
        }
        let made = self.cx.new_table_of(&self.fields[start..])?;
        self.fields.truncate(start);
        Ok(*table.insert(made))
    }

    /// Reads a key and the colon behind it.
    #[inline]
    fn key(&mut self) -> Result<Value<'c>, LuaError> {
        const EXPECTED: &str = "object key string";
        if self.byte() != b'"' {
            return Err(self.unexpected(EXPECTED));
        }
        let key = self.string(EXPECTED)?;
        if self.token() != b':' {
            return Err(self.unexpected("colon"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a number.
    #[inline]
    fn number(&mut self) -> Result<Value<'c>, LuaError> {
        match plain_number(&self.text[self.at..]) {
            Some((n, len)) => {
                self.at += len;
                Ok(Value::Number(n))
            }
            None => Ok(self.scalar("value")?.0),
        }
    }

    /// Reads what is neither string nor table; also returns what errors call it.
    fn scalar(&mut self, expected: &str) -> Result<(Value<'c>, &'static str), LuaError> {
        let rest = &self.text[self.at..];
        let accepts_invalid = self.settings.decode_invalid;
        let (value, name, len) = match rest {
            [b'0'..=b'9' | b'-', ..] => {
                let number =
                    number_prefix(rest).filter(|_| accepts_invalid || !is_beyond_json(rest));
                match number {
                    Some((n, len)) => (Value::Number(n), "T_NUMBER", len),
                    None => return Err(self.fail(expected, "invalid number", self.at)),
                }
            }
            [b't', b'r', b'u', b'e', ..] => (Value::Boolean(true), "T_BOOLEAN", 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Value::Boolean(false), "T_BOOLEAN", 5),
            [b'n', b'u', b'l', b'l', ..] => (NULL, "T_NULL", 4),
            [b'+' | b'i' | b'I' | b'n' | b'N', ..] if accepts_invalid && is_beyond_json(rest) => {
                match number_prefix(rest) {
                    Some((n, len)) => (Value::Number(n), "T_NUMBER", len),
                    None => return Err(self.fail(expected, "invalid number", self.at)),
                }
            }
            _ => {
                let found = match self.byte() {
                    0 => "T_END",
                    b'{' => "T_OBJ_BEGIN",
                    b'}' => "T_OBJ_END",
                    b'[' => "T_ARR_BEGIN",
                    b']' => "T_ARR_END",
                    b':' => "T_COLON",
                    b',' => "T_COMMA",
                    _ => "invalid token",
                };
                return Err(self.fail(expected, found, self.at));
            }
        };
        self.at += len;
        Ok((value, name))
    }

    /// The error for whatever starts at the position. The whole of it is read, as it may
    /// have an error of its own.
    #[cold]
    fn unexpected(&mut self, expected: &str) -> LuaError {
        let at = self.at;
        let found = if self.byte() == b'"' {
            self.string(expected).map(|_| "T_STRING")
        } else {
            self.scalar(expected).map(|(_, name)| name)
        };
        match found {
            Ok(found) => self.fail(expected, found, at),
            Err(error) => error,
        }
    }

    #[cold]
    fn fail(&self, expected: &str, found: &str, at: usize) -> LuaError {
        let character = at + 1;
        let text = format!("Expected {expected} but found {found} at character {character}");
        self.cx.error(text)
    }

    /// Reads a string, from quote to quote.
    #[inline(always)]
    fn string(&mut self, expected: &str) -> Result<Value<'c>, LuaError> {
        self.at += 1;
        let rest = &self.text[self.at..];
        let len = plain_len(rest);
        if rest.get(len) == Some(&b'"') {
            self.at += len + 1;
            return Ok(Value::String(self.cx.new_string(&rest[..len])?));
        }
        self.unescape(expected)
    }

    /// Reads a string with escapes, from behind the opening quote.
    #[cold]
    fn unescape(&mut self, expected: &str) -> Result<Value<'c>, LuaError> {
        self.unescaped.clear();
        // Length up to which the VM has agreed.
        let mut agreed = STRIDE;
        loop {
            let rest = &self.text[self.at..];
            let len = plain_len(rest);
            let wanted = self.unescaped.len() + len;
            if wanted > agreed {
                agreed = 2 * wanted;
                self.cx.check_room(agreed)?;
            }
            self.unescaped.extend_from_slice(&rest[..len]);
            self.at += len;
            let byte = match &rest[len..] {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(Value::String(self.cx.new_string(&self.unescaped)?));
                }
                [b'\\', escape, rest @ ..] => match escape {
                    b'"' | b'\\' | b'/' => *escape,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        let Some((character, len)) = unicode_escape(rest) else {
                            let found = "invalid unicode escape code";
                            return Err(self.fail(expected, found, self.at));
                        };
                        self.at += 2 + len;
                        let mut utf8 = [0; 4];
                        let utf8 = character.encode_utf8(&mut utf8);
                        self.unescaped.extend_from_slice(utf8.as_bytes());
                        continue;
                    }
                    _ => return Err(self.fail(expected, "invalid escape code", self.at)),
                },
                [b'\\'] => return Err(self.fail(expected, "invalid escape code", self.at)),
                _ => return Err(self.fail(expected, "unexpected end of string", self.at)),
            };
            self.at += 2;
            self.unescaped.push(byte);
        }
    }
}

/// The character of a `\u` escape, or of two that make a surrogate pair, from behind
/// the first `u`, and the length of this.
fn unicode_escape(text: &[u8]) -> Option<(char, usize)> {
    let unit = |digits: &[u8]| {
        let digits = digits.first_chunk::<4>()?;
        digits.iter().try_fold(0, |unit: u32, &digit| {
            Some(unit << 4 | char::from(digit).to_digit(16)?)
        })
    };
    let first = unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 4));
    }
    let second = match &text[4..] {
        [b'\\', b'u', rest @ ..] => unit(rest)?,
        _ => return None,
    };
    let units = [first as u16, second as u16];
    match char::decode_utf16(units).next() {
        Some(Ok(character)) => Some((character, 10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_escapes() {
        let check = |text: &str, expected: Option<(char, usize)>| {
            assert_eq!(unicode_escape(text.as_bytes()), expected, "{text}");
        };
        check("0041", Some(('A', 4)));
        check("00e9rest", Some(('\u{e9}', 4)));
        check("FFFF", Some(('\u{ffff}', 4)));
        check("d83d\\uDE00", Some(('\u{1f600}', 10)));
        check("dbff\\udfff", Some(('\u{10ffff}', 10)));
        for text in [
            "",
            "004",
            "00g1",
            "d83d",
            "d83d\\n",
            "d83d\\u0041",
            "d83d\\ud83d",
            "de00",
            "de00\\ud83d",
            "d83d\\ude0",
        ] {
            check(text, None);
        }
    }
}
