//! The instruction set, defined once.
//!
//! [`crate::for_each_op!`] is the table: a row per opcode with its operands and one line
//! of semantics. Everything else follows from it: [`Op`], [`Instr`] (constructor
//! and decoded view in one), encoding, names, the operand walk of the verifier,
//! the disassembler and the documentation; the interpreter matches on [`Op`]
//! without a wildcard, so a row without an arm does not compile.
//!
//! # Code words
//!
//! Code is a sequence of 32-bit words. An instruction is one word, followed by an
//! auxiliary word if it has an `x` operand. The fields of the first word, from the
//! low end: the opcode (8 bits), then either `a`, `b`, `c` (8 bits each), or `a`
//! and `d` (16 bits), or `s` (24 bits, signed).
//!
//! # Control flow
//!
//! Jumps count words from the end of their instruction, auxiliary word included.
//! Only [`Op::Loop`], [`Op::ForLoop`], [`Op::TForCall`] (and its specialised
//! forms) and [`Op::TForLoop`] may jump backwards: these check the budget, so every
//! cycle of every program does.
//!
//! # Multiple results
//!
//! Counts that may be open are stored plus one, 0 meaning open: as many arguments
//! or results as there are up to the *top* that the last open producer ([`Op::CallV`],
//! [`Op::Vararg`]) set. The consumer of an open list directly follows its producer.
//! [`Op::Call`] has plain counts: it is the call with neither end open.
//!
//! # Generic `for`
//!
//! `R[a]` iterator, `R[a+1]` state, `R[a+2]` control, `R[a+3]...` the variables.
//! The loop's head at the bottom of the body is always the three instructions
//! `TForCall a c -> body; Call a+3 2 c; TForLoop a -> body`. `TForCall` either steps a
//! known iterator itself (then it jumps to the body, or past `TForLoop` at the end), or
//! copies iterator, state and control to `R[a+3..a+5]` for the `Call`.

pub mod operand;

use operand::{
    Base, Dst, Hint, Imm8, ImmX, Jump24, JumpX, K8, K16, KX, NumK8, NumK16, Operand, OperandType,
    PrimK16, ProtoIdx, Src, StrK16, StrKX, TemplateIdx, Up,
};

