//! The host's API in Rust's types. Each test gives Rust and Lua, and says exactly what
//! comes out, errors included.

mod calls;
mod convert;
mod errors;
mod functions;
mod misuse;
mod objects;
mod scopes;

use lua_vm::{Builtin, Function, Lua, Value, Vm, VmConfig};

/// A VM with `pcall` and the coroutine functions, which the language itself lacks.
pub fn vm(config: VmConfig) -> Vm {
    let mut vm = Vm::new(config);
    vm.with(|cx| {
        for (name, builtin) in [
            ("pcall", Builtin::Pcall),
            ("yield", Builtin::Yield),
            ("resume", Builtin::Resume),
        ] {
            let function = Value::Function(cx.builtin(builtin));
            cx.globals().set_field(cx, name, function)?;
        }
        Ok(())
    })
    .unwrap();
    vm.set_global(
        "collect",
        Function::wrap(|cx: &mut lua_vm::CallCx<'_>| cx.gc_collect()),
    )
    .unwrap();
    vm.set_global(
        "error",
        Function::wrap(|cx: &lua_vm::CallCx<'_>, value: Value<'_>| Err::<(), _>(cx.throw(value))),
    )
    .unwrap();
    vm
}

/// Two VMs: one as it is, and one that collects at every safepoint.
pub fn vms() -> [Vm; 2] {
    [false, true].map(|stress_collector| {
        vm(VmConfig {
            stress_collector,
            ..VmConfig::default()
        })
    })
}

/// What an expression gives, as a Rust value shows it, or the error's text.
#[track_caller]
pub fn check<T: lua_vm::FromLuaMulti + std::fmt::Debug>(vm: &mut Vm, source: &str, expected: &str) {
    let result = match vm.chunk(source).name("t").eval::<T>() {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(result, expected, "{source}");
}
