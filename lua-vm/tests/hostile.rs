//! Hostile scripts and limits hit half way: whatever happens, the VM stays whole and can
//! be used again.

use std::time::Duration;

use lua_vm::{
    Builtin, CallCx, ErrorKind, Interrupt, InterruptHandle, LuaError, Results, Returned, Value, Vm,
    VmConfig,
};

fn collect(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.gc_collect()?;
    cx.ret0()
}

fn apply(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    for i in 1..=cx.arg_count() {
        cx.push_arg(i);
    }
    let n = cx.call(cx.arg_count() - 1, Results::Open)?;
    cx.ret_top(n)
}

fn wrap(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(cx.check_function(1)?)?;
    cx.ret(Value::Function(cx.new_wrap(thread)?))
}

fn create(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(cx.check_function(1)?)?;
    cx.ret(Value::Thread(thread))
}

fn setmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    table.set_metatable(cx.arg(2).as_table())?;
    cx.ret_arg(1)
}

/// `many(n)`: the numbers from 1 to `n`.
fn many(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let n = cx.check_integer(1)? as usize;
    cx.ensure_stack(n)?;
    for i in 1..=n {
        cx.push_number(i as f64);
    }
    cx.ret_top(n)
}

/// A position asked for at every level: walks all frames.
fn where_am_i(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let text = cx.traceback(0);
    cx.ret_bytes(&text)
}

fn vm(config: VmConfig) -> Vm {
    let mut vm = Vm::new(config);
    vm.enter(|cx| {
        let globals = cx.globals();
        let natives: [(&str, lua_vm::NativeFn); 7] = [
            ("collect", collect),
            ("apply", apply),
            ("wrap", wrap),
            ("create", create),
            ("setmetatable", setmetatable),
            ("many", many),
            ("traceback", where_am_i),
        ];
        for (name, function) in natives {
            globals.set_bytes(name.as_bytes(), Value::Function(cx.new_native(function)?))?;
        }
        for (name, builtin) in [
            ("pcall", Builtin::Pcall),
            ("xpcall", Builtin::Xpcall),
            ("next", Builtin::Next),
            ("resume", Builtin::Resume),
            ("yield", Builtin::Yield),
        ] {
            globals.set_bytes(name.as_bytes(), Value::Function(cx.builtin(builtin)))?;
        }
        Ok(())
    })
    .unwrap();
    vm
}

/// What a chunk returns first as text, or its error's words.
fn run(vm: &mut Vm, source: &str) -> String {
    let function = match vm.load(source.as_bytes(), b"=t") {
        Ok(function) => function,
        Err(error) => return String::from_utf8_lossy(&error.message()).into_owned(),
    };
    let result = vm.call(&function, |cx, n| {
        if n == 0 {
            return String::new();
        }
        match cx.value(-(n as isize)) {
            Value::Number(n) => {
                String::from_utf8_lossy(lua_vm::format_number(n).as_bytes()).into_owned()
            }
            Value::String(s) => String::from_utf8_lossy(s.as_bytes()).into_owned(),
            Value::Boolean(b) => b.to_string(),
            other => other.type_name().to_owned(),
        }
    });
    match result {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(&vm.error_message(error)).into_owned(),
    }
}

#[track_caller]
fn check(source: &str, expected: &str) {
    for stress_collector in [false, true] {
        let mut vm = vm(VmConfig {
            stress_collector,
            ..VmConfig::default()
        });
        assert_eq!(run(&mut vm, source), expected, "stress: {stress_collector}");
        vm.collect().unwrap();
    }
}

/// Runs the source under every instruction limit up to `most`: each time it is stopped,
/// and the VM works as before.
#[track_caller]
fn check_stops(source: &str, most: u64) {
    let mut vm = vm(VmConfig::default());
    let function = vm.load(source.as_bytes(), b"=t").unwrap();
    for limit in (0..most).step_by(7) {
        vm.set_instruction_limit(Some(limit));
        let error = vm.call(&function, |_, _| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Instructions, "limit {limit}");
        vm.set_instruction_limit(None);
        assert_eq!(run(&mut vm, "return 6 * 7"), "42", "limit {limit}");
    }
    vm.collect().unwrap();
}

