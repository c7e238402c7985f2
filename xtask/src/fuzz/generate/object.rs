//! Tables with metamethods, and what calls them.

use super::{Generator, Table};

/// Entries of metatables.
const EVENTS: Table = &[
    (
        3,
        "__index = function(t, k) if tock() then return end return cut($v) end",
    ),
    (4, "__index = $t"),
    (
        3,
        "__newindex = function(t, k, v) if tock() then return end rawset(t, k, cut(v)) end",
    ),
    (1, "__newindex = $t"),
    (
        1,
        "__newindex = function(t, k, v) if tock() then return end print('new', type(k), type(v)) end",
    ),
    (
        3,
        "__call = function(self, ...) if tock() then return end return $v, ... end",
    ),
    (
        3,
        "__add = function(a, b) if tock() then return end return $v end",
    ),
    (
        2,
        "__sub = function(a, b) if tock() then return end return type(a), type(b) end",
    ),
    (
        2,
        "__mul = function(a, b) if tock() then return end return $n end",
    ),
    (1, "__div = function(a, b) return $n end"),
    (1, "__mod = function(a, b) return $n end"),
    (1, "__pow = function(a, b) return $n end"),
    (2, "__unm = function(a, b) return $n, rawequal(a, b) end"),
    (
        3,
        "__concat = function(a, b) if tock() then return end return cut(tostring($v) .. 'c' .. type(a) .. type(b)) end",
    ),
    (
        2,
        "__eq = function(a, b) if tock() then return end return $b end",
    ),
    (
        2,
        "__lt = function(a, b) if tock() then return end return $b end",
    ),
    (
        2,
        "__le = function(a, b) if tock() then return end return $v end",
    ),
    (1, "__len = function(a) return 42 end"),
    (
        2,
        "__tostring = function(o) if tock() then return 'o' end return $s end",
    ),
    (1, "__tostring = function(o) return $v end"),
    (1, "__metatable = $q"),
    (1, "__metatable = false"),
    (1, "__mode = 'k'"),
    (1, "__add = $n"),
    (1, "__index = $v"),
    (1, "__call = $v"),
    (1, "__index = string"),
];

/// What objects are good for.
pub(super) const USES: Table = &[
    (3, "($o + $v)"),
    (2, "($v + $o)"),
    (2, "($o - $o)"),
    (2, "($o * $n)"),
    (1, "($o / $n)"),
    (1, "($n % $o)"),
    (1, "($o ^ $o)"),
    (2, "(-$o)"),
    (3, "($o .. $v)"),
    (3, "($v .. $o)"),
    (1, "($s .. $n .. $o .. $s .. $s)"),
    (3, "($o == $o)"),
    (1, "($o ~= $o)"),
    (2, "($o < $o)"),
    (2, "($o <= $o)"),
    (1, "($o > $v)"),
    (1, "($o >= $o)"),
    (3, "$O($c)"),
    (3, "$O.$k"),
    (2, "$O[$v]"),
    (1, "$O:$k($c)"),
    (1, "#$o"),
    (1, "tostring($o)"),
    (1, "type(getmetatable($o))"),
    (1, "rawget($o, 'n1')"),
    (1, "getmetatable($O)"),
];

impl Generator {
    /// A table with a metatable made on the spot.
    pub(super) fn object(&mut self) {
        self.emit("setmetatable(");
        let inner = self.any(&["{}", "{n1 = $n}", "{$n, s1 = $q}", "$t"]);
        self.fill(inner);
        self.emit(", {");
        for i in 0..self.rng.u8(1..6) {
            if i > 0 {
                self.emit(",");
                self.white_space();
            }
            self.event();
        }
        self.emit("})");
    }

    /// An entry of a metatable; its functions see no `...` and are no place for `break`.
    fn event(&mut self) {
        self.scopes.enter(Default::default());
        self.choose(EVENTS);
        self.scopes.leave();
    }
}
