//! Names in scope: active locals, blocks, upvalues. Knows registers by number
//! only, and no code but the positions at which locals live.

use std::sync::Arc;

use lua_syntax::ast::StrId;

use crate::codegen::Codegen;
use crate::emit::JumpList;
use crate::isa::operand::Reg;
use crate::limits::{Checked, Limit, MAX_LOCALS, MAX_UPVALUES};
use crate::proto::{Capture, LocalVar};

/// The name of a local: one of the source's, or one that no source can spell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LocalName {
    Source(StrId),
    Hidden(&'static str),
}

/// Where a name finds its value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Local(Reg),
    Upvalue(u8),
    Global,
}

/// An active local of some function under construction.
#[derive(Debug)]
struct Active {
    name: LocalName,
    /// What the name meant before, as in [`Scopes::meaning`].
    shadowed: u32,
    /// Index among its function's [`LocalVar`]s.
    debug: u32,
}

/// A block that is being walked.
#[derive(Debug)]
pub(crate) struct BlockScope {
    /// Jumps of the `break`s that leave it, if it is a loop.
    pub(crate) breaks: JumpList,
    /// Number of its function's locals active at its start.
    pub(crate) locals: u8,
    /// True if a closure captured a local declared in it.
    pub(crate) is_captured: bool,
    pub(crate) is_loop: bool,
}

/// No active local has this index.
const GLOBAL: u32 = u32::MAX;

/// The names in scope, of all functions under construction.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    /// By [`StrId`]: index of the active local that a name means, or [`GLOBAL`].
    meaning: Vec<u32>,
    /// Innermost last.
    active: Vec<Active>,
    /// Innermost last.
    blocks: Vec<BlockScope>,
}

impl Scopes {
    /// The buffers of finished scopes for another chunk: no local is in scope; names
    /// are below `names`.
    pub(crate) fn of_chunk(mut self, names: usize) -> Self {
        debug_assert!(self.active.is_empty() && self.blocks.is_empty());
        self.meaning.clear();
        self.meaning.resize(names, GLOBAL);
        self
    }

    /// Number of active locals.
    pub(crate) fn active_len(&self) -> usize {
        self.active.len()
    }

    /// Number of open blocks.
    pub(crate) fn blocks_len(&self) -> usize {
        self.blocks.len()
    }
}

