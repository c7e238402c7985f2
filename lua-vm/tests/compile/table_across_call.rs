//! The table of a root is borrowed from the context, not from the root.

use lua_vm::{CallCx, Error, Lua, TableRoot};

fn sum(cx: &mut CallCx<'_>, root: &TableRoot) -> Result<usize, Error> {
    let table = root.borrow(cx)?;
    cx.exec("collect()")?;
    Ok(table.len())
}

fn main() {
    let _ = sum;
}
