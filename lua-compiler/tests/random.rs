//! Random programs: whatever the parser accepts becomes code that the verifier
//! accepts, or passes a limit.

use std::fmt::Write;

use lua_compiler::{LoadError, Loader, load};

/// Writes programs at random, without regard for what they would do.
struct Writer {
    seed: u64,
    text: String,
    /// True inside a function that takes `...`.
    is_vararg: bool,
    loops: usize,
}

const NAMES: &[&str] = &["a", "b", "c", "d", "arg", "self", "i"];
const BINARY: &[&str] = &[
    "+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or",
];

impl Writer {
    fn below(&mut self, n: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 16) as usize % n
    }

    fn put(&mut self, text: &str) {
        let separator = if self.below(8) == 0 { "\n" } else { " " };
        let _ = write!(self.text, "{text}{separator}");
    }

    fn name(&mut self) {
        let i = self.below(NAMES.len());
        self.put(NAMES[i]);
    }

    fn expr(&mut self, depth: usize) {
        let choices = if depth == 0 { 8 } else { 15 };
        match self.below(choices) {
            0 => self.put("nil"),
            1 => self.put("true"),
            2 => self.put("false"),
            3 => {
                let number = ["0", "1", "2.5", "255", "256", "1e300"][self.below(6)];
                self.put(number);
            }
            4 => self.put("'text'"),
            5 if self.is_vararg => self.put("..."),
            5..8 => self.name(),
            8 | 9 => {
                self.expr(depth - 1);
                let i = self.below(BINARY.len());
                self.put(BINARY[i]);
                self.expr(depth - 1);
            }
            10 => {
                let op = ["-", "not", "#"][self.below(3)];
                self.put(op);
                self.expr(depth - 1);
            }
            11 => {
                self.put("(");
                self.expr(depth - 1);
                self.put(")");
            }
            12 => self.table(depth - 1),
            13 => {
                self.put("function");
                self.body(depth - 1);
            }
            _ => self.suffixed(depth - 1, true),
        }
    }

    fn exprs(&mut self, depth: usize) {
        for i in 0..=self.below(3) {
            if i > 0 {
                self.put(",");
            }
            self.expr(depth);
        }
    }

    fn table(&mut self, depth: usize) {
        self.put("{");
        for _ in 0..self.below(5) {
            match self.below(4) {
                0 => {
                    self.put("[");
                    self.expr(depth);
                    self.put("] =");
                }
                1 => {
                    self.name();
                    self.put("=");
                }
                _ => {}
            }
            self.expr(depth);
            self.put([",", ";"][self.seed as usize % 2]);
        }
        self.put("}");
    }

    /// A name with suffixes, the last of them a call or not.
    fn suffixed(&mut self, depth: usize, is_call: bool) {
        self.text.push_str(NAMES[self.seed as usize % NAMES.len()]);
        let depth = depth.saturating_sub(1);
        for _ in 0..self.below(3) {
            match self.below(3) {
                0 => {
                    self.put(".");
                    self.text.push('x');
                }
                1 => {
                    self.put("[");
                    self.expr(depth);
                    self.text.push(']');
                }
                _ => self.args(depth),
            }
        }
        if is_call {
            self.args(depth);
            self.text.push(' ');
        } else {
            self.put(".x");
        }
    }

    fn args(&mut self, depth: usize) {
        if self.below(3) == 0 {
            self.text.push_str(":m");
        }
        match self.below(4) {
            0 => self.text.push_str("()"),
            1 => self.text.push_str("'text'"),
            2 => {
                self.text.push('(');
                self.exprs(depth);
                self.text.push(')');
            }
            _ => self.table(depth),
        }
    }

    fn body(&mut self, depth: usize) {
        let (is_vararg, loops) = (self.is_vararg, std::mem::take(&mut self.loops));
        self.is_vararg = self.below(2) == 0;
        self.put(if self.is_vararg { "(a, ...)" } else { "(b, c)" });
        self.block(depth);
        self.put("end");
        (self.is_vararg, self.loops) = (is_vararg, loops);
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..self.below(5) {
            self.statement(depth);
            self.put(";");
        }
        match self.below(6) {
            0 => self.put("return"),
            1 => {
                self.put("return");
                self.exprs(depth);
            }
            2 if self.loops > 0 => self.put("break"),
            _ => {}
        }
    }

    fn looped(&mut self, depth: usize) {
        self.loops += 1;
        self.block(depth);
        self.loops -= 1;
    }

    fn statement(&mut self, depth: usize) {
        if depth == 0 {
            return self.suffixed(0, true);
        }
        let inner = depth - 1;
        match self.below(12) {
            0 => {
                self.put("local");
                self.name();
                if self.below(2) == 0 {
                    self.put(",");
                    self.name();
                }
                if self.below(3) > 0 {
                    self.put("=");
                    self.exprs(inner);
                }
            }
            1 => {
                self.put("local function");
                self.name();
                self.body(inner);
            }
            2 | 3 => {
                for i in 0..=self.below(3) {
                    if i > 0 {
                        self.put(",");
                    }
                    match self.below(2) {
                        0 => self.name(),
                        _ => self.suffixed(inner, false),
                    }
                }
                self.put("=");
                self.exprs(inner);
            }
            4 => {
                self.put("if");
                self.expr(inner);
                self.put("then");
                self.block(inner);
                if self.below(2) == 0 {
                    self.put("elseif");
                    self.expr(inner);
                    self.put("then");
                    self.block(inner);
                }
                if self.below(2) == 0 {
                    self.put("else");
                    self.block(inner);
                }
                self.put("end");
            }
            5 => {
                self.put("while");
                self.expr(inner);
                self.put("do");
                self.looped(inner);
                self.put("end");
            }
            6 => {
                self.put("repeat");
                self.looped(inner);
                self.put("until");
                self.expr(inner);
            }
            7 => {
                self.put("for i = 1,");
                self.expr(inner);
                self.put("do");
                self.looped(inner);
                self.put("end");
            }
            8 => {
                self.put("for a, b in");
                self.exprs(inner);
                self.put("do");
                self.looped(inner);
                self.put("end");
            }
            9 => {
                self.put("function a.b:c");
                self.body(inner);
            }
            10 => {
                self.put("do");
                self.block(inner);
                self.put("end");
            }
            _ => self.suffixed(inner, true),
        }
    }
}