/// Runs the source under growing memory limits until it succeeds: each time the VM
/// works as before, and gives back what it took.
#[track_caller]
fn check_memory(source: &str, expected: &str) {
    let mut vm = vm(VmConfig::default());
    let function = vm.load(source.as_bytes(), b"=t").unwrap();
    vm.collect().unwrap();
    // Leaves what is made once and kept, strings of messages say, behind.
    let mut seen = false;
    for step in 0..4000 {
        let base = vm.memory_used();
        vm.set_memory_limit(Some(base + 64 * step));
        let result = vm.call(&function, |_, _| ());
        vm.set_memory_limit(None);
        assert_eq!(run(&mut vm, "return 6 * 7"), "42", "step {step}");
        vm.collect().unwrap();
        if result.is_ok() {
            seen = true;
            break;
        }
    }
    assert!(seen);
    assert_eq!(run(&mut vm, source), expected);
}

#[test]
fn instruction_limit_at_the_entry_of_a_vararg_function() {
    check_stops(
        "local function f(...) return ... end
         while true do pcall(f, 1, 2, 3, 4, 5) apply(f, 1, 2, 3) end",
        2000,
    );
}

#[test]
fn instruction_limit_where_the_stack_grows() {
    check_stops(
        "local function f(a, ...) if a == 0 then return 0 end return (f(a - 1, a, ...)) end
         while true do apply(wrap(function() return apply(f, 60) end)) end",
        3000,
    );
}

#[test]
fn overflow_in_a_tail_call() {
    // The callee is tiny and the caller long, so that its program counter is beyond
    // the callee's code.
    let mut vm = vm(VmConfig::default());
    let source = "local function tiny(...) return deep() end
         function deep()
           local a, b, c, d, e, f = 1, 2, 3, 4, 5, 6
           a = b + c b = c + d c = d + e d = e + f e = f + a f = a + b
           return tiny(deep(), a)
         end
         local ok, message = xpcall(deep, function(m) traceback() return m end)
         local function last(n)
           local a, b, c, d, e, f = 1, 2, 3, 4, 5, 6
           a = b + c b = c + d c = d + e d = e + f e = f + a f = a + b
           if n == 0 then return tiny(n, a, b, c) end
           return 1 + last(n - 1)
         end
         tiny = function() return 0 end
         for n = 19980, 20005 do pcall(last, n) end
         return #message < 200";
    assert_eq!(run(&mut vm, source), "true");
}

#[test]
fn keys_that_died_and_came_back() {
    check(
        "local o = {} local t = {[o] = 1} t[o] = nil collect() t[o] = 2
         local n = 0
         for k, v in next, t do n = n + 1 if k ~= o or v ~= 2 then return 'wrong' end end
         return n",
        "1",
    );
    check(
        "local t = {}
         do local o = {} t[o] = 1 t[o] = nil collect() t[o] = 2 end
         collect()
         local k, v = next(t) k.x = 1 return v",
        "2",
    );
}

#[test]
fn templates_under_attack() {
    // Keys of 64 bytes that differ only where the table hash does not look.
    let mut source = String::from("local function make() return {");
    for i in 0..60 {
        let key: Vec<u8> = (0..64)
            .map(|at| {
                if at % 3 == 0 && (i >> (at / 3 % 6)) & 1 == 1 {
                    b'b'
                } else {
                    b'a'
                }
            })
            .collect();
        source.push_str(&format!(
            "['{}{i:02}'] = {i},",
            "x".repeat(0) + std::str::from_utf8(&key).unwrap()
        ));
    }
    source.push_str("} end local sum = 0 for i = 1, 3 do local t = make() t.y = 1 t.z = 2 for i = 1, 100 do t['k' .. i] = i end for k, v in next, t do if t[k] ~= v then return 'lost' end sum = sum + v end end return sum");
    check(&source, &(3 * (59 * 60 / 2 + 3 + 5050)).to_string());
}

#[test]
fn memory_limits_half_way() {
    check_memory(
        "local a, b, c, d, e, f = 1, 2, 3, 4, 5, 6
         local function g() return function() return a, b, c, d, e, f end end
         local t = {} for i = 1, 50 do t[i] = g() end
         return #t",
        "50",
    );
    check_memory(
        "local t = {} for i = 1, 30 do t['k' .. i] = {i, x = i} end
         local co = {} for i = 1, 5 do co[i] = wrap(function(...) yield(...) return many(200) end) co[i](i) end
         for i = 1, 5 do co[i]() end
         return #co",
        "5",
    );
    // A coroutine that dies for want of a bigger stack, and is still held.
    check_memory(
        "held = create(function() local function f(n, ...) if n > 0 then return 1 + f(n - 1, n, ...) end return 0 end return f(60) end)
         return resume(held)",
        "true",
    );
}

