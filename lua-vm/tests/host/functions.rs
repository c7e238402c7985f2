//! Closures as functions: their forms, parameters, results and errors.

use lua_vm::{CallCx, Error, Function, FunctionRoot, Lua, LuaString, Table, TableRoot, Variadic};

use super::{check, vms};

#[test]
fn forms_of_functions() {
    for mut vm in vms() {
        let vm = &mut vm;
        let factor = 10.0;
        vm.set_global("scale", Function::wrap(move |x: f64| x * factor))
            .unwrap();
        vm.set_global("sqrt", Function::wrap(f64::sqrt)).unwrap();
        vm.set_global("nothing", Function::wrap(|| ())).unwrap();
        vm.set_global(
            "len",
            Function::wrap(|s: &str, t: Option<&[u8]>| s.len() + t.map_or(0, <[u8]>::len)),
        )
        .unwrap();
        vm.set_global(
            "pair",
            Function::wrap(|cx: &CallCx<'_>, a: LuaString<'_>, b: Table<'_>| {
                b.set_field(cx, 1, a)?;
                b.set_field(cx, 2, a)?;
                cx.ret(lua_vm::Value::Table(b))
            }),
        )
        .unwrap();
        vm.set_global(
            "apply",
            Function::wrap(|cx: &mut CallCx<'_>, f: FunctionRoot, x: f64| {
                f.call::<(f64, String)>(cx, x)
            }),
        )
        .unwrap();
        vm.set_global(
            "count",
            Function::wrap(|cx: &CallCx<'_>, _: Variadic<f64>| cx.arg_count()),
        )
        .unwrap();
        check::<f64>(vm, "scale(4)", "40.0");
        check::<f64>(vm, "sqrt(16)", "4.0");
        check::<Variadic<bool>>(vm, "nothing()", "Variadic([])");
        check::<i32>(vm, "len('four')", "4");
        check::<i32>(vm, "len(12, 'x')", "3");
        check::<Vec<String>>(vm, "pair('x', {})", "[\"x\", \"x\"]");
        check::<(f64, String)>(
            vm,
            "apply(function(x) return x + 1, x end, 1)",
            "(2.0, \"1\")",
        );
        check::<i32>(vm, "count(1, 2, 3)", "3");
    }
}

#[test]
fn arguments_are_named_in_errors() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("f", Function::wrap(|_: u8, _: &str, _: Option<bool>| ()))
            .unwrap();
        vm.set_global("v", Function::wrap(|_: Variadic<f64>| ()))
            .unwrap();
        vm.set_global(
            "t",
            Function::wrap(|cx: &mut CallCx<'_>, t: TableRoot| t.len(cx)),
        )
        .unwrap();
        check::<()>(
            vm,
            "f()",
            "error: t:1: bad argument #1 to 'f' (number expected, got no value)",
        );
        check::<()>(
            vm,
            "f(nil)",
            "error: t:1: bad argument #1 to 'f' (number expected, got nil)",
        );
        check::<()>(
            vm,
            "f(256)",
            "error: t:1: bad argument #1 to 'f' (number out of range)",
        );
        check::<()>(
            vm,
            "f(1, {})",
            "error: t:1: bad argument #2 to 'f' (string expected, got table)",
        );
        check::<()>(
            vm,
            "f(1, '\\255')",
            "error: t:1: bad argument #2 to 'f' (string is not valid UTF-8)",
        );
        check::<()>(vm, "f(1, 2)", "()");
        check::<()>(
            vm,
            "v(1, 2, 'x')",
            "error: t:1: bad argument #3 to 'v' (number expected, got string)",
        );
        check::<i32>(vm, "t({1, 2})", "2");
        check::<i32>(
            vm,
            "t(1)",
            "error: t:1: bad argument #1 to 't' (table expected, got number)",
        );
    }
}

#[test]
fn results_are_raised_or_returned() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("parse", Function::wrap(|s: &str| s.parse::<i32>()))
            .unwrap();
        vm.set_global("text", Function::wrap(|| Err::<(), _>("no luck")))
            .unwrap();
        vm.set_global("two", Function::wrap(|| Ok::<_, Error>((1, "b"))))
            .unwrap();
        vm.set_global(
            "boxed",
            Function::wrap(
                || -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
                    Ok("x".parse::<i32>()?)
                },
            ),
        )
        .unwrap();
        check::<i32>(vm, "parse('12')", "12");
        check::<i32>(
            vm,
            "parse('x')",
            "error: t:1: invalid digit found in string",
        );
        check::<()>(vm, "text()", "error: t:1: no luck");
        check::<(i32, String)>(vm, "two()", "(1, \"b\")");
        check::<()>(vm, "boxed()", "error: t:1: invalid digit found in string");
        check::<(bool, String)>(
            vm,
            "pcall(parse, 'x')",
            "(false, \"invalid digit found in string\")",
        );
    }
}

#[test]
fn closures_that_change_their_captures() {
    for mut vm in vms() {
        let vm = &mut vm;
        let mut total = 0;
        vm.set_global(
            "add",
            Function::wrap_mut(move |n: i32| {
                total += n;
                total
            }),
        )
        .unwrap();
        check::<(i32, i32)>(vm, "add(1), add(2)", "(1, 3)");
        let again = vm
            .create_function_mut(|cx: &mut CallCx<'_>, f: FunctionRoot| f.call::<()>(cx, ()))
            .unwrap();
        vm.set_global("again", again).unwrap();
        check::<()>(
            vm,
            "again(function() again(function() end) end)",
            "error: t:1: function called while it is running",
        );
        check::<()>(vm, "again(function() end)", "()");
    }
}

#[test]
fn every_number_of_parameters() {
    for mut vm in vms() {
        let vm = &mut vm;
        type I = i32;
        vm.set_global(
            "f",
            Function::wrap(
                |a: I, b: I, c: I, d: I, e: I, f: I, g: I, h: I, i: I, j: I| {
                    a - b + c - d + e - f + g - h + i - j
                },
            ),
        )
        .unwrap();
        vm.set_global(
            "g",
            Function::wrap(
                |_: &mut CallCx<'_>,
                 a: I,
                 b: I,
                 c: I,
                 d: I,
                 e: I,
                 f: I,
                 g: I,
                 h: I,
                 i: I,
                 j: String| { (a, b, c, d, e, f, g, h, i, j) },
            ),
        )
        .unwrap();
        check::<I>(vm, "f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)", "-5");
        check::<Variadic<I>>(
            vm,
            "g(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
            "Variadic([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])",
        );
    }
}
