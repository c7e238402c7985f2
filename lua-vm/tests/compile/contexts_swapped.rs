//! The contexts of two VMs are not exchanged.

use lua_vm::Vm;

fn main() {
    let (mut a, mut b) = (Vm::default(), Vm::default());
    a.with(|cx| b.with(|inner| Ok(std::mem::swap(cx, inner)))).unwrap();
}
