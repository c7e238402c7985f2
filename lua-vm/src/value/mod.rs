//! The bits of a value: one NaN-boxed 64-bit word.
//!
//! Owns the encoding and nothing else: what a pointer points at is the business of
//! [`crate::heap::object`], what keeps it alive that of the collector.
//!
//! # Encoding
//!
//! A word below `0xFFF9 << 48` is the number with those bits; every NaN that enters
//! from outside is made canonical, so no number reaches the tags. From there up the
//! high 16 bits are a tag and the low 48 bits its payload: a pointer (48 bits, since
//! user addresses on aarch64 use bit 47), light userdata, or one of the immediates,
//! of which `nil`, `false` and `true` come last in this order from the top, so that
//! truthiness is one unsigned comparison.

pub(crate) mod borrowed;
pub(crate) mod convert;
pub(crate) mod number;
pub(crate) mod string;

use std::ptr::NonNull;

use crate::func::closure::LuaClosure;
use crate::heap::object::{Header, UserdataObj};
use crate::interp::stack::Coroutine;
use crate::table::TableObj;
use string::StringObj;

const TAG_SHIFT: u32 = 48;
const PAYLOAD: u64 = (1 << TAG_SHIFT) - 1;

const LIGHT: u64 = 0xFFF9 << TAG_SHIFT;
const STRING: u64 = 0xFFFA << TAG_SHIFT;
const TABLE: u64 = 0xFFFB << TAG_SHIFT;
const FUNCTION: u64 = 0xFFFC << TAG_SHIFT;
const USERDATA: u64 = 0xFFFD << TAG_SHIFT;
const THREAD: u64 = 0xFFFE << TAG_SHIFT;
const IMMEDIATE: u64 = 0xFFFF << TAG_SHIFT;

const NIL: u64 = u64::MAX;
const FALSE: u64 = u64::MAX - 1;
const TRUE: u64 = u64::MAX - 2;

/// First word that is not a number.
const NUMBER_END: u64 = LIGHT;

/// A value as the stacks, tables and upvalues hold it: plain bits, without a
/// lifetime. Never leaves the crate; [`crate::Value`] is its public face.
///
/// # Validity
///
/// A word with a pointer tag points at a live object of that kind in the heap it
/// was read from (G1). The safe methods below never follow the pointer.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct RawValue(u64);

/// The type of a value as `type` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // manual §2.2
pub enum Type {
    Nil,
    Boolean,
    LightUserdata,
    Number,
    String,
    Table,
    Function,
    Userdata,
    Thread,
}

impl Type {
    /// Every type, in the order of their declaration.
    pub(crate) const ALL: [Type; 9] = [
        Type::Nil,
        Type::Boolean,
        Type::LightUserdata,
        Type::Number,
        Type::String,
        Type::Table,
        Type::Function,
        Type::Userdata,
        Type::Thread,
    ];

    /// The name, as `type` returns it.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Nil => "nil",
            Type::Boolean => "boolean",
            Type::LightUserdata | Type::Userdata => "userdata",
            Type::Number => "number",
            Type::String => "string",
            Type::Table => "table",
            Type::Function => "function",
            Type::Thread => "thread",
        }
    }
}

impl RawValue {
    pub(crate) const NIL: RawValue = RawValue(NIL);
    pub(crate) const FALSE: RawValue = RawValue(FALSE);
    pub(crate) const TRUE: RawValue = RawValue(TRUE);
    /// Returned by a hot builtin's entry that declines; never stored.
    pub(crate) const DECLINED: RawValue = RawValue(IMMEDIATE);

    /// A number; NaNs become the canonical one.
    #[inline(always)]
    pub(crate) fn number(n: f64) -> RawValue {
        if n.is_nan() {
            RawValue(f64::NAN.to_bits() | (n.to_bits() & (1 << 63)))
        } else {
            RawValue(n.to_bits())
        }
    }

    /// A number known not to be a foreign NaN: the result of arithmetic on numbers.
    #[inline(always)]
    pub(crate) fn arith(n: f64) -> RawValue {
        debug_assert!(n.to_bits() < NUMBER_END);
        RawValue(n.to_bits())
    }

    #[inline(always)]
    pub(crate) const fn boolean(b: bool) -> RawValue {
        if b { RawValue(TRUE) } else { RawValue(FALSE) }
    }