impl Codegen<'_> {
    /// Checks that `n` more locals than the active ones are allowed.
    pub(crate) fn check_locals(&self, n: usize) -> Checked<()> {
        if usize::from(self.f.regs.locals()) + n > MAX_LOCALS {
            let mut exceeded = self.exceeded(Limit::Locals);
            // The reference counts each name as it reads it, with a comma before
            // and `local` or the like before the first.
            let fitting = MAX_LOCALS - usize::from(self.f.regs.locals());
            exceeded.skip = 2 * fitting as u32 + 2;
            return Err(exceeded);
        }
        Ok(())
    }

    /// Brings a local into scope; it lives in the next register, which is reserved.
    pub(crate) fn activate(&mut self, name: LocalName) -> Reg {
        let reg = self.f.regs.make_local();
        let active = self.scopes.active.len() as u32;
        let (shadowed, bytes) = match name {
            LocalName::Source(id) => {
                let meaning = &mut self.scopes.meaning[id.index()];
                (std::mem::replace(meaning, active), self.bytes(id))
            }
            LocalName::Hidden(text) => (GLOBAL, self.hidden(text)),
        };
        let start_pc = self.f.emit.here();
        self.scopes.active.push(Active {
            name,
            shadowed,
            debug: self.f.locals.len() as u32,
        });
        self.f.locals.push(LocalVar {
            name: bytes,
            reg: reg.0,
            start_pc,
            end_pc: start_pc,
        });
        reg
    }

    /// Lets the local that was activated last begin its life here.
    pub(crate) fn restart_last_local(&mut self) {
        let here = self.f.emit.here();
        if let Some(local) = self.f.locals.last_mut() {
            local.start_pc = here;
        }
    }

    /// Takes all locals of the current function but the first `keep` out of scope,
    /// and all temporaries with them.
    pub(crate) fn end_locals(&mut self, keep: u8) {
        let here = self.f.emit.here();
        let keep_active = self.f.first_active + usize::from(keep);
        while self.scopes.active.len() > keep_active {
            let Some(local) = self.scopes.active.pop() else {
                break;
            };
            if let LocalName::Source(id) = local.name {
                self.scopes.meaning[id.index()] = local.shadowed;
            }
            self.f.locals[local.debug as usize].end_pc = here;
        }
        self.f.regs.end_locals(keep);
    }

    /// Opens a block.
    pub(crate) fn enter_block(&mut self, is_loop: bool) {
        self.scopes.blocks.push(BlockScope {
            breaks: JumpList::EMPTY,
            locals: self.f.regs.locals(),
            is_captured: false,
            is_loop,
        });
    }

    /// Ends a block's locals and closes what was captured of them, without leaving
    /// the block yet.
    pub(crate) fn end_block_locals(&mut self) {
        let block = self.innermost_block();
        let (locals, is_captured) = (block.locals, block.is_captured);
        self.end_locals(locals);
        if is_captured {
            self.close_from(locals);
        }
    }

    /// Leaves a block: its locals end, its breaks go to the next instruction.
    pub(crate) fn leave_block(&mut self) {
        self.end_block_locals();
        if let Some(block) = self.scopes.blocks.pop()
            && !block.breaks.is_empty()
        {
            self.f.emit.patch_here(block.breaks);
        }
    }

    /// The innermost block of the current function.
    pub(crate) fn innermost_block(&mut self) -> &mut BlockScope {
        self.scopes.blocks.last_mut().expect("a block is open")
    }

    /// The innermost loop of the current function, and whether a block up to there
    /// has captured locals.
    pub(crate) fn innermost_loop(&mut self) -> (&mut BlockScope, bool) {
        let mut is_captured = false;
        for block in self.scopes.blocks[self.f.first_block..].iter_mut().rev() {
            if block.is_loop {
                return (block, is_captured);
            }
            is_captured |= block.is_captured;
        }
        unreachable!("the parser refuses `break` outside a loop")
    }

    /// Finds out what a name means here; makes upvalues as needed.
    pub(crate) fn resolve(&mut self, name: StrId) -> Checked<Place> {
        let meaning = self.scopes.meaning[name.index()];
        if meaning == GLOBAL {
            return Ok(Place::Global);
        }
        let active = meaning as usize;
        if active >= self.f.first_active {
            return Ok(Place::Local(Reg((active - self.f.first_active) as u8)));
        }
        // Outer functions begin at ascending positions; the owner is the last that
        // begins at or before the local.
        let after = self.outer.partition_point(|f| f.first_active <= active);
        let owner = after - 1;
        let reg = (active - self.outer[owner].first_active) as u8;
        self.mark_captured(owner, reg);

        let name = self.bytes(name);
        let mut capture = Capture::Local(reg);
        for level in owner + 1..self.outer.len() {
            let index = self.upvalue_of(level, capture, &name)?;
            capture = Capture::Upvalue(index);
        }
        let index = self.upvalue_of(self.outer.len(), capture, &name)?;
        Ok(Place::Upvalue(index))
    }

    /// The upvalue with this capture of the function at `level`: an outer one, or,
    /// behind the last of them, the current one.
    fn upvalue_of(&mut self, level: usize, capture: Capture, name: &Arc<[u8]>) -> Checked<u8> {
        let f = self.outer.get_mut(level).unwrap_or(&mut self.f);
        if let Some(index) = f.captures.iter().position(|&c| c == capture) {
            return Ok(index as u8);
        }
        if f.captures.len() == MAX_UPVALUES {
            let line_defined = f.line_defined;
            let mut exceeded = self.exceeded(Limit::Upvalues);
            exceeded.line_defined = line_defined;
            return Err(exceeded);
        }
        f.captures.push(capture);
        f.upvalue_names.push(name.clone());
        Ok((f.captures.len() - 1) as u8)
    }

    fn mark_captured(&mut self, owner: usize, reg: u8) {
        let f = &mut self.outer[owner];
        f.is_captured = true;
        let start = f.first_block;
        let end = match self.outer.get(owner + 1) {
            Some(next) => next.first_block,
            None => self.f.first_block,
        };
        let mut blocks = self.scopes.blocks[start..end].iter_mut().rev();
        if let Some(block) = blocks.find(|block| block.locals <= reg) {
            block.is_captured = true;
        }
    }
}
