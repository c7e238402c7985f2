//! A lent closure does not keep an argument that borrows from Lua.

use lua_vm::{Lua, Vm};

fn main() {
    let mut vm = Vm::default();
    let mut lines: Vec<&str> = Vec::new();
    vm.scope(|cx, scope| cx.set_global("log", scope.function_mut(|line: &str| lines.push(line))))
        .unwrap();
    println!("{lines:?}");
}
