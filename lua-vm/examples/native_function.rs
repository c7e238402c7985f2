//! Functions in Rust that scripts call: arguments and their checks, results, calling
//! back, and data that the host lends for one call.
//! `cargo run -p lua-vm --example native_function`

use lua_vm::{CallCx, LuaError, NativeFn, Results, Returned, Scoped, Value, Vm, VmConfig};

/// `clamp(x, low, high)`: a plain function over numbers. The checks word their errors
/// as Lua's own libraries do.
fn clamp(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let (x, low, high) = (
        cx.check_number(1)?,
        cx.check_number(2)?,
        cx.check_number(3)?,
    );
    if low > high {
        return Err(cx.arg_error(2, "low is above high"));
    }
    cx.ret_number(x.max(low).min(high))
}

/// `map(list, f)`: a new list of `f(value)`. Calling Lua borrows the context
/// exclusively, so no value is held meanwhile: the new list waits on the stack.
fn map(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let len = cx.check_table(1)?.len();
    cx.check_function(2)?;
    cx.push(Value::Table(cx.new_table(len, 0)?));
    for i in 1..=len as i64 {
        cx.push_arg(2);
        cx.push(cx.check_table(1)?.get_index(i));
        cx.call(1, Results::Exactly(1))?;
        if let Value::Table(list) = cx.value(-2) {
            list.set_index(i, cx.value(-1))?;
        }
        cx.pop(1);
    }
    cx.ret_top(1)
}

/// The key under which [`log`] finds the lines it appends to.
struct Journal;

impl Scoped for Journal {
    type Value<'a> = &'a mut Vec<String>;
}

/// `log(text)`: reaches what the host has lent for the running call, and nothing after.
fn log(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let text = String::from_utf8_lossy(cx.check_bytes(1)?).into_owned();
    cx.with_scoped::<Journal, _>(|lines| lines.push(text))
        .ok_or_else(|| cx.error("nothing to log to"))?;
    cx.ret0()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut vm = Vm::new(VmConfig::default());
    vm.enter(|cx| {
        let natives: [(&str, NativeFn); 3] = [("clamp", clamp), ("map", map), ("log", log)];
        for (name, native) in natives {
            let function = Value::Function(cx.new_native(native)?);
            cx.globals().set_bytes(name.as_bytes(), function)?;
        }
        Ok(())
    })?;

    let script = vm.load(
        b"local t = map({-5, 5, 50}, function(x) return clamp(x, 0, 10) end)
          log(t[1] .. ' ' .. t[2] .. ' ' .. t[3])
          clamp(1, 'high', 2)",
        b"=script",
    )?;
    let mut lines = Vec::new();
    let mut lent = &mut lines;
    let result = vm.enter_with::<Journal, _>(&mut lent, |cx| {
        cx.push(cx.value_of(&script)?);
        cx.call(0, Results::Exactly(0))
    });
    println!("logged: {lines:?}");
    if let Err(error) = result {
        println!("{}", String::from_utf8_lossy(&vm.error_message(error)));
    }
    Ok(())
}
