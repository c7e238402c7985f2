//! Source text to tree, as text.

use expect_test::{Expect, expect};
use lua_syntax::dump::dump;

fn check(source: &str, expected: Expect) {
    let actual = match lua_syntax::parse(source.as_bytes(), b"=t") {
        Ok(chunk) => dump(&chunk),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&actual);
}

#[test]
fn precedence_and_associativity() {
    check(
        "return a + b * c - d",
        expect![[r#"
        1: return (- (+ a (* b c)) d)
    "#]],
    );
    check(
        "return a .. b .. c .. d",
        expect![[r#"
        1: return (.. a (.. b (.. c d)))
    "#]],
    );
    check(
        "return 2 ^ 3 ^ 4",
        expect![[r#"
        1: return (^ 2 (^ 3 4))
    "#]],
    );
    check(
        "return -x ^ 2, -x * y, not a == b, #t + 1",
        expect![[r#"
        1: return (- (^ x 2)) (* (- x) y) (== (not a) b) (+ (# t) 1)
    "#]],
    );
    check(
        "return 2 ^ -x ^ 3, - - x, not not x, -#x",
        expect![[r#"
        1: return (^ 2 (- (^ x 3))) (- (- x)) (not (not x)) (- (# x))
    "#]],
    );
    check(
        "return a or b and c < d .. e + f * -g ^ h",
        expect![[r#"
        1: return (or a (and b (< c (.. d (+ e (* f (- (^ g h))))))))
    "#]],
    );
    check(
        "return a ^ b * c + d .. e < f and g or h",
        expect![[r#"
        1: return (or (and (< (.. (+ (* (^ a b) c) d) e) f) g) h)
    "#]],
    );
    check(
        "return a < b == c, a + b .. c + d",
        expect![[r#"
        1: return (== (< a b) c) (.. (+ a b) (+ c d))
    "#]],
    );
    check(
        "return (a + b) * c, ((f()))",
        expect![[r#"
        1: return (* (paren (+ a b)) c) (paren (paren (call f)))
    "#]],
    );
}

#[test]
fn suffixes() {
    check(
        "return a.b[c](d):e(f)'g'{h}.i",
        expect![[r#"
        1: return (index (call (call (method (call (index (index a "b") c) d) e f) "g") {h}) "i")
    "#]],
    );
    check(
        "f() f'x' f{} a.b() a:b() (f)() (f or g).x()",
        expect![[r#"
        1: (call f)
        1: (call f "x")
        1: (call f {})
        1: (call (index a "b"))
        1: (call (index (call (call (call (method a b) f)) (or f g)) "x"))
    "#]],
    );
    check(
        "return f{1}, f'x', f[[y]], f(...)",
        expect![[r#"
        1: return (call f {1}) (call f "x") (call f "y") (call f ...)
    "#]],
    );
}

#[test]
fn literals() {
    check(
        "return nil, true, false, ..., 1, .5, 3e2, 0x1F, 1e400",
        expect![[r#"
            1: return nil true false ... 1 0.5 300 31 inf
        "#]],
    );
    check(
        r#"return 'a"b', "a'b", '\a\b\f\n\r\t\v\\\'\"\q'"#,
        expect![[r#"
            1: return "a\"b" "a\'b" "\x07\x08\x0c\n\r\t\x0b\\\'\"q"
        "#]],
    );
    check(
        r"return '\65\066\0\255\1234'",
        expect![[r#"
        1: return "AB\x00\xff{4"
    "#]],
    );
    check(
        "return 'a\\\nb', 'a\\\r\nb'",
        expect![[r#"
        1: return "a\nb" "a\nb"
    "#]],
    );
    check(
        "return [[\nx\n]], [==[]]]=]]==], [[\r\n\r\n\n\r]]",
        expect![[r#"
            1: return "x\n" "]]]=]" "\n\n"
        "#]],
    );
}

#[test]
fn tables() {
    check(
        "return {}, {1}, {1,}, {x = 1; [2] = 3, f, f()}",
        expect![[r#"
        1: return {} {1} {1} {["x"]=1 [2]=3 f (call f)}
    "#]],
    );
    check(
        "return {x, x == y, x.y, {x = {}}}",
        expect![[r#"
        1: return {x (== x y) (index x "y") {["x"]={}}}
    "#]],
    );
    check(
        "return {f\n(x)}",
        expect![[r#"
        1: return {(call f x)}
    "#]],
    );
}

#[test]
fn assignments_and_locals() {
    check(
        "a, b.c, d[1] = 1, f()",
        expect![[r#"
        1: set a (index b "c") (index d 1) = 1 (call f)
    "#]],
    );
    check(
        "local a\nlocal b, c = 1\nlocal d = a, b",
        expect![[r#"
        1: local a =
        2: local b c = 1
        3: local d = a b
    "#]],
    );
}

#[test]
fn functions() {
    check(
        "function f() end function a.b.c(x) end function a:b(x, ...) end",
        expect![[r#"
            1: f = function ()
            1: end
            1: (index (index a "b") "c") = function (x)
            1: end
            1: (index a "b") = function (self x ...)
            1: end
        "#]],
    );
    check(
        "local function f(a, b, ...)\n  return ...\nend",
        expect![[r#"
        1: local rec f = function (uses ...) (a b ...)
        2:   return ...
        3: end
    "#]],
    );
    check(
        "x = function(...) local function g() end return g, ... end",
        expect![[r#"
            1: set x = (function (uses ...) (...)
            1:   local rec g = function ()
            1:   end
            1:   return g ...
            1: end)
        "#]],
    );
}

#[test]
fn control() {
    check(
        "do local x end do end",
        expect![[r#"
        1: do
        1:   local x =
        1: do
    "#]],
    );
    check(
        "while a do b() break end",
        expect![[r#"
        1: while a
        1:   (call b)
        1:   break
    "#]],
    );
    check(
        "repeat local x = f()\nuntil\nx",
        expect![[r#"
        1: repeat
        1:   local x = (call f)
        2: until x
    "#]],
    );
    check(
        "if a then b() end\nif a then\nelseif b then c()\nelse d()\nend",
        expect![[r#"
            1: if a
            1:   (call b)
            2: if a
            3: elseif b
            3:   (call c)
            4: else
            4:   (call d)
        "#]],
    );
    check(
        "for i = 1, 2 do end for i = a, b, c do break end",
        expect![[r#"
            1: for i = 1 2
            1: for i = a b c
            1:   break
        "#]],
    );
    check(
        "for k, v in pairs(t) do f(k) end for x in a, b, c do end",
        expect![[r#"
            1: for k v in (call pairs t)
            1:   (call f k)
            1: for x in a b c
        "#]],
    );
    check(
        "return",
        expect![[r#"
        1: return
    "#]],
    );
    check(
        "return;",
        expect![[r#"
        1: return
    "#]],
    );
}

#[test]
fn statements_side_by_side() {
    check(
        "x = nil (f)()",
        expect![[r#"
        1: set x = nil
        1: (call (paren f))
    "#]],
    );
    check(
        "x = {} (f)()",
        expect![[r#"
        1: set x = {}
        1: (call (paren f))
    "#]],
    );
    check(
        "x = 'a' (f)()",
        expect![[r#"
        1: set x = "a"
        1: (call (paren f))
    "#]],
    );
    check(
        "local x (f)()",
        expect![[r#"
        1: local x =
        1: (call (paren f))
    "#]],
    );
    check(
        "x = y (f)()",
        expect![[r#"
        1: set x = (call (call y f))
    "#]],
    );
    check(
        "f() (g)()",
        expect![[r#"
        1: (call (call (call f) g))
    "#]],
    );
    check(
        "f(); (g)()",
        expect![[r#"
        1: (call f)
        1: (call (paren g))
    "#]],
    );
    check(
        "x = function() end (f)() x = 1",
        expect![[r#"
        1: set x = (function ()
        1: end)
        1: (call (paren f))
        1: set x = 1
    "#]],
    );
    check(
        "do end (f).x = 1; (g).y, z = f, 2 a = b",
        expect![[r#"
        1: do
        1: set (index (paren f) "x") = 1
        1: set (index (paren g) "y") z = f 2
        1: set a = b
    "#]],
    );
}

#[test]
fn an_empty_chunk() {
    check("", expect![]);
    check(" -- nothing", expect![]);
}
