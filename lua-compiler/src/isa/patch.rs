//! Rewriting single fields of instructions that are already encoded: destinations
//! and jumps that the code generator learns late.

use super::operand::{Jump24, JumpX, OperandType, Reg};
use super::{Field, Op};

const OPCODE: Field = Field {
    shift: 0,
    bits: 8,
    is_aux: false,
};

fn replace(word: u32, field: &Field, bits: u32) -> u32 {
    let mask = ((1u32 << field.bits) - 1) << field.shift;
    (word & !mask) | (bits << field.shift)
}

/// The code word with another opcode; both must have the same operands.
pub fn with_op(word: u32, op: Op) -> u32 {
    replace(word, &OPCODE, op as u32)
}

/// The code word with another `a` operand.
pub fn with_a(word: u32, a: Reg) -> u32 {
    replace(word, &field!(a), a.0.into())
}

/// The jump operand of the branch that starts at `code[at]`: in its auxiliary word
/// if it has one, else in its first word.
pub fn jump(code: &[u32], at: usize) -> i32 {
    if has_aux(code[at]) {
        JumpX::from_bits(code[at + 1]).0
    } else {
        Jump24::from_bits(field!(s).get(code[at], 0)).0
    }
}

/// Replaces the jump operand of the branch that starts at `code[at]`.
pub fn set_jump(code: &mut [u32], at: usize, jump: i32) {
    if has_aux(code[at]) {
        code[at + 1] = JumpX(jump).to_bits();
    } else {
        code[at] = replace(code[at], &field!(s), Jump24(jump).to_bits());
    }
}

fn has_aux(word: u32) -> bool {
    Op::of_word(word).is_some_and(Op::has_aux)
}
