//! Literals: numbers and strings in all their spellings, patterns, replacements, formats, and
//! sources for `loadstring`.

use super::Generator;

/// Numbers at which something changes: sizes of integers, precision, range.
const EDGES: &[&str] = &[
    "1/0",
    "-1/0",
    "0/0",
    "-(0/0)",
    "2^53",
    "2^53+1",
    "2^31",
    "-2^31",
    "2^31-1",
    "2^32",
    "2^63",
    "-2^63",
    "2^64",
    "1e14",
    "1e15",
    "1e16",
    "1e100",
    "-1e100",
    "1e308",
    "1e309",
    "1e-308",
    "5e-324",
    "0.1",
    "-0.1",
    "0.5",
    "-1.5",
    "2.5",
    "123456789012345",
    "99999999999999",
    "1e15+0.5",
    "0x7fffffff",
    "0xffffffff",
    "0xffffffffffffffff",
    "3.14159265358979",
    "1/3",
    "-7",
    "256",
    "255",
    "math.huge",
    "-math.huge",
    "math.pi",
];

const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "abc",
    "hello world",
    "Hello",
    "x=1, y=2",
    "10",
    "0x10",
    "1e2",
    " 5 ",
    "5x",
    "-3",
    "1.5",
    ".",
    "%d",
    "%",
    "a,b,,c",
    "aaa",
    "abcabc",
    "(x)",
    "[x]",
    "nil",
    "the quick brown fox",
    "key = value",
    "  trim  ",
    "n1",
    "_",
    "A-Z",
    "é",
    "1e",
    "0x",
    "inf",
    "nan",
    "1 2",
    "$1",
    "^a$",
    "x",
    "z9",
    "line1\nline2",
    "\t",
    "0",
    "-0",
    "+1",
    "f(a(b)c)d",
];

const ESCAPES: &[&str] = &[
    "\\n", "\\t", "\\\\", "\\\"", "\\'", "\\065", "\\0", "\\200", "\\255", "\\r", "\\a", "\\z",
    "\\x", "\\1", "\\0009", "\\\n",
];

const PATTERN_ITEMS: &[&str] = &[
    "a",
    "b",
    "x",
    " ",
    ",",
    ".",
    "%a",
    "%d",
    "%s",
    "%w",
    "%x",
    "%p",
    "%l",
    "%u",
    "%c",
    "%z",
    "%S",
    "%W",
    "%D",
    "%.",
    "%%",
    "[abc]",
    "[a-c]",
    "[^a]",
    "[%w_]",
    "[]]",
    "[^]]",
    "[a-]",
    "[%a-z]",
    "[^%s]",
    "=",
    "[%d.]",
    "[\\0-\\31]",
    "[\\128-\\255]",
];

const PATTERN_WHOLES: &[&str] = &[
    "(%a+)",
    "(%w+)=(%w+)",
    "%b()",
    "%f[%w]%w+",
    "()",
    "()a()",
    "^%s*(.-)%s*$",
    "(.)%1",
    "((a)(b))",
    "%f[%a]",
    "%f[%A]",
    "(%d*)",
    ".-",
    "[^,]*",
    "$",
    "^",
    "%b''",
    "(a*(.)%w(%s*))",
    "^(%-?%d+)$",
    "([%w_]+)%s*=%s*([^,]*)",
    "a-b",
    "%f[^\\0]",
];

const PATTERN_WRONG: &[&str] = &[
    "(",
    ")",
    "%",
    "[",
    "[a",
    "[^",
    "%b",
    "%bx",
    "%f",
    "%f[",
    "(a",
    "a)",
    "%1",
    "(%1)",
    "[%",
    "[a-",
    "%9",
    "()%2",
    "[]",
    "[^]",
    "((((((((((((((((((((((((((((((((()",
];

const REPLACEMENTS: &[&str] = &[
    "%0", "%1", "%2", "%%", "<%0>", "", "x", "%1%1", "[%0%1]", "%", "%a", "%9", "-", "a%%b",
];

