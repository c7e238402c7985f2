//! Statements: assignments, control structures, calls, and faults on purpose.

use super::scope::{Frame, Kind};
use super::{Generator, Table, library, shape};

const ASSIGNMENTS: Table = &[
    (6, "$w$_=$_$S\n"),
    (3, "$w, $w = $S, $S\n"),
    (1, "$w, $w, $w = $S\n"),
    (1, "$w, $w = $S, $S, $S\n"),
    (1, "$w, $w = $d\n"),
];

const CONTROL: Table = &[
    (5, "if $b then$Bend\n"),
    (4, "if $b then$Belse$Bend\n"),
    (3, "if $b then$Belseif $b then$Belseif $b then$Belse$Bend\n"),
    (2, "while $b do$Lend\n"),
    (2, "do$Bend\n"),
    (1, "while true do$Lend\n"),
    (1, "if $v then$Bend\n"),
    (1, "if not ($b) then else$Bend\n"),
];

/// Numeric loops: how the limits are written.
const RANGES: Table = &[
    (6, "1, $i"),
    (4, "$i, $i"),
    (3, "$i, $i, -1"),
    (3, "1, 3, 0.5"),
    (2, "$n, $n"),
    (2, "$n, $n, $n"),
    (1, "1, 0"),
    (1, "3, 1, -2"),
    (1, "'1', '3'"),
    (1, "$i, $v"),
    (1, "$e, $e"),
    (1, "1, 2, Z"),
    (1, "0.1, 1, 0.3"),
    (1, "$s, $i"),
];

/// Iterators that give anything; how many names go with them does not matter.
const ITERATORS: Table = &[
    (5, "ipairs($l)"),
    (4, "string.gmatch($s, $p)"),
    (2, "$X:gmatch($p)"),
    (
        2,
        "function(s, i)$< if tock() then return end i = (i or 0) + 1 if i < 4 then return i, $v end end$>, nil, 0",
    ),
    (
        2,
        "coroutine.wrap(function() for i = 1, $i do if tock() then return end coroutine.yield(i, i * 2) end end)",
    ),
    (
        1,
        "(function() local n = 0 return function() n = n + 1 if n < 4 then return n, n end end end)()",
    ),
    (1, "ipairs(L0), L0, $i"),
    (1, "$v"),
    (1, "$f"),
    (1, "next, {$n, $n}, nil"),
    (
        1,
        "setmetatable({}, {__call = function(self, s, c) c = (c or 0) + 1 if c < 4 then return c end end})",
    ),
    (1, "ipairs($v)"),
];

const CALLS: Table = &[
    (10, "print($c)\n"),
    (5, "print($v, $v)\n"),
    (4, "print(pcall(function$P))\n"),
    (3, "print(select('#'$C))\n"),
    (2, "print((pcall($f$C)))\n"),
    (
        2,
        "print(xpcall(function$P, function(e) return 'handled ' .. tostring(e) end))\n",
    ),
    (1, "print(xpcall(function$P, $f))\n"),
    (1, "print(xpcall(function$P, debug.traceback))\n"),
    (
        2,
        "print(setfenv(function$P, setmetatable({}, {__index = _G})) ~= nil)\n",
    ),
    (
        2,
        "print(pcall(setfenv(function$P, setmetatable({x = $n}, {__index = _G}))))\n",
    ),
    (
        1,
        "setfenv(1, setmetatable({}, {__index = _G, __newindex = function(t, k, v) if tock() then return end print('set', k) rawset(t, k, v) end}))\n",
    ),
    (
        1,
        "do local f = loadstring($u) if f then setfenv(f, {x = $n, a = $t}) print(pcall(f$C)) end end\n",
    ),
];

