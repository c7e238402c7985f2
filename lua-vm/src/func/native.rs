//! The types of native functions.
//!
//! # Invariants
//!
//! - **N1** The arguments of a hot entry are live values, the function itself in the
//!   slot before them; nothing is collected while it runs.

use std::marker::PhantomData;

use super::call_cx::CallCx;
use crate::error::LuaError;
use crate::func::closure::NativeClosure;
use crate::heap::Heap;
use crate::heap::alloc::Page;
use crate::heap::object::{Kind, mark};
use crate::table::TableObj;
use crate::table::length::border;
use crate::value::RawValue;
use crate::value::string::{MAX_INTERNED, StringObj};

/// A native function. It finds its arguments in the context and leaves its results
/// there.
pub type NativeFn = fn(&mut CallCx<'_>) -> Result<Returned, LuaError>;

/// The hot entry of a native: tried first when one result is wanted, or none. It either
/// returns that result or declines, and then the general entry is called. It cannot
/// raise, call back, or collect.
pub type FastFn = for<'a> fn(FastArgs<'a>) -> FastResult<'a>;

/// How many results a native leaves: see the `ret` methods of [`CallCx`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned(pub(super) u32);

/// How many results a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// As many as there are.
    Open,
    /// So many: cut off or filled up with nil.
    Exactly(usize),
}

/// The arguments of a hot entry, counted from 0.
#[derive(Clone, Copy)]
pub struct FastArgs<'a> {
    first: *const RawValue,
    count: usize,
    marker: PhantomData<&'a ()>,
}

/// The one result of a hot entry.
#[derive(Clone, Copy)]
pub struct FastResult<'a> {
    value: RawValue,
    marker: PhantomData<&'a ()>,
}

