//! What values settings take: checking them and bringing them into the form that
//! `CONFIG GET` prints.

use super::output_limits::OutputLimits;
use crate::keyspace::number::parse_i64;

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// An integer within bounds, both included.
    Int(i64, i64),
    /// A number of bytes within bounds, with an optional unit (`1kb`, `2mb`).
    Memory(i64, i64),
    /// One of some words, in any case.
    Word(&'static [&'static str]),
    /// Classes of keyspace events, one letter each.
    Events,
    /// Pairs of seconds and changes.
    SavePoints,
    /// Classes of clients with limits; only the classes that are named change.
    OutputLimits,
    /// Words; a file gives each as an argument.
    Words,
    /// The name of a file or a folder, and which, without a way to it.
    Name(&'static str, &'static str),
    /// Any text.
    Text,
}

impl Kind {
    /// Brings a value into the form that `CONFIG GET` prints. It takes the place of
    /// another, which is in that form, or empty.
    pub(super) fn normalize(self, value: &str, before: &str) -> Result<String, String> {
        match self {
            Self::Bool => {
                let lower = value.to_ascii_lowercase();
                let is_bool = matches!(lower.as_str(), "yes" | "no");
                is_bool
                    .then_some(lower)
                    .ok_or_else(|| "argument must be 'yes' or 'no'".to_owned())
            }
            Self::Int(min, max) => {
                let number = parse_i64(value.as_bytes())
                    .ok_or("argument couldn't be parsed into an integer")?;
                in_bounds(number, min, max)
            }
            Self::Memory(min, max) => {
                let bytes = parse_memory(value).ok_or("argument must be a memory value")?;
                in_bounds(bytes, min, max)
            }
            Self::Word(words) => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(value));
                word.map(|&word| word.to_owned()).ok_or_else(|| {
                    format!(
                        "argument(s) must be one of the following: {}",
                        words.join(", ")
                    )
                })
            }
            Self::Events => normalize_events(value)
                .ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".to_owned()),
            Self::SavePoints => {
                let words: Vec<_> = value.split_ascii_whitespace().collect();
                let are_numbers = words
                    .iter()
                    .all(|w| parse_i64(w.as_bytes()).is_some_and(|n| n >= 0));
                if words.len() % 2 == 0 && are_numbers {
                    Ok(words.join(" "))
                } else {
                    Err("Invalid save parameters".to_owned())
                }
            }
            Self::OutputLimits => {
                let mut limits = OutputLimits::parse(before);
                limits.change(value)?;
                Ok(limits.to_string())
            }
            Self::Words => Ok(value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")),
            Self::Name(name, _) if value.is_empty() => Err(format!("{name} can't be empty")),
            Self::Name(name, what) if value.contains(['/', '\\']) => {
                Err(format!("{name} can't be a path, just a {what}"))
            }
            Self::Name(..) | Self::Text => Ok(value.to_owned()),
        }
    }
}

fn in_bounds(number: i64, min: i64, max: i64) -> Result<String, String> {
    if (min..=max).contains(&number) {
        Ok(number.to_string())
    } else {
        Err(format!(
            "argument must be between {min} and {max} inclusive"
        ))
    }
}

/// A number of bytes with an optional unit: `b`, `k`, `kb`, `m`, `mb`, `g`, `gb`,
/// where the units with a `b` are powers of 1024 and those without powers of 1000.
#[must_use]
pub fn parse_memory(text: &str) -> Option<i64> {
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1024,
        "m" => 1_000_000,
        "mb" => 1024 * 1024,
        "g" => 1_000_000_000,
        "gb" => 1024 * 1024 * 1024,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(factor)
}

/// The classes of keyspace events that `A` stands for.
pub(super) const EVENTS_IN_ALL: &str = "g$lshzxetd";

/// Classes of keyspace events in the server's order, with `A` for all it stands for.
fn normalize_events(text: &str) -> Option<String> {
    const IN_ALL: &str = EVENTS_IN_ALL;
    const OTHERS: &str = "KEmn";
    let has = |class: char| text.contains(class) || (text.contains('A') && IN_ALL.contains(class));
    if text
        .chars()
        .any(|c| c != 'A' && !IN_ALL.contains(c) && !OTHERS.contains(c))
    {
        return None;
    }
    let mut out = String::new();
    if IN_ALL.chars().all(has) {
        out.push('A');
    } else {
        out.extend(IN_ALL.chars().filter(|&c| has(c)));
    }
    out.extend(OTHERS.chars().filter(|&c| has(c)));
    Some(out)
}
