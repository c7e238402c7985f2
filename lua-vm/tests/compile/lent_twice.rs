//! A value is not lent exclusively twice.

use lua_vm::{Class, Lua, UserData, Vm};

struct Counter(i64);

impl UserData for Counter {
    fn register(_: &mut Class<'_, Self>) {}
}

fn main() {
    let mut vm = Vm::default();
    let mut counter = Counter(0);
    vm.scope(|cx, scope| {
        cx.set_global("a", scope.object(&mut counter))?;
        cx.set_global("b", scope.object(&mut counter))
    })
    .unwrap();
    println!("{}", counter.0);
}
