//! What the tab key completes: names of globals and, after a dot or colon, of fields.
//!
//! Owns the search. It looks at tables as they are and runs no metamethod: a key press must
//! not run a script.

use lua_vm::{Table, Value, Vm};

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Tables that `__index` fields are followed through: enough for class hierarchies.
const MAX_INDEX_CHAIN: usize = 10;

/// Where the name before the cursor starts, in bytes, and the names it could become.
pub(super) fn complete(vm: &Vm, before_cursor: &str) -> (usize, Vec<String>) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
    let path = before_cursor.trim_end_matches(is_part).len();
    let path = &before_cursor[path..];
    let (owner, prefix) = match path.rfind(['.', ':']) {
        Some(end) => (Some(&path[..end]), &path[end + 1..]),
        None => (None, path),
    };
    let start = before_cursor.len() - prefix.len();
    let mut names = Vec::new();
    match owner {
        Some(owner) => {
            let is_method = path[owner.len()..].starts_with(':');
            if let Some(value) = resolve(vm, owner) {
                fields(vm, value, |name, field| {
                    if name.starts_with(prefix) && (!is_method || is_function(field)) {
                        names.push(name.to_owned());
                    }
                });
            }
        }
        None => {
            let keywords = KEYWORDS.iter().filter(|word| word.starts_with(prefix));
            names.extend(keywords.map(|&word| word.to_owned()));
            fields(vm, Value::Table(vm.globals()), |name, _| {
                if name.starts_with(prefix) {
                    names.push(name.to_owned());
                }
            });
        }
    }
    names.sort_unstable();
    names.dedup();
    (start, names)
}

fn is_function(value: Value<'_>) -> bool {
    matches!(value, Value::Function(_))
}

/// The value that a path of names has: `a.b.c`.
fn resolve<'v>(vm: &'v Vm, path: &str) -> Option<Value<'v>> {
    let mut value = Value::Table(vm.globals());
    for name in path.split(['.', ':']) {
        value = tables(vm, value)
            .map(|table| table.get_bytes(name.as_bytes()))
            .find(|field| !field.is_nil())?;
    }
    Some(value)
}

/// Calls `visit` for each field whose name can be written after a dot.
fn fields<'v>(vm: &'v Vm, value: Value<'v>, mut visit: impl FnMut(&str, Value<'v>)) {
    for table in tables(vm, value) {
        for (key, field) in table.pairs() {
            let name = key.as_bytes().and_then(|key| std::str::from_utf8(key).ok());
            if let Some(name) = name.filter(|name| is_name(name)) {
                visit(name, field);
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&text)
}

/// The table itself and those that `__index` leads to, for a string the library.
fn tables<'v>(vm: &'v Vm, value: Value<'v>) -> impl Iterator<Item = Table<'v>> {
    let first = match value {
        Value::Table(table) => Some(table),
        Value::String(_) => vm.globals().get_bytes(b"string").as_table(),
        Value::Userdata(userdata) => index_of(userdata.metatable()),
        _ => None,
    };
    std::iter::successors(first, |table| index_of(table.metatable())).take(MAX_INDEX_CHAIN)
}

fn index_of(metatable: Option<Table<'_>>) -> Option<Table<'_>> {
    metatable?.get_bytes(b"__index").as_table()
}

#[cfg(test)]
mod tests {
    use lua_vm::{Vm, VmConfig};

    use super::complete;
    use crate::library::{Preset, open};

    fn check(line: &str, expected: &str) {
        let mut vm = Vm::new(VmConfig::default());
        open(&mut vm, Preset::Full).unwrap();
        let setup = b"
            shape = { width = 1, area = print, ['not a name'] = 1, ['end'] = 1, [1] = 1 }
            square = setmetatable({ side = 2 }, { __index = shape })
            square.itself = square
            odd = setmetatable({}, { __index = function() error('called') end })
            word = 'text'";
        let setup = vm.load(setup, b"=setup").unwrap();
        vm.call(&setup, |_, _| ()).unwrap();
        let (start, names) = complete(&vm, line);
        assert_eq!(format!("{start} {}", names.join(" ")), expected, "{line}");
    }

    #[test]
    fn names() {
        check("x = pri", "4 print");
        check("s", "0 select setfenv setmetatable shape square string");
        check("wh", "0 while");
        check("nosuch", "0 ");
        check("f(string.re", "9 rep reverse");
        check("shape.", "6 area width");
        check("shape:", "6 area");
        check("square.", "7 area itself side width");
        check("square.itself.itself.s", "21 side");
        check("word:ups", "5 ");
        check("word:up", "5 upper");
        check("io.stdout:wr", "10 write");
        check("odd.", "4 ");
        check("nosuch.field", "7 ");
        check("..", "2 ");
        check("é.pr", "3 ");
    }
}
