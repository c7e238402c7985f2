//! A function that may call Lua does not get arguments that borrow.

use lua_vm::{CallCx, Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let _ = vm.create_function(|cx: &mut CallCx<'_>, name: &str| {
        cx.gc_collect().unwrap();
        name.len()
    });
}
