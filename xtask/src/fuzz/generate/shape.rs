//! Programs of unusual size or shape, where encodings and limits change: many constants, many
//! items, many locals, deep nesting, long chains.

use super::{Generator, Table};

/// Fixed shapes that stress one thing each.
pub(super) const SHAPES: Table = &[
    (
        2,
        "do local a, b, c = (function(...) return ... end)($c) print(a, b, c) end\n",
    ),
    (
        2,
        "do local i, a = 1, {} i, a[i] = i + 1, $n print(i, a[1], a[2]) end\n",
    ),
    (
        2,
        "do local a = {$n, $n} a[1], a[2] = a[2], a[1] dump(a) end\n",
    ),
    (
        2,
        "do local fs = {} for i = 1, 3 do local j = i fs[i] = function() j = j + 1 return i, j end end print(fs[1](), fs[1](), fs[2](), fs[3]()) end\n",
    ),
    (
        1,
        "do local fs = {} local i = 1 while i < 4 do local j = i fs[i] = function() j = j + i return j end i = i + 1 end print(fs[1](), fs[1](), fs[2]()) end\n",
    ),
    (
        1,
        "do local function f(n) if n == 0 then return 'done' end return f(n - 1) end print(f(200)) end\n",
    ),
    (
        1,
        "do local function f(n, ...) if n == 0 then return ... end return f(n - 1, n, ...) end print(f(10)) end\n",
    ),
    (
        1,
        "do local t = {} for i = 1, 20 do t[i] = i end for i = 1, 20, 2 do t[i] = nil end print(#t) dump(t) end\n",
    ),
    (
        1,
        "do local t = {} for i = 10, 1, -1 do t[i] = i end print(#t) t[5] = nil t[10] = nil print(#t, next(t)) end\n",
    ),
    (
        1,
        "do local t = {n = 1, $n, $n} t.n = nil t.x = 2 t.y = 3 t.z = 4 dump(t) end\n",
    ),
    (
        1,
        "do local x = $v local y = x and $v or $v print(x == y, not x == y) end\n",
    ),
    (
        1,
        "do local a = $n a = a + a * a - a / a print(a) a = a % 3 print(a) a = -a ^ 2 print(a) end\n",
    ),
    (
        1,
        "print(2 ^ 3 ^ 2, -2 ^ 2, not nil == true, 1 .. 2 .. 3, 'a' < 'b' == true, #'abc' + 1)\n",
    ),
    (
        1,
        "do local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) print(t.a, t[1], rawget(t, 'a')) end\n",
    ),
    (
        1,
        "do local p = newproxy(true) getmetatable(p).__len = function()$< return $v end$> getmetatable(p).__index = $t print(#p, p.n1) end\n",
    ),
    (
        1,
        "do local ok, e = pcall(function() local t = {} t.x.y.z = 1 end) print(ok, e) end\n",
    ),
    (
        1,
        "do local co = coroutine.wrap(function(...) local n = select('#', ...) while n < 6 do n = n + select('#', coroutine.yield(n)) end return 'end' end) print(co($c)) print(co(1)) print(pcall(co, 1, 2)) print(pcall(co, 1, 2, 3)) print(pcall(co)) end\n",
    ),
    (
        1,
        "do local weak = setmetatable({}, {__mode = 'v'}) weak[1] = {} weak[2] = 'kept' collectgarbage() print(weak[1], weak[2]) end\n",
    ),
    (
        1,
        "do local s = '' for w in ('one two  three'):gmatch('%a+') do s = s .. w:sub(1, 1):upper() .. w:sub(2) end print(s) end\n",
    ),
    (
        1,
        "do local s = {} for i = 1, 5 do s[#s + 1] = ('%d:%s'):format(i, $q) end print(table.concat(s, ';')) end\n",
    ),
    (1, "print(pcall(string.dump, print))\n"),
    (
        1,
        "do local f = function(a, b, ...) local c, d = ... return a, b, c, d, select('#', ...) end print(f(), f(1), (f(1, 2, 3))) end\n",
    ),
    (
        1,
        "do local t = {f = function(self, x) return self == nil, x end} print(t.f($c), t:f($c)) end\n",
    ),
];

impl Generator {
    /// A shape whose size is drawn.
    pub(super) fn large_shape(&mut self) {
        match self.rng.u8(..9) {
            0 => self.many_items(),
            1 => self.many_constants(),
            2 => self.many_locals(),
            3 => self.many_upvalues(),
            4 => self.deep_nesting(),
            5 => self.long_chain(),
            6 => self.many_arguments(),
            7 => self.many_branches(),
            _ => self.long_jump(),
        }
    }

    /// A text made of `n` numbered pieces.
    fn pieces(&mut self, n: usize, separator: &str, piece: impl Fn(usize) -> String) -> String {
        let pieces: Vec<String> = (1..=n).map(piece).collect();
        pieces.join(separator)
    }

