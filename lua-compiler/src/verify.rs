//! Proves of a prototype, and all that it nests, what the interpreter relies on
//! without checking: the only way to a [`VerifiedProto`].
//!
//! Most rules follow from the operands as [`crate::isa`] types them; the others,
//! about runs of registers and instructions that belong together, are in
//! `Checker::shape`. Knows nothing of where code comes from.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::isa::operand::{Base, ConstKind, Operand, Reg};
use crate::isa::{Instr, Op, OperandVisitor};
use crate::proto::{Capture, Constant, Proto};

/// Most registers a frame may have.
pub const MAX_STACK: u8 = 250;

/// Depth to which prototypes may nest, the outermost being at depth 1.
pub const MAX_NESTING: usize = 210;

/// Largest array or hash size of a template, entries.
pub const MAX_TEMPLATE_SIZE: u32 = 1 << 16;

/// Largest index at which a `SetList` begins.
pub const MAX_LIST_START: u32 = 1 << 30;

/// Most code words and most constants of a function: displacements stay far from
/// what 32 bits hold.
const MAX_WORDS: usize = 1 << 28;

/// A prototype that the interpreter may run, and all prototypes in it.
#[derive(Clone, Debug)]
pub struct VerifiedProto(Arc<Proto>);

impl VerifiedProto {
    /// The prototype.
    pub fn proto(&self) -> &Arc<Proto> {
        &self.0
    }

    /// The nested prototype with index `i` of [`Proto::protos`], which was verified
    /// with this one.
    ///
    /// # Panics
    /// If there is none.
    pub fn child(&self, i: usize) -> VerifiedProto {
        VerifiedProto(Arc::clone(&self.0.protos[i]))
    }
}

/// The rule that a prototype breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The opcode's number is none.
    #[error("unknown opcode")]
    UnknownOpcode,
    /// An opcode that only the VM itself puts into code.
    #[error("opcode is reserved")]
    ReservedOpcode,
    /// The code ends before the auxiliary word.
    #[error("code ends inside an instruction")]
    Truncated,
    /// Execution would run past the end.
    #[error("code does not end in a return or a jump")]
    FallsOffEnd,
    /// Too many code words, constants, upvalues or parameters, or too large a frame.
    #[error("function is too large")]
    TooLarge,
    /// Prototypes nest deeper than [`MAX_NESTING`].
    #[error("functions nest too deep")]
    TooDeep,
    /// A register outside the frame, alone or at the end of a run.
    #[error("register outside the frame")]
    Register,
    /// A constant that is not there.
    #[error("constant out of range")]
    ConstantIndex,
    /// A constant of the wrong type for its operand.
    #[error("constant has the wrong type")]
    ConstantType,
    /// A number constant that is not a number.
    #[error("constant is NaN")]
    NanConstant,
    /// An upvalue that the function has not.
    #[error("upvalue out of range")]
    Upvalue,
    /// A nested function captures what this one has not.
    #[error("capture out of range")]
    Capture,
    /// A nested prototype that is not there.
    #[error("prototype out of range")]
    Proto,
    /// A template that is not there.
    #[error("template out of range")]
    TemplateIndex,
    /// A template with a key or value that cannot be.
    #[error("malformed template")]
    Template,
    /// A jump to no instruction, or into the middle of what belongs together.
    #[error("bad jump target")]
    JumpTarget,
    /// A branch that goes back, or a loop that goes forward.
    #[error("jump in the wrong direction")]
    JumpDirection,
    /// A count or an index that the instruction does not allow.
    #[error("count out of range")]
    Count,
    /// An open list of values without its producer or its consumer.
    #[error("open list of values is broken")]
    OpenList,
    /// An instruction of a generic `for` without the others.
    #[error("generic for is broken")]
    GenericFor,
    /// A tail call not followed by its return.
    #[error("tail call without return")]
    TailCall,
    /// `...` in a function that takes no further arguments.
    #[error("vararg instruction in a function without varargs")]
    Vararg,
    /// A local variable with a register outside the frame or a life outside the code,
    /// or one that starts before those listed before it.
    #[error("local variable outside the function")]
    Local,
    /// A line table that is not in order, or goes on behind the code.
    #[error("malformed line table")]
    Lines,
    /// Names for some upvalues only, or for upvalues that are not there.
    #[error("names and upvalues differ in number")]
    UpvalueNames,
}

/// A prototype was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad bytecode: {violation} (function {function}, word {pc})")]
pub struct VerifyError {
    /// The rule that it breaks.
    pub violation: Violation,
    /// Which function: its number in the order of the walk, outer before inner, the
    /// outermost being 0.
    pub function: usize,
    /// The code word, 0 where the rule is not about code.
    pub pc: usize,
}

