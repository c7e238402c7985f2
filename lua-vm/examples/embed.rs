//! A VM inside a program: load a chunk, run it within limits, read what it returns.
//! `cargo run -p lua-vm --example embed`
//!
//! The VM knows no libraries: `lua_stdlib::open` adds them where scripts want any.

use lua_vm::{Error, FunctionRoot, Lua, Vm, VmConfig};

fn main() -> Result<(), Error> {
    let mut vm = Vm::new(VmConfig {
        memory_limit: Some(8 << 20),
        instruction_limit: Some(1_000_000),
        ..VmConfig::default()
    });

    // A chunk is compiled once and called as often as one likes. The root keeps it alive.
    let primes = vm
        .chunk(
            "local limit, found = ..., {}
             for n = 2, limit do
                 local is_prime = true
                 for i = 1, #found do
                     if n % found[i] == 0 then is_prime = false break end
                 end
                 if is_prime then found[#found + 1] = n end
             end
             return found, #found",
        )
        .name("primes")
        .into_function()?;
    let (found, count): (Vec<u32>, usize) = primes.call(&mut vm, 50)?;
    println!("{count} primes below 50, the last is {:?}", found.last());

    // A script's own error has a message, with the position in front.
    let typo = "local config = nil\nreturn config.port";
    // Limits stop what a script cannot be trusted with. The VM goes on afterwards.
    let endless = "while true do end";
    let greedy = "local s = 'x' while true do s = s .. s end";
    for source in [typo, endless, greedy] {
        let script = vm.chunk(source).name("script").into_function()?;
        report(&mut vm, &script);
    }
    println!(
        "{} primes below 100",
        primes.call::<Vec<u32>>(&mut vm, 100)?.len()
    );
    Ok(())
}

fn report(vm: &mut Vm, function: &FunctionRoot) {
    match function.call::<()>(vm, ()) {
        Ok(()) => println!("fine"),
        Err(Error::Runtime { message, .. }) => println!("the script failed: {message}"),
        Err(Error::Aborted { kind, traceback }) => println!("stopped ({kind:?}); {traceback}"),
        Err(other) => println!("{other}"),
    }
}
