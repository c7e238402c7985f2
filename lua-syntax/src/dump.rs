//! A syntax tree as text, for tests and for looking at.
//!
//! One line per statement, with its line in the source before it and its block
//! indented below it; expressions with the operator first, in parentheses. Does
//! not recurse: a chain of any length prints.

use crate::ast::*;

/// The chunk's main function as text. Bytes that are not printable ASCII show as
/// escapes.
pub fn dump(chunk: &Chunk) -> String {
    let mut printer = Printer {
        chunk,
        out: String::new(),
        todo: Vec::new(),
    };
    printer.block(chunk.func(chunk.main()).block, 0);
    printer.run();
    printer.out
}

/// What is still to be printed. Depths count enclosing blocks.
#[derive(Clone, Copy)]
enum Piece {
    Text(&'static str),
    Name(StrId),
    Expr(ExprId, usize),
    Stat(StatId, usize),
    Item(TableItem, usize),
    Func(FuncId, usize),
    /// A line of its own inside a compound statement.
    Line(u32, usize, &'static str),
}

use Piece::Text;

struct Printer<'c> {
    chunk: &'c Chunk,
    out: String,
    /// The next piece is the last one.
    todo: Vec<Piece>,
}

impl Printer<'_> {
    fn run(&mut self) {
        while let Some(piece) = self.todo.pop() {
            let mark = self.todo.len();
            match piece {
                Text(text) => self.out.push_str(text),
                Piece::Name(name) => self.bytes(name),
                Piece::Expr(expr, depth) => self.expr(expr, depth),
                Piece::Stat(stat, depth) => {
                    self.line(self.chunk.stat_span(stat).line, depth);
                    self.stat(self.chunk.stat(stat), depth);
                }
                Piece::Item(TableItem::Positional(value), depth) => self.expr(value, depth),
                Piece::Item(TableItem::Keyed { key, value }, depth) => self.say([
                    Text("["),
                    Piece::Expr(key, depth),
                    Text("]="),
                    Piece::Expr(value, depth),
                ]),
                Piece::Func(func, depth) => self.func(func, depth),
                Piece::Line(line, depth, text) => {
                    self.line(line, depth);
                    self.out.push_str(text);
                }
            }
            // Pieces were added in reading order.
            self.todo[mark..].reverse();
        }
    }

    fn line(&mut self, line: u32, depth: usize) {
        self.out
            .push_str(&format!("{line}: {}", "  ".repeat(depth)));
    }

    fn bytes(&mut self, id: StrId) {
        self.out
            .push_str(&self.chunk.bytes(id).escape_ascii().to_string());
    }

    fn say<const N: usize>(&mut self, pieces: [Piece; N]) {
        self.todo.extend(pieces);
    }

    fn spaced(&mut self, pieces: impl Iterator<Item = Piece>) {
        for piece in pieces {
            self.say([Text(" "), piece]);
        }
    }

    fn exprs(&mut self, list: List<ExprId>, depth: usize) {
        let chunk = self.chunk;
        self.spaced(chunk.exprs(list).iter().map(|&e| Piece::Expr(e, depth)));
    }

    fn names(&mut self, list: List<StrId>) {
        let chunk = self.chunk;
        self.spaced(chunk.names(list).iter().map(|&name| Piece::Name(name)));
    }

    fn block(&mut self, block: Block, depth: usize) {
        let chunk = self.chunk;
        self.todo.extend(
            chunk
                .stats(block.stats)
                .iter()
                .map(|&s| Piece::Stat(s, depth)),
        );
        if depth == 0 {
            self.todo.reverse(); // called outside `run`, for the main block
        }
    }

    fn func(&mut self, id: FuncId, depth: usize) {
        let func = self.chunk.func(id);
        self.say([Text(if func.uses_vararg {
            "function (uses ...) ("
        } else {
            "function ("
        })]);
        let names = self.chunk.names(func.params);
        for (i, &name) in names.iter().enumerate() {
            self.say([Text(if i == 0 { "" } else { " " }), Piece::Name(name)]);
        }
        if func.is_vararg {
            self.say([Text(if names.is_empty() { "..." } else { " ..." })]);
        }
        self.say([Text(")\n")]);
        self.block(func.block, depth + 1);
        self.say([Piece::Line(func.end_line, depth, "end")]);
    }

