//! The `string` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn bytes() {
    check(
        r##"
print(("hello"):byte(), ("hello"):byte(-1), ("hello"):byte(10), ("hello"):byte(2, 4))
print(string.char(72, 105), string.char(), pcall(string.char, 256))
print(pcall(string.char, 65, -1))
print(("hello"):sub(2), ("hello"):sub(-3, -2), ("hello"):sub(0), ("hello"):sub(4, 2) == "")
print(("hello"):sub(-100, 100), ("hello"):sub(2^53), #("\0\0"))
print(("aBc"):upper(), ("aBc"):lower(), ("abc"):reverse(), ("ab"):rep(3), ("x"):rep(-1) == "")
print(pcall(string.rep), pcall(string.sub, "x"))
print(pcall(string.byte, ("x"):rep(1e6), 1, -1))
print((5):rep(3) == nil)
"##,
        expect![[r#"
            104	111	nil	101	108	108
            Hi		false	bad argument #1 to '?' (invalid value)
            false	bad argument #2 to '?' (invalid value)
            ello	ll	hello	true
            hello		2
            ABC	abc	cba	ababab	true
            false	false	bad argument #2 to '?' (number expected, got no value)
            false	stack overflow (string slice too long)
            error: test:10: attempt to index a number value
        "#]],
    );
}

#[test]
fn searching() {
    check(
        r##"
print(("hello world"):find("o w"), ("hello"):find("l"), ("hello"):find("xyz"), ("hello"):find(""))
print(("hello"):find("l", -2), ("hello"):find("", 10), ("a.b"):find(".", 2, true), ("a+b"):find("+", 1, true))
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("2024-01-02"):match("(%d+)-(%d+)-(%d+)"))
print(("hello"):match("()ll()"), ("hello"):match("xyz"), ("  trim  "):match("^%s*(.-)%s*$") .. "|")
print(("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%f[%a]%a+%f[%A]"))
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do io.write(k, v, ";") end print()
for w in ("one two"):gmatch("%a+") do io.write(w, ";") end print()
for p in ("abc"):gmatch("()") do io.write(p, ";") end print()
print(string.gfind == string.gmatch or type(string.gfind))
for _, pattern in ipairs{"%", "[a", "(a", "a)", "%1", "%f", "%b(", ("()"):rep(33)} do
  print(pattern:sub(1, 10), pcall(string.match, "abc", pattern))
end
"##,
        expect![[r#"
            5	3	nil	1	0
            4	6	2	2	2
            key	value
            2024	01	02
            3	nil	trim|
            (a(b)c)	1	3
            a1;b2;
            one;two;
            1;2;3;4;
            true
            %	false	malformed pattern (ends with '%')
            [a	false	malformed pattern (missing ']')
            (a	false	unfinished capture
            a)	false	invalid pattern capture
            %1	false	invalid capture index
            %f	false	missing '[' after '%f' in pattern
            %b(	false	unbalanced pattern
            ()()()()()	false	too many captures
        "#]],
    );
}

#[test]
fn substitution() {
    check(
        r##"
print(("hello world"):gsub("o", "0"))
print(("hello"):gsub("", "-"))
print(("abc"):gsub("%w", "%0%0"))
print(("hello world"):gsub("(%w+) (%w+)", "%2 %1"))
print(("$name is $age"):gsub("%$(%w+)", {name = "Bob", age = 42}))
print(("abc"):gsub("%w", function(c) if c == "b" then return "[" .. c .. "]" end end))
print(("abc"):gsub("b", false and 1 or "%%"))
print(("abc abc"):gsub("abc", "x", 1))
print(("abc"):gsub("^a", "x"), ("aaa"):gsub("^a", "x"))
print(("abc"):gsub("()", "%1"))
print(pcall(string.gsub, "abc", "b", "%2"))
print(pcall(string.gsub, "abc", "b", nil))
print(pcall(string.gsub, "abc", "b", function() return {} end))
print(pcall(string.gsub, "abc", "b", {b = true}))
print(pcall(string.gsub, "abc", "(b", "%1"))
print((("abc"):gsub("b", "%")):byte(1, -1))
print(("abc"):gsub("%w", setmetatable({}, {__index = function(_, k) return k .. "!" end})))
"##,
        expect![[r#"
            hell0 w0rld	2
            -h-e-l-l-o-	6
            aabbcc	3
            world hello	1
            Bob is 42	2
            a[b]c	3
            a%c	1
            x abc	1
            xbc	xaa	1
            1a2b3c4	4
            false	invalid capture index
            false	bad argument #3 to '?' (string/function/table expected)
            false	invalid replacement value (a table)
            false	invalid replacement value (a boolean)
            false	unfinished capture
            97	0	99
            a!b!c!	3
        "#]],
    );
}

#[test]
fn formatting() {
    check(
        r##"
print(string.format("%d %5d|%-5d|%05d %+d", 1, 2, 3, 4, 5))
print(string.format("%x %X %#x %o %u", 255, 255, 255, 8, 7))
print(string.format("%f %.2f %e %g %G", 1, 2/3, 12345.678, 1e20, 1e-10))
print(string.format("%s %10s|%-10s|%.2s", "a", "b", "c", "defg"))
print(string.format("%q", 'a\n"b"\\\r\0c'))
print(string.format("%c%c %%", 72, 105))
print(string.format("%s %s %s", 1, 2.5, "x"))
print(string.format("%5.1f|%-8.3e|%+g", 3.14159, 1234.5, 7))
print(string.format("%d", "10"), string.format("%s", ("x"):rep(120)) == ("x"):rep(120))
print(string.format("%g %g %g", 1/0, -1/0, 100000000000000))
print(pcall(string.format, "%y", 1))
print(pcall(string.format, "%"))
print(pcall(string.format, "%d"))
print(pcall(string.format, "%d", "x"))
print(pcall(string.format, "%100d", 1))
print(pcall(string.format, "%------d", 1))
print(pcall(string.format, "%s", nil))
print(pcall(string.format))
"##,
        expect![[r#"
            1     2|3    |00004 +5
            ff FF 0xff 10 7
            1.000000 0.67 1.234568e+04 1e+20 1E-10
            a          b|c         |de
            "a\
            \"b\"\\\r\000c"
            Hi %
            1 2.5 x
              3.1|1.234e+03|+7
            10	true
            inf -inf 1e+14
            false	invalid option '%y' to 'format'
            false	bad argument #2 to '?' (no value)
            false	bad argument #2 to '?' (no value)
            false	bad argument #2 to '?' (number expected, got string)
            false	invalid format (width or precision too long)
            false	invalid format (repeated flags)
            false	bad argument #2 to '?' (string expected, got nil)
            false	bad argument #1 to '?' (string expected, got no value)
        "#]],
    );
}

#[test]
fn dumping() {
    check(
        "print(pcall(string.dump, print))",
        expect![[r#"
        false	unable to dump given function
    "#]],
    );
}
