//! A tour through what a host can do with a VM, from one line of Lua to objects, scopes,
//! coroutines and limits. `cargo run -p lua-stdlib --example guided_tour`
//!
//! docs/embedding.md goes the same way, beside what the same takes with mlua.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use lua_stdlib::{Preset, open};
use lua_vm::{
    CallCx, Class, Error, ErrorKind, FromLua, FromLuaError, Function, FunctionRoot, IntoLua, Lua,
    LuaError, Meta, Resumed, Root, Table, TableRoot, UserData, Value, Variadic, Vm, VmConfig,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A VM, with the libraries that cannot reach outside it.
    let mut vm = Vm::new(VmConfig {
        memory_limit: Some(16 << 20),
        instruction_limit: Some(10_000_000),
        ..VmConfig::default()
    });
    open(&mut vm, Preset::Sandboxed)?;

    globals_and_chunks(&mut vm)?;
    tables(&mut vm)?;
    functions(&mut vm)?;
    callbacks(&mut vm)?;
    own_types(&mut vm)?;
    objects(&mut vm)?;
    lending(&mut vm)?;
    coroutines(&mut vm)?;
    errors(&mut vm)?;
    limits(&mut vm)?;
    println!("end of the tour, {} bytes in use", vm.memory_used());
    Ok(())
}

/// Globals are set and read in Rust's types; a chunk may have a name, arguments, and
/// globals of its own.
fn globals_and_chunks(vm: &mut Vm) -> Result<(), Error> {
    vm.set_global("name", "hello")?;
    vm.set_global("count", 25)?;
    assert_eq!(vm.global::<String>("name")?, "hello");
    assert_eq!(vm.global::<Option<i64>>("undefined")?, None);

    assert_eq!(vm.eval::<i32>("1 + 1")?, 2);
    assert_eq!(
        vm.eval::<(String, bool)>("name .. count, 'a' == 'b'")?,
        ("hello25".into(), false)
    );
    vm.chunk("count = count + ...")
        .name("example")
        .call::<()>(5)?;
    assert_eq!(vm.global::<i64>("count")?, 30);

    let environment = vm.create_table_from([("count", 1)])?;
    let next = vm
        .chunk("count = count + 1 return count")
        .environment(&environment)
        .into_function()?;
    next.call::<()>(vm, ())?;
    assert_eq!(next.call::<i64>(vm, ())?, 3);
    assert_eq!(vm.global::<i64>("count")?, 30);
    Ok(())
}

/// Tables are built from Rust's collections and read into them, or held and changed.
fn tables(vm: &mut Vm) -> Result<(), Error> {
    vm.set_global("primes", vec![2, 3, 5, 7])?;
    vm.set_global("ages", HashMap::from([("ann", 31), ("bob", 27)]))?;
    assert_eq!(vm.eval::<i32>("primes[4] + ages.bob")?, 34);
    assert_eq!(vm.eval::<Vec<f64>>("{ 0.5, 1.5 }")?, [0.5, 1.5]);

    let table = vm.create_table()?;
    table.set(vm, 1, "one")?;
    table.set(vm, "two", 2)?;
    assert_eq!(table.get::<i32>(vm, "two")?, 2);
    assert_eq!(table.len(vm)?, 1);
    vm.set_global("shared", &table)?;
    vm.exec("shared[2] = 'from Lua'")?;
    assert_eq!(table.sequence::<String>(vm)?, ["one", "from Lua"]);
    for (key, value) in table.pairs::<String, String>(vm)? {
        println!("  {key} = {value}");
    }
    Ok(())
}

/// Lua functions are called with Rust's values, and give Rust's values.
fn functions(vm: &mut Vm) -> Result<(), Error> {
    let print: FunctionRoot = vm.eval("function(...) return select('#', ...), ... end")?;
    assert_eq!(
        print.call::<(i32, String)>(vm, ("a", 2, true))?,
        (3, "a".into())
    );

    let join: FunctionRoot = vm.eval("function(list) return table.concat(list, ',') end")?;
    assert_eq!(join.call::<String>(vm, vec!["a", "b"])?, "a,b");
    assert_eq!(vm.call_function::<String>(&join, ["c"])?, "c");
    Ok(())
}

