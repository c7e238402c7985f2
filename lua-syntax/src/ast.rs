//! The syntax tree of one chunk.
//!
//! Owns the shape of the tree and nothing else: no scopes, no registers, no
//! constant folding. Nodes live in arenas and refer to each other by index, so
//! that dropping or copying a tree never recurses however deep the source nests,
//! and a left-leaning chain of 100,000 operators is an ordinary tree.
//!
//! Passes over the tree may recurse on everything that the parser limits to
//! [`crate::MAX_SYNTAX_LEVELS`] (blocks, parentheses, tables, functions, unary and
//! right-associative operators). They must loop along the left spine of what it
//! does not limit: left-associative operators and chains of suffixes
//! (`a.b[c](d):e()`).

pub use crate::span::Span;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the arena.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An interned byte string: a name or a string literal's value.
    /// Equal bytes have equal ids within one chunk.
    StrId,
    /// An expression.
    ExprId,
    /// A statement.
    StatId,
    /// A function body; the main chunk is the last one.
    FuncId,
}

/// A run of consecutive entries in one of the chunk's list pools.
pub struct List<T> {
    /// Index of the first entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
    marker: std::marker::PhantomData<fn() -> T>,
}

impl<T> List<T> {
    /// The entries `start .. start + len` of their pool.
    pub fn new(start: u32, len: u32) -> Self {
        List {
            start,
            len,
            marker: std::marker::PhantomData,
        }
    }

    /// The list without entries.
    pub fn empty() -> Self {
        List::new(0, 0)
    }

    /// True for a list without entries.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for List<T> {}
impl<T> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..+{}", self.start, self.len)
    }
}

/// A binary operator, manual §2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is its manual's operator
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Concat,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Concat => "..",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "~=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

/// A unary operator, manual §2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is its manual's operator
pub enum UnaryOp {
    Neg,
    Not,
    Len,
}

impl UnaryOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Neg => "-",
            UnaryOp::Not => "not",
            UnaryOp::Len => "#",
        }
    }
}

/// An expression, manual §2.5.
#[derive(Clone, Copy, Debug)]
// A tag of one byte would leave parts at odd places, and copies that wait for them.
#[repr(u32)]
pub enum Expr {
    /// `nil`
    Nil,
    /// `true`
    True,
    /// `false`
    False,
    /// `...`; the parser has checked that it stands in a vararg function.
    Vararg,
    /// A numeral.
    Number(f64),
    /// A string literal, its escapes resolved.
    String(StrId),
    /// A name: local, upvalue or global; the compiler decides.
    Name(StrId),
    /// `function ... end`
    Function(FuncId),
    /// `object[key]`; `object.name` has a [`Expr::String`] key.
    Index {
        /// What is indexed.
        object: ExprId,
        /// The key.
        key: ExprId,
    },
    /// `callee(args)`
    Call {
        /// What is called.
        callee: ExprId,
        /// The arguments.
        args: List<ExprId>,
        /// Line on which the token that opens the arguments ends (only a long
        /// string spans lines): where a call's own run-time error is reported.
        line: u32,
    },
    /// `object:name(args)`
    MethodCall {
        /// The receiver, evaluated once.
        object: ExprId,
        /// The method's name.
        name: StrId,
        /// The arguments after the receiver.
        args: List<ExprId>,
        /// As in [`Expr::Call`].
        line: u32,
    },
    /// `left op right`, `and` and `or` included.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The left operand.
        left: ExprId,
        /// The right operand.
        right: ExprId,
        /// Line of the operator's token.
        op_line: u32,
    },
    /// `op operand`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: ExprId,
        /// Line of the operator's token.
        op_line: u32,
    },
    /// `( inner )`: cuts a multiple result to one value.
    Paren(ExprId),
    /// `{ items }`
    Table(List<TableItem>),
}

/// One item of a table constructor, manual §2.5.7.
#[derive(Clone, Copy, Debug)]
pub enum TableItem {
    /// `value`
    Positional(ExprId),
    /// `[key] = value` or `name = value` (then the key is an [`Expr::String`]).
    Keyed {
        /// The key.
        key: ExprId,
        /// The value.
        value: ExprId,
    },
}

/// The statements of a block, manual §2.4.1.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The statements in order.
    pub stats: List<StatId>,
    /// Line of the token that follows the block (`end`, `else`, `until`, end of
    /// input ...).
    pub end_line: u32,
}

/// `cond then block` of an `if` or an `elseif`.
#[derive(Clone, Copy, Debug)]
pub struct IfArm {
    /// The condition.
    pub cond: ExprId,
    /// What runs if it holds.
    pub block: Block,
}

