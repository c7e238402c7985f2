//! Side by side with the reference: the same bytes must be a program to both,
//! or give the same error text. Runs where `lua5.1` is installed.
//!
//! `LUA_SYNTAX_CASES` and `LUA_SYNTAX_SEED` set the number of generated cases of
//! each kind and their seed.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Reads hexadecimal lines, prints what loading each gives.
const DRIVER: &str = r#"
for line in io.lines() do
  local source = line:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)
  local ok, message = loadstring(source, "=t")
  local shown = ok and "ok" or message
  print((shown:gsub(".", function(c) return string.format("%02x", c:byte()) end)
             :gsub("\n", "0a")))
end
"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads hexadecimal lines, prints the number that each denotes.
const NUMBER_DRIVER: &str = r#"
for line in io.lines() do
  local text = line:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)
  local value = tonumber(text)
  print(value and string.format("%.17g", value) or "none")
end
"#;

/// What the reference's `driver` says about each source, or `None` without a
/// reference.
fn reference(driver: &str, sources: &[Vec<u8>]) -> Option<Vec<String>> {
    let mut child = Command::new("lua5.1")
        .args(["-e", driver])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let input: String = sources.iter().map(|s| hex(s) + "\n").collect();
    let mut stdin = child.stdin.take()?;
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let mut output = String::new();
    child.stdout.take()?.read_to_string(&mut output).ok()?;
    writer.join().ok()?.ok()?;
    child.wait().ok()?;
    Some(output.lines().map(str::to_string).collect())
}

fn ours(source: &[u8]) -> Vec<u8> {
    match lua_syntax::parse(source, b"=t") {
        Ok(chunk) => {
            lua_syntax::dump::dump(&chunk);
            b"ok".to_vec()
        }
        Err(error) => {
            let message = error.message().to_vec();
            assert_eq!(
                error.is_incomplete(),
                message.ends_with(b"near '<eof>'"),
                "{error}"
            );
            message
        }
    }
}

fn check(sources: Vec<Vec<u8>>) {
    check_wrapped(sources, b"", b"");
}

/// Compares what the reference says with what we say about the source put
/// between `before` and `after`.
fn check_wrapped(sources: Vec<Vec<u8>>, before: &[u8], after: &[u8]) {
    let ours: Vec<_> = sources
        .iter()
        .map(|source| ours(&[before, source, after].concat()))
        .collect();
    let Some(theirs) = reference(DRIVER, &sources) else {
        eprintln!("no lua5.1 here: only checked that nothing panics");
        return;
    };
    assert_eq!(theirs.len(), sources.len());
    let mut differences = 0;
    for ((source, ours), theirs) in sources.iter().zip(&ours).zip(&theirs) {
        if hex(ours) != *theirs && !is_of_code_generation(theirs) {
            differences += 1;
            if differences <= 20 {
                let theirs: Vec<u8> = (0..theirs.len() / 2)
                    .map(|i| u8::from_str_radix(&theirs[2 * i..2 * i + 2], 16).unwrap_or(b'?'))
                    .collect();
                eprintln!(
                    "source: {}\n  lua5.1: {}\n  ours:   {}",
                    source.escape_ascii(),
                    theirs.escape_ascii(),
                    ours.escape_ascii()
                );
            }
        }
    }
    assert_eq!(differences, 0, "of {} sources", sources.len());
}

/// The reference generates code while it parses, and meets other limits there.
fn is_of_code_generation(message: &str) -> bool {
    message.contains(&hex(b"function or expression too complex"))
        || message.contains(&hex(b" upvalues"))
        || message.contains(&hex(b" local variables"))
}

