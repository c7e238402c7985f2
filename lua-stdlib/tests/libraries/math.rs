//! The `math` library, script in and output out.

use super::check;
use expect_test::expect;

#[test]
fn functions() {
    check(
        r##"
print(math.abs(-3), math.ceil(1.2), math.floor(-1.2), math.max(1, 3, 2), math.min(3, 1, 2))
print(math.sqrt(16), math.pow(2, 10), math.exp(0), math.log(1), math.log10(1000), math.fmod(-5, 3))
print(math.sin(1), math.cos(1), math.tan(1), math.asin(1), math.acos(0), math.atan(1), math.atan2(1, -1))
print(math.sinh(1), math.cosh(1), math.tanh(1), math.deg(math.pi), math.rad(180), math.huge)
print(math.modf(3.7), math.modf(-3.7), math.modf(1/0), math.modf(-1/0))
print(math.frexp(8), math.frexp(0), math.frexp(-0.3), math.ldexp(0.5, 4), math.ldexp(1, -1074))
print(math.mod(7, 4), pcall(math.floor, "x"), pcall(math.max), pcall(math.pow, 1))
print(math.floor("2.7"), math.max("10", 9))
"##,
        expect![[r#"
            3	2	-2	3	1
            4	1024	1	0	3	-2
            0.8414709848079	0.54030230586814	1.5574077246549	1.5707963267949	1.5707963267949	0.78539816339745	2.3561944901923
            1.1752011936438	1.5430806348152	0.76159415595576	180	3.1415926535898	inf
            3	-3	inf	-inf	-0
            0.5	0	-0.6	8	4.9406564584125e-324
            3	false	false	false	bad argument #2 to '?' (number expected, got no value)
            2	10
        "#]],
    );
}

#[test]
fn random_arguments() {
    check(
        r##"
math.randomseed(42)
local r = math.random()
print(r >= 0 and r < 1, math.random(1), math.random(3, 3))
math.randomseed(7) local a = {math.random(100), math.random(100)}
math.randomseed(7) local b = {math.random(100), math.random(100)}
print(a[1] == b[1], a[2] == b[2])
print(pcall(math.random, 0))
print(pcall(math.random, 2, 1))
print(pcall(math.random, 1, 2, 3))
"##,
        expect![[r#"
            true	1	3
            true	true
            false	bad argument #1 to '?' (interval is empty)
            false	bad argument #2 to '?' (interval is empty)
            false	wrong number of arguments
        "#]],
    );
}