/// Calls the macro `$visit` with the whole table, rows in opcode order:
/// `Name { field: Type, ... } "semantics";`.
///
/// `R[i]` is a register, `K[i]` a constant, `U[i]` an upvalue, `G` the environment
/// of the running closure. Every arithmetic, comparison and table operation applies
/// metamethods as manual §2.8 says.
#[macro_export]
macro_rules! for_each_op {
    ($visit:path) => { $visit! {
        // Moves.
        Move { a: Dst, b: Src } "R[a] := R[b]";
        LoadK { a: Dst, d: K16 } "R[a] := K[d]";
        LoadKX { a: Dst, x: KX } "R[a] := K[x]";
        LoadNil { a: Base, b: Imm8 } "R[a], ..., R[a+b-1] := nil; b >= 1";
        LoadTrue { a: Dst } "R[a] := true";
        LoadFalse { a: Dst } "R[a] := false";
        GetUpval { a: Dst, b: Up } "R[a] := U[b]";
        SetUpval { a: Src, b: Up } "U[b] := R[a]";

        // Names and fields. The hint is the node index of the last hit.
        GetGlobal { a: Dst, c: Hint, x: StrKX } "R[a] := G[K[x]]";
        SetGlobal { a: Src, c: Hint, x: StrKX } "G[K[x]] := R[a]";
        GetField { a: Dst, b: Src, c: Hint, x: StrKX } "R[a] := R[b][K[x]]";
        SetField { a: Src, b: Src, c: Hint, x: StrKX } "R[a][K[x]] := R[b]";
        SetFieldK { a: Src, b: K8, c: Hint, x: StrKX } "R[a][K[x]] := K[b]";
        Self_ { a: Base, b: Src, c: Hint, x: StrKX } "R[a+1] := R[b]; R[a] := R[b][K[x]]";

        // Indexing.
        GetIndex { a: Dst, b: Src, c: Src } "R[a] := R[b][R[c]]";
        SetIndex { a: Src, b: Src, c: Src } "R[a][R[b]] := R[c]";
        SetIndexK { a: Src, b: Src, x: KX } "R[a][R[b]] := K[x]";
        GetInt { a: Dst, b: Src, c: Imm8 } "R[a] := R[b][c]; c >= 1";
        SetInt { a: Src, b: Src, c: Imm8 } "R[a][c] := R[b]; c >= 1";

        // Arithmetic.
        AddRR { a: Dst, b: Src, c: Src } "R[a] := R[b] + R[c]";
        AddRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] + K[c]";
        AddKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] + R[c]";
        SubRR { a: Dst, b: Src, c: Src } "R[a] := R[b] - R[c]";
        SubRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] - K[c]";
        SubKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] - R[c]";
        MulRR { a: Dst, b: Src, c: Src } "R[a] := R[b] * R[c]";
        MulRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] * K[c]";
        MulKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] * R[c]";
        DivRR { a: Dst, b: Src, c: Src } "R[a] := R[b] / R[c]";
        DivRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] / K[c]";
        DivKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] / R[c]";
        ModRR { a: Dst, b: Src, c: Src } "R[a] := R[b] % R[c]";
        ModRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] % K[c]";
        ModKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] % R[c]";
        PowRR { a: Dst, b: Src, c: Src } "R[a] := R[b] ^ R[c]";
        PowRK { a: Dst, b: Src, c: NumK8 } "R[a] := R[b] ^ K[c]";
        PowKR { a: Dst, b: NumK8, c: Src } "R[a] := K[b] ^ R[c]";
        Unm { a: Dst, b: Src } "R[a] := -R[b]";
        Not { a: Dst, b: Src } "R[a] := not R[b]";
        Len { a: Dst, b: Src } "R[a] := #R[b]";
        Concat { a: Dst, b: Base, c: Imm8 } "R[a] := R[b] .. ... .. R[b+c-1]; c >= 2; may overwrite the run";

        // Branches. Forward only, Loop excepted.
        Jmp { s: Jump24 } "jump; s >= 0";
        Loop { s: Jump24 } "check the budget; jump; s < 0";
        JmpT { a: Src, x: JumpX } "if R[a] then jump";
        JmpF { a: Src, x: JumpX } "if not R[a] then jump";
        JmpTSet { a: Dst, b: Src, x: JumpX } "if R[b] then R[a] := R[b]; jump";
        JmpFSet { a: Dst, b: Src, x: JumpX } "if not R[b] then R[a] := R[b]; jump";
        JmpEq { a: Src, b: Src, x: JumpX } "if R[a] == R[b] then jump";
        JmpNe { a: Src, b: Src, x: JumpX } "if R[a] ~= R[b] then jump";
        JmpEqN { a: Src, d: NumK16, x: JumpX } "if R[a] == K[d] then jump; K[d] a number";
        JmpNeN { a: Src, d: NumK16, x: JumpX } "if R[a] ~= K[d] then jump; K[d] a number";
        JmpEqS { a: Src, d: StrK16, x: JumpX } "if R[a] == K[d] then jump; K[d] a string";
        JmpNeS { a: Src, d: StrK16, x: JumpX } "if R[a] ~= K[d] then jump; K[d] a string";
        JmpEqP { a: Src, d: PrimK16, x: JumpX } "if R[a] == K[d] then jump; K[d] nil, false or true";
        JmpNeP { a: Src, d: PrimK16, x: JumpX } "if R[a] ~= K[d] then jump; K[d] nil, false or true";
        JmpLtRR { a: Src, b: Src, x: JumpX } "if R[a] < R[b] then jump";
        JmpLtRK { a: Src, b: NumK8, x: JumpX } "if R[a] < K[b] then jump";
        JmpLtKR { a: NumK8, b: Src, x: JumpX } "if K[a] < R[b] then jump";
        JmpNltRR { a: Src, b: Src, x: JumpX } "if not (R[a] < R[b]) then jump";
        JmpNltRK { a: Src, b: NumK8, x: JumpX } "if not (R[a] < K[b]) then jump";
        JmpNltKR { a: NumK8, b: Src, x: JumpX } "if not (K[a] < R[b]) then jump";
        JmpLeRR { a: Src, b: Src, x: JumpX } "if R[a] <= R[b] then jump";
        JmpLeRK { a: Src, b: NumK8, x: JumpX } "if R[a] <= K[b] then jump";
        JmpLeKR { a: NumK8, b: Src, x: JumpX } "if K[a] <= R[b] then jump";
        JmpNleRR { a: Src, b: Src, x: JumpX } "if not (R[a] <= R[b]) then jump";
        JmpNleRK { a: Src, b: NumK8, x: JumpX } "if not (R[a] <= K[b]) then jump";
        JmpNleKR { a: NumK8, b: Src, x: JumpX } "if not (K[a] <= R[b]) then jump";

        // Calls. Call has plain counts; the others count plus one, 0 = open.
        Call { a: Base, b: Imm8, c: Imm8 } "R[a], ..., R[a+c-1] := R[a](R[a+1], ..., R[a+b])";
        CallV { a: Base, b: Imm8, c: Imm8 } "as Call with b-1 arguments and c-1 results, 0 = open; an open result sets top";
        TailCall { a: Base, b: Imm8 } "return R[a](R[a+1], ..., R[a+b-1]), 0 = open; a native's results fall to the Return a 0 that follows";
        Return0 {} "return";
        Return1 { a: Src } "return R[a]";
        Return { a: Base, b: Imm8 } "return R[a], ..., R[a+b-2], 0 = open";
        ReturnC { a: Base, b: Imm8 } "close all upvalues of the frame, then as Return";
        Vararg { a: Base, b: Imm8 } "R[a], ..., R[a+b-2] := ..., 0 = open (sets top)";
        VarargTable { a: Dst } "R[a] := {n = select('#', ...), ...}: the 5.0 compatibility local arg";

        // Loops.
        ForPrep { a: Base, x: JumpX } "check R[a], R[a+1], R[a+2] for numbers; if the loop runs, R[a+3] := R[a], else jump";
        ForLoop { a: Base, x: JumpX } "R[a] := R[a] + R[a+2]; if within R[a+1] then R[a+3] := R[a]; jump";
        TForCall { a: Base, c: Imm8, x: JumpX } "step a known iterator, or prepare the Call that follows; c variables";
        PairsLoop { a: Base, c: Imm8, x: JumpX } "TForCall as the VM specialises it for next; never emitted";
        IpairsLoop { a: Base, c: Imm8, x: JumpX } "TForCall as the VM specialises it for ipairs; never emitted";
        TForLoop { a: Base, x: JumpX } "if R[a+3] ~= nil then R[a+2] := R[a+3]; jump";

        // Objects.
        NewTable { a: Dst, b: Imm8, c: Imm8 } "R[a] := {}; b, c: array and hash size as floating-point bytes";
        DupTable { a: Dst, d: TemplateIdx } "R[a] := a copy of template d";
        SetList { a: Base, b: Imm8, x: ImmX } "R[a][x+i] := R[a+1+i], 0 <= i < b-1, 0 = open";
        Closure { a: Dst, d: ProtoIdx } "R[a] := closure of prototype d over its captures";
        Close { a: Base } "close the upvalues of R[a], R[a+1], ...";

        // The VM's own.
        Halt {} "leave the interpreter; never emitted";
    } };
}