impl<'a> FastArgs<'a> {
    /// # Safety
    ///
    /// N1 for as long as the arguments are used.
    pub(crate) unsafe fn new(first: *const RawValue, count: usize) -> FastArgs<'a> {
        FastArgs {
            first,
            count,
            marker: PhantomData,
        }
    }

    /// Number of arguments.
    #[inline(always)]
    pub fn len(self) -> usize {
        self.count
    }

    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    #[inline(always)]
    fn raw(self, i: usize) -> Option<RawValue> {
        if i < self.count {
            // SAFETY: N1.
            Some(unsafe { *self.first.add(i) })
        } else {
            None
        }
    }

    /// Argument `i` if it is a number; strings are not converted.
    #[inline(always)]
    pub fn number(self, i: usize) -> Option<f64> {
        self.raw(i)?.as_number()
    }

    /// Argument `i` if it is a string; numbers are not converted.
    #[inline(always)]
    pub fn bytes(self, i: usize) -> Option<&'a [u8]> {
        let string = self.raw(i)?.as_string()?;
        // SAFETY: N1.
        Some(unsafe { StringObj::bytes(string) })
    }

    /// The name of the type of argument `i` as the result; declines if there is none.
    #[inline]
    pub fn type_name(self, i: usize) -> FastResult<'a> {
        match (self.raw(i), self.heap()) {
            // SAFETY: N1; the page of the function leads to the heap, whose roots the names are.
            (Some(value), Some(heap)) => unsafe {
                FastResult {
                    value: RawValue::string((*heap).type_names[value.type_of() as usize]),
                    marker: PhantomData,
                }
            },
            _ => FastResult::DECLINE,
        }
    }

    /// Argument `i` if it counts as true, as the result; declines if it does not.
    #[inline(always)]
    pub fn truthy(self, i: usize) -> FastResult<'a> {
        match self.raw(i) {
            Some(value) if value.is_truthy() => self.value(i),
            _ => FastResult::DECLINE,
        }
    }

    /// Whether argument `i` is there and has a metatable, its own or that of its type. True
    /// also where that cannot be told.
    #[inline]
    pub fn has_metatable(self, i: usize) -> bool {
        match (self.raw(i), self.heap()) {
            // SAFETY: N1; the page of the function leads to the heap.
            (Some(value), Some(heap)) => unsafe { !(*heap).metatable_of(value).is_null() },
            _ => true,
        }
    }

    /// True if arguments `i` and `j` are there and equal without metamethods.
    #[inline(always)]
    pub fn raw_equal(self, i: usize, j: usize) -> Option<bool> {
        // SAFETY: N1; the page of the function leads to the heap.
        Some(unsafe { crate::table::hash::raw_equals(&*self.heap()?, self.raw(i)?, self.raw(j)?) })
    }

    /// `table[key]` without metamethods, for arguments `i` and `j`; `None` if argument
    /// `i` is not a table or `j` is absent.
    #[inline]
    pub fn raw_get(self, i: usize, j: usize) -> Option<FastResult<'a>> {
        let (table, key) = (self.raw(i)?.as_table()?, self.raw(j)?);
        // SAFETY: N1; the page of the function leads to the heap.
        let value = unsafe { TableObj::get(&*self.heap()?, table, key) };
        Some(FastResult {
            value,
            marker: PhantomData,
        })
    }

    /// Appends argument `j` to the list that argument `i` is, without metamethods; false, and
    /// nothing is done, if that is for the general entry: `i` is no table or a read-only one, or
    /// there is no memory.
    #[inline]
    pub fn append(self, i: usize, j: usize) -> bool {
        self.list(i).zip(self.raw(j)).is_some_and(|(list, value)| {
            let (heap, table, len) = list;
            // SAFETY: N1; `list` gave a live table of this heap.
            unsafe { TableObj::set_index(&mut *heap, table, len + 1, value).is_ok() }
        })
    }

    /// Removes the last element of the list that argument `i` is, without metamethods, and gives
    /// it; declines as [`FastArgs::append`] does, and where there is none.
    #[inline]
    pub fn remove_last(self, i: usize) -> FastResult<'a> {
        match self.list(i) {
            // SAFETY: as above; what is stored is no object.
            Some((heap, table, len)) if len > 0 => unsafe {
                let value = TableObj::get_index(&*heap, table, len);
                match TableObj::set_index(&mut *heap, table, len, RawValue::NIL) {
                    Ok(()) => FastResult {
                        value,
                        marker: PhantomData,
                    },
                    Err(_) => FastResult::DECLINE,
                }
            },
            _ => FastResult::DECLINE,
        }
    }

    /// The heap, and argument `i` as a list that may be written to, with its length.
    #[inline(always)]
    fn list(self, i: usize) -> Option<(*mut Heap, *mut TableObj, i64)> {
        let (table, heap) = (self.raw(i)?.as_table()?, self.heap()?);
        // SAFETY: N1; when collecting is due, the general entry leads to a safepoint.
        unsafe {
            if (*table).header.mark & mark::READONLY != 0 || (*heap).debt > 0 {
                return None;
            }
            let len = border(&*heap, table);
            // The library cuts lengths to C's `int`.
            (len < i32::MAX as u64).then_some((heap, table, len as i64))
        }
    }

    /// Sets the metatable of argument `i`, a table that has had none, to argument `j`, a
    /// table; the first is the result. `None`, and nothing has changed: they are not such.
    #[inline]
    pub fn set_first_metatable(self, i: usize, j: usize) -> Option<FastResult<'a>> {
        let (table, metatable) = (self.raw(i)?.as_table()?, self.raw(j)?.as_table()?);
        // SAFETY: N1; the page of the function leads to the heap, which nothing else uses
        // while one of its natives runs. The barrier keeps G4.
        unsafe {
            if !(*table).metatable.is_null() || (*table).header.mark & mark::READONLY != 0 {
                return None;
            }
            let heap = self.heap()?;
            (*table).metatable = metatable;
            (*heap).barrier_forward(&raw mut (*table).header, RawValue::table(metatable));
        }
        Some(self.value(i))
    }

    /// Argument `i` as the result.
    #[inline(always)]
    pub fn value(self, i: usize) -> FastResult<'a> {
        FastResult {
            value: self.raw(i).unwrap_or(RawValue::DECLINED),
            marker: PhantomData,
        }
    }

    /// The heap, through the function's own page.
    #[inline(always)]
    fn heap(self) -> Option<*mut Heap> {
        // SAFETY: N1: the function is in the slot before the arguments; a native closure
        // with a hot entry is small, so it lies in a page (H3).
        unsafe {
            let function = (*self.first.sub(1)).as_function()?;
            debug_assert!(
                (*function).kind == Kind::NativeFunction
                    && (*function.cast::<NativeClosure>()).fast.is_some(),
                "N1: what lies below the arguments is not the native"
            );
            Some((*Page::of(function)).owner)
        }
    }

    /// A short string as the result; declines if it is longer than 40 bytes, or there is
    /// no memory.
    #[inline]
    pub fn byte_string(self, bytes: &[u8]) -> FastResult<'a> {
        if bytes.len() > MAX_INTERNED {
            return FastResult::DECLINE;
        }
        let Some(heap) = self.heap() else {
            return FastResult::DECLINE;
        };
        // SAFETY: the heap is live while one of its natives runs, and nothing else uses
        // it meanwhile. When collecting is due, the general entry leads to a safepoint.
        unsafe {
            if (*heap).debt > 0 {
                return FastResult::DECLINE;
            }
            match (*heap).string(bytes) {
                Ok(string) => FastResult {
                    value: RawValue::string(string),
                    marker: PhantomData,
                },
                Err(_) => FastResult::DECLINE,
            }
        }
    }
}

impl FastResult<'static> {
    /// Not for this entry: call the general one.
    pub const DECLINE: FastResult<'static> = FastResult {
        value: RawValue::DECLINED,
        marker: PhantomData,
    };
}

impl FastResult<'_> {
    /// A number.
    #[inline(always)]
    pub fn number(n: f64) -> Self {
        FastResult {
            value: RawValue::number(n),
            marker: PhantomData,
        }
    }

    /// A boolean.
    #[inline(always)]
    pub fn boolean(b: bool) -> Self {
        FastResult {
            value: RawValue::boolean(b),
            marker: PhantomData,
        }
    }

    /// Nil.
    #[inline(always)]
    pub fn nil() -> Self {
        FastResult {
            value: RawValue::NIL,
            marker: PhantomData,
        }
    }

    #[inline(always)]
    pub(crate) fn into_raw(self) -> RawValue {
        self.value
    }
}

/// The body of the builtins, which the interpreter carries out itself.
pub(crate) fn never_called(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    Err(cx.error("builtin called as a native"))
}
