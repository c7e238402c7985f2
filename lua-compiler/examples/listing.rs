//! From source to verified code, step by step, and what is in it: the tree, the
//! instructions with the lines they come from, the constants.
//! `cargo run -p lua-compiler --example listing -- 'local t = ... return t.x + 1'`
//!
//! For a whole file in `luac -l` style, see the example `disassemble`.

use lua_compiler::isa::Instr;
use lua_compiler::{Proto, compile, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "local t = ...\nfor i = 1, #t do t[i] = t[i] * 2 end".to_owned());

    let chunk = lua_syntax::parse(source.as_bytes(), b"=source")?;
    print!("the tree\n{}", lua_syntax::dump::dump(&chunk));

    let proto = compile(&chunk, source.as_bytes())?;
    // Nothing runs that has not been through here.
    let verified = verify(proto)?;
    print(verified.proto(), "the main function");
    Ok(())
}

fn print(proto: &Proto, title: &str) {
    println!("\n{title}: {} registers", proto.max_stack);
    let mut at = 0;
    while let Some(instr) = Instr::decode_at(&proto.code, at) {
        print!(
            "{:>5}  {:10}",
            proto.lines.line(at as u32),
            instr.op().name()
        );
        instr.each_operand(|name, operand| print!(" {name}={operand:?}"));
        println!();
        at += instr.len();
    }
    for (i, constant) in proto.constants.iter().enumerate() {
        println!("constant {i}: {constant:?}");
    }
    for (i, inner) in proto.protos.iter().enumerate() {
        print(inner, &format!("{title}, function {i}"));
    }
}
