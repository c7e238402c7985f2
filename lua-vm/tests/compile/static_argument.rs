//! Nothing is borrowed for ever.

use lua_vm::{Lua, Table, Vm};

fn main() {
    let mut vm = Vm::default();
    let _ = vm.create_function(|name: &'static str| drop(std::thread::spawn(move || name.len())));
    let _ = vm.create_function(|_: Table<'static>| ());
}
