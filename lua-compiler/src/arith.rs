//! Arithmetic and concatenation: operands in registers or constants, results
//! folded where both are numerals.

use lua_syntax::ast::BinaryOp;

use crate::codegen::Codegen;
use crate::fold;
use crate::isa::Instr;
use crate::isa::operand::{Base, ConstIdx, Dst, Imm8, NumK8, Reg, Src};
use crate::limits::Checked;
use crate::value::{Exp, Kind};

/// An operand of an arithmetic or order instruction.
#[derive(Clone, Copy)]
pub(crate) enum Operand {
    Register(Reg),
    Constant(ConstIdx),
}

macro_rules! operator {
    ($left:expr, $right:expr, $rr:ident, $rk:ident, $kr:ident) => {
        match ($left, $right) {
            (Operand::Register(b), Operand::Register(c)) => {
                let (a, b, c) = (RESULT, Src(b), Src(c));
                Some(Instr::$rr { a, b, c })
            }
            (Operand::Register(b), Operand::Constant(c)) => {
                let (a, b, c) = (RESULT, Src(b), NumK8(c));
                Some(Instr::$rk { a, b, c })
            }
            (Operand::Constant(b), Operand::Register(c)) => {
                let (a, b, c) = (RESULT, NumK8(b), Src(c));
                Some(Instr::$kr { a, b, c })
            }
            (Operand::Constant(_), Operand::Constant(_)) => None,
        }
    };
}

/// Stands in for the register that is chosen later.
const RESULT: Dst = Dst(Reg(0));

fn instruction(op: BinaryOp, left: Operand, right: Operand) -> Option<Instr> {
    match op {
        BinaryOp::Add => operator!(left, right, AddRR, AddRK, AddKR),
        BinaryOp::Sub => operator!(left, right, SubRR, SubRK, SubKR),
        BinaryOp::Mul => operator!(left, right, MulRR, MulRK, MulKR),
        BinaryOp::Div => operator!(left, right, DivRR, DivRK, DivKR),
        BinaryOp::Mod => operator!(left, right, ModRR, ModRK, ModKR),
        BinaryOp::Pow => operator!(left, right, PowRR, PowRK, PowKR),
        _ => None,
    }
}

impl Codegen<'_> {
    /// Makes `left` the result of an arithmetic operator.
    pub(crate) fn arithmetic(
        &mut self,
        op: BinaryOp,
        left: &mut Exp,
        right: &mut Exp,
    ) -> Checked<()> {
        if let (Some(a), Some(b)) = (left.numeral(), right.numeral())
            && let Some(result) = fold::binary(op, a, b)
        {
            left.kind = Kind::Number(result);
            return Ok(());
        }
        let (left_operand, right_operand) = self.number_operands(left, right)?;
        self.free_both(left, right);
        let instr = instruction(op, left_operand, right_operand);
        let instr = instr.expect("one operand is a register");
        *left = Exp::new(Kind::Reloc(self.f.emit.emit(instr)));
        Ok(())
    }

    /// The operands as instructions take them: numerals may stay constants, though
    /// not both.
    pub(crate) fn number_operands(
        &mut self,
        left: &mut Exp,
        right: &mut Exp,
    ) -> Checked<(Operand, Operand)> {
        let mut left_constant = None;
        if let (Some(n), None) = (left.numeral(), right.numeral()) {
            left_constant = self.small_number(n)?;
        }
        let right_constant = match right.numeral() {
            Some(n) => self.small_number(n)?,
            None => None,
        };
        let right_operand = match right_constant {
            Some(constant) => Operand::Constant(constant),
            None => Operand::Register(self.in_register(right)?),
        };
        let left_operand = match left_constant {
            Some(constant) => Operand::Constant(constant),
            None => Operand::Register(self.in_register(left)?),
        };
        Ok((left_operand, right_operand))
    }

    /// The number's constant, if an 8-bit operand reaches it.
    fn small_number(&mut self, n: f64) -> Checked<Option<ConstIdx>> {
        let constant = self.number(n)?;
        Ok((constant.0 < 256).then_some(constant))
    }

    /// Makes `left` the concatenation of both: one instruction with whatever run of
    /// registers `right` already concatenates.
    pub(crate) fn concat(&mut self, left: &mut Exp, right: &mut Exp) -> Checked<()> {
        self.settle(right)?;
        if let Kind::Reloc(at) = right.kind
            && let Instr::Concat { a, b, c } = self.f.emit.instr(at)
        {
            self.free(left);
            let (b, c) = (Base(Reg(b.0.0 - 1)), Imm8(c.0 + 1));
            self.f.emit.rewrite(at, Instr::Concat { a, b, c });
            *left = Exp::new(Kind::Reloc(at));
            return Ok(());
        }
        self.push(right)?;
        let first = self.in_register(left)?;
        self.free_both(left, right);
        let (b, c) = (Base(first), Imm8(2));
        let concat = Instr::Concat { a: RESULT, b, c };
        *left = Exp::new(Kind::Reloc(self.f.emit.emit(concat)));
        Ok(())
    }
}