/// A code word field: how far it is shifted and how wide it is.
struct Field {
    shift: u32,
    bits: u32,
    is_aux: bool,
}

macro_rules! field {
    (a) => {
        Field {
            shift: 8,
            bits: 8,
            is_aux: false,
        }
    };
    (b) => {
        Field {
            shift: 16,
            bits: 8,
            is_aux: false,
        }
    };
    (c) => {
        Field {
            shift: 24,
            bits: 8,
            is_aux: false,
        }
    };
    (d) => {
        Field {
            shift: 16,
            bits: 16,
            is_aux: false,
        }
    };
    (s) => {
        Field {
            shift: 8,
            bits: 24,
            is_aux: false,
        }
    };
    (x) => {
        Field {
            shift: 0,
            bits: 32,
            is_aux: true,
        }
    };
}

pub mod patch;

impl Field {
    fn put(&self, bits: u32, code: &mut Encoded) {
        debug_assert!(
            u64::from(bits) < 1 << self.bits,
            "operand outside its field"
        );
        if self.is_aux {
            code.aux = Some(bits);
        } else {
            code.word |= bits << self.shift;
        }
    }

    fn get(&self, word: u32, aux: u32) -> u32 {
        let all = ((1u64 << self.bits) - 1) as u32;
        if self.is_aux {
            aux
        } else {
            (word >> self.shift) & all
        }
    }
}

