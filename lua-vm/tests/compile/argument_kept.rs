//! An argument that borrows is not kept by the function it was passed to.

use std::cell::RefCell;
use std::rc::Rc;

use lua_vm::{Lua, Table, Vm};

fn main() {
    let mut vm = Vm::default();
    let names: Rc<RefCell<Vec<&'static str>>> = Rc::default();
    let _ = vm.create_function(move |name: &str| names.borrow_mut().push(name));
    let mut tables = Vec::new();
    let _ = vm.create_function_mut(move |table: Table<'_>| tables.push(table));
}
