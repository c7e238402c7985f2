//! What is lent outlives the scope.

use lua_vm::{Class, Lua, UserData, Vm};

struct Counter(i64);

impl UserData for Counter {
    fn register(class: &mut Class<'_, Self>) {
        class.getter("n", |this: &Counter| this.0);
    }
}

fn main() {
    let mut vm = Vm::default();
    vm.scope(|cx, scope| {
        let mut counter = Counter(0);
        cx.set_global("c", scope.object(&mut counter))?;
        let text = String::new();
        cx.set_global("f", scope.function(|| text.len()))
    })
    .unwrap();
}
