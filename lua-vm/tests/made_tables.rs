//! Tables that are made with their contents: nothing tells them from tables that have been
//! filled by assignments, neither `next` nor what becomes of them afterwards.

use lua_vm::{CallCx, ErrorKind, LuaError, StringHash, Table, Value, Vm, VmConfig};

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % end
    }

    /// A short name, which may come again.
    fn name(&mut self) -> String {
        (0..self.below(4))
            .map(|_| (b'a' + self.below(8) as u8) as char)
            .collect()
    }
}

/// The entries in the order of `next`.
fn entries(table: Table<'_>) -> String {
    let text = |value: Value<'_>| match value {
        Value::String(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        value => format!("{value:?}"),
    };
    table
        .pairs()
        .map(|(key, value)| format!("{}={}\n", text(key), text(value)))
        .collect()
}

fn filled<'c>(
    cx: &'c CallCx<'_>,
    entries: &[(Value<'c>, Value<'c>)],
) -> Result<Table<'c>, LuaError> {
    let table = cx.new_table(0, 0)?;
    for &(key, value) in entries {
        table.set(key, value)?;
    }
    Ok(table)
}

/// Compares the two ways to make a table of entries, and what more keys do to it.
#[track_caller]
fn check<'c>(cx: &'c CallCx<'_>, fields: &[(Value<'c>, Value<'c>)]) -> Result<(), LuaError> {
    let (made, expected) = (cx.new_table_of(fields)?, filled(cx, fields)?);
    assert_eq!(entries(made), entries(expected));
    assert_eq!(made.slot_count(), expected.slot_count());
    for &(key, _) in fields {
        assert!(made.get(key).raw_equals(expected.get(key)));
    }
    for i in 0..40 {
        let key = Value::String(cx.new_string(format!("more {i}").as_bytes())?);
        made.set(key, Value::Number(f64::from(i)))?;
        expected.set(key, Value::Number(f64::from(i)))?;
        assert_eq!(entries(made), entries(expected));
        assert!(made.get(key).raw_equals(expected.get(key)));
    }
    for &(key, _) in fields {
        assert!(made.get(key).raw_equals(expected.get(key)));
    }
    Ok(())
}

#[test]
fn fields_are_where_assignments_put_them() {
    for string_hash in [
        StringHash::Sampled,
        StringHash::EveryByte,
        StringHash::Murmur,
    ] {
        let mut vm = Vm::new(VmConfig {
            string_hash,
            ..VmConfig::default()
        });
        let mut random = Random(7);
        for count in (0..40).chain(0..12).chain(0..12) {
            let names: Vec<_> = (0..count).map(|_| random.name()).collect();
            let numbered: Vec<_> = (0..count).map(|i| format!("field{i}")).collect();
            vm.enter(|cx| {
                let cx = &*cx;
                for names in [&names, &numbered] {
                    let mut fields = Vec::new();
                    for (name, i) in names.iter().zip(0..) {
                        let name = Value::String(cx.new_string(name.as_bytes())?);
                        fields.push((name, Value::Number(f64::from(i))));
                    }
                    check(cx, &fields)?;
                }
                Ok(())
            })
            .unwrap();
            vm.collect().unwrap();
        }
    }
}

#[test]
fn any_keys_and_values_do() {
    let mut vm = Vm::new(VmConfig::default());
    vm.enter(|cx| {
        let cx = &*cx;
        let name = |text: &str| cx.new_string(text.as_bytes()).map(Value::String);
        let (a, b, long) = (name("a")?, name("b")?, name(&"long".repeat(20))?);
        let (one, yes) = (Value::Number(1.0), Value::Boolean(true));
        check(cx, &[(a, one), (long, yes), (b, a)])?;
        check(cx, &[(one, a), (a, b), (Value::Number(2.0), a)])?;
        check(cx, &[(a, one), (b, yes), (a, yes)])?;
        check(cx, &[(a, one), (b, Value::Nil)])?;
        check(cx, &[(a, Value::Nil), (a, one)])?;
        check(cx, &[(yes, one), (a, Value::LightUserdata(usize::MAX))])?;
        check(cx, &[(a, Value::Table(cx.globals()))])
    })
    .unwrap();
    for key in [Value::Nil, Value::Number(f64::NAN)] {
        let made = vm.enter(|cx| cx.new_table_of(&[(key, Value::Boolean(true))]).map(|_| ()));
        assert_eq!(made.unwrap_err().kind(), ErrorKind::Throw);
    }
}

#[test]
fn lists_are_what_assignments_make_them() {
    let mut vm = Vm::new(VmConfig::default());
    vm.enter(|cx| {
        for count in 0..70 {
            for hole in 0..=count {
                let value = |i| match i == hole {
                    true => Value::Nil,
                    false => Value::Number(f64::from(i)),
                };
                let values: Vec<_> = (0..count).map(value).collect();
                let made = cx.new_list(&values)?;
                let expected = cx.new_table(0, 0)?;
                for (index, &value) in (1..).zip(&values) {
                    expected.set_index(index, value)?;
                }
                assert_eq!(entries(made), entries(expected));
                assert_eq!(made.slot_count(), expected.slot_count());
                assert_eq!(made.len(), expected.len());
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn values_of_another_vm_are_refused() {
    let (mut one, mut other) = (Vm::new(VmConfig::default()), Vm::new(VmConfig::default()));
    let refused = one.enter(|cx| {
        let key = cx.new_string(b"key")?;
        let value = cx.new_table(0, 0)?;
        other.enter(|other| {
            let own = Value::String(other.new_string(b"own")?);
            let foreign = [Value::String(key), Value::Table(value)];
            let mut kinds = Vec::new();
            for foreign in foreign {
                kinds.push(other.new_table_of(&[(own, foreign)]).is_err());
                kinds.push(other.new_table_of(&[(foreign, own)]).is_err());
                kinds.push(other.new_list(&[own, foreign]).is_err());
            }
            Ok(kinds)
        })
    });
    assert_eq!(refused.unwrap(), [true; 6]);
}
