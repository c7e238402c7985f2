//! Names for messages and the debug library: what a register's value is called in
//! the source, found in debug information and by following the code backwards.
//!
//! Follows the reference's `getobjname` in what it knows and in what it gets
//! wrong: code is followed in a straight line that takes every forward jump which
//! does not pass the point of interest.

use crate::isa::Instr;
use crate::isa::operand::{ConstIdx, Operand, Reg};
use crate::proto::{Constant, LocalVar, Proto};

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
pub fn describe(proto: &Proto, pc: usize, reg: u8) -> Option<(Kind, Vec<u8>)> {
    let mut reg = Reg(reg);
    loop {
        if let Some(local) = live_locals(proto, pc).find(|local| local.reg == reg.0) {
            return Some((Kind::Local, local.name.to_vec()));
        }
        match last_write(proto, pc, reg)? {
            Instr::Move { a, b } if b.0 < a.0 => reg = b.0,
            Instr::GetGlobal { x, .. } => return Some((Kind::Global, string(proto, x.0))),
            Instr::GetField { x, .. } => return Some((Kind::Field, string(proto, x.0))),
            Instr::GetIndex { .. } | Instr::GetInt { .. } => {
                return Some((Kind::Field, b"?".to_vec()));
            }
            Instr::Self_ { x, .. } => return Some((Kind::Method, string(proto, x.0))),
            Instr::GetUpval { b, .. } => {
                let name = proto.upvalue_names.get(usize::from(b.0));
                let name = name.map_or_else(|| b"?".to_vec(), |name| name.to_vec());
                return Some((Kind::Upvalue, name));
            }
            _ => return None,
        }
    }
}

/// The name of the function that the instruction at word `pc` calls; `None` if it
/// has none or the instruction is no call.
pub fn called_function(proto: &Proto, pc: usize) -> Option<(Kind, Vec<u8>)> {
    let callee = match Instr::decode_at(&proto.code, pc)? {
        Instr::Call { a, .. } => match Instr::decode_at(&proto.code, pc + 1) {
            // The call in the head of a generic `for`: its copy of the iterator is
            // nameless, the iterator itself is a local.
            Some(Instr::TForLoop { a: base, .. }) => base,
            _ => a,
        },
        Instr::CallV { a, .. } | Instr::TailCall { a, .. } | Instr::TForCall { a, .. } => a,
        _ => return None,
    };
    describe(proto, pc, callee.0.0)
}

/// The `n`-th local, counted from 1, that is alive at word `pc`.
pub fn local(proto: &Proto, n: usize, pc: usize) -> Option<&LocalVar> {
    live_locals(proto, pc).nth(n.checked_sub(1)?)
}

/// The name of the `n`-th local, counted from 1, that is alive at word `pc`.
pub fn local_name(proto: &Proto, n: usize, pc: usize) -> Option<&[u8]> {
    local(proto, n, pc).map(|local| &*local.name)
}

fn live_locals(proto: &Proto, pc: usize) -> impl Iterator<Item = &LocalVar> {
    let started = move |local: &&LocalVar| local.start_pc as usize <= pc;
    let locals = proto.locals.iter().take_while(started);
    locals.filter(move |local| pc < local.end_pc as usize)
}

/// The instruction that wrote `reg` last on the way from the function's start to
/// `pc`.
fn last_write(proto: &Proto, pc: usize, reg: Reg) -> Option<Instr> {
    let mut last = None;
    let mut at = 0;
    while at < pc {
        let instr = Instr::decode_at(&proto.code, at)?;
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

fn string(proto: &Proto, index: ConstIdx) -> Vec<u8> {
    match proto.constants.get(index.0 as usize) {
        Some(Constant::String(bytes)) => bytes.to_vec(),
        _ => b"?".to_vec(),
    }
}
