//! What is lent exclusively is not used meanwhile.

use lua_vm::{Class, Lua, UserData, Vm};

struct Counter(i64);

impl UserData for Counter {
    fn register(_: &mut Class<'_, Self>) {}
}

fn main() {
    let mut vm = Vm::default();
    let mut counter = Counter(0);
    vm.scope(|cx, scope| {
        cx.set_global("c", scope.object(&mut counter))?;
        counter.0 += 1;
        cx.exec("use(c)")
    })
    .unwrap();
}