#[test]
fn deep_recursion_by_every_route() {
    for (source, expected) in [
        (
            "local function f() return 1 + f() end return (pcall(f))",
            "false",
        ),
        (
            "local t = setmetatable({}, {__index = function(t, k) return t[k .. ''] end}) return (pcall(function() return t.x end))",
            "false",
        ),
        (
            "local t = setmetatable({}, {}) local m = {} m.__add = function(a, b) return a + b end setmetatable(t, m) return (pcall(function() return t + t end))",
            "false",
        ),
        ("local function f() return pcall(f) end f() return 1", "1"),
        (
            "local function f() return (pcall(f)) end return f()",
            "true",
        ),
        (
            "local function f() return (apply(f)) end return (pcall(f))",
            "false",
        ),
        (
            "local function f() return wrap(f)() end return (pcall(f))",
            "false",
        ),
        (
            "local function h(m) return h(m) .. 1 end return (xpcall(function() return nil + 1 end, h))",
            "false",
        ),
        (
            "local function h(m) local x = nil + 1 end return (xpcall(function() return nil + 1 end, h))",
            "false",
        ),
        (
            "local t = setmetatable({}, {}) t.__call = t local m = {} m.__call = function(self, ...) return self(...) .. 1 end setmetatable(t, m) return (pcall(t))",
            "false",
        ),
        (
            "local m = {} m.__concat = function(a, b) return a .. b end local t = setmetatable({}, m) return (pcall(function() return t .. t .. t end))",
            "false",
        ),
        (
            "local m = {} m.__lt = function(a, b) return a < b end local t = setmetatable({}, m) return (pcall(function() return t < t end))",
            "false",
        ),
        (
            "local m = {} m.__index = setmetatable(m, m) return (pcall(function() return m.x end))",
            "false",
        ),
    ] {
        let mut vm = vm(VmConfig::default());
        assert_eq!(run(&mut vm, source), expected, "{source}");
        assert_eq!(run(&mut vm, "return 6 * 7"), "42", "{source}");
        vm.collect().unwrap();
    }
}

#[test]
fn builtins_outlive_what_the_host_does_to_the_registry() {
    let mut vm = vm(VmConfig::default());
    vm.enter(|cx| {
        for i in 0..20 {
            cx.registry().set_index(i, Value::Nil)?;
        }
        cx.globals().set_bytes(b"pcall", Value::Nil)?;
        cx.gc_collect()?;
        for _ in 0..100 {
            cx.new_table(0, 0)?;
        }
        cx.globals()
            .set_bytes(b"again", Value::Function(cx.builtin(Builtin::Pcall)))
    })
    .unwrap();
    assert_eq!(run(&mut vm, "return again(next, {})"), "true");
}

#[test]
fn builtins_without_what_makes_them() {
    let mut vm = vm(VmConfig::default());
    vm.enter(|cx| {
        cx.globals()
            .set_bytes(b"step", Value::Function(cx.builtin(Builtin::WrapStep)))
    })
    .unwrap();
    let source = "local ok, message = pcall(step, 1) return message";
    assert_eq!(
        run(&mut vm, source),
        "bad argument #1 to '?' (coroutine expected)"
    );
}

#[test]
fn freed_cells_are_used_again() {
    let mut vm = vm(VmConfig::default());
    // Fragmented pages: every other object dies.
    let source = "local keep = {} for i = 1, 20000 do keep[i] = {} end
                  for round = 1, 20 do
                    for i = 1 + round % 2, 20000, 2 do keep[i] = {} end collect()
                  end
                  return #keep";
    assert_eq!(run(&mut vm, source), "20000");
}

