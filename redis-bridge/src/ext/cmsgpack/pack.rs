//! `cmsgpack.pack`: the shortest encoding of each value.

use lua_vm::{CallCx, LuaError, Returned, Table, Value};

use crate::ext::output::{Output, PER_UNIT};

/// Levels of tables that are encoded; tables below them become nil, so that cycles end.
const MAX_NESTING: usize = 16;

/// Longest string, in bytes, whose head is one byte.
const SHORT_STRING: usize = 31;

/// Arguments that fit on the stack twice.
const MAX_ARGUMENTS: usize = 4000;

/// Implements `cmsgpack.pack(...)`: the encodings of all arguments, one after the other.
pub(super) fn pack(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    if cx.arg_count() == 0 {
        return Err(cx.arg_error(0, "MessagePack pack needs input."));
    }
    if cx.arg_count() > MAX_ARGUMENTS {
        return Err(cx.arg_error(0, "Too many arguments for MessagePack pack."));
    }
    Output::to_string(cx, |out| {
        (1..=cx.arg_count()).try_for_each(|i| encode(out, cx.arg(i), 0))
    })?;
    cx.ret_top(1)
}

fn encode(out: &mut Output<'_, '_>, value: Value<'_>, level: usize) -> Result<(), LuaError> {
    match value {
        Value::String(string) => {
            let bytes = string.as_bytes();
            if bytes.len() <= SHORT_STRING {
                let room = out.claim(1 + bytes.len())?;
                room[0] = Head::STRING.short | bytes.len() as u8;
                copy_short(bytes, &mut room[1..]);
                out.advance(1 + bytes.len());
                return Ok(());
            }
            head(out, bytes.len(), Head::STRING)?;
            out.push(bytes)
        }
        Value::Number(n) => number(out, n),
        Value::Boolean(b) => out.put([if b { 0xc3 } else { 0xc2 }]),
        Value::Table(table) if level < MAX_NESTING => encode_table(out, table, level),
        _ => out.put([0xc0]),
    }
}

/// Copies a short string to where there is as much room: in words, which overlap where its
/// length is no multiple of theirs.
#[inline(always)]
fn copy_short(text: &[u8], to: &mut [u8]) {
    if let (Some(end), Some(_)) = (text.last_chunk::<8>(), to.last_chunk::<8>()) {
        let (words, places) = (text.as_chunks::<8>().0, to.as_chunks_mut::<8>().0);
        for (word, place) in words.iter().zip(places) {
            *place = *word;
        }
        if let Some(place) = to.last_chunk_mut::<8>() {
            *place = *end;
        }
        return;
    }
    for (byte, place) in text.iter().zip(to) {
        *place = *byte;
    }
}

fn encode_table(out: &mut Output<'_, '_>, table: Table<'_>, level: usize) -> Result<(), LuaError> {
    out.count(PER_UNIT + table.slot_count())?;
    if let Some(len) = list_len(table) {
        head(out, len, Head::ARRAY)?;
        for i in 1..=len as i64 {
            encode(out, table.get_index(i), level + 1)?;
        }
    } else {
        head(out, table.pairs().count(), Head::MAP)?;
        for (key, value) in table.pairs() {
            encode(out, key, level + 1)?;
            encode(out, value, level + 1)?;
        }
    }
    Ok(())
}

/// The length of a table whose keys are exactly 1 to that length; `None` for others. An
/// empty table is a list.
fn list_len(table: Table<'_>) -> Option<usize> {
    if let Some(len) = table.list_len() {
        return Some(len);
    }
    let mut count = 0;
    let mut largest = 0;
    for (key, _) in table.pairs() {
        let index = key.as_number().filter(|&n| {
            let index = n as i32;
            index > 0 && f64::from(index) == n
        })?;
        largest = largest.max(index as usize);
        count += 1;
    }
    (count == largest).then_some(count)
}

fn number(out: &mut Output<'_, '_>, n: f64) -> Result<(), LuaError> {
    let integer = lua_vm::to_integer(n);
    if integer as f64 == n {
        encode_integer(out, integer)
    } else if f64::from(n as f32) == n {
        prefixed(out, 0xca, (n as f32).to_be_bytes())
    } else {
        prefixed(out, 0xcb, n.to_be_bytes())
    }
}

fn encode_integer(out: &mut Output<'_, '_>, n: i64) -> Result<(), LuaError> {
    match n {
        -32..=0x7f => out.put([n as u8]),
        0x80..=0xff => out.put([0xcc, n as u8]),
        0x100..=0xffff => prefixed(out, 0xcd, (n as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => prefixed(out, 0xce, (n as u32).to_be_bytes()),
        0x1_0000_0000.. => prefixed(out, 0xcf, n.to_be_bytes()),
        -0x80..=-33 => out.put([0xd0, n as u8]),
        -0x8000..=-0x81 => prefixed(out, 0xd1, (n as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => prefixed(out, 0xd2, (n as i32).to_be_bytes()),
        ..=-0x8000_0001 => prefixed(out, 0xd3, n.to_be_bytes()),
    }
}

/// Writes a first byte and what follows it.
#[inline(always)]
fn prefixed<const N: usize>(
    out: &mut Output<'_, '_>,
    first: u8,
    bytes: [u8; N],
) -> Result<(), LuaError> {
    out.put([first])?;
    out.put(bytes)
}

/// The heads of one type: a length, and what follows.
#[derive(Clone, Copy)]
struct Head {
    /// First byte of the short form, which holds lengths up to `short_max` itself.
    short: u8,
    short_max: usize,
    /// First byte of the form with a length of 8 bits, if the type has one.
    one_byte: Option<u8>,
    /// First byte of the form with 16 bits; the one with 32 bits is the next.
    two_bytes: u8,
}

impl Head {
    const STRING: Head = Head {
        short: 0xa0,
        short_max: SHORT_STRING,
        one_byte: Some(0xd9),
        two_bytes: 0xda,
    };
    const ARRAY: Head = Head {
        short: 0x90,
        short_max: 15,
        one_byte: None,
        two_bytes: 0xdc,
    };
    const MAP: Head = Head {
        short: 0x80,
        short_max: 15,
        one_byte: None,
        two_bytes: 0xde,
    };
}

/// Writes a head. No string or table is longer than 32 bits can tell.
#[inline(always)]
fn head(out: &mut Output<'_, '_>, len: usize, head: Head) -> Result<(), LuaError> {
    match (head.one_byte, len) {
        (_, len) if len <= head.short_max => out.put([head.short | len as u8]),
        (Some(first), ..=0xff) => out.put([first, len as u8]),
        (_, ..=0xffff) => prefixed(out, head.two_bytes, (len as u16).to_be_bytes()),
        _ => prefixed(out, head.two_bytes + 1, (len as u32).to_be_bytes()),
    }
}
