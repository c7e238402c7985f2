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
//!
//! # Operators
//!
//! An expression is a flat sentence of operands and operators to the grammar.
//! Operators wait on a stack until one that binds less tightly, or the end,
//! lets them have their operands. Each waiting operator is one level, exactly
//! as each is one recursion of the reference's precedence climbing.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::MAX_SYNTAX_LEVELS;
use crate::ast::*;
use crate::lexer::Flaw;
use crate::literal::{self, StringForm};
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

/// The operators read so far of an expression, ended by its latest operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    last: Operand,
    /// Where the expression's own waiting operators begin on the stack.
    base: u8,
}

/// The operators read so far of an expression, ended by an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    base: u8,
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

/// An operator that waits for its right operand.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    kind: Waits,
    /// Operators that bind tighter than this to their left go first.
    right_priority: u8,
    op_line: u32,
}

#[derive(Clone, Copy, Debug)]
enum Waits {
    Binary(BinaryOp, Operand),
    Unary(UnaryOp, Pos),
}

/// A function whose body is being read.
#[derive(Clone, Copy, Debug)]
struct Enclosing {
    is_vararg: bool,
    uses_vararg: bool,
    loops: u32,
}

/// How tightly a binary operator binds to its left and to its right; the right
/// side is lower where it is right-associative (manual §2.5.6).
pub(crate) fn priority(op: BinaryOp) -> (u8, u8) {
    match op {
        BinaryOp::Or => (1, 1),
        BinaryOp::And => (2, 2),
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            (3, 3)
        }
        BinaryOp::Concat => (5, 4),
        BinaryOp::Add | BinaryOp::Sub => (6, 6),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => (7, 7),
        BinaryOp::Pow => (10, 9),
    }
}

/// How tightly a unary operator binds to its operand.
pub(crate) const UNARY_PRIORITY: u8 = 8;

