//! Conditions: comparisons as fused branches, `and`, `or` and `not` as lists of
//! jumps.

use crate::arith::Operand;
use crate::codegen::Codegen;
use crate::emit::{JumpList, UNLINKED};
use crate::function::ConstKey;
use crate::isa::operand::{Dst, NumK8, NumK16, PrimK16, Reg, Src, StrK16};
use crate::isa::{Instr, Op};
use crate::limits::Checked;
use crate::value::{Exp, Kind};

/// Each fused comparison with its negation.
const NEGATIONS: &[(Op, Op)] = &[
    (Op::JmpEq, Op::JmpNe),
    (Op::JmpEqN, Op::JmpNeN),
    (Op::JmpEqS, Op::JmpNeS),
    (Op::JmpEqP, Op::JmpNeP),
    (Op::JmpLtRR, Op::JmpNltRR),
    (Op::JmpLtRK, Op::JmpNltRK),
    (Op::JmpLtKR, Op::JmpNltKR),
    (Op::JmpLeRR, Op::JmpNleRR),
    (Op::JmpLeRK, Op::JmpNleRK),
    (Op::JmpLeKR, Op::JmpNleKR),
];

fn negation(op: Op) -> Op {
    for &(positive, negative) in NEGATIONS {
        if op == positive {
            return negative;
        }
        if op == negative {
            return positive;
        }
    }
    unreachable!("{} is no comparison", op.name())
}

