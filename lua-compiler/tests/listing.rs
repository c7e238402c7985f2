//! Programs and the code they become.

use expect_test::{Expect, expect};
use lua_compiler::{disasm, load};

#[track_caller]
fn check(source: &str, expected: Expect) {
    let root = load(source.as_bytes(), b"=test").unwrap();
    expected.assert_eq(&disasm::listing(root.proto()));
}

#[test]
fn locals_and_lists() {
    check(
        "local a, b, c = 1\n\
         local d, e = f()\n\
         a, b = b, a",
        expect![[r#"
            main <test:0,0> (9 words)
            0+ params, 6 slots, 0 upvalues, 2 constants, 0 functions
                0 [1] LoadK      R0 K0 ; 1
                1 [1] LoadNil    R1 2
                2 [2] GetGlobal  R3 K1 ; "f"
                4 [2] Call       R3 0 2
                5 [3] Move       R5 R1
                6 [3] Move       R1 R0
                7 [3] Move       R0 R5
                8 [3] Return0
            local R0 a 2..8
            local R1 b 2..8
            local R2 c 2..8
            local R3 d 5..8
            local R4 e 5..8
        "#]],
    );
    check(
        "local a = f(), g()\n\
         local b, c = ..., ...\n\
         x, y = ...",
        expect![[r#"
            main <test:0,0> (14 words)
            0+ params, 5 slots, 0 upvalues, 4 constants, 0 functions
                0 [1] GetGlobal  R0 K0 ; "f"
                2 [1] Call       R0 0 1
                3 [1] GetGlobal  R1 K1 ; "g"
                5 [1] Call       R1 0 0
                6 [2] Vararg     R1 2
                7 [2] Vararg     R2 2
                8 [3] Vararg     R3 3
                9 [3] SetGlobal  R4 K3 ; "y"
               11 [3] SetGlobal  R3 K2 ; "x"
               13 [3] Return0
            local R0 a 6..13
            local R1 b 8..13
            local R2 c 8..13
        "#]],
    );
}

#[test]
fn conflicting_targets() {
    check(
        "local i, t\n\
         i, t[i], t.x = 1, 2, 3",
        expect![[r#"
            main <test:0,0> (8 words)
            0+ params, 4 slots, 0 upvalues, 4 constants, 0 functions
                0 [2] LoadNil    R0 2
                1 [2] LoadK      R2 K1 ; 1
                2 [2] LoadK      R3 K2 ; 2
                3 [2] SetFieldK  R1 K3 K0 ; 3 "x"
                5 [2] SetIndex   R1 R0 R3
                6 [2] Move       R0 R2
                7 [2] Return0
            local R0 i 1..7
            local R1 t 1..7
        "#]],
    );
}

#[test]
fn constants() {
    check(
        "local a = 0\n\
         a = -0\n\
         a = 1 + 2 * 3\n\
         a = 1 / 0\n\
         a = 2 ^ 53\n\
         a = -(-1)\n\
         a = 'x' + 1\n\
         a = 1 - a\n\
         a = a % 0",
        expect![[r#"
            main <test:0,0> (12 words)
            0+ params, 2 slots, 0 upvalues, 5 constants, 0 functions
                0 [1] LoadK      R0 K0 ; 0
                1 [2] LoadK      R0 K0 ; 0
                2 [3] LoadK      R0 K1 ; 7
                3 [4] LoadK      R1 K2 ; 1
                4 [4] DivRK      R0 R1 K0 ; 0
                5 [5] LoadK      R0 K3 ; 9007199254740992
                6 [6] LoadK      R0 K2 ; 1
                7 [7] LoadK      R1 K4 ; "x"
                8 [7] AddRK      R0 R1 K2 ; 1
                9 [8] SubKR      R0 K2 R0 ; 1
               10 [9] ModRK      R0 R0 K0 ; 0
               11 [9] Return0
            local R0 a 1..11
        "#]],
    );
}

#[test]
fn conditions() {
    check(
        "if a < b and not c then d() elseif a ~= 'x' or b == nil then e() else f() end",
        expect![[r#"
            main <test:0,0> (30 words)
            0+ params, 2 slots, 0 upvalues, 8 constants, 0 functions
                0 [1] GetGlobal  R0 K0 ; "a"
                2 [1] GetGlobal  R1 K1 ; "b"
                4 [1] JmpNltRR   R0 R1 ->14
                6 [1] GetGlobal  R0 K2 ; "c"
                8 [1] JmpT       R0 ->14
               10 [1] GetGlobal  R0 K3 ; "d"
               12 [1] Call       R0 0 0
               13 [1] Jmp        ->29
               14 [1] GetGlobal  R0 K0 ; "a"
               16 [1] JmpNeS     R0 K4 ->22 ; "x"
               18 [1] GetGlobal  R0 K1 ; "b"
               20 [1] JmpNeP     R0 K5 ->26 ; nil
               22 [1] GetGlobal  R0 K6 ; "e"
               24 [1] Call       R0 0 0
               25 [1] Jmp        ->29
               26 [1] GetGlobal  R0 K7 ; "f"
               28 [1] Call       R0 0 0
               29 [1] Return0
        "#]],
    );
    check(
        "local x = a > 1 and b or 2 <= c\n\
         local y = not (x == y)\n\
         return x and y, not x",
        expect![[r#"
            main <test:0,0> (28 words)
            0+ params, 4 slots, 0 upvalues, 6 constants, 0 functions
                0 [1] GetGlobal  R0 K0 ; "a"
                2 [1] JmpNltKR   K1 R0 ->8 ; 1
                4 [1] GetGlobal  R0 K2 ; "b"
                6 [1] JmpT       R0 ->15
                8 [1] GetGlobal  R0 K3 ; "c"
               10 [1] JmpLeKR    K4 R0 ->14 ; 2
               12 [1] LoadFalse  R0
               13 [1] Jmp        ->15
               14 [1] LoadTrue   R0
               15 [2] GetGlobal  R1 K5 ; "y"
               17 [2] JmpNe      R0 R1 ->21
               19 [2] LoadFalse  R1
               20 [2] Jmp        ->22
               21 [2] LoadTrue   R1
               22 [3] JmpFSet    R2 R0 ->25
               24 [3] Move       R2 R1
               25 [3] Not        R3 R0
               26 [3] Return     R2 3
               27 [3] Return0
            local R0 x 15..27
            local R1 y 22..27
        "#]],
    );
}

#[test]
fn value_of_and_or() {
    check(
        "local a, b\n\
         local c = a and b\n\
         local d = a or false\n\
         local e = nil and a\n\
         f(a and 1 or 2)",
        expect![[r#"
            main <test:0,0> (21 words)
            0+ params, 7 slots, 0 upvalues, 3 constants, 0 functions
                0 [2] LoadNil    R0 2
                1 [2] JmpFSet    R2 R0 ->4
                3 [2] Move       R2 R1
                4 [3] JmpTSet    R3 R0 ->7
                6 [3] LoadFalse  R3
                7 [4] LoadNil    R4 1
                8 [4] JmpF       R4 ->11
               10 [4] Move       R4 R0
               11 [5] GetGlobal  R5 K0 ; "f"
               13 [5] JmpF       R0 ->18
               15 [5] LoadK      R6 K1 ; 1
               16 [5] JmpT       R6 ->19
               18 [5] LoadK      R6 K2 ; 2
               19 [5] Call       R5 1 0
               20 [5] Return0
            local R0 a 1..20
            local R1 b 1..20
            local R2 c 4..20
            local R3 d 7..20
            local R4 e 11..20
        "#]],
    );
}

#[test]
fn loops() {
    check(
        "while a do if b then break end end\n\
         repeat local x = f() until x\n\
         repeat until true\n\
         for i = 1, 10, 2 do g(i) end\n\
         for k, v in pairs(t) do h(k, v) end",
        expect![[r#"
            main <test:0,0> (44 words)
            0+ params, 8 slots, 0 upvalues, 10 constants, 0 functions
                0 [1] GetGlobal  R0 K0 ; "a"
                2 [1] JmpF       R0 ->10
                4 [1] GetGlobal  R0 K1 ; "b"
                6 [1] JmpF       R0 ->9
                8 [1] Jmp        ->10
                9 [1] Loop       ->0
               10 [2] GetGlobal  R0 K2 ; "f"
               12 [2] Call       R0 0 1
               13 [2] JmpT       R0 ->16
               15 [2] Loop       ->10
               16 [4] LoadK      R0 K3 ; 1
               17 [4] LoadK      R1 K4 ; 10
               18 [4] LoadK      R2 K5 ; 2
               19 [4] ForPrep    R0 ->27
               21 [4] GetGlobal  R4 K6 ; "g"
               23 [4] Move       R5 R3
               24 [4] Call       R4 1 0
               25 [4] ForLoop    R0 ->21
               27 [5] GetGlobal  R0 K7 ; "pairs"
               29 [5] GetGlobal  R1 K8 ; "t"
               31 [5] Call       R0 1 3
               32 [5] Jmp        ->38
               33 [5] GetGlobal  R5 K9 ; "h"
               35 [5] Move       R6 R3
               36 [5] Move       R7 R4
               37 [5] Call       R5 2 0
               38 [5] TForCall   R0 2 ->33
               40 [5] Call       R3 2 2
               41 [5] TForLoop   R0 ->33
               43 [5] Return0
            local R0 x 13..15
            local R0 (for index) 19..27
            local R1 (for limit) 19..27
            local R2 (for step) 19..27
            local R3 i 21..25
            local R0 (for generator) 32..43
            local R1 (for state) 32..43
            local R2 (for control) 32..43
            local R3 k 33..38
            local R4 v 33..38
        "#]],
    );
}

#[test]
fn captured_locals() {
    check(
        "for i = 1, 3 do\n\
         local f = function() return i end\n\
         if f() then break end\n\
         end\n\
         repeat local x; g(function() x = 1 end) until x\n\
         local up\n\
         local function rec() up = rec return rec() end\n\
         return rec",
        expect![[r#"
            main <test:0,0> (30 words)
            0+ params, 6 slots, 0 upvalues, 3 constants, 3 functions
                0 [1] LoadK      R0 K0 ; 1
                1 [1] LoadK      R1 K1 ; 3
                2 [1] LoadK      R2 K0 ; 1
                3 [1] ForPrep    R0 ->15
                5 [2] Closure    R4 P0
                6 [3] Move       R5 R4
                7 [3] Call       R5 0 1
                8 [3] JmpF       R5 ->12
               10 [3] Close      R0
               11 [3] Jmp        ->15
               12 [3] Close      R3
               13 [1] ForLoop    R0 ->5
               15 [5] LoadNil    R0 1
               16 [5] GetGlobal  R1 K2 ; "g"
               18 [5] Closure    R2 P1
               19 [5] Call       R1 1 0
               20 [5] JmpF       R0 ->24
               22 [5] Close      R0
               23 [5] Jmp        ->26
               24 [5] Close      R0
               25 [5] Loop       ->15
               26 [6] LoadNil    R0 1
               27 [7] Closure    R1 P2
               28 [8] ReturnC    R1 2
               29 [8] ReturnC    R0 1
            local R0 (for index) 3..15
            local R1 (for limit) 3..15
            local R2 (for step) 3..15
            local R3 i 5..12
            local R4 f 6..12
            local R0 x 16..24
            local R0 up 27..29
            local R1 rec 28..29

            function <test:2,2> (3 words)
            0 params, 2 slots, 1 upvalues, 0 constants, 0 functions
                0 [2] GetUpval   R0 U0 ; i
                1 [2] Return1    R0
                2 [2] Return0
            upvalue U0 i = outer R3

            function <test:5,5> (3 words)
            0 params, 2 slots, 1 upvalues, 1 constants, 0 functions
                0 [5] LoadK      R0 K0 ; 1
                1 [5] SetUpval   R0 U0 ; x
                2 [5] Return0
            upvalue U0 x = outer R0

            function <test:7,7> (6 words)
            0 params, 2 slots, 2 upvalues, 0 constants, 0 functions
                0 [7] GetUpval   R0 U1 ; rec
                1 [7] SetUpval   R0 U0 ; up
                2 [7] GetUpval   R0 U1 ; rec
                3 [7] TailCall   R0 1
                4 [7] Return     R0 0
                5 [7] Return0
            upvalue U0 up = outer R0
            upvalue U1 rec = outer R1
        "#]],
    );
}

#[test]
fn calls() {
    check(
        "f()\n\
         f(g())\n\
         f(1, ...)\n\
         o:m(1)\n\
         o.a.b 'x'\n\
         local x, y = f(), o:m(...)\n\
         return f(x, g(y))",
        expect![[r#"
            main <test:0,0> (47 words)
            0+ params, 6 slots, 0 upvalues, 8 constants, 0 functions
                0 [1] GetGlobal  R0 K0 ; "f"
                2 [1] Call       R0 0 0
                3 [2] GetGlobal  R0 K0 ; "f"
                5 [2] GetGlobal  R1 K1 ; "g"
                7 [2] CallV      R1 1 0
                8 [2] CallV      R0 0 1
                9 [3] GetGlobal  R0 K0 ; "f"
               11 [3] LoadK      R1 K2 ; 1
               12 [3] Vararg     R2 0
               13 [3] CallV      R0 0 1
               14 [4] GetGlobal  R0 K3 ; "o"
               16 [4] Self_      R0 R0 K4 ; "m"
               18 [4] LoadK      R2 K2 ; 1
               19 [4] Call       R0 2 0
               20 [5] GetGlobal  R0 K3 ; "o"
               22 [5] GetField   R0 R0 K5 ; "a"
               24 [5] GetField   R0 R0 K6 ; "b"
               26 [5] LoadK      R1 K7 ; "x"
               27 [5] Call       R0 1 0
               28 [6] GetGlobal  R0 K0 ; "f"
               30 [6] Call       R0 0 1
               31 [6] GetGlobal  R1 K3 ; "o"
               33 [6] Self_      R1 R1 K4 ; "m"
               35 [6] Vararg     R3 0
               36 [6] CallV      R1 0 2
               37 [7] GetGlobal  R2 K0 ; "f"
               39 [7] Move       R3 R0
               40 [7] GetGlobal  R4 K1 ; "g"
               42 [7] Move       R5 R1
               43 [7] CallV      R4 2 0
               44 [7] TailCall   R2 0
               45 [7] Return     R2 0
               46 [7] Return0
            local R0 x 37..46
            local R1 y 37..46
        "#]],
    );
}

#[test]
fn tables() {
    check(
        "local t = {1, 2, f(), x = 1, y = {}, z = nil}\n\
         t = {x = 1, x = g()}\n\
         t = {[1] = 2, [k] = v, n = true}\n\
         t = {f()}\n\
         t = {...; a = 'b'}\n\
         t = {{}, (f())}",
        expect![[r#"
            main <test:0,0> (52 words)
            0+ params, 5 slots, 0 upvalues, 15 constants, 0 functions
                0 [1] DupTable   R0 T0
                1 [1] LoadK      R1 K1 ; 1
                2 [1] LoadK      R2 K6 ; 2
                3 [1] GetGlobal  R3 K7 ; "f"
                5 [1] Call       R3 0 1
                6 [1] NewTable   R4 0 0
                7 [1] SetField   R0 R4 K2 ; "y"
                9 [1] SetList    R0 4 1
               11 [2] NewTable   R1 0 2
               12 [2] SetFieldK  R1 K1 K0 ; 1 "x"
               14 [2] GetGlobal  R2 K8 ; "g"
               16 [2] Call       R2 0 1
               17 [2] SetField   R1 R2 K0 ; "x"
               19 [2] Move       R0 R1
               20 [3] NewTable   R1 0 3
               21 [3] LoadK      R2 K6 ; 2
               22 [3] SetInt     R1 R2 1
               23 [3] GetGlobal  R2 K9 ; "k"
               25 [3] GetGlobal  R3 K10 ; "v"
               27 [3] SetIndex   R1 R2 R3
               28 [3] SetFieldK  R1 K12 K11 ; true "n"
               30 [3] Move       R0 R1
               31 [4] NewTable   R1 0 0
               32 [4] GetGlobal  R2 K7 ; "f"
               34 [4] CallV      R2 1 0
               35 [4] SetList    R1 0 1
               37 [4] Move       R0 R1
               38 [5] DupTable   R1 T1
               39 [5] Vararg     R2 2
               40 [5] SetList    R1 2 1
               42 [5] Move       R0 R1
               43 [6] NewTable   R1 2 0
               44 [6] NewTable   R2 0 0
               45 [6] GetGlobal  R3 K7 ; "f"
               47 [6] Call       R3 0 1
               48 [6] SetList    R1 3 1
               50 [6] Move       R0 R1
               51 [6] Return0
            template T0 array 3 hash 3: "x"=1 "y"=false "z"=nil
            template T1 array 1 hash 1: "a"="b"
            local R0 t 11..51
        "#]],
    );
}

#[test]
fn indexing() {
    check(
        "local t, k\n\
         t.x, t[1], t[256], t[k], t[true] = k, k, k, nil, 'v'\n\
         k = t.x[1][0][k]\n\
         t[1] = 2\n\
         t.x = nil",
        expect![[r#"
            main <test:0,0> (25 words)
            0+ params, 8 slots, 0 upvalues, 6 constants, 0 functions
                0 [2] LoadNil    R0 2
                1 [2] LoadK      R2 K1 ; 256
                2 [2] LoadTrue   R3
                3 [2] Move       R4 R1
                4 [2] Move       R5 R1
                5 [2] Move       R6 R1
                6 [2] LoadNil    R7 1
                7 [2] SetIndexK  R0 R3 K2 ; "v"
                9 [2] SetIndex   R0 R1 R7
               10 [2] SetIndex   R0 R2 R6
               11 [2] SetInt     R0 R5 1
               12 [2] SetField   R0 R4 K0 ; "x"
               14 [3] GetField   R2 R0 K0 ; "x"
               16 [3] GetInt     R2 R2 1
               17 [3] LoadK      R3 K3 ; 0
               18 [3] GetIndex   R2 R2 R3
               19 [3] GetIndex   R1 R2 R1
               20 [4] LoadK      R2 K4 ; 2
               21 [4] SetInt     R0 R2 1
               22 [5] SetFieldK  R0 K5 K0 ; nil "x"
               24 [5] Return0
            local R0 t 1..24
            local R1 k 1..24
        "#]],
    );
}

#[test]
fn functions() {
    check(
        "function a.b.c:m(x) return self, x end\n\
         function g(...) return arg.n end\n\
         function h(a, ...) return select('#', ...) end",
        expect![[r##"
            main <test:0,0> (16 words)
            0+ params, 2 slots, 0 upvalues, 6 constants, 3 functions
                0 [1] GetGlobal  R0 K0 ; "a"
                2 [1] GetField   R0 R0 K1 ; "b"
                4 [1] GetField   R0 R0 K2 ; "c"
                6 [1] Closure    R1 P0
                7 [1] SetField   R0 R1 K3 ; "m"
                9 [2] Closure    R0 P1
               10 [2] SetGlobal  R0 K4 ; "g"
               12 [3] Closure    R0 P2
               13 [3] SetGlobal  R0 K5 ; "h"
               15 [3] Return0

            function <test:1,1> (4 words)
            2 params, 4 slots, 0 upvalues, 0 constants, 0 functions
                0 [1] Move       R2 R0
                1 [1] Move       R3 R1
                2 [1] Return     R2 3
                3 [1] Return0
            local R0 self 0..3
            local R1 x 0..3

            function <test:2,2> (5 words)
            0+ params, 2 slots, 0 upvalues, 1 constants, 0 functions
                0 [2] VarargTable R0
                1 [2] GetField   R1 R0 K0 ; "n"
                3 [2] Return1    R1
                4 [2] Return0
            local R0 arg 0..4

            function <test:3,3> (8 words)
            1+ params, 5 slots, 0 upvalues, 2 constants, 0 functions
                0 [3] LoadNil    R1 1
                1 [3] GetGlobal  R2 K0 ; "select"
                3 [3] LoadK      R3 K1 ; "#"
                4 [3] Vararg     R4 0
                5 [3] TailCall   R2 0
                6 [3] Return     R2 0
                7 [3] Return0
            local R0 a 0..7
            local R1 arg 0..7
        "##]],
    );
}

#[test]
fn concatenation() {
    check(
        "local a\n\
         local b = a .. 'x' .. 1 .. f()\n\
         b = (a .. b) .. a\n\
         b = a .. (b .. a)",
        expect![[r#"
            main <test:0,0> (18 words)
            0+ params, 5 slots, 0 upvalues, 3 constants, 0 functions
                0 [2] LoadNil    R0 1
                1 [2] Move       R1 R0
                2 [2] LoadK      R2 K0 ; "x"
                3 [2] LoadK      R3 K1 ; 1
                4 [2] GetGlobal  R4 K2 ; "f"
                6 [2] Call       R4 0 1
                7 [2] Concat     R1 R1 4
                8 [3] Move       R2 R0
                9 [3] Move       R3 R1
               10 [3] Concat     R2 R2 2
               11 [3] Move       R3 R0
               12 [3] Concat     R1 R2 2
               13 [4] Move       R2 R0
               14 [4] Move       R3 R1
               15 [4] Move       R4 R0
               16 [4] Concat     R1 R2 3
               17 [4] Return0
            local R0 a 1..17
            local R1 b 8..17
        "#]],
    );
}