/// Deterministic random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = std::env::var("LUA_SYNTAX_SEED").map_or(1, |seed| seed.parse().unwrap());
        Random(0x9E37_79B9_7F4A_7C15 ^ seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn cases() -> usize {
    std::env::var("LUA_SYNTAX_CASES").map_or(5000, |cases| cases.parse().unwrap())
}

/// Pieces of text that programs are made of, odd ones included.
const PIECES: &[&[u8]] = &[
    b"and",
    b"break",
    b"do",
    b"else",
    b"elseif",
    b"end",
    b"false",
    b"for",
    b"function",
    b"if",
    b"in",
    b"local",
    b"nil",
    b"not",
    b"or",
    b"repeat",
    b"return",
    b"then",
    b"true",
    b"until",
    b"while",
    b"+",
    b"-",
    b"*",
    b"/",
    b"%",
    b"^",
    b"#",
    b"==",
    b"~=",
    b"<=",
    b">=",
    b"<",
    b">",
    b"=",
    b"=",
    b"=",
    b"(",
    b")",
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b";",
    b":",
    b",",
    b",",
    b".",
    b"..",
    b"...",
    b"x",
    b"y",
    b"x",
    b"f",
    b"1",
    b"2.5",
    b"0x1F",
    b"'s'",
    b"\"t\\n\"",
    b"[[l\nm]]",
    b"[==[\r\nq]==]",
    b"\n",
    b"\r\n",
    b"\n\r",
    b"--c\n",
    b"--[[c\n]]",
    b"\0",
    b"\x01",
    b"\x7f",
    b"\xe9",
    b"~",
    b"!",
    b"3x",
    b"1e",
    b"1e+",
    b"1..2",
    b"'u",
    b"\"v",
    b"[[w",
    b"[=",
    b"--[=[",
    b"'\\300'",
    b"'\\065'",
    b"'a\\\nb'",
    b"'a\\\r\nb'",
    b"\\",
    b"@",
    b"a.b",
    b"f()",
    b"x:m()",
    b"function()",
    b"do end",
    b"local x",
    b"x=1",
    b"{x,y}",
    b"{x=1}",
    b"{f\n(x)}",
];

/// Well-formed programs to damage.
const PROGRAMS: &[&[u8]] = &[
    b"local a, b = 1, 2 + 3 * -x ^ 2 .. 's' .. \"q\\65\\n\" or not c and d\nreturn a, b, #t",
    b"function a.b.c:m(x, y, ...)\n return self, ...\nend\nfunction g(...) local x = ... end",
    b"local function f()\n for i = 1, 10, 2 do break end\n for k, v in pairs(t) do print(k) end\nend",
    b"local t = { 1, 2; x = 3, [4] = 5, f, f\n(x), {}, {{}}, function(a) return a end; }",
    b"if a then\n b()\nelseif c then\n d = 1\nelse e.f[1], g = 2, 3\nend",
    b"repeat local z = [==[\nx]]]==] until z\nwhile true do\n f{1}:g'x' 'y'\n break; end",
    b"x = nil (f)(2)\nlocal q (f)() ;(g or h)[1].y = 0x10 x = function() end do return 1e3, .5; end",
    b"do local a <= b end",
    b"a.b['c'].d, e = f(1)(2)[3], (((g)))\nf'':m{}:n(...)\n--[[ long\ncomment ]] x = 1 -- short",
];

#[test]
fn chosen_sources() {
    let cases: &[(&[u8], &[u8])] = include!("chosen_sources.in");
    for (source, expected) in cases {
        assert_eq!(
            ours(source).escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "of {}",
            source.escape_ascii()
        );
    }
    check(cases.iter().map(|(source, _)| source.to_vec()).collect());
}

#[test]
fn programs_cut_anywhere() {
    let mut sources = Vec::new();
    for program in PROGRAMS {
        for end in 0..=program.len() {
            sources.push(program[..end].to_vec());
        }
        for start in 0..program.len() {
            sources.push(program[start..].to_vec());
        }
    }
    check(sources);
}

#[test]
fn damaged_programs() {
    let mut random = Random::new();
    let mut sources = Vec::new();
    for _ in 0..cases() {
        let mut source = random.pick(PROGRAMS).to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(source.len() + 1);
            match random.below(3) {
                0 => {
                    let end = (at + 1 + random.below(6)).min(source.len());
                    source.drain(at..end);
                }
                1 => {
                    let piece = random.pick(PIECES);
                    source.splice(at..at, [b" ", piece, b" "].concat());
                }
                _ => {
                    let byte = random.below(256) as u8;
                    source.insert(at, byte);
                }
            }
        }
        sources.push(source);
    }
    // The reference takes this first byte for precompiled code.
    sources.retain(|source| source.first() != Some(&0x1B));
    check(sources);
}