impl Codegen<'_> {
    /// Makes code go on if `e` is true, and jump on its false list otherwise.
    pub(crate) fn go_if_true(&mut self, e: &mut Exp) -> Checked<()> {
        self.read(e);
        let jump = match e.kind {
            Kind::Number(_) | Kind::String(_) | Kind::True => JumpList::EMPTY,
            Kind::False => self.f.emit.jump(),
            Kind::Jump(at) => {
                self.invert(at);
                JumpList::one(at)
            }
            _ => self.jump_if(e, false)?,
        };
        self.f.emit.join(&mut e.if_false, jump);
        self.f.emit.patch_here(e.if_true);
        e.if_true = JumpList::EMPTY;
        Ok(())
    }

    /// Makes code go on if `e` is false, and jump on its true list otherwise.
    pub(crate) fn go_if_false(&mut self, e: &mut Exp) -> Checked<()> {
        self.read(e);
        let jump = match e.kind {
            Kind::Nil | Kind::False => JumpList::EMPTY,
            Kind::True => self.f.emit.jump(),
            Kind::Jump(at) => JumpList::one(at),
            _ => self.jump_if(e, true)?,
        };
        self.f.emit.join(&mut e.if_true, jump);
        self.f.emit.patch_here(e.if_false);
        e.if_false = JumpList::EMPTY;
        Ok(())
    }

    /// Emits a test that jumps if `e` is as wanted, and could keep its value.
    fn jump_if(&mut self, e: &mut Exp, wanted: bool) -> Checked<JumpList> {
        let x = UNLINKED;
        if let Kind::Reloc(at) = e.kind
            && let Some(a) = self.f.emit.take_back_not(at)
        {
            return Ok(JumpList::one(self.f.emit.emit(if wanted {
                Instr::JmpF { a, x }
            } else {
                Instr::JmpT { a, x }
            })));
        }
        let b = Src(self.load_any(e)?);
        self.free(e);
        // The destination is set when the list's is.
        let a = Dst(b.0);
        Ok(JumpList::one(self.f.emit.emit(if wanted {
            Instr::JmpTSet { a, b, x }
        } else {
            Instr::JmpFSet { a, b, x }
        })))
    }

    fn invert(&mut self, at: u32) {
        let op = negation(self.f.emit.op(at));
        self.f.emit.set_op(at, op);
    }

    /// Makes `e` its negation.
    pub(crate) fn negate(&mut self, e: &mut Exp) -> Checked<()> {
        self.read(e);
        match e.kind {
            Kind::Nil | Kind::False => e.kind = Kind::True,
            Kind::Number(_) | Kind::String(_) | Kind::True => e.kind = Kind::False,
            Kind::Jump(at) => self.invert(at),
            _ => {
                let b = Src(self.load_any(e)?);
                self.free(e);
                let a = Dst(Reg(0));
                e.kind = Kind::Reloc(self.f.emit.emit(Instr::Not { a, b }));
            }
        }
        std::mem::swap(&mut e.if_true, &mut e.if_false);
        // What the tests saw is not the result.
        self.f.emit.drop_values(e.if_true);
        self.f.emit.drop_values(e.if_false);
        Ok(())
    }

    /// Makes `left` the comparison `left == right`, or `left ~= right`.
    pub(crate) fn equality(
        &mut self,
        is_equal: bool,
        left: &mut Exp,
        right: &mut Exp,
    ) -> Checked<()> {
        // Equality is symmetric, and constants have no metamethods.
        let swap = left.constant().is_some() && right.constant().is_none();
        let (value, other) = if swap {
            (right, &mut *left)
        } else {
            (&mut *left, right)
        };
        let a = Src(self.in_register(value)?);
        let x = UNLINKED;
        let mut instr = None;
        if let Some(key) = other.constant() {
            let constant = self.constant(key)?;
            if constant.0 < 1 << 16 {
                instr = Some(match key {
                    ConstKey::Number(_) => {
                        let d = NumK16(constant);
                        Instr::JmpEqN { a, d, x }
                    }
                    ConstKey::String(_) => {
                        let d = StrK16(constant);
                        Instr::JmpEqS { a, d, x }
                    }
                    ConstKey::Nil | ConstKey::False | ConstKey::True => {
                        let d = PrimK16(constant);
                        Instr::JmpEqP { a, d, x }
                    }
                });
            }
        }
        let instr = match instr {
            Some(instr) => instr,
            None => {
                let b = Src(self.in_register(other)?);
                Instr::JmpEq { a, b, x }
            }
        };
        let (value, other) = (*value, *other);
        self.free_both(&value, &other);
        let at = self.f.emit.emit(instr);
        if !is_equal {
            self.invert(at);
        }
        *left = Exp::new(Kind::Jump(at));
        Ok(())
    }

    /// Makes `left` the comparison `left < right`, or `left <= right`.
    pub(crate) fn order(&mut self, or_equal: bool, left: &mut Exp, right: &mut Exp) -> Checked<()> {
        let (a, b) = self.number_operands(left, right)?;
        self.free_both(left, right);
        *left = self.order_of(or_equal, a, b);
        Ok(())
    }

    /// Makes `left` the comparison `left > right`, or `left >= right`: the swapped
    /// one, with the operands still evaluated in order.
    pub(crate) fn reversed_order(
        &mut self,
        or_equal: bool,
        left: &mut Exp,
        right: &mut Exp,
    ) -> Checked<()> {
        let (a, b) = self.number_operands(left, right)?;
        self.free_both(left, right);
        *left = self.order_of(or_equal, b, a);
        Ok(())
    }

    fn order_of(&mut self, or_equal: bool, a: Operand, b: Operand) -> Exp {
        let x = UNLINKED;
        let instr = match (a, b) {
            (Operand::Register(a), Operand::Register(b)) => {
                let (a, b) = (Src(a), Src(b));
                match or_equal {
                    false => Instr::JmpLtRR { a, b, x },
                    true => Instr::JmpLeRR { a, b, x },
                }
            }
            (Operand::Register(a), Operand::Constant(b)) => {
                let (a, b) = (Src(a), NumK8(b));
                match or_equal {
                    false => Instr::JmpLtRK { a, b, x },
                    true => Instr::JmpLeRK { a, b, x },
                }
            }
            (Operand::Constant(a), Operand::Register(b)) => {
                let (a, b) = (NumK8(a), Src(b));
                match or_equal {
                    false => Instr::JmpLtKR { a, b, x },
                    true => Instr::JmpLeKR { a, b, x },
                }
            }
            (Operand::Constant(_), Operand::Constant(_)) => {
                unreachable!("one operand is a register")
            }
        };
        Exp::new(Kind::Jump(self.f.emit.emit(instr)))
    }
}