    fn many_items(&mut self) {
        let n = self.any(&[49, 50, 51, 99, 100, 101, 150, 300, 600]);
        let items = self.pieces(n, ", ", |i| {
            if i % 7 == 0 {
                format!("x{i} = {i}")
            } else {
                i.to_string()
            }
        });
        let text = format!("do local t = {{{items}}} print(#t, t[1], t[#t], t.x7, t.x14) end\n");
        self.emit(&text);
    }

    fn many_constants(&mut self) {
        let n = self.any(&[250, 255, 256, 257, 300, 520]);
        let sum = self.pieces(n, " ", |i| format!("s = s + {i}.25; t.k{i} = 'c{i}'"));
        let text = format!(
            "print(pcall(function() local s, t = 0, {{none = nil}} {sum} print(s, t.k1, t.k{n}, t.k{n} .. 'x', s == {n}.5, t.none.k{n}) end))\n"
        );
        self.emit(&text);
    }

    fn many_locals(&mut self) {
        let n = self.any(&[100, 150, 190, 199, 200, 201]);
        let declarations = self.pieces(n, " ", |i| format!("local a{i} = {i}"));
        let source =
            format!("{declarations} return a1 + a{n}, a{n} .. a1, {{a1, a{n}}} ~= nil, (a{n}):x()");
        self.load_and_call(&source);
    }

    fn many_upvalues(&mut self) {
        let n = self.any(&[30, 59, 60, 61]);
        let declarations = self.pieces(n, " ", |i| format!("local a{i} = {i}"));
        let uses = self.pieces(n, " + ", |i| format!("a{i}"));
        let source =
            format!("{declarations} return (function() a1 = a1 + 1 return {uses}, a{n}.x end)()");
        self.load_and_call(&source);
    }

    fn deep_nesting(&mut self) {
        // Around 200 the reference counts the C calls that are under way too.
        let n = self.any(&[20, 100, 150, 230]);
        let (open, middle, close) = self.any(&[
            ("(", "1", ")"),
            ("{", "1", "}"),
            ("do ", "x = 1 ", "end "),
            ("if x then ", "y = 1 ", "end "),
            ("function() return ", "1", " end"),
            ("- ", "1", ""),
            ("not ", "1", ""),
            ("a .. ", "b", ""),
            ("2 ^ ", "1", ""),
            ("f(", "1", ")"),
            ("while x do ", "y = 1 ", "end "),
            ("repeat ", "y = 1 ", "until not x "),
            ("for i = 1, 1 do ", "y = 1 ", "end "),
            ("t[", "1", "]"),
        ]);
        // Each loop takes four locals, of which there are 200.
        let n = if open.starts_with("for") {
            n.min(40)
        } else {
            n
        };
        let is_statement =
            open.ends_with("do ") || open.ends_with("then ") || open.starts_with("repeat");
        let head = if is_statement { "" } else { "return " };
        let source = format!("{head}{}{middle}{}", open.repeat(n), close.repeat(n));
        self.load_and_call(&source);
    }

    fn long_chain(&mut self) {
        let n = self.any(&[10, 100, 150, 230, 260]);
        let (separator, item) = self.any(&[
            (" + ", "n"),
            (" .. ", "s"),
            (" and ", "n"),
            (" or ", "z"),
            (" == ", "n"),
            (" , ", "n"),
            ("", ".t"),
            (" ^ ", "n"),
        ]);
        let item = item.to_owned();
        let chain = self.pieces(n, separator, |_| item.clone());
        let head = if separator.is_empty() { "t" } else { "" };
        let source = format!("local n, s, z, t = 1, 'x', false, {{}} t.t = t return {head}{chain}");
        self.emit(&format!("do local f, e = loadstring(\"{source}\", '=chain') print(f and select('#', f()), e) end\n"));
    }

    fn many_arguments(&mut self) {
        let n = self.any(&[49, 100, 200, 240, 249, 250, 251, 255]);
        let items = self.pieces(n, ", ", |i| i.to_string());
        let source = format!("return select('#', {items}), math.max({items})");
        self.load_and_call(&source);
    }

    fn many_branches(&mut self) {
        let n = self.any(&[5, 50, 150]);
        let at = self.rng.usize(1..=n);
        let branches = self.pieces(n, " else", |i| format!("if x == {i} then r = {i} .. 'th'"));
        let source = format!("local x, r = {at} {branches} else r = 'none' end return r");
        self.load_and_call(&source);
    }

    fn long_jump(&mut self) {
        let n = self.any(&[100, 1000, 3000]);
        let body = self.pieces(n, " ", |i| format!("x = x + {}", i % 100));
        let text = format!(
            "do local x = 0 for i = 1, 2 do {body} if x < 0 then break end end print(x) end\n"
        );
        self.emit(&text);
    }

    fn load_and_call(&mut self, source: &str) {
        let text = format!(
            "print(pcall(loadstring([=[{source}]=], '=shape') or function() print((select(2, loadstring([=[{source}]=], '=shape')))) end))\n"
        );
        self.emit(&text);
    }
}
