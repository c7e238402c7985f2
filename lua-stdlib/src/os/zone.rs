//! The local time zone, as C's library finds it: a name in the system's database, or what `TZ`
//! says by itself.
//!
//! Owns the reading of `TZ` and the way from local times to instants. `jiff` has the rules.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Disambiguation, Offset, TimeZone, TimeZoneOffsetInfo};

/// When summer begins and ends where `TZ` does not say: as in the United States, which is what
/// glibc assumes.
const DEFAULT_RULES: &str = ",M3.2.0,M11.1.0";

/// A time zone.
pub(super) struct Zone {
    rules: TimeZone,
    /// `TZ` gives the rules. They begin with 1970 then: before, it is the season that it was at
    /// its start.
    is_explicit: bool,
}

impl Zone {
    /// The zone of this process.
    pub(super) fn local() -> &'static Zone {
        static LOCAL: OnceLock<Zone> = OnceLock::new();
        LOCAL.get_or_init(|| {
            let explicit = std::env::var_os("TZ").and_then(|text| explicit(text.to_str()?));
            Zone {
                is_explicit: explicit.is_some(),
                rules: explicit.unwrap_or_else(TimeZone::system),
            }
        })
    }

    /// Offset, season and name of the zone at an instant.
    pub(super) fn info(&self, at: Timestamp) -> TimeZoneOffsetInfo<'_> {
        let at = if self.is_explicit {
            at.max(Timestamp::UNIX_EPOCH)
        } else {
            at
        };
        self.rules.to_offset_info(at)
    }

    /// The instant of a local time, in seconds since the epoch: C's `mktime`, which may be told
    /// the season. A time that the clock skips is taken by the offset before.
    pub(super) fn instant(&self, local: DateTime, is_dst: Option<bool>) -> Option<i64> {
        let (before, after) = match self.rules.to_ambiguous_timestamp(local).offset() {
            _ if self.is_explicit && local.year() < 1970 => {
                let offset = self.info(Timestamp::UNIX_EPOCH).offset();
                (offset, offset)
            }
            AmbiguousOffset::Unambiguous { offset } => (offset, offset),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                (before, after)
            }
        };
        let at = |offset: Offset| offset.to_timestamp(local).ok();
        if before != after
            && let Some(is_dst) = is_dst
        {
            // One of the two offsets is that of the season asked for, as a rule.
            let mut seasons = [before, after]
                .into_iter()
                .filter(|&offset| self.is_dst_offset(local, offset) == Some(is_dst));
            if let (Some(offset), None) = (seasons.next(), seasons.next()) {
                return Some(at(offset)?.as_second());
            }
        }
        let found = if before == after {
            at(before)?
        } else {
            let ambiguous = self.rules.to_ambiguous_timestamp(local);
            ambiguous.disambiguate(Disambiguation::Compatible).ok()?
        };
        Some(found.as_second() + self.season_shift(found, is_dst))
    }

    /// Whether an offset that holds within a day of a local time is that of summer.
    fn is_dst_offset(&self, local: DateTime, offset: Offset) -> Option<bool> {
        let day = jiff::SignedDuration::from_hours(24);
        let at = offset.to_timestamp(local).ok()?;
        [at.checked_sub(day).ok()?, at.checked_add(day).ok()?]
            .into_iter()
            .map(|near| self.info(near))
            .find(|info| info.offset() == offset)
            .map(|info| info.dst().is_dst())
    }

    /// A stated season that does not hold at that instant moves the clock by the difference.
    fn season_shift(&self, found: Timestamp, is_dst: Option<bool>) -> i64 {
        let info = self.info(found);
        let is_summer = info.dst().is_dst();
        if is_dst.is_none_or(|asked| asked == is_summer) {
            return 0;
        }
        let other = self
            .rules
            .following(found)
            .find(|change| change.dst().is_dst() != is_summer);
        let shift = match other {
            Some(other) => info.offset().seconds() - other.offset().seconds(),
            // Where there is no summer, one counts as an hour.
            None if is_summer => 0,
            None => -3600,
        };
        i64::from(shift)
    }
}

/// The zone that a text in `TZ` describes rather than names.
fn explicit(text: &str) -> Option<TimeZone> {
    let text = text.strip_prefix(':').unwrap_or(text);
    if text.is_empty() || text.starts_with('/') || TimeZone::get(text).is_ok() {
        return None;
    }
    let (description, rules) = describe(text)?;
    let Some(rules) = rules else {
        return TimeZone::posix(&description).ok();
    };
    TimeZone::posix(&(description.clone() + rules))
        .or_else(|_| TimeZone::posix(&(description + DEFAULT_RULES)))
        .ok()
}

/// The names and offsets of a description, written in full, and its rules if there is a name
/// for summer. What glibc does not understand it leaves out.
fn describe(text: &str) -> Option<(String, Option<&str>)> {
    let (name, rest) = zone_name(text)?;
    let Some((offset, rest)) = zone_offset(rest) else {
        return Some((format!("{name}0"), None));
    };
    let standard = format!("{name}{}", offset_text(offset));
    let Some((name, rest)) = zone_name(rest) else {
        return Some((standard, None));
    };
    let (offset, rest) = zone_offset(rest).unwrap_or((offset - 3600, rest));
    let rules = if rest.len() > 1 { rest } else { DEFAULT_RULES };
    Some((
        format!("{standard}{name}{}", offset_text(offset)),
        Some(rules),
    ))
}

/// The name that a text begins with: three letters at least, or more than letters in angle
/// brackets.
fn zone_name(text: &str) -> Option<(&str, &str)> {
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    if letters >= 3 {
        return Some(text.split_at(letters));
    }
    let quoted = text.strip_prefix('<')?;
    let len = quoted.find(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '-')?;
    (len >= 3 && quoted[len..].starts_with('>')).then(|| text.split_at(len + 2))
}

/// The offset that a text begins with, in seconds west of UTC: hours, minutes and seconds,
/// those too large cut.
fn zone_offset(text: &str) -> Option<(i32, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = unsigned;
    let mut seconds = 0;
    for (most, unit) in [(24, 3600), (59, 60), (59, 1)] {
        let digits = match (unit, rest.strip_prefix(':')) {
            (3600, _) => rest,
            (_, Some(digits)) => digits,
            (_, None) => break,
        };
        let len = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        if len == 0 {
            break;
        }
        seconds += digits[..len].parse().unwrap_or(most).min(most) * unit;
        rest = &digits[len..];
    }
    (rest.len() < unsigned.len()).then_some((sign * seconds, rest))
}

fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.abs();
    format!(
        "{sign}{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match describe(text) {
            None => "nothing".to_string(),
            Some((zone, rules)) => zone + rules.unwrap_or(""),
        };
        assert_eq!(found, expected, "{text}");
        if expected != "nothing" {
            assert!(explicit(text).is_some(), "{text}");
        }
    }

    #[test]
    fn descriptions() {
        check("AAA3BBB", "AAA3:00:00BBB2:00:00,M3.2.0,M11.1.0");
        check("AAA-3:30BBB,", "AAA-3:30:00BBB-4:30:00,M3.2.0,M11.1.0");
        check("AAA3BBB1,J60,J300", "AAA3:00:00BBB1:00:00,J60,J300");
        check("XXX25", "XXX24:00:00");
        check("<+03>-3", "<+03>-3:00:00");
        check("Foo/Bar", "Foo0");
        check("AAA3 ", "AAA3:00:00");
        check("AA3", "nothing");
        check("<x>3", "nothing");
    }
}
