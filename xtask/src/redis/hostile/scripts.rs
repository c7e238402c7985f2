//! Scripts that want everything: time, memory, depth, and errors that bite. Only the table: how an
//! attack is made is the business of [`hostile`](super).

use self::Answer::{Any, Error, Is};

/// What a script must be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// This line, exactly.
    Is(&'static str),
    /// An error that names this.
    Error(&'static str),
    /// Anything: what matters is the server afterwards.
    Any,
}

impl Answer {
    /// Whether the reply, shown on one line, is such an answer.
    pub(crate) fn allows(self, got: &str) -> bool {
        match self {
            Is(expected) => got == expected,
            Error(words) => got.starts_with('-') && got.contains(words),
            Any => true,
        }
    }
}

/// Said of a script that used up its instructions or its memory.
const INSTRUCTIONS: &str = "instruction limit";
const MEMORY: &str = "memory limit";

/// Name, script, and what it must be answered.
pub(crate) const SCRIPTS: &[(&str, &str, Answer)] = &[
    // Time.
    ("endless loop", "while true do end", Error(INSTRUCTIONS)),
    (
        "endless for",
        "for i = 1, math.huge do end",
        Error(INSTRUCTIONS),
    ),
    ("endless repeat", "repeat until false", Error(INSTRUCTIONS)),
    (
        "endless loop in pcall",
        "while true do pcall(function() while true do end end) end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in xpcall's handler",
        "xpcall(error, function() while true do end end) return 1",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a coroutine",
        "coroutine.wrap(function() while true do end end)()",
        Error(INSTRUCTIONS),
    ),
    (
        "endless resumes",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a comparator",
        "table.sort({3, 2, 1}, function() while true do end end)",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in a metamethod",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        Error(INSTRUCTIONS),
    ),
    (
        "endless loop in gsub",
        "return ('x'):gsub('x', function() while true do end end)",
        Error(INSTRUCTIONS),
    ),
    (
        "endless commands",
        "while true do redis.call('ping') end",
        Error(INSTRUCTIONS),
    ),
    (
        "endless tail calls",
        "local function f() return f() end return f()",
        Error(INSTRUCTIONS),
    ),
    (
        "pattern that backtracks for ever",
        "return ('a'):rep(200):find(('a*'):rep(30) .. 'b')",
        Error(INSTRUCTIONS),
    ),
    (
        "inconsistent comparator",
        "local t = {} for i = 1, 500 do t[i] = i % 7 end table.sort(t, function() return true end) return #t",
        Any,
    ),
    // Memory.
    (
        "endless table",
        "local t, i = {}, 0 while true do i = i + 1 t[i] = {i} end",
        Error(MEMORY),
    ),
    (
        "endless table in pcall",
        "local t, i = {}, 0 while true do pcall(function() while true do i = i + 1 t[i] = {i} end end) end",
        Error(MEMORY),
    ),
    (
        "doubling string",
        "local s = 'x' while true do s = s .. s end",
        Error(""),
    ),
    ("string.rep", "return #string.rep('x', 1e10)", Error("")),
    (
        "string.rep in pcall",
        "local ok = pcall(string.rep, 'x', 1e10) return 'went on'",
        Any,
    ),
    (
        "gsub that multiplies",
        "local s = ('x'):rep(1e5) while true do s = s:gsub('x', 'xxxxxxxxxx') end",
        Error(""),
    ),
    (
        "concat of one string many times",
        "local s, t = ('x'):rep(1e6), {} for i = 1, 1e4 do t[i] = s end return #table.concat(t)",
        Error(""),
    ),
    (
        "coroutines without end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        Error(""),
    ),
    (
        "closures without end",
        "local f = function() end while true do local g = f f = function() return g end end",
        Error(""),
    ),
    (
        "keys of every kind",
        "local t = {} for i = 1, 1e9 do t[i + 0.5] = true t['k' .. i] = true end",
        Error(""),
    ),
    (
        "garbage that must be collected",
        "for i = 1, 100000 do local t = {i, {i}} local s = 'x' .. i end return 'done'",
        Is("\"done\""),
    ),
    (
        "format of great width",
        "return #string.format('%99d', 1)",
        Any,
    ),
    // Depth.
    (
        "deep recursion",
        "local function f() return 1 + f() end return f()",
        Error("stack overflow"),
    ),
    (
        "deep recursion through pcall",
        "local function f() return 1, pcall(f) end f() return 'went on'",
        Any,
    ),
    (
        "deep recursion through __index",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k + 1] end return t[1]",
        Error("stack overflow"),
    ),
    (
        "cycle of __index",
        "local t = {} setmetatable(t, {__index = t}) return t.x",
        Error("loop in gettable"),
    ),
    (
        "deep recursion through gsub",
        "local function f(s) return (s:gsub('.', f)) end return f('x')",
        Error("stack overflow"),
    ),
    (
        "deep recursion through sort",
        "local function f() table.sort({2, 1}, f) end f()",
        Error("stack overflow"),
    ),
    (
        "deep recursion through tostring",
        "local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) return tostring(t)",
        Error("stack overflow"),
    ),
    (
        "coroutines inside coroutines",
        "local function f() return coroutine.wrap(f)() end return f()",
        Error(""),
    ),
    (
        "loadstring inside loadstring",
        "local s = 'return 1' for i = 1, 300 do s = 'return loadstring(' .. ('%q'):format(s) .. ')()' if #s > 1e6 then break end end return type(loadstring(s))",
        Any,
    ),
    (
        "deep parentheses",
        "return loadstring(('('):rep(1e6) .. '1' .. (')'):rep(1e6)) == nil",
        Is(":1"),
    ),
    (
        "deep tables in a source",
        "return loadstring('return ' .. ('{'):rep(1e6) .. ('}'):rep(1e6)) == nil",
        Is(":1"),
    ),
    (
        "long chain of concatenations",
        "return loadstring('return ' .. ('1 ..'):rep(1e6) .. '1') == nil",
        Is(":1"),
    ),
    (
        "deep blocks in a source",
        "return loadstring(('do '):rep(1e5) .. ('end '):rep(1e5)) == nil",
        Is(":1"),
    ),
    // Replies.
    (
        "nested reply",
        "local t = {} for i = 1, 100000 do t = {t} end return t",
        Any,
    ),
    ("cyclic reply", "local t = {} t[1] = t return t", Any),
    (
        "cyclic map",
        "redis.setresp(3) local t = {} t.map = {a = t} return t",
        Any,
    ),
    (
        "long reply",
        "local t = {} for i = 1, 1000000 do t[i] = i end return t",
        Any,
    ),
    (
        "too many results",
        "return select('#', unpack({}, 1, 1e7))",
        Error("too many results to unpack"),
    ),
    (
        "unpack at the end of the integers",
        "return {unpack({}, 2147483646, 2147483647)}",
        Any,
    ),
    // Errors that bite.
    ("error that is a table", "error({})", Error("")),
    ("error whose err is a table", "error({err = {}})", Error("")),
    (
        "error that raises when it is read",
        "error(setmetatable({}, {__index = function() error('q') end}))",
        Error(""),
    ),
    (
        "error that raises when it is shown",
        "error(setmetatable({}, {__tostring = function() error('q') end}))",
        Error(""),
    ),
    (
        "status with line ends",
        "return {ok = 'a\\r\\n$-1\\r\\n+OK'}",
        Is("+a  $-1  +OK"),
    ),
    // Code.
    (
        "damaged binary chunks",
        "local d = string.dump(function(a) return a + 1 end) local n = 0 for i = 1, #d do if loadstring(d:sub(1, i - 1) .. '\\255' .. d:sub(i + 1)) then n = n + 1 end end return n",
        Is(":0"),
    ),
    (
        "long bracket of great level",
        "return loadstring('return [' .. ('='):rep(1e6) .. '[') == nil",
        Is(":1"),
    ),
];
