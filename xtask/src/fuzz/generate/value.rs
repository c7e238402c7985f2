//! Expressions by the kind of value they give: atoms, operators, what the libraries return.

use super::scope::{Frame, Kind};
use super::{EXPRESSION_DEPTH, Generator, Table, library, object};

const NUMBERS: Table = &[
    (9, "$n$_+$_$n"),
    (7, "$n$_-$_$n"),
    (7, "$n$_*$_$n"),
    (5, "$n$_/$_$n"),
    (5, "$n$_%$_$n"),
    (3, "$n$_^$_$i"),
    (4, "-($n)"),
    (2, "- $n"),
    (2, "- - $n"),
    (6, "($n)"),
    (4, "#$s"),
    (3, "#$l"),
    (2, "($b and $n or $n)"),
    (2, "($n or $n)"),
    (2, "(nil or $n)"),
    (2, "($M[$i] or $n)"),
    (2, "($T.$k or $n)"),
    (1, "('0x10' + $n)"),
    (1, "('$i' * $n)"),
    (1, "(' 7 ' - $n)"),
    (1, "(function(...) return select('#', ...) end)($c)"),
    (1, "select('#', $d)"),
];

const TEXTS: Table = &[
    (8, "$s$_..$_$s"),
    (3, "$s .. $n"),
    (2, "$n .. $s"),
    (2, "$s .. $s .. $n .. $s"),
    (4, "($s)"),
    (2, "($b and $s or $s)"),
    (2, "($s or $s)"),
    (2, "($s and $s)"),
    (3, "tostring($n)"),
    (2, "tostring($b)"),
    (2, "type($v)"),
    (1, "($n .. '')"),
    (1, "(($T.$k or $s) .. '')"),
];

const BOOLEANS: Table = &[
    (5, "$n$_<$_$n"),
    (3, "$n <= $n"),
    (4, "$n > $n"),
    (3, "$n >= $n"),
    (3, "$s < $s"),
    (2, "$s <= $s"),
    (2, "$s > $s"),
    (5, "$v == $v"),
    (4, "$v ~= $v"),
    (3, "$n == $n"),
    (3, "$s == $s"),
    (6, "not ($b)"),
    (2, "(not not ($v))"),
    (5, "($b and $b)"),
    (5, "($b or $b)"),
    (2, "not ($b and $b or $b)"),
    (2, "($v ~= nil and $b)"),
    (2, "($b and not ($b))"),
    (3, "(not ($n < $n))"),
    (2, "(not ($n >= $n))"),
    (2, "rawequal($v, $v)"),
    (1, "($s == $n)"),
    (1, "pcall($f$C)"),
];

const TABLES: Table = &[
    (5, "{n1 = $n, s1 = $S}"),
    (3, "{n1$_=$_$n,$_n2 = $n; b1 = $b, t1 = $t}"),
    (3, "{[$v ~= nil and $q or 1] = $S, $n, $n}"),
    (2, "{$n, $s, n1 = $n, [$i] = $v}"),
    (2, "{f1 = $f, n1 = $n}"),
    (2, "{$d}"),
    (1, "{$c}"),
    (1, "{t1 = {t1 = {n1 = $n}}, s2 = $q,}"),
    (1, "{}"),
];

const LISTS: Table = &[
    (5, "{$n, $n, $n}"),
    (4, "{$q, $q, $q,$_$q}"),
    (3, "{3, 1, 2, $n, 1}"),
    (2, "{$n}"),
    (2, "{}"),
    (2, "{$n, $n, nil, $n}"),
    (1, "{nil, nil, $n}"),
    (2, "{($l)[1], $n}"),
    (2, "{unpack($l)}"),
    (1, "{$n, $d}"),
    (1, "{n = $n, $n, $n}"),
    (1, "{[1] = $n, [2] = $n, [4] = $n}"),
];

impl Generator {
    /// An expression that most likely gives a `kind`. Where errors are caught, some do not.
    pub(super) fn expression(&mut self, kind: Kind) {
        let odds = if self.n_protected > 0 { 24 } else { 1000 };
        if self.rng.u16(..odds) == 0 {
            return self.any_expression();
        }
        if self.depth == 0 || self.chance(25) {
            return self.atom(kind);
        }
        self.depth -= 1;
        let library = self.chance(35);
        match kind {
            Kind::Number if library => self.choose(library::NUMBERS),
            Kind::Number => self.choose(NUMBERS),
            Kind::Text if library => self.choose(library::TEXTS),
            Kind::Text => self.choose(TEXTS),
            Kind::Boolean => self.choose(BOOLEANS),
            Kind::Table => self.choose(TABLES),
            Kind::List if library => self.choose(library::LISTS),
            Kind::List => self.choose(LISTS),
            Kind::Object => self.object(),
            Kind::Function | Kind::Wrapped => self.function_expression(),
            Kind::Thread => self.fill("coroutine.create($f)"),
            Kind::Any => self.any_expression(),
        }
        self.depth += 1;
    }

