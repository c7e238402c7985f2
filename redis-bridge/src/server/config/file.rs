//! Configuration files: reading them, and the directives of a command line, which are
//! read as if they were the end of a file.

use std::io;
use std::path::{Path, PathBuf};

use super::{CONFIG, Config, Kind};
use crate::compat::Compat;
use crate::resp::parse::split_quoted;

/// Files may include others so deep.
const MAX_DEPTH: usize = 16;

/// Directives of Redis that concern what is not here (snapshots, replicas, threads, the
/// encodings of small values) and change nothing that clients can rely on. Files that were
/// written for Redis have them, so they are taken and not used.
const WITHOUT_EFFECT: &[&str] = &[
    "active-defrag-cycle-max",
    "active-defrag-cycle-min",
    "active-defrag-ignore-bytes",
    "active-defrag-max-scan-fields",
    "active-defrag-threshold-lower",
    "active-defrag-threshold-upper",
    "activedefrag",
    "activerehashing",
    "always-show-logo",
    "aof-rewrite-incremental-fsync",
    "aof-timestamp-enabled",
    "crash-log-enabled",
    "crash-memcheck-enabled",
    "dbfilename",
    "disable-thp",
    "dynamic-hz",
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "hash-max-ziplist-entries",
    "hash-max-ziplist-value",
    "hll-sparse-max-bytes",
    "ignore-warnings",
    "io-threads",
    "io-threads-do-reads",
    "jemalloc-bg-thread",
    "latency-tracking-info-percentiles",
    "lazyfree-lazy-eviction",
    "lazyfree-lazy-expire",
    "lazyfree-lazy-server-del",
    "lazyfree-lazy-user-del",
    "lazyfree-lazy-user-flush",
    "lfu-decay-time",
    "lfu-log-factor",
    "list-compress-depth",
    "list-max-listpack-size",
    "list-max-ziplist-size",
    "maxmemory-eviction-tenacity",
    "oom-score-adj",
    "oom-score-adj-values",
    "proc-title-template",
    "rdb-del-sync-files",
    "rdb-save-incremental-fsync",
    "rdbchecksum",
    "rdbcompression",
    "repl-backlog-size",
    "repl-backlog-ttl",
    "repl-disable-tcp-nodelay",
    "repl-diskless-load",
    "repl-diskless-sync",
    "repl-diskless-sync-delay",
    "repl-diskless-sync-max-replicas",
    "repl-ping-replica-period",
    "repl-timeout",
    "replica-lazy-flush",
    "replica-priority",
    "replica-read-only",
    "replica-serve-stale-data",
    "sanitize-dump-payload",
    "set-max-intset-entries",
    "set-proc-title",
    "shutdown-on-sigint",
    "shutdown-on-sigterm",
    "shutdown-timeout",
    "slave-read-only",
    "slave-serve-stale-data",
    "stop-writes-on-bgsave-error",
    "tracking-table-max-keys",
    "zset-max-listpack-entries",
    "zset-max-listpack-value",
    "zset-max-ziplist-entries",
    "zset-max-ziplist-value",
];

/// Directives that are taken with this value alone, which says what is so anyway.
const FIXED: &[(&str, &str)] = &[
    ("cluster-enabled", "no"),
    ("daemonize", "no"),
    ("protected-mode", "no"),
    ("supervised", "no"),
];

/// A line `user name rule ...`.
#[derive(Clone, Debug)]
pub struct UserLine {
    /// Where it stands: 1 is the first line.
    pub number: usize,
    /// The line.
    pub line: String,
    /// The name and the rules.
    pub words: Vec<Vec<u8>>,
}

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum FileError {
    /// A file cannot be read.
    Open(PathBuf, io::Error),
    /// A directive is wrong.
    Line {
        /// Where it stands: 1 is the first line.
        number: usize,
        /// The directive.
        line: String,
        /// What is wrong with it.
        why: String,
    },
}

