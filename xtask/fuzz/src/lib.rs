//! What the targets share: a VM with the sandboxed libraries under tight limits.

use lua_stdlib::{Preset, open, output};
use lua_vm::{ErrorKind, LoadError, LuaError, Vm, VmConfig};

/// Bytes a program may hold.
const MEMORY_LIMIT: usize = 16 << 20;
/// Units of about one instruction it may run: some tens of milliseconds, sanitized.
const INSTRUCTION_LIMIT: u64 = 200_000;

/// A VM to run hostile code in. What programs print goes nowhere. With `stress`, it collects at
/// every safepoint.
pub fn vm(stress: bool) -> Vm {
    output::redirect(Box::new(std::io::sink()));
    let mut vm = Vm::new(VmConfig {
        memory_limit: Some(MEMORY_LIMIT),
        // Each step of a stressed collector walks the whole heap.
        instruction_limit: Some(if stress { INSTRUCTION_LIMIT / 80 } else { INSTRUCTION_LIMIT }),
        stress_collector: stress,
        ..VmConfig::default()
    });
    open(&mut vm, Preset::Sandboxed).expect("the libraries fit the limit");
    vm
}

/// Whatever a program did, its VM must still work, unless what it keeps fills its memory.
pub fn check_still_works(vm: &mut Vm) {
    let is_full = |error: LuaError| error.kind() == ErrorKind::Memory;
    let chunk = match vm.load(b"local t = {1, 2, 3} return #t", b"=after") {
        Ok(chunk) => chunk,
        Err(LoadError::Vm(error)) if is_full(error) => return,
        Err(error) => panic!("{error}"),
    };
    match vm.call(&chunk, |cx, _| cx.value(-1).as_number()) {
        Ok(answer) => assert_eq!(answer, Some(3.0)),
        Err(error) => assert!(is_full(error), "{error}"),
    }
}