const SOURCES: &[&str] = &[
    "return 1, 2",
    "return ...",
    "x = ",
    "for",
    "return 1 +",
    "local a = 1 return a, a",
    "error('in')",
    "error({})",
    "return }",
    "a b",
    "",
    "return 'a",
    "return [[x",
    "return 0x",
    "return 3..2",
    "break",
    "return nil + 1",
    "local t = nil; return t.x",
    "return #arg",
    "return (...)",
    "goto x",
    "x = = 1",
    "function f( end",
    "return function(a) return a end",
    "local function f() return f end return f()",
    "return 1e",
    "return '\\300'",
    "--[[ open",
    "a.b:c = 1",
    "f() = 1",
    "return return",
    "if x then",
    "\n\nx()",
    "local x <const> = 1",
    "return 1;;",
    "x.y.z = 1",
    "G1 = 5 return G1",
    "do end return 3",
];

const FORMATS: &[&str] = &[
    "%d", "%i", "%u", "%x", "%X", "%o", "%c", "%e", "%E", "%f", "%g", "%G", "%s", "%q", "%%",
    "%s %s", "%5d|", "%-5d|", "%05d", "%+d", "% d", "%#x", "%#o", "%.3f", "%10.2f|", "%-10.2f|",
    "%.0f", "%.14g", "%.17g", "%.20f", "%5s|", "%-5s|", "%.2s|", "%5.1s|", "%.0s", "%5.3d|",
    "%+.3e", "%#.3g", "%08.3f", "%5c|", "%-5c|", "%a", "%y", "%", "%10", "%123d", "%.123f",
    "%-+ #0d", "%0-5d|", "%.3d", "%ld", "%5%|", "%.99f", "%99d", "%.3q", "%s%s%s", "%p",
    "%-----5d", "%+s", "% 5.2f",
];

impl Generator {
    pub(super) fn number_literal(&mut self) {
        let text = match self.rng.u8(..24) {
            0..=11 => self.rng.u8(1..=10).to_string(),
            12 | 13 => self.rng.u32(11..2000).to_string(),
            14 => format!("{}.5", self.rng.u8(..10)),
            15 => format!("0.{}", self.rng.u16(1..1000)),
            16 => format!("{}e{}", self.rng.u8(1..10), self.rng.u8(..20)),
            17 => format!("{}e-{}", self.rng.u8(1..10), self.rng.u8(..20)),
            18 => format!("0x{:X}", self.rng.u32(1..)),
            19 => format!(".{}", self.rng.u8(1..100)),
            20 => format!("{}.", self.rng.u8(1..100)),
            21 => format!("-{}", self.rng.u8(1..10)),
            // Zero is a variable: the reference lets 0 and -0 share a constant, so what a
            // literal gives depends on what stands above it.
            22 => "Z".to_owned(),
            _ => return self.edge_number(),
        };
        self.emit(&text);
    }

    pub(super) fn small_integer(&mut self) {
        let number = match self.rng.u8(..16) {
            0 => -1,
            1 => 0,
            2 => -2,
            3 => 100,
            _ => i32::from(self.rng.u8(1..6)),
        };
        let text = number.to_string();
        self.emit(&text);
    }

    pub(super) fn edge_number(&mut self) {
        let text = self.any(EDGES);
        self.emit("(");
        self.emit(text);
        self.emit(")");
    }

    pub(super) fn string_literal(&mut self) {
        let word = self.any(WORDS);
        match self.rng.u8(..10) {
            0 => self.long_string(word),
            1 | 2 => self.escaped_string(),
            _ => self.quoted(word),
        }
    }

    /// The text in quotes of either sort, with what must be escaped escaped.
    fn quoted(&mut self, text: &str) {
        let quote = self.any(&['"', '\'']);
        let mut literal = String::from(quote);
        for char in text.chars() {
            match char {
                '\n' => literal.push_str("\\n"),
                '\\' => literal.push_str("\\\\"),
                char if char == quote => literal.extend(['\\', char]),
                char => literal.push(char),
            }
        }
        literal.push(quote);
        self.emit(&literal);
    }

    /// A text that holds escapes, in quotes as it stands.
    fn raw_quoted(&mut self, text: &str) {
        let quote = if text.contains('\'') { "\"" } else { "'" };
        self.emit(quote);
        self.emit(text);
        self.emit(quote);
    }

