#![no_main]
//! Bytes as a precompiled chunk: what is read is verified, and what is verified runs, dumps to
//! bytes that read back as the same, and leaves the VM whole.

use ferrous_fuzz::{check_still_works, vm};
use libfuzzer_sys::fuzz_target;
use lua_vm::{Results, Value};

fuzz_target!(|data: &[u8]| {
    // The collector's stress is chosen by the length, so that the bytes stay a chunk.
    let stress = data.len() % 4 == 0;
    let Ok(verified) = lua_compiler::undump(data, b"=fuzz") else { return };
    let again = lua_compiler::dump(verified.proto());
    let reread = lua_compiler::undump(&again, b"=fuzz").expect("a dump reads back");
    assert!(lua_compiler::dump(reread.proto()) == again, "a dump changes when read back");
    let mut vm = vm(stress);
    let result = vm.enter(|cx| {
        let function = cx.load_proto(&verified)?;
        cx.push(Value::Function(function));
        cx.call(0, Results::Exactly(0))
    });
    if let Err(error) = result {
        drop(vm.error_message(error));
    }
    check_still_works(&mut vm);
});