#[test]
fn random_pieces() {
    let mut random = Random::new();
    let mut sources = Vec::new();
    for _ in 0..cases() {
        let mut source = Vec::new();
        for _ in 0..1 + random.below(12) {
            source.extend_from_slice(random.pick(PIECES));
            if random.below(4) > 0 {
                source.push(b' ');
            }
        }
        sources.push(source);
    }
    check(sources);
}

#[test]
fn random_numerals() {
    let mut random = Random::new();
    let parts: &[&[u8]] = &[
        b"0", b"1", b"9", b"0x", b"0X", b".", b"e", b"E", b"p", b"P", b"+", b"-", b"a", b"F", b"x",
        b"_", b"\0", b"00", b"..",
    ];
    let mut sources = Vec::new();
    for _ in 0..cases() {
        let mut source = b"return ".to_vec();
        for _ in 0..1 + random.below(7) {
            source.extend_from_slice(random.pick(parts));
        }
        sources.push(source);
    }
    check(sources);
}

#[test]
fn random_strings() {
    let mut random = Random::new();
    let parts: &[&[u8]] = &[
        b"'", b"\"", b"[", b"[", b"]", b"]", b"=", b"\\", b"\n", b"\r", b"a", b"1", b"299", b"0",
        b"--", b"\0", b"\xff", b" ",
    ];
    let mut sources = Vec::new();
    for _ in 0..cases() {
        let mut source = b"return ".to_vec();
        for _ in 0..1 + random.below(12) {
            source.extend_from_slice(random.pick(parts));
        }
        sources.push(source);
    }
    check(sources);
}

/// What may stand around an inner expression or statement, and whether the
/// whole is a statement.
struct Around {
    before: &'static str,
    after: &'static str,
    makes_stat: bool,
}

const fn around(before: &'static str, after: &'static str, makes_stat: bool) -> Around {
    Around {
        before,
        after,
        makes_stat,
    }
}

const AROUND_EXPR: &[Around] = &[
    around("(", ")", false),
    around("{", "}", false),
    around("{1,x=", ";}", false),
    around("{[", "]=1}", false),
    around("{[1]=2,[y]=", "}", false),
    around("- ", "", false),
    around("not ", "", false),
    around("#", "^x", false),
    around("x^", "", false),
    around("x..", "", false),
    around("x+", "", false),
    around("", "+x*y", false),
    around("x or y and x<y..x+y*-x^", "", false),
    around("x(", ")", false),
    around("x(y,", ",y)", false),
    around("x{", "}", false),
    around("x:y(", ")", false),
    around("x[", "]", false),
    around("x.y[", "].z(x)", false),
    around("function() return ", " end", false),
    around("function(a,...) local x = ", " end", false),
    around("x = ", "", true),
    around("x, y, x.y, x = 1, ", "", true),
    around("x[", "] = 1", true),
    around("x, y, x[", "], y = 1", true),
    around("x(", ")", true),
    around("x(y)[", "]:y()", true),
    around("(", ")()", true),
    around("local x = ", "", true),
    around("local x, y = 1, ", "", true),
    around("if ", " then end", true),
    around("if x then elseif ", " then else end", true),
    around("while ", " do end", true),
    around("repeat until ", "", true),
    around("for i = 1,", " do end", true),
    around("for x in y,", " do end", true),
];

const AROUND_STAT: &[Around] = &[
    around("do ", " end", true),
    around("do x = 1 ", "; end", true),
    around("while x do ", " end", true),
    around("repeat ", " until x", true),
    around("if x then ", " end", true),
    around("if x then else ", " end", true),
    around("if x then elseif y then ", " else end", true),
    around("for i = 1, 2 do ", " end", true),
    around("for x in y do ", " end", true),
    around("function f() ", " end", true),
    around("function f.g:h() ", " end", true),
    around("local function f() ", " end", true),
    around("function() ", " end", false),
];