/// Verifies a prototype and all that it nests.
pub fn verify(proto: Proto) -> Result<VerifiedProto, VerifyError> {
    verify_in(&mut Vec::new(), proto)
}

/// As [`verify`], with a buffer for the marks of code words.
pub(crate) fn verify_in(marks: &mut Vec<u8>, proto: Proto) -> Result<VerifiedProto, VerifyError> {
    let mut walk = Walk {
        functions: 0,
        known: HashMap::default(),
        marks,
    };
    walk.function(&proto, 1)?;
    Ok(VerifiedProto(Arc::new(proto)))
}

/// The walk over nested prototypes.
struct Walk<'m> {
    functions: usize,
    /// Prototypes already verified, and at which depth. One that is shared need not
    /// be verified again, or sharing at every level would take exponential time.
    known: HashMap<*const Proto, usize>,
    marks: &'m mut Vec<u8>,
}

impl Walk<'_> {
    fn function(&mut self, proto: &Proto, depth: usize) -> Result<(), VerifyError> {
        let function = self.functions;
        self.functions += 1;
        let refuse = |(violation, pc)| VerifyError {
            violation,
            function,
            pc,
        };
        if depth > MAX_NESTING {
            return Err(refuse((Violation::TooDeep, 0)));
        }
        check_data(proto).map_err(|violation| refuse((violation, 0)))?;
        Checker::new(proto, self.marks).code().map_err(refuse)?;
        for child in &proto.protos {
            let known = self.known.get(&Arc::as_ptr(child));
            if known.is_none_or(|&known| known < depth + 1) {
                self.function(child, depth + 1)?;
                self.known.insert(Arc::as_ptr(child), depth + 1);
            }
        }
        Ok(())
    }
}

/// Everything but the code.
fn check_data(proto: &Proto) -> Result<(), Violation> {
    let max_stack = proto.max_stack;
    if proto.params > max_stack
        || max_stack > MAX_STACK
        || proto.captures.len() > usize::from(u8::MAX)
        || proto.constants.len() > MAX_WORDS
        || proto.code.len() > MAX_WORDS
    {
        return Err(Violation::TooLarge);
    }
    for constant in &proto.constants {
        if let Constant::Number(n) = constant
            && n.is_nan()
        {
            return Err(Violation::NanConstant);
        }
    }
    for template in &proto.templates {
        if template.array_size > MAX_TEMPLATE_SIZE || template.hash_size > MAX_TEMPLATE_SIZE {
            return Err(Violation::Template);
        }
        for &(key, value) in &template.items {
            let key = proto.constants.get(key as usize);
            let value = proto.constants.get(value as usize);
            match (key, value) {
                (Some(Constant::String(_)), Some(_)) => {}
                _ => return Err(Violation::Template),
            }
        }
    }
    for child in &proto.protos {
        for capture in &child.captures {
            let exists = match *capture {
                Capture::Local(reg) => reg < max_stack,
                Capture::Upvalue(index) => usize::from(index) < proto.captures.len(),
            };
            if !exists {
                return Err(Violation::Capture);
            }
        }
    }
    check_debug(proto)
}

/// Debug information: it may be missing, but what is there is about this function. The
/// debug library reads and writes the registers of locals.
fn check_debug(proto: &Proto) -> Result<(), Violation> {
    let words = proto.code.len();
    let mut first_pc = 0;
    for &(pc, _) in proto.lines.runs() {
        if pc < first_pc || pc as usize >= words {
            return Err(Violation::Lines);
        }
        first_pc = pc + 1;
    }
    let mut start = 0;
    for local in &proto.locals {
        let is_ordered = start <= local.start_pc && local.start_pc <= local.end_pc;
        if local.reg >= proto.max_stack || !is_ordered || local.end_pc as usize > words {
            return Err(Violation::Local);
        }
        start = local.start_pc;
    }
    if !proto.upvalue_names.is_empty() && proto.upvalue_names.len() != proto.captures.len() {
        return Err(Violation::UpvalueNames);
    }
    Ok(())
}

/// What the instruction before demands of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Anything,
    /// A consumer of the open list that begins in this register.
    Consumer(Reg),
    /// The return behind a tail call with this base.
    ReturnOf(Reg),
    /// The call behind a `TForCall`.
    CallOf(ForHead),
    /// The `TForLoop` behind that call.
    LoopOf(ForHead),
}

/// What the instructions of a generic `for` must agree in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ForHead {
    base: Reg,
    vars: u8,
    body: usize,
}

/// An instruction begins here.
const START: u8 = 1;
/// Some jump goes here.
const TARGET: u8 = 2;
/// No jump may go here.
const GLUED: u8 = 4;

