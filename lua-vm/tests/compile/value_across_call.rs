//! A value is not held across a call, which may collect it.

use lua_vm::{CallCx, LuaError, Results, Returned};

fn native(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let value = cx.arg(1);
    cx.push_arg(2);
    cx.call(0, Results::Exactly(0))?;
    cx.ret(value)
}

fn main() {
    let _ = native;
}
