//! `table.sort` (§5.5): the reference's quicksort, comparison for comparison.
//!
//! Owns the algorithm and its two kinds of sequence: lists on the Lua side, where a comparison
//! may run Lua code, and copied lists of plain numbers or strings, where it cannot. Scripts
//! can observe the order of calls to their comparison function and the order it leaves equal
//! elements in, so both are part of the contract.

use lua_vm::{CallCx, LuaError, Results, Returned, Table, Value};

use super::Work;

/// Implements `table.sort` (§5.5): sorts a list in place, by `<` or a function that tells
/// whether its first argument comes first. Not stable.
/// Errors with `invalid order function for sorting` when it notices that the function is not
/// consistent; never reads or writes outside the list by more than one position.
pub(super) fn sort(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let len = super::length(cx.check_table(1)?);
    let has_order = !cx.arg(2).is_nil();
    if has_order {
        cx.check_function(2)?;
    } else if sort_plain(cx, len)? {
        return cx.ret0();
    }
    cx.set_top(2)?;
    cx.push_nil(); // the pivot
    let mut list = LuaList {
        cx,
        has_order,
        work: Work::default(),
    };
    quicksort(&mut list, 1, len)?;
    list.work.end(list.cx)?;
    cx.ret0()
}

/// A sequence of elements that can be compared and swapped. Positions are 1-based, as in
/// the list.
trait Sequence {
    /// Whether the element at `i` comes before that at `j`.
    fn less(&mut self, i: i64, j: i64) -> Result<bool, LuaError>;
    /// Whether the element at `i` comes before the pivot.
    fn less_than_pivot(&mut self, i: i64) -> Result<bool, LuaError>;
    /// Whether the pivot comes before the element at `i`.
    fn pivot_less_than(&mut self, i: i64) -> Result<bool, LuaError>;
    /// Swaps the elements at `i` and `j`.
    fn swap(&mut self, i: i64, j: i64) -> Result<(), LuaError>;
    /// Remembers the element at `i` as the pivot.
    fn set_pivot(&mut self, i: i64) -> Result<(), LuaError>;
    /// The error for a comparison that contradicts itself.
    fn inconsistent(&self) -> LuaError;
}

/// Sorts positions `low..=high`: median of three, then the smaller part by a stack of
/// depth log n and the larger one in this loop.
fn quicksort(list: &mut impl Sequence, low: i64, high: i64) -> Result<(), LuaError> {
    let mut pending = vec![(low, high)];
    while let Some((mut low, mut high)) = pending.pop() {
        while low < high {
            if list.less(high, low)? {
                list.swap(low, high)?;
            }
            if high - low == 1 {
                break;
            }
            let middle = (low + high) / 2;
            if list.less(middle, low)? {
                list.swap(middle, low)?;
            } else if list.less(high, middle)? {
                list.swap(middle, high)?;
            }
            if high - low == 2 {
                break;
            }
            list.set_pivot(middle)?;
            list.swap(middle, high - 1)?;
            let (mut i, mut j) = (low, high - 1);
            loop {
                i += 1;
                while list.less_than_pivot(i)? {
                    if i > high {
                        return Err(list.inconsistent());
                    }
                    i += 1;
                }
                j -= 1;
                while list.pivot_less_than(j)? {
                    if j < low {
                        return Err(list.inconsistent());
                    }
                    j -= 1;
                }
                if j < i {
                    break;
                }
                list.swap(i, j)?;
            }
            list.swap(high - 1, i)?;
            // The reference recurses into the smaller part first, then loops on the larger.
            let (smaller, larger) = if i - low < high - i {
                ((low, i - 1), (i + 1, high))
            } else {
                ((i + 1, high), (low, i - 1))
            };
            pending.push(larger);
            (low, high) = smaller;
        }
    }
    Ok(())
}

/// Stack slot of the pivot of a [`LuaList`].
const PIVOT: usize = 3;

/// The list of argument 1, compared by argument 2 or by `<`.
struct LuaList<'a, 'v> {
    cx: &'a mut CallCx<'v>,
    has_order: bool,
    work: Work,
}

/// An operand of a comparison.
#[derive(Clone, Copy)]
enum Operand {
    At(i64),
    Pivot,
}

impl LuaList<'_, '_> {
    fn push(&mut self, operand: Operand) {
        match operand {
            Operand::At(i) => self.cx.push_element(1, i),
            Operand::Pivot => self.cx.push_copy(PIVOT as isize),
        }
    }

    fn compare(&mut self, a: Operand, b: Operand) -> Result<bool, LuaError> {
        if !self.has_order {
            self.push(a);
            self.push(b);
            let less = self.cx.less_than(-2, -1)?;
            self.cx.pop(2);
            // Without a call in between nothing else reports the work.
            self.work.step(self.cx)?;
            return Ok(less);
        }
        self.cx.push_arg(2);
        self.push(a);
        self.push(b);
        self.cx.call(2, Results::Exactly(1))?;
        let less = self.cx.value(-1).truthy();
        self.cx.pop(1);
        Ok(less)
    }
}

impl Sequence for LuaList<'_, '_> {
    fn less(&mut self, i: i64, j: i64) -> Result<bool, LuaError> {
        self.compare(Operand::At(i), Operand::At(j))
    }

