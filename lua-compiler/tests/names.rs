//! Names that error messages use. Each case is a program that fails in `lua5.1`,
//! and the name in its message.

use lua_compiler::isa::operand::{Operand, Reg};
use lua_compiler::isa::{Instr, Op};
use lua_compiler::names::{self, Function as _};
use lua_compiler::{Proto, load};

/// Every instruction of the function with its position.
fn instrs(proto: &Proto) -> Vec<(usize, Instr)> {
    let mut at = 0;
    let mut all = Vec::new();
    while let Some(instr) = Instr::decode_at(&proto.code, at) {
        all.push((at, instr));
        at += instr.len();
    }
    all
}

/// Describes an operand of the last instruction with opcode `op`, in the innermost
/// last function: the `nth` register that it reads, the callee for calls.
#[track_caller]
fn check(source: &str, op: Op, nth: usize, expected: &str) {
    let root = load(source.as_bytes(), b"=test").unwrap();
    let mut proto = root.proto().clone();
    while let Some(child) = proto.protos.last() {
        proto = child.clone();
    }
    let all = instrs(&proto);
    let (pc, instr) = *all.iter().rfind(|(_, instr)| instr.op() == op).unwrap();
    let mut used: Vec<Reg> = Vec::new();
    instr.each_operand(|_, operand| match operand {
        Operand::Use(reg) | Operand::Base(reg) => used.push(reg),
        _ => {}
    });
    let found = match names::describe(proto.as_ref(), pc, used[nth].0) {
        Some((kind, name)) => format!("{} '{}'", kind.as_str(), name.escape_ascii()),
        None => "none".to_owned(),
    };
    assert_eq!(found, expected);
}

#[test]
fn indexed_values() {
    check("local x; return x.y.z, 1", Op::GetField, 0, "field 'y'");
    check("local x; return x.y, 1", Op::GetField, 0, "local 'x'");
    check("return x.y, 1", Op::GetField, 0, "global 'x'");
    check("local t; return t[1].y, 1", Op::GetField, 0, "field '?'");
    check("local t, k; return t[k].y, 1", Op::GetField, 0, "field '?'");
    check("return f().y, 1", Op::GetField, 0, "none");
    check("return ('x').y.z, 1", Op::GetField, 0, "field 'y'");
    check(
        "local up; function f() return up.x, 1 end",
        Op::GetField,
        0,
        "upvalue 'up'",
    );
    check("local x; x.y = 1", Op::SetFieldK, 0, "local 'x'");
    check("x.y.z = f", Op::SetField, 0, "field 'y'");
    check("local o; o.p:m()", Op::Self_, 1, "field 'p'");
    check("o:m()", Op::Self_, 1, "global 'o'");
}

#[test]
fn called_values() {
    check("foo()", Op::Call, 0, "global 'foo'");
    check("local t; t.foo(1)", Op::Call, 0, "field 'foo'");
    check("local t; t:bar()", Op::Call, 0, "method 'bar'");
    check("local f; f()", Op::Call, 0, "local 'f'");
    check("local f; local x = f(h)", Op::Call, 0, "local 'f'");
    check("local f; function g() f() end", Op::Call, 0, "upvalue 'f'");
    check("f()()", Op::Call, 0, "none");
    check("local f; return f(1)", Op::TailCall, 0, "local 'f'");
    check("f(...)", Op::CallV, 0, "global 'f'");
}

#[test]
fn operands() {
    check("local a, b; return a + b, 1", Op::AddRR, 1, "local 'b'");
    check("return x + 1, 1", Op::AddRK, 0, "global 'x'");
    check("return 1 - t.x, 1", Op::SubKR, 0, "field 'x'");
    check("return -x, 1", Op::Unm, 0, "global 'x'");
    check("return #t.x, 1", Op::Len, 0, "field 'x'");
    check("return 'x' + 1, 1", Op::AddRK, 0, "none");
    check("return nil + 1, 1", Op::AddRK, 0, "none");
    check("local a; return 'x' .. a, 1", Op::Concat, 0, "none");
}

#[test]
fn follows_code_as_the_reference_does() {
    check("return (a or b).x, 1", Op::GetField, 0, "none");
    check("return (a < b or c).x, 1", Op::GetField, 0, "none");
    check(
        "if a then b.c() else c() end return d.x, 1",
        Op::GetField,
        0,
        "global 'd'",
    );
    check(
        "for i = 1, 2 do print(i) end return d.x.y, 1",
        Op::GetField,
        0,
        "field 'x'",
    );
    check("do local a end local b; b.x()", Op::Call, 0, "field 'x'");
    check("local a = a.x", Op::GetField, 0, "global 'a'");
}

#[test]
fn calls_of_iterators() {
    let root = load(b"for k in f do end", b"=test").unwrap();
    let proto = root.proto();
    let call = |(_, instr): &&(usize, Instr)| instr.op() == Op::Call;
    let (pc, _) = *instrs(proto).iter().find(call).unwrap();
    let (kind, name) = names::called_function(proto.as_ref(), pc).unwrap();
    assert_eq!((kind.as_str(), &*name), ("local", &b"(for generator)"[..]));
    // The copy that the call uses has no name: "attempt to call a nil value".
    assert_eq!(names::describe(proto.as_ref(), pc, 3), None);
}

#[test]
fn locals_by_number() {
    let root = load(b"local a, b = 1 do local c = 2 end return a", b"=test").unwrap();
    let proto = root.proto();
    let local = |n, pc| names::local(|index| proto.local(index), n, pc);
    let at = |n, pc| local(n, pc).map(|local| local.name.escape_ascii().to_string());
    assert_eq!(at(1, 0), None);
    assert_eq!(at(1, 2).as_deref(), Some("a"));
    assert_eq!(at(2, 3).as_deref(), Some("b"));
    assert_eq!(at(3, 3), None);
    assert_eq!(at(0, 3), None);
    assert_eq!(local(2, 3).map(|local| local.reg), Some(1));
}

#[test]
fn stripped_code_has_no_locals() {
    let root = load(b"local up; function f() return up.x, 1 end", b"=test").unwrap();
    let mut proto = Proto::clone(&root.proto().protos[0]);
    proto.locals.clear();
    proto.upvalue_names.clear();
    let (kind, name) = names::describe(&proto, 1, 0).unwrap();
    assert_eq!((kind.as_str(), &*name), ("upvalue", &b"?"[..]));
}
