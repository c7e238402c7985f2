//! The state of one compilation: the functions under construction, names and
//! constants of the chunk, and how a function is opened and closed.
//!
//! The walk itself is spread over [`crate::stat`], [`crate::assign`],
//! [`crate::expr`], [`crate::arith`], [`crate::cond`] and [`crate::table`], which
//! add methods to [`Codegen`]; [`crate::value`] moves values to registers.

use std::sync::Arc;

use lua_syntax::ast::{Chunk, ExprId, FuncId, StrId};

use crate::function::{ConstKey, Function};
use crate::isa::Instr;
use crate::isa::operand::{Base, ConstIdx, Dst, ProtoIdx, Reg};
use crate::limits::{Checked, Exceeded, Limit, MAX_CHILDREN};
use crate::proto::{Constant, Proto};
use crate::scope::{LocalName, Scopes};
use crate::value::{Exp, Kind};

/// One compilation of a chunk.
pub(crate) struct Codegen<'c> {
    pub(crate) chunk: &'c Chunk,
    /// The function that code goes to.
    pub(crate) f: Function,
    /// The functions around it, outermost first.
    pub(crate) outer: Vec<Function>,
    /// Finished ones, to be used again.
    spare: Vec<Function>,
    pub(crate) scopes: Scopes,
    /// Nodes of the left spines that are being walked.
    pub(crate) spine: Vec<ExprId>,
    /// Left-hand sides of the assignments that are being walked.
    pub(crate) targets: Vec<Exp>,
    /// By [`StrId`]: the constructor in which a key was seen last.
    pub(crate) seen_keys: Vec<u32>,
    /// Number of constructors whose keys were looked at.
    pub(crate) constructors: u32,
    /// By [`StrId`]: the bytes as constants and local names share them.
    strings: Vec<Option<Arc<[u8]>>>,
    hidden: Vec<(&'static str, Arc<[u8]>)>,
    source: Arc<[u8]>,
    /// The name `arg`, once looked for.
    arg_name: Option<Option<StrId>>,
    /// Byte offset just past the last token walked, for messages.
    pub(crate) offset: u32,
}

/// What one compilation leaves to the next: buffers that have grown to a useful size.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    main: Function,
    outer: Vec<Function>,
    spare: Vec<Function>,
    scopes: Scopes,
    spine: Vec<ExprId>,
    targets: Vec<Exp>,
    seen_keys: Vec<u32>,
    strings: Vec<Option<Arc<[u8]>>>,
    hidden: Vec<(&'static str, Arc<[u8]>)>,
}

impl<'c> Codegen<'c> {
    /// Compiles the whole chunk. After an error the buffers are new ones.
    pub(crate) fn main(chunk: &'c Chunk, buffers: &mut Buffers) -> Checked<Proto> {
        let Buffers {
            main,
            outer,
            spare,
            scopes,
            spine,
            targets,
            mut seen_keys,
            mut strings,
            hidden,
        } = std::mem::take(buffers);
        let names = chunk.str_count();
        seen_keys.clear();
        strings.resize(names, None);
        let mut codegen = Codegen {
            chunk,
            f: main,
            outer,
            spare,
            scopes: scopes.of_chunk(names),
            spine,
            targets,
            seen_keys,
            constructors: 0,
            strings,
            hidden,
            source: chunk.name().into(),
            arg_name: None,
            offset: 0,
        };
        let block = chunk.func(chunk.main()).block;
        codegen.f.is_vararg = true;
        codegen.f.emit.line = 1;
        codegen.statements(&block)?;
        let proto = codegen.finish()?;
        codegen.strings.clear();
        *buffers = Buffers {
            main: codegen.f,
            outer: codegen.outer,
            spare: codegen.spare,
            scopes: codegen.scopes,
            spine: codegen.spine,
            targets: codegen.targets,
            seen_keys: codegen.seen_keys,
            strings: codegen.strings,
            hidden: codegen.hidden,
        };
        Ok(proto)
    }

    /// A nested function: its prototype becomes a child, the closure the value.
    pub(crate) fn function(&mut self, id: FuncId) -> Checked<Exp> {
        let func = self.chunk.func(id);
        self.open(func.line);
        self.f.last_line_defined = func.end_line;
        self.f.params = func.params.len.min(u8::MAX.into()) as u8;
        self.f.is_vararg = func.is_vararg;
        self.check_locals(func.params.len as usize + usize::from(func.is_vararg))?;
        for &name in self.chunk.names(func.params) {
            self.reserve(1)?;
            self.activate(LocalName::Source(name));
        }
        if func.is_vararg {
            self.arg_table(func.uses_vararg)?;
        }
        self.statements(&func.block)?;
        self.f.emit.line = func.end_line;
        let proto = self.finish()?;
        self.close();
        self.f.emit.line = func.end_line;

        let index = self.f.protos.len();
        if index == MAX_CHILDREN {
            return Err(self.exceeded(Limit::Constants));
        }
        self.f.protos.push(Arc::new(proto));
        let at = self.f.emit.emit(Instr::Closure {
            a: Dst(Reg(0)),
            d: ProtoIdx(index as u16),
        });
        Ok(Exp::new(Kind::Reloc(at)))
    }

