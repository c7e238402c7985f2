//! Nesting has a limit with the reference's text; length has none. Whatever the
//! source, neither the parser nor dropping the tree uses the stack by its size:
//! the tests run on threads with small ones.

use lua_syntax::dump::dump;
use lua_syntax::parse;

const TOO_DEEP: &str = "t:1: chunk has too many syntax levels";

fn outcome(source: &str) -> String {
    match parse(source.as_bytes(), b"=t") {
        Ok(_) => "ok".to_string(),
        Err(error) => error.to_string(),
    }
}

/// Frames are many times as large with the address sanitizer.
const STACK_BYTES: usize = if cfg!(asan) { 8 << 20 } else { 256 << 10 };

/// Parses, prints and drops on a thread with a small stack.
fn on_small_stack(source: String) -> String {
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || match parse(source.as_bytes(), b"=t") {
            Ok(chunk) => {
                std::hint::black_box(dump(&chunk));
                "ok".to_string()
            }
            Err(error) => error.to_string(),
        })
        .unwrap()
        .join()
        .unwrap()
}

/// `repeats` times `before`, then `middle`, then `repeats` times `after`.
fn nested(start: &str, before: &str, middle: &str, after: &str, repeats: usize) -> String {
    [
        start,
        &before.repeat(repeats),
        middle,
        &after.repeat(repeats),
    ]
    .concat()
}

/// The construct nests `deepest` times, not once more, and any number of times
/// gives the same error.
fn check_limit(start: &str, before: &str, middle: &str, after: &str, deepest: usize) {
    let source = |repeats| nested(start, before, middle, after, repeats);
    assert_eq!(outcome(&source(deepest)), "ok", "{before}");
    assert_eq!(on_small_stack(source(deepest)), "ok", "{before}");
    assert_eq!(outcome(&source(deepest + 1)), TOO_DEEP, "{before}");
    assert_eq!(on_small_stack(source(100_000)), TOO_DEEP, "{before}");
}

#[test]
fn nesting_has_the_limit_of_the_reference() {
    // The main chunk is a level, and so is the expression that all this is in.
    check_limit("x = ", "(", "x", ")", 198);
    check_limit("x = ", "{", "x", "}", 198);
    check_limit("x = ", "{", "", "}", 199);
    check_limit("x = ", "{[", "x", "]=1}", 198);
    check_limit("x = ", "x[", "x", "]", 198);
    check_limit("x = ", "f(", "x", ")", 198);
    check_limit("x = ", "f(", "", ")", 199);
    check_limit("x = ", "f{", "", "}", 199);
    check_limit("x = ", "- ", "x", "", 198);
    check_limit("x = ", "not ", "x", "", 198);
    check_limit("x = ", "#", "x", "", 198);
    check_limit("x = ", "x^", "x", "", 198);
    check_limit("x = ", "x..", "x", "", 198);
    check_limit("x = ", "1 .. -", "x", "", 197);
    check_limit("x = ", "function() return ", "x", " end", 99);
    check_limit("", "f(", "x", ")", 199);
    check_limit("", "do ", "", " end ", 199);
    check_limit("", "while x do ", "", " end ", 199);
    check_limit("", "repeat ", "", " until x ", 199);
    check_limit("", "if x then ", "", " end ", 199);
    check_limit("", "if x then else ", "", " end ", 199);
    check_limit("", "for i = 1, 2 do ", "", " end ", 199);
    check_limit("", "function f() ", "", " end ", 199);
    check_limit("", "local function f() ", "", " end ", 199);
}

#[test]
fn targets_count_as_levels() {
    let error = |limit: usize, function: &str| {
        format!("t:1: {function} has more than {limit} variables in assignment")
    };
    let targets = |n: usize| "x,".repeat(n - 1) + "x = 1";
    assert_eq!(outcome(&targets(200)), "ok");
    assert_eq!(outcome(&targets(201)), error(199, "main function"));
    assert_eq!(
        on_small_stack(targets(100_000)),
        error(199, "main function")
    );
    let inner = |n: usize| format!("do function f() {} end end", targets(n));
    assert_eq!(outcome(&inner(198)), "ok");
    assert_eq!(outcome(&inner(199)), error(197, "function at line 1"));
}

#[test]
fn length_has_no_limit() {
    let long = |start: &str, unit: &str, end: &str| {
        let source = nested(start, unit, end, "", 100_000);
        assert_eq!(on_small_stack(source), "ok", "{start}{unit}");
    };
    long("x = 1", " + x", "");
    long("x = 1", " - x * y / z % 2", "");
    long("x = a", " and b", "");
    long("x = a", " or b", "");
    long("x = a", " == b", "");
    long("x = a", ".b", "");
    long("x = a", "[1]", "");
    long("x = a", "(1)", "");
    long("x = a", ":b()", "");
    long("x = a", "'s'", "");
    long("x = a", "{}", "");
    long("a", ".b", " = 1");
    long("a", "(b)", "");
    long("function a", ".b", "() end");
    long("if x then ", "elseif y then z() ", "end");
    long("x = {", "1,", "}");
    long("x = {", "y = 1;", "}");
    long("f(1", ",1", ")");
    long("local a", ",a", " = 1");
    long("local a = 1", ",1", "");
    long("return 1", ",1", "");
    long("function f(a", ",a", ") end");
    long("", "x = 1 ", "");
    long("", "f();", "");
    long("", "do end ", "");
    long("x = '", "\\n", "'");
    long("x = [[", "\n", "]]");
    long("", "\n", "");
    long("", "--[[x]]", "");
    long("x = 1", "0", "");
    long("x = 0.", "0", "");
    long("x = 0x", "f", "");
    long("x = 'y", "z", "'");
    long("local y", "z", "");
}

#[test]
fn unclosed_nesting_is_bounded() {
    for opener in [
        "(",
        "{",
        "[",
        "x[",
        "f(",
        "{[",
        "{{",
        "do ",
        "repeat ",
        "if x then ",
        "while x do ",
        "function f() ",
        "x = function() ",
        "- ",
        "not ",
        "2^",
        "a..",
        "f(function() ",
    ] {
        on_small_stack(opener.repeat(300_000));
        on_small_stack(format!("x = {}", opener.repeat(300_000)));
    }
}
