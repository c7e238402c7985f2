//! A VM inside a program: load a chunk, run it within limits, read what it returns.
//! `cargo run -p lua-vm --example embed`
//!
//! The VM knows no libraries: `lua_stdlib::open` adds them where scripts want any.

use lua_vm::{ErrorKind, Value, Vm, VmConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut vm = Vm::new(VmConfig {
        memory_limit: Some(8 << 20),
        instruction_limit: Some(1_000_000),
        ..VmConfig::default()
    });

    // A chunk is compiled once and called as often as one likes. The root keeps it alive.
    let primes = vm.load(
        b"local found = {}
          for n = 2, 50 do
              local is_prime = true
              for i = 1, #found do
                  if n % found[i] == 0 then is_prime = false break end
              end
              if is_prime then found[#found + 1] = n end
          end
          return found, #found",
        b"=primes",
    )?;
    let found: Vec<f64> = vm.call(&primes, |cx, _count| match cx.value(-2) {
        Value::Table(table) => (1..)
            .map_while(|i| table.get_index(i).as_number())
            .collect(),
        _ => Vec::new(),
    })?;
    println!(
        "{} primes below 50, the last is {:?}",
        found.len(),
        found.last()
    );

    // A script's own error has a message, with the position in front.
    let typo = vm.load(b"local config = nil\nreturn config.port", b"=typo")?;
    report(&mut vm, &typo);

    // Limits stop what a script cannot be trusted with. The VM goes on afterwards.
    let endless = vm.load(b"while true do end", b"=endless")?;
    report(&mut vm, &endless);
    let greedy = vm.load(b"local s = 'x' while true do s = s .. s end", b"=greedy")?;
    report(&mut vm, &greedy);
    report(&mut vm, &primes);
    Ok(())
}

fn report(vm: &mut Vm, function: &lua_vm::Root) {
    match vm.call(function, |_, count| count) {
        Ok(count) => println!("returned {count} values"),
        Err(error) => {
            let message = vm.error_message(error);
            let who = match error.kind() {
                ErrorKind::Throw => "the script failed",
                ErrorKind::Memory | ErrorKind::Instructions => "a limit stopped it",
                ErrorKind::Interrupted => "the host stopped it",
            };
            println!("{who}: {}", String::from_utf8_lossy(&message));
        }
    }
}