#[test]
fn a_step_of_any_size() {
    let mut vm = vm(VmConfig::default());
    vm.enter(|cx| {
        cx.gc_step(usize::MAX)?;
        cx.charge(u64::MAX).and_then(|()| cx.charge(u64::MAX))
    })
    .unwrap();
    vm.set_instruction_limit(Some(10));
    let error = vm.enter(|cx| {
        let _ = cx.charge(u64::MAX);
        let _ = cx.charge(u64::MAX);
        cx.charge(u64::MAX)
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Instructions);
}

/// `interrupt()`: what another thread or a signal handler would do meanwhile.
fn interrupt(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if let Some(handle) = cx.host_data::<InterruptHandle>() {
        handle.interrupt();
    }
    cx.ret0()
}

fn interruptible() -> Vm {
    let mut vm = vm(VmConfig::default());
    vm.attach(vm.interrupt_handle());
    vm.enter(|cx| {
        let interrupt = Value::Function(cx.new_native(interrupt)?);
        cx.globals().set_bytes(b"interrupt", interrupt)
    })
    .unwrap();
    vm
}

const INTERRUPTED_TWICE: &str = "local function spin() interrupt() while true do end end
     local ok, first = pcall(spin)
     local second
     local co = wrap(function()
       spin()
     end)
     ok, second = pcall(co)
     return first .. ' ' .. second";

#[test]
fn an_interrupt_that_is_raised_is_caught_like_any_error() {
    let mut vm = interruptible();
    vm.set_on_interrupt(Interrupt::Raise);
    assert_eq!(
        run(&mut vm, INTERRUPTED_TWICE),
        "interrupted! t:5: interrupted!"
    );
    assert_eq!(run(&mut vm, "return 'usable'"), "usable");
}

#[test]
fn an_interrupt_that_aborts_is_not_caught() {
    let mut vm = interruptible();
    assert_eq!(run(&mut vm, INTERRUPTED_TWICE), "script interrupted");
    assert_eq!(run(&mut vm, "return 'usable'"), "usable");
}

#[test]
fn a_limit_of_time() {
    let mut vm = vm(VmConfig {
        time_limit: Some(Duration::from_millis(5)),
        ..VmConfig::default()
    });
    let endless = "while true do pcall(function() while true do end end) end";
    assert_eq!(run(&mut vm, endless), "time limit exceeded");
    assert_eq!(run(&mut vm, "return 'usable'"), "usable");
    vm.set_time_limit(Some(Duration::ZERO));
    let function = vm.load(endless.as_bytes(), b"=t").unwrap();
    let error = vm.call(&function, |_, _| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Time);
    vm.set_time_limit(Some(Duration::MAX));
    assert_eq!(run(&mut vm, "return 'usable'"), "usable");
    vm.set_time_limit(None);
    assert_eq!(run(&mut vm, "return 'usable'"), "usable");
}

/// Going through what a large table has held once is work, and nothing else may be done.
#[test]
fn empty_tables_are_paid_for() {
    let mut vm = vm(VmConfig::default());
    let build = "list, fields = {}, {}
        for i = 1, 1e5 do list[i] = i fields[-i] = i end
        for i = 1, 1e5 do list[i] = nil fields[-i] = nil end";
    run(&mut vm, build);
    for walk in [
        "for i = 1, 1000 do next(list) end",
        "for i = 1, 1000 do next(fields) end",
        "for i = 1, 1000 do local k, v = next(list) end",
        "for i = 1, 1000 do pcall(next, fields) end",
        "for i = 1, 1000 do for k in next, list do end end",
        "for i = 1, 1000 do for k in next, fields do end end",
    ] {
        let function = vm.load(walk.as_bytes(), b"=t").unwrap();
        vm.set_instruction_limit(Some(1_000_000));
        let result = vm.call(&function, |_, _| ());
        assert_eq!(
            result.map_err(|error| error.kind()),
            Err(ErrorKind::Instructions),
            "{walk}"
        );
        vm.set_instruction_limit(None);
    }
}

/// One instruction may do as much work as there are bytes in a string.
#[test]
fn long_strings_are_paid_for() {
    let mut vm = vm(VmConfig::default());
    // Two that are equal and distinct, and a long numeral.
    let build = "a = '0123456789abcdef'
        for i = 1, 16 do a = a .. a end
        local start = a
        a, b = start .. '!', start .. '!'
        digits = '1'
        for i = 1, 20 do digits = digits .. digits end
        fields = {[a] = 1}";
    run(&mut vm, build);
    for work in [
        "local c for i = 1, 1000 do c = a .. i end",
        "local c for i = 1, 1000 do c = a .. '?' end",
        "local c for i = 1, 1000 do c = a == b end",
        "local c for i = 1, 1000 do c = a < b end",
        "local c for i = 1, 1000 do c = a <= b end",
        "local c for i = 1, 1000 do c = fields[b] end",
        "for i = 1, 1000 do fields[b] = i end",
        "for i = 1, 1000 do next(fields, b) end",
        "local c for i = 1, 1000 do c = digits + 0 end",
        "local c for i = 1, 1000 do c = -digits end",
    ] {
        let function = vm.load(work.as_bytes(), b"=t").unwrap();
        vm.set_instruction_limit(Some(1_000_000));
        let result = vm.call(&function, |_, _| ());
        assert_eq!(
            result.map_err(|error| error.kind()),
            Err(ErrorKind::Instructions),
            "{work}"
        );
        vm.set_instruction_limit(None);
    }
}