/// The check of one function's code.
struct Checker<'p> {
    proto: &'p Proto,
    /// Per code word.
    marks: &'p mut [u8],
    expected: Expected,
}

type Refusal = (Violation, usize);

impl<'p> Checker<'p> {
    fn new(proto: &'p Proto, marks: &'p mut Vec<u8>) -> Self {
        marks.clear();
        marks.resize(proto.code.len(), 0);
        Checker {
            proto,
            marks,
            expected: Expected::Anything,
        }
    }

    fn code(mut self) -> Result<(), Refusal> {
        let code = &self.proto.code;
        let mut at = 0;
        let mut last = None;
        while at < code.len() {
            let refuse = |violation| (violation, at);
            let op = Op::of_word(code[at]).ok_or(refuse(Violation::UnknownOpcode))?;
            let instr = Instr::decode_at(code, at).ok_or(refuse(Violation::Truncated))?;
            self.marks[at] |= START;
            self.operands(at, &instr).map_err(refuse)?;
            self.shape(at, &instr).map_err(refuse)?;
            last = Some(op);
            at += instr.len();
        }
        let ends = matches!(
            last,
            Some(Op::Loop | Op::Return0 | Op::Return1 | Op::Return | Op::ReturnC)
        );
        if !ends {
            return Err((Violation::FallsOffEnd, at));
        }
        for (at, &marks) in self.marks.iter().enumerate() {
            if marks & TARGET != 0 && (marks & START == 0 || marks & GLUED != 0) {
                return Err((Violation::JumpTarget, at));
            }
        }
        Ok(())
    }

    /// What each operand's type says.
    fn operands(&mut self, at: usize, instr: &Instr) -> Result<(), Violation> {
        let mut check = OperandCheck {
            proto: self.proto,
            refusal: None,
            jump: None,
        };
        instr.visit_operands(&mut check);
        if let Some(refusal) = check.refusal {
            return Err(refusal);
        }
        if let Some(words) = check.jump {
            let goes_back = matches!(
                instr.op(),
                Op::Loop | Op::ForLoop | Op::TForCall | Op::TForLoop
            );
            if goes_back != (words < 0) {
                return Err(Violation::JumpDirection);
            }
            let target = self.target(at, instr, words);
            let mark = target.and_then(|target| self.marks.get_mut(target));
            *mark.ok_or(Violation::JumpTarget)? |= TARGET;
        }
        Ok(())
    }

    fn target(&self, at: usize, instr: &Instr, words: i32) -> Option<usize> {
        (at + instr.len()).checked_add_signed(words as isize)
    }

    /// Checks that `len` registers from `first` on are in the frame.
    fn run(&self, first: Base, len: usize) -> Result<(), Violation> {
        if usize::from(first.0.0) + len > usize::from(self.proto.max_stack) {
            return Err(Violation::Register);
        }
        Ok(())
    }