    /// An expression of any kind, results of unknown kind among them.
    pub(super) fn any_expression(&mut self) {
        if self.depth == 0 {
            return self.atom(Kind::Any);
        }
        self.depth -= 1;
        match self.rng.u8(..20) {
            0..=4 => self.expression(Kind::Number),
            5..=8 => self.expression(Kind::Text),
            9..=10 => self.fill("($b)"),
            11 => self.fill("$T.$k"),
            12 => self.fill("$M[$i]"),
            13 => self.choose(object::USES),
            14 => self.own_call(),
            15 => self.choose(library::ANY),
            16 => self.fill("($v and $v)"),
            17 => self.fill("($v or $v)"),
            _ => self.atom(Kind::Any),
        }
        self.depth += 1;
    }

    /// A variable of the kind, where there is one, or something short.
    pub(super) fn atom(&mut self, kind: Kind) {
        if self.chance(70) && self.variable(kind) {
            return;
        }
        match kind {
            Kind::Number => self.number_literal(),
            Kind::Text => self.string_literal(),
            Kind::Boolean => {
                let word = self.any(&["true", "false"]);
                self.emit(word);
            }
            Kind::Table => self.emit("{n1 = 1, s1 = 'a'}"),
            Kind::List => self.emit("{4, 2, 3}"),
            Kind::Object => self.emit("setmetatable({}, {__index = {n1 = 5}})"),
            Kind::Function | Kind::Wrapped => {
                let name = self.any(library::FUNCTIONS);
                self.emit(name);
            }
            Kind::Thread => self.emit("coroutine.create(print)"),
            Kind::Any => match self.rng.u8(..6) {
                0 => self.emit("nil"),
                1 => self.string_literal(),
                2 => self.atom(Kind::Boolean),
                3 => self.edge_number(),
                _ => self.number_literal(),
            },
        }
    }

    /// Writes the name of a variable of this kind, if there is one.
    pub(super) fn variable(&mut self, kind: Kind) -> bool {
        let names = self.scopes.matching(|v| match kind {
            // What prints as an address cannot be compared, so it is left to those who ask for it.
            Kind::Any => matches!(
                v.kind,
                Kind::Any | Kind::Number | Kind::Text | Kind::Boolean
            ),
            Kind::Table => matches!(v.kind, Kind::Table | Kind::Object),
            kind => v.kind == kind,
        });
        if names.is_empty() {
            return false;
        }
        // The youngest are the most interesting: locals, then upvalues, then globals.
        let back = self
            .rng
            .usize(..names.len())
            .min(self.rng.usize(..names.len()));
        let name = names[names.len() - 1 - back].name.clone();
        self.emit(&name);
        true
    }

    /// An expression whose value may be kept: long strings are cut, so that loops cannot grow them.
    pub(super) fn stored(&mut self, kind: Kind) {
        if matches!(kind, Kind::Text | Kind::Any) {
            self.emit("cut(");
            self.expression(kind);
            self.emit(")");
        } else {
            self.expression(kind);
        }
    }

    /// An expression that an index, a call or a colon may follow.
    pub(super) fn prefix(&mut self, kind: Kind) {
        if self.chance(75) && self.variable(kind) {
            return;
        }
        self.emit("(");
        self.expression(kind);
        self.emit(")");
    }

    /// Arguments of a call, none to three.
    pub(super) fn arguments(&mut self) {
        for i in 0..self.rng.u8(..4) {
            if i > 0 {
                self.emit(",");
                self.white_space();
            }
            self.stored(Kind::Any);
        }
    }

    /// Arguments behind another one: each with a comma in front.
    pub(super) fn more_arguments(&mut self) {
        for _ in 0..self.rng.u8(..4) {
            self.emit(",");
            self.white_space();
            self.stored(Kind::Any);
        }
    }

    /// `...` where the function has it.
    pub(super) fn dots(&mut self) {
        if self.scopes.frame().is_vararg {
            self.emit("...");
        } else {
            self.emit("nil");
        }
    }

    /// Something to assign to.
    pub(super) fn assignable(&mut self) {
        match self.rng.u8(..8) {
            0..=3 => {
                let names = self
                    .scopes
                    .matching(|v| v.is_assignable && v.kind == Kind::Any);
                match names.len() {
                    0 => self.emit("G1"),
                    len => {
                        let name = names[self.rng.usize(..len)].name.clone();
                        self.emit(&name);
                    }
                }
            }
            4 => {
                self.place(Kind::List);
                self.fill("[$i]");
            }
            _ => {
                self.place(Kind::Table);
                self.fill(".$k");
            }
        }
    }

    /// A variable of this kind, or the global that holds one from the start: something that an
    /// index may follow at the start of a statement.
    pub(super) fn place(&mut self, kind: Kind) {
        if !self.variable(kind) {
            self.emit(if kind == Kind::List { "L0" } else { "T0" });
        }
    }

    /// A function written on the spot.
    pub(super) fn function_expression(&mut self) {
        if self.depth + 2 < EXPRESSION_DEPTH && self.chance(60) || self.fuel == 0 {
            return self.atom(Kind::Function);
        }
        self.emit("function");
        self.function_rest();
    }

    /// The parameters, body and end of a function.
    pub(super) fn function_rest(&mut self) {
        let frame = Frame {
            is_vararg: self.chance(35),
            ..Frame::default()
        };
        self.function_with(frame, &[]);
    }
}