impl FileError {
    /// What the server prints before it ends.
    #[must_use]
    pub fn explain(&self, compat: Compat) -> String {
        match self {
            Self::Open(path, error) => {
                let path = path.display();
                let why = error.to_string();
                // The system's words, without the number that Rust adds.
                let why = why.split(" (os error").next().unwrap_or_default();
                format!("Fatal error, can't open config file '{path}': {why}")
            }
            Self::Line { number, line, why } => {
                let version = compat.version();
                let server = match compat.is_valkey() {
                    true => format!("Version {version}"),
                    false => format!("Redis {version}"),
                };
                format!(
                    "\n*** FATAL CONFIG FILE ERROR ({server}) ***\n\
                     Reading the configuration file, at line {number}\n\
                     >>> '{line}'\n{why}"
                )
            }
        }
    }
}

/// A reading under way.
struct Reader<'c> {
    config: &'c mut Config,
    /// The first `save` takes the place of what was set before, others add to it.
    has_save: bool,
    depth: usize,
}

impl Config {
    /// Reads the directives of a file and, after them, those of `more`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong; some directives may have been taken.
    pub fn read(&mut self, file: Option<&Path>, more: &str) -> Result<(), FileError> {
        let text = match file {
            Some(path) => {
                let absolute = std::env::current_dir().map(|dir| dir.join(path));
                self.file = Some(absolute.unwrap_or_else(|_| path.to_owned()));
                let bytes = std::fs::read(path);
                bytes.map_err(|error| FileError::Open(path.to_owned(), error))?
            }
            None => Vec::new(),
        };
        let mut reader = Reader {
            config: self,
            has_save: false,
            depth: 0,
        };
        reader.lines(&[&text, &b"\n"[..], more.as_bytes()].concat())
    }
}

