//! Prints the bytecode of a Lua file: `cargo run --example disassemble file.lua`.

use std::io::Read;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut source = Vec::new();
    let name = match std::env::args().nth(1) {
        Some(path) => {
            source = std::fs::read(&path)?;
            format!("@{path}")
        }
        None => {
            std::io::stdin().read_to_end(&mut source)?;
            "=stdin".to_owned()
        }
    };
    let source = lua_syntax::skip_shebang(&source);
    let proto = lua_compiler::load(source, name.as_bytes())?;
    print!("{}", lua_compiler::disasm::listing(proto.proto()));
    Ok(())
}
