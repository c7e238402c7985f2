//! Builds the tree while the generated parser reduces.
//!
//! Owns what the grammar cannot say: operator precedence, interning, the pools
//! that lists end up in, and the checks that make a sentence of the grammar no
//! program (a `break` outside a loop, `...` outside a vararg function, a call
//! that starts on a new line, too deep nesting). A failed check gives a bare
//! [`Flaw`]; [`crate::diagnose`] words it.
//!
//! # Levels
//!
//! Lua 5.1's parser counts a level per block and per (sub)expression it is in,
//! and refuses to go deeper than [`MAX_SYNTAX_LEVELS`]. Here every construct
//! knows how many levels it needs below the one it stands in (`Levels`), and the
//! main block must not need more than there are.

mod expr;
mod operators;
mod stat;

pub(crate) use operators::{Chain, Pending, UNARY_PRIORITY, priority};

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::MAX_SYNTAX_LEVELS;
use crate::ast::{Block, Chunk, Expr, ExprId, Func, FuncId, IfArm, List, StatId, StrId, TableItem};
use crate::lexer::Flaw;
use crate::span::Pos;

/// Levels that a construct needs; sticks at 255, which is too many anyway.
type Levels = u8;

/// An operand or suffixed expression; `levels` excludes the subexpression level
/// that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    id: ExprId,
    levels: Levels,
}

/// A whole expression, its own level included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    pub(crate) id: ExprId,
    levels: Levels,
}

/// A list being read: its entries so far are the top of a scratch stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    start: u32,
    levels: Levels,
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args {
    list: List<ExprId>,
    line: u32,
    levels: Levels,
    has_paren: bool,
}

/// A statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    id: StatId,
    levels: Levels,
}

/// A block, its own level included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    block: Block,
    levels: Levels,
}

/// A parameter list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    params: List<StrId>,
    line: u32,
}

/// A function body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    id: FuncId,
    levels: Levels,
}

/// A function whose body is being read.
#[derive(Clone, Copy, Debug)]
struct Enclosing {
    is_vararg: bool,
    uses_vararg: bool,
    loops: u32,
}

/// The tree under construction.
pub(crate) struct Builder<'s> {
    source: &'s [u8],
    chunk: Chunk,
    interned: HashTable<StrId>,
    hasher: DefaultHashBuilder,
    waiting: Vec<operators::Waiting>,
    functions: Vec<Enclosing>,
    /// Calls whose `(` stands on a line after their callee, a name, that starts
    /// at this offset: errors unless a table constructor excuses them.
    ambiguous: Vec<u32>,
    // Scratch stacks of the lists being read.
    exprs: Vec<ExprId>,
    stats: Vec<StatId>,
    names: Vec<StrId>,
    items: Vec<TableItem>,
    arms: Vec<IfArm>,
}

impl<'s> Builder<'s> {
    /// Starts with the main function open.
    pub(crate) fn new(source: &'s [u8]) -> Self {
        // Usual programs fit these; others grow them. Bounded, because a large
        // source may be all one string.
        let nodes = (source.len() / 6).clamp(8, 1 << 14);
        let few = nodes / 4;
        Builder {
            source,
            chunk: Chunk {
                exprs: Vec::with_capacity(nodes),
                expr_spans: Vec::with_capacity(nodes),
                stats: Vec::with_capacity(few),
                stat_spans: Vec::with_capacity(few),
                expr_lists: Vec::with_capacity(nodes / 2),
                stat_lists: Vec::with_capacity(few),
                str_bytes: Vec::with_capacity(nodes * 2),
                str_ends: Vec::with_capacity(few),
                ..Chunk::default()
            },
            interned: HashTable::with_capacity(few.max(14)),
            hasher: DefaultHashBuilder::default(),
            waiting: Vec::with_capacity(8),
            functions: vec![Enclosing {
                is_vararg: true,
                uses_vararg: false,
                loops: 0,
            }],
            ambiguous: Vec::new(),
            exprs: Vec::with_capacity(8),
            stats: Vec::with_capacity(8),
            names: Vec::new(),
            items: Vec::new(),
            arms: Vec::new(),
        }
    }

    /// The tree, after [`Builder::main`].
    pub(crate) fn finish(mut self, chunk_name: &[u8]) -> Chunk {
        self.chunk.name = chunk_name.to_vec();
        self.chunk
    }