    fn escaped_string(&mut self) {
        self.emit("\"");
        for _ in 0..self.rng.u8(1..5) {
            match self.rng.u8(..4) {
                0 => {
                    let piece = self.any(ESCAPES);
                    self.emit(piece);
                }
                // Bytes that are no UTF-8 are fine in a source.
                1 => self.out.push(self.rng.u8(128..)),
                _ => self.out.push(self.rng.u8(b'a'..=b'z')),
            }
        }
        self.emit("\"");
    }

    fn long_string(&mut self, text: &str) {
        let level = "=".repeat(self.rng.usize(..3));
        let start = self.any(&["", "", "\n", "\n\n", "x\n"]);
        // A line of white space between, for a text that ends in a bracket.
        let literal = format!("[{level}[{start}{text}\n]{level}]");
        self.emit(&literal);
    }

    pub(super) fn pattern(&mut self) {
        if self.chance(6) {
            let wrong = self.any(PATTERN_WRONG);
            return self.raw_quoted(wrong);
        }
        if self.chance(35) {
            let whole = self.any(PATTERN_WHOLES);
            return self.raw_quoted(whole);
        }
        let mut text = String::new();
        if self.chance(10) {
            text.push('^');
        }
        for _ in 0..self.rng.u8(1..4) {
            let item = self.any(PATTERN_ITEMS);
            let repeat = self.any(&["", "", "", "*", "+", "-", "?"]);
            match self.rng.u8(..6) {
                0 => text.push_str(&format!("({item}{repeat})")),
                1 => text.push_str(&format!("({item}){repeat}")),
                _ => text.push_str(&format!("{item}{repeat}")),
            }
        }
        if self.chance(10) {
            text.push('$');
        }
        self.raw_quoted(&text);
    }

    pub(super) fn replacement(&mut self) {
        match self.rng.u8(..8) {
            0 => self.fill("{a = $q, b = $n, x = false, hello = true, [1] = $s}"),
            1 => self.fill("function(a, b)$< if tock() then return end return cut($v) end$>"),
            2 => self.fill("function(...) if tock() then return end return $d end"),
            3 => self.fill("string.upper"),
            4 => self.fill("$s"),
            5 if self.n_protected > 0 => self.fill("$v"),
            _ => {
                let text = self.any(REPLACEMENTS);
                self.raw_quoted(text);
            }
        }
    }

    /// A format and as many arguments as it wants, most of the time.
    pub(super) fn format_arguments(&mut self) {
        let mut formats = String::new();
        for _ in 0..self.rng.u8(1..4) {
            formats.push_str(self.any(FORMATS));
        }
        self.raw_quoted(&formats);
        for conversion in conversions(&formats) {
            if self.chance(3) {
                break;
            }
            self.emit(", ");
            match conversion {
                _ if self.chance(4) => self.fill("$v"),
                b'c' => self.fill("$i"),
                b's' | b'q' => self.fill("$s"),
                _ if self.chance(20) => self.fill("$e"),
                _ => self.fill("$n"),
            }
        }
    }

    /// A source text as a literal.
    pub(super) fn source_literal(&mut self) {
        let source = self.any(SOURCES);
        self.quoted(source);
    }

    /// The name of a field: its letter tells what it most likely holds.
    pub(super) fn field_name(&mut self) {
        let name = self.any(&[
            "n1", "n1", "n1", "n2", "s1", "s1", "s2", "b1", "t1", "f1", "m1",
        ]);
        self.emit(name);
    }
}

/// The letters that end the conversions of a format.
fn conversions(format: &str) -> Vec<u8> {
    let mut letters = Vec::new();
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let end = bytes.find(|byte| byte.is_ascii_alphabetic() || *byte == b'%');
            letters.extend(end.filter(|&letter| letter != b'%'));
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::conversions;

    #[test]
    fn formats_say_what_they_want() {
        assert_eq!(conversions("%5d %% %-3.2s|%q"), b"dsq");
        assert_eq!(conversions("100%"), b"");
    }
}
