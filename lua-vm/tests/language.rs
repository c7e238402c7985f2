//! The language without libraries: source in, what it reports out.

use lua_vm::{CallCx, LuaError, Results, Returned, Value, Vm, VmConfig};

fn show(value: Value<'_>) -> String {
    match value {
        Value::Nil => "nil".into(),
        Value::Boolean(b) => b.to_string(),
        Value::Number(n) => {
            String::from_utf8_lossy(lua_vm::format_number(n).as_bytes()).into_owned()
        }
        Value::String(s) => String::from_utf8_lossy(s.as_bytes()).into_owned(),
        other => other.type_name().into(),
    }
}

fn setmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    table.set_metatable(cx.arg(2).as_table())?;
    cx.ret_arg(1)
}

fn error(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    Err(cx.throw(cx.arg(1)))
}

fn apply(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    for i in 1..=cx.arg_count() {
        cx.push_arg(i);
    }
    let n = cx.call(cx.arg_count() - 1, Results::Open)?;
    cx.ret_top(n)
}

fn create(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(cx.check_function(1)?)?;
    cx.ret(Value::Thread(thread))
}

fn wrap(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(cx.check_function(1)?)?;
    cx.ret(Value::Function(cx.new_wrap(thread)?))
}

fn collect(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.gc_collect()?;
    cx.ret0()
}

fn vm(config: VmConfig) -> Vm {
    use lua_vm::Builtin::*;
    let mut vm = Vm::new(config);
    vm.enter(|cx| {
        let globals = cx.globals();
        let natives: [(&str, lua_vm::NativeFn); 6] = [
            ("setmetatable", setmetatable),
            ("error", error),
            ("apply", apply),
            ("create", create),
            ("wrap", wrap),
            ("collect", collect),
        ];
        for (name, function) in natives {
            globals.set_bytes(name.as_bytes(), Value::Function(cx.new_native(function)?))?;
        }
        for (name, builtin) in [
            ("pcall", Pcall),
            ("xpcall", Xpcall),
            ("next", Next),
            ("ipairs_step", IpairsStep),
            ("resume", Resume),
            ("yield", Yield),
        ] {
            globals.set_bytes(name.as_bytes(), Value::Function(cx.builtin(builtin)))?;
        }
        Ok(())
    })
    .unwrap();
    vm
}

fn run(vm: &mut Vm, source: &str) -> String {
    let function = match vm.load(source.as_bytes(), b"=t") {
        Ok(function) => function,
        Err(error) => return String::from_utf8_lossy(&error.message()).into_owned(),
    };
    let result = vm.call(&function, |cx, n| {
        (0..n)
            .map(|i| show(cx.value(i as isize - n as isize)))
            .collect::<Vec<_>>()
            .join(" ")
    });
    match result {
        Ok(text) => text,
        Err(error) => format!(
            "error: {}",
            String::from_utf8_lossy(&vm.error_message(error))
        ),
    }
}

/// Runs the source with the collector as it is, and collecting at every safepoint.
#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(run(&mut vm(VmConfig::default()), source), expected);
    let config = VmConfig {
        stress_collector: true,
        ..VmConfig::default()
    };
    assert_eq!(run(&mut vm(config), source), expected, "under stress");
}

#[test]
fn arithmetic_and_strings() {
    check(
        "return 1 + 2 * 3, 7 % 3, -7 % 3, 2 ^ 10, '10' + 5",
        "7 1 2 1024 15",
    );
    check(
        "return 'a' .. 1 .. 'b', #'abc', 1 == 1.0, 'a' < 'b'",
        "a1b 3 true true",
    );
    // 0 and -0 share the constant that came first.
    check("return -0 % 5, 5 % -3, 1 / 0, -(0)", "0 -1 inf 0");
    check("return -(0)", "-0");
    check("local x = '3' return x * '4', -x", "12 -3");
}

#[test]
fn tables_and_loops() {
    check(
        "local t = {10, 20, 30, x = 1} local s = 0 for i = 1, #t do s = s + t[i] end return s, t.x",
        "60 1",
    );
    check(
        "local t = {} for i = 1, 100 do t[i] = i * i end local s = 0 for k, v in next, t do s = s + v end return s",
        "338350",
    );
    check(
        "local s = 0 for i, v in ipairs_step, {1, 2, 3, nil, 5}, 0 do s = s + v end return s",
        "6",
    );
    check(
        "local n = 0 for k in next, {a = 1, b = 2, c = 3} do n = n + 1 end return n",
        "3",
    );
    check(
        "local t = {} for i = 1, 20 do t['k' .. i] = i end for k in next, t do t[k] = nil end return next(t)",
        "nil",
    );
    check(
        "local i = 0 while true do i = i + 1 if i > 10 then break end end return i",
        "11",
    );
    check(
        "local i = 0 repeat local j = i i = i + 1 until j >= 5 return i",
        "6",
    );
    check(
        "for i = 3, 1 do return 'never' end for i = 1, 0.5, -0.25 do return i end",
        "1",
    );
}

