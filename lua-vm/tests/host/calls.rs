//! Chunks, calls, tables, coroutines, names, limits.

use lua_vm::{
    ErrorKind, Function, FunctionRoot, Lua, Resumed, Root, TableRoot, ThreadRoot, ThreadStatus,
    VmConfig,
};

use super::{check, vm, vms};

#[test]
fn chunks() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.exec("x = 1").unwrap();
        assert_eq!(vm.eval::<i32>("x + 1").unwrap(), 2);
        assert_eq!(vm.eval::<i32>("local y = x return y").unwrap(), 1);
        assert_eq!(
            vm.chunk("return ...")
                .call::<(i32, String)>((1, "a"))
                .unwrap(),
            (1, "a".into())
        );
        let env = vm.create_table_from([("x", 5)]).unwrap();
        assert_eq!(vm.chunk("x").environment(&env).eval::<i32>().unwrap(), 5);
        vm.chunk("y = x").environment(&env).exec().unwrap();
        assert_eq!(env.get::<i32>(vm, "y").unwrap(), 5);
        assert_eq!(vm.global::<Option<i32>>("y").unwrap(), None);
        let f = vm.chunk("return x").into_function().unwrap();
        f.set_environment(vm, &env).unwrap();
        assert_eq!(f.call::<i32>(vm, ()).unwrap(), 5);
        check::<()>(vm, "error('plain')", "error: plain");
        let error = vm.exec("x = = 1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "[string \"x = = 1\"]:1: unexpected symbol near '='"
        );
        let error = vm.chunk("x = ").name("@file.lua").exec().unwrap_err();
        assert_eq!(
            error.to_string(),
            "file.lua:1: unexpected symbol near '<eof>'"
        );
        assert!(matches!(
            error,
            lua_vm::Error::Syntax {
                is_incomplete: true,
                ..
            }
        ));
    }
}

#[test]
fn calls_with_typed_arguments_and_results() {
    for mut vm in vms() {
        let vm = &mut vm;
        let f: Root = vm
            .eval("function(a, b) return a + 1, b .. '!' end")
            .unwrap();
        assert_eq!(
            vm.call_function::<(f64, String)>(&f, (1, "x")).unwrap(),
            (2.0, "x!".into())
        );
        let error = vm.call_function::<()>(&f, (true, "x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[string \"function(a, b) return a + 1, b .. '!' end\"]:1: attempt to perform arithmetic on local 'a' (a boolean value)"
        );
        let number: Root = vm.eval("5").unwrap();
        let error = vm.call_function::<()>(&number, ()).unwrap_err();
        assert_eq!(error.to_string(), "attempt to call a number value");
    }
}

#[test]
fn tables() {
    for mut vm in vms() {
        let vm = &mut vm;
        let t = vm.create_table_from([("a", 1), ("b", 2)]).unwrap();
        t.set(vm, "c", vec![1, 2]).unwrap();
        assert_eq!(t.get::<Vec<i32>>(vm, "c").unwrap(), [1, 2]);
        assert!(t.contains(vm, "a").unwrap() && !t.contains(vm, "z").unwrap());
        t.raw_set(vm, "c", lua_vm::Value::Nil).unwrap();
        assert_eq!(
            t.pairs::<String, i32>(vm)
                .unwrap()
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
            [("a".to_string(), 1), ("b".to_string(), 2)].into()
        );
        let error = t.get::<f64>(vm, "nope").unwrap_err();
        assert_eq!(error.to_string(), "field 'nope': number expected, got nil");
        let list = vm.create_table().unwrap();
        for i in 1..=3 {
            list.push(vm, i * 10).unwrap();
        }
        assert_eq!(
            (list.len(vm).unwrap(), list.is_empty(vm).unwrap()),
            (3, false)
        );
        assert_eq!(list.sequence::<i32>(vm).unwrap(), [10, 20, 30]);
        let defaults = vm.create_table().unwrap();
        let index = vm
            .create_function(|_: lua_vm::Table<'_>, key: String| format!("no {key}"))
            .unwrap();
        defaults.set(vm, "__index", index).unwrap();
        list.set_metatable(vm, Some(&defaults)).unwrap();
        assert_eq!(list.get::<String>(vm, "x").unwrap(), "no x");
        assert_eq!(list.raw_get::<Option<String>>(vm, "x").unwrap(), None);
        assert!(list.metatable(vm).unwrap().is_some());
        list.set_readonly(vm, true).unwrap();
        let error = list.set(vm, 1, 1).unwrap_err();
        assert_eq!(error.to_string(), "Attempt to modify a readonly table");
        let account: TableRoot = vm
            .eval("{ n = 5, get = function(self, k) return self.n * k end, two = function() return 2 end }")
            .unwrap();
        assert_eq!(account.call_method::<i32>(vm, "get", 3).unwrap(), 15);
        assert_eq!(account.call_function::<i32>(vm, "two", ()).unwrap(), 2);
        let error = account.call_method::<()>(vm, "none", ()).unwrap_err();
        assert_eq!(error.to_string(), "attempt to call a nil value");
        let error = vm.create_table_from([(f64::NAN, 1)]).unwrap_err();
        assert_eq!(error.to_string(), "table index is NaN");
    }
}

#[test]
fn coroutines() {
    for mut vm in vms() {
        let vm = &mut vm;
        let f: FunctionRoot = vm
            .eval(
                "function(a) local b = yield(a + 1) local c = yield(b * 2) return 'end ' .. c end",
            )
            .unwrap();
        let thread = vm.create_thread(&f).unwrap();
        assert_eq!(thread.status(vm).unwrap(), ThreadStatus::Suspended);
        assert_eq!(thread.resume::<i32>(vm, 1).unwrap(), 2);
        assert_eq!(
            thread.step::<i32, String>(vm, 10).unwrap(),
            Resumed::Yielded(20)
        );
        assert_eq!(
            thread.step::<i32, String>(vm, "x").unwrap(),
            Resumed::Returned("end x".into())
        );
        assert_eq!(thread.status(vm).unwrap(), ThreadStatus::Dead);
        let error = thread.resume::<()>(vm, ()).unwrap_err();
        assert_eq!(error.to_string(), "cannot resume dead coroutine");
        let failing: ThreadRoot = {
            let f: FunctionRoot = vm
                .chunk("yield() error('oops')")
                .name("co")
                .into_function()
                .unwrap();
            vm.create_thread(&f).unwrap()
        };
        failing.resume::<()>(vm, ()).unwrap();
        let error = failing.resume::<()>(vm, ()).unwrap_err();
        assert_eq!(error.to_string(), "oops");
        assert_eq!(
            error.traceback(),
            "stack traceback:\n\t[C]: in function 'error'\n\tco:1: in main chunk"
        );
        assert_eq!(failing.status(vm).unwrap(), ThreadStatus::Dead);
        // From within a native function too, by whoever runs.
        vm.set_global(
            "next_of",
            Function::wrap(|cx: &mut lua_vm::CallCx<'_>, t: ThreadRoot| {
                Ok::<_, lua_vm::Error>((
                    t.resume::<i32>(cx, 5)?,
                    t.status(cx)? == ThreadStatus::Suspended,
                ))
            }),
        )
        .unwrap();
        let thread = vm.create_thread(&f).unwrap();
        vm.set_global("co", &thread).unwrap();
        check::<(i32, bool)>(vm, "next_of(co)", "(6, true)");
    }
}

#[test]
fn named_values_and_roots() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_named("config", vec![1, 2]).unwrap();
        assert_eq!(vm.named::<Vec<i32>>("config").unwrap(), [1, 2]);
        assert_eq!(vm.named::<Option<i32>>("other").unwrap(), None);
        let root = vm.create_root("kept").unwrap();
        vm.collect().unwrap();
        assert_eq!(vm.get::<String>(&root).unwrap(), "kept");
    }
}