/// The programs of one run.
fn programs(count: u64) -> impl Iterator<Item = String> {
    (1..count).map(|seed| {
        let mut writer = Writer {
            seed: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            text: String::new(),
            is_vararg: true,
            loops: 0,
        };
        writer.block(5);
        writer.text
    })
}

#[test]
fn whatever_parses_verifies() {
    let mut parsed = 0;
    for source in programs(4000) {
        match load(source.as_bytes(), b"=test") {
            Ok(root) => {
                parsed += 1;
                // The listing reads everything once more.
                lua_compiler::disasm::listing(root.proto());
            }
            Err(LoadError::Syntax(_) | LoadError::Limit(_)) => {}
            Err(error @ (LoadError::Refused(_) | LoadError::Binary(_))) => {
                panic!("{error} in:\n{source}")
            }
        }
    }
    assert!(parsed > 3000, "only {parsed} programs parsed");
}

/// What a loader keeps has no influence on what comes next, errors included.
#[test]
fn a_loader_starts_afresh_each_time() {
    let mut loader = Loader::default();
    let too_many = (0..201).map(|i| format!("local a{i} ")).collect::<String>();
    let broken = [
        "local function f(a, b) for i = 1, 2 do while f do local t = {1, {x = ",
        "local a, b, c do local d function e(...) return function() return a + d end end",
        &format!("local x, y function f() return function() {too_many} end end"),
        &format!("--{}", " comment".repeat(4000)),
        "",
    ];
    for (i, source) in programs(600).enumerate() {
        for source in [&source, broken[i % broken.len()]] {
            let again = loader.load(source.as_bytes(), b"=test");
            let fresh = load(source.as_bytes(), b"=test");
            match (again, fresh) {
                (Ok(again), Ok(fresh)) => assert_eq!(again.proto(), fresh.proto()),
                (again, fresh) => assert_eq!(again.err(), fresh.err()),
            }
        }
    }
}
