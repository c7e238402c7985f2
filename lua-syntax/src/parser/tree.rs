//! The tree under construction: its arenas, the interned strings, and the lists
//! that are not complete yet. Knows no tokens.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::ast::{Chunk, Expr, ExprId, Func, FuncId, IfArm, List, Stat, StatId, StrId, TableItem};
use crate::span::Pos;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) chunk: Chunk,
    interned: HashTable<StrId>,
    hasher: DefaultHashBuilder,
    // The entries so far of lists in whose entries other lists may begin and end.
    pub(super) exprs: Vec<ExprId>,
    pub(super) stats: Vec<StatId>,
    pub(super) items: Vec<TableItem>,
    pub(super) arms: Vec<IfArm>,
}

impl Tree {
    /// Empties the tree, and makes room for what usual programs of that many bytes
    /// need; others make it grow. Bounded, because a large source may be all one string;
    /// what such a one reserves it never touches.
    pub(super) fn prepare(&mut self, source_len: usize) {
        let nodes = (source_len / 6).clamp(8, 1 << 17);
        let few = nodes / 4;
        let Tree {
            chunk,
            interned,
            hasher,
            exprs,
            stats,
            items,
            arms,
        } = self;
        empty(&mut chunk.exprs, nodes);
        empty(&mut chunk.expr_spans, nodes);
        empty(&mut chunk.stats, few);
        empty(&mut chunk.stat_spans, few);
        empty(&mut chunk.funcs, 1);
        empty(&mut chunk.expr_lists, nodes / 2);
        empty(&mut chunk.stat_lists, few);
        empty(&mut chunk.name_lists, 0);
        empty(&mut chunk.item_lists, 0);
        empty(&mut chunk.arm_lists, 0);
        empty(&mut chunk.str_bytes, nodes * 2);
        empty(&mut chunk.str_ends, few);
        interned.clear();
        interned.reserve(few.max(14), |&id| hasher.hash_one(chunk.bytes(id)));
        empty(exprs, 8);
        empty(stats, 8);
        empty(items, 0);
        empty(arms, 0);
    }

    pub(super) fn finish(&mut self, chunk_name: &[u8]) -> &Chunk {
        self.chunk.name.clear();
        self.chunk.name.extend_from_slice(chunk_name);
        &self.chunk
    }

    /// The id of a name or of a string literal's value.
    pub(super) fn intern(&mut self, bytes: &[u8]) -> StrId {
        let Tree {
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

    pub(super) fn push_expr(&mut self, expr: Expr, start: Pos, end: Pos) -> ExprId {
        let id = ExprId(self.chunk.exprs.len() as u32);
        self.chunk.exprs.push(expr);
        self.chunk.expr_spans.push(start.to(end));
        id
    }

    pub(super) fn push_stat(&mut self, stat: Stat, start: Pos, end: Pos) -> StatId {
        let id = StatId(self.chunk.stats.len() as u32);
        self.chunk.stats.push(stat);
        self.chunk.stat_spans.push(start.to(end));
        id
    }

    pub(super) fn push_func(&mut self, func: Func) -> FuncId {
        let id = FuncId(self.chunk.funcs.len() as u32);
        self.chunk.funcs.push(func);
        id
    }

    /// The list of one expression.
    pub(super) fn single(&mut self, expr: ExprId) -> List<ExprId> {
        let start = self.chunk.expr_lists.len() as u32;
        self.chunk.expr_lists.push(expr);
        List::new(start, 1)
    }

    /// Completes the list whose entries are those of `exprs` from `start` on; so do
    /// the other `close_` functions for theirs.
    pub(super) fn close_exprs(&mut self, start: usize) -> List<ExprId> {
        close(&mut self.exprs, &mut self.chunk.expr_lists, start)
    }

    pub(super) fn close_stats(&mut self, start: usize) -> List<StatId> {
        close(&mut self.stats, &mut self.chunk.stat_lists, start)
    }

    pub(super) fn close_items(&mut self, start: usize) -> List<TableItem> {
        close(&mut self.items, &mut self.chunk.item_lists, start)
    }

    pub(super) fn close_arms(&mut self, start: usize) -> List<IfArm> {
        close(&mut self.arms, &mut self.chunk.arm_lists, start)
    }

    /// Where a list of names begins. Nothing else adds names until it is complete.
    pub(super) fn open_names(&self) -> usize {
        self.chunk.name_lists.len()
    }

    pub(super) fn add_name(&mut self, name: StrId) {
        self.chunk.name_lists.push(name);
    }

    pub(super) fn close_names(&self, start: usize) -> List<StrId> {
        let end = self.chunk.name_lists.len();
        List::new(start as u32, (end - start) as u32)
    }
}

fn empty<T>(buffer: &mut Vec<T>, room: usize) {
    buffer.clear();
    buffer.reserve(room);
}

/// Moves the entries from `start` on to the pool of complete lists.
fn close<T: Copy>(open: &mut Vec<T>, pool: &mut Vec<T>, start: usize) -> List<T> {
    let entries = &open[start..];
    let list = List::new(pool.len() as u32, entries.len() as u32);
    pool.extend_from_slice(entries);
    open.truncate(start);
    list
}
