//! Declarations: variables of every kind, and what shows them at the end.

use super::Generator;
use super::scope::{Frame, Kind};

/// Kinds of new variables, those that a program needs most listed more often.
const KINDS: &[Kind] = &[
    Kind::Number,
    Kind::Number,
    Kind::Number,
    Kind::Text,
    Kind::Text,
    Kind::Boolean,
    Kind::Table,
    Kind::Table,
    Kind::List,
    Kind::List,
    Kind::Object,
    Kind::Function,
    Kind::Function,
    Kind::Wrapped,
    Kind::Thread,
    Kind::Any,
    Kind::Any,
];

impl Generator {
    /// One variable of each common kind, so that templates find something to work on.
    pub(super) fn declare_basics(&mut self) {
        for kind in [Kind::Number, Kind::Text, Kind::Table, Kind::List] {
            if self.chance(60) {
                self.declare(kind);
            }
        }
    }

    /// A new variable of some kind.
    pub(super) fn declaration(&mut self) {
        match self.rng.u8(..10) {
            0 | 1 => self.several(),
            2 => self.global(),
            3 => self.named_function(),
            _ => {
                let kind = self.any(KINDS);
                self.declare(kind);
            }
        }
    }

    /// `local name = value`.
    fn declare(&mut self, kind: Kind) {
        let name = self.new_name(prefix(kind));
        if kind == Kind::Function && self.chance(70) {
            return self.local_function(&name);
        }
        self.emit("local ");
        self.emit(&name);
        self.fill("$_=$_");
        match kind {
            Kind::Wrapped => {
                self.emit("coroutine.wrap(");
                self.coroutine_function();
                self.emit(")");
            }
            Kind::Thread => {
                self.emit("coroutine.create(");
                self.coroutine_function();
                self.emit(")");
            }
            kind => self.stored(kind),
        }
        self.emit("\n");
        self.scopes.declare(&name, kind);
    }

    /// `local function name ... end`: it may call itself.
    fn local_function(&mut self, name: &str) {
        self.emit("local function ");
        self.emit(name);
        let frame = Frame {
            is_vararg: self.chance(30),
            ..Frame::default()
        };
        self.function_with(frame, &[(name.to_owned(), Kind::Function)]);
        self.emit("\n");
        self.scopes.declare(name, Kind::Function);
    }

    /// `local a, b, c = ...` with as many values as it happens to be.
    fn several(&mut self) {
        let names: Vec<String> = (0..self.rng.u8(2..5)).map(|_| self.new_name("v")).collect();
        self.emit("local ");
        self.emit(&names.join(", "));
        if self.chance(90) {
            self.emit(" = ");
            for i in 0..self.rng.u8(1..5) {
                self.emit(if i > 0 { ", " } else { "" });
                if self.chance(10) {
                    self.dots();
                } else {
                    self.stored(Kind::Any);
                }
            }
        }
        self.emit("\n");
        for name in &names {
            self.scopes.declare(name, Kind::Any);
        }
    }

    fn global(&mut self) {
        let kind = self.any(&[Kind::Number, Kind::Text, Kind::Table, Kind::List, Kind::Any]);
        let name = self.new_name("G");
        self.emit(&name);
        self.fill("$_=$_");
        self.stored(kind);
        self.emit("\n");
        self.scopes.declare_global(&name, kind);
    }

    /// `function name`, `function t.name`, `function t:name`.
    fn named_function(&mut self) {
        self.emit("function ");
        let frame = Frame {
            is_vararg: self.chance(30),
            ..Frame::default()
        };
        match self.rng.u8(..4) {
            0 => {
                self.place(Kind::Table);
                self.fill(".$k");
                self.function_with(frame, &[]);
            }
            1 => {
                self.place(Kind::Table);
                self.emit(":m1");
                self.function_with(frame, &[("self".to_owned(), Kind::Table)]);
            }
            _ => {
                let name = self.new_name("F");
                self.emit(&name);
                self.function_with(frame, &[(name.clone(), Kind::Function)]);
                self.scopes.declare_global(&name, Kind::Function);
            }
        }
        self.emit("\n");
    }

    /// Prints what the innermost block has declared.
    pub(super) fn print_variables(&mut self) {
        let variables = self.scopes.innermost().to_vec();
        for variable in variables.iter().rev().take(12) {
            let how = match variable.kind {
                Kind::Table | Kind::List | Kind::Object => "dump",
                _ => "print",
            };
            let line = format!("{how}({}{})\n", label(how, &variable.name), variable.name);
            self.emit(&line);
        }
    }
}

/// `print` says whose value it is.
fn label(how: &str, name: &str) -> String {
    if how == "print" {
        format!("'{name}', ")
    } else {
        String::new()
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "n",
        Kind::Text => "s",
        Kind::Boolean => "b",
        Kind::Table => "t",
        Kind::List => "l",
        Kind::Object => "o",
        Kind::Function => "f",
        Kind::Wrapped => "w",
        Kind::Thread => "c",
        Kind::Any => "v",
    }
}
