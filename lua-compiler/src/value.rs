//! Values on their way to a register: what an expression has become so far, and
//! the steps that load, move and store it. Knows no syntax.
//!
//! As in the reference compiler, reading a name or a field is put off until
//! something needs the value; this decides the order in which operands are read
//! as well as which of them need no register of their own.

use lua_syntax::ast::StrId;

use crate::codegen::Codegen;
use crate::emit::JumpList;
use crate::function::ConstKey;
use crate::isa::Instr;
use crate::isa::operand::{Base, ConstIdx, Dst, Hint, Imm8, K8, K16, KX, Reg, Src, StrKX, Up};
use crate::limits::Checked;

/// What an expression has become.
#[derive(Clone, Copy, Debug)]
// A tag of one byte would leave parts at odd places, and copies that wait for them.
#[repr(u32)]
pub(crate) enum Kind {
    /// No expression: an empty list.
    Void,
    Nil,
    False,
    True,
    Number(f64),
    String(StrId),
    /// A local, still in its own register.
    Local(Reg),
    Upvalue(u8),
    Global(ConstIdx),
    /// An element with a constant string key.
    Field {
        object: Reg,
        key: ConstIdx,
    },
    /// An element with a constant key from 1 to 255.
    Int {
        object: Reg,
        key: u8,
    },
    /// Any other element.
    Index {
        object: Reg,
        key: Reg,
    },
    /// A comparison that jumps if it holds.
    Jump(u32),
    /// An instruction whose destination is not chosen yet.
    Reloc(u32),
    /// A value in a register.
    Register(Reg),
    /// A call, its results in the registers from `base` on.
    Call {
        at: u32,
        base: Reg,
    },
    /// The instruction that loads `...`.
    Vararg(u32),
}

/// An expression under way: its value, and the jumps that leave it early because
/// `and`, `or` or a comparison has already decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exp {
    pub(crate) kind: Kind,
    /// Jumps taken if it is true.
    pub(crate) if_true: JumpList,
    /// Jumps taken if it is false.
    pub(crate) if_false: JumpList,
}

/// How many values a multiple expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Results {
    Open,
    Exactly(u8),
}

impl Exp {
    pub(crate) fn new(kind: Kind) -> Self {
        Exp {
            kind,
            if_true: JumpList::EMPTY,
            if_false: JumpList::EMPTY,
        }
    }

    pub(crate) fn has_jumps(&self) -> bool {
        !(self.if_true.is_empty() && self.if_false.is_empty())
    }

    /// The number, if it is a numeral.
    pub(crate) fn numeral(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(n) if !self.has_jumps() => Some(n),
            _ => None,
        }
    }

    /// The constant, if it is one.
    pub(crate) fn constant(&self) -> Option<ConstKey> {
        if self.has_jumps() {
            return None;
        }
        match self.kind {
            Kind::Nil => Some(ConstKey::Nil),
            Kind::False => Some(ConstKey::False),
            Kind::True => Some(ConstKey::True),
            Kind::Number(n) => Some(ConstKey::Number(n.to_bits())),
            Kind::String(id) => Some(ConstKey::String(id)),
            _ => None,
        }
    }

    /// True if it may give any number of values.
    pub(crate) fn is_multiple(&self) -> bool {
        matches!(self.kind, Kind::Call { .. } | Kind::Vararg(_))
    }
}

