//! One function under construction, and the constants it gathers.
//! Knows no syntax; what goes where is decided by the modules that walk the tree.

use std::sync::Arc;

use hashbrown::HashMap;
use lua_syntax::ast::StrId;

use crate::emit::Emitter;
use crate::isa::Instr;
use crate::isa::operand::{Base, ConstIdx, Imm8, Reg};
use crate::limits::MAX_CONSTANTS;
use crate::proto::{Capture, Constant, LocalVar, Proto, Template};
use crate::regs::Regs;

/// What makes two constants the same. Numbers are told apart by their bits, except that
/// 0 and -0 share a constant, as in the reference: the first of a function stands for both
/// (see [`Constants::add`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ConstKey {
    Nil,
    False,
    True,
    Number(u64),
    String(StrId),
}

/// The constants of a function, each once.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    values: Vec<Constant>,
    keys: Vec<ConstKey>,
    /// Filled once there are more than [`FEW_CONSTANTS`].
    index: HashMap<ConstKey, u32>,
}

/// Most constants that are looked up one after the other.
const FEW_CONSTANTS: usize = 24;

impl Constants {
    /// The index of a constant, which `make` makes if it is new; `None` if the
    /// table is full.
    pub(crate) fn add(
        &mut self,
        key: ConstKey,
        make: impl FnOnce() -> Constant,
    ) -> Option<ConstIdx> {
        // What -0 is found under, and 0 after it: the value is that of whichever came first.
        let key = match key {
            ConstKey::Number(bits) if bits == (-0.0f64).to_bits() => ConstKey::Number(0),
            key => key,
        };
        let next = self.keys.len();
        let known = if next <= FEW_CONSTANTS {
            self.keys.iter().position(|&known| known == key)
        } else {
            self.index.get(&key).map(|&index| index as usize)
        };
        if let Some(index) = known {
            return Some(ConstIdx(index as u32));
        }
        if next >= MAX_CONSTANTS {
            return None;
        }
        self.keys.push(key);
        self.values.push(make());
        if next == FEW_CONSTANTS {
            let indexes = (0..).zip(&self.keys);
            self.index.extend(indexes.map(|(i, &key)| (key, i)));
        } else if next > FEW_CONSTANTS {
            self.index.insert(key, next as u32);
        }
        Some(ConstIdx(next as u32))
    }

    fn take(&mut self) -> Vec<Constant> {
        self.keys.clear();
        self.index.clear();
        self.values.drain(..).collect()
    }
}

/// A function under construction. Emptied ones are used again: their buffers have
/// grown to a useful size.
#[derive(Debug, Default)]
pub(crate) struct Function {
    pub(crate) emit: Emitter,
    pub(crate) regs: Regs,
    pub(crate) constants: Constants,
    pub(crate) protos: Vec<Arc<Proto>>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) upvalue_names: Vec<Arc<[u8]>>,
    pub(crate) templates: Vec<Template>,
    /// Every local so far, by start.
    pub(crate) locals: Vec<LocalVar>,
    /// Where this function's active locals begin among all.
    pub(crate) first_active: usize,
    /// Where this function's blocks begin among all.
    pub(crate) first_block: usize,
    /// True if a nested function captures a local of this one.
    pub(crate) is_captured: bool,
    pub(crate) params: u8,
    pub(crate) is_vararg: bool,
    pub(crate) line_defined: u32,
    pub(crate) last_line_defined: u32,
}

impl Function {
    /// The finished prototype; leaves this empty.
    pub(crate) fn finish(&mut self, source: Arc<[u8]>) -> Proto {
        if self.is_captured {
            self.close_at_returns();
        }
        let code = self.emit.code().to_vec();
        let proto = Proto {
            code,
            constants: self.constants.take(),
            protos: self.protos.drain(..).collect(),
            captures: self.captures.drain(..).collect(),
            templates: self.templates.drain(..).collect(),
            params: self.params,
            is_vararg: self.is_vararg,
            max_stack: self.regs.max(),
            source,
            line_defined: self.line_defined,
            last_line_defined: self.last_line_defined,
            lines: self.emit.finish(),
            locals: self.locals.drain(..).collect(),
            upvalue_names: self.upvalue_names.drain(..).collect(),
        };
        self.regs = Regs::default();
        self.is_captured = false;
        proto
    }

    /// Makes every return close upvalues. A loop may come back to a return that
    /// stands before the closure, so this is known only at the end.
    fn close_at_returns(&mut self) {
        let mut at = 0;
        while at < self.emit.here() {
            let instr = self.emit.instr(at);
            let closing = match instr {
                Instr::Return0 {} => Some((Base(Reg(0)), Imm8(1))),
                Instr::Return1 { a } => Some((Base(a.0), Imm8(2))),
                Instr::Return { a, b } => Some((a, b)),
                _ => None,
            };
            if let Some((a, b)) = closing {
                self.emit.rewrite(at, Instr::ReturnC { a, b });
            }
            at += instr.len() as u32;
        }
    }
}
