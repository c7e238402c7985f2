//! Values where they do not belong: in another VM, after their VM, twice at once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lua_vm::{CallCx, Class, Function, FunctionRoot, Lua, LuaError, UserData, Value, Variadic, Vm};

use super::{check, vms};

const FOREIGN: &str = "value belongs to another VM";

#[test]
fn another_vm_refuses_roots() {
    let [mut a, mut b] = vms();
    let f: FunctionRoot = a.eval("function() return 1 end").unwrap();
    let t = a.create_table().unwrap();
    let own = b.create_table().unwrap();
    let thread = a.create_thread(&f).unwrap();
    let b = &mut b;
    let refused: [Result<(), lua_vm::Error>; 12] = [
        f.call(b, ()),
        b.set_global("x", &f),
        b.set_named("x", &t),
        t.get::<f64>(b, 1).map(drop),
        t.set(b, 1, 1),
        own.set(b, "k", &t),
        own.set(b, &t, 1),
        own.set_metatable(b, Some(&t)),
        thread.resume(b, ()),
        b.create_thread(&f).map(drop),
        b.chunk("x = 1").environment(&t).exec(),
        b.get::<f64>(&f).map(drop),
    ];
    for (i, result) in refused.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().to_string(), FOREIGN, "{i}");
    }
    b.set_global("give", Function::wrap(|| Stranger)).unwrap();
    check::<()>(b, "give()", &format!("error: {FOREIGN}"));
}

/// Becomes a root of a VM of its own.
struct Stranger;

impl lua_vm::IntoLua for Stranger {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        let mut other = Vm::default();
        let root = other.create_root("elsewhere").unwrap();
        cx.value_of(&root)
    }
}

#[test]
fn values_of_two_vms_do_not_mix_in_nested_entries() {
    let [mut a, mut b] = vms();
    a.set_global("x", "of a").unwrap();
    let result = a.with(|cx| {
        let x = cx.globals().get_bytes(b"x");
        let error = b.set_global("y", x).unwrap_err();
        assert_eq!(error.to_string(), FOREIGN);
        let pushed = b.with(|inner| {
            inner.push(Value::Function(inner.load(b"return ...", b"=c").unwrap()));
            inner.push(x);
            Ok(inner.call(1, lua_vm::Results::Open)?)
        });
        assert_eq!(pushed.unwrap_err().to_string(), FOREIGN);
        let key = b.with(|inner| Ok(inner.globals().set(x, Value::Nil)?));
        assert_eq!(key.unwrap_err().to_string(), FOREIGN);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn roots_outlive_their_vm() {
    let [mut a, mut b] = vms();
    let t = a.create_table().unwrap();
    let f = a.create_function(|| 1).unwrap();
    drop(a);
    assert_eq!(t.len(&mut b).unwrap_err().to_string(), FOREIGN);
    assert_eq!(b.set_global("f", f).unwrap_err().to_string(), FOREIGN);
}

#[test]
fn a_function_keeps_its_closure_while_it_runs() {
    for mut vm in vms() {
        let text = String::from("captured");
        let f = vm
            .create_function(move |cx: &mut CallCx<'_>| {
                cx.exec("f = nil")?;
                cx.set_upvalue(1, Value::Nil)?;
                cx.gc_collect()?;
                cx.gc_collect()?;
                Ok::<_, lua_vm::Error>(text.clone())
            })
            .unwrap();
        vm.set_global("f", f).unwrap();
        check::<String>(&mut vm, "f()", "\"captured\"");
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

impl UserData for Bomb {
    fn register(_: &mut Class<'_, Self>) {}
}

#[test]
fn a_panic_in_drop_leaves_the_vm_whole() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("x", Bomb).unwrap();
        vm.set_global("y", 1).unwrap();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            vm.exec("x = nil collect()")
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"dropped"));
        vm.exec("collect()").unwrap();
        check::<i32>(vm, "y", "1");
    }
}

#[test]
fn a_panic_in_a_finalizer_leaves_the_stack_as_it_was() {
    for mut vm in vms() {
        let vm = &mut vm;
        let finalizers = [
            Function::wrap(|| -> () { panic!("finalized") }),
            // Made last, finalized first: collects, and leaves its frame's values behind.
            Function::wrap(|cx: &mut CallCx<'_>| {
                for i in 0..100 {
                    cx.push_bytes(format!("garbage {i}").as_bytes())?;
                }
                cx.gc_collect()?;
                cx.ret0()
            }),
        ];
        for finalizer in finalizers {
            vm.with(|cx| {
                let metatable = cx.new_table(0, 1)?;
                metatable.set_field(cx, "__gc", finalizer)?;
                cx.new_proxy()?.set_metatable(Some(metatable))?;
                Ok(())
            })
            .unwrap();
        }
        let (caught, top, seven) = vm
            .with(|cx| {
                cx.push_number(7.0);
                let caught = catch_unwind(AssertUnwindSafe(|| cx.gc_collect())).is_err();
                let top = cx.top();
                cx.gc_collect()?;
                Ok((caught, top, cx.value(-1).as_number()))
            })
            .unwrap();
        assert_eq!((caught, top, seven), (true, 1, Some(7.0)));
    }
}

#[test]
fn objects_that_hold_roots_go_with_the_vm() {
    struct Holder(#[allow(dead_code, reason = "held")] Option<lua_vm::TableRoot>);
    impl UserData for Holder {
        fn register(_: &mut Class<'_, Self>) {}
    }
    for mut vm in vms() {
        let t = vm.create_table().unwrap();
        let holder = vm.create_object(Holder(None)).unwrap();
        t.set(&mut vm, 1, &holder).unwrap();
        holder.borrow_mut().unwrap().0 = Some(t);
        drop(holder);
        vm.collect().unwrap();
        vm.collect().unwrap();
    }
}

#[test]
fn too_many_values_are_an_error() {
    for mut vm in vms() {
        let vm = &mut vm;
        vm.set_global("many", Function::wrap(|| Variadic(vec![1; 100_000])))
            .unwrap();
        check::<()>(vm, "many()", "error: t:1: stack overflow");
        let f: FunctionRoot = vm.eval("function() end").unwrap();
        let error = f.call::<()>(vm, Variadic(vec![1; 100_000])).unwrap_err();
        assert_eq!(error.to_string(), "stack overflow");
        check::<i32>(vm, "1", "1");
    }
}
