//! `cmsgpack.unpack` and its kin. Nothing is taken on trust: a length is believed only
//! as far as there are bytes behind it, and nesting costs no stack of ours.

use lua_vm::{CallCx, LuaError, Returned, Table, Value};
use smallvec::SmallVec;

use crate::ext::output::PER_UNIT;

/// Stack slots that one native may use. Each open table takes two, as it does in the
/// reference, so that both refuse the same messages.
const MAX_SLOTS: usize = 8000;

/// Decoded values that wait for their list to be complete; more go into their table at
/// once, where memory is accounted for.
const MAX_WAITING: usize = 1 << 14;

/// The same for the fields of maps, in all...
const MAX_FIELDS: usize = 1 << 12;
/// ...and of one map: no more of them are placed at once.
const MAX_MAP: usize = 32;

/// Bytes between two payments.
const STRIDE: usize = 4096;

/// Which values of a message are wanted.
#[derive(Clone, Copy)]
enum Wanted {
    All,
    /// At most so many from an offset on, and the offset behind them.
    Some {
        limit: i64,
        offset: i64,
    },
}

/// Implements `cmsgpack.unpack(message)`: all its values.
pub(super) fn unpack(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let n_args = cx.arg_count();
    unpack_wanted(cx, Wanted::All, n_args)
}

/// Implements `cmsgpack.unpack_one(message [, offset])`: the offset after the value, -1
/// at the end, and the value.
pub(super) fn unpack_one(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let offset = cx.opt_integer(2, 0)?;
    unpack_wanted(cx, Wanted::Some { limit: 1, offset }, 1)
}

/// Implements `cmsgpack.unpack_limit(message, limit [, offset])`: the offset after at
/// most `limit` values, -1 at the end, and the values. A limit of 0 at the start means
/// what [`unpack`] does.
pub(super) fn unpack_limit(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let limit = cx.check_integer(2)?;
    let offset = cx.opt_integer(3, 0)?;
    let wanted = match (limit, offset) {
        (0, 0) => Wanted::All,
        _ => Wanted::Some { limit, offset },
    };
    unpack_wanted(cx, wanted, 1)
}

/// `n_slots` is how many stack slots count as in use at the start.
fn unpack_wanted(
    cx: &mut CallCx<'_>,
    wanted: Wanted,
    n_slots: usize,
) -> Result<Returned, LuaError> {
    let cx = &*cx;
    let message = cx.check_bytes(1)?;
    let len = message.len();
    let (limit, offset) = match wanted {
        Wanted::All => (i64::from(i32::MAX), 0),
        Wanted::Some { limit, offset } => (limit, offset),
    };
    if offset < 0 || limit < 0 {
        // The second number is the length: that is what the reference says.
        let text = format!(
            "Invalid request to unpack with offset of {} and limit of {}.",
            offset as i32, len as i32
        );
        return Err(cx.error(text));
    }
    let Some(rest) = message.get(offset as usize..) else {
        let text = format!(
            "Start offset {} greater than input length {len}.",
            offset as i32
        );
        return Err(cx.error(text));
    };
    let mut decoder = Decoder {
        cx,
        rest,
        n_slots,
        paid: rest.len(),
        waiting: SmallVec::new(),
        fields: SmallVec::new(),
        open: SmallVec::new(),
    };
    let mut count = 0;
    while count < limit && !decoder.rest.is_empty() {
        decoder.value()?;
        count += 1;
    }
    decoder.pay()?;
    let Decoder {
        rest,
        waiting,
        n_slots,
        ..
    } = decoder;
    let mut n_results = waiting.len();
    // The arguments give their slots to the results.
    cx.set_top(0)?;
    cx.ensure_stack(n_results + 1)?;
    if let Wanted::Some { .. } = wanted {
        if n_slots + 1 > MAX_SLOTS {
            return Err(cx.error("stack overflow (in function mp_unpack_full)"));
        }
        n_results += 1;
        cx.push_number(if rest.is_empty() {
            -1.0
        } else {
            (len - rest.len()) as f64
        });
    }
    for value in waiting {
        cx.push(value);
    }
    cx.ret_top(n_results)
}

/// What is wrong with a message.
#[derive(Clone, Copy)]
enum Fault {
    Missing,
    Format,
    TooManyValues,
    TooDeep,
}

#[cold]
fn decoder_error(cx: &CallCx<'_>, fault: Fault) -> LuaError {
    cx.error(match fault {
        Fault::Missing => "Missing bytes in input.",
        Fault::Format => "Bad data format in input.",
        Fault::TooManyValues => {
            "stack overflow (too many return values at once; \
             use unpack_one or unpack_limit instead.)"
        }
        Fault::TooDeep => "stack overflow (in function mp_decode_to_lua_array)",
    })
}

