//! Bytes to prototypes; see [`super`] for the format. Refuses what the format does
//! not allow; whether the code may run is for the verifier.
//!
//! Nothing is allocated on the word of a count: lists grow as their items are read.

use std::sync::Arc;

use super::{CAPTURE_LOCAL, CAPTURE_UPVALUE, FALSE, HEADER, NIL, NUMBER, Problem, STRING, TRUE};
use crate::proto::{Capture, Constant, LineTable, LocalVar, Proto, Template};
use crate::verify::MAX_NESTING;

type Read<T> = Result<T, Problem>;

pub(super) fn chunk(bytes: &[u8]) -> Read<Proto> {
    let mut reader = Reader { rest: bytes };
    if reader.take(HEADER.len())? != HEADER {
        return Err(Problem::Header);
    }
    reader.function(None, 1)
}

/// What is left to read.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Read<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Read<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Read<u32> {
        let mut n = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(n).map_err(|_| Problem::Integer);
            }
        }
        Err(Problem::Integer)
    }

    fn bytes(&mut self) -> Read<&'b [u8]> {
        let len = self.number()?;
        self.take(len as usize)
    }

    fn string(&mut self) -> Read<Arc<[u8]>> {
        self.bytes().map(Arc::from)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.number()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn function(&mut self, outer_source: Option<&Arc<[u8]>>, depth: usize) -> Read<Proto> {
        if depth > MAX_NESTING {
            return Err(Problem::TooDeep);
        }
        let source = match (self.number()?.checked_sub(1), outer_source) {
            (Some(len), _) => self.take(len as usize)?.into(),
            (None, Some(source)) => Arc::clone(source),
            (None, None) => b"=?".as_slice().into(),
        };
        let line_defined = self.number()?;
        let last_line_defined = self.number()?;
        let [params, is_vararg, max_stack] = self.array()?;
        let is_vararg = match is_vararg {
            0 => false,
            1 => true,
            _ => return Err(Problem::Integer),
        };
        Ok(Proto {
            code: self.code()?,
            constants: self.list(Self::constant)?,
            captures: self.list(Self::capture)?,
            templates: self.list(|from| {
                Ok(Template {
                    array_size: from.number()?,
                    hash_size: from.number()?,
                    items: from.list(|from| Ok((from.number()?, from.number()?)))?,
                })
            })?,
            protos: self.list(|from| {
                let proto = from.function(Some(&source), depth + 1)?;
                Ok(Arc::new(proto))
            })?,
            lines: self.lines()?,
            locals: self.list(Self::local)?,
            upvalue_names: self.list(Self::string)?,
            params,
            is_vararg,
            max_stack,
            source,
            line_defined,
            last_line_defined,
        })
    }

    fn code(&mut self) -> Read<Vec<u32>> {
        let count = self.number()? as usize;
        let bytes = self.take(count.checked_mul(4).ok_or(Problem::Truncated)?)?;
        let (words, _) = bytes.as_chunks();
        Ok(words.iter().copied().map(u32::from_le_bytes).collect())
    }

    fn constant(&mut self) -> Read<Constant> {
        Ok(match self.byte()? {
            NIL => Constant::Nil,
            FALSE => Constant::Boolean(false),
            TRUE => Constant::Boolean(true),
            NUMBER => Constant::Number(f64::from_le_bytes(self.array()?)),
            STRING => Constant::String(self.string()?),
            _ => return Err(Problem::Constant),
        })
    }

    fn capture(&mut self) -> Read<Capture> {
        match self.array()? {
            [CAPTURE_LOCAL, reg] => Ok(Capture::Local(reg)),
            [CAPTURE_UPVALUE, index] => Ok(Capture::Upvalue(index)),
            _ => Err(Problem::Integer),
        }
    }

    fn lines(&mut self) -> Read<LineTable> {
        let mut pc = 0;
        let runs = self.list(|from| {
            pc = sum(pc, from.number()?)?;
            Ok((pc, from.number()?))
        })?;
        Ok(LineTable::from_runs(runs))
    }

    fn local(&mut self) -> Read<LocalVar> {
        let name = self.string()?;
        let reg = self.byte()?;
        let start_pc = self.number()?;
        let end_pc = sum(start_pc, self.number()?)?;
        Ok(LocalVar {
            name,
            reg,
            start_pc,
            end_pc,
        })
    }
}

fn sum(a: u32, b: u32) -> Read<u32> {
    a.checked_add(b).ok_or(Problem::Integer)
}
