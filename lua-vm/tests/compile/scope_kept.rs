//! A scope is not kept beyond its end.

use lua_vm::{Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let mut kept = None;
    vm.scope(|_, scope| {
        kept = Some(scope);
        Ok(())
    })
    .unwrap();
}