    fn text(&self, start: Pos, end: Pos) -> &'s [u8] {
        &self.source[start.offset as usize..end.offset as usize]
    }

    // --- Strings and names

    fn intern(&mut self, bytes: &[u8]) -> StrId {
        let Builder {
            chunk,
            interned,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(bytes);
        if let Some(&id) = interned.find(hash, |&id| chunk.bytes(id) == bytes) {
            return id;
        }
        let id = StrId(chunk.str_ends.len() as u32);
        chunk.str_bytes.extend_from_slice(bytes);
        chunk.str_ends.push(chunk.str_bytes.len() as u32);
        interned.insert_unique(hash, id, |&id| hasher.hash_one(chunk.bytes(id)));
        id
    }

    pub(crate) fn name(&mut self, start: Pos, end: Pos) -> StrId {
        self.intern(self.text(start, end))
    }

    // --- Lists

    pub(crate) fn open_exprs(&mut self, first: Whole) -> Open {
        let start = self.exprs.len() as u32;
        let levels = 0;
        self.add_expr(Open { start, levels }, first)
    }

    pub(crate) fn add_expr(&mut self, list: Open, next: Whole) -> Open {
        self.exprs.push(next.id);
        Open {
            levels: list.levels.max(next.levels),
            ..list
        }
    }

    fn close_exprs(&mut self, list: Open) -> List<ExprId> {
        close(&mut self.exprs, &mut self.chunk.expr_lists, list.start)
    }

    pub(crate) fn open_names(&mut self) -> Open {
        Open {
            start: self.names.len() as u32,
            levels: 0,
        }
    }

    pub(crate) fn add_name(&mut self, list: Open, name: StrId) -> Open {
        self.names.push(name);
        list
    }

    fn close_names(&mut self, list: Open) -> List<StrId> {
        close(&mut self.names, &mut self.chunk.name_lists, list.start)
    }

    pub(crate) fn open_items(&mut self) -> Open {
        Open {
            start: self.items.len() as u32,
            levels: 0,
        }
    }

    pub(crate) fn positional(&mut self, list: Open, start: Pos, value: Whole) -> Open {
        // The reference looks one token past a name that starts an item, and so
        // takes the name to end on the line of that token.
        self.ambiguous.retain(|&callee| callee != start.offset);
        self.items.push(TableItem::Positional(value.id));
        Open {
            levels: list.levels.max(value.levels),
            ..list
        }
    }

    pub(crate) fn keyed(&mut self, list: Open, key: Whole, value: Whole) -> Open {
        let (key, key_levels) = (key.id, key.levels);
        self.items.push(TableItem::Keyed {
            key,
            value: value.id,
        });
        Open {
            levels: list.levels.max(key_levels).max(value.levels),
            ..list
        }
    }

    /// The key of `name = value` in a table.
    pub(crate) fn name_key(&mut self, start: Pos, end: Pos) -> Whole {
        Whole {
            id: self.name_constant(start, end),
            levels: 0,
        }
    }

    pub(crate) fn table(&mut self, start: Pos, items: Open, end: Pos) -> Operand {
        let levels = items.levels;
        let items = close(&mut self.items, &mut self.chunk.item_lists, items.start);
        let id = self.push_expr(Expr::Table(items), start, end);
        Operand { id, levels }
    }

    // --- Functions

    /// The parameter list of a function, or of a method, which gets a `self`
    /// before the others.
    pub(crate) fn head(
        &mut self,
        open: Pos,
        names: Open,
        is_vararg: bool,
        is_method: bool,
    ) -> Head {
        let start = self.chunk.name_lists.len() as u32;
        if is_method {
            let self_ = self.intern(b"self");
            self.chunk.name_lists.push(self_);
        }
        let names = self.close_names(names);
        self.functions.push(Enclosing {
            is_vararg,
            uses_vararg: false,
            loops: 0,
        });
        Head {
            params: List::new(start, names.len + u32::from(is_method)),
            line: open.line,
        }
    }

    pub(crate) fn function(&mut self, head: Head, body: Body, end: Pos) -> Result<Closed, Flaw> {
        self.close_function(head, body, end.line)
    }

    fn close_function(&mut self, head: Head, body: Body, end_line: u32) -> Result<Closed, Flaw> {
        let function = self.functions.pop().ok_or(Flaw)?;
        let id = FuncId(self.chunk.funcs.len() as u32);
        self.chunk.funcs.push(Func {
            params: head.params,
            is_vararg: function.is_vararg,
            uses_vararg: function.uses_vararg,
            block: body.block,
            line: head.line,
            end_line,
        });
        let levels = body.levels;
        Ok(Closed { id, levels })
    }

    /// The end of the chunk.
    pub(crate) fn main(&mut self, body: Body) -> Result<(), Flaw> {
        let head = Head {
            params: List::empty(),
            line: 0,
        };
        self.close_function(head, body, 0)?;
        if usize::from(body.levels) > MAX_SYNTAX_LEVELS || !self.ambiguous.is_empty() {
            return Err(Flaw);
        }
        Ok(())
    }
}

/// Moves the entries from `start` on from a scratch stack to their pool.
fn close<T>(scratch: &mut Vec<T>, pool: &mut Vec<T>, start: u32) -> List<T> {
    let pool_start = pool.len() as u32;
    pool.extend(scratch.drain(start as usize..));
    List::new(pool_start, pool.len() as u32 - pool_start)
}