/// Closures become Lua functions. Their parameters say what Lua has to pass; what they
/// return, Lua gets.
fn callbacks(vm: &mut Vm) -> Result<(), Error> {
    // Parameters may borrow from Lua's values: no string is copied here.
    vm.set_global(
        "shout",
        Function::wrap(|text: &str, mark: Option<Letter>| {
            format!("{}{}", text.to_uppercase(), mark.map_or('!', |c| c.0))
        }),
    )?;
    assert_eq!(
        vm.eval::<String>("shout('hi') .. shout('ho', '?')")?,
        "HI!HO?"
    );

    // With a shared context: read and make values.
    vm.set_global(
        "keys",
        Function::wrap(|cx: &CallCx<'_>, table: Table<'_>| {
            let keys = cx.new_table(0, 0)?;
            for (i, (key, _)) in table.pairs().enumerate() {
                keys.set_field(cx, i + 1, key)?;
            }
            cx.ret(Value::Table(keys))
        }),
    )?;
    assert_eq!(vm.eval::<Vec<String>>("keys { x = 1 }")?, ["x"]);

    // With an exclusive one: call back into Lua. Parameters own what they hold.
    vm.set_global(
        "map",
        Function::wrap(|cx: &mut CallCx<'_>, list: Vec<f64>, f: FunctionRoot| {
            list.into_iter()
                .map(|x| f.call::<f64>(cx, x))
                .collect::<Result<Vec<f64>, Error>>()
        }),
    )?;
    assert_eq!(
        vm.eval::<Vec<f64>>("map({ 1, 2 }, function(x) return x * x end)")?,
        [1.0, 4.0]
    );

    // Any number of arguments, and several results.
    vm.set_global(
        "range",
        Function::wrap(|list: Variadic<f64>| {
            (
                list.iter().copied().fold(f64::INFINITY, f64::min),
                list.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            )
        }),
    )?;
    assert_eq!(vm.eval::<(f64, f64)>("range(3, 1, 2)")?, (1.0, 3.0));

    // A closure with state of its own.
    let mut calls = 0;
    vm.set_global(
        "tick",
        Function::wrap_mut(move || {
            calls += 1;
            calls
        }),
    )?;
    assert_eq!(vm.eval::<(i32, i32)>("tick(), tick()")?, (1, 2));

    // What is wrong is said in Lua's words.
    let error = vm.chunk("shout({})").name("example").exec().unwrap_err();
    println!("  {error}");
    Ok(())
}

/// A type of our own that is converted: one character, in Lua a string.
struct Letter(char);

impl FromLua for Letter {
    type Output<'v> = Letter;

    fn from_lua<'v>(value: Value<'v>, cx: &'v CallCx<'_>) -> Result<Letter, FromLuaError> {
        let mut chars = <&str>::from_lua(value, cx)?.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(Letter(c)),
            _ => Err(FromLuaError::value("one character expected")),
        }
    }
}

impl IntoLua for Letter {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        self.0.to_string().into_lua(cx)
    }
}

fn own_types(vm: &mut Vm) -> Result<(), Error> {
    vm.set_global("letter", Letter('é'))?;
    assert_eq!(vm.eval::<usize>("#letter")?, 2);
    assert_eq!(vm.eval::<Letter>("letter")?.0, 'é');
    Ok(())
}

/// A type with methods, fields and operators.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Vector {
    x: f64,
    y: f64,
}

impl Vector {
    fn length(&self) -> f64 {
        self.x.hypot(self.y)
    }

    fn scale(&mut self, factor: f64) {
        self.x *= factor;
        self.y *= factor;
    }
}

impl UserData for Vector {
    fn register(class: &mut Class<'_, Self>) {
        class
            .function("new", |x: f64, y: f64| Vector { x, y })
            .constant("ZERO", Vector { x: 0.0, y: 0.0 })
            .method("length", Vector::length)
            .method("scale", Vector::scale)
            .getter("x", |this: &Vector| this.x)
            .setter("x", |this: &mut Vector, x: f64| this.x = x)
            .meta(Meta::Add, |a: &Vector, b: &Vector| Vector {
                x: a.x + b.x,
                y: a.y + b.y,
            })
            .meta(Meta::Eq, |a: &Vector, b: &Vector| a == b)
            .meta(Meta::ToString, |this: &Vector| {
                format!("({}, {})", this.x, this.y)
            });
    }
}

fn objects(vm: &mut Vm) -> Result<(), Box<dyn std::error::Error>> {
    let class = vm.class::<Vector>()?;
    vm.set_global("Vector", class)?;
    vm.exec("v = Vector.new(3, 4) + Vector.ZERO v:scale(2) v.x = v.x + 1")?;
    assert_eq!(
        vm.eval::<(f64, String)>("v:length(), tostring(v)")?.1,
        "(7, 8)"
    );

    // Shared with the host, which borrows it by the rules of `RefCell`.
    let vector = vm.create_object(Vector { x: 1.0, y: 1.0 })?;
    vm.set_global("w", &vector)?;
    vm.exec("w:scale(5)")?;
    assert_eq!(vector.borrow()?.x, 5.0);
    vector.borrow_mut()?.x = 6.0;
    assert_eq!(vm.eval::<f64>("w.x")?, 6.0);

    // Taken back: what Lua still has of it is an error, not a dangling pointer.
    assert_eq!(vector.take()?, Vector { x: 6.0, y: 5.0 });
    println!(
        "  {}",
        vm.chunk("w:length()").name("example").exec().unwrap_err()
    );
    Ok(())
}

