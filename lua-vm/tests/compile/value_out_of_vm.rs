//! A value does not leave the VM: a root does.

use lua_vm::{FromLua, Value, Vm};

fn main() {
    let mut vm = Vm::default();
    let _: Value<'_> = vm.with(|cx| Ok(cx.globals().get_bytes(b"x"))).unwrap();
    let mut kept = None;
    vm.with(|cx| {
        kept = Some(<&str>::from_lua(cx.globals().get_bytes(b"x"), cx)?);
        Ok(())
    })
    .unwrap();
}