/// A statement, manual §2.4.
#[derive(Clone, Copy, Debug)]
pub enum Stat {
    /// `do block end`
    Do(Block),
    /// `while cond do block end`
    While {
        /// The condition.
        cond: ExprId,
        /// The body.
        block: Block,
    },
    /// `repeat block until cond`; the condition sees the block's locals.
    Repeat {
        /// The body.
        block: Block,
        /// The condition.
        cond: ExprId,
    },
    /// `if ... elseif ... else ... end`
    If {
        /// The `if` and each `elseif`, in order; never empty.
        arms: List<IfArm>,
        /// The `else` block.
        otherwise: Option<Block>,
    },
    /// `for var = start, limit, step do block end`
    NumericFor {
        /// The loop variable.
        var: StrId,
        /// First value.
        start: ExprId,
        /// Last value allowed.
        limit: ExprId,
        /// The step, 1 if absent.
        step: Option<ExprId>,
        /// Line of the `do`, where bad values are reported.
        do_line: u32,
        /// The body.
        block: Block,
    },
    /// `for names in exprs do block end`
    GenericFor {
        /// The loop variables; never empty.
        names: List<StrId>,
        /// The expressions for iterator, state and control.
        exprs: List<ExprId>,
        /// The body.
        block: Block,
    },
    /// `function a.b.c:m() ... end` and `function f() ... end`; the method's
    /// implicit `self` is already the first parameter of the body.
    Function {
        /// What is assigned: an [`Expr::Name`] or an [`Expr::Index`] chain.
        target: ExprId,
        /// The body.
        func: FuncId,
    },
    /// `local function name() ... end`
    LocalFunction {
        /// The local, visible inside the body.
        name: StrId,
        /// The body.
        func: FuncId,
    },
    /// `local names = exprs`
    Local {
        /// The names; never empty.
        names: List<StrId>,
        /// The values; may be empty.
        exprs: List<ExprId>,
    },
    /// `targets = exprs`
    Assign {
        /// The left-hand sides: [`Expr::Name`] or [`Expr::Index`]; never empty.
        targets: List<ExprId>,
        /// The right-hand sides; never empty.
        exprs: List<ExprId>,
    },
    /// A call as a statement: [`Expr::Call`] or [`Expr::MethodCall`].
    Call(ExprId),
    /// `return exprs`
    Return(List<ExprId>),
    /// `break`; the parser has checked that it stands in a loop.
    Break,
}

/// A function body, manual §2.5.9.
#[derive(Clone, Copy, Debug)]
pub struct Func {
    /// The parameters' names, `self` of a method included.
    pub params: List<StrId>,
    /// True if the parameter list ends in `...`.
    pub is_vararg: bool,
    /// True if the body itself uses `...` (a vararg function that does not gets
    /// the 5.0 compatibility local `arg`).
    pub uses_vararg: bool,
    /// The body.
    pub block: Block,
    /// Line where the function is said to be defined (`linedefined`): that of the
    /// `function` keyword for `function name()`, that of the parameters' `(` for
    /// `local function` and function expressions; 0 for the main chunk.
    pub line: u32,
    /// Line of the closing `end`; 0 for the main chunk.
    pub end_line: u32,
}

/// A parsed chunk: the arenas and the main function.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) expr_spans: Vec<Span>,
    pub(crate) stats: Vec<Stat>,
    pub(crate) stat_spans: Vec<Span>,
    pub(crate) funcs: Vec<Func>,
    pub(crate) expr_lists: Vec<ExprId>,
    pub(crate) stat_lists: Vec<StatId>,
    pub(crate) name_lists: Vec<StrId>,
    pub(crate) item_lists: Vec<TableItem>,
    pub(crate) arm_lists: Vec<IfArm>,
    /// All interned bytes, one after the other.
    pub(crate) str_bytes: Vec<u8>,
    /// End offset of each interned string in `str_bytes`.
    pub(crate) str_ends: Vec<u32>,
    /// The chunk's name as given to the parser: `=name`, `@file` or source text.
    pub(crate) name: Vec<u8>,
}

impl Chunk {
    /// The chunk's name as given to the parser (`@file`, `=text`, or the source).
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The main function: a vararg function without parameters.
    pub fn main(&self) -> FuncId {
        FuncId(self.funcs.len() as u32 - 1)
    }

    /// An expression.
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id.index()]
    }

    /// Where an expression stands.
    pub fn expr_span(&self, id: ExprId) -> Span {
        self.expr_spans[id.index()]
    }

    /// A statement.
    pub fn stat(&self, id: StatId) -> Stat {
        self.stats[id.index()]
    }

    /// Where a statement stands.
    pub fn stat_span(&self, id: StatId) -> Span {
        self.stat_spans[id.index()]
    }

    /// A function body.
    pub fn func(&self, id: FuncId) -> Func {
        self.funcs[id.index()]
    }

    /// The bytes of a name or a string literal.
    pub fn bytes(&self, id: StrId) -> &[u8] {
        let start = id
            .index()
            .checked_sub(1)
            .map_or(0, |i| self.str_ends[i] as usize);
        &self.str_bytes[start..self.str_ends[id.index()] as usize]
    }

    /// Number of distinct interned strings; every [`StrId`] is below it.
    pub fn str_count(&self) -> usize {
        self.str_ends.len()
    }

    /// The expressions of a list.
    pub fn exprs(&self, list: List<ExprId>) -> &[ExprId] {
        &self.expr_lists[list.range()]
    }

    /// The statements of a list.
    pub fn stats(&self, list: List<StatId>) -> &[StatId] {
        &self.stat_lists[list.range()]
    }

    /// The names of a list.
    pub fn names(&self, list: List<StrId>) -> &[StrId] {
        &self.name_lists[list.range()]
    }

    /// The items of a table constructor.
    pub fn items(&self, list: List<TableItem>) -> &[TableItem] {
        &self.item_lists[list.range()]
    }

    /// The arms of an `if`.
    pub fn arms(&self, list: List<IfArm>) -> &[IfArm] {
        &self.arm_lists[list.range()]
    }
}
