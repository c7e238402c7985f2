//! Prints the syntax trees of Lua files, or their errors:
//! `cargo run -p lua-syntax --example dump_tree FILE...`

fn main() -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        let source = std::fs::read(&file)?;
        let name = [b"@", file.as_encoded_bytes()].concat();
        match lua_syntax::parse(lua_syntax::skip_shebang(&source), &name) {
            Ok(chunk) => print!("{}", lua_syntax::dump::dump(&chunk)),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