/// The tree under construction.
pub(crate) struct Builder<'s> {
    source: &'s [u8],
    chunk: Chunk,
    interned: HashTable<StrId>,
    hasher: DefaultHashBuilder,
    waiting: Vec<Waiting>,
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

    // --- Expressions

    fn push_expr(&mut self, expr: Expr, start: Pos, end: Pos) -> ExprId {
        let id = ExprId(self.chunk.exprs.len() as u32);
        self.chunk.exprs.push(expr);
        self.chunk.expr_spans.push(start.to(end));
        id
    }

    fn start_of(&self, id: ExprId) -> Pos {
        self.chunk.expr_span(id).first()
    }

    fn end_of(&self, id: ExprId) -> Pos {
        self.chunk.expr_span(id).last()
    }

    /// An operand that holds no other expression.
    pub(crate) fn leaf(&mut self, expr: Expr, start: Pos, end: Pos) -> Operand {
        let id = self.push_expr(expr, start, end);
        Operand { id, levels: 0 }
    }

    pub(crate) fn string(&mut self, form: StringForm, start: Pos, end: Pos) -> Operand {
        let value = literal::string_value(self.text(start, end), form);
        let id = self.intern(&value);
        self.leaf(Expr::String(id), start, end)
    }

    pub(crate) fn vararg(&mut self, start: Pos, end: Pos) -> Result<Operand, Flaw> {
        let function = self.functions.last_mut().ok_or(Flaw)?;
        if !function.is_vararg {
            return Err(Flaw);
        }
        function.uses_vararg = true;
        Ok(self.leaf(Expr::Vararg, start, end))
    }

    pub(crate) fn variable(&mut self, start: Pos, end: Pos) -> Operand {
        let name = self.name(start, end);
        self.leaf(Expr::Name(name), start, end)
    }

    pub(crate) fn paren(&mut self, start: Pos, inner: Whole, end: Pos) -> Operand {
        let id = self.push_expr(Expr::Paren(inner.id), start, end);
        let levels = inner.levels;
        Operand { id, levels }
    }

    pub(crate) fn field(&mut self, object: Operand, start: Pos, end: Pos) -> Operand {
        let key = self.name_constant(start, end);
        self.index_node(object, key, 0, end)
    }

    pub(crate) fn index(&mut self, object: Operand, key: Whole, end: Pos) -> Operand {
        self.index_node(object, key.id, key.levels, end)
    }

    fn index_node(&mut self, object: Operand, key: ExprId, levels: Levels, end: Pos) -> Operand {
        let start = self.start_of(object.id);
        let object_id = object.id;
        let expr = Expr::Index {
            object: object_id,
            key,
        };
        let id = self.push_expr(expr, start, end);
        let levels = object.levels.max(levels);
        Operand { id, levels }
    }

    /// The string that a name stands for as a key.
    fn name_constant(&mut self, start: Pos, end: Pos) -> ExprId {
        let name = self.name(start, end);
        self.push_expr(Expr::String(name), start, end)
    }

    pub(crate) fn paren_args(&mut self, open: Pos, list: Option<Open>) -> Args {
        let levels = list.map_or(0, |list| list.levels);
        let list = list.map_or(List::empty(), |list| self.close_exprs(list));
        Args {
            list,
            line: open.line,
            levels,
            has_paren: true,
        }
    }

    /// The argument of `f"text"` and `f{...}`. `line` is that on which the
    /// token that opens it ends.
    pub(crate) fn literal_arg(&mut self, operand: Operand, line: u32) -> Args {
        let start = self.chunk.expr_lists.len() as u32;
        self.chunk.expr_lists.push(operand.id);
        Args {
            list: List::new(start, 1),
            line,
            levels: operand.levels,
            has_paren: false,
        }
    }

    pub(crate) fn call(&mut self, callee: Operand, args: Args, end: Pos) -> Result<Operand, Flaw> {
        let start = self.start_of(callee.id);
        if args.has_paren && args.line != self.end_of(callee.id).line {
            match self.chunk.expr(callee.id) {
                Expr::Name(_) => self.ambiguous.push(start.offset),
                _ => return Err(Flaw),
            }
        }
        let expr = Expr::Call {
            callee: callee.id,
            args: args.list,
            line: args.line,
        };
        let id = self.push_expr(expr, start, end);
        let levels = callee.levels.max(args.levels);
        Ok(Operand { id, levels })
    }

    /// `name` is the method's, with the position just past it.
    pub(crate) fn method_call(
        &mut self,
        object: Operand,
        (name, name_end): (StrId, Pos),
        args: Args,
        end: Pos,
    ) -> Result<Operand, Flaw> {
        if args.has_paren && args.line != name_end.line {
            return Err(Flaw);
        }
        let start = self.start_of(object.id);
        let expr = Expr::MethodCall {
            object: object.id,
            name,
            args: args.list,
            line: args.line,
        };
        let id = self.push_expr(expr, start, end);
        let levels = object.levels.max(args.levels);
        Ok(Operand { id, levels })
    }

    pub(crate) fn function_expr(&mut self, start: Pos, func: Closed, end: Pos) -> Operand {
        let id = self.push_expr(Expr::Function(func.id), start, end);
        let levels = func.levels;
        Operand { id, levels }
    }

    // --- Operators

    /// An expression's first operand, no operator before it.
    pub(crate) fn chain(&mut self, operand: Operand) -> Chain {
        Chain {
            last: operand,
            base: self.waiting.len() as u8, // bounded by `wait`
        }
    }

    /// The operand after an operator.
    pub(crate) fn chain_on(&mut self, pending: Pending, operand: Operand) -> Chain {
        Chain {
            last: operand,
            base: pending.base,
        }
    }

    /// An expression that starts with a unary operator.
    pub(crate) fn unary(&mut self, op: UnaryOp, at: Pos) -> Result<Pending, Flaw> {
        let base = self.waiting.len() as u8; // bounded by `wait`
        self.unary_on(Pending { base }, op, at)
    }

    /// A unary operator after another operator.
    pub(crate) fn unary_on(
        &mut self,
        pending: Pending,
        op: UnaryOp,
        at: Pos,
    ) -> Result<Pending, Flaw> {
        self.wait(Waiting {
            kind: Waits::Unary(op, at),
            right_priority: UNARY_PRIORITY,
            op_line: at.line,
        })?;
        Ok(pending)
    }

    /// A binary operator after an operand.
    pub(crate) fn binary(&mut self, chain: Chain, op: BinaryOp, at: Pos) -> Result<Pending, Flaw> {
        let (left_priority, right_priority) = priority(op);
        let left = self.resolve(chain, left_priority);
        self.wait(Waiting {
            kind: Waits::Binary(op, left),
            right_priority,
            op_line: at.line,
        })?;
        Ok(Pending { base: chain.base })
    }

    fn wait(&mut self, operator: Waiting) -> Result<(), Flaw> {
        // Each waiting operator is a level, even those of outer expressions.
        if self.waiting.len() >= MAX_SYNTAX_LEVELS {
            return Err(Flaw);
        }
        self.waiting.push(operator);
        Ok(())
    }

    /// Gives the chain's waiting operators their operands, as long as they bind
    /// at least as tightly as `left_priority`.
    fn resolve(&mut self, chain: Chain, left_priority: u8) -> Operand {
        let mut right = chain.last;
        while self.waiting.len() > usize::from(chain.base) {
            let Some(operator) = self
                .waiting
                .pop_if(|operator| operator.right_priority >= left_priority)
            else {
                break;
            };
            right = self.apply(operator, right);
        }
        right
    }

    fn apply(&mut self, operator: Waiting, right: Operand) -> Operand {
        let op_line = operator.op_line;
        let below = right.levels.saturating_add(1);
        let (expr, start, levels) = match operator.kind {
            Waits::Binary(op, left) => (
                Expr::Binary {
                    op,
                    left: left.id,
                    right: right.id,
                    op_line,
                },
                self.start_of(left.id),
                left.levels.max(below),
            ),
            Waits::Unary(op, start) => (
                Expr::Unary {
                    op,
                    operand: right.id,
                    op_line,
                },
                start,
                below,
            ),
        };
        let end = self.end_of(right.id);
        let id = self.push_expr(expr, start, end);
        Operand { id, levels }
    }

    /// The end of an expression.
    pub(crate) fn whole(&mut self, chain: Chain) -> Whole {
        let operand = self.resolve(chain, 0);
        Whole {
            id: operand.id,
            levels: operand.levels.saturating_add(1),
        }
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

    // --- Blocks and statements

    pub(crate) fn open_block(&mut self) -> Open {
        Open {
            start: self.stats.len() as u32,
            levels: 0,
        }
    }

    pub(crate) fn add_stat(&mut self, block: Open, stat: Statement) -> Open {
        self.stats.push(stat.id);
        Open {
            levels: block.levels.max(stat.levels),
            ..block
        }
    }

    /// `next` is where the token after the block stands.
    pub(crate) fn block(&mut self, block: Open, next: Pos) -> Body {
        let levels = block.levels.saturating_add(1);
        let stats = close(&mut self.stats, &mut self.chunk.stat_lists, block.start);
        Body {
            block: Block {
                stats,
                end_line: next.line,
            },
            levels,
        }
    }

    fn push_stat(&mut self, stat: Stat, levels: Levels, start: Pos, end: Pos) -> Statement {
        let id = StatId(self.chunk.stats.len() as u32);
        self.chunk.stats.push(stat);
        self.chunk.stat_spans.push(start.to(end));
        Statement { id, levels }
    }

    pub(crate) fn enter_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops += 1;
        }
    }

    fn leave_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops -= 1;
        }
    }

    pub(crate) fn do_(&mut self, start: Pos, body: Body, end: Pos) -> Statement {
        self.push_stat(Stat::Do(body.block), body.levels, start, end)
    }

    pub(crate) fn while_(&mut self, start: Pos, cond: Whole, body: Body, end: Pos) -> Statement {
        self.leave_loop();
        let stat = Stat::While {
            cond: cond.id,
            block: body.block,
        };
        self.push_stat(stat, cond.levels.max(body.levels), start, end)
    }

    pub(crate) fn repeat(&mut self, start: Pos, body: Body, cond: Whole) -> Statement {
        self.leave_loop();
        let stat = Stat::Repeat {
            block: body.block,
            cond: cond.id,
        };
        let end = self.end_of(cond.id);
        self.push_stat(stat, cond.levels.max(body.levels), start, end)
    }

    pub(crate) fn open_arms(&mut self, cond: Whole, body: Body) -> Open {
        let start = self.arms.len() as u32;
        let levels = 0;
        self.add_arm(Open { start, levels }, cond, body)
    }

    pub(crate) fn add_arm(&mut self, arms: Open, cond: Whole, body: Body) -> Open {
        self.arms.push(IfArm {
            cond: cond.id,
            block: body.block,
        });
        Open {
            levels: arms.levels.max(cond.levels).max(body.levels),
            ..arms
        }
    }

    pub(crate) fn if_(
        &mut self,
        start: Pos,
        arms: Open,
        otherwise: Option<Body>,
        end: Pos,
    ) -> Statement {
        let levels = arms.levels.max(otherwise.map_or(0, |body| body.levels));
        let stat = Stat::If {
            arms: close(&mut self.arms, &mut self.chunk.arm_lists, arms.start),
            otherwise: otherwise.map(|body| body.block),
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn numeric_for(
        &mut self,
        start: Pos,
        var: StrId,
        (first, limit, step): (Whole, Whole, Option<Whole>),
        body: Body,
        end: Pos,
    ) -> Statement {
        self.leave_loop();
        let levels = first
            .levels
            .max(limit.levels)
            .max(step.map_or(0, |step| step.levels))
            .max(body.levels);
        let stat = Stat::NumericFor {
            var,
            start: first.id,
            limit: limit.id,
            step: step.map(|step| step.id),
            block: body.block,
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn generic_for(
        &mut self,
        start: Pos,
        names: Open,
        exprs: Open,
        body: Body,
        end: Pos,
    ) -> Statement {
        self.leave_loop();
        let stat = Stat::GenericFor {
            names: self.close_names(names),
            exprs: self.close_exprs(exprs),
            block: body.block,
        };
        self.push_stat(stat, exprs.levels.max(body.levels), start, end)
    }

    pub(crate) fn function_stat(
        &mut self,
        start: Pos,
        target: Operand,
        func: Closed,
        end: Pos,
    ) -> Statement {
        // A function statement is defined at its keyword, others at their `(`.
        self.chunk.funcs[func.id.index()].line = start.line;
        let stat = Stat::Function {
            target: target.id,
            func: func.id,
        };
        self.push_stat(stat, func.levels, start, end)
    }

    pub(crate) fn local_function(
        &mut self,
        start: Pos,
        name: StrId,
        func: Closed,
        end: Pos,
    ) -> Statement {
        let stat = Stat::LocalFunction {
            name,
            func: func.id,
        };
        self.push_stat(stat, func.levels, start, end)
    }

    pub(crate) fn local(
        &mut self,
        start: Pos,
        names: Open,
        exprs: Option<Open>,
        end: Pos,
    ) -> Statement {
        let levels = exprs.map_or(0, |exprs| exprs.levels);
        let stat = Stat::Local {
            names: self.close_names(names),
            exprs: exprs.map_or(List::empty(), |exprs| self.close_exprs(exprs)),
        };
        self.push_stat(stat, levels, start, end)
    }

    pub(crate) fn open_targets(&mut self, first: Operand) -> Result<Open, Flaw> {
        let start = self.exprs.len() as u32;
        let levels = 0;
        self.add_target(Open { start, levels }, first)
    }

    /// The reference recurses on targets after the first, and bounds them like
    /// levels.
    pub(crate) fn add_target(&mut self, list: Open, next: Operand) -> Result<Open, Flaw> {
        match self.chunk.expr(next.id) {
            Expr::Name(_) | Expr::Index { .. } => {}
            _ => return Err(Flaw),
        }
        let earlier = self.exprs.len() - list.start as usize;
        self.exprs.push(next.id);
        Ok(Open {
            levels: list
                .levels
                .max(next.levels)
                .max(Levels::try_from(earlier).unwrap_or(Levels::MAX)),
            ..list
        })
    }

    pub(crate) fn assign(&mut self, start: Pos, targets: Open, exprs: Open, end: Pos) -> Statement {
        let expr_list = self.close_exprs(exprs);
        let stat = Stat::Assign {
            targets: self.close_exprs(targets),
            exprs: expr_list,
        };
        self.push_stat(stat, targets.levels.max(exprs.levels), start, end)
    }

    pub(crate) fn call_stat(&mut self, call: Operand) -> Result<Statement, Flaw> {
        match self.chunk.expr(call.id) {
            Expr::Call { .. } | Expr::MethodCall { .. } => {}
            _ => return Err(Flaw),
        }
        let (start, end) = (self.start_of(call.id), self.end_of(call.id));
        Ok(self.push_stat(Stat::Call(call.id), call.levels, start, end))
    }

    pub(crate) fn return_(&mut self, start: Pos, exprs: Option<Open>, end: Pos) -> Statement {
        let levels = exprs.map_or(0, |exprs| exprs.levels);
        let exprs = exprs.map_or(List::empty(), |exprs| self.close_exprs(exprs));
        self.push_stat(Stat::Return(exprs), levels, start, end)
    }

    pub(crate) fn break_(&mut self, start: Pos, end: Pos) -> Result<Statement, Flaw> {
        match self.functions.last() {
            Some(function) if function.loops > 0 => Ok(self.push_stat(Stat::Break, 0, start, end)),
            _ => Err(Flaw),
        }
    }
}

/// Moves the entries from `start` on from a scratch stack to their pool.
fn close<T>(scratch: &mut Vec<T>, pool: &mut Vec<T>, start: u32) -> List<T> {
    let pool_start = pool.len() as u32;
    pool.extend(scratch.drain(start as usize..));
    List::new(pool_start, pool.len() as u32 - pool_start)
}