/// A table that is not complete.
struct Open<'c> {
    kind: Kind<'c>,
    /// Values of it that are still to come.
    missing: usize,
}

enum Kind<'c> {
    List {
        /// There only if it has outgrown what may wait.
        table: Option<Table<'c>>,
        /// Where its waiting values start.
        start: usize,
        /// How many values are in the table.
        stored: i64,
    },
    Map {
        /// There only if it has a key that is no string, or more fields than may wait.
        table: Option<Table<'c>>,
        /// Where its waiting fields start.
        start: usize,
        /// That of the value which is being decoded.
        key: Option<Value<'c>>,
    },
}

struct Decoder<'c, 'a> {
    cx: &'c CallCx<'a>,
    rest: &'c [u8],
    /// Stack slots that the reference would use.
    n_slots: usize,
    /// Length of the rest when work was last paid for.
    paid: usize,
    /// Values without a place: results, list entries.
    waiting: SmallVec<[Value<'c>; 16]>,
    /// Keys and values of open maps.
    fields: SmallVec<[(Value<'c>, Value<'c>); 16]>,
    open: SmallVec<[Open<'c>; 8]>,
}

/// What the next bytes are.
enum Piece<'c> {
    Value(Value<'c>),
    List(usize),
    Map(usize),
}

impl<'c> Decoder<'c, '_> {
    fn pay(&mut self) -> Result<(), LuaError> {
        let work = self.paid - self.rest.len();
        self.paid = self.rest.len();
        self.cx.charge(1 + (work / PER_UNIT) as u64)
    }

    fn fault<T>(&self, fault: Fault) -> Result<T, LuaError> {
        Err(decoder_error(self.cx, fault))
    }

    /// Decodes one value, which waits at the end.
    fn value(&mut self) -> Result<(), LuaError> {
        loop {
            if self.rest.is_empty() {
                return self.fault(Fault::Missing);
            }
            if self.n_slots + 1 > MAX_SLOTS {
                return self.fault(Fault::TooManyValues);
            }
            let mut value = match self.piece()? {
                Piece::Value(value) => value,
                Piece::List(len) => {
                    // The table's own slot; one more for the index of an entry.
                    if self.n_slots + 2 > MAX_SLOTS {
                        return self.fault(Fault::TooDeep);
                    }
                    let kind = Kind::List {
                        table: None,
                        start: self.waiting.len(),
                        stored: 0,
                    };
                    match self.begin(kind, len)? {
                        Some(table) => table,
                        None => continue,
                    }
                }
                Piece::Map(len) => {
                    let kind = Kind::Map {
                        table: None,
                        start: self.fields.len(),
                        key: None,
                    };
                    match self.begin(kind, len * 2)? {
                        Some(table) => table,
                        None => continue,
                    }
                }
            };
            if self.paid - self.rest.len() > STRIDE {
                self.pay()?;
            }
            // A value may complete tables, each of which is a value in turn.
            loop {
                let Some(open) = self.open.last_mut() else {
                    self.waiting.push(value);
                    self.n_slots += 1;
                    return Ok(());
                };
                open.missing -= 1;
                let is_complete = open.missing == 0;
                match &mut open.kind {
                    Kind::List { .. } => self.waiting.push(value),
                    Kind::Map {
                        key: key @ None, ..
                    } => {
                        *key = Some(value);
                        self.n_slots += 1;
                    }
                    Kind::Map { table, start, key } => {
                        self.n_slots -= 1;
                        let key = key.take().unwrap_or(Value::Nil);
                        let n_fields = self.fields.len();
                        if table.is_none()
                            && (n_fields - *start >= MAX_MAP
                                || n_fields > MAX_FIELDS
                                || !matches!(key, Value::String(_)))
                        {
                            *table = Some(self.cx.new_table_of(&self.fields[*start..])?);
                            self.fields.truncate(*start);
                        }
                        match table {
                            None => self.fields.push((key, value)),
                            Some(table) => table.set(key, value)?,
                        }
                    }
                }
                if !is_complete {
                    if self.waiting.len() > MAX_WAITING {
                        self.store_waiting()?;
                    }
                    break;
                }
                value = self.end()?;
            }
        }
    }

    /// Opens a table for so many values; one for none is complete.
    fn begin(&mut self, kind: Kind<'c>, missing: usize) -> Result<Option<Value<'c>>, LuaError> {
        self.n_slots += slots_of(&kind);
        self.open.push(Open { kind, missing });
        if missing == 0 {
            self.end().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Closes the innermost table.
    fn end(&mut self) -> Result<Value<'c>, LuaError> {
        let Some(Open { mut kind, .. }) = self.open.pop() else {
            return Ok(Value::Nil);
        };
        self.n_slots -= slots_of(&kind);
        match &mut kind {
            Kind::Map {
                table: Some(table), ..
            } => Ok(Value::Table(*table)),
            Kind::Map { start, .. } => {
                let table = self.cx.new_table_of(&self.fields[*start..])?;
                self.fields.truncate(*start);
                Ok(Value::Table(table))
            }
            Kind::List {
                table: None, start, ..
            } => {
                let table = self.cx.new_list(&self.waiting[*start..])?;
                self.waiting.truncate(*start);
                Ok(Value::Table(table))
            }
            Kind::List { .. } => self.store(&mut kind),
        }
    }

    /// Moves the waiting values of a list into its table.
    fn store(&mut self, kind: &mut Kind<'c>) -> Result<Value<'c>, LuaError> {
        let Kind::List {
            table,
            start,
            stored,
        } = kind
        else {
            return Ok(Value::Nil);
        };
        let table = match table {
            Some(table) => *table,
            None => *table.insert(self.cx.new_table(0, 0)?),
        };
        for value in self.waiting.drain(*start..) {
            *stored += 1;
            table.set_index(*stored, value)?;
        }
        Ok(Value::Table(table))
    }

    /// Relieves the innermost table, if it is a list.
    fn store_waiting(&mut self) -> Result<(), LuaError> {
        if let Some(mut open) = self.open.pop() {
            self.store(&mut open.kind)?;
            self.open.push(open);
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&'c [u8], LuaError> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => self.fault(Fault::Missing),
        }
    }

    /// Takes a big-endian number of so many bytes.
    #[inline(always)]
    fn number<const N: usize>(&mut self) -> Result<[u8; N], LuaError> {
        match self.rest.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => self.fault(Fault::Missing),
        }
    }

    fn string(&mut self, len: usize) -> Result<Piece<'c>, LuaError> {
        let bytes = self.take(len)?;
        Ok(Piece::Value(Value::String(self.cx.new_string(bytes)?)))
    }

    /// Takes a value that is no table, or the head of a table.
    fn piece(&mut self) -> Result<Piece<'c>, LuaError> {
        let [first] = self.number()?;
        let n = match first {
            0x00..=0x7f => f64::from(first),
            0x80..=0x8f => return Ok(Piece::Map(usize::from(first & 0x0f))),
            0x90..=0x9f => return Ok(Piece::List(usize::from(first & 0x0f))),
            0xa0..=0xbf => return self.string(usize::from(first & 0x1f)),
            0xc0 => return Ok(Piece::Value(Value::Nil)),
            0xc2 => return Ok(Piece::Value(Value::Boolean(false))),
            0xc3 => return Ok(Piece::Value(Value::Boolean(true))),
            0xca => f64::from(f32::from_be_bytes(self.number()?)),
            0xcb => f64::from_be_bytes(self.number()?),
            0xcc => f64::from(u8::from_be_bytes(self.number()?)),
            0xcd => f64::from(u16::from_be_bytes(self.number()?)),
            0xce => f64::from(u32::from_be_bytes(self.number()?)),
            // From 2^63 on negative: the reference has no other integers.
            0xcf | 0xd3 => i64::from_be_bytes(self.number()?) as f64,
            0xd0 => f64::from(i8::from_be_bytes(self.number()?)),
            0xd1 => f64::from(i16::from_be_bytes(self.number()?)),
            0xd2 => f64::from(i32::from_be_bytes(self.number()?)),
            0xd9 => {
                let [len] = self.number()?;
                return self.string(usize::from(len));
            }
            0xda => {
                let len = u16::from_be_bytes(self.number()?);
                return self.string(usize::from(len));
            }
            0xdb => {
                let len = u32::from_be_bytes(self.number()?);
                return self.string(len as usize);
            }
            0xdc => {
                let len = u16::from_be_bytes(self.number()?);
                return Ok(Piece::List(usize::from(len)));
            }
            0xdd => {
                let len = u32::from_be_bytes(self.number()?);
                return Ok(Piece::List(len as usize));
            }
            0xde => {
                let len = u16::from_be_bytes(self.number()?);
                return Ok(Piece::Map(usize::from(len)));
            }
            0xdf => {
                let len = u32::from_be_bytes(self.number()?);
                return Ok(Piece::Map(len as usize));
            }
            0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 => return self.fault(Fault::Format),
            0xe0..=0xff => f64::from(first as i8),
        };
        Ok(Piece::Value(Value::Number(n)))
    }
}

/// Stack slots that a table which is being decoded takes: itself, and the index of a
/// list's entry. The key of a map comes on top while its value is decoded.
fn slots_of(kind: &Kind<'_>) -> usize {
    match kind {
        Kind::List { .. } => 2,
        Kind::Map { .. } => 1,
    }
}
