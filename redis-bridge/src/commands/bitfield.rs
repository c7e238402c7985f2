//! `BITFIELD`: a string as an array of integers of any width.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::bits::{bit_at, parse_offset};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::commands::strings::edit_or_create;
use crate::keyspace::EventClass;
use crate::keyspace::string::{MAX_LEN, Text};
use crate::reply::ReplySink;
use crate::replying;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec::new(Group::Bitmap, "bitfield", "3.2.0", -2, "write denyoom; RW access update variable_flags", KeySpec::FIRST, replying!(bitfield)),
    CommandSpec::new(Group::Bitmap, "bitfield_ro", "6.0.0", -2, "readonly fast", KeySpec::FIRST, replying!(bitfield_ro)),
];

/// The type of a field.
#[derive(Clone, Copy, Debug)]
struct Width {
    signed: bool,
    /// 1 to 64 if signed, else 1 to 63.
    bits: u32,
}

impl Width {
    fn parse(text: &[u8]) -> Result<Self, CommandError> {
        let parsed = match text {
            [b'i', bits @ ..] => Some((true, bits, 64)),
            [b'u', bits @ ..] => Some((false, bits, 63)),
            _ => None,
        };
        parsed
            .and_then(|(signed, bits, max)| {
                let bits = args::parse_i64(bits).filter(|bits| (1..=max).contains(bits))?;
                Some(Self {
                    signed,
                    bits: bits as u32,
                })
            })
            .ok_or(CommandError::of(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
                 supported but i64 is.",
            ))
    }

    fn min(self) -> i128 {
        if self.signed {
            -(1 << (self.bits - 1))
        } else {
            0
        }
    }

    fn max(self) -> i128 {
        let value_bits = if self.signed {
            self.bits - 1
        } else {
            self.bits
        };
        (1 << value_bits) - 1
    }

    /// The number that the low bits of `raw` stand for.
    fn wrap(self, raw: i128) -> i64 {
        let low = raw & ((1 << self.bits) - 1);
        let value = if low > self.max() {
            low - (1 << self.bits)
        } else {
            low
        };
        value as i64
    }
}

/// What happens to a number that does not fit.
#[derive(Clone, Copy, Debug)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