/// An instruction as code words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The first word: opcode and fields.
    pub word: u32,
    /// The auxiliary word, where the opcode has one.
    pub aux: Option<u32>,
}

macro_rules! define_isa {
    ($($name:ident { $($field:ident: $ty:ident),* } $semantics:literal;)*) => {
        /// An opcode: the low byte of an instruction's first word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $semantics, "`")] $name,)*
        }

        impl Op {
            /// Every opcode, in the order of its number.
            pub const ALL: &[Op] = &[$(Op::$name),*];

            /// The name as the table spells it.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name),)* }
            }

            /// The table's line of semantics.
            pub const fn semantics(self) -> &'static str {
                match self { $(Op::$name => $semantics,)* }
            }

            /// The names and types of the operands, for documentation.
            pub const fn operands(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Op::$name => &[$((stringify!($field), stringify!($ty))),*],)* }
            }

            /// True if an auxiliary word follows the first.
            #[inline(always)]
            pub const fn has_aux(self) -> bool {
                match self { $(Op::$name => false $(|| field!($field).is_aux)*,)* }
            }
        }

        /// A decoded instruction; building one and encoding it is the only way code
        /// words are made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // the operands are described by the semantics
        pub enum Instr {
            $(#[doc = concat!("`", $semantics, "`")] $name { $($field: $ty),* },)*
        }

        impl Instr {
            /// The opcode.
            pub const fn op(&self) -> Op {
                match self { $(Instr::$name { .. } => Op::$name,)* }
            }

            /// The code words.
            pub fn encode(self) -> Encoded {
                let mut code = Encoded { word: self.op() as u32, aux: None };
                match self {
                    $(Instr::$name { $($field),* } => {
                        $(field!($field).put($field.to_bits(), &mut code);)*
                    })*
                }
                code
            }

            /// Decodes an instruction from its opcode, first word and auxiliary word
            /// (ignored where there is none).
            pub fn decode(op: Op, word: u32, aux: u32) -> Instr {
                let _ = (word, aux);
                match op {
                    $(Op::$name => Instr::$name {
                        $($field: OperandType::from_bits(field!($field).get(word, aux))),*
                    },)*
                }
            }

            /// Calls `visit` with the name and the uniform view of each operand.
            pub fn each_operand(&self, visit: impl FnMut(&'static str, Operand)) {
                self.visit_operands(&mut Named(visit));
            }

            /// Shows the visitor the uniform view of each operand.
            #[inline(always)]
            pub(crate) fn visit_operands(&self, visitor: &mut impl OperandVisitor) {
                let _ = &visitor;
                match *self {
                    $(Instr::$name { $($field),* } => {
                        $(visitor.operand(stringify!($field), $field.operand());)*
                    })*
                }
            }
        }
    };
}

for_each_op!(define_isa);

/// What looks at the operands of instructions, all types alike. A trait and not a
/// closure, so that it can be inlined for each operand type apart.
pub(crate) trait OperandVisitor {
    /// Called for each operand, with its name in the table.
    fn operand(&mut self, name: &'static str, operand: Operand);
}

/// A closure as a visitor.
struct Named<F>(F);

impl<F: FnMut(&'static str, Operand)> OperandVisitor for Named<F> {
    fn operand(&mut self, name: &'static str, operand: Operand) {
        (self.0)(name, operand);
    }
}

impl Op {
    /// The opcode with number `byte`, if there is one.
    #[inline]
    pub fn from_byte(byte: u8) -> Option<Op> {
        Op::ALL.get(byte as usize).copied()
    }

