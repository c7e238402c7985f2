//! A borrow of an object that lasts as long as the context is not held across a call.

use std::cell::Ref;

use lua_vm::{CallCx, Class, Error, FromLua, Lua, UserData, Vm};

struct Counter(i64);

impl UserData for Counter {
    fn register(_: &mut Class<'_, Self>) {}
}

fn main() {
    let mut vm = Vm::default();
    let _ = vm.create_function(|cx: &mut CallCx<'_>| -> Result<i64, Error> {
        let counter = Ref::<Counter>::from_lua(cx.arg(1), cx)?;
        cx.gc_collect()?;
        Ok(counter.0)
    });
}
