#![no_main]
//! Bytes as a program: parse, compile, verify, disassemble, run under limits with the sandboxed
//! libraries. A text that begins with `!` runs with a collection at every safepoint.

use ferrous_fuzz::{check_still_works, vm};
use libfuzzer_sys::fuzz_target;
use lua_vm::LoadError;

fuzz_target!(|data: &[u8]| {
    let (source, stress) = match data.strip_prefix(b"!") {
        Some(rest) => (rest, true),
        None => (data, false),
    };
    if let Ok(chunk) = lua_syntax::parse(source, b"=fuzz") {
        // What the compiler makes of a tree, the verifier must accept.
        if let Ok(proto) = lua_compiler::compile(&chunk, source) {
            let verified = lua_compiler::verify(proto);
            assert!(verified.is_ok(), "{:?}", verified.err());
        }
    }
    let mut vm = vm(stress);
    match vm.load(source, b"=fuzz") {
        Ok(chunk) => {
            if let Err(error) = vm.call(&chunk, |_, _| ()) {
                drop(vm.error_message(error));
            }
        }
        Err(error) => drop::<LoadError>(error),
    }
    check_still_works(&mut vm);
});
