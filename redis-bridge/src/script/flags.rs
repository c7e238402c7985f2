//! The first line of a script: `#!lua flags=no-writes,allow-oom`.

use crate::script::wording::Wording;

/// What a script declares about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptFlags {
    /// It does not write.
    pub no_writes: bool,
    /// It may run when memory is short.
    pub allow_oom: bool,
    /// It may run on a replica with stale data.
    pub allow_stale: bool,
    /// It does not run in a cluster.
    pub no_cluster: bool,
    /// It may use keys of several slots.
    pub allow_cross_slot_keys: bool,
}

impl ScriptFlags {
    /// The names of those that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.no_writes, "no-writes"),
            (self.allow_oom, "allow-oom"),
            (self.allow_stale, "allow-stale"),
            (self.no_cluster, "no-cluster"),
            (self.allow_cross_slot_keys, "allow-cross-slot-keys"),
        ];
        all.into_iter()
            .filter_map(|(is_set, name)| is_set.then_some(name))
    }

    /// Sets the flag of that name; false if there is none.
    pub(crate) fn set(&mut self, name: &[u8]) -> bool {
        let flag = match name {
            b"no-writes" => &mut self.no_writes,
            b"allow-oom" => &mut self.allow_oom,
            b"allow-stale" => &mut self.allow_stale,
            b"no-cluster" => &mut self.no_cluster,
            b"allow-cross-slot-keys" => &mut self.allow_cross_slot_keys,
            _ => return false,
        };
        *flag = true;
        true
    }
}

/// The flags of a script, `None` if it has no such line, and the text to compile: all
/// but the line itself, whose end stays, so that lines keep their numbers.
///
/// # Errors
///
/// Why the line is not valid, without a code.
pub(crate) fn parse<'a>(
    body: &'a [u8],
    wording: &Wording,
) -> Result<(Option<ScriptFlags>, &'a [u8]), Vec<u8>> {
    if !body.starts_with(b"#!") {
        return Ok((None, body));
    }
    let end = memchr::memchr2(b'\n', 0, body).filter(|&at| body[at] == b'\n');
    let end = end.ok_or(b"Invalid script shebang")?;
    let words = split_words(&body[..end]).ok_or(b"Invalid engine in script shebang")?;
    let Some((engine, options)) = words.split_first() else {
        return Err(b"Invalid engine in script shebang".to_vec());
    };
    if wording.is_valkey {
        let name = engine.strip_prefix(b"#!").unwrap_or(engine);
        if !name.eq_ignore_ascii_case(b"lua") {
            return Err([b"Could not find scripting engine '", name, b"'"].concat());
        }
    } else if engine != b"#!lua" {
        return Err([b"Unexpected engine in script shebang: ", &engine[..]].concat());
    }
    let mut flags = ScriptFlags::default();
    for option in options {
        let Some(list) = option.strip_prefix(b"flags=") else {
            return Err([b"Unknown lua shebang option: ", &option[..]].concat());
        };
        if list.is_empty() {
            continue;
        }
        for name in list.split(|&b| b == b',') {
            if !flags.set(name) {
                return Err([b"Unexpected flag in script shebang: ", name].concat());
            }
        }
    }
    Ok((Some(flags), &body[end..]))
}

/// Cuts a line into words as the server's configuration is cut: at blanks, but for
/// those in `"..."`, where escapes count, and in `'...'`. `None` if a quote is not
/// closed, or is closed in the middle of a word.
pub(crate) fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = Vec::new();
        while let Some((&byte, after)) = rest.split_first() {
            match byte {
                b'"' | b'\'' => {
                    rest = quoted(after, byte, &mut word)?;
                    if rest.first().is_some_and(|b| !b.is_ascii_whitespace()) {
                        return None;
                    }
                    break;
                }
                _ if byte.is_ascii_whitespace() => break,
                _ => {
                    word.push(byte);
                    rest = after;
                }
            }
        }
        words.push(word);
    }
}

/// Appends what is quoted to `word`; what follows the closing quote.
fn quoted<'a>(mut rest: &'a [u8], quote: u8, word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match *rest {
            [] => return None,
            [byte, ref after @ ..] if byte == quote => return Some(after),
            [b'\\', b'x', high, low, ref after @ ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |d: u8| char::from(d).to_digit(16).unwrap_or(0) as u8;
                word.push(digit(high) << 4 | digit(low));
                rest = after;
            }
            [b'\\', escaped, ref after @ ..] if quote == b'"' => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
                rest = after;
            }
            [b'\\', b'\'', ref after @ ..] => {
                word.push(b'\'');
                rest = after;
            }
            [byte, ref after @ ..] => {
                word.push(byte);
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::Compat;

    fn check(body: &str, compat: Compat, expected: Result<(Option<ScriptFlags>, &str), &str>) {
        let outcome = parse(body.as_bytes(), Wording::of(compat));
        let expected = expected
            .map(|(flags, code)| (flags, code.as_bytes()))
            .map_err(|text| text.as_bytes().to_vec());
        assert_eq!(outcome, expected, "{body}");
    }

    #[test]
    fn shebangs() {
        let none = ScriptFlags::default();
        let (valkey, redis) = (Compat::Valkey91, Compat::Redis70);
        check("return 1", valkey, Ok((None, "return 1")));
        check("#!lua\nx", redis, Ok((Some(none), "\nx")));
        check("#!LUA flags=\nx", valkey, Ok((Some(none), "\nx")));
        let two = ScriptFlags {
            no_writes: true,
            allow_oom: true,
            ..none
        };
        check(
            "#!lua flags=no-writes,allow-oom\r\n",
            valkey,
            Ok((Some(two), "\n")),
        );
        check(
            "#!lua flags=no-writes 'flags=allow-oom'\n",
            valkey,
            Ok((Some(two), "\n")),
        );
        check("#!lua", valkey, Err("Invalid script shebang"));
        check("#!lua\0\n", valkey, Err("Invalid script shebang"));
        check(
            "#!lua \"x\n",
            valkey,
            Err("Invalid engine in script shebang"),
        );
        check(
            "#!js\n",
            valkey,
            Err("Could not find scripting engine 'js'"),
        );
        check(
            "#!js\n",
            redis,
            Err("Unexpected engine in script shebang: #!js"),
        );
        check("#!lua x=1\n", redis, Err("Unknown lua shebang option: x=1"));
        check(
            "#!lua flags=a\n",
            redis,
            Err("Unexpected flag in script shebang: a"),
        );
        check(
            "#!lua flags=no-writes,\n",
            redis,
            Err("Unexpected flag in script shebang: "),
        );
    }
}