/// Errors of every sort, with the names and positions that messages mention.
const FAULTS: Table = &[
    (3, "print(pcall(function() local x; return x.y end))\n"),
    (2, "print(pcall(function() local x; x.y$_=$_$n end))\n"),
    (2, "print(pcall(function() return nosuch.field end))\n"),
    (2, "print(pcall(function() nosuch($c) end))\n"),
    (2, "print(pcall(function() $T.nosuch($c) end))\n"),
    (2, "print(pcall(function() $T:nosuch($c) end))\n"),
    (2, "print(pcall(function() return $T.nosuch.field end))\n"),
    (2, "print(pcall(function() return $X:nosuch() end))\n"),
    (3, "print(pcall(function() return $v$_+$_$v end))\n"),
    (2, "print(pcall(function() return $t$_*$_$v end))\n"),
    (
        3,
        "print(pcall(function() return $v$_..$_$v$_..$_$v end))\n",
    ),
    (2, "print(pcall(function() return $v$_<$_$v end))\n"),
    (2, "print(pcall(function() return $t < $t, $n end))\n"),
    (2, "print(pcall(function() return $v <= $v end))\n"),
    (1, "print(pcall(function() return -$t end))\n"),
    (1, "print(pcall(function() return #$v end))\n"),
    (2, "print(pcall(function() $T[nil] = 1 end))\n"),
    (1, "print(pcall(function() $T[0/0] = 1 end))\n"),
    (2, "print(pcall(function() error($v) end))\n"),
    (2, "print(pcall(function() error($s, $i) end))\n"),
    (
        1,
        "print(pcall(function() error(setmetatable({}, {__tostring = function() return $s end})) end))\n",
    ),
    (2, "print(pcall(error$C))\n"),
    (1, "print(pcall(pcall))\n"),
    (1, "print(pcall(pcall, error, $s))\n"),
    (
        1,
        "print(xpcall(function() error($s) end, function(m) error(m) end))\n",
    ),
    (1, "print(pcall(function() for i = $v, $v do end end))\n"),
    (1, "print(pcall(function() for i = 1, 2, $s do end end))\n"),
    (
        1,
        "print(pcall(function() for k in $v do if tick() then break end end end))\n",
    ),
    (
        2,
        "print(pcall(function() local a = {$n} return a.b.c.d end))\n",
    ),
    (
        2,
        "print(pcall(function() local a = {} return a.b[1]($c) end))\n",
    ),
    (2, "print(pcall(function() return (nil)[$v] end))\n"),
    (2, "print(pcall(function() return ($s)($c) end))\n"),
    (2, "print(pcall(function() return $n + $t, $n end))\n"),
    (
        1,
        "print(pcall(function() local function r() return r() + 1 end return r() end) == false)\n",
    ),
    (1, "print(pcall(string.rep))\n"),
    (1, "print(pcall(function() string.rep() end))\n"),
    (1, "print(pcall(function() ('x'):rep({}) end))\n"),
    (1, "print(pcall(function() ('x'):bad() end))\n"),
    (1, "print(pcall(function() return math.floor($t) end))\n"),
    (1, "print(pcall(setmetatable, 1, {}))\n"),
    (1, "print(pcall(function() return $o$_+$_$v end))\n"),
    (1, "print(pcall(function() return $o .. nil end))\n"),
    (1, "print(pcall(function() return $o < $n end))\n"),
    (1, "print(pcall(function() local a = $o; a.x.y = $v end))\n"),
];

impl Generator {
    /// One statement, or a few that belong together.
    pub(super) fn statement(&mut self) {
        self.fuel = self.fuel.saturating_sub(1);
        if self.scopes.frame().yields && self.chance(30) {
            return self.yield_statement();
        }
        match self.rng.u8(..100) {
            0..=29 => self.declaration(),
            30..=39 => self.assignment(),
            40..=54 => self.choose(CONTROL),
            55..=58 => self.numeric_for(),
            59..=63 => self.generic_for(),
            64 => self.repeat(),
            65..=74 => self.choose(CALLS),
            75..=79 => {
                self.choose(library::STATEMENTS);
                self.emit("\n");
            }
            80..=83 => self.resume(),
            84..=87 => self.own_call_statement(),
            88..=91 => {
                self.n_protected += 1;
                self.scopes.enter(Frame::default());
                self.choose(FAULTS);
                self.scopes.leave();
                self.n_protected -= 1;
            }
            92 => self.choose(shape::SHAPES),
            93 if self.chance(30) => self.large_shape(),
            93 | 94 => self.repeat(),
            95 if self.scopes.frame().n_loops > 0 => self.fill("if $b then break end\n"),
            _ => self.compound_assignment(),
        }
        if self.chance(5) {
            let end = self.any(&[";\n", "-- note\n", "--[==[ x\n]==]\n", "\n\n"]);
            // A semicolon must follow a statement directly; after a line break it still does.
            self.emit(end.strip_prefix(';').unwrap_or(end));
        }
    }

    fn assignment(&mut self) {
        self.choose(ASSIGNMENTS);
    }

    /// An assignment to a variable of known kind, by itself.
    fn compound_assignment(&mut self) {
        let (kind, template) = *self
            .rng
            .choice(&[
                (Kind::Number, "$n"),
                (Kind::Number, "$n"),
                (Kind::Text, "cut($s)"),
                (Kind::Boolean, "$b"),
                (Kind::List, "$l"),
            ])
            .unwrap_or(&(Kind::Number, "$n"));
        let names = self.scopes.matching(|v| v.is_assignable && v.kind == kind);
        let Some(name) = names.last().map(|v| v.name.clone()) else {
            return self.assignment();
        };
        self.emit(&name);
        self.emit(" = ");
        self.fill(template);
        self.emit("\n");
    }

