//! A VM and its roots stay on their thread; errors and interrupts do not.

use lua_vm::{Error, InterruptHandle, Root, Vm};

fn portable<T: Send>() {}

fn main() {
    portable::<Error>();
    portable::<InterruptHandle>();
    portable::<Vm>();
    portable::<Root>();
}
