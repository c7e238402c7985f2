#![forbid(unsafe_code)]
//! What operators can set: the words behind the path in `loadmodule`, and the settings
//! `ferrous.*` of the server. Limits of 0 are none.

use std::ffi::CStr;

use redis_bridge::script::Limits;

/// What the words behind the path of the library say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `engine-name`: by which name scripts choose the engine.
    pub(crate) engine_name: Option<String>,
}

impl Arguments {
    /// Reads them: names, each with its value.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub(crate) fn parse(words: &[&[u8]]) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut words = words.iter();
        while let Some(name) = words.next() {
            let shown = String::from_utf8_lossy(name);
            if let Some(setting) = setting_like(&shown) {
                return Err(format!(
                    "'{shown}' is no argument, but a setting of the server: ferrous.{setting}"
                ));
            }
            let Some(value) = words.next() else {
                return Err(format!("the argument '{shown}' has no value"));
            };
            if !name.eq_ignore_ascii_case(b"engine-name") {
                return Err(format!("unknown argument '{shown}'"));
            }
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let value = String::from_utf8_lossy(value);
            if value.is_empty() || !value.as_bytes().iter().all(is_part) {
                return Err(format!("'{value}' is no name of an engine"));
            }
            arguments.engine_name = Some(value.into_owned());
        }
        Ok(arguments)
    }
}

/// The setting whose name somebody has taken for that of an argument.
fn setting_like(word: &str) -> Option<&'static str> {
    let word = word.trim_start_matches('-').to_ascii_lowercase();
    let word = word.trim_start_matches("ferrous.");
    let mut names = SETTINGS.iter().filter_map(|(name, ..)| name.to_str().ok());
    names.find(|name| *name == word)
}

/// The settings: name behind `ferrous.`, which, and whether it is an amount of memory.
pub(crate) const SETTINGS: &[(&CStr, Setting, bool)] = &[
    (c"script-memory-limit", Setting::MemoryLimit, true),
    (
        c"script-instruction-limit",
        Setting::InstructionLimit,
        false,
    ),
];

/// A limit, as a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `ferrous.script-memory-limit`: bytes that the scripts, and the functions, may take.
    MemoryLimit,
    /// `ferrous.script-instruction-limit`: instructions that one call may take.
    InstructionLimit,
}

impl Setting {
    /// Its value.
    pub(crate) fn get(self, limits: Limits) -> i64 {
        let number = match self {
            Setting::MemoryLimit => limits.memory_bytes.map(|bytes| bytes as u64),
            Setting::InstructionLimit => limits.instructions,
        };
        number.map_or(0, |number| i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The limits with this one set to a value.
    pub(crate) fn set(self, mut limits: Limits, value: i64) -> Limits {
        let number = u64::try_from(value).ok().filter(|number| *number > 0);
        match self {
            Setting::MemoryLimit => {
                limits.memory_bytes = number.and_then(|number| usize::try_from(number).ok());
            }
            Setting::InstructionLimit => limits.instructions = number,
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expected: Result<Option<&str>, &str>) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let expected = expected
            .map(|name| Arguments {
                engine_name: name.map(str::to_owned),
            })
            .map_err(str::to_owned);
        assert_eq!(Arguments::parse(&words), expected);
    }

    #[test]
    fn arguments_are_names_with_values() {
        check(&[], Ok(None));
        check(&["engine-name", "ferrous"], Ok(Some("ferrous")));
        check(&["ENGINE-NAME", "F_1"], Ok(Some("F_1")));
        check(
            &["engine-name"],
            Err("the argument 'engine-name' has no value"),
        );
        check(&["engine", "x"], Err("unknown argument 'engine'"));
        for word in ["script-memory-limit", "--FERROUS.script-memory-limit"] {
            let text = format!(
                "'{word}' is no argument, but a setting of the server: ferrous.script-memory-limit"
            );
            check(&[word, "1mb"], Err(&text));
        }
        check(
            &["engine-name", "a b"],
            Err("'a b' is no name of an engine"),
        );
    }

    #[test]
    fn limits_of_zero_are_none() {
        let limits = Setting::MemoryLimit.set(Limits::default(), 1 << 20);
        assert_eq!(limits.memory_bytes, Some(1 << 20));
        assert_eq!(Setting::MemoryLimit.get(limits), 1 << 20);
        let limits = Setting::InstructionLimit.set(limits, 5);
        assert_eq!(limits.instructions, Some(5));
        let limits = Setting::MemoryLimit.set(limits, 0);
        assert_eq!((limits.memory_bytes, limits.instructions), (None, Some(5)));
    }
}
