//! What the compiler says of a closure that Lua cannot call.

use lua_vm::{Lua, Vm};

struct Opaque;

fn main() {
    let mut vm = Vm::default();
    let _ = vm.create_function(|_: Opaque| 1);
    let _ = vm.create_function(|| Opaque);
}
