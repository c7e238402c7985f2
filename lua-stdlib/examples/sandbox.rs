//! Libraries for a VM: all of them, or those that cannot reach outside.
//! `cargo run -p lua-stdlib --example sandbox`

use lua_stdlib::{Preset, open};
use lua_vm::{Vm, VmConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for preset in [Preset::Sandboxed, Preset::Full] {
        let mut vm = Vm::new(VmConfig {
            memory_limit: Some(16 << 20),
            instruction_limit: Some(10_000_000),
            ..VmConfig::default()
        });
        open(&mut vm, preset)?;
        println!("{preset:?}");
        for source in [
            "return (('hello world'):gsub('%w+', string.upper))",
            "return 'io is ' .. type(io) .. ', os.getenv is ' .. type(os.getenv)",
            "return ('x'):rep(1e9)",
            "return ('a'):rep(5000):find(('a-'):rep(20) .. 'b')",
        ] {
            let function = vm.load(source.as_bytes(), b"=example")?;
            let result = vm.call(&function, |cx, _count| {
                cx.value(-1).as_bytes().map(<[u8]>::to_vec)
            });
            let text = match result {
                Ok(text) => text.unwrap_or_default(),
                Err(error) => vm.error_message(error),
            };
            println!("  {source}\n    {}", String::from_utf8_lossy(&text));
        }
    }
    Ok(())
}
