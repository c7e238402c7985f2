//! The kinds of operand an instruction can have, as newtypes, and how each is
//! packed into its field of the code word or into the auxiliary word.
//!
//! A constant operand is stored as a displacement, not as an index: the VM lays
//! the constants out just below the code, in descending order behind one reserved
//! slot, so that `code_start + displacement` is the constant without a subtraction
//! (see [`ConstIdx::displacement`]).

/// A register of the current frame, counted from the frame's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u8);

/// An index into [`crate::Proto::constants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstIdx(pub u32);

impl ConstIdx {
    /// Displacement, in value slots, of the constant from the start of the code.
    /// Slot -1 is reserved for the VM's own back pointer.
    pub const fn displacement(self) -> i32 {
        -(self.0 as i32) - 2
    }
}

/// Displacement that an 8-bit constant operand's bits stand for.
pub const fn k8_displacement(bits: u32) -> isize {
    bits as isize - 257
}

/// Displacement that a 16-bit constant operand's bits stand for.
pub const fn k16_displacement(bits: u32) -> isize {
    bits as isize - 65537
}

/// What a constant operand must refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstKind {
    /// Any constant.
    Any,
    /// A number that is not NaN.
    Number,
    /// A string.
    String,
    /// `nil`, `false` or `true`.
    Primitive,
}

/// One operand of a decoded instruction, for the readers that treat all
/// instructions alike: verifier, disassembler, name resolution, documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A register that is written.
    Def(Reg),
    /// A register that is read.
    Use(Reg),
    /// The first register of a run that is read or written; the instruction's own
    /// shape rule gives the run's length.
    Base(Reg),
    /// An upvalue of the running closure.
    Upvalue(u8),
    /// A constant.
    Const(ConstIdx, ConstKind),
    /// A nested prototype.
    Proto(u32),
    /// A table template.
    Template(u32),
    /// A jump, in words from the end of the instruction.
    Jump(i32),
    /// A plain number: a count, a size, an integer key.
    Imm(u32),
    /// A cache byte that the VM rewrites; the compiler emits 0.
    Hint(u8),
}

/// An operand type: its bits within a field and its uniform view.
pub trait OperandType: Copy {
    /// The bits stored in the field; they fit it.
    fn to_bits(self) -> u32;
    /// The operand a field's bits stand for.
    fn from_bits(bits: u32) -> Self;
    /// The uniform view.
    fn operand(self) -> Operand;
}

macro_rules! operand_types {
    ($($(#[$doc:meta])* $name:ident($inner:ty) {
        to: |$to:ident| $to_bits:expr, from: |$from:ident| $from_bits:expr,
        view: |$v:ident| $view:expr
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl OperandType for $name {
            fn to_bits(self) -> u32 { let $to = self.0; $to_bits }
            fn from_bits($from: u32) -> Self { $name($from_bits) }
            #[inline(always)]
            fn operand(self) -> Operand { let $v = self.0; $view }
        }
    )*};
}

operand_types! {
    /// A register that is written.
    Dst(Reg) { to: |r| r.0.into(), from: |b| Reg(b as u8), view: |r| Operand::Def(r) }
    /// A register that is read.
    Src(Reg) { to: |r| r.0.into(), from: |b| Reg(b as u8), view: |r| Operand::Use(r) }
    /// The first register of a run.
    Base(Reg) { to: |r| r.0.into(), from: |b| Reg(b as u8), view: |r| Operand::Base(r) }
    /// An upvalue index.
    Up(u8) { to: |i| i.into(), from: |b| b as u8, view: |i| Operand::Upvalue(i) }
    /// Any constant, index below 256.
    K8(ConstIdx) {
        to: |k| 255 - k.0, from: |b| ConstIdx(255 - b),
        view: |k| Operand::Const(k, ConstKind::Any)
    }
    /// A number constant, index below 256.
    NumK8(ConstIdx) {
        to: |k| 255 - k.0, from: |b| ConstIdx(255 - b),
        view: |k| Operand::Const(k, ConstKind::Number)
    }
    /// Any constant, index below 65,536.
    K16(ConstIdx) {
        to: |k| 65535 - k.0, from: |b| ConstIdx(65535 - b),
        view: |k| Operand::Const(k, ConstKind::Any)
    }
    /// A number constant, index below 65,536.
    NumK16(ConstIdx) {
        to: |k| 65535 - k.0, from: |b| ConstIdx(65535 - b),
        view: |k| Operand::Const(k, ConstKind::Number)
    }
    /// A string constant, index below 65,536.
    StrK16(ConstIdx) {
        to: |k| 65535 - k.0, from: |b| ConstIdx(65535 - b),
        view: |k| Operand::Const(k, ConstKind::String)
    }
    /// A primitive constant, index below 65,536.
    PrimK16(ConstIdx) {
        to: |k| 65535 - k.0, from: |b| ConstIdx(65535 - b),
        view: |k| Operand::Const(k, ConstKind::Primitive)
    }
    /// Any constant, in the auxiliary word.
    KX(ConstIdx) {
        to: |k| k.displacement() as u32, from: |b| ConstIdx((-(b as i32 as i64) - 2) as u32),
        view: |k| Operand::Const(k, ConstKind::Any)
    }
    /// A string constant, in the auxiliary word.
    StrKX(ConstIdx) {
        to: |k| k.displacement() as u32, from: |b| ConstIdx((-(b as i32 as i64) - 2) as u32),
        view: |k| Operand::Const(k, ConstKind::String)
    }
    /// An index of a nested prototype.
    ProtoIdx(u16) { to: |i| i.into(), from: |b| b as u16, view: |i| Operand::Proto(i.into()) }
    /// An index of a table template.
    TemplateIdx(u16) { to: |i| i.into(), from: |b| b as u16, view: |i| Operand::Template(i.into()) }
    /// An 8-bit number.
    Imm8(u8) { to: |i| i.into(), from: |b| b as u8, view: |i| Operand::Imm(i.into()) }
    /// A 32-bit number in the auxiliary word.
    ImmX(u32) { to: |i| i, from: |b| b, view: |i| Operand::Imm(i) }
    /// A cache byte.
    Hint(u8) { to: |i| i.into(), from: |b| b as u8, view: |i| Operand::Hint(i) }
    /// A 24-bit signed jump, in words from the end of the instruction.
    Jump24(i32) {
        to: |j| (j as u32) & 0x00FF_FFFF, from: |b| ((b << 8) as i32) >> 8,
        view: |j| Operand::Jump(j)
    }
    /// A jump in the auxiliary word, in words from the end of the instruction.
    JumpX(i32) { to: |j| j as u32, from: |b| b as i32, view: |j| Operand::Jump(j) }
}

/// Smallest and largest jump a [`Jump24`] holds.
pub const JUMP24_RANGE: std::ops::RangeInclusive<i32> = -(1 << 23)..=(1 << 23) - 1;
