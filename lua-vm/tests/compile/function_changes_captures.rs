//! A closure that changes what it has captured is not entered twice:
//! `create_function_mut` checks that.

use lua_vm::{Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let mut total = 0;
    let _ = vm.create_function(move |n: i64| total += n);
}
