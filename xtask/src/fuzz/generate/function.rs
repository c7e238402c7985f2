//! Functions and the blocks inside them, coroutines among them.

use super::scope::{Frame, Kind};
use super::{Generator, Table};

/// Ends of functions. Strings are cut, or recursion could double them at each level.
const RETURNS: Table = &[
    (6, "return cut($v)"),
    (3, "return cut($v), cut($v)"),
    (3, "return"),
    (2, "return $n, $b, $n"),
    (2, "return (cut($v))"),
    (1, "return $d"),
    (1, "return cut($s), $d"),
    (2, "return pcall($f$C)"),
    (1, "return nil, $q"),
    (1, "return $n"),
];

/// What a coroutine does when it pauses.
const YIELDS: Table = &[
    (4, "coroutine.yield($c)"),
    (4, "print('in', coroutine.yield($c))"),
    (2, "local y1, y2 = coroutine.yield($c) print(y1, y2)"),
    (1, "if coroutine.yield($b) then coroutine.yield($n) end"),
    (1, "print(coroutine.yield(coroutine.yield($n)))"),
    (1, "for i = 1, 3 do coroutine.yield(i) end"),
    (
        1,
        "print({coroutine.yield($n, $n)} ~= nil, coroutine.status(coroutine.running()))",
    ),
];

impl Generator {
    /// Parameters, body and `end` of a function; `recursive` are variables that hold it.
    pub(super) fn function_with(&mut self, frame: Frame, own: &[(String, Kind)]) {
        self.scopes.enter(frame);
        self.scopes.open();
        self.emit("(");
        let n_parameters = self.rng.usize(..4);
        for i in 0..n_parameters {
            let name = self.new_name("p");
            self.emit(if i > 0 { ", " } else { "" });
            self.emit(&name);
            self.scopes.declare(&name, Kind::Any);
        }
        if frame.is_vararg {
            self.emit(if n_parameters > 0 { ", ..." } else { "..." });
            // Without `...` in the body, a table `arg` holds the rest.
            self.scopes.frame().is_vararg = !self.chance(10);
            if !self.scopes.frame().is_vararg {
                self.emit(") if tock() then return end print(type(arg), arg and arg.n)\n");
            }
        }
        if !frame.is_vararg || self.scopes.frame().is_vararg {
            self.emit(")\nif tock() then return end\n");
        }
        for (name, kind) in own {
            self.scopes.declare_constant(name, *kind);
        }
        let depth = std::mem::replace(&mut self.depth, super::EXPRESSION_DEPTH - 1);
        self.statements(4);
        if self.chance(75) {
            self.choose(RETURNS);
            self.emit("\n");
        }
        self.depth = depth;
        self.emit("end");
        self.scopes.close();
        self.scopes.leave();
    }

    /// Some statements, as many as fuel and nesting allow.
    pub(super) fn statements(&mut self, most: u8) {
        let n_blocks = self.scopes.n_blocks();
        let most = if n_blocks > 8 { 1 } else { most };
        for _ in 0..self.rng.u8(..=most) {
            if self.fuel == 0 {
                break;
            }
            self.statement();
        }
    }

    /// A block in a scope of its own.
    pub(super) fn block(&mut self) {
        self.scopes.open();
        self.emit("\n");
        self.statements(4);
        if self.chance(15) {
            self.print_variables();
        }
        if self.chance(6) {
            self.emit("do ");
            self.choose(RETURNS);
            self.emit(" end\n");
        }
        self.scopes.close();
    }

    /// The body of a loop: it begins by asking whether it has run for long enough.
    pub(super) fn loop_body(&mut self) {
        self.emit("\nif tick() then break end");
        self.scopes.frame().n_loops += 1;
        self.block();
        if self.chance(15) {
            self.fill("if $b then break end\n");
        }
        self.scopes.frame().n_loops -= 1;
    }

    /// A call of `pcall` whose errors do not end the program.
    pub(super) fn protected_block(&mut self) {
        self.n_protected += 1;
        let frame = Frame {
            is_vararg: self.chance(10),
            ..Frame::default()
        };
        self.function_with(frame, &[]);
        self.n_protected -= 1;
    }

    /// The function of a coroutine: it may yield, but no function inside it.
    pub(super) fn coroutine_function(&mut self) {
        self.emit("function");
        let frame = Frame {
            yields: true,
            is_vararg: self.chance(40),
            ..Frame::default()
        };
        self.function_with(frame, &[]);
    }

    /// Pauses the coroutine; only where the function around is that of one.
    pub(super) fn yield_statement(&mut self) {
        self.choose(YIELDS);
        self.emit("\n");
    }
}
