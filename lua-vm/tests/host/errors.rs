//! Errors: what the host gets, and what scripts catch.

use lua_vm::{CallCx, Error, Function, FunctionRoot, Lua};

use super::{check, vms};

#[derive(Debug, thiserror::Error)]
#[error("no such file: {0}")]
struct NoFile(String);

#[test]
fn a_host_error_comes_back_as_the_source() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global(
            "open",
            Function::wrap(|name: String| Err::<(), _>(NoFile(name))),
        )
        .unwrap();
        let error = vm.chunk("open('x')").name("t").exec().unwrap_err();
        assert_eq!(error.to_string(), "t:1: no such file: x");
        assert_eq!(error.downcast_ref::<NoFile>().unwrap().0, "x");
        // Raised again by a script, it is still the same; another error is not.
        let error = vm
            .exec("local ok, e = pcall(open, 'y') error(e)")
            .unwrap_err();
        assert_eq!(error.downcast_ref::<NoFile>().unwrap().0, "y");
        let error = vm.exec("pcall(open, 'y') error('else')").unwrap_err();
        assert!(error.downcast_ref::<NoFile>().is_none());
        let error = vm.exec("error('no such file: x')").unwrap_err();
        assert!(error.downcast_ref::<NoFile>().is_none());
    }
}

#[test]
fn tracebacks_show_where_it_was_raised() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global(
            "call",
            Function::wrap(|cx: &mut CallCx<'_>, f: FunctionRoot| f.call::<()>(cx, ())),
        )
        .unwrap();
        let source = "local function inner()\n  local x = nil\n  return x.y\nend\n\
                      function outer() call(inner) end\nouter()";
        let error = vm.chunk(source).name("t").exec().unwrap_err();
        assert_eq!(
            error.to_string(),
            "t:3: attempt to index local 'x' (a nil value)"
        );
        assert_eq!(
            error.traceback(),
            "stack traceback:\n\tt:3: in function <t:1>\n\t[C]: in function 'call'\n\t\
             t:5: in function 'outer'\n\tt:6: in main chunk"
        );
        // One that has been caught leaves nothing behind.
        let error = vm.exec("pcall(outer) error('later')").unwrap_err();
        assert_eq!(error.to_string(), "later");
    }
}

#[test]
fn error_values_that_are_no_strings() {
    for mut vm in vms() {
        let vm = &mut vm;
        check::<()>(vm, "error({})", "error: (error object is a table value)");
        check::<()>(vm, "error(12)", "error: 12");
        check::<()>(vm, "error(nil)", "error: (error object is a nil value)");
        let mt = vm.create_table().unwrap();
        let f = vm.create_function(|| "own words").unwrap();
        mt.set(vm, "__tostring", f).unwrap();
        let value = vm.create_table().unwrap();
        value.set_metatable(vm, Some(&mt)).unwrap();
        vm.set_global("value", value).unwrap();
        check::<()>(vm, "error(value)", "error: own words");
    }
}

#[test]
fn errors_outlive_their_vm_and_change_threads() {
    fn assert_portable<T: Send + Sync + 'static + std::error::Error + Clone>() {}
    assert_portable::<Error>();
    fn assert_sent<T: Send + Sync + 'static>() {}
    assert_sent::<lua_vm::InterruptHandle>();
    assert_sent::<lua_compiler::VerifiedProto>();
    let error = vms()[0].exec("local x = nil .. ''").unwrap_err();
    let text = std::thread::spawn(move || error.to_string())
        .join()
        .unwrap();
    assert_eq!(
        text,
        "[string \"local x = nil .. ''\"]:1: attempt to concatenate a nil value"
    );
}

#[test]
fn a_panic_goes_through_and_leaves_the_vm_whole() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("panic", Function::wrap(|| -> () { panic!("on purpose") }))
            .unwrap();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            vm.exec("local t = {} pcall(function() t.x = 1 panic() end)")
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"on purpose"));
        assert_eq!(vm.eval::<i32>("1 + 1").unwrap(), 2);
    }
}

#[test]
fn a_native_that_catches_a_panic_goes_on() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("panic", Function::wrap(|| -> () { panic!("on purpose") }))
            .unwrap();
        vm.set_global(
            "guard",
            Function::wrap(|cx: &mut CallCx<'_>, _before: f64, f: FunctionRoot| {
                cx.push_number(7.0);
                let top = cx.top();
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    f.call::<()>(cx, (1, 2))
                }));
                // What lies above the values of before is the call's, and gone.
                assert!(cx.top() >= top);
                cx.set_top(top)?;
                let seven = cx.value(-1).as_number();
                let after: i32 = cx.eval("20 + 2")?;
                Ok::<_, Error>((caught.is_err(), seven, after, cx.arg(1).as_number()))
            }),
        )
        .unwrap();
        for source in [
            "guard(5, function() panic() end)",
            "guard(5, function() local x = 1 local f = function() x = 2 end pcall(panic) end)",
            "guard(5, function() local co = coroutine panic() end)",
        ] {
            check::<(bool, f64, i32, f64)>(vm, source, "(true, 7.0, 22, 5.0)");
        }
        // Through a coroutine, which is dead afterwards.
        let body: FunctionRoot = vm
            .eval("function() local x = 1 keep = function() return x end panic() end")
            .unwrap();
        let thread = vm.create_thread(&body).unwrap();
        vm.set_global("co", &thread).unwrap();
        check::<(bool, f64, i32, f64)>(
            vm,
            "guard(5, function() resume(co) end)",
            "(true, 7.0, 22, 5.0)",
        );
        check::<(bool, String)>(
            vm,
            "resume(co)",
            "(false, \"cannot resume dead coroutine\")",
        );
        check::<i32>(vm, "keep()", "1");
    }
}
