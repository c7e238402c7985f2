//! A native's context is not kept beyond the call.

use std::cell::RefCell;

use lua_vm::{CallCx, Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let kept: RefCell<Option<&'static CallCx<'static>>> = RefCell::new(None);
    let _ = vm.create_function(move |cx: &CallCx<'_>| {
        kept.replace(Some(cx));
    });
}
