//! `docs/opcodes.md` is the instruction table as a document: `UPDATE_EXPECT=1`
//! rewrites it, otherwise this fails when it is stale.

use std::fmt::Write;
use std::path::Path;

use lua_compiler::isa::Op;

const INTRODUCTION: &str = "\
# Opcodes

Generated from `lua-compiler/src/isa/mod.rs` by `UPDATE_EXPECT=1 cargo test -p lua-compiler --test opcodes_md`; do not edit.

`R[i]` is a register, `K[i]` a constant, `U[i]` an upvalue, `G` the environment of the running closure.
The first word of an instruction holds the opcode (8 bits) and either `a`, `b`, `c` (8 bits each), `a` and `d` (16 bits), or `s` (24 bits).
An operand `x` is an auxiliary word of 32 bits that follows.
Operand types are those of `lua-compiler/src/isa/operand.rs`.

| number | name | words | operands | semantics |
|---|---|---|---|---|
";

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (number, op) in Op::ALL.iter().enumerate() {
        let operands: Vec<String> = op
            .operands()
            .iter()
            .map(|(name, ty)| format!("`{name}`: {ty}"))
            .collect();
        let words = if op.has_aux() { 2 } else { 1 };
        let (name, semantics) = (op.name(), op.semantics());
        let operands = operands.join(", ");
        let row = format!("| {number} | `{name}` | {words} | {operands} | {semantics} |");
        let _ = writeln!(text, "{row}");
    }
    text
}

#[test]
fn opcodes_md_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/opcodes.md");
    let expected = document();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/opcodes.md is stale: run with UPDATE_EXPECT=1"
    );
}