impl Reader<'_> {
    fn lines(&mut self, text: &[u8]) -> Result<(), FileError> {
        for (at, line) in text.split(|&b| b == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let number = at + 1;
            let shown = String::from_utf8_lossy(line).into_owned();
            if let Some(path) = self.line(number, line, &shown).map_err(|why| {
                let line = shown.clone();
                FileError::Line { number, line, why }
            })? {
                self.include(&path)?;
            }
        }
        Ok(())
    }

    fn include(&mut self, path: &str) -> Result<(), FileError> {
        let fail = |error| FileError::Open(PathBuf::from(path), error);
        if self.depth == MAX_DEPTH {
            return Err(fail(io::Error::other("Too many files include each other")));
        }
        let text = std::fs::read(path).map_err(fail)?;
        self.depth += 1;
        let outcome = self.lines(&text);
        self.depth -= 1;
        outcome
    }

    /// Carries a directive out; returns the file that it wants to be read.
    fn line(&mut self, number: usize, line: &[u8], shown: &str) -> Result<Option<String>, String> {
        let mut bytes = Vec::new();
        let mut ranges = Vec::new();
        split_quoted(line, &mut bytes, &mut ranges)
            .ok_or("Unbalanced quotes in configuration line")?;
        let words: Vec<&[u8]> = ranges.into_iter().map(|range| &bytes[range]).collect();
        let Some((name, values)) = words.split_first() else {
            return Ok(None);
        };
        if name.eq_ignore_ascii_case(b"user") && !values.is_empty() {
            let words = values.iter().map(|word| word.to_vec()).collect();
            let line = shown.to_owned();
            self.config.users.push(UserLine {
                number,
                line,
                words,
            });
            return Ok(None);
        }
        let texts: Result<Vec<&str>, _> = values.iter().map(|it| std::str::from_utf8(it)).collect();
        let values = texts.map_err(|_| "argument must be valid UTF-8")?;
        if name.eq_ignore_ascii_case(b"include")
            && let [path] = values[..]
        {
            return Ok(Some(path.to_owned()));
        }
        let Some(at) = Config::find(name) else {
            return self.without_effect(name, &values).map(|()| None);
        };
        let value = match CONFIG[at].kind {
            Kind::SavePoints => {
                let before = self.config.value(at);
                match (std::mem::replace(&mut self.has_save, true), &values[..]) {
                    (_, []) => return Err("wrong number of arguments".to_owned()),
                    (true, [""]) => String::new(),
                    (true, _) => format!("{before} {}", values.join(" ")),
                    (false, _) => values.join(" "),
                }
            }
            Kind::Words | Kind::OutputLimits if !values.is_empty() => values.join(" "),
            _ => match values[..] {
                [value] => value.to_owned(),
                _ => return Err("wrong number of arguments".to_owned()),
            },
        };
        self.config.set(at, &value).map(|()| None)
    }

    /// Takes a directive that changes nothing.
    fn without_effect(&mut self, name: &[u8], values: &[&str]) -> Result<(), String> {
        let unknown = || Err("Bad directive or wrong number of arguments".to_owned());
        let Ok(name) = std::str::from_utf8(name).map(str::to_ascii_lowercase) else {
            return unknown();
        };
        let fixed = FIXED.iter().find(|(known, _)| *known == name);
        match fixed {
            Some((_, only)) if values.len() == 1 && values[0].eq_ignore_ascii_case(only) => Ok(()),
            Some((name, only)) => Err(format!("{name} can only be {only} here")),
            None if values.is_empty() || !WITHOUT_EFFECT.contains(&name.as_str()) => unknown(),
            None => {
                self.config.unused.insert(name);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads directives; shows the settings that differ from their defaults, or the error.
    fn check(text: &str, expected: &str) {
        let mut config = Config::default();
        let shown = match config.read(None, text) {
            Ok(()) => {
                let changed = config.changed().into_iter();
                let lines: Vec<_> = changed
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                lines.join(";")
            }
            Err(error) => error.explain(Compat::Redis70),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn directives_become_settings() {
        check("", "");
        check(" # comment\n\n\tPORT 7000\r\n", "port=7000");
        check("requirepass \"a b\\x41\"", "requirepass=a bA");
        check("lua-time-limit 5", "busy-reply-threshold=5");
        check("bind 10.0.0.1  ::1", "bind=10.0.0.1 ::1");
        check("save 900 1\nsave 300 10 60 1", "save=900 1 300 10 60 1");
        check("save 900 1\nsave \"\"\nsave 1 2", "save=1 2");
        check("rdbcompression yes\nDaemonize NO\nhz 11", "hz=11");
        let limits = "client-output-buffer-limit=normal 1 2 3 slave 268435456 67108864 60 \
                      pubsub 0 0 0";
        check(
            "client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 0 0 0",
            limits,
        );
    }

    #[test]
    fn wrong_directives_are_shown() {
        let fatal = |number: usize, line: &str, why: &str| {
            format!(
                "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration \
                 file, at line {number}\n>>> '{line}'\n{why}"
            )
        };
        for (line, why) in [
            ("nosuch 1", "Bad directive or wrong number of arguments"),
            (
                "rdbcompression",
                "Bad directive or wrong number of arguments",
            ),
            ("user", "Bad directive or wrong number of arguments"),
            ("port", "wrong number of arguments"),
            ("hz \"5\" \"6\"", "wrong number of arguments"),
            ("port abc", "argument couldn't be parsed into an integer"),
            ("maxmemory abc", "argument must be a memory value"),
            ("databases \"16", "Unbalanced quotes in configuration line"),
            ("save 900", "Invalid save parameters"),
            ("daemonize yes", "daemonize can only be no here"),
        ] {
            // The file, of which there is none, ends with a line of its own.
            check(&format!("hz 20\n {line} \nport 1"), &fatal(3, line, why));
        }
        check(
            "include /nosuch/file",
            "Fatal error, can't open config file '/nosuch/file': No such file or directory",
        );
    }
}
