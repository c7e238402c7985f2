//! Conversions, both ways and at their limits.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use lua_vm::{FunctionRoot, IntoLua, Lua, TableRoot, Variadic};

use super::{check, vms};

/// What a value is in Lua, and what becomes of it on the way back.
#[track_caller]
fn round_trip<T>(value: T, lua: &str)
where
    T: IntoLua + lua_vm::FromLuaOwned + Clone + PartialEq + std::fmt::Debug,
{
    for mut vm in vms() {
        vm.set_global("x", value.clone()).unwrap();
        check::<bool>(&mut vm, lua, "true");
        assert_eq!(vm.global::<T>("x").unwrap(), value);
    }
}

#[test]
fn values_survive_the_round_trip() {
    round_trip(true, "x == true");
    round_trip(-1_i8, "x == -1");
    round_trip(255_u8, "x == 255");
    round_trip(i32::MIN, "x == -2147483648");
    round_trip(1_u64 << 53, "x == 2 ^ 53");
    round_trip(i64::MIN, "x == -2 ^ 63");
    round_trip(1.5_f32, "x == 1.5");
    round_trip(f64::INFINITY, "x == 1 / 0");
    round_trip(String::from("é"), "x == '\\195\\169'");
    round_trip(vec![0_u8, 255], "x == '\\0\\255'");
    round_trip(Some(5), "x == 5");
    round_trip(None::<i32>, "x == nil");
    round_trip(vec![1, 2, 3], "#x == 3 and x[3] == 3");
    round_trip([1.0, 2.0], "#x == 2 and x[1] == 1");
    round_trip(vec![vec![String::from("a")]], "x[1][1] == 'a'");
    round_trip(BTreeMap::from([(String::from("k"), 1)]), "x.k == 1");
    round_trip(HashMap::from([(1_i32, vec![2_i32])]), "x[1][1] == 2");
    round_trip(BTreeSet::from([String::from("k")]), "x.k == true");
}

#[test]
fn other_forms_of_strings_and_lists() {
    for mut vm in vms() {
        let text = String::from("text");
        vm.set_global("a", &text).unwrap();
        vm.set_global("b", text.as_str()).unwrap();
        vm.set_global("c", Cow::Borrowed("text")).unwrap();
        vm.set_global("d", b"text").unwrap();
        vm.set_global("e", text.as_bytes()).unwrap();
        check::<bool>(&mut vm, "a == b and b == c and c == d and d == e", "true");
        vm.set_global("list", &[1, 2][..]).unwrap();
        check::<Vec<i32>>(&mut vm, "list", "[1, 2]");
    }
}

#[test]
fn numbers_are_not_rounded_in_silence() {
    for mut vm in vms() {
        let vm = &mut vm;
        check::<i32>(vm, "'12'", "12");
        check::<i32>(vm, "1.5", "error: number has no integer representation");
        check::<i32>(vm, "0 / 0", "error: number has no integer representation");
        check::<i32>(vm, "2 ^ 31", "error: number out of range");
        check::<i64>(vm, "2 ^ 63", "error: number out of range");
        check::<u64>(vm, "2 ^ 64", "error: number out of range");
        check::<u64>(vm, "2 ^ 63", "9223372036854775808");
        check::<u8>(vm, "-1", "error: number out of range");
        check::<f32>(vm, "1e300", "error: number out of range");
        check::<f32>(vm, "1 / 0", "inf");
        let error = vm.set_global("x", (1_i64 << 53) + 1).unwrap_err();
        assert_eq!(error.to_string(), "no number is exactly 9007199254740993");
        let error = vm.set_global("x", u64::MAX).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no number is exactly 18446744073709551615"
        );
    }
}

#[test]
fn wrong_types_are_named() {
    for mut vm in vms() {
        let vm = &mut vm;
        check::<f64>(vm, "nil", "error: number expected, got nil");
        check::<String>(vm, "{}", "error: string expected, got table");
        check::<String>(vm, "'\\255'", "error: string is not valid UTF-8");
        check::<Vec<u8>>(vm, "{1}", "error: string expected, got table");
        check::<Vec<f64>>(
            vm,
            "{1, 'x'}",
            "error: field 2: number expected, got string",
        );
        check::<[f64; 2]>(vm, "{1, 2, 3}", "error: 2 values expected, got 3");
        check::<BTreeMap<String, f64>>(
            vm,
            "{a = true}",
            "error: field 'a': number expected, got boolean",
        );
        check::<BTreeMap<u8, bool>>(
            vm,
            "{[true] = 1}",
            "error: key of field of a boolean key: number expected, got boolean",
        );
        check::<(f64, f64)>(vm, "1, 'x'", "error: value 2: number expected, got string");
        let root = vm.create_root(5).unwrap();
        let error = vm.get::<TableRoot>(&root).unwrap_err();
        assert_eq!(error.to_string(), "table expected, got number");
        check::<bool>(
            vm,
            "print.x",
            "error: t:1: attempt to index global 'print' (a nil value)",
        );
    }
}

#[test]
fn lists_of_values() {
    for mut vm in vms() {
        let vm = &mut vm;
        check::<()>(vm, "1, 2", "()");
        check::<(i32,)>(vm, "1, 2", "(1,)");
        check::<(i32, Option<i32>, bool)>(vm, "1", "(1, None, false)");
        check::<Variadic<i32>>(vm, "1, 2", "Variadic([1, 2])");
        check::<(i32, Variadic<String>)>(vm, "1, 'a', 2", "(1, Variadic([\"a\", \"2\"]))");
        check::<(i32, Variadic<String>)>(vm, "1", "(1, Variadic([]))");
        let f: FunctionRoot = vm.chunk("return ...").into_function().unwrap();
        let back: Variadic<i32> = f.call(vm, Variadic::from_iter(1..=3)).unwrap();
        assert_eq!(*back, [1, 2, 3]);
        let back: (String, i32, i32) = f.call(vm, ("a", Variadic(vec![1, 2]))).unwrap();
        assert_eq!(back, ("a".into(), 1, 2));
    }
}
