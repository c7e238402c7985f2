//! A conversion of results does not borrow: nothing holds the VM afterwards.

use lua_vm::{Lua, Table, Vm};

fn main() {
    let mut vm = Vm::default();
    let _ = vm.eval::<&str>("'text'");
    let _ = vm.global::<Table<'_>>("t");
}
