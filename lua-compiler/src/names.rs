//! Names for messages and the debug library: what a register's value is called in
//! the source, found in debug information and by following the code backwards.
//!
//! Follows the reference's `getobjname` in what it knows and in what it gets
//! wrong: code is followed in a straight line that takes every forward jump which
//! does not pass the point of interest.

use std::sync::Arc;

use crate::isa::Instr;
use crate::isa::operand::{ConstIdx, Operand, Reg};
use crate::proto::{Constant, Proto};

/// A function in which names are looked for: its code, and what is known of its source.
pub trait Function {
    /// The code words, also such as the VM has rewritten.
    fn code(&self) -> &[u32];
    /// The local of an index, by start.
    fn local(&self, index: usize) -> Option<Local<'_>>;
    /// The names of the upvalues.
    fn upvalue_names(&self) -> &[Arc<[u8]>];
    /// A constant, if it is a string.
    fn string(&self, index: usize) -> Option<&[u8]>;
}

/// A local variable, as [`crate::LocalVar`] describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named as there
pub struct Local<'a> {
    pub name: &'a [u8],
    pub reg: u8,
    pub start_pc: u32,
    pub end_pc: u32,
}

impl Function for Proto {
    fn code(&self) -> &[u32] {
        &self.code
    }

    fn local(&self, index: usize) -> Option<Local<'_>> {
        self.locals.get(index).map(|local| Local {
            name: &local.name,
            reg: local.reg,
            start_pc: local.start_pc,
            end_pc: local.end_pc,
        })
    }

    fn upvalue_names(&self) -> &[Arc<[u8]>] {
        &self.upvalue_names
    }

    fn string(&self, index: usize) -> Option<&[u8]> {
        match self.constants.get(index)? {
            Constant::String(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// What kind of name a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A local variable.
    Local,
    /// A global variable.
    Global,
    /// A field of a table.
    Field,
    /// A method, as in `object:name()`.
    Method,
    /// A local variable of an enclosing function.
    Upvalue,
}

impl Kind {
    /// The word that messages and `debug.getinfo` use.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::Global => "global",
            Kind::Field => "field",
            Kind::Method => "method",
            Kind::Upvalue => "upvalue",
        }
    }
}

/// The name of the value in register `reg` before the instruction at word `pc`
/// runs; `None` if the source gives it none.
pub fn describe(function: &impl Function, pc: usize, reg: u8) -> Option<(Kind, Vec<u8>)> {
    let mut reg = Reg(reg);
    loop {
        if let Some(local) =
            live_locals(|index| function.local(index), pc).find(|local| local.reg == reg.0)
        {
            return Some((Kind::Local, local.name.to_vec()));
        }
        match last_write(function, pc, reg)? {
            Instr::Move { a, b } if b.0 < a.0 => reg = b.0,
            Instr::GetGlobal { x, .. } => return Some((Kind::Global, string(function, x.0))),
            Instr::GetField { x, .. } => return Some((Kind::Field, string(function, x.0))),
            Instr::GetIndex { .. } | Instr::GetInt { .. } => {
                return Some((Kind::Field, b"?".to_vec()));
            }
            Instr::Self_ { x, .. } => return Some((Kind::Method, string(function, x.0))),
            Instr::GetUpval { b, .. } => {
                let name = function.upvalue_names().get(usize::from(b.0));
                let name = name.map_or_else(|| b"?".to_vec(), |name| name.to_vec());
                return Some((Kind::Upvalue, name));
            }
            _ => return None,
        }
    }
}

/// The name of the function that the instruction at word `pc` calls; `None` if it
/// has none or the instruction is no call.
pub fn called_function(function: &impl Function, pc: usize) -> Option<(Kind, Vec<u8>)> {
    let callee = match instruction(function, pc)? {
        Instr::Call { a, .. } => match instruction(function, pc + 1) {
            // The call in the head of a generic `for`: its copy of the iterator is
            // nameless, the iterator itself is a local.
            Some(Instr::TForLoop { a: base, .. }) => base,
            _ => a,
        },
        Instr::CallV { a, .. } | Instr::TailCall { a, .. } | Instr::TForCall { a, .. } => a,
        _ => return None,
    };
    describe(function, pc, callee.0.0)
}

/// The `n`-th local, counted from 1, that is alive at word `pc`, of locals by their indexes.
pub fn local<'a>(
    locals: impl Fn(usize) -> Option<Local<'a>>,
    n: usize,
    pc: usize,
) -> Option<Local<'a>> {
    live_locals(locals, pc).nth(n.checked_sub(1)?)
}

fn live_locals<'a>(
    locals: impl Fn(usize) -> Option<Local<'a>>,
    pc: usize,
) -> impl Iterator<Item = Local<'a>> {
    let started = move |local: &Local<'_>| local.start_pc as usize <= pc;
    let locals = (0..).map_while(locals).take_while(started);
    locals.filter(move |local| pc < local.end_pc as usize)
}

/// The instruction at a word, as it was compiled.
fn instruction(function: &impl Function, at: usize) -> Option<Instr> {
    Instr::decode_at(function.code(), at).map(Instr::as_compiled)
}

/// The instruction that wrote `reg` last on the way from the function's start to
/// `pc`.
fn last_write(function: &impl Function, pc: usize, reg: Reg) -> Option<Instr> {
    let mut last = None;
    let mut at = 0;
    while at < pc {
        let instr = instruction(function, at)?;
        at += instr.len();
        let mut writes = writes_run(&instr, reg);
        let mut jump = 0;
        instr.each_operand(|_, operand| match operand {
            Operand::Def(def) => writes |= def == reg,
            Operand::Jump(words) => jump = words,
            _ => {}
        });
        if writes {
            last = Some(instr);
        }
        if jump > 0 && at + jump as usize <= pc {
            at += jump as usize;
        }
    }
    last
}

/// True if `reg` is in the run of registers that the instruction may change.
fn writes_run(instr: &Instr, reg: Reg) -> bool {
    let within = |first: Reg, len: u8| reg >= first && reg.0 - first.0 < len;
    match *instr {
        // The reference's tests count as writes of what they test.
        Instr::JmpT { a, .. } | Instr::JmpF { a, .. } => reg == a.0,
        Instr::LoadNil { a, b } => within(a.0, b.0),
        Instr::Self_ { a, .. } => within(a.0, 2),
        Instr::Vararg { a, .. } => reg == a.0,
        Instr::Call { a, .. } | Instr::CallV { a, .. } | Instr::TailCall { a, .. } => reg >= a.0,
        Instr::ForPrep { a, .. } | Instr::ForLoop { a, .. } => within(a.0, 4),
        Instr::TForCall { a, .. } | Instr::TForLoop { a, .. } => reg.0 >= a.0.0.saturating_add(2),
        _ => false,
    }
}

fn string(function: &impl Function, index: ConstIdx) -> Vec<u8> {
    let string = function.string(index.0 as usize);
    string.unwrap_or(b"?").to_vec()
}
