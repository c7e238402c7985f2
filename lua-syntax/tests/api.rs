//! What the crate offers beside trees: places, names, errors, file prologues.

use lua_syntax::ast::{Expr, Stat};
use lua_syntax::{display_name, parse, skip_shebang};

#[test]
fn display_names() {
    let check = |name: &str, expected: &str| {
        assert_eq!(
            String::from_utf8(display_name(name.as_bytes())).unwrap(),
            expected
        );
    };
    let long = "0123456789".repeat(7);
    check("=stdin", "stdin");
    check("=", "");
    check(&format!("={long}"), &long[..59]);
    check("@file.lua", "file.lua");
    check(&format!("@{long}"), &format!("...{}", &long[70 - 52..]));
    check("return 1", "[string \"return 1\"]");
    check("return 1\nreturn 2", "[string \"return 1...\"]");
    check("return 1\r\n", "[string \"return 1...\"]");
    check("\nx", "[string \"...\"]");
    check("", "[string \"\"]");
    check(&long[..43], &format!("[string \"{}\"]", &long[..43]));
    check(&long[..44], &format!("[string \"{}...\"]", &long[..43]));
    check("=a\0b", "a");
    check("a\0b", "[string \"a\"]");
}

#[test]
fn errors_have_places() {
    let error = parse(b"x =\n\n  'a\\\nb' y", b"@dir/f.lua").unwrap_err();
    assert_eq!(error.message(), b"dir/f.lua:4: '=' expected near '<eof>'");
    assert_eq!(error.to_string(), "dir/f.lua:4: '=' expected near '<eof>'");
    assert_eq!(error.line(), 4);
    assert!(error.is_incomplete());

    let error = parse(b"f(1,\n 2 end)", b"x = 1\ny").unwrap_err();
    assert_eq!(
        error.to_string(),
        "[string \"x = 1...\"]:2: ')' expected (to close '(' at line 1) near 'end'"
    );
    let span = error.span();
    assert_eq!(
        (span.start, span.end, span.line, span.end_line),
        (8, 11, 2, 2)
    );
    assert!(!error.is_incomplete());

    let error = parse(b"x = 'a\\\nb", b"=t").unwrap_err();
    assert_eq!(error.to_string(), "t:2: unfinished string near '<eof>'");
    let span = error.span();
    assert_eq!(
        (span.start, span.end, span.line, span.end_line),
        (4, 9, 1, 2)
    );

    // Not text: the message quotes it all the same.
    let error = parse(b"x = \xE9", b"=t").unwrap_err();
    assert_eq!(error.message(), b"t:1: unexpected symbol near '\xE9'");
    assert_eq!(error.to_string(), "t:1: unexpected symbol near '\u{FFFD}'");
}

#[test]
fn long_names_are_cut_later_in_syntax_errors() {
    let name = "=".to_string() + &"n".repeat(100);
    let error = parse(b"x", name.as_bytes()).unwrap_err();
    let expected = format!("{}:1: '=' expected near '<eof>'", "n".repeat(79));
    assert_eq!(error.to_string(), expected);
}

#[test]
fn nodes_have_places() {
    let source = b"local x = 1\nfoo.bar(x,\n  y + [[a\nb]])\n";
    let chunk = parse(source, b"=t").unwrap();
    let block = chunk.func(chunk.main()).block;
    assert_eq!(block.end_line, 5);
    let stats = chunk.stats(block.stats);
    let span = chunk.stat_span(stats[1]);
    assert_eq!(
        (span.start, span.end, span.line, span.end_line),
        (12, 37, 2, 4)
    );
    let Stat::Call(call) = chunk.stat(stats[1]) else {
        panic!("a call");
    };
    let Expr::Call { args, line, .. } = chunk.expr(call) else {
        panic!("a call");
    };
    assert_eq!(line, 2);
    let sum = chunk.exprs(args)[1];
    let span = chunk.expr_span(sum);
    assert_eq!(
        (span.start, span.end, span.line, span.end_line),
        (25, 36, 3, 4)
    );
}

#[test]
fn functions_have_lines() {
    let source = b"function f\n()\nend\nlocal function g\n()\nend\nx = function\n(a)\nend";
    let chunk = parse(source, b"=t").unwrap();
    let lines: Vec<_> = chunk
        .stats(chunk.func(chunk.main()).block.stats)
        .iter()
        .map(|&stat| match chunk.stat(stat) {
            Stat::Function { func, .. } | Stat::LocalFunction { func, .. } => func,
            Stat::Assign { exprs, .. } => match chunk.expr(chunk.exprs(exprs)[0]) {
                Expr::Function(func) => func,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .map(|func| (chunk.func(func).line, chunk.func(func).end_line))
        .collect();
    assert_eq!(lines, [(1, 3), (5, 6), (8, 9)]);
    assert_eq!(chunk.func(chunk.main()).line, 0);
}

#[test]
fn equal_strings_have_equal_ids() {
    let chunk = parse(b"a.b = 'a' .. [[b]] .. '\\97'", b"=t").unwrap();
    assert_eq!(chunk.str_count(), 2);
    assert_eq!(chunk.name(), b"=t");
}

#[test]
fn shebang_lines_keep_their_place() {
    assert_eq!(skip_shebang(b"#!/usr/bin/lua\nx = 1"), b"\nx = 1");
    assert_eq!(skip_shebang(b"# any\r\nx"), b"\nx");
    assert_eq!(skip_shebang(b"#"), b"");
    assert_eq!(skip_shebang(b"x = #y"), b"x = #y");
    assert_eq!(skip_shebang(b""), b"");
}