#[test]
fn functions_and_upvalues() {
    check(
        "local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end return f(20)",
        "6765",
    );
    check(
        "local function c() local n = 0 return function() n = n + 1 return n end end local a, b = c(), c() a() return a(), b()",
        "2 1",
    );
    check(
        "local fs = {} for i = 1, 3 do fs[i] = function() return i end end return fs[1](), fs[2](), fs[3]()",
        "1 2 3",
    );
    check(
        "local function v(...) return ... end return v(1, 2, nil, 4)",
        "1 2 nil 4",
    );
    check(
        "local function v(a, ...) local b, c = ... return a, b, c end return v(1, 2)",
        "1 2 nil",
    );
    check(
        "local function old(...) return arg.n, arg[1] end return old(7, 8)",
        "2 7",
    );
    check(
        "local function loop(n) if n == 0 then return 'done' end return loop(n - 1) end return loop(100000)",
        "done",
    );
    check(
        "return (function(...) return ... end)((function() return 1, 2 end)())",
        "1 2",
    );
}

#[test]
fn metamethods() {
    check(
        "local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) return t.a, t[1]",
        "a! 1!",
    );
    check(
        "local c = {m = function(self) return self.v end} c.__index = c local o = setmetatable({v = 5}, c) return o:m()",
        "5",
    );
    check(
        "local mt = {__add = function(a, b) return 'sum' end, __eq = function() return true end, __lt = function() return true end, __concat = function(a, b) return 'cat' end, __call = function(self, x) return x end, __unm = function() return 'neg' end, __len = function() return 9 end} local a, b = setmetatable({}, mt), setmetatable({}, mt) return a + 1, 1 + a, a == b, a < b, a <= b, a .. 'x', 'x' .. a, a(3), -a, #a",
        "sum sum true true false cat cat 3 neg 0",
    );
    check(
        "local log = {} local t = setmetatable({}, {__newindex = log}) t.x = 1 return log.x, next(t)",
        "1 nil",
    );
    check(
        "local t = setmetatable({}, {__concat = function(a, b) return 'r' end}) return 'a' .. 'b' .. t .. 'c' .. 'd'",
        "abr",
    );
}

#[test]
fn errors() {
    check(
        "return pcall(function() local x = nil return x.y end)",
        "false t:1: attempt to index local 'x' (a nil value)",
    );
    check(
        "return pcall(function() return undefined.y end)",
        "false t:1: attempt to index global 'undefined' (a nil value)",
    );
    check(
        "return pcall(function() local t = {} t.a.b = 1 end)",
        "false t:1: attempt to index field 'a' (a nil value)",
    );
    check(
        "return pcall(function() local t = {} t:nope() end)",
        "false t:1: attempt to call method 'nope' (a nil value)",
    );
    check(
        "return pcall(function() return 1 + {} end)",
        "false t:1: attempt to perform arithmetic on a table value",
    );
    check(
        "return pcall(function() return {} < {} end)",
        "false t:1: attempt to compare two table values",
    );
    check(
        "return pcall(function() return 1 < 'x' end)",
        "false t:1: attempt to compare number with string",
    );
    check(
        "return pcall(function() return 'a' .. {} end)",
        "false t:1: attempt to concatenate a table value",
    );
    check("return pcall(error, 'plain')", "false plain");
    check("return pcall(pcall, error, 'x')", "true false x");
    check(
        "return xpcall(function() error('e') end, function(m) return m .. ' handled' end)",
        "false e handled",
    );
    check(
        "return pcall(apply, function() error('through') end)",
        "false through",
    );
    check(
        "return pcall(next, {}, 'nokey')",
        "false invalid key to 'next'",
    );
    check(
        "local t = {} return pcall(function() t[nil] = 1 end)",
        "false t:1: table index is nil",
    );
    check(
        "local function f() return 1 + f() end return pcall(f)",
        "false t:1: stack overflow",
    );
    check("nonsense = = 1", "t:1: unexpected symbol near '='");
    check("error('top')", "error: top");
}

