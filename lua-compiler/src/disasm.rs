//! Bytecode as text, in the spirit of `luac -l`. Reads any prototype, verified or
//! not; what is out of range prints as `?`.

use std::fmt::Write;

use lua_syntax::display_name;

use crate::isa::Instr;
use crate::isa::operand::Operand;
use crate::proto::{Capture, Constant, Proto};

/// The listing of a function and all functions nested in it.
pub fn listing(proto: &Proto) -> String {
    let mut out = String::new();
    function(&mut out, proto);
    out
}

fn function(out: &mut String, proto: &Proto) {
    header(out, proto);
    code(out, proto);
    for (i, template) in proto.templates.iter().enumerate() {
        let _ = write!(out, "template T{i}");
        let _ = write!(
            out,
            " array {} hash {}:",
            template.array_size, template.hash_size
        );
        for &(key, value) in &template.items {
            let _ = write!(out, " {}={}", constant(proto, key), constant(proto, value));
        }
        out.push('\n');
    }
    for local in &proto.locals {
        let (name, reg) = (text(&local.name), local.reg);
        let _ = writeln!(
            out,
            "local R{reg} {name} {}..{}",
            local.start_pc, local.end_pc
        );
    }
    for (i, capture) in proto.captures.iter().enumerate() {
        let name = proto.upvalue_names.get(i).map(|name| text(name));
        let name = name.unwrap_or_else(|| "?".to_owned());
        let _ = match capture {
            Capture::Local(reg) => writeln!(out, "upvalue U{i} {name} = outer R{reg}"),
            Capture::Upvalue(index) => writeln!(out, "upvalue U{i} {name} = outer U{index}"),
        };
    }
    for child in &proto.protos {
        out.push('\n');
        function(out, child);
    }
}

fn header(out: &mut String, proto: &Proto) {
    let kind = match proto.line_defined {
        0 => "main",
        _ => "function",
    };
    let name = text(&display_name(&proto.source));
    let lines = format!("{},{}", proto.line_defined, proto.last_line_defined);
    let more = if proto.is_vararg { "+" } else { "" };
    let _ = writeln!(out, "{kind} <{name}:{lines}> ({} words)", proto.code.len());
    let _ = writeln!(
        out,
        "{}{more} params, {} slots, {} upvalues, {} constants, {} functions",
        proto.params,
        proto.max_stack,
        proto.captures.len(),
        proto.constants.len(),
        proto.protos.len(),
    );
}

fn code(out: &mut String, proto: &Proto) {
    let mut at = 0;
    while at < proto.code.len() {
        let line = proto.lines.line(at as u32);
        let Some(instr) = Instr::decode_at(&proto.code, at) else {
            let _ = writeln!(out, "{at:5} [{line}] ? {:08x}", proto.code[at]);
            at += 1;
            continue;
        };
        let mut operands = String::new();
        let mut notes = String::new();
        instr.each_operand(|_, operand| {
            operand_text(&mut operands, operand, at + instr.len());
            note(&mut notes, proto, operand);
        });
        let head = format!("{at:5} [{line}] {:10}{operands}", instr.op().name());
        let notes = if notes.is_empty() {
            notes
        } else {
            format!(" ;{notes}")
        };
        let _ = writeln!(out, "{}{notes}", head.trim_end());
        at += instr.len();
    }
}

fn operand_text(out: &mut String, operand: Operand, end: usize) {
    let _ = match operand {
        Operand::Def(reg) | Operand::Use(reg) | Operand::Base(reg) => write!(out, " R{}", reg.0),
        Operand::Upvalue(index) => write!(out, " U{index}"),
        Operand::Const(index, _) => write!(out, " K{}", index.0),
        Operand::Proto(index) => write!(out, " P{index}"),
        Operand::Template(index) => write!(out, " T{index}"),
        Operand::Jump(words) => write!(out, " ->{}", end as i64 + i64::from(words)),
        Operand::Imm(n) => write!(out, " {n}"),
        Operand::Hint(0) => Ok(()),
        Operand::Hint(hint) => write!(out, " #{hint}"),
    };
}

fn note(out: &mut String, proto: &Proto, operand: Operand) {
    let _ = match operand {
        Operand::Const(index, _) => write!(out, " {}", constant(proto, index.0)),
        Operand::Upvalue(index) => match proto.upvalue_names.get(usize::from(index)) {
            Some(name) => write!(out, " {}", text(name)),
            None => Ok(()),
        },
        _ => Ok(()),
    };
}

/// A constant as the source might spell it.
fn constant(proto: &Proto, index: u32) -> String {
    match proto.constants.get(index as usize) {
        None => "?".to_owned(),
        Some(Constant::Nil) => "nil".to_owned(),
        Some(Constant::Boolean(value)) => value.to_string(),
        Some(Constant::Number(n)) => n.to_string(),
        Some(Constant::String(bytes)) => format!("\"{}\"", text(bytes)),
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