    /// Light userdata; `None` beyond 48 bits.
    pub(crate) fn light(address: usize) -> Option<RawValue> {
        (address as u64 <= PAYLOAD).then_some(RawValue(LIGHT | address as u64))
    }

    /// The hidden cursor that a `for` loop over `next` or `ipairs` keeps.
    #[inline(always)]
    pub(crate) fn cursor(index: u32) -> RawValue {
        RawValue(IMMEDIATE | (1 << 40) | index as u64)
    }

    /// The position of a loop cursor.
    #[inline(always)]
    pub(crate) fn as_cursor(self) -> Option<u32> {
        (self.0 >> 32 == (IMMEDIATE | (1 << 40)) >> 32).then_some(self.0 as u32)
    }

    #[inline(always)]
    fn boxed<T>(tag: u64, object: *mut T) -> RawValue {
        let address = object.expose_provenance() as u64;
        debug_assert!(address <= PAYLOAD && address != 0);
        RawValue(tag | address)
    }

    #[inline(always)]
    pub(crate) fn string(object: *mut StringObj) -> RawValue {
        RawValue::boxed(STRING, object)
    }

    #[inline(always)]
    pub(crate) fn table(object: *mut TableObj) -> RawValue {
        RawValue::boxed(TABLE, object)
    }

    #[inline(always)]
    pub(crate) fn lua_function(object: *mut LuaClosure) -> RawValue {
        RawValue::boxed(FUNCTION, object)
    }

    #[inline(always)]
    pub(crate) fn userdata(object: *mut UserdataObj) -> RawValue {
        RawValue::boxed(USERDATA, object)
    }

    #[inline(always)]
    pub(crate) fn thread(object: *mut Coroutine) -> RawValue {
        RawValue::boxed(THREAD, object)
    }

    /// The bits as a float: a NaN for everything that is not a number, which is what
    /// the interpreter's arithmetic builds on.
    #[inline(always)]
    pub(crate) fn to_f64(self) -> f64 {
        f64::from_bits(self.0)
    }

    #[inline(always)]
    pub(crate) fn is_number(self) -> bool {
        self.0 < NUMBER_END
    }

    #[inline(always)]
    pub(crate) fn as_number(self) -> Option<f64> {
        if self.is_number() {
            Some(self.to_f64())
        } else {
            None
        }
    }

    #[inline(always)]
    pub(crate) fn is_nil(self) -> bool {
        self.0 == NIL
    }

    #[inline(always)]
    pub(crate) fn is_truthy(self) -> bool {
        self.0 < FALSE
    }

    #[inline(always)]
    pub(crate) fn is_boolean(self) -> bool {
        self.0 == TRUE || self.0 == FALSE
    }

    #[inline(always)]
    pub(crate) fn is_declined(self) -> bool {
        self.0 == IMMEDIATE
    }

    /// Identity of bits: equality of everything but numbers and long strings.
    #[inline(always)]
    pub(crate) fn same_bits(self, other: RawValue) -> bool {
        self.0 == other.0
    }

    /// The payload if the tag is `tag`: one xor both checks and untags.
    #[inline(always)]
    fn unbox<T>(self, tag: u64) -> Option<*mut T> {
        let address = self.0 ^ tag;
        if address >> TAG_SHIFT == 0 {
            Some(std::ptr::with_exposed_provenance_mut(address as usize))
        } else {
            None
        }
    }

    #[inline(always)]
    pub(crate) fn as_string(self) -> Option<*mut StringObj> {
        self.unbox(STRING)
    }

    #[inline(always)]
    pub(crate) fn as_table(self) -> Option<*mut TableObj> {
        self.unbox(TABLE)
    }

    /// The header of a function; [`Header::kind`] tells Lua from native.
    #[inline(always)]
    pub(crate) fn as_function(self) -> Option<*mut Header> {
        self.unbox(FUNCTION)
    }

    #[inline(always)]
    pub(crate) fn as_userdata(self) -> Option<*mut UserdataObj> {
        self.unbox(USERDATA)
    }

    #[inline(always)]
    pub(crate) fn as_thread(self) -> Option<*mut Coroutine> {
        self.unbox(THREAD)
    }

    pub(crate) fn as_light(self) -> Option<usize> {
        let payload = self.0 ^ LIGHT;
        (payload >> TAG_SHIFT == 0).then_some(payload as usize)
    }

