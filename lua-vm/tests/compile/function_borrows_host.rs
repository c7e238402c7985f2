//! A function that stays in the VM does not borrow from the host: a scope is for that.

use lua_vm::{Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let mut total = 0;
    let _ = vm.create_function_mut(|n: i64| total += n);
    println!("{total}");
}
