//! Prototypes to bytes; see [`super`] for the format.

use super::{CAPTURE_LOCAL, CAPTURE_UPVALUE, FALSE, HEADER, NIL, NUMBER, STRING, TRUE};
use crate::proto::{Capture, Constant, Proto};

pub(super) fn chunk(proto: &Proto) -> Vec<u8> {
    let mut writer = Writer {
        bytes: HEADER.to_vec(),
    };
    writer.function(proto, None);
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Verified prototypes have no count and no position beyond 32 bits.
    fn number(&mut self, mut n: u32) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    fn string(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u32);
        for item in items {
            write(self, item);
        }
    }

    fn function(&mut self, proto: &Proto, outer_source: Option<&[u8]>) {
        if outer_source == Some(&proto.source) {
            self.number(0);
        } else {
            self.number(proto.source.len() as u32 + 1);
            self.bytes.extend_from_slice(&proto.source);
        }
        self.number(proto.line_defined);
        self.number(proto.last_line_defined);
        let frame = [proto.params, u8::from(proto.is_vararg), proto.max_stack];
        self.bytes.extend_from_slice(&frame);
        self.list(&proto.code, |to, word| {
            to.bytes.extend_from_slice(&word.to_le_bytes());
        });
        self.list(&proto.constants, Self::constant);
        self.list(&proto.captures, |to, capture| {
            to.bytes.extend_from_slice(&match *capture {
                Capture::Local(reg) => [CAPTURE_LOCAL, reg],
                Capture::Upvalue(index) => [CAPTURE_UPVALUE, index],
            });
        });
        self.list(&proto.templates, |to, template| {
            to.number(template.array_size);
            to.number(template.hash_size);
            to.list(&template.items, |to, &(key, value)| {
                to.number(key);
                to.number(value);
            });
        });
        self.list(&proto.protos, |to, child| {
            to.function(child, Some(&proto.source));
        });
        let mut last_pc = 0;
        self.list(proto.lines.runs(), |to, &(pc, line)| {
            to.number(pc.wrapping_sub(last_pc));
            to.number(line);
            last_pc = pc;
        });
        self.list(&proto.locals, |to, local| {
            to.string(&local.name);
            to.bytes.push(local.reg);
            to.number(local.start_pc);
            to.number(local.end_pc.wrapping_sub(local.start_pc));
        });
        self.list(&proto.upvalue_names, |to, name| to.string(name));
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Nil => self.bytes.push(NIL),
            Constant::Boolean(false) => self.bytes.push(FALSE),
            Constant::Boolean(true) => self.bytes.push(TRUE),
            Constant::Number(n) => {
                self.bytes.push(NUMBER);
                self.bytes.extend_from_slice(&n.to_bits().to_le_bytes());
            }
            Constant::String(bytes) => {
                self.bytes.push(STRING);
                self.string(bytes);
            }
        }
    }
}
