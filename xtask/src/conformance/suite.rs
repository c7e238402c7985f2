//! The form of a conformance file, and of the expectations beside it. Starts no process.
//!
//! ```text
//! -- A comment on what the file covers.
//! --- case: name, unique in the file
//! Lua code, a chunk of its own
//! --- case: another name
//! ...
//! ```
//! A file that ends in `.sh` holds shell scripts in the same form, for the `lua` command itself.
//! `file.expected` holds the output of each case under the same separators, as `lua5.1` gave it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Opens a case, in scripts and expectations alike.
const SEPARATOR: &str = "--- case: ";

/// One case: a chunk with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) source: String,
}

/// What the cases of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Chunks, run by the prelude; `.lua`.
    Chunks,
    /// Shell scripts that start the command `lua`; `.sh`.
    Shell,
}

impl Kind {
    fn of(path: &Path) -> Option<Kind> {
        match path.extension()?.to_str()? {
            "lua" => Some(Kind::Chunks),
            "sh" => Some(Kind::Shell),
            _ => None,
        }
    }
}

/// A file of the corpus.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) kind: Kind,
    /// `section/stem`, the first part of its cases' full names.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) cases: Vec<Case>,
}

impl Script {
    /// The name by which filters, reports and `suites.toml` know a case.
    pub(super) fn full_name(&self, case: &Case) -> String {
        format!("{}: {}", self.name, case.name)
    }

    fn expected_path(&self) -> PathBuf {
        self.path.with_extension("expected")
    }

    /// Recorded outputs by case name; empty when nothing was recorded yet.
    pub(super) fn expected(&self) -> Result<BTreeMap<String, String>> {
        let path = self.expected_path();
        if !path.exists() {
            return Ok(BTreeMap::new());
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(split_cases(&text)?
            .into_iter()
            .map(|case| (case.name, case.source))
            .collect())
    }

    /// Writes the expectations, in the order of the script; answers whether the file changed.
    pub(super) fn record(&self, outputs: &BTreeMap<String, String>) -> Result<bool> {
        let mut text = String::new();
        for case in &self.cases {
            if let Some(output) = outputs.get(&case.name) {
                let _ = writeln!(text, "{SEPARATOR}{}", case.name);
                text.push_str(output);
            }
        }
        let path = self.expected_path();
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            return Ok(false);
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(true)
    }
}

/// All scripts under `dir/<section>/`, sorted by name.
pub(super) fn load(dir: &Path) -> Result<Vec<Script>> {
    let mut scripts = Vec::new();
    for section in read_dir(dir)?.into_iter().filter(|path| path.is_dir()) {
        for path in read_dir(&section)? {
            if let Some(kind) = Kind::of(&path) {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let cases = split_cases(&text).with_context(|| format!("in {}", path.display()))?;
                scripts.push(Script {
                    kind,
                    name: name_of(&section, &path),
                    path,
                    cases,
                });
            }
        }
    }
    Ok(scripts)
}

fn name_of(section: &Path, path: &Path) -> String {
    let part =
        |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
    format!("{}/{}", part(section.file_name()), part(path.file_stem()))
}

fn read_dir(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Cuts a text at its separators; what stands before the first is a comment on the file.
fn split_cases(text: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix(SEPARATOR) {
            let name = name.trim().to_owned();
            if cases.iter().any(|case| case.name == name) {
                bail!("two cases are called `{name}`");
            }
            cases.push(Case {
                name,
                source: String::new(),
            });
        } else if let Some(case) = cases.last_mut() {
            case.source.push_str(line);
        }
    }
    Ok(cases)
}

/// `text` as a Lua string literal that any 5.1 reads back byte by byte.
pub(super) fn lua_literal(bytes: &[u8]) -> Vec<u8> {
    let mut literal = vec![b'"'];
    for &byte in bytes {
        match byte {
            b'\n' => literal.extend_from_slice(b"\\n"),
            b'"' | b'\\' => literal.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => literal.push(byte),
            _ => literal.extend_from_slice(format!("\\{byte:03}").as_bytes()),
        }
    }
    literal.push(b'"');
    literal
}

/// Output as comparable text: addresses are all the same, bytes that do not print are `\xNN`.
pub(crate) fn normalise(output: &[u8]) -> String {
    let mut text = String::with_capacity(output.len());
    let mut rest = output;
    while let Some(&byte) = rest.first() {
        if let Some(after) = rest.strip_prefix(b": 0x") {
            let digits = after
                .iter()
                .take_while(|byte| byte.is_ascii_hexdigit())
                .count();
            if digits >= 6 {
                text.push_str(": 0xADDRESS");
                rest = &after[digits..];
                continue;
            }
        }
        match byte {
            b'\n' | b'\t' | b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        rest = &rest[1..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Case, lua_literal, normalise, split_cases};

    #[test]
    fn cuts_a_file_at_its_separators() {
        let cases = split_cases("-- head\n--- case: a b\nx = 1\n\n--- case: c\n").unwrap();
        let case = |name: &str, source: &str| Case {
            name: name.into(),
            source: source.into(),
        };
        assert_eq!(cases, [case("a b", "x = 1\n\n"), case("c", "")]);
    }

    #[test]
    fn refuses_two_cases_of_one_name() {
        let error = split_cases("--- case: a\n--- case: a\n").unwrap_err();
        assert_eq!(error.to_string(), "two cases are called `a`");
    }

    #[test]
    fn literals_are_plain_ascii_on_one_line() {
        assert_eq!(lua_literal(b"a\"\\\n\0\xff1"), br#""a\"\\\n\000\2551""#);
    }

    #[test]
    fn hides_addresses_and_bytes_that_do_not_print() {
        assert_eq!(
            normalise(b"table: 0x55d0c0ffee00 0x10 \x01\xff\n"),
            "table: 0xADDRESS 0x10 \\x01\\xff\n"
        );
        assert_eq!(normalise(b"n: 0x10"), "n: 0x10");
    }
}