/// For as long as a scope lasts, Lua uses what the host only borrows.
fn lending(vm: &mut Vm) -> Result<(), Error> {
    let mut vector = Vector { x: 1.0, y: 2.0 };
    let mut log = Vec::new();
    vm.scope(|cx, scope| {
        cx.set_global("lent", scope.object(&mut vector))?;
        cx.set_global("log", scope.function_mut(|line: String| log.push(line)))?;
        cx.exec("lent:scale(10) log(tostring(lent))")
    })?;
    assert_eq!((vector.x, log), (10.0, vec!["(10, 20)".to_owned()]));
    println!(
        "  {}",
        vm.chunk("lent:scale(2)")
            .name("example")
            .exec()
            .unwrap_err()
    );
    Ok(())
}

/// Coroutines are resumed from Rust.
fn coroutines(vm: &mut Vm) -> Result<(), Error> {
    let body: FunctionRoot =
        vm.eval("function(n) for i = 1, n do coroutine.yield(i) end return 'done' end")?;
    let thread = vm.create_thread(&body)?;
    let mut sum = 0;
    let end = loop {
        match thread.step::<i32, String>(vm, 3)? {
            Resumed::Yielded(i) => sum += i,
            Resumed::Returned(text) => break text,
        }
    };
    assert_eq!((sum, end.as_str()), (6, "done"));
    Ok(())
}

/// An error of the host's, on its way through Lua.
#[derive(Debug, thiserror::Error)]
#[error("{0} is out of stock")]
struct OutOfStock(String);

fn errors(vm: &mut Vm) -> Result<(), Error> {
    // Any error that a function returns is raised in Lua; `pcall` gets its message.
    vm.set_global(
        "buy",
        Function::wrap(|what: String| Err::<(), _>(OutOfStock(what))),
    )?;
    assert_eq!(
        vm.eval::<(bool, String)>("pcall(buy, 'tea')")?,
        (false, "tea is out of stock".into())
    );

    // Uncaught, it comes back with a position, a traceback, and as itself.
    let error = vm
        .chunk("local function order() buy('milk') end order()")
        .name("shop")
        .exec()
        .unwrap_err();
    assert_eq!(error.to_string(), "shop:1: milk is out of stock");
    assert_eq!(
        error.downcast_ref::<OutOfStock>().map(|e| e.0.as_str()),
        Some("milk")
    );
    println!("  {error}\n  {}", error.traceback().replace('\n', "\n  "));

    match vm.exec("return return").unwrap_err() {
        Error::Syntax { message, .. } => println!("  {message}"),
        other => return Err(other),
    }

    // A root of another VM is refused, as is everything else that does not belong.
    let stranger: Root = Vm::default().create_root("from elsewhere")?;
    println!("  {}", vm.set_global("x", &stranger).unwrap_err());
    Ok(())
}

/// Limits hold whatever a script does, and the VM goes on afterwards.
fn limits(vm: &mut Vm) -> Result<(), Error> {
    for source in [
        "while true do pcall(string.rep, 'x', 10) end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    ] {
        let error = vm.chunk(source).name("greedy").exec().unwrap_err();
        println!(
            "  {error}: {}",
            error.traceback().lines().last().unwrap_or_default().trim()
        );
    }

    // From another thread, or a timer. What is interrupted is the call under way, if there is one.
    vm.set_instruction_limit(None);
    let handle = vm.interrupt_handle();
    let (end, ended) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let pause = Duration::from_millis(5);
        while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            handle.interrupt();
        }
    });
    let error = vm.exec("while true do end").unwrap_err();
    assert_eq!(error.abort_kind(), Some(ErrorKind::Interrupted));
    drop(end);
    let _ = watchdog.join();

    // A sandbox is a table of globals that scripts cannot change.
    let sandbox: TableRoot = vm.eval("{ upper = string.upper }")?;
    sandbox.set_readonly(vm, true)?;
    assert_eq!(
        vm.chunk("upper('x')")
            .environment(&sandbox)
            .eval::<String>()?,
        "X"
    );
    println!(
        "  {}",
        vm.chunk("upper = nil")
            .name("example")
            .environment(&sandbox)
            .exec()
            .unwrap_err()
    );
    Ok(())
}
