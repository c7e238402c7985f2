//! The code of one function as it grows: appending, lines, lists of jumps that
//! wait for their target. Knows instructions; no expressions, no scopes.
//!
//! The jumps of a [`JumpList`] are linked through their own jump operands: until a
//! jump is patched, its operand holds the position of the next one in its list.

use crate::isa::operand::{Base, Imm8, Jump24, JumpX, Reg, Src};
use crate::isa::{Instr, Op, patch};
use crate::limits::MAX_JUMP;
use crate::proto::LineTable;

/// End of a list.
const NONE: u32 = u32::MAX;

/// Jumps that wait for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JumpList {
    first: u32,
    last: u32,
}

impl JumpList {
    /// The list without jumps.
    pub(crate) const EMPTY: JumpList = JumpList {
        first: NONE,
        last: NONE,
    };

    /// The list of the one jump at `pc`.
    pub(crate) fn one(pc: u32) -> JumpList {
        JumpList {
            first: pc,
            last: pc,
        }
    }

    /// True for the list without jumps.
    pub(crate) fn is_empty(self) -> bool {
        self.first == NONE
    }
}

/// A jump operand before its jump has a list or a target.
pub(crate) const UNLINKED: JumpX = JumpX(-1);

/// The code buffer of one function.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    code: Vec<u32>,
    lines: LineTable,
    /// Line that new instructions belong to: that of the last token read.
    pub(crate) line: u32,
    /// Start of the last instruction.
    last: u32,
    /// Last position that some jump goes to.
    last_target: u32,
    /// Jumps to the instruction that is emitted next.
    pending: JumpList,
    /// True if a jump did not fit its operand.
    too_long: bool,
}

impl Default for JumpList {
    fn default() -> Self {
        JumpList::EMPTY
    }
}

impl Emitter {
    /// Position of the next instruction.
    pub(crate) fn here(&self) -> u32 {
        self.code.len() as u32
    }

    /// Position of the next instruction, noted as the target of some jump.
    pub(crate) fn label(&mut self) -> u32 {
        self.last_target = self.here();
        self.here()
    }

    /// The code words so far.
    pub(crate) fn code(&self) -> &[u32] {
        &self.code
    }

    /// True if a jump did not fit its operand.
    pub(crate) fn too_long(&self) -> bool {
        self.too_long
    }

    /// Empties the buffer, which keeps its capacity; gives the line table away.
    pub(crate) fn finish(&mut self) -> LineTable {
        let lines = std::mem::take(&mut self.lines);
        self.code.clear();
        self.last = 0;
        self.last_target = 0;
        self.pending = JumpList::EMPTY;
        lines
    }

