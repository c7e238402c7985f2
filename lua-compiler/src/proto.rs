//! The compiled form of a function: what the compiler makes, the verifier proves
//! and the VM loads. Plain data; knows no heap values.

use std::sync::Arc;

/// A constant of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `nil`
    Nil,
    /// `false` or `true`
    Boolean(bool),
    /// A number; never NaN.
    Number(f64),
    /// A byte string.
    String(Arc<[u8]>),
}

/// Where a closure finds an upvalue when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A register of the enclosing function's frame.
    Local(u8),
    /// An upvalue of the enclosing function's closure.
    Upvalue(u8),
}

/// A table constructor whose keyed items all have constant string keys: the table
/// that `DupTable` copies.
///
/// Built by making a table of `hash_size` nodes and assigning the items in order.
/// An item whose value is not constant carries `false` as a placeholder, which the
/// code after the `DupTable` overwrites before any script can see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Size of the array part to allocate, entries.
    pub array_size: u32,
    /// Number of hash nodes to allocate, before rounding to a power of two.
    pub hash_size: u32,
    /// Key and value of each item, in source order; indexes of constants: keys are
    /// strings. A nil makes an entry, as an assignment of nil does.
    pub items: Vec<(u32, u32)>,
}

/// The life of a local variable, for messages and the debug library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalVar {
    /// The name; hidden loop variables have names in parentheses.
    pub name: Arc<[u8]>,
    /// The register it lives in.
    pub reg: u8,
    /// First word at which it is alive.
    pub start_pc: u32,
    /// First word at which it is no longer alive.
    pub end_pc: u32,
}

/// Line of each code word, run-length coded: each run is a first word and its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineTable {
    runs: Vec<(u32, u32)>,
}

impl LineTable {
    /// A table of such runs, whatever they are: [`crate::verify()`] looks at them.
    pub(crate) fn from_runs(runs: Vec<(u32, u32)>) -> Self {
        LineTable { runs }
    }

    /// Says that code from word `pc` on belongs to `line`; `pc` never decreases.
    pub fn push(&mut self, pc: u32, line: u32) {
        match self.runs.last_mut() {
            Some(last) if last.0 == pc => last.1 = line,
            Some(last) if last.1 == line => {}
            _ => self.runs.push((pc, line)),
        }
    }

    /// The line of word `pc`: before the first run, that of the first; 0 if there is none.
    pub fn line(&self, pc: u32) -> u32 {
        let after = self.runs.partition_point(|run| run.0 <= pc);
        self.runs
            .get(after.saturating_sub(1))
            .map_or(0, |run| run.1)
    }

    /// The runs: first word and line, in order.
    pub fn runs(&self) -> &[(u32, u32)] {
        &self.runs
    }
}

/// One compiled function.
#[derive(Clone, Debug, PartialEq)]
pub struct Proto {
    /// The code words; see [`crate::isa`].
    pub code: Vec<u32>,
    /// The constants.
    pub constants: Vec<Constant>,
    /// The functions nested directly in this one.
    pub protos: Vec<Arc<Proto>>,
    /// One entry per upvalue.
    pub captures: Vec<Capture>,
    /// The table templates.
    pub templates: Vec<Template>,
    /// Number of fixed parameters, in `R[0]`, `R[1]`, ...
    pub params: u8,
    /// True if the function takes further arguments.
    pub is_vararg: bool,
    /// Number of registers a frame needs.
    pub max_stack: u8,
    /// The chunk's name as the host gave it: `@file`, `=text` or the source.
    pub source: Arc<[u8]>,
    /// Line of the `function` keyword; 0 for a main chunk.
    pub line_defined: u32,
    /// Line of the closing `end`; 0 for a main chunk.
    pub last_line_defined: u32,
    /// Line of each code word; empty in stripped code.
    pub lines: LineTable,
    /// The locals, by start; empty in stripped code.
    pub locals: Vec<LocalVar>,
    /// Names of the upvalues; empty in stripped code.
    pub upvalue_names: Vec<Arc<[u8]>>,
}
