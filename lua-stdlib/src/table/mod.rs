//! The `table` library (§5.5): lists in tables, by raw access.
//!
//! Owns everything but [`sort`]. As in 5.1, no metamethod is called but those of comparison.

mod sort;

use lua_vm::{CallCx, FastArgs, FastResult, LuaError, Results, Returned, Table, Value};

use crate::buffer::Buffer;
use crate::library::Entry::{Fast, Native};
use crate::library::Library;

/// The `table` library.
pub const TABLE: Library = Library {
    name: "table",
    manual: "§5.5",
    entries: &[
        ("concat", Native(concat)),
        ("foreach", Native(foreach)),
        ("foreachi", Native(foreachi)),
        ("getn", Native(getn)),
        ("maxn", Native(maxn)),
        ("insert", Fast(insert, insert_fast)),
        ("remove", Fast(remove, remove_fast)),
        ("setn", Native(setn)),
        ("sort", Native(sort::sort)),
    ],
    finish: None,
};

/// Moves between two reports of the work done.
const CHARGE_UNIT: u64 = 4096;

/// Reports the work of a loop every so often, after each round.
#[derive(Default)]
struct Work {
    unpaid: u64,
}

impl Work {
    #[inline]
    fn step(&mut self, cx: &CallCx<'_>) -> Result<(), LuaError> {
        self.unpaid += 1;
        if self.unpaid == CHARGE_UNIT {
            return self.end(cx);
        }
        Ok(())
    }

    /// Reports what is left.
    fn end(&mut self, cx: &CallCx<'_>) -> Result<(), LuaError> {
        cx.charge(std::mem::take(&mut self.unpaid))
    }
}

/// Bytes of an element of a list.
const ELEMENT_BYTES: usize = 8;

/// Moves `count` elements from position `from` to position `to`.
fn move_items(
    cx: &CallCx<'_>,
    table: Table<'_>,
    from: i64,
    to: i64,
    count: i64,
) -> Result<(), LuaError> {
    if table.move_items(from, to, count)? {
        return cx.charge_bytes(count as usize * ELEMENT_BYTES);
    }
    let mut work = Work::default();
    let mut move_one = |i: i64| {
        table.set_index(to + i, table.get_index(from + i))?;
        work.step(cx)
    };
    if from < to {
        (0..count).rev().try_for_each(&mut move_one)?;
    } else {
        (0..count).try_for_each(&mut move_one)?;
    }
    work.end(cx)
}

/// Length of the list in `table`, cut to C's `int`.
fn length(table: Table<'_>) -> i64 {
    i64::from(table.len() as i32)
}

/// Implements `table.concat` (§5.5): elements `i` (default 1) to `j` (default `#list`) with
/// `sep` between them.
/// Errors with `invalid value (nil) at index 1 in table for 'concat'` for anything but strings
/// and numbers.
fn concat(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let cx = &*cx;
    let separator = cx.opt_bytes(2, b"")?;
    let table = cx.check_table(1)?;
    let first = i64::from(cx.opt_int(3, 1)?);
    let last = match cx.arg(4) {
        Value::Nil => length(table),
        _ => i64::from(cx.check_int(4)?),
    };
    let mut out = Buffer::new(last.saturating_sub(first).clamp(0, 512) as usize * 8);
    let mut work = Work::default();
    for i in first..=last {
        match table.get_index(i) {
            Value::String(text) => out.push(cx, text.as_bytes())?,
            Value::Number(number) => out.push(cx, lua_vm::format_number(number).as_bytes())?,
            other => {
                return Err(cx.error(format!(
                    "invalid value ({}) at index {i} in table for 'concat'",
                    other.type_name()
                )));
            }
        }
        if i < last {
            out.push(cx, separator)?;
        }
        work.step(cx)?;
    }
    work.end(cx)?;
    cx.ret_bytes(out.bytes())
}

/// Implements `table.foreach` (§7.3, deprecated): calls `f(key, value)` for each field until a
/// result is not nil; that result.
fn foreach(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_table(1)?;
    cx.check_function(2)?;
    cx.push_nil();
    loop {
        // The key of the last round is on top.
        let Some((key, value)) = cx.check_table(1)?.next(cx.value(-1))? else {
            return cx.ret0();
        };
        cx.push(key);
        cx.push_arg(2);
        cx.push(key);
        cx.push(value);
        cx.call(2, Results::Exactly(1))?;
        if !cx.value(-1).is_nil() {
            return cx.ret_top(1);
        }
        cx.pop(1);
        // Only the new key stays.
        cx.set(-2, cx.value(-1))?;
        cx.pop(1);
    }
}

/// Implements `table.foreachi` (§7.3, deprecated): as `foreach` over the list positions.
fn foreachi(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let len = length(cx.check_table(1)?);
    cx.check_function(2)?;
    for i in 1..=len {
        cx.push_arg(2);
        cx.push_number(i as f64);
        cx.push(cx.check_table(1)?.get_index(i));
        cx.call(2, Results::Exactly(1))?;
        if !cx.value(-1).is_nil() {
            return cx.ret_top(1);
        }
        cx.pop(1);
    }
    cx.ret0()
}

/// Implements `table.getn` (§7.3, deprecated): the length of a list.
fn getn(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.ret_number(length(cx.check_table(1)?) as f64)
}

/// Implements `table.setn` (§7.3): gone. Errors with `'setn' is obsolete`.
fn setn(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.check_table(1)?;
    Err(cx.error("'setn' is obsolete"))
}

/// Implements `table.insert` (§5.5): appends, or moves up what is at `pos` and above.
/// Errors with `wrong number of arguments to 'insert'`.
fn insert(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let end = length(table) + 1;
    match cx.arg_count() {
        2 => table.set_index(end, cx.arg(2))?,
        3 => {
            let pos = i64::from(cx.check_int(2)?);
            // Positions above the end simply become the end.
            if pos < end {
                // The last one may need a slot that is not there yet.
                table.set_index(end, table.get_index(end - 1))?;
                move_items(cx, table, pos, pos + 1, end - 1 - pos)?;
            }
            table.set_index(pos, cx.arg(3))?;
        }
        _ => return Err(cx.error("wrong number of arguments to 'insert'")),
    }
    cx.ret0()
}

fn insert_fast(args: FastArgs<'_>) -> FastResult<'_> {
    if args.len() == 2 && args.append(0, 1) {
        FastResult::nil()
    } else {
        FastResult::DECLINE
    }
}

/// Implements `table.remove` (§5.5): the element at `pos` (default: the last), moving down
/// those above; nothing if `pos` is outside the list.
fn remove(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let end = length(table);
    let pos = i64::from(cx.opt_int(2, end as i32)?);
    if !(1..=end).contains(&pos) {
        return cx.ret0();
    }
    cx.push(table.get_index(pos));
    move_items(cx, table, pos + 1, pos, end - pos)?;
    table.set_index(end, Value::Nil)?;
    cx.ret_top(1)
}

fn remove_fast(args: FastArgs<'_>) -> FastResult<'_> {
    if args.len() == 1 {
        args.remove_last(0)
    } else {
        FastResult::DECLINE
    }
}

/// Implements `table.maxn` (§5.5): the largest number among the keys, 0 if there is none.
fn maxn(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    let mut largest = 0.0;
    let mut key = Value::Nil;
    let mut work = Work::default();
    while let Some((next, _)) = table.next(key)? {
        if let Some(number) = next.as_number().filter(|&number| number > largest) {
            largest = number;
        }
        key = next;
        work.step(cx)?;
    }
    work.end(cx)?;
    cx.ret_number(largest)
}