    /// Appends an instruction; its position.
    pub(crate) fn emit(&mut self, instr: Instr) -> u32 {
        let at = self.here();
        if !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            self.patch(pending, at, None, at);
        }
        let code = instr.encode();
        self.code.push(code.word);
        self.code.extend(code.aux);
        self.lines.push(at, self.line);
        self.last = at;
        at
    }

    /// The instruction at `at`.
    pub(crate) fn instr(&self, at: u32) -> Instr {
        Instr::decode_at(&self.code, at as usize).expect("positions come from emit")
    }

    /// The opcode at `at`.
    pub(crate) fn op(&self, at: u32) -> Op {
        Op::of_word(self.code[at as usize]).expect("positions come from emit")
    }

    /// Replaces the instruction at `at` by one of the same length.
    pub(crate) fn rewrite(&mut self, at: u32, instr: Instr) {
        let code = instr.encode();
        debug_assert_eq!(code.aux.is_some(), self.op(at).has_aux());
        self.code[at as usize] = code.word;
        if let Some(aux) = code.aux {
            self.code[at as usize + 1] = aux;
        }
    }

    /// Replaces the opcode at `at` by one with the same operands.
    pub(crate) fn set_op(&mut self, at: u32, op: Op) {
        let word = &mut self.code[at as usize];
        *word = patch::with_op(*word, op);
    }

    /// Sets the destination of the instruction at `at`.
    pub(crate) fn set_dst(&mut self, at: u32, reg: Reg) {
        let word = &mut self.code[at as usize];
        *word = patch::with_a(*word, reg);
    }

    /// Lets the code so far belong to the line of what follows.
    pub(crate) fn forget_lines(&mut self) {
        self.lines = LineTable::default();
    }

    /// Moves the last instruction to another line.
    pub(crate) fn fix_line(&mut self, line: u32) {
        self.lines.push(self.last, line);
    }

    /// If the last instruction is `Not`, takes it back and gives its operand.
    pub(crate) fn take_back_not(&mut self, at: u32) -> Option<Src> {
        if at != self.last {
            return None;
        }
        let Instr::Not { b, .. } = self.instr(at) else {
            return None;
        };
        self.code.truncate(at as usize);
        Some(b)
    }

    /// Sets `n` registers from `first` on to nil, by the instruction before if that
    /// sets registers next to them to nil and no jump comes between.
    pub(crate) fn load_nil(&mut self, first: Reg, n: u8) {
        if self.here() > self.last_target
            && !self.code.is_empty()
            && let Instr::LoadNil { a, b } = self.instr(self.last)
        {
            let (start, end) = (a.0.0, a.0.0 + b.0);
            if start <= first.0 && first.0 <= end {
                let end = end.max(first.0 + n);
                let b = Imm8(end - start);
                self.rewrite(self.last, Instr::LoadNil { a, b });
                return;
            }
        }
        // At the start of a function the reference relies on clean registers, and emits
        // nothing.
        let is_first = self.lines.runs().is_empty();
        self.emit(Instr::LoadNil {
            a: Base(first),
            b: Imm8(n),
        });
        if is_first {
            self.forget_lines();
        }
    }

    /// Appends an unconditional jump. Jumps that wait for this place join its list
    /// rather than jump to a jump.
    pub(crate) fn jump(&mut self) -> JumpList {
        let pending = std::mem::take(&mut self.pending);
        // Their values are not wanted, whatever becomes of the list.
        self.drop_values(pending);
        let at = self.emit(Instr::Jmp { s: Jump24(-1) });
        if at >= MAX_JUMP {
            self.too_long = true;
        }
        let mut list = JumpList::one(at);
        self.join(&mut list, pending);
        list
    }

    /// Appends a jump back to `target`.
    pub(crate) fn loop_to(&mut self, target: u32) {
        let at = self.emit(Instr::Loop { s: Jump24(-1) });
        self.set_target(at, target);
    }

    /// Appends `more` to `list`.
    pub(crate) fn join(&mut self, list: &mut JumpList, more: JumpList) {
        if more.is_empty() {
            return;
        }
        if list.is_empty() {
            *list = more;
        } else {
            self.set_link(list.last, more.first);
            list.last = more.last;
        }
    }

    /// Lets all jumps of the list go to the instruction that is emitted next.
    pub(crate) fn patch_here(&mut self, list: JumpList) {
        self.label();
        let mut pending = std::mem::take(&mut self.pending);
        self.join(&mut pending, list);
        self.pending = pending;
    }

    /// Gives every jump of the list its target: `with_value` for the tests that can
    /// write the tested value to `reg`, which then do, `otherwise` for the rest.
    /// Without `reg`, tests just test and go to `with_value`.
    pub(crate) fn patch(
        &mut self,
        list: JumpList,
        with_value: u32,
        reg: Option<Reg>,
        otherwise: u32,
    ) {
        let mut at = list.first;
        while at != NONE {
            let next = self.link(at);
            let carries = self.direct_value(at, reg);
            self.set_target(at, if carries { with_value } else { otherwise });
            at = next;
        }
    }

    /// True if some jump of the list carries no value.
    pub(crate) fn needs_value(&self, list: JumpList) -> bool {
        let mut at = list.first;
        while at != NONE {
            if !matches!(self.op(at), Op::JmpTSet | Op::JmpFSet) {
                return true;
            }
            at = self.link(at);
        }
        false
    }

    /// Makes the tests of the list just test.
    pub(crate) fn drop_values(&mut self, list: JumpList) {
        let mut at = list.first;
        while at != NONE {
            self.direct_value(at, None);
            at = self.link(at);
        }
    }

    /// If the jump at `at` is a test that can keep its value, lets it write the value
    /// to `reg`, or makes it a plain test if that is pointless. False if it is not.
    fn direct_value(&mut self, at: u32, reg: Option<Reg>) -> bool {
        let (b, x, op) = match self.op(at) {
            op @ (Op::JmpTSet | Op::JmpFSet) => match self.instr(at) {
                Instr::JmpTSet { b, x, .. } | Instr::JmpFSet { b, x, .. } => (b, x, op),
                _ => unreachable!("decoding keeps the opcode"),
            },
            _ => return false,
        };
        match reg {
            Some(reg) if reg != b.0 => self.set_dst(at, reg),
            _ if op == Op::JmpTSet => self.rewrite(at, Instr::JmpT { a: b, x }),
            _ => self.rewrite(at, Instr::JmpF { a: b, x }),
        }
        true
    }

    fn link(&self, at: u32) -> u32 {
        // -1, the end of a list, is NONE.
        patch::jump(&self.code, at as usize) as u32
    }

    fn set_link(&mut self, at: u32, next: u32) {
        if next >= MAX_JUMP && next != NONE && !self.op(at).has_aux() {
            self.too_long = true;
            return;
        }
        patch::set_jump(&mut self.code, at as usize, next as i32);
    }

    /// Lets the jump at `at` go to `target`.
    pub(crate) fn set_target(&mut self, at: u32, target: u32) {
        let has_aux = self.op(at).has_aux();
        let end = at + if has_aux { 2 } else { 1 };
        let distance = target as i32 - end as i32;
        if !has_aux && distance.unsigned_abs() >= MAX_JUMP {
            self.too_long = true;
            return;
        }
        patch::set_jump(&mut self.code, at as usize, distance);
    }
}
