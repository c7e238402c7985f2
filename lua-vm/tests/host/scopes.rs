//! What the host lends for a while.

use lua_vm::{CallCx, Class, Error, Function, FunctionRoot, Lua, ObjectRoot, UserData};

use super::{check, vms};

#[derive(Default)]
struct Player {
    health: i32,
}

impl UserData for Player {
    fn register(class: &mut Class<'_, Self>) {
        class
            .method("hit", |this: &mut Player, n: i32| this.health -= n)
            .method(
                "call",
                |cx: &mut CallCx<'_>, this: &Player, f: FunctionRoot| {
                    f.call::<i32>(cx, this.health)
                },
            )
            .getter("health", |this: &Player| this.health);
    }
}

#[test]
fn closures_and_objects_are_lent() {
    for mut vm in vms() {
        let vm = &mut vm;
        let mut player = Player { health: 100 };
        let mut lines = Vec::new();
        let name = String::from("hero");
        let result: i32 = vm
            .scope(|cx, scope| {
                cx.set_global("player", scope.object(&mut player))?;
                cx.set_global(
                    "log",
                    scope.function_mut(|line: &str| lines.push(line.to_owned())),
                )?;
                cx.set_global("name", scope.function(|| name.as_str().to_owned()))?;
                cx.exec("player:hit(30) log(name()) kept = player")?;
                cx.eval("player:call(function(h) return h * 2 end)")
            })
            .unwrap();
        assert_eq!(
            (result, player.health, lines),
            (140, 70, vec!["hero".to_owned()])
        );
        check::<()>(
            vm,
            "player:hit(1)",
            "error: t:1: calling 'hit' on bad self (object was lent by the host, and is no longer)",
        );
        check::<()>(
            vm,
            "log('x')",
            "error: t:1: function was lent by the host, and is no longer",
        );
        check::<()>(
            vm,
            "kept.health",
            "error: t:1: bad argument #1 to '?' (object was lent by the host, and is no longer)",
        );
    }
}

#[test]
fn loans_end_with_errors_and_panics_too() {
    for mut vm in vms() {
        let vm = &mut vm;
        let mut player = Player { health: 1 };
        let error = vm
            .scope(|cx, scope| {
                cx.set_global("player", scope.object(&mut player))?;
                cx.chunk("player:hit('x')").name("t").exec()
            })
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "t:1: bad argument #1 to 'hit' (number expected, got string)"
        );
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            vm.scope(|cx, scope| {
                cx.set_global("player", scope.object(&mut player))?;
                cx.set_global("panic", scope.function(|| -> () { panic!("on purpose") }))?;
                cx.exec("panic()")
            })
        }));
        assert!(caught.is_err());
        assert_eq!(player.health, 1);
        for source in ["player.health", "panic()"] {
            let error = vm.eval::<i32>(source).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("was lent by the host, and is no longer")
                    || error.to_string().ends_with("no longer)"),
                "{error}"
            );
        }
    }
}

#[test]
fn what_is_lent_to_be_read_is_not_changed() {
    for mut vm in vms() {
        let vm = &mut vm;
        let player = Player { health: 8 };
        vm.scope(|cx, scope| {
            cx.set_global("player", scope.object_ref(&player))?;
            cx.set_global("again", scope.object_ref(&player))?;
            assert_eq!(cx.eval::<i32>("player.health + again.health")?, 16);
            let error = cx.chunk("player:hit(1)").name("t").exec().unwrap_err();
            let Error::Raised(_) = error else {
                panic!("{error:?}")
            };
            Ok(())
        })
        .unwrap();
        let error = vm.scope(|cx, scope| {
            cx.set_global("player", scope.object_ref(&player))?;
            cx.chunk("player:hit(1)").name("t").exec()
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "t:1: calling 'hit' on bad self (object is lent by the host for reading only)"
        );
        assert_eq!(player.health, 8);
    }
}

#[test]
fn scopes_nest_and_lent_closures_do_not_recur() {
    for mut vm in vms() {
        let vm = &mut vm;
        let mut outer = 0;
        let mut inner = 0;
        vm.scope(|cx, scope| {
            cx.set_global(
                "outer",
                scope.function_mut(|cx: &mut CallCx<'_>, f: Option<FunctionRoot>| {
                    outer += 1;
                    f.map_or(Ok(()), |f| f.call::<()>(cx, ()))
                }),
            )?;
            cx.scope(|cx, scope| {
                cx.set_global("inner", scope.function_mut(|| inner += 1))?;
                cx.exec("outer(inner) inner()")
            })?;
            cx.chunk("local ok, e = pcall(outer, function() outer() end) message = e")
                .name("t")
                .exec()
        })
        .unwrap();
        assert_eq!((outer, inner), (2, 2));
        assert_eq!(
            vm.global::<String>("message").unwrap(),
            "t:1: function called while it is running"
        );
    }
}

#[test]
fn what_is_lent_is_not_held() {
    for mut vm in vms() {
        let vm = &mut vm;
        let mut player = Player { health: 3 };
        let mut held: Option<ObjectRoot<Player>> = None;
        vm.set_global(
            "read",
            Function::wrap(|p: std::cell::Ref<'_, Player>| p.health),
        )
        .unwrap();
        vm.scope(|cx, scope| {
            cx.set_global("player", scope.object(&mut player))?;
            let root: ObjectRoot<Player> = cx.global("player")?;
            assert_eq!(root.borrow().err(), Some(lua_vm::AccessError::Lent));
            assert_eq!(root.take().err(), Some(lua_vm::AccessError::Lent));
            held = Some(root);
            let message: String =
                cx.eval("(function() local _, e = pcall(read, player) return e end)()")?;
            assert_eq!(
                message,
                "bad argument #1 to '?' (object is lent by the host and cannot be held)"
            );
            Ok(())
        })
        .unwrap();
        assert_eq!(
            held.unwrap().borrow().err(),
            Some(lua_vm::AccessError::Ended)
        );
        // An object of the VM's own may be borrowed so.
        vm.set_global("own", Player { health: 4 }).unwrap();
        check::<i32>(vm, "read(own)", "4");
    }
}
