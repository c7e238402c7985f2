#![forbid(unsafe_code)]
//! What is known of a prototype beside its code, constants and nested prototypes, which the heap
//! has in forms of its own. It stays for as long as the function can be called, so it is small:
//! hosts keep thousands of scripts.

use std::sync::Arc;

use lua_compiler::names::Local;
use lua_compiler::{Capture, LineTable, LocalVar, Proto, Template};

/// See the module.
pub(crate) struct CodeInfo {
    pub(crate) code_len: usize,
    pub(crate) constant_count: usize,
    pub(crate) captures: Box<[Capture]>,
    pub(crate) templates: Box<[Template]>,
    pub(crate) params: u8,
    pub(crate) is_vararg: bool,
    pub(crate) max_stack: u8,
    pub(crate) source: Arc<[u8]>,
    pub(crate) line_defined: u32,
    pub(crate) last_line_defined: u32,
    pub(crate) lines: Lines,
    locals: Box<[SmallLocal]>,
    /// The names of the locals, one behind the other.
    local_names: Box<[u8]>,
    pub(crate) upvalue_names: Box<[Arc<[u8]>]>,
    /// Bytes of all this outside of the object that it is a part of, as accounted.
    pub(crate) bytes: usize,
}

/// A local variable without its name.
struct SmallLocal {
    start_pc: u32,
    end_pc: u32,
    /// Where its name ends; it begins where the name before ends.
    name_end: u32,
    reg: u8,
}

/// The line of each code word.
pub(crate) enum Lines {
    /// As a [`LineTable`] has it, where no number is large.
    Short(Box<[(u16, u16)]>),
    Long(LineTable),
}

impl Lines {
    fn of(table: &LineTable) -> Lines {
        let runs = table.runs().iter();
        let short = runs.map(|&(pc, line)| Some((pc.try_into().ok()?, line.try_into().ok()?)));
        match short.collect() {
            Some(short) => Lines::Short(short),
            None => Lines::Long(table.clone()),
        }
    }

    /// The line of a word, as [`LineTable::line`].
    pub(crate) fn line(&self, pc: u32) -> u32 {
        match self {
            Lines::Short(runs) => {
                let after = runs.partition_point(|run| u32::from(run.0) <= pc);
                let run = runs.get(after.saturating_sub(1));
                run.map_or(0, |run| run.1.into())
            }
            Lines::Long(table) => table.line(pc),
        }
    }

    /// The table that it is made of.
    pub(crate) fn to_table(&self) -> LineTable {
        match self {
            Lines::Short(runs) => {
                let mut table = LineTable::default();
                for &(pc, line) in runs {
                    table.push(pc.into(), line.into());
                }
                table
            }
            Lines::Long(table) => table.clone(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Lines::Short(runs) => size_of_val(&runs[..]),
            Lines::Long(table) => size_of_val(table.runs()),
        }
    }
}

/// Bytes of a name that is shared.
fn shared_bytes(name: &Arc<[u8]>) -> usize {
    size_of::<[usize; 2]>() + name.len()
}

impl CodeInfo {
    /// What is to be known of a prototype.
    pub(crate) fn of(proto: &Proto) -> CodeInfo {
        let mut local_names = Vec::new();
        let locals = proto.locals.iter().map(|local| {
            local_names.extend_from_slice(&local.name);
            SmallLocal {
                start_pc: local.start_pc,
                end_pc: local.end_pc,
                // Names are parts of a source, which is shorter than this.
                name_end: u32::try_from(local_names.len()).unwrap_or(u32::MAX),
                reg: local.reg,
            }
        });
        let mut info = CodeInfo {
            code_len: proto.code.len(),
            constant_count: proto.constants.len(),
            captures: proto.captures[..].into(),
            templates: proto.templates[..].into(),
            params: proto.params,
            is_vararg: proto.is_vararg,
            max_stack: proto.max_stack,
            source: Arc::clone(&proto.source),
            line_defined: proto.line_defined,
            last_line_defined: proto.last_line_defined,
            lines: Lines::of(&proto.lines),
            locals: locals.collect(),
            local_names: Box::default(),
            upvalue_names: proto.upvalue_names[..].into(),
            bytes: 0,
        };
        info.local_names = local_names.into();
        let items = info.templates.iter().map(|it| size_of_val(&it.items[..]));
        info.bytes = size_of_val(&info.captures[..])
            + size_of_val(&info.templates[..])
            + items.sum::<usize>()
            + info.lines.bytes()
            + size_of_val(&info.locals[..])
            + info.local_names.len()
            + size_of_val(&info.upvalue_names[..])
            + info.upvalue_names.iter().map(shared_bytes).sum::<usize>()
            // What the object has of nested functions and templates.
            + size_of::<usize>() * (proto.protos.len() + proto.templates.len());
        // Nested functions share the name of their chunk, which may be the whole source.
        if info.line_defined == 0 {
            info.bytes += shared_bytes(&info.source);
        }
        info
    }

    /// The local of an index, by start.
    pub(crate) fn local(&self, index: usize) -> Option<Local<'_>> {
        let local = self.locals.get(index)?;
        let before = index
            .checked_sub(1)
            .and_then(|index| self.locals.get(index));
        let start = before.map_or(0, |before| before.name_end);
        Some(Local {
            name: self
                .local_names
                .get(start as usize..local.name_end as usize)?,
            reg: local.reg,
            start_pc: local.start_pc,
            end_pc: local.end_pc,
        })
    }

    /// The locals as a prototype has them.
    pub(crate) fn to_locals(&self) -> Vec<LocalVar> {
        let locals = (0..).map_while(|index| self.local(index));
        locals
            .map(|local| LocalVar {
                name: local.name.into(),
                reg: local.reg,
                start_pc: local.start_pc,
                end_pc: local.end_pc,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runs: &[(u32, u32)]) {
        let mut table = LineTable::default();
        for &(pc, line) in runs {
            table.push(pc, line);
        }
        let lines = Lines::of(&table);
        for pc in (0..40).chain([69_999, 70_000, u32::MAX]) {
            assert_eq!(lines.line(pc), table.line(pc), "{runs:?} at {pc}");
        }
        assert_eq!(lines.to_table(), table);
    }

    #[test]
    fn lines_are_those_of_the_table() {
        check(&[]);
        check(&[(0, 1), (5, 2), (9, 1), (30, 65_535)]);
        check(&[(3, 7)]);
        check(&[(0, 1), (70_000, 2)]);
        check(&[(0, 1), (7, 65_536)]);
    }
}