#[test]
fn nesting_around_the_limit() {
    let mut random = Random::new();
    let mut sources = Vec::new();
    for _ in 0..cases() / 5 {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut is_stat = random.below(2) == 0;
        let mut middle = if is_stat { "x()" } else { "x" }.to_string();
        if random.below(8) == 0 {
            let targets = "x,".repeat(150 + random.below(60));
            middle = targets + "x = 1";
            is_stat = true;
        }
        let favourite = random.below(100);
        for _ in 0..40 + random.below(180) {
            let choices = if is_stat { AROUND_STAT } else { AROUND_EXPR };
            let choice = match random.below(4) {
                0 => random.below(choices.len()),
                _ => favourite % choices.len(),
            };
            let Around {
                before: left,
                after: right,
                makes_stat,
            } = choices[choice];
            before.push(left);
            after.push(right);
            is_stat = makes_stat;
            if random.below(20) == 0 {
                before.push("\n");
            }
        }
        if !is_stat {
            before.push("x = ");
        }
        before.reverse();
        if random.below(10) == 0 {
            middle.push_str(" =");
        }
        let source = before.concat() + &middle + &after.concat();
        sources.push(source.into_bytes());
    }
    // The reference's driver is two calls deep already, which count.
    check_wrapped(sources, b"do do ", b" end end");
}

#[test]
fn random_bytes() {
    let mut random = Random::new();
    let mut sources = Vec::new();
    for _ in 0..cases() {
        let len = random.below(30);
        sources.push((0..len).map(|_| random.below(256) as u8).collect());
    }
    // The reference takes this first byte for precompiled code.
    sources.retain(|source: &Vec<u8>| source.first() != Some(&0x1B));
    check(sources);
}

#[test]
fn numbers_have_the_values_of_the_reference() {
    let mut random = Random::new();
    let parts: &[&[u8]] = &[
        b"0",
        b"1",
        b"9",
        b"5",
        b"12345678901234567",
        b"0x",
        b"0X",
        b".",
        b"e",
        b"E-",
        b"p",
        b"P-",
        b"+",
        b"-",
        b"a",
        b"F8",
        b" ",
        b"\t",
        b"\0",
        b"30",
        b"1074",
        b"inf",
        b"NaN",
        b"(",
        b")",
    ];
    let shapes: &[&[u8]] = &[b"", b"", b"0x", b"-0x1.", b"1e", b"0x1p-10", b"-"];
    let mut texts = Vec::new();
    for _ in 0..cases() {
        let mut text = random.pick(shapes).to_vec();
        for _ in 0..random.below(6) {
            text.extend_from_slice(random.pick(parts));
        }
        texts.push(text);
        // Long mantissas, where rounding matters. None below 2^-1022: there glibc
        // rounds some wrongly, and we do not.
        let digits: String = (0..1 + random.below(30))
            .map(|_| char::from(b"0123456789abcdef"[random.below(16)]))
            .collect();
        let exponent = [-1010, -500, 0, 900][random.below(4)] + random.below(100) as i32;
        texts.push(format!("0x{digits}p{exponent}").into_bytes());
        texts.push(format!("0xf.{digits}p{exponent}").into_bytes());
    }
    let Some(theirs) = reference(NUMBER_DRIVER, &texts) else {
        return;
    };
    assert_eq!(theirs.len(), texts.len());
    for (text, theirs) in texts.iter().zip(&theirs) {
        let shown = text.escape_ascii();
        match lua_syntax::literal::parse_number(text) {
            None => assert_eq!("none", theirs, "{shown}"),
            Some(ours) if ours.is_nan() => {
                let expected = if ours.is_sign_negative() {
                    "-nan"
                } else {
                    "nan"
                };
                assert_eq!(expected, theirs, "{shown}");
            }
            Some(ours) => {
                let theirs: f64 = theirs.parse().expect("a number");
                assert_eq!(ours.to_bits(), theirs.to_bits(), "{shown}: {ours} {theirs}");
            }
        }
    }
}
