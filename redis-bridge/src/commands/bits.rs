//! Commands on single bits of strings, and on all of them. Bit 0 is the highest bit
//! of the first byte.

use std::ops::Range;

use crate::commands::Cx;
use crate::commands::args::{self, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::commands::strings::edit_or_create;
use crate::keyspace::string::{MAX_LEN, Text};
use crate::keyspace::{EventClass, Typed};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(Bitmap);

const FIRST: KeySpec = KeySpec::FIRST;
const FROM_SECOND: KeySpec = KeySpec::Range {
    first: 2,
    last: -1,
    step: 1,
};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(
        "bitcount",
        "2.6.0",
        -2,
        "readonly",
        FIRST,
        replying!(bitcount),
    ),
    row(
        "bitop",
        "2.6.0",
        -4,
        "write denyoom; OW update; RO access",
        FROM_SECOND,
        replying!(bitop),
    ),
    row("bitpos", "2.8.7", -3, "readonly", FIRST, replying!(bitpos)),
    row(
        "getbit",
        "2.2.0",
        3,
        "readonly fast",
        FIRST,
        replying!(getbit),
    ),
    row(
        "setbit",
        "2.2.0",
        4,
        "write denyoom",
        FIRST,
        replying!(setbit),
    ),
];

/// The offset of a bit, which must be within the longest possible string.
pub(super) fn parse_offset(text: &[u8]) -> Result<u64, CommandError> {
    let error = CommandError::of("ERR bit offset is not an integer or out of range");
    let offset = args::int_from(text, 0, error.clone())?.unsigned_abs();
    if offset / 8 < MAX_LEN as u64 {
        Ok(offset)
    } else {
        Err(error)
    }
}

/// A bit by its offset; those beyond the end are 0.
pub(super) fn bit_at(bytes: &[u8], offset: u64) -> bool {
    let byte = usize::try_from(offset / 8)
        .ok()
        .and_then(|at| bytes.get(at));
    byte.is_some_and(|byte| byte >> (7 - offset % 8) & 1 == 1)
}

fn setbit(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let offset = parse_offset(args[2])?;
    let value = match args[3] {
        b"0" => false,
        b"1" => true,
        _ => {
            return Err(CommandError::of(
                "ERR bit is not an integer or out of range",
            ));
        }
    };
    let bytes = edit_or_create(cx, args[1])?;
    let at = (offset / 8) as usize;
    let grows = bytes.len() <= at;
    if grows {
        bytes.resize(at + 1, 0);
    }
    let old = bit_at(bytes, offset);
    let mask = 0x80 >> (offset % 8);
    if value {
        bytes[at] |= mask;
    } else {
        bytes[at] &= !mask;
    }
    if grows || old != value {
        cx.changed(args[1], EventClass::String, "setbit");
    }
    out.integer(old.into());
    Ok(())
}

fn getbit(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let offset = parse_offset(args[2])?;
    let text = cx.read::<Text>(args[1])?;
    out.integer(
        text.is_some_and(|text| bit_at(&text.bytes(), offset))
            .into(),
    );
    Ok(())
}

/// What the ends of a range count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Bits,
}

impl Unit {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        if is(word, "bit") {
            Ok(Self::Bits)
        } else if is(word, "byte") {
            Ok(Self::Bytes)
        } else {
            Err(CommandError::SYNTAX)
        }
    }

    /// The offsets of the bits from index `start` to `stop` of this unit.
    fn bits(self, start: i64, stop: i64, n_bytes: usize) -> Range<u64> {
        let scale = if self == Self::Bytes { 8 } else { 1 };
        let range = args::index_range(start, stop, n_bytes * 8 / scale as usize);
        range.start as u64 * scale..range.end as u64 * scale
    }
}

fn bitcount(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let text = cx.read::<Text>(args[1])?;
    let Some(text) = text else {
        out.integer(0);
        return Ok(());
    };
    let bytes = text.bytes();
    let bits = match &args[2..] {
        [] => 0..bytes.len() as u64 * 8,
        [start, stop, unit @ ..] if unit.len() <= 1 => {
            let (start, stop) = (args::int(start)?, args::int(stop)?);
            // A range of negative ends in the wrong order is empty even if both are
            // before the start, whatever the unit is said to be.
            if start < 0 && stop < 0 && start > stop {
                0..0
            } else {
                let unit = unit
                    .first()
                    .map_or(Ok(Unit::Bytes), |word| Unit::parse(word))?;
                let n_units = if unit == Unit::Bits {
                    bytes.len() * 8
                } else {
                    bytes.len()
                };
                let stop = if stop < 0 {
                    stop.saturating_add(n_units as i64).max(0)
                } else {
                    stop
                };
                unit.bits(start, stop, bytes.len())
            }
        }
        _ => return Err(CommandError::SYNTAX),
    };
    out.integer(count_ones(&bytes, bits) as i64);
    Ok(())
}