    #[inline(always)]
    pub(crate) fn is_string(self) -> bool {
        self.0 >> TAG_SHIFT == STRING >> TAG_SHIFT
    }

    /// True for every value that is a heap object.
    #[inline(always)]
    pub(crate) fn is_object(self) -> bool {
        self.0 >= STRING && self.0 < IMMEDIATE
    }

    /// The header of a heap object.
    #[inline(always)]
    pub(crate) fn as_object(self) -> Option<NonNull<Header>> {
        if self.is_object() {
            NonNull::new(std::ptr::with_exposed_provenance_mut(
                (self.0 & PAYLOAD) as usize,
            ))
        } else {
            None
        }
    }

    /// What a table key becomes when its object is gone; see [`crate::table`], T4.
    /// Objects are aligned, so the low bits keep it apart from the other immediates.
    pub(crate) fn dead(address: u64) -> RawValue {
        debug_assert!(address != 0 && address.is_multiple_of(8));
        RawValue(IMMEDIATE | address)
    }

    /// True for what a key became whose object is gone.
    pub(crate) fn is_dead(self) -> bool {
        self.0 > IMMEDIATE && self.0.is_multiple_of(8)
    }

    /// True if this is what `key` became as a dead key.
    pub(crate) fn is_dead_of(self, key: RawValue) -> bool {
        self.0 == IMMEDIATE | (key.0 & PAYLOAD)
    }

    /// The bits of a pointer or light userdata, for hashing and `%p`.
    pub(crate) fn payload(self) -> u64 {
        self.0 & PAYLOAD
    }

    pub(crate) fn type_of(self) -> Type {
        if self.is_number() {
            return Type::Number;
        }
        match self.0 & !PAYLOAD {
            LIGHT => Type::LightUserdata,
            STRING => Type::String,
            TABLE => Type::Table,
            FUNCTION => Type::Function,
            USERDATA => Type::Userdata,
            THREAD => Type::Thread,
            _ if self.is_boolean() => Type::Boolean,
            _ => Type::Nil,
        }
    }
}

impl std::fmt::Debug for RawValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.as_number() {
            Some(n) => write!(f, "{n}"),
            None => write!(f, "{}:{:#x}", self.type_of().name(), self.payload()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_is_a_number_and_keeps_its_value() {
        for n in [
            0.0,
            -0.0,
            1.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN,
            f64::MAX,
            5e-324,
        ] {
            assert_eq!(
                RawValue::number(n).as_number().map(f64::to_bits),
                Some(n.to_bits())
            );
        }
        for bits in [
            0x7FF8_0000_0000_0000u64,
            0xFFFF_FFFF_FFFF_FFFF,
            0xFFFB_0000_0000_1000,
            1 | 0x7FF0 << 48,
        ] {
            let value = RawValue::number(f64::from_bits(bits));
            assert!(value.as_number().is_some_and(f64::is_nan), "{bits:#x}");
            assert!(!value.is_object());
        }
    }

    #[test]
    fn immediates_are_told_apart() {
        assert!(RawValue::NIL.is_nil() && !RawValue::NIL.is_truthy());
        assert!(!RawValue::FALSE.is_truthy() && RawValue::FALSE.is_boolean());
        assert!(RawValue::TRUE.is_truthy() && RawValue::TRUE.is_boolean());
        assert_eq!(RawValue::cursor(7).as_cursor(), Some(7));
        assert_eq!(RawValue::cursor(u32::MAX).as_cursor(), Some(u32::MAX));
        for value in [
            RawValue::NIL,
            RawValue::TRUE,
            RawValue::FALSE,
            RawValue::number(0.0),
        ] {
            assert_eq!(value.as_cursor(), None);
            assert!(!value.is_object());
        }
    }

    #[test]
    fn pointers_of_48_bits_survive() {
        let object = std::ptr::without_provenance_mut::<TableObj>(0xFFFF_FFFF_FFF8);
        let value = RawValue::table(object);
        assert_eq!(value.as_table().map(|p| p.addr()), Some(0xFFFF_FFFF_FFF8));
        assert_eq!(value.as_string(), None);
        assert_eq!(value.type_of(), Type::Table);
        assert!(value.is_truthy() && value.is_object());
    }

    #[test]
    fn light_userdata_needs_48_bits() {
        assert_eq!(RawValue::light(0).and_then(RawValue::as_light), Some(0));
        assert_eq!(RawValue::light(1 << 48), None);
    }
}