    fn less_than_pivot(&mut self, i: i64) -> Result<bool, LuaError> {
        self.compare(Operand::At(i), Operand::Pivot)
    }

    fn pivot_less_than(&mut self, i: i64) -> Result<bool, LuaError> {
        self.compare(Operand::Pivot, Operand::At(i))
    }

    fn swap(&mut self, i: i64, j: i64) -> Result<(), LuaError> {
        let table = self.cx.check_table(1)?;
        let (at_i, at_j) = (table.get_index(i), table.get_index(j));
        table.set_index(i, at_j)?;
        table.set_index(j, at_i)
    }

    fn set_pivot(&mut self, i: i64) -> Result<(), LuaError> {
        let pivot = self.cx.check_table(1)?.get_index(i);
        self.cx.set(PIVOT as isize, pivot)
    }

    fn inconsistent(&self) -> LuaError {
        self.cx.error("invalid order function for sorting")
    }
}

/// Longest string, in bytes, that compares in a time not worth counting.
const MAX_PLAIN: usize = 256;

/// A copied list whose elements compare without running Lua.
struct Plain<'a, 'v, T> {
    cx: &'a CallCx<'v>,
    elements: &'a mut [T],
    pivot: T,
    work: Work,
}

impl<T: Copy + PartialOrd> Plain<'_, '_, T> {
    /// Element `i`. A total order keeps positions inside the list.
    fn at(&self, i: i64) -> Result<T, LuaError> {
        usize::try_from(i - 1)
            .ok()
            .and_then(|i| self.elements.get(i).copied())
            .ok_or_else(|| self.inconsistent())
    }

    fn count_step(&mut self) -> Result<(), LuaError> {
        self.work.step(self.cx)
    }
}

impl<T: Copy + PartialOrd> Sequence for Plain<'_, '_, T> {
    fn less(&mut self, i: i64, j: i64) -> Result<bool, LuaError> {
        Ok(self.at(i)? < self.at(j)?)
    }

    fn less_than_pivot(&mut self, i: i64) -> Result<bool, LuaError> {
        self.count_step()?;
        Ok(self.at(i)? < self.pivot)
    }

    fn pivot_less_than(&mut self, i: i64) -> Result<bool, LuaError> {
        self.count_step()?;
        Ok(self.pivot < self.at(i)?)
    }

    fn swap(&mut self, i: i64, j: i64) -> Result<(), LuaError> {
        // Positions were compared before they are swapped, so they are in range.
        self.elements.swap(i as usize - 1, j as usize - 1);
        Ok(())
    }

    fn set_pivot(&mut self, i: i64) -> Result<(), LuaError> {
        self.pivot = self.at(i)?;
        Ok(())
    }

    fn inconsistent(&self) -> LuaError {
        self.cx.error("invalid order function for sorting")
    }
}

/// Sorts a list by `<` if it holds only short strings, or only numbers without NaN; whether it
/// did.
/// The algorithm is the same, so equal numbers that differ (0 and -0) end where they would.
fn sort_plain(cx: &CallCx<'_>, len: i64) -> Result<bool, LuaError> {
    let table = cx.check_table(1)?;
    match table.get_index(1) {
        Value::Number(_) => sort_copied(
            cx,
            table,
            len,
            |value| value.as_number().filter(|number| !number.is_nan()),
            |number| Value::Number(*number),
        ),
        Value::String(_) => sort_copied(
            cx,
            table,
            len,
            |value| match value {
                Value::String(text) if text.as_bytes().len() <= MAX_PLAIN => Some(ByBytes(text)),
                _ => None,
            },
            |text| Value::String(text.0),
        ),
        _ => Ok(false),
    }
}

/// Copies the list out by `read`, sorts it, and writes it back; false, and nothing changed,
/// if `read` refuses an element.
fn sort_copied<'v, T: Copy + PartialOrd>(
    cx: &'v CallCx<'_>,
    table: Table<'v>,
    len: i64,
    read: impl Fn(Value<'v>) -> Option<T>,
    write: impl Fn(&T) -> Value<'v>,
) -> Result<bool, LuaError> {
    let Some(first) = read(table.get_index(1)) else {
        return Ok(false);
    };
    if table.is_readonly() {
        return Ok(false); // The general path raises the error at the first swap.
    }
    cx.check_room(len as usize * size_of::<T>())?;
    let mut elements = Vec::with_capacity(len as usize);
    for i in 1..=len {
        match read(table.get_index(i)) {
            Some(element) => elements.push(element),
            None => return Ok(false),
        }
    }
    let mut list = Plain {
        cx,
        elements: &mut elements,
        pivot: first,
        work: Work::default(),
    };
    quicksort(&mut list, 1, len)?;
    list.work.end(cx)?;
    for (i, element) in elements.iter().enumerate() {
        table.set_index(i as i64 + 1, write(element))?;
    }
    Ok(true)
}

/// A string ordered by its bytes, as `<` orders strings in the "C" locale.
#[derive(Clone, Copy)]
struct ByBytes<'v>(lua_vm::LuaString<'v>);

impl PartialEq for ByBytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes() == other.0.as_bytes()
    }
}

impl PartialOrd for ByBytes<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.0.as_bytes().cmp(other.0.as_bytes()))
    }
}
