//! A method does not keep a reference to its object.

use std::cell::Cell;

use lua_vm::{Class, UserData};

struct Counter(i64);

thread_local! {
    static KEPT: Cell<Option<&'static Counter>> = Cell::default();
}

impl UserData for Counter {
    fn register(class: &mut Class<'_, Self>) {
        class.method("keep", |this: &Counter| KEPT.set(Some(this)));
    }
}

fn main() {}
