//! Objects of the host's: methods, fields, metamethods, borrows, lifetimes.

use std::cell::Cell;
use std::rc::Rc;

use lua_vm::{
    AccessError, CallCx, Class, Function, FunctionRoot, Lua, Meta, ObjectRoot, TableRoot, UserData,
    Variadic, Vm,
};

use super::{check, vms};

struct Counter {
    count: i64,
}

impl Counter {
    fn add(&mut self, n: i64) -> i64 {
        self.count += n;
        self.count
    }
}

impl UserData for Counter {
    fn register(class: &mut Class<'_, Self>) {
        class
            .function("new", |count: Option<i64>| Counter {
                count: count.unwrap_or(0),
            })
            .constant("LIMIT", 1000)
            .method("add", Counter::add)
            .method(
                "each",
                |cx: &mut CallCx<'_>, this: &mut Counter, f: FunctionRoot| {
                    for i in 1..=this.count {
                        f.call::<()>(cx, i)?;
                    }
                    Ok::<_, lua_vm::Error>(())
                },
            )
            .method("same", |a: &Counter, b: Option<&Counter>| {
                b.is_some_and(|b| a.count == b.count)
            })
            .getter("count", |this: &Counter| this.count)
            .setter("count", |this: &mut Counter, n: i64| this.count = n)
            .meta(Meta::Add, |a: &Counter, b: &Counter| Counter {
                count: a.count + b.count,
            })
            .meta(Meta::Len, |this: &Counter| this.count)
            .meta(Meta::ToString, |this: &Counter| {
                format!("Counter({})", this.count)
            })
            .meta(Meta::Call, |this: &Counter, n: i64| this.count * n)
            .meta(Meta::Index, |_: &Counter, key: String| format!("no {key}"));
    }
}

struct Timer;

impl UserData for Timer {
    fn register(class: &mut Class<'_, Self>) {
        class.method("stop", |_: &Timer| ());
    }
}

fn with_counter(vm: &mut Vm) -> ObjectRoot<Counter> {
    let class: TableRoot = vm.class::<Counter>().unwrap();
    vm.set_global("Counter", class).unwrap();
    vm.set_global("timer", Timer).unwrap();
    let counter = vm.create_object(Counter { count: 5 }).unwrap();
    vm.set_global("c", &counter).unwrap();
    counter
}

#[test]
fn methods_fields_and_metamethods() {
    for mut vm in vms() {
        let vm = &mut vm;
        let counter = with_counter(vm);
        check::<i64>(vm, "c:add(2)", "7");
        check::<i64>(vm, "c.count", "7");
        check::<i64>(vm, "c.LIMIT", "1000");
        check::<i64>(vm, "(function() c.count = 3 return c.count end)()", "3");
        assert_eq!(counter.borrow().unwrap().count, 3);
        counter.borrow_mut().unwrap().count = 4;
        check::<i64>(vm, "#c", "4");
        check::<i64>(vm, "(c + Counter.new(6)).count", "10");
        check::<i64>(vm, "c(10)", "40");
        check::<String>(vm, "c.missing", "\"no missing\"");
        check::<(bool, bool)>(vm, "c:same(c), c:same()", "(true, false)");
        check::<i64>(
            vm,
            "(function() local n = 0 c:each(function(i) n = n + i end) return n end)()",
            "10",
        );
        assert_eq!(counter.call_method::<i64>(vm, "add", 1).unwrap(), 5);
        assert!(vm.get::<ObjectRoot<Timer>>(&counter).is_err());
    }
}

#[test]
fn wrong_objects_are_named() {
    for mut vm in vms() {
        let vm = &mut vm;
        with_counter(vm);
        vm.set_global("use", Function::wrap(|_: &Counter| ()))
            .unwrap();
        check::<()>(
            vm,
            "use(timer)",
            "error: t:1: bad argument #1 to 'use' (Counter expected, got Timer)",
        );
        check::<()>(
            vm,
            "use(5)",
            "error: t:1: bad argument #1 to 'use' (Counter expected, got number)",
        );
        check::<()>(
            vm,
            "use()",
            "error: t:1: bad argument #1 to 'use' (Counter expected, got no value)",
        );
        check::<()>(
            vm,
            "Counter.add(timer, 1)",
            "error: t:1: bad argument #1 to 'add' (Counter expected, got Timer)",
        );
        check::<()>(
            vm,
            "c:add('x')",
            "error: t:1: bad argument #1 to 'add' (number expected, got string)",
        );
        check::<()>(
            vm,
            "c.add(5)",
            "error: t:1: bad argument #1 to 'add' (Counter expected, got number)",
        );
        check::<()>(
            vm,
            "(function() c.other = 1 end)()",
            "error: t:1: cannot set field 'other' of a Counter",
        );
        check::<()>(
            vm,
            "(function() Counter.add = 1 end)()",
            "error: t:1: Attempt to modify a readonly table",
        );
        check::<bool>(vm, "timer.nothing == nil", "true");
    }
}

