//! Programs at and beyond the limits, with the reference's messages.

use lua_compiler::{LoadError, load};

/// What `luac5.1` says of the source as chunk `=test`, "ok" for success.
#[track_caller]
fn check(source: &str, expected: &str) {
    let found = match load(source.as_bytes(), b"=test") {
        Ok(_) => "ok".to_owned(),
        Err(LoadError::Refused(error)) => panic!("the compiler's code is bad: {error}"),
        Err(error) => String::from_utf8_lossy(&error.message()).into_owned(),
    };
    assert_eq!(found, expected);
}

/// `n` different names, joined by `separator`.
fn names(n: usize, separator: &str) -> String {
    let names: Vec<String> = (0..n).map(|i| format!("a{i}")).collect();
    names.join(separator)
}

#[test]
fn locals() {
    check(&format!("local {}", names(200, ",")), "ok");
    check(
        &format!("local {}", names(201, ",")),
        "test:1: main function has more than 200 local variables",
    );
    check(
        &format!("local {}\n = 1", names(201, "\n,")),
        "test:202: main function has more than 200 local variables",
    );
    check(
        &format!("\nfunction f({}) end", names(201, ",")),
        "test:2: function at line 2 has more than 200 local variables",
    );
    check(
        &format!("\nfunction f({}, ...) end", names(200, ",")),
        "test:2: function at line 2 has more than 200 local variables",
    );
    let some = names(197, ",");
    check(
        &format!("local {some} do local x, y, z end local x, y, z"),
        "ok",
    );
    let message = "test:1: main function has more than 200 local variables";
    check(&format!("local {some} for i = 1, 2 do end"), message);
    check(&format!("local {some} for i in f do end"), message);
    check(
        &format!("local {some} local x, y, z local function f() end"),
        message,
    );
}

#[test]
fn upvalues() {
    let uses = |n| {
        let locals = names(n, ",");
        let sum = names(n, "+");
        format!("local {locals}\nfunction f()\nreturn {sum} end")
    };
    check(&uses(60), "ok");
    check(
        &uses(61),
        "test:3: function at line 2 has more than 60 upvalues",
    );
    let through = format!(
        "local {}\nfunction f()\nreturn function() return {} end end",
        names(61, ","),
        names(61, "+")
    );
    check(
        &through,
        "test:3: function at line 2 has more than 60 upvalues",
    );
}

#[test]
fn registers() {
    check(&format!("f({})", names(248, ",")), "ok");
    check(
        &format!("f({})", names(249, ",")),
        "test:1: function or expression too complex near '<eof>'",
    );
    check(
        &format!("f({}, 1\n)", names(250, ",")),
        "test:1: function or expression too complex near 'a249'",
    );
    let numbers = vec!["1"; 260].join(",");
    check(
        &format!("local a = {numbers}"),
        "test:1: function or expression too complex near '1'",
    );
    check(&format!("return {}", names(249, ",")), "ok");
    check(
        &format!("return {}", names(250, "..")),
        "test:1: chunk has too many syntax levels",
    );
}

#[test]
fn targets() {
    check(&format!("{} = 1", names(200, ",")), "ok");
    check(
        &format!("{} = 1", names(201, ",")),
        "test:1: main function has more than 199 variables in assignment",
    );
}

#[test]
fn constants() {
    let lines: Vec<String> = (0..70_000).map(|i| format!("x = {i} + y")).collect();
    check(&lines.join("\n"), "ok");
    let items: Vec<String> = (0..262_143).map(|i| i.to_string()).collect();
    check(
        &format!("t = {{{}}}", items.join(",")),
        "constant table overflow",
    );
}

#[test]
fn large_tables() {
    let fields: Vec<String> = (0..70_000).map(|i| format!("a{i} = 1")).collect();
    check(&format!("t = {{{}}}", fields.join(",")), "ok");
    check(&format!("t = {{{} n = 1}}", "1,".repeat(70_000)), "ok");
}

#[test]
fn nested_functions() {
    let functions = |n| format!("t = {{{}}}", "function() end,".repeat(n));
    check(&functions(65_536), "ok");
    check(&functions(65_537), "constant table overflow");
}

/// Chains that the parser does not limit, on a small stack.
#[test]
fn long_chains() {
    let long = |head: &str, link: &str| format!("return {head}{}", link.repeat(100_000));
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || {
            for (head, link) in [
                ("1", "+1"),
                ("x", "-x"),
                ("x", " and x"),
                ("x", " or x"),
                ("x", " and y or z"),
                ("x", " < y"),
                ("x", " == nil"),
                ("a", ".b"),
                ("a", "[1]"),
                ("f", "()"),
                ("f", "{}"),
                ("o", ":m()"),
                ("{", "1,} + {"),
            ] {
                let source = long(head, link);
                let source = source.strip_suffix(" + {").unwrap_or(&source);
                check(&source.replace(",} + {", "}+{"), "ok");
            }
            let mut arms = "if a then b() ".to_owned();
            arms += &"elseif c then d() ".repeat(50_000);
            check(&(arms + "end"), "ok");
        })
        .unwrap()
        .join()
        .unwrap();
}

/// Nesting as deep as the parser lets it, on the stack of a test thread.
#[test]
fn deep_nesting() {
    let nested = |open: &str, middle: &str, close: &str, levels| {
        open.repeat(levels) + middle + &close.repeat(levels)
    };
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            check(&nested("do ", "", " end ", 198), "ok");
            check(&nested("while x do ", "", " end ", 198), "ok");
            check(&nested("if x then ", "", " end ", 198), "ok");
            check(
                &nested(
                    "for i in x do local a = function() return i end ",
                    "",
                    " end ",
                    38,
                ),
                "ok",
            );
            check(&nested("return function() ", "", " end ", 98), "ok");
            check(&("x = ".to_owned() + &nested("(", "y", ")", 198)), "ok");
            check(&("x = ".to_owned() + &nested("{", "", "}", 198)), "ok");
            check(&("x = ".to_owned() + &nested("f(", "", ")", 198)), "ok");
            check(&("x = ".to_owned() + &nested("a[", "1", "]", 198)), "ok");
            check(&("x = ".to_owned() + &nested("not (", "y", ")", 98)), "ok");
            check(&("x = ".to_owned() + &nested("- ", "y", "", 198)), "ok");
            check(&("x = ".to_owned() + &nested("a .. ", "y", "", 198)), "ok");
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn syntax_errors_pass_through() {
    check("x = = 1", "test:1: unexpected symbol near '='");
    let error = load(b"x = ", b"=test").unwrap_err();
    assert!(error.is_incomplete());
    let error = load(b"x = )", b"=test").unwrap_err();
    assert!(!error.is_incomplete());
}