impl Overflow {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        match word.to_ascii_lowercase().as_slice() {
            b"wrap" => Ok(Self::Wrap),
            b"sat" => Ok(Self::Saturate),
            b"fail" => Ok(Self::Fail),
            _ => Err(CommandError::of("ERR Invalid OVERFLOW type specified")),
        }
    }

    fn fit(self, value: i128, width: Width) -> Option<i64> {
        let fits = (width.min()..=width.max()).contains(&value);
        match self {
            Self::Fail if !fits => None,
            Self::Saturate => Some(value.clamp(width.min(), width.max()) as i64),
            Self::Wrap | Self::Fail => Some(width.wrap(value)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

/// One operation on one field.
#[derive(Clone, Copy, Debug)]
struct Operation {
    action: Action,
    width: Width,
    /// The offset of the first bit.
    offset: u64,
}

/// The offset of a field in bits; `#n` counts fields of its width.
fn parse_field_offset(text: &[u8], width: Width) -> Result<u64, CommandError> {
    let error = CommandError::of("ERR bit offset is not an integer or out of range");
    let Some(index) = text.strip_prefix(b"#") else {
        return parse_offset(text);
    };
    let index = args::int_from(index, 0, error.clone())?.unsigned_abs();
    let offset = index.checked_mul(u64::from(width.bits));
    offset
        .filter(|offset| offset / 8 < MAX_LEN as u64)
        .ok_or(error)
}

fn parse_operations(words: &[&[u8]]) -> Result<Vec<Operation>, CommandError> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut options = Options::new(words);
    while let Some(word) = options.next() {
        let left = options.left();
        if is(word, "overflow") && left >= 1 {
            overflow = Overflow::parse(options.value()?)?;
            continue;
        }
        let (is_get, is_set) = (is(word, "get"), is(word, "set"));
        let n_operands = if is_get { 2 } else { 3 };
        if !(is_get || is_set || is(word, "incrby")) || left < n_operands {
            return Err(CommandError::SYNTAX);
        }
        let width = Width::parse(options.value()?)?;
        let offset = parse_field_offset(options.value()?, width)?;
        let action = if is_get {
            Action::Get
        } else {
            let operand = args::int(options.value()?)?;
            if is_set {
                Action::Set(operand, overflow)
            } else {
                Action::Add(operand, overflow)
            }
        };
        operations.push(Operation {
            action,
            width,
            offset,
        });
    }
    Ok(operations)
}

fn read_field(bytes: &[u8], offset: u64, width: Width) -> i64 {
    let bits = offset..offset + u64::from(width.bits);
    let raw = bits.fold(0_i128, |raw, at| raw << 1 | i128::from(bit_at(bytes, at)));
    width.wrap(raw)
}

/// Writes a field of a string that is long enough.
fn write_field(bytes: &mut [u8], offset: u64, width: Width, value: i64) {
    for (index, at) in (offset..offset + u64::from(width.bits)).enumerate() {
        let bit = value >> (width.bits as usize - 1 - index) & 1 == 1;
        let mask = 0x80_u8 >> (at % 8);
        let byte = &mut bytes[(at / 8) as usize];
        *byte = if bit { *byte | mask } else { *byte & !mask };
    }
}

fn bitfield(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let operations = parse_operations(&args[2..])?;
    run(cx, args[1], &operations, out)
}

fn bitfield_ro(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let operations = parse_operations(&args[2..])?;
    if operations
        .iter()
        .any(|it| !matches!(it.action, Action::Get))
    {
        return Err(CommandError::of(
            "ERR BITFIELD_RO only supports the GET subcommand",
        ));
    }
    run(cx, args[1], &operations, out)
}

fn run(cx: &mut Cx<'_>, key: &[u8], operations: &[Operation], out: &mut dyn ReplySink) -> Done {
    // The whole length is reserved first, whether or not a write then fails.
    let written = operations
        .iter()
        .filter(|it| !matches!(it.action, Action::Get));
    let end = written
        .map(|it| (it.offset + u64::from(it.width.bits)).div_ceil(8))
        .max();
    let mut copy;
    let mut grows = false;
    let bytes = if let Some(end) = end {
        let bytes = edit_or_create(cx, key)?;
        grows = (bytes.len() as u64) < end;
        if grows {
            bytes.resize(end as usize, 0);
        }
        bytes
    } else {
        copy = cx
            .read::<Text>(key)?
            .map(|text| text.bytes().to_vec())
            .unwrap_or_default();
        &mut copy
    };
    let mut has_changed = false;
    out.array(operations.len());
    for &Operation {
        action,
        width,
        offset,
    } in operations
    {
        let old = read_field(bytes, offset, width);
        let (new, reply) = match action {
            Action::Get => (None, Some(old)),
            Action::Set(value, overflow) => {
                // A negative number is a huge unsigned one.
                let value = if width.signed {
                    i128::from(value)
                } else {
                    i128::from(value as u64)
                };
                let new = overflow.fit(value, width);
                (new, new.map(|_| old))
            }
            Action::Add(increment, overflow) => {
                let new = overflow.fit(i128::from(old) + i128::from(increment), width);
                (new, new)
            }
        };
        if let Some(new) = new {
            write_field(bytes, offset, width, new);
            has_changed |= grows || new != old;
        }
        match reply {
            Some(value) => out.integer(value),
            None => out.null(),
        }
    }
    if has_changed {
        cx.changed(key, EventClass::String, "setbit");
    } else if grows {
        // Nobody is told that the string has become longer, but so it has.
        cx.log_always();
    }
    Ok(())
}
