//! Precompiled chunks in a VM: dumped functions work as before, and chunks that somebody
//! has tampered with are refused, or run without harm.

use lua_vm::{Builtin, CallCx, LuaError, Returned, Value, Vm, VmConfig};

fn create(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let thread = cx.new_thread(cx.check_function(1)?)?;
    cx.ret(Value::Thread(thread))
}

fn setmetatable(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let table = cx.check_table(1)?;
    table.set_metatable(cx.arg(2).as_table())?;
    cx.ret_arg(1)
}

/// `iterate(t, start)`: what `pairs` and `ipairs` return for start nil and 0.
fn iterate(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let builtin = match cx.arg(2) {
        Value::Nil => Builtin::PairsStep,
        _ => Builtin::IpairsStep,
    };
    cx.push(Value::Function(cx.builtin(builtin)));
    cx.push_arg(1);
    cx.push_arg(2);
    cx.ret_top(3)
}

fn vm(stress_collector: bool) -> Vm {
    let mut vm = Vm::new(VmConfig {
        stress_collector,
        memory_limit: Some(8 << 20),
        ..VmConfig::default()
    });
    vm.enter(|cx| {
        let globals = cx.globals();
        let natives: [(&str, lua_vm::NativeFn); 3] = [
            ("create", create),
            ("setmetatable", setmetatable),
            ("iterate", iterate),
        ];
        for (name, function) in natives {
            globals.set_bytes(name.as_bytes(), Value::Function(cx.new_native(function)?))?;
        }
        for (name, builtin) in [
            ("pcall", Builtin::Pcall),
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

/// The chunk of a source, by way of a function of a VM.
fn dump(source: &str) -> Vec<u8> {
    let mut vm = vm(false);
    vm.enter(|cx| {
        let function = cx.load(source.as_bytes(), b"=t").expect("it compiles");
        Ok(function.dump().expect("it is not native"))
    })
    .unwrap()
}

#[test]
fn natives_cannot_be_dumped() {
    let mut vm = vm(false);
    let dumped = vm.enter(|cx| Ok(cx.builtin(Builtin::Next).dump()));
    assert_eq!(dumped, Ok(None));
}

/// The loop instructions change in code that runs; what is dumped does not.
#[test]
fn running_leaves_no_trace_in_a_dump() {
    let source = "local n = 0 for k, v in iterate({1, 2}) do n = n + v end return n";
    let mut vm = vm(false);
    let function = vm.load(source.as_bytes(), b"=t").unwrap();
    let sum = vm.call(&function, |cx, _| cx.value(-1).as_number());
    assert_eq!(sum, Ok(Some(3.0)));
    let dumped = vm.enter(|cx| match cx.value_of(&function)? {
        Value::Function(function) => Ok(function.dump()),
        _ => Ok(None),
    });
    assert_eq!(dumped, Ok(Some(dump(source))));
}

const PROGRAMS: &[&str] = &[
    "local t, s = {10, 20, 30, x = 1, y = {z = 2}}, 0
     for i, v in iterate(t, 0) do s = s + i * v end
     for k, v in iterate(t) do if k == 'x' then t.x = v + 1 end end
     for k, v in next, t do s = s + 1 end
     for i = 10, 1, -3 do s = s + i % 4 end
     while s > 5 do s = s / 2 - 1 if s == 7 then break end end
     return s, t.y.z, #t, -s, not s, t[2], t.x .. 'a' .. 'b' .. s",
    "local function f(a, b, ...)
       local c, d = ..., b
       local function g() c = (c or 0) + 1 return a, c, d end
       if a > 0 then return f(a - 1, g, g(), ...) end
       return g, ...
     end
     local g, x, y = f(5, 2, 3, nil, 'five')
     local list = {f(1, 2, 3), f(2, 1), g()}
     return g(), list[1](), #list, x, y",
    "local meta = {}
     meta.__index = function(t, k) return k end
     meta.__newindex = function(t, k, v) end
     meta.__add = function(a, b) return 1 end
     meta.__concat = function(a, b) return 'c' end
     meta.__eq = function() return true end
     meta.__lt = function() return false end
     meta.__call = function(self, ...) return ... end
     local o, p = setmetatable({}, meta), setmetatable({}, meta)
     o.a, o[1] = 1, o.b
     function o.m(self, n) if n then return self:m() end return self + 1 end
     return o:m(1), o .. 'x' .. 1, o == p, o < p, o >= p, o(1, 2, 3), pcall(o, o.z), 1 + o",
    "local co = create(function(...)
       local n = ...
       for i = 1, 3 do local u = i n = yield(function() u = u + n return u end) end
       return n, ...
     end)
     local out = {}
     for i = 1, 5 do local ok, v = resume(co, i) out[i] = ok and (i < 4 and v() or v) end
     local ok, e = pcall(function() local t = nil return t.x end)
     return ok, e, out[1], out[2], out[3], out[4]",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n
    }
}

/// Changes a few bytes, mostly to values that operands could have.
fn tamper(chunk: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(chunk.len());
        let other = random.below(chunk.len());
        match random.below(8) {
            0 => chunk[at] = random.below(256) as u8,
            1 => chunk[at] ^= 1 << random.below(8),
            2 => chunk[at] = chunk[other],
            3 => chunk.swap(at, other),
            4 => chunk[at] = chunk[at].wrapping_sub(1),
            5 => chunk[at] = random.below(90) as u8,
            6 => {
                // Instructions of four bytes change places.
                for i in 0..4.min(chunk.len() - at.max(other)) {
                    chunk.swap(at + i, other + i);
                }
            }
            _ => chunk[at] = chunk[at].wrapping_add(1),
        }
    }
    if random.below(50) == 0 {
        chunk.truncate(random.below(chunk.len()));
    }
}

/// Loads tampered chunks, and runs those that pass; how many these were.
fn run_tampered(program: usize, seed: u64, rounds: usize) -> usize {
    let original = dump(PROGRAMS[program]);
    let mut random = Random(seed);
    let mut runs = 0;
    for round in 0..rounds {
        let mut chunk = original.clone();
        tamper(&mut chunk, &mut random);
        let mut vm = vm(round % 4 == 0);
        let loaded = vm.enter(|cx| match cx.load_binary(&chunk, b"=t") {
            Ok(function) => cx.root(Value::Function(function)).map(Ok),
            Err(error) => Ok(Err(error.message())),
        });
        match loaded {
            Ok(Ok(function)) => {
                runs += 1;
                vm.set_instruction_limit(Some(3000));
                if let Err(error) = vm.call(&function, |_, _| ()) {
                    let _ = vm.error_message(error);
                }
                vm.set_instruction_limit(None);
                let works = vm.load(b"return 6 * 7", b"=t").unwrap();
                let result = vm.call(&works, |cx, _| cx.value(-1).as_number());
                assert_eq!(result, Ok(Some(42.0)), "round {round}");
                let _ = vm.collect();
            }
            Ok(Err(message)) => assert!(message.ends_with(b" in precompiled chunk")),
            Err(error) => assert_eq!(error.to_string(), "not enough memory"),
        }
    }
    runs
}

/// Sets `FERROUS_ROUNDS` for a longer hunt.
#[test]
fn tampered_chunks_do_no_harm() {
    let rounds = std::env::var("FERROUS_ROUNDS").map_or(400, |n| n.parse().unwrap());
    for program in 0..PROGRAMS.len() {
        let runs = run_tampered(
            program,
            0x9E37_79B9 + program as u64 + rounds as u64,
            rounds,
        );
        assert!(runs > rounds / 10, "{runs} of {rounds} ran");
    }
}