    /// The local `arg` that vararg functions have for compatibility with 5.0: nil
    /// if the body uses `...`.
    fn arg_table(&mut self, uses_vararg: bool) -> Checked<()> {
        let reg = self.reserve(1)?;
        let chunk = self.chunk;
        let id = *self.arg_name.get_or_insert_with(|| {
            let mut names = (0..chunk.str_count() as u32).map(StrId);
            names.find(|&id| chunk.bytes(id) == b"arg")
        });
        self.activate(id.map_or(LocalName::Hidden("arg"), LocalName::Source));
        if uses_vararg {
            self.f.emit.load_nil(reg, 1);
        } else {
            self.f.emit.emit(Instr::VarargTable { a: Dst(reg) });
        }
        // The reference does this without an instruction, so it has no line of its own.
        self.f.emit.forget_lines();
        Ok(())
    }

    fn open(&mut self, line: u32) {
        let mut f = self.spare.pop().unwrap_or_default();
        f.first_active = self.scopes.active_len();
        f.first_block = self.scopes.blocks_len();
        f.line_defined = line;
        f.emit.line = line;
        self.outer.push(std::mem::replace(&mut self.f, f));
    }

    fn close(&mut self) {
        if let Some(outer) = self.outer.pop() {
            let finished = std::mem::replace(&mut self.f, outer);
            self.spare.push(finished);
        }
    }

    /// Ends the current function's code and makes its prototype.
    fn finish(&mut self) -> Checked<Proto> {
        self.end_locals(0);
        self.f.emit.emit(Instr::Return0 {});
        if self.f.emit.too_long() {
            return Err(self.exceeded(Limit::Jump));
        }
        Ok(self.f.finish(self.source.clone()))
    }

    /// The error that a limit is exceeded behind the last token walked.
    pub(crate) fn exceeded(&self, limit: Limit) -> Exceeded {
        Exceeded {
            limit,
            line_defined: self.f.line_defined,
            offset: self.offset,
            skip: 0,
        }
    }

    /// The error, met where the expression `next` begins.
    pub(crate) fn met_at(&self, next: ExprId, exceeded: Exceeded) -> Exceeded {
        let offset = self.chunk.expr_span(next).start;
        Exceeded { offset, ..exceeded }
    }

    /// Takes the next `n` registers.
    pub(crate) fn reserve(&mut self, n: usize) -> Checked<Reg> {
        let reserved = self.f.regs.reserve(n);
        reserved.ok_or_else(|| self.exceeded(Limit::Registers))
    }

    /// Closes the upvalues of the registers from `first` on.
    pub(crate) fn close_from(&mut self, first: u8) {
        self.f.emit.emit(Instr::Close {
            a: Base(Reg(first)),
        });
    }

    /// The bytes of a name or string, shared.
    pub(crate) fn bytes(&mut self, id: StrId) -> Arc<[u8]> {
        let chunk = self.chunk;
        let shared = self.strings[id.index()].get_or_insert_with(|| chunk.bytes(id).into());
        Arc::clone(shared)
    }

    /// The bytes of a name that no source spells, shared.
    pub(crate) fn hidden(&mut self, text: &'static str) -> Arc<[u8]> {
        match self.hidden.iter().find(|known| known.0 == text) {
            Some((_, shared)) => Arc::clone(shared),
            None => {
                let shared: Arc<[u8]> = text.as_bytes().into();
                self.hidden.push((text, Arc::clone(&shared)));
                shared
            }
        }
    }

    /// The index of a constant in the current function.
    pub(crate) fn constant(&mut self, key: ConstKey) -> Checked<ConstIdx> {
        let (chunk, strings) = (self.chunk, &mut self.strings);
        let index = self.f.constants.add(key, || match key {
            ConstKey::Nil => Constant::Nil,
            ConstKey::False => Constant::Boolean(false),
            ConstKey::True => Constant::Boolean(true),
            ConstKey::Number(bits) => Constant::Number(f64::from_bits(bits)),
            ConstKey::String(id) => {
                let shared = strings[id.index()].get_or_insert_with(|| chunk.bytes(id).into());
                Constant::String(Arc::clone(shared))
            }
        });
        index.ok_or_else(|| self.exceeded(Limit::Constants))
    }

    /// The index of a number constant.
    pub(crate) fn number(&mut self, n: f64) -> Checked<ConstIdx> {
        self.constant(ConstKey::Number(n.to_bits()))
    }

    /// The index of a string constant.
    pub(crate) fn string(&mut self, id: StrId) -> Checked<ConstIdx> {
        self.constant(ConstKey::String(id))
    }
}