impl Codegen<'_> {
    /// Gives back the register of a value that is a temporary.
    pub(crate) fn free(&mut self, e: &Exp) {
        if let Kind::Register(reg) = e.kind {
            self.f.regs.release(reg);
        }
    }

    /// Gives back the registers of two operands, the upper one first.
    pub(crate) fn free_both(&mut self, first: &Exp, second: &Exp) {
        match (first.kind, second.kind) {
            (Kind::Register(a), Kind::Register(b)) if a > b => {
                self.free(first);
                self.free(second);
            }
            _ => {
                self.free(second);
                self.free(first);
            }
        }
    }

    /// Reads the name or element, so that what is left is a constant, a register
    /// or an instruction without destination; a multiple value is cut to one.
    pub(crate) fn read(&mut self, e: &mut Exp) {
        let a = Dst(Reg(0));
        let c = Hint(0);
        let instr = match e.kind {
            Kind::Local(reg) => {
                e.kind = Kind::Register(reg);
                return;
            }
            Kind::Call { .. } | Kind::Vararg(_) => return self.cut(e),
            Kind::Upvalue(index) => Instr::GetUpval { a, b: Up(index) },
            Kind::Global(name) => Instr::GetGlobal {
                a,
                c,
                x: StrKX(name),
            },
            Kind::Field { object, key } => {
                self.f.regs.release(object);
                let (b, x) = (Src(object), StrKX(key));
                Instr::GetField { a, b, c, x }
            }
            Kind::Int { object, key } => {
                self.f.regs.release(object);
                let (b, c) = (Src(object), Imm8(key));
                Instr::GetInt { a, b, c }
            }
            Kind::Index { object, key } => {
                self.f.regs.release(key);
                self.f.regs.release(object);
                let (b, c) = (Src(object), Src(key));
                Instr::GetIndex { a, b, c }
            }
            _ => return,
        };
        e.kind = Kind::Reloc(self.f.emit.emit(instr));
    }

    /// Cuts a multiple value to its first.
    pub(crate) fn cut(&mut self, e: &mut Exp) {
        match e.kind {
            // Calls are emitted with one result.
            Kind::Call { base, .. } => e.kind = Kind::Register(base),
            Kind::Vararg(at) => {
                let (a, b) = (Base(Reg(0)), Imm8(2));
                self.f.emit.rewrite(at, Instr::Vararg { a, b });
                e.kind = Kind::Reloc(at);
            }
            _ => {}
        }
    }

    /// Makes a multiple expression give that many values, from its base or the
    /// next free register on; one register of them is reserved.
    pub(crate) fn set_results(&mut self, e: &Exp, results: Results) -> Checked<()> {
        let stored = match results {
            Results::Open => Imm8(0),
            Results::Exactly(n) => Imm8(n + 1),
        };
        match e.kind {
            Kind::Call { at, .. } => {
                let instr = match (self.f.emit.instr(at), results) {
                    (Instr::Call { a, b, .. }, Results::Exactly(n)) => {
                        Instr::Call { a, b, c: Imm8(n) }
                    }
                    (Instr::Call { a, b, .. }, Results::Open) => {
                        let b = Imm8(b.0 + 1);
                        Instr::CallV { a, b, c: stored }
                    }
                    (Instr::CallV { a, b, .. }, _) => Instr::CallV { a, b, c: stored },
                    (other, _) => other,
                };
                self.f.emit.rewrite(at, instr);
            }
            Kind::Vararg(at) => {
                let a = Base(self.f.regs.free());
                self.f.emit.rewrite(at, Instr::Vararg { a, b: stored });
                self.reserve(1)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Loads the value into a register; jumps and conditions stay as they are.
    fn load(&mut self, e: &mut Exp, reg: Reg) -> Checked<()> {
        self.read(e);
        let a = Dst(reg);
        match e.kind {
            Kind::Nil => self.f.emit.load_nil(reg, 1),
            Kind::False => {
                self.f.emit.emit(Instr::LoadFalse { a });
            }
            Kind::True => {
                self.f.emit.emit(Instr::LoadTrue { a });
            }
            Kind::Number(n) => {
                let constant = self.number(n)?;
                self.load_constant(reg, constant);
            }
            Kind::String(id) => {
                let constant = self.string(id)?;
                self.load_constant(reg, constant);
            }
            Kind::Reloc(at) => self.f.emit.set_dst(at, reg),
            Kind::Register(from) => {
                if from != reg {
                    self.f.emit.emit(Instr::Move { a, b: Src(from) });
                }
            }
            _ => return Ok(()),
        }
        e.kind = Kind::Register(reg);
        Ok(())
    }

    /// Loads a constant into a register.
    pub(crate) fn load_constant(&mut self, reg: Reg, constant: ConstIdx) {
        let a = Dst(reg);
        self.f.emit.emit(if constant.0 < 1 << 16 {
            let d = K16(constant);
            Instr::LoadK { a, d }
        } else {
            let x = KX(constant);
            Instr::LoadKX { a, x }
        });
    }

    /// Loads the value into some register; jumps stay as they are.
    pub(crate) fn load_any(&mut self, e: &mut Exp) -> Checked<Reg> {
        self.read(e);
        if let Kind::Register(reg) = e.kind {
            return Ok(reg);
        }
        let reg = self.reserve(1)?;
        self.load(e, reg)?;
        Ok(reg)
    }

    /// Brings the value, however it is decided, into a given register.
    pub(crate) fn put_in(&mut self, e: &mut Exp, reg: Reg) -> Checked<()> {
        self.load(e, reg)?;
        let is_comparison = match e.kind {
            Kind::Jump(at) => {
                let at = JumpList::one(at);
                self.f.emit.join(&mut e.if_true, at);
                true
            }
            _ => false,
        };
        if e.has_jumps() {
            self.join_values(e, reg, is_comparison);
        }
        *e = Exp::new(Kind::Register(reg));
        Ok(())
    }

    /// Lets the jumps of an expression arrive behind it with its value in `reg`:
    /// tests write the value that they tested, other jumps pass by an instruction
    /// that loads true or false. A comparison that does not jump is false.
    fn join_values(&mut self, e: &Exp, reg: Reg, is_comparison: bool) {
        let a = Dst(reg);
        let emit = &mut self.f.emit;
        let load_true = emit.needs_value(e.if_true);
        let load_false = is_comparison || emit.needs_value(e.if_false);
        let mut done = JumpList::EMPTY;
        if (load_true || load_false) && !is_comparison {
            done = emit.jump();
        }
        let mut at_false = 0;
        if load_false {
            at_false = emit.label();
            emit.emit(Instr::LoadFalse { a });
            if load_true {
                let over = emit.jump();
                emit.join(&mut done, over);
            }
        }
        let mut at_true = 0;
        if load_true {
            at_true = emit.label();
            emit.emit(Instr::LoadTrue { a });
        }
        emit.patch_here(done);
        let end = emit.label();
        emit.patch(e.if_false, end, Some(reg), at_false);
        emit.patch(e.if_true, end, Some(reg), at_true);
    }

    /// Brings the value into the next free register.
    pub(crate) fn push(&mut self, e: &mut Exp) -> Checked<Reg> {
        self.read(e);
        self.free(e);
        let reg = self.reserve(1)?;
        self.put_in(e, reg)?;
        Ok(reg)
    }

    /// Brings the value into some register, its own if it has one.
    pub(crate) fn in_register(&mut self, e: &mut Exp) -> Checked<Reg> {
        self.read(e);
        if let Kind::Register(reg) = e.kind {
            if !e.has_jumps() {
                return Ok(reg);
            }
            if reg.0 >= self.f.regs.locals() {
                self.put_in(e, reg)?;
                return Ok(reg);
            }
        }
        self.push(e)
    }

    /// Reads the value; brings it into a register only if jumps leave it early.
    pub(crate) fn settle(&mut self, e: &mut Exp) -> Checked<()> {
        if e.has_jumps() {
            self.in_register(e)?;
        } else {
            self.read(e);
        }
        Ok(())
    }

    /// Makes `e`, already in a register, the element `e[key]`.
    pub(crate) fn index(&mut self, e: &mut Exp, object: Reg, key: &mut Exp) -> Checked<()> {
        e.kind = match (key.constant(), key.numeral()) {
            (Some(ConstKey::String(id)), _) => {
                let key = self.string(id)?;
                Kind::Field { object, key }
            }
            (_, Some(n)) if (1.0..=255.0).contains(&n) && n.fract() == 0.0 => {
                let key = n as u8;
                Kind::Int { object, key }
            }
            _ => {
                let key = self.in_register(key)?;
                Kind::Index { object, key }
            }
        };
        Ok(())
    }

    /// Stores a value in a variable or element, and gives its register back.
    pub(crate) fn store(&mut self, target: &Exp, e: &mut Exp) -> Checked<()> {
        let c = Hint(0);
        match target.kind {
            Kind::Local(reg) => {
                self.read(e);
                self.free(e);
                return self.put_in(e, reg);
            }
            Kind::Upvalue(index) => {
                let a = Src(self.in_register(e)?);
                let b = Up(index);
                self.f.emit.emit(Instr::SetUpval { a, b });
            }
            Kind::Global(name) => {
                let a = Src(self.in_register(e)?);
                let x = StrKX(name);
                self.f.emit.emit(Instr::SetGlobal { a, c, x });
            }
            Kind::Field { object, key } => {
                let (a, x) = (Src(object), StrKX(key));
                if let Some(constant) = e.constant() {
                    let constant = self.constant(constant)?;
                    if constant.0 < 256 {
                        let b = K8(constant);
                        self.f.emit.emit(Instr::SetFieldK { a, b, c, x });
                        return Ok(());
                    }
                }
                let b = Src(self.in_register(e)?);
                self.f.emit.emit(Instr::SetField { a, b, c, x });
            }
            Kind::Int { object, key } => {
                let b = Src(self.in_register(e)?);
                let (a, c) = (Src(object), Imm8(key));
                self.f.emit.emit(Instr::SetInt { a, b, c });
            }
            Kind::Index { object, key } => {
                let (a, b) = (Src(object), Src(key));
                if let Some(constant) = e.constant() {
                    let x = KX(self.constant(constant)?);
                    self.f.emit.emit(Instr::SetIndexK { a, b, x });
                    return Ok(());
                }
                let c = Src(self.in_register(e)?);
                self.f.emit.emit(Instr::SetIndex { a, b, c });
            }
            _ => unreachable!("the grammar allows only variables as targets"),
        }
        self.free(e);
        Ok(())
    }
}