    fn expr(&mut self, id: ExprId, depth: usize) {
        let sub = |e| Piece::Expr(e, depth);
        match self.chunk.expr(id) {
            Expr::Nil => self.out.push_str("nil"),
            Expr::True => self.out.push_str("true"),
            Expr::False => self.out.push_str("false"),
            Expr::Vararg => self.out.push_str("..."),
            Expr::Number(value) => {
                let text = format!("{value:?}");
                self.out.push_str(text.strip_suffix(".0").unwrap_or(&text));
            }
            Expr::String(value) => self.say([Text("\""), Piece::Name(value), Text("\"")]),
            Expr::Name(name) => self.bytes(name),
            Expr::Function(func) => {
                self.say([Text("("), Piece::Func(func, depth), Text(")")]);
            }
            Expr::Index { object, key } => {
                self.say([Text("(index "), sub(object), Text(" "), sub(key), Text(")")]);
            }
            Expr::Call { callee, args, .. } => {
                self.say([Text("(call "), sub(callee)]);
                self.exprs(args, depth);
                self.say([Text(")")]);
            }
            Expr::MethodCall {
                object, name, args, ..
            } => {
                self.say([Text("(method "), sub(object), Text(" "), Piece::Name(name)]);
                self.exprs(args, depth);
                self.say([Text(")")]);
            }
            Expr::Binary {
                op, left, right, ..
            } => self.say([
                Text("("),
                Text(op.symbol()),
                Text(" "),
                sub(left),
                Text(" "),
                sub(right),
                Text(")"),
            ]),
            Expr::Unary { op, operand, .. } => self.say([
                Text("("),
                Text(op.symbol()),
                Text(" "),
                sub(operand),
                Text(")"),
            ]),
            Expr::Paren(inner) => self.say([Text("(paren "), sub(inner), Text(")")]),
            Expr::Table(items) => {
                let chunk = self.chunk;
                self.say([Text("{")]);
                for (i, &item) in chunk.items(items).iter().enumerate() {
                    let separator = if i == 0 { "" } else { " " };
                    self.say([Text(separator), Piece::Item(item, depth)]);
                }
                self.say([Text("}")]);
            }
        }
    }

    fn stat(&mut self, stat: Stat, depth: usize) {
        let sub = |e| Piece::Expr(e, depth);
        match stat {
            Stat::Do(block) => {
                self.say([Text("do\n")]);
                self.block(block, depth + 1);
            }
            Stat::While { cond, block } => {
                self.say([Text("while "), sub(cond), Text("\n")]);
                self.block(block, depth + 1);
            }
            Stat::Repeat { block, cond } => {
                self.say([Text("repeat\n")]);
                self.block(block, depth + 1);
                self.say([Piece::Line(block.end_line, depth, "until ")]);
                self.say([sub(cond), Text("\n")]);
            }
            Stat::If { arms, otherwise } => {
                let mut end_line = 0;
                for (i, arm) in self.chunk.arms(arms).iter().enumerate() {
                    if i > 0 {
                        self.say([Piece::Line(end_line, depth, "else")]);
                    }
                    self.say([Text("if "), sub(arm.cond), Text("\n")]);
                    self.block(arm.block, depth + 1);
                    end_line = arm.block.end_line;
                }
                if let Some(block) = otherwise {
                    self.say([Piece::Line(end_line, depth, "else\n")]);
                    self.block(block, depth + 1);
                }
            }
            Stat::NumericFor {
                var,
                start,
                limit,
                step,
                block,
                ..
            } => {
                self.say([Text("for "), Piece::Name(var), Text(" = ")]);
                self.say([sub(start), Text(" "), sub(limit)]);
                self.spaced(step.map(sub).into_iter());
                self.say([Text("\n")]);
                self.block(block, depth + 1);
            }
            Stat::GenericFor {
                names,
                exprs,
                block,
            } => {
                self.say([Text("for")]);
                self.names(names);
                self.say([Text(" in")]);
                self.exprs(exprs, depth);
                self.say([Text("\n")]);
                self.block(block, depth + 1);
            }
            Stat::Function { target, func } => {
                self.say([sub(target), Text(" = "), Piece::Func(func, depth)]);
                self.say([Text("\n")]);
            }
            Stat::LocalFunction { name, func } => {
                self.say([Text("local rec "), Piece::Name(name), Text(" = ")]);
                self.say([Piece::Func(func, depth), Text("\n")]);
            }
            Stat::Local { names, exprs } => {
                self.say([Text("local")]);
                self.names(names);
                self.say([Text(" =")]);
                self.exprs(exprs, depth);
                self.say([Text("\n")]);
            }
            Stat::Assign { targets, exprs } => {
                self.say([Text("set")]);
                self.exprs(targets, depth);
                self.say([Text(" =")]);
                self.exprs(exprs, depth);
                self.say([Text("\n")]);
            }
            Stat::Call(call) => self.say([sub(call), Text("\n")]),
            Stat::Return(exprs) => {
                self.say([Text("return")]);
                self.exprs(exprs, depth);
                self.say([Text("\n")]);
            }
            Stat::Break => self.say([Text("break\n")]),
        }
    }
}
