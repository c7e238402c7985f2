#![forbid(unsafe_code)]
//! What a profile says of scripts.

use lua_vm::{CallCx, Lua as _, LuaError, Profile, Returned, Vm};

fn work(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    cx.charge(5000)?;
    cx.ret0()
}

/// The profile of a chunk named `p`, a sample at each unit.
fn profile(source: &str) -> Profile {
    let mut vm = Vm::default();
    vm.enter(|cx| {
        let work = cx.new_native(work)?;
        cx.globals()
            .set_bytes(b"work", lua_vm::Value::Function(work))
    })
    .expect("a global");
    vm.start_profile(1);
    let outcome = vm.chunk(source).name("p").exec();
    let profile = vm.stop_profile().expect("a profile");
    outcome.expect("a chunk that runs");
    profile
}

/// The first `n` lines as `line:units`.
fn lines(profile: &Profile, n: usize) -> String {
    let lines: Vec<_> = profile
        .lines()
        .iter()
        .take(n)
        .map(|cost| format!("{}:{}", cost.line, cost.units))
        .collect();
    lines.join(" ")
}

#[test]
fn each_instruction_is_its_lines() {
    let profile = profile("local x = 0\nfor i = 1, 100 do\n  x = x + i\nend\nreturn x");
    // The constant and the preparation, the addition, the loop, the return.
    assert_eq!(lines(&profile, 9), "2:104 3:100 1:1 5:1");
    assert_eq!(profile.total_units(), 206);
}

#[test]
fn functions_own_and_total() {
    let profile = profile(
        "local function inner() local s = 0 for i = 1, 10 do s = s + i end return s end\n\
         local function outer() return (inner()) end\n\
         for i = 1, 10 do outer() end",
    );
    let costs: Vec<_> = profile
        .functions()
        .iter()
        .map(|cost| format!("{} {} {}", cost.function, cost.own, cost.total))
        .collect();
    assert_eq!(
        costs,
        ["inner (p:1) 260 260", "p 37 327", "outer (p:2) 30 290"]
    );
}

#[test]
fn work_of_natives_is_their_callers_lines() {
    let profile = profile("local x = 1\nwork()\nx = 2");
    assert_eq!(profile.lines()[0].line, 2);
    assert_eq!(profile.lines()[0].units, 5002);
    assert_eq!(profile.folded(), ["p 5", "p;work [C] 5000"]);
}

#[test]
fn recursion_counts_once() {
    let profile = profile(
        "local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end\n\
         return (f(50))",
    );
    let costs = profile.functions();
    assert_eq!(costs[0].function.to_string(), "f (p:1)");
    assert_eq!(costs[0].own, costs[0].total);
    assert_eq!(costs[1].total, profile.total_units());
}

#[test]
fn who_resumed_a_coroutine_is_below_it() {
    let mut vm = Vm::default();
    vm.enter(|cx| {
        let resume = cx.builtin(lua_vm::Builtin::Resume);
        cx.globals()
            .set_bytes(b"resume", lua_vm::Value::Function(resume))?;
        let create = cx.new_native(|cx| {
            let thread = match cx.arg(1) {
                lua_vm::Value::Function(function) => cx.new_thread(function)?,
                _ => return cx.ret0(),
            };
            cx.push(lua_vm::Value::Thread(thread));
            cx.ret_top(1)
        })?;
        cx.globals()
            .set_bytes(b"create", lua_vm::Value::Function(create))
    })
    .expect("globals");
    vm.start_profile(1);
    vm.chunk("resume(create(function() local x = 1 end))")
        .name("p")
        .exec()
        .expect("a chunk that runs");
    let profile = vm.stop_profile().expect("a profile");
    assert_eq!(profile.folded(), ["p 6", "p;resume [C];p:1 2"]);
}

#[test]
fn a_long_interval_samples_as_much() {
    let mut vm = Vm::default();
    vm.start_profile(1000);
    vm.chunk("local x = 0 for i = 1, 100000 do x = x + i end")
        .exec()
        .expect("a loop");
    let profile = vm.stop_profile().expect("a profile");
    // Two instructions a turn, a few around them.
    assert_eq!(profile.total_units(), 200_000);
    assert!(vm.stop_profile().is_none());
    vm.chunk("local x = 0 for i = 1, 10 do x = x + i end")
        .exec()
        .expect("a loop");
}

#[test]
fn errors_and_limits_beside_it() {
    let mut vm = Vm::default();
    vm.start_profile(1);
    let error = vm
        .chunk("local t = nil\nreturn t.x")
        .name("p")
        .exec()
        .expect_err("an index");
    assert_eq!(
        error.to_string(),
        "p:2: attempt to index local 't' (a nil value)"
    );
    vm.set_instruction_limit(Some(1000));
    assert!(vm.chunk("while true do end").exec().is_err());
    assert!(
        vm.stop_profile()
            .is_some_and(|profile| profile.total_units() > 900)
    );
}