fn count_ones(bytes: &[u8], bits: Range<u64>) -> u64 {
    if bits.is_empty() {
        return 0;
    }
    let (first, last) = ((bits.start / 8) as usize, ((bits.end - 1) / 8) as usize);
    let total: u64 = bytes[first..=last]
        .iter()
        .map(|byte| u64::from(byte.count_ones()))
        .sum();
    // What the first and the last byte have outside the range.
    let before = bytes[first] & !(0xff >> (bits.start % 8));
    let behind = bytes[last] & (0xff_u16 >> ((bits.end - 1) % 8 + 1)) as u8;
    total - u64::from(before.count_ones()) - u64::from(behind.count_ones())
}

fn bitpos(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let bit = match args::int(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::of("ERR The bit argument must be 1 or 0.")),
    };
    let text = cx.read::<Text>(args[1])?;
    let Some(text) = text else {
        // As if all zeros, and without end.
        out.integer(if bit { -1 } else { 0 });
        return Ok(());
    };
    let bytes = text.bytes();
    let (bits, is_end_given) = match &args[3..] {
        [] => (0..bytes.len() as u64 * 8, false),
        [start, rest @ ..] if rest.len() <= 2 => {
            let start = args::int(start)?;
            let unit = rest
                .get(1)
                .map_or(Ok(Unit::Bytes), |word| Unit::parse(word))?;
            let stop = rest.first().map_or(Ok(-1), |stop| args::int(stop))?;
            let n_units = if unit == Unit::Bits {
                bytes.len() * 8
            } else {
                bytes.len()
            };
            let stop = if stop < 0 {
                stop.saturating_add(n_units as i64).max(0)
            } else {
                stop
            };
            (unit.bits(start, stop, bytes.len()), !rest.is_empty())
        }
        _ => return Err(CommandError::SYNTAX),
    };
    if bits.is_empty() {
        out.integer(-1);
        return Ok(());
    }
    let found = find_bit(&bytes, bits, bit);
    // To the right of a string all bits are 0, unless the end was given.
    let beyond = if bit || is_end_given {
        -1
    } else {
        bytes.len() as i64 * 8
    };
    out.integer(found.map_or(beyond, |offset| offset as i64));
    Ok(())
}

/// The first bit of that value in a range.
fn find_bit(bytes: &[u8], bits: Range<u64>, bit: bool) -> Option<u64> {
    let skipped: u8 = if bit { 0 } else { 0xff };
    let mut offset = bits.start;
    while offset < bits.end {
        if offset.is_multiple_of(8)
            && bits.end - offset >= 8
            && bytes[(offset / 8) as usize] == skipped
        {
            offset += 8;
        } else if bit_at(bytes, offset) == bit {
            return Some(offset);
        } else {
            offset += 1;
        }
    }
    None
}

fn bitop(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (operation, dest, sources) = (args[1], args[2], &args[3..]);
    let combine: fn(u8, u8) -> u8 = match operation.to_ascii_lowercase().as_slice() {
        b"and" => |a, b| a & b,
        b"or" => |a, b| a | b,
        b"xor" => |a, b| a ^ b,
        b"not" if sources.len() == 1 => |a, _| a,
        b"not" => {
            return Err(CommandError::of(
                "ERR BITOP NOT must be called with a single source key.",
            ));
        }
        _ => return Err(CommandError::SYNTAX),
    };
    let texts = cx.read_all::<Text>(sources)?;
    let mut texts = texts.iter().map(|text| text.map(Text::bytes));
    let mut result = texts
        .next()
        .flatten()
        .map(|bytes| bytes.to_vec())
        .unwrap_or_default();
    for bytes in texts {
        let bytes: &[u8] = bytes.as_deref().unwrap_or_default();
        if result.len() < bytes.len() {
            result.resize(bytes.len(), 0);
        }
        // A shorter string counts as filled up with zeros.
        let padded = bytes.iter().copied().chain(std::iter::repeat(0));
        result
            .iter_mut()
            .zip(padded)
            .for_each(|(a, b)| *a = combine(*a, b));
    }
    if is(operation, "not") {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let len = result.len();
    if result.is_empty() {
        cx.delete(dest);
    } else {
        cx.put(dest, Text::Edited(result).into_value());
        cx.changed(dest, EventClass::String, "set");
    }
    out.integer(len as i64);
    Ok(())
}