    /// What the operands' types do not say: runs of registers, counts, and
    /// instructions that belong together.
    fn shape(&mut self, at: usize, instr: &Instr) -> Result<(), Violation> {
        let expected = std::mem::replace(&mut self.expected, Expected::Anything);
        let mut met = expected == Expected::Anything;
        if !met {
            self.marks[at] |= GLUED;
        }
        let count = |holds: bool| if holds { Ok(()) } else { Err(Violation::Count) };
        // The register where an open list that this instruction consumes may begin.
        let mut consumes = None;
        match *instr {
            Instr::LoadNil { a, b } => {
                count(b.0 >= 1)?;
                self.run(a, b.0.into())?;
            }
            Instr::Self_ { a, .. } => self.run(a, 2)?,
            Instr::GetInt { c, .. } | Instr::SetInt { c, .. } => count(c.0 >= 1)?,
            Instr::Concat { b, c, .. } => {
                count(c.0 >= 2)?;
                self.run(b, c.0.into())?;
            }
            Instr::Call { a, b, c } => {
                self.run(a, usize::from(b.0) + 1)?;
                self.run(a, c.0.into())?;
                if let Expected::CallOf(head) = expected {
                    let is_it = a.0.0 == head.base.0 + 3 && b.0 == 2 && c.0 == head.vars;
                    if !is_it {
                        return Err(Violation::GenericFor);
                    }
                    met = true;
                    self.expected = Expected::LoopOf(head);
                }
            }
            Instr::CallV { a, b, c } => {
                self.run(a, usize::from(b.0))?;
                self.run(a, usize::from(c.0).saturating_sub(1))?;
                if b.0 == 0 {
                    consumes = Some(usize::from(a.0.0) + 1);
                }
                if c.0 == 0 {
                    self.expected = Expected::Consumer(a.0);
                }
            }
            Instr::TailCall { a, b } => {
                self.run(a, usize::from(b.0))?;
                if b.0 == 0 {
                    consumes = Some(usize::from(a.0.0) + 1);
                }
                self.expected = Expected::ReturnOf(a.0);
            }
            Instr::Return { a, b } | Instr::ReturnC { a, b } => {
                self.run(a, usize::from(b.0).saturating_sub(1))?;
                if b.0 == 0 && expected == Expected::ReturnOf(a.0) {
                    met = true;
                } else if b.0 == 0 {
                    consumes = Some(a.0.0.into());
                }
            }
            Instr::Vararg { a, b } => {
                self.run(a, usize::from(b.0).saturating_sub(1))?;
                if !self.proto.is_vararg {
                    return Err(Violation::Vararg);
                }
                if b.0 == 0 {
                    self.expected = Expected::Consumer(a.0);
                }
            }
            Instr::VarargTable { .. } if !self.proto.is_vararg => {
                return Err(Violation::Vararg);
            }
            Instr::SetList { a, b, x } => {
                count((1..=MAX_LIST_START).contains(&x.0))?;
                self.run(a, b.0.into())?;
                if b.0 == 0 {
                    consumes = Some(usize::from(a.0.0) + 1);
                }
            }
            Instr::ForPrep { a, .. } | Instr::ForLoop { a, .. } => self.run(a, 4)?,
            Instr::TForCall { a, c, x } => {
                count(c.0 >= 1)?;
                self.run(a, usize::from(c.0).max(3) + 3)?;
                let body = self.target(at, instr, x.0);
                self.expected = Expected::CallOf(ForHead {
                    base: a.0,
                    vars: c.0,
                    body: body.ok_or(Violation::JumpTarget)?,
                });
            }
            Instr::TForLoop { a, x } => {
                let Expected::LoopOf(head) = expected else {
                    return Err(Violation::GenericFor);
                };
                if a.0 != head.base || self.target(at, instr, x.0) != Some(head.body) {
                    return Err(Violation::GenericFor);
                }
                met = true;
            }
            Instr::PairsLoop { .. } | Instr::IpairsLoop { .. } | Instr::Halt {} => {
                return Err(Violation::ReservedOpcode);
            }
            _ => {}
        }
        if let Some(first) = consumes {
            match expected {
                Expected::Consumer(from) if usize::from(from.0) >= first => met = true,
                _ => return Err(Violation::OpenList),
            }
        }
        match expected {
            _ if met => Ok(()),
            Expected::Anything => Ok(()),
            Expected::Consumer(_) => Err(Violation::OpenList),
            Expected::ReturnOf(_) => Err(Violation::TailCall),
            Expected::CallOf(_) | Expected::LoopOf(_) => Err(Violation::GenericFor),
        }
    }
}

/// Looks at the operands of one instruction.
struct OperandCheck<'p> {
    proto: &'p Proto,
    /// What the first bad operand breaks.
    refusal: Option<Violation>,
    /// The jump among them, in words.
    jump: Option<i32>,
}

impl OperandVisitor for OperandCheck<'_> {
    #[inline(always)]
    fn operand(&mut self, _: &'static str, operand: Operand) {
        let proto = self.proto;
        let refusal = match operand {
            Operand::Def(reg) | Operand::Use(reg) | Operand::Base(reg) => {
                (reg.0 >= proto.max_stack).then_some(Violation::Register)
            }
            Operand::Upvalue(index) => {
                (usize::from(index) >= proto.captures.len()).then_some(Violation::Upvalue)
            }
            Operand::Const(index, kind) => match proto.constants.get(index.0 as usize) {
                None => Some(Violation::ConstantIndex),
                Some(constant) => (!has_kind(constant, kind)).then_some(Violation::ConstantType),
            },
            Operand::Proto(index) => {
                (index as usize >= proto.protos.len()).then_some(Violation::Proto)
            }
            Operand::Template(index) => {
                (index as usize >= proto.templates.len()).then_some(Violation::TemplateIndex)
            }
            Operand::Jump(words) => {
                self.jump = Some(words);
                None
            }
            Operand::Imm(_) | Operand::Hint(_) => None,
        };
        self.refusal = self.refusal.or(refusal);
    }
}

fn has_kind(constant: &Constant, kind: ConstKind) -> bool {
    match kind {
        ConstKind::Any => true,
        ConstKind::Number => matches!(constant, Constant::Number(_)),
        ConstKind::String => matches!(constant, Constant::String(_)),
        ConstKind::Primitive => matches!(constant, Constant::Nil | Constant::Boolean(_)),
    }
}