#[test]
fn borrows_are_checked() {
    for mut vm in vms() {
        let vm = &mut vm;
        let counter = with_counter(vm);
        check::<()>(
            vm,
            "c:each(function() c:add(1) end)",
            "error: t:1: calling 'add' on bad self (object is in use already)",
        );
        check::<()>(
            vm,
            "c:each(function() local x = c.count end)",
            "error: t:1: bad argument #1 to '?' (object is being changed already)",
        );
        check::<i64>(vm, "c:add(1)", "6");
        let guard = counter.borrow().unwrap();
        check::<i64>(vm, "c.count", "6");
        check::<i64>(
            vm,
            "c:add(1)",
            "error: t:1: calling 'add' on bad self (object is in use already)",
        );
        drop(guard);
        std::mem::forget(counter.borrow_mut().unwrap());
        check::<()>(
            vm,
            "c.count",
            "error: t:1: bad argument #1 to '?' (object is being changed already)",
        );
        assert_eq!(counter.borrow().err(), Some(AccessError::InUseExclusively));
    }
}

#[test]
fn an_object_can_be_taken_out() {
    for mut vm in vms() {
        let vm = &mut vm;
        let counter = with_counter(vm);
        assert_eq!(counter.take().unwrap().count, 5);
        assert_eq!(counter.take().err(), Some(AccessError::Taken));
        check::<()>(
            vm,
            "c:add(1)",
            "error: t:1: calling 'add' on bad self (object has been taken by the host)",
        );
    }
}

struct Tracked(Rc<Cell<usize>>);

impl Drop for Tracked {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl UserData for Tracked {
    fn register(class: &mut Class<'_, Self>) {
        class.method("collect", |cx: &mut CallCx<'_>, this: &mut Tracked| {
            cx.pop(1);
            cx.gc_collect()?;
            Ok::<_, lua_vm::LuaError>(this.0.get())
        });
    }
}

#[test]
fn an_object_is_dropped_once() {
    for mut vm in vms() {
        let drops = Rc::new(Cell::new(0));
        vm.set_global("x", Tracked(Rc::clone(&drops))).unwrap();
        vm.exec("x = nil collect() collect()").unwrap();
        assert_eq!(drops.get(), 1);
        let kept = vm.create_object(Tracked(Rc::clone(&drops))).unwrap();
        vm.collect().unwrap();
        assert_eq!(drops.get(), 1);
        // In use while the last reference goes: it lives until the method returns.
        vm.set_global("make", {
            let drops = Rc::clone(&drops);
            Function::wrap(move || Tracked(Rc::clone(&drops)))
        })
        .unwrap();
        check::<usize>(&mut vm, "make():collect()", "1");
        vm.collect().unwrap();
        assert_eq!(drops.get(), 2);
        let captured = Tracked(Rc::clone(&drops));
        vm.set_global("f", Function::wrap(move || captured.0.get()))
            .unwrap();
        drop(vm);
        // The host still has the first, and nothing has the second.
        assert_eq!(drops.get(), 3);
        assert_eq!(kept.borrow().unwrap().0.get(), 3);
        drop(kept);
        assert_eq!(drops.get(), 4);
    }
}

#[test]
fn memory_of_objects_is_charged() {
    struct Big([u8; 64 * 1024]);
    impl UserData for Big {
        fn register(class: &mut Class<'_, Self>) {
            class.method("first", |this: &Big| this.0[0]);
        }
    }
    let mut vm = super::vm(lua_vm::VmConfig {
        memory_limit: Some(2 << 20),
        ..Default::default()
    });
    vm.set_global("big", Function::wrap(|| Big([7; 64 * 1024])))
        .unwrap();
    check::<u8>(
        &mut vm,
        "(function() for i = 1, 1000 do big() end return big():first() end)()",
        "7",
    );
    let error = vm
        .exec("local t = {} for i = 1, 1000 do t[i] = big() end")
        .unwrap_err();
    assert_eq!(error.to_string(), "not enough memory");
    vm.collect().unwrap();
    assert!(vm.memory_used() < 1 << 20);
}

#[test]
fn a_class_may_have_itself_for_a_constant() {
    struct Vector(f64);
    impl UserData for Vector {
        fn register(class: &mut Class<'_, Self>) {
            class
                .constant("UNIT", Vector(1.0))
                .getter("x", |this: &Vector| this.0)
                .meta(Meta::Mul, |a: &Vector, b: f64| Vector(a.0 * b))
                .meta(Meta::Eq, |a: &Vector, b: &Vector| a.0 == b.0)
                .meta(Meta::Lt, |a: &Vector, b: &Vector| a.0 < b.0);
        }
    }
    for mut vm in vms() {
        let class = vm.class::<Vector>().unwrap();
        vm.set_global("Vector", class).unwrap();
        check::<f64>(&mut vm, "(Vector.UNIT * 3).x", "3.0");
        check::<(bool, bool)>(
            &mut vm,
            "Vector.UNIT * 1 == Vector.UNIT, Vector.UNIT < Vector.UNIT * 2",
            "(true, true)",
        );
        check::<Variadic<bool>>(&mut vm, "getmetatable == nil", "Variadic([true])");
    }
}
