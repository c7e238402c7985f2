//! What a script returns, as a reply. Tables are read raw, and nesting is walked with
//! a list of its own, so neither metamethods nor depth matter.

use lua_vm::{Table, Value, to_integer};

use crate::reply::{Protocol, ReplySink};
use crate::resp::number::write_seventeen_digits;
use crate::script::failure;
use crate::script::wording::Wording;

/// How much the servers' own walk takes of their Lua stack, which sets the depth at
/// which it gives up.
const STACK_LIMIT: usize = 7994;
const LIST_SLOTS: usize = 1;
const MAP_SLOTS: usize = 3;

/// An aggregate whose parts are being sent.
enum Open<'v> {
    List {
        table: Table<'v>,
        next: i64,
        len: i64,
    },
    /// The last key sent, and its value if that is still to be sent.
    Map {
        table: Table<'v>,
        key: Value<'v>,
        value: Option<Value<'v>>,
    },
    Set {
        table: Table<'v>,
        key: Value<'v>,
    },
}

/// Sends a value of a script that has chosen `protocol`.
pub(crate) fn send_value(
    value: Value<'_>,
    protocol: Protocol,
    wording: &Wording,
    reply: &mut dyn ReplySink,
) {
    let sender = Sender { protocol, wording };
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut slots = 0;
    let mut next = Some(value);
    loop {
        if let Some(value) = next.take() {
            if slots > STACK_LIMIT {
                reply.error(b"ERR reached lua stack limit");
            } else if let Some(began) = sender.send(value, reply) {
                slots += slots_of(&began);
                open.push(began);
            }
        }
        let Some(last) = open.last_mut() else {
            return;
        };
        next = advance(last);
        if next.is_none() {
            slots -= slots_of(last);
            open.pop();
            if open.is_empty() {
                return;
            }
        }
    }
}

fn slots_of(open: &Open<'_>) -> usize {
    match open {
        Open::List { .. } => LIST_SLOTS,
        Open::Map { .. } | Open::Set { .. } => MAP_SLOTS,
    }
}

/// The next part of an aggregate.
fn advance<'v>(open: &mut Open<'v>) -> Option<Value<'v>> {
    match open {
        Open::List { table, next, len } => {
            if *next > *len {
                return None;
            }
            *next += 1;
            Some(table.get_index(*next - 1))
        }
        Open::Map { table, key, value } => {
            if let Some(value) = value.take() {
                return Some(value);
            }
            let (next_key, next_value) = table.next(*key).ok()??;
            *key = next_key;
            *value = Some(next_value);
            Some(next_key)
        }
        Open::Set { table, key } => {
            *key = table.next(*key).ok()??.0;
            Some(*key)
        }
    }
}

struct Sender<'s> {
    protocol: Protocol,
    wording: &'s Wording,
}

impl Sender<'_> {
    /// Sends a value, or the beginning of one that has parts.
    fn send<'v>(&self, value: Value<'v>, reply: &mut dyn ReplySink) -> Option<Open<'v>> {
        match value {
            Value::String(text) => reply.bulk(text.as_bytes()),
            Value::Number(number) => reply.integer(to_integer(number)),
            Value::Boolean(value) => self.boolean(value, reply),
            Value::Table(table) => return self.table(table, reply),
            _ => reply.null(),
        }
        None
    }

    fn boolean(&self, value: bool, reply: &mut dyn ReplySink) {
        match (self.protocol, value) {
            (Protocol::Resp3, _) if reply.protocol() == Protocol::Resp3 => reply.boolean(value),
            (_, true) => reply.integer(1),
            (Protocol::Resp3, false) => reply.integer(0),
            (Protocol::Resp2, false) => reply.null(),
        }
    }

    fn table<'v>(&self, table: Table<'v>, reply: &mut dyn ReplySink) -> Option<Open<'v>> {
        if let Value::String(text) = table.get_bytes(b"err") {
            let text = error_line(text.as_bytes());
            if failure::is_counted(Value::Table(table)) {
                reply.counted_error(&text);
            } else {
                reply.error(&text);
            }
            return None;
        }
        if let Value::String(text) = table.get_bytes(b"ok") {
            reply.status(until_nul(text.as_bytes()));
            return None;
        }
        if let Value::Number(number) = table.get_bytes(b"double") {
            let number = if number.is_nan() {
                f64::NAN.copysign(1.0)
            } else {
                number
            };
            if reply.protocol() == Protocol::Resp2 && !self.wording.shortest_numbers {
                let mut text = Vec::with_capacity(32);
                write_seventeen_digits(&mut text, number);
                reply.bulk(&text);
            } else {
                reply.double(number);
            }
            return None;
        }
        if let Value::String(digits) = table.get_bytes(b"big_number") {
            let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let clean = |byte: &u8| if is_break(byte) { b' ' } else { *byte };
            // To Valkey's engine it is a string of C.
            let digits = if self.wording.is_valkey {
                until_nul(digits.as_bytes())
            } else {
                digits.as_bytes()
            };
            let digits: Vec<u8> = digits.iter().map(clean).collect();
            reply.big_number(&digits);
            return None;
        }
        if let Value::Table(verbatim) = table.get_bytes(b"verbatim_string")
            && let (Value::String(format), Value::String(text)) =
                (verbatim.get_bytes(b"format"), verbatim.get_bytes(b"string"))
        {
            let mut name = [b' '; 3];
            name.iter_mut()
                .zip(format.as_bytes())
                .for_each(|(to, from)| *to = *from);
            reply.verbatim(name, text.as_bytes());
            return None;
        }
        if let Value::Table(map) = table.get_bytes(b"map") {
            reply.map(map.pairs().count());
            return Some(Open::Map {
                table: map,
                key: Value::Nil,
                value: None,
            });
        }
        if let Value::Table(set) = table.get_bytes(b"set") {
            reply.set(set.pairs().count());
            return Some(Open::Set {
                table: set,
                key: Value::Nil,
            });
        }
        list(table, reply)
    }
}

/// Sends the beginning of a list, which ends before the first nil.
fn list<'v>(table: Table<'v>, reply: &mut dyn ReplySink) -> Option<Open<'v>> {
    let mut len = 0;
    while !table.get_index(len + 1).is_nil() {
        len += 1;
    }
    reply.array(usize::try_from(len).unwrap_or(0));
    Some(Open::List {
        table,
        next: 1,
        len,
    })
}

/// What comes before a NUL: the servers' texts are C strings.
pub(crate) fn until_nul(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |end| &text[..end])
}

/// The text of an error as one line.
pub(crate) fn error_line(text: &[u8]) -> Vec<u8> {
    let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
    let text = until_nul(text);
    let start = text.iter().position(|b| !is_break(b)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|b| !is_break(b))
        .map_or(start, |at| at + 1);
    let space = |b: &u8| if is_break(b) { b' ' } else { *b };
    text[start..end].iter().map(space).collect()
}