    fn numeric_for(&mut self) {
        let name = self.new_name("i");
        self.emit("for ");
        self.emit(&name);
        self.emit(" = ");
        self.choose(RANGES);
        self.emit(" do");
        self.scopes.open();
        self.scopes.declare(&name, Kind::Number);
        self.loop_body();
        self.scopes.close();
        self.emit("end\n");
    }

    fn generic_for(&mut self) {
        if self.chance(35) {
            return self.pairs_loop();
        }
        let names: Vec<String> = (0..self.rng.u8(1..4)).map(|_| self.new_name("k")).collect();
        self.emit("for ");
        self.emit(&names.join(", "));
        self.emit(" in ");
        self.choose(ITERATORS);
        self.emit(" do");
        self.scopes.open();
        for name in &names {
            self.scopes.declare(name, Kind::Any);
        }
        self.loop_body();
        self.scopes.close();
        self.emit("end\n");
    }

    /// A loop over all fields. Its body adds none, which would have no defined result.
    fn pairs_loop(&mut self) {
        let table = if self.chance(50) {
            Kind::Table
        } else {
            Kind::List
        };
        let (key, value) = (self.new_name("k"), self.new_name("v"));
        self.emit("do local it = ");
        self.expression(table);
        let iterator = self.any(&["pairs(it)", "pairs(it)", "next, it", "next, it, nil"]);
        let head = format!("\nfor {key}, {value} in {iterator} do\nif tick() then break end\n");
        self.emit(&head);
        let line = self.any(&[
            "print(KEY, show(VALUE))",
            "if type(VALUE) == 'number' then it[KEY] = VALUE + 1 end",
            "it[KEY] = nil",
            "it[KEY] = show(VALUE)",
            "if KEY == 1 then break end",
            "print(KEY, type(VALUE)) it[KEY] = nil",
        ]);
        let line = line.replace("KEY", &key).replace("VALUE", &value);
        self.emit(&line);
        self.emit("\nend dump(it) end\n");
    }

    fn repeat(&mut self) {
        self.emit("repeat\nif tick() then break end\n");
        self.scopes.frame().n_loops += 1;
        self.scopes.open();
        let name = self.new_name("r");
        self.fill(&format!("local {name} = $n"));
        self.emit("\n");
        self.scopes.declare(&name, Kind::Number);
        if self.chance(30) {
            let line = format!("T0.f1 = function() return {name} end\n");
            self.emit(&line);
        }
        self.statements(3);
        self.emit("until ");
        self.expression(Kind::Boolean);
        self.emit("\n");
        self.scopes.close();
        self.scopes.frame().n_loops -= 1;
    }

    /// Calls of the program's own functions.
    pub(super) fn own_call(&mut self) {
        match self.rng.u8(..5) {
            0 => self.fill("$T.f1($c)"),
            1 => self.fill("$T:m1($c)"),
            _ => {
                self.prefix(Kind::Function);
                self.fill("($c)");
            }
        }
    }

    fn own_call_statement(&mut self) {
        if self.chance(50) {
            self.emit("print(");
            self.own_call();
            return self.emit(")\n");
        }
        if self.chance(50) {
            self.emit("print(pcall(");
            self.atom(Kind::Function);
            return self.fill("$C))\n");
        }
        // A statement cannot begin with a parenthesis: it might continue the line above.
        self.emit("local _ = ");
        self.own_call();
        self.emit("\n");
    }

    /// Goes on with a coroutine, or asks about it.
    fn resume(&mut self) {
        let kind = if self.chance(50) {
            Kind::Thread
        } else {
            Kind::Wrapped
        };
        let names = self.scopes.matching(|v| v.kind == kind);
        let Some(name) = names.last().map(|v| v.name.clone()) else {
            return self.declaration();
        };
        let template = match (kind, self.rng.u8(..4)) {
            (Kind::Thread, 0) => "print(coroutine.status(NAME))\n",
            (Kind::Thread, 1) => {
                "for _ = 1, 4 do print(coroutine.resume(NAME$C)) end print(coroutine.status(NAME))\n"
            }
            (Kind::Thread, _) => "print(coroutine.resume(NAME$C))\n",
            (_, 0) => "for a, b in NAME do\nif tick() then break end\nprint(a, b) end\n",
            (_, 1) if self.n_protected > 0 => "print(NAME($c))\n",
            _ => "print(pcall(NAME$C))\n",
        };
        self.fill(&template.replace("NAME", &name));
    }
}
