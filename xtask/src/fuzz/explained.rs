//! The differences that are meant to be: `xtask/fuzz/explained.toml`. An entry names what the first
//! line that differs looks like, so that it explains one thing and hides no other.

use std::path::Path;

use anyhow::{Context, Result};
use regex::Regex;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Explained {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    reason: String,
    /// What the reference's line, ours, and the program look like; what is not given may be anything.
    real: Option<Regex>,
    ours: Option<Regex>,
    program: Option<Regex>,
}

impl Explained {
    pub(super) fn load() -> Result<Explained> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/explained.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Explained::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> Result<Explained> {
        let file: toml::Table = text.parse()?;
        let tables = file.get("explained").and_then(toml::Value::as_array);
        let entries = tables.into_iter().flatten().map(Entry::parse);
        Ok(Explained {
            entries: entries.collect::<Result<_>>()?,
        })
    }

    /// Why the outputs of `program` differ, if that is known.
    pub(super) fn reason(&self, program: &[u8], real: &str, ours: &str) -> Option<&str> {
        let (real, ours) = first_difference(real, ours);
        let program = String::from_utf8_lossy(program);
        let entry = self.entries.iter().find(|entry| {
            let fits =
                |regex: &Option<Regex>, text| regex.as_ref().is_none_or(|r| r.is_match(text));
            fits(&entry.real, real) && fits(&entry.ours, ours) && fits(&entry.program, &program)
        });
        entry.map(|entry| entry.reason.as_str())
    }
}

impl Entry {
    fn parse(table: &toml::Value) -> Result<Entry> {
        let text = |name: &str| table.get(name).and_then(toml::Value::as_str);
        let regex = |name: &str| text(name).map(Regex::new).transpose();
        let entry = Entry {
            reason: text("reason")
                .context("an entry without `reason`")?
                .to_owned(),
            real: regex("real")?,
            ours: regex("ours")?,
            program: regex("program")?,
        };
        if entry.real.is_none() && entry.ours.is_none() && entry.program.is_none() {
            anyhow::bail!("an entry explains everything: {}", entry.reason);
        }
        Ok(entry)
    }
}

/// The first line in which two texts differ, of both.
fn first_difference<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let (mut a, mut b) = (a.lines(), b.lines());
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => return (a.unwrap_or_default(), b.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Explained;

    #[test]
    fn the_first_line_that_differs_decides() {
        let list = "[[explained]]\nreason = 'why'\nreal = '^b\\d'\nours = 'c'\n";
        let explained = Explained::parse(list).unwrap();
        assert_eq!(explained.reason(b"", "a\nb1\n", "a\nc\n"), Some("why"));
        assert_eq!(explained.reason(b"", "a\nb1\n", "x\nc\n"), None);
        assert_eq!(explained.reason(b"", "a\nb1\n", "a\n"), None);
    }

    #[test]
    fn entries_must_say_something() {
        assert!(Explained::parse("[[explained]]\nreason = 'why'\n").is_err());
        assert!(Explained::parse("[[explained]]\nreal = 'x'\n").is_err());
    }
}