    /// The opcode in the low byte of a code word, if there is one.
    pub fn of_word(word: u32) -> Option<Op> {
        Op::from_byte(word as u8)
    }
}

impl Instr {
    /// Number of code words.
    #[inline]
    pub const fn len(&self) -> usize {
        if self.op().has_aux() { 2 } else { 1 }
    }

    /// Never true; here because [`Instr::len`] is.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The instruction as the compiler emitted it, of one that the VM may have rewritten: without
    /// hint, not specialised.
    pub fn as_compiled(self) -> Instr {
        let c = Hint(0);
        match self {
            Instr::GetGlobal { a, x, .. } => Instr::GetGlobal { a, c, x },
            Instr::SetGlobal { a, x, .. } => Instr::SetGlobal { a, c, x },
            Instr::GetField { a, b, x, .. } => Instr::GetField { a, b, c, x },
            Instr::SetField { a, b, x, .. } => Instr::SetField { a, b, c, x },
            Instr::SetFieldK { a, b, x, .. } => Instr::SetFieldK { a, b, c, x },
            Instr::Self_ { a, b, x, .. } => Instr::Self_ { a, b, c, x },
            Instr::PairsLoop { a, c, x } | Instr::IpairsLoop { a, c, x } => {
                Instr::TForCall { a, c, x }
            }
            other => other,
        }
    }

    /// Decodes the instruction that starts at `code[at]`; `None` if the opcode is
    /// unknown or the code ends inside the instruction.
    pub fn decode_at(code: &[u32], at: usize) -> Option<Instr> {
        let word = *code.get(at)?;
        let op = Op::of_word(word)?;
        let aux = if op.has_aux() { *code.get(at + 1)? } else { 0 };
        Some(Instr::decode(op, word, aux))
    }
}

#[cfg(test)]
mod tests {
    use super::operand::{ConstIdx, Reg};
    use super::*;

    #[test]
    fn what_the_vm_rewrites_can_be_undone() {
        // Every opcode that has a hint, or that the compiler never emits.
        for &op in Op::ALL {
            let rewritten = Instr::decode(op, op as u32 | 0x0705_0300, 0);
            let mut has_hint = false;
            rewritten.as_compiled().each_operand(|_, operand| {
                if let Operand::Hint(hint) = operand {
                    has_hint = true;
                    assert_eq!(hint, 0, "{}", op.name());
                }
            });
            let is_special = op.semantics().contains("as the VM specialises");
            let keeps = rewritten.as_compiled() == rewritten;
            assert_eq!(keeps, !has_hint && !is_special, "{}", op.name());
        }
    }

    #[test]
    fn encoding_round_trips() {
        for instr in [
            Instr::AddRK {
                a: Dst(Reg(1)),
                b: Src(Reg(2)),
                c: NumK8(ConstIdx(3)),
            },
            Instr::LoadK {
                a: Dst(Reg(255)),
                d: K16(ConstIdx(65535)),
            },
            Instr::GetField {
                a: Dst(Reg(9)),
                b: Src(Reg(8)),
                c: Hint(7),
                x: StrKX(ConstIdx(1_000_000)),
            },
            Instr::Jmp { s: Jump24(-1) },
            Instr::Loop {
                s: Jump24(-(1 << 23)),
            },
            Instr::JmpT {
                a: Src(Reg(0)),
                x: JumpX(-5),
            },
            Instr::Return0 {},
        ] {
            let code = instr.encode();
            let op = Op::of_word(code.word).unwrap();
            assert_eq!(Instr::decode(op, code.word, code.aux.unwrap_or(0)), instr);
            assert_eq!(code.aux.is_some(), op.has_aux());
        }
    }

    #[test]
    fn displacements_agree() {
        let word = Instr::LoadK {
            a: Dst(Reg(0)),
            d: K16(ConstIdx(10)),
        }
        .encode()
        .word;
        assert_eq!(
            operand::k16_displacement(word >> 16),
            ConstIdx(10).displacement() as isize
        );
        let word = Instr::AddRK {
            a: Dst(Reg(0)),
            b: Src(Reg(0)),
            c: NumK8(ConstIdx(10)),
        }
        .encode()
        .word;
        assert_eq!(
            operand::k8_displacement(word >> 24),
            ConstIdx(10).displacement() as isize
        );
    }
}
