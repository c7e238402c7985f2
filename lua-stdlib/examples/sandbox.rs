//! Libraries for a VM: all of them, or those that cannot reach outside.
//! `cargo run -p lua-stdlib --example sandbox`

use lua_stdlib::{Preset, open};
use lua_vm::{Lua, Vm, VmConfig};

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
            "(('hello world'):gsub('%w+', string.upper))",
            "'io is ' .. type(io) .. ', os.getenv is ' .. type(os.getenv)",
            "('x'):rep(1e9)",
            "('a'):rep(5000):find(('a-'):rep(20) .. 'b')",
        ] {
            let text = match vm.eval::<Option<String>>(source) {
                Ok(text) => text.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            println!("  {source}\n    {text}");
        }
    }
    Ok(())
}
