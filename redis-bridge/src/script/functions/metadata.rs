//! The first line of a library: `#!lua name=mylib`.

use crate::script::flags::split_words;
use crate::script::library::{NAME_RULE, is_name};

/// What the line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    /// What the library calls itself.
    pub(super) name: Vec<u8>,
    /// Where the line ends.
    end: usize,
}

impl Metadata {
    /// Reads the line at the beginning of a library's text.
    ///
    /// # Errors
    ///
    /// Why it is not valid, without a code.
    pub(super) fn of(code: &[u8]) -> Result<Self, Vec<u8>> {
        let error = |text: &str| Err(text.as_bytes().to_vec());
        if !code.starts_with(b"#!") {
            return error("Missing library metadata");
        }
        let end = memchr::memchr2(b'\n', 0, code).filter(|&at| code[at] == b'\n');
        let words = end.and_then(|end| split_words(&code[..end]));
        let (Some(end), Some([engine, options @ ..])) = (end, words.as_deref()) else {
            return error("Invalid library metadata");
        };
        let mut name: Option<&[u8]> = None;
        for option in options {
            let value = option
                .split_at_checked(b"name=".len())
                .filter(|(key, _)| key.eq_ignore_ascii_case(b"name="));
            match value {
                Some(_) if name.is_some() => {
                    return error("Invalid metadata value, name argument was given multiple times");
                }
                Some((_, value)) => name = Some(value),
                None => return Err([b"Invalid metadata value given: ", &option[..]].concat()),
            }
        }
        let Some(name) = name else {
            return error("Library name was not given");
        };
        if !is_name(name) {
            return error(NAME_RULE);
        }
        let engine = engine.strip_prefix(b"#!").unwrap_or(engine);
        if !engine.eq_ignore_ascii_case(b"lua") {
            return Err([b"Engine '", engine, b"' not found"].concat());
        }
        Ok(Self {
            name: name.to_vec(),
            end,
        })
    }

    /// What of the text is to be compiled: from the end of the line on, so that lines
    /// keep their numbers.
    pub(super) fn body<'c>(&self, code: &'c [u8]) -> &'c [u8] {
        code.get(self.end..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: Result<(&str, &str), &str>) {
        let outcome = Metadata::of(code.as_bytes());
        let outcome = outcome.map(|it| {
            let body = it.body(code.as_bytes()).to_vec();
            (it.name, body)
        });
        let bytes = |text: &str| text.as_bytes().to_vec();
        let expected = expected
            .map(|(name, body)| (bytes(name), bytes(body)))
            .map_err(bytes);
        assert_eq!(outcome, expected, "{code}");
    }

    #[test]
    fn first_lines() {
        check("#!lua name=a\nx", Ok(("a", "\nx")));
        check("#!LUA 'NAME=a_1'\r\nx", Ok(("a_1", "\nx")));
        check("x", Err("Missing library metadata"));
        check("#!lua name=a", Err("Invalid library metadata"));
        check("#!lua\0 name=a\n", Err("Invalid library metadata"));
        check("#!lua 'name=a\n", Err("Invalid library metadata"));
        check("#!lua\n", Err("Library name was not given"));
        check("#!lua name=\n", Err(NAME_RULE));
        check("#!lua name=é\n", Err(NAME_RULE));
        check("#!js name=a\n", Err("Engine 'js' not found"));
        check("#! name=a\n", Err("Engine '' not found"));
        check("#!lua nam\n", Err("Invalid metadata value given: nam"));
        check(
            "#!lua name=a name=a\n",
            Err("Invalid metadata value, name argument was given multiple times"),
        );
    }
}
