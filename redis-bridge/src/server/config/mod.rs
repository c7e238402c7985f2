//! The settings: one table that `CONFIG`, the command line and the server read. It
//! parses, checks and prints values; what a setting does is up to its reader.

pub mod file;
mod kind;
pub mod output_limits;
pub mod rewrite;
mod settings;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::keyspace::number::parse_i64;

pub use kind::{Kind, parse_memory};
pub use settings::Settings;
pub use table::CONFIG;

/// One setting.
#[derive(Debug)]
pub struct ConfigSpec {
    /// The name as `CONFIG GET` prints it.
    pub name: &'static str,
    /// A second name that `CONFIG SET` takes and `CONFIG GET` prints too; may be empty.
    pub alias: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value at start, in the form `CONFIG SET` takes.
    pub default: &'static str,
    /// Whether `CONFIG SET` may change it.
    pub is_mutable: bool,
    /// What it is about, for the command line.
    pub help: &'static str,
}

/// The values of all settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// In the order of [`CONFIG`], each in the form `CONFIG GET` prints.
    values: Vec<String>,
    /// The file that it was read from.
    pub file: Option<PathBuf>,
    /// The users that the file declares.
    pub users: Vec<file::UserLine>,
    /// Directives that were taken and have no effect.
    pub unused: BTreeSet<String>,
}

impl Default for Config {
    fn default() -> Self {
        let default_of = |spec: &ConfigSpec| {
            spec.kind
                .normalize(spec.default, "")
                .unwrap_or_else(|_| spec.default.to_owned())
        };
        Self {
            values: CONFIG.iter().map(default_of).collect(),
            file: None,
            users: Vec::new(),
            unused: BTreeSet::new(),
        }
    }
}

impl Config {
    /// The row of a setting, by either of its names in any case.
    #[must_use]
    pub fn find(name: &[u8]) -> Option<usize> {
        CONFIG.iter().position(|spec| {
            name.eq_ignore_ascii_case(spec.name.as_bytes())
                || (!spec.alias.is_empty() && name.eq_ignore_ascii_case(spec.alias.as_bytes()))
        })
    }

    /// Sets the setting in row `at`, whether clients may change it or not.
    ///
    /// # Errors
    ///
    /// Why the value does not fit, as `CONFIG SET` words it; nothing is changed then.
    pub fn set(&mut self, at: usize, value: &str) -> Result<(), String> {
        self.values[at] = CONFIG[at].kind.normalize(value, &self.values[at])?;
        Ok(())
    }

    /// The value in row `at` as `CONFIG GET` prints it.
    #[must_use]
    pub fn value(&self, at: usize) -> &str {
        &self.values[at]
    }

    /// The value of a setting that the table is known to have; empty otherwise.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        Self::find(name.as_bytes()).map_or("", |at| self.value(at))
    }

    /// The value of a setting that is a number; 0 if it is none.
    #[must_use]
    pub fn int(&self, name: &str) -> i64 {
        parse_i64(self.get(name).as_bytes()).unwrap_or(0)
    }

    /// The settings that differ from their defaults, as the lines of a file.
    #[must_use]
    pub fn changed(&self) -> BTreeMap<&'static str, &str> {
        let default = Self::default();
        let rows = CONFIG.iter().zip(&self.values).zip(&default.values);
        rows.filter(|((_, value), default)| value != default)
            .map(|((spec, value), _)| (spec.name, value.as_str()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: Result<&str, &str>) {
        let mut config = Config::default();
        let at = Config::find(name.as_bytes()).expect("a setting");
        let outcome = config.set(at, value).map(|()| config.get(name).to_owned());
        assert_eq!(
            outcome,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{name} {value}"
        );
    }

    #[test]
    fn defaults_fit_their_kinds() {
        for spec in CONFIG {
            assert!(
                spec.kind.normalize(spec.default, "").is_ok(),
                "{}",
                spec.name
            );
        }
        assert!(CONFIG.is_sorted_by_key(|spec| spec.name));
    }

    #[test]
    fn values_are_checked_and_normalized() {
        check("maxmemory", "2mb", Ok("2097152"));
        check("maxmemory", "2m", Ok("2000000"));
        check("maxmemory", "x", Err("argument must be a memory value"));
        check("lua-time-limit", "10", Ok("10"));
        check(
            "hz",
            "0",
            Err("argument must be between 1 and 500 inclusive"),
        );
        check(
            "hz",
            "1.5",
            Err("argument couldn't be parsed into an integer"),
        );
        check("LogLevel", "DEBUG", Ok("debug"));
        check("notify-keyspace-events", "KEA", Ok("AKE"));
        check("notify-keyspace-events", "Kx", Ok("xK"));
        check("save", "900  1", Ok("900 1"));
        check("save", "900", Err("Invalid save parameters"));
        check("appenddirname", "logs", Ok("logs"));
        check("appenddirname", "", Err("appenddirname can't be empty"));
        check(
            "appenddirname",
            "a/b",
            Err("appenddirname can't be a path, just a dirname"),
        );
        check(
            "appendfilename",
            "../x",
            Err("appendfilename can't be a path, just a filename"),
        );
        let before = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
        check("client-output-buffer-limit", "", Ok(before));
        check(
            "client-output-buffer-limit",
            "pubsub 1mb 512kb 10 normal 1 2 3 replica 0 0 0",
            Ok("normal 1 2 3 slave 0 0 0 pubsub 1048576 524288 10"),
        );
        check(
            "client-output-buffer-limit",
            "master 1 2 3",
            Err("Invalid client class specified in buffer limit configuration."),
        );
    }
}
