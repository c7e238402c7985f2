//! Values and replies as the debugger shows them.

use lua_vm::{Table, Value, format_number};

use crate::compat::Compat;
use crate::resp::value::{self, read_value, write_quoted};

/// Tables nested deeper are not shown.
const MAX_DEPTH: usize = 10;
/// No text becomes much longer than this: tables that hold each other would fill the
/// memory.
const MAX_BYTES: usize = 1 << 22;

/// Writes a value of a script.
pub(super) fn write_value(out: &mut Vec<u8>, value: Value<'_>, compat: Compat) {
    write_at(out, value, compat, 0);
}

fn write_at(out: &mut Vec<u8>, value: Value<'_>, compat: Compat, depth: usize) {
    if depth == MAX_DEPTH {
        out.extend_from_slice(b"<max recursion level reached! Nested table?>");
        return;
    }
    match value {
        Value::Nil => out.extend_from_slice(b"nil"),
        Value::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Number(number) => write_six_digits(out, number),
        Value::String(text) if compat.is_valkey() => out.extend_from_slice(text.as_bytes()),
        Value::String(text) => write_quoted(out, text.as_bytes()),
        Value::Table(table) => write_table(out, table, compat, depth + 1),
        Value::LightUserdata(0) => out.extend_from_slice(b"\"light-userdata@(nil)\""),
        Value::LightUserdata(_) => write_address(out, "light-userdata", value),
        Value::Function(_) => write_address(out, "function", value),
        Value::Userdata(_) => write_address(out, "userdata", value),
        Value::Thread(_) => write_address(out, "thread", value),
    }
}

fn write_address(out: &mut Vec<u8>, name: &str, value: Value<'_>) {
    let address = value.address().unwrap_or(0);
    out.extend_from_slice(format!("\"{name}@{address:#x}\"").as_bytes());
}

/// A list if the keys come as 1, 2, 3 and so on, otherwise all keys with their values.
fn write_table(out: &mut Vec<u8>, table: Table<'_>, compat: Compat, depth: usize) {
    let mut indexes = 1_u32..;
    let is_list = table.pairs().all(|(key, _)| {
        let index = indexes.next().map(f64::from);
        key.as_number().is_some_and(|key| Some(key) == index)
    });
    out.push(b'{');
    for (at, (key, value)) in table.pairs().enumerate() {
        if out.len() > MAX_BYTES {
            break;
        }
        if at > 0 && !compat.is_valkey() {
            out.extend_from_slice(b"; ");
        }
        if !is_list {
            out.push(b'[');
            write_at(out, key, compat, depth);
            out.extend_from_slice(b"]=");
        }
        write_at(out, value, compat, depth);
        if compat.is_valkey() {
            out.extend_from_slice(b"; ");
        }
    }
    out.push(b'}');
}

/// `%g` of C: six significant digits, without zeros at the end.
fn write_six_digits(out: &mut Vec<u8>, number: f64) {
    const DIGITS: i32 = 6;
    if !number.is_finite() {
        return out.extend_from_slice(format_number(number).as_bytes());
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let text = if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        trim(&format!("{number:.decimals$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.unsigned_abs())
    };
    out.extend_from_slice(text.as_bytes());
}

/// The text of an error that evaluated code has raised.
pub(super) fn error_text(value: Value<'_>) -> Vec<u8> {
    match value {
        Value::Table(table) => match table.get_bytes(b"err") {
            Value::String(text) => text.as_bytes().to_vec(),
            _ => b"unknown error".to_vec(),
        },
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Number(number) => format_number(number).as_bytes().to_vec(),
        Value::Nil => b"nil".to_vec(),
        other => format!("(error object is a {} value)", other.type_name()).into_bytes(),
    }
}

/// An encoded reply in the form in which the debugger shows it.
pub(super) fn reply_text(mut reply: &[u8]) -> Vec<u8> {
    let is_resp3_null = reply.starts_with(b"_");
    let mut out = Vec::new();
    match read_value(&mut reply) {
        Ok(value::Value::Null) if is_resp3_null => out.extend_from_slice(b"(null)"),
        Ok(value) => write_reply(&mut out, &value),
        Err(_) => {}
    }
    out
}

fn write_reply(out: &mut Vec<u8>, value: &value::Value) {
    use value::Value::{
        Array, BigNumber, Boolean, Bulk, Double, Error, Integer, Map, Null, Push, Set, Status,
        Verbatim,
    };
    match value {
        Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Bulk(text) | Verbatim(text) | BigNumber(text) => write_quoted(out, text),
        Status(text) => write_quoted(out, &[b"+", &text[..]].concat()),
        Error(text) => write_quoted(out, &[b"-", &text[..]].concat()),
        Null => out.extend_from_slice(b"NULL"),
        Boolean(true) => out.extend_from_slice(b"#true"),
        Boolean(false) => out.extend_from_slice(b"#false"),
        Double(text) => out.extend_from_slice(&[b"(double) ", &text[..]].concat()),
        Array(parts) | Push(parts) => {
            out.push(b'[');
            write_parts(out, parts);
            out.push(b']');
        }
        Set(parts) => {
            out.extend_from_slice(b"~(");
            write_parts(out, parts);
            out.push(b')');
        }
        Map(pairs) => {
            out.push(b'{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_reply(out, key);
                out.extend_from_slice(b" => ");
                write_reply(out, value);
            }
            out.push(b'}');
        }
    }
}

fn write_parts(out: &mut Vec<u8>, parts: &[value::Value]) {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_reply(out, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: f64, expected: &str) {
        let mut out = Vec::new();
        write_six_digits(&mut out, number);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn numbers() {
        check(1.0, "1");
        check(-0.0, "-0");
        check(0.1, "0.1");
        check(123_456.0, "123456");
        check(1_234_567.0, "1.23457e+06");
        check(999_999.5, "1e+06");
        check(0.000_123_456_7, "0.000123457");
        check(0.000_012_345, "1.2345e-05");
        check(1e100, "1e+100");
        check(-1.5e300, "-1.5e+300");
        check(f64::INFINITY, "inf");
    }

    #[test]
    fn replies() {
        let check = |reply: &str, expected: &str| {
            let text = reply_text(reply.as_bytes());
            assert_eq!(String::from_utf8_lossy(&text), expected);
        };
        check("+OK\r\n", "\"+OK\"");
        check("*3\r\n:1\r\n$-1\r\n*0\r\n", "[1,NULL,[]]");
        check("%1\r\n$1\r\na\r\n#t\r\n", "{\"a\" => #true}");
        check("~2\r\n:1\r\n,1.5\r\n", "~(1,(double) 1.5)");
        check("_\r\n", "(null)");
    }
}