#[test]
fn coroutines() {
    check(
        "local co = create(function(a, b) local c = yield(a + b) return c * 2 end) local _, x = resume(co, 1, 2) local ok, y = resume(co, 10) return x, y, resume(co)",
        "3 20 false cannot resume dead coroutine",
    );
    check(
        "local g = wrap(function() for i = 1, 3 do yield(i) end end) return g(), g(), g()",
        "1 2 3",
    );
    check(
        "local co = create(function() error('in') end) return resume(co)",
        "false in",
    );
    check(
        "local co = create(function() local ok, e = pcall(function() yield(1) error('late') end) return e end) resume(co) return resume(co)",
        "true late",
    );
    check(
        "local co = create(function() return setmetatable({}, {__index = function(t, k) return yield(k) end}).field end) local _, k = resume(co) return k, resume(co, 'v')",
        "field true v",
    );
    check(
        "return pcall(yield, 1)",
        "false attempt to yield across metamethod/C-call boundary",
    );
    check(
        "local co co = create(function() return resume(co) end) return resume(co)",
        "true false cannot resume running coroutine",
    );
    check(
        "local f local co = create(function() local x = 5 f = function() return x end yield() end) resume(co) co = nil collect() collect() return f()",
        "5",
    );
}

#[test]
fn limits() {
    let config = VmConfig {
        instruction_limit: Some(100_000),
        ..VmConfig::default()
    };
    assert_eq!(
        run(&mut vm(config.clone()), "while true do end"),
        "error: instruction limit exceeded"
    );
    assert_eq!(
        run(
            &mut vm(config.clone()),
            "while true do pcall(function() while true do end end) end"
        ),
        "error: instruction limit exceeded"
    );
    let mut limited = vm(config);
    run(&mut limited, "local function f() return f() end f()");
    assert_eq!(run(&mut limited, "return 1"), "1");

    let config = VmConfig {
        memory_limit: Some(2 << 20),
        ..VmConfig::default()
    };
    let mut limited = vm(config);
    let before = limited.memory_used();
    for source in [
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t = {t} end",
        "pcall(function() local t = {} for i = 1, 1e9 do t[i] = i .. '' end end)",
    ] {
        assert_eq!(
            run(&mut limited, source),
            "error: not enough memory",
            "{source}"
        );
        limited.collect().unwrap();
        assert!(
            limited.memory_used() < before + 65536,
            "{source}: {}",
            limited.memory_used()
        );
    }
}

#[test]
fn stacks_move_under_natives() {
    // Each level leaves words on the return stack while a native calls back.
    check(
        "local function deep(n) if n == 0 then return 0 end return 1 + apply(deep, n - 1) end
         local function outer(n) if n == 0 then return deep(20) end return 1 + outer(n - 1) end
         local sum = 0
         for n = 1, 60 do sum = sum + outer(n) end return sum",
        "3030",
    );
}

#[test]
fn handlers_see_the_frame_that_raised() {
    // An error raised anew by a wrapped coroutine reaches the resumer's handler.
    check(
        "return xpcall(function() wrap(function() error('in') end)() end, function(m) return m .. '!' end)",
        "false t:1: in!",
    );
    // Recursion through natives is reported as such by a handler that works.
    check(
        "local function f() return apply(f) end return xpcall(f, function(m) return m end)",
        "false C stack overflow",
    );
    check(
        "return xpcall(function() error('x') end, function(m) error(m) end)",
        "false error in error handling",
    );
}

#[test]
fn a_handler_runs_once_however_many_natives_the_error_passes() {
    check(
        "local n = 0 local function f() apply(function() apply(function() error('deep') end) end) end
         local ok, m = xpcall(f, function(m) n = n + 1 return m end) return ok, m, n",
        "false deep 1",
    );
}

#[test]
fn a_script_does_not_pay_for_the_garbage_of_the_last() {
    let config = VmConfig {
        memory_limit: Some(2 << 20),
        ..VmConfig::default()
    };
    let mut limited = vm(config);
    for _ in 0..3 {
        assert_eq!(
            run(
                &mut limited,
                "local t = {} for i = 1, 1e9 do t[i] = {i} end"
            ),
            "error: not enough memory"
        );
        assert!(limited.memory_used() < 1 << 20, "{}", limited.memory_used());
        assert_eq!(run(&mut limited, "return 6 * 7"), "42");
    }
}