#[test]
fn limits_are_errors_that_say_where() {
    let mut vm = vm(VmConfig {
        memory_limit: Some(4 << 20),
        instruction_limit: Some(100_000),
        ..VmConfig::default()
    });
    let error = vm
        .chunk("while true do end")
        .name("endless")
        .exec()
        .unwrap_err();
    assert_eq!(error.to_string(), "instruction limit exceeded");
    assert_eq!(error.abort_kind(), Some(ErrorKind::Instructions));
    assert_eq!(
        error.traceback(),
        "stack traceback:\n\tendless:1: in main chunk"
    );
    let error = vm
        .chunk("local s = 'x' while true do s = s .. s end")
        .name("greedy")
        .exec()
        .unwrap_err();
    assert_eq!(error.abort_kind(), Some(ErrorKind::Memory));
    assert_eq!(
        error.traceback(),
        "stack traceback:\n\tgreedy:1: in main chunk"
    );
    let handle = vm.interrupt_handle();
    vm.set_instruction_limit(None);
    vm.set_global("stop", Function::wrap(move || handle.interrupt()))
        .unwrap();
    let error = vm.exec("stop() while true do end").unwrap_err();
    assert_eq!(error.abort_kind(), Some(ErrorKind::Interrupted));
    assert_eq!(vm.eval::<i32>("1 + 1").unwrap(), 2);
}

#[test]
fn garbage_goes_whatever_the_limits() {
    let greedy = "local s = 'x' for i = 1, 24 do s = s .. s end x = nil return #s";
    for mut vm in vms() {
        assert_eq!(vm.eval::<f64>(greedy).unwrap(), f64::from(1 << 24));
        vm.set_instruction_limit(Some(100));
        vm.collect().unwrap();
        assert!(vm.memory_used() < 1 << 20);

        vm.set_instruction_limit(None);
        assert_eq!(vm.eval::<f64>(greedy).unwrap(), f64::from(1 << 24));
        vm.set_instruction_limit(Some(100));
        let mut n_steps = 0;
        while !vm.collect_step(1000).unwrap() {
            n_steps += 1;
            assert!(n_steps < 1000);
        }
        while !vm.collect_step(1000).unwrap() {}
        assert!(vm.memory_used() < 1 << 20);

        // What was left before there was a limit is in nobody's way.
        vm.set_instruction_limit(None);
        assert_eq!(vm.eval::<f64>(greedy).unwrap(), f64::from(1 << 24));
        vm.set_memory_limit(Some(2 << 20));
        assert_eq!(vm.eval::<i32>("1 + 1").unwrap(), 2);
        assert!(vm.memory_used() < 1 << 20);

        // What the host makes may not find room, but that is all.
        assert!(vm.set_named("a", "x".repeat(4 << 20)).is_err());
        vm.set_named("a", "x").unwrap();
    }
}
