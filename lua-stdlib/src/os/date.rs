//! `os.date` and `os.time` (§5.8): the calendar.
//!
//! Owns the fields of a broken-down time and C's `strftime` in the "C" locale. Time zone rules
//! come from `jiff`.

use jiff::civil::DateTime;
use jiff::tz::{Disambiguation, TimeZone};
use jiff::{SignedDuration, Timestamp};
use lua_vm::{CallCx, LuaError, Returned, Table, Value};

/// A time as the fields of C's `struct tm`, with what `strftime` wants besides.
struct Fields {
    time: DateTime,
    is_dst: bool,
    zone_name: String,
    /// East of UTC, in seconds.
    offset: i32,
    /// Since 1970-01-01 00:00:00 UTC, in seconds.
    seconds: i64,
}

impl Fields {
    /// The time `seconds` after the epoch, local or UTC; `None` outside the calendar.
    fn new(seconds: i64, utc: bool) -> Option<Fields> {
        let timestamp = Timestamp::from_second(seconds).ok()?;
        let zone = if utc {
            TimeZone::UTC
        } else {
            TimeZone::system()
        };
        let info = zone.to_offset_info(timestamp);
        Some(Fields {
            time: info.offset().to_datetime(timestamp),
            is_dst: info.dst().is_dst(),
            zone_name: if utc {
                "GMT".into()
            } else {
                info.abbreviation().into()
            },
            offset: info.offset().seconds(),
            seconds,
        })
    }

    /// Days since Sunday.
    fn weekday(&self) -> i64 {
        i64::from(self.time.weekday().to_sunday_zero_offset())
    }

    /// Days since January 1st.
    fn yearday(&self) -> i64 {
        i64::from(self.time.day_of_year()) - 1
    }
}

/// Implements `os.date` (§5.8): a time (default: now) by a `strftime` format (default `%c`),
/// or as a table for `*t`; in UTC after a leading `!`. Nil for a time outside the calendar.
/// An unknown conversion is printed as it stands, as C libraries do.
pub(super) fn date(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let format = cx.opt_bytes(1, b"%c")?;
    let seconds = match cx.arg(2) {
        Value::Nil => Timestamp::now().as_second(),
        _ => crate::string::to_signed(cx.check_number(2)?),
    };
    let (utc, format) = match format {
        [b'!', format @ ..] => (true, format),
        format => (false, format),
    };
    let Some(fields) = Fields::new(seconds, utc) else {
        return cx.ret_nil();
    };
    if !format.starts_with(b"*t") {
        let mut text = Vec::new();
        strftime(&mut text, &fields, format);
        return cx.ret_bytes(&text);
    }
    let table = cx.new_table(0, 9)?;
    let time = &fields.time;
    let numbers: [(&[u8], i64); 8] = [
        (b"sec", time.second().into()),
        (b"min", time.minute().into()),
        (b"hour", time.hour().into()),
        (b"day", time.day().into()),
        (b"month", time.month().into()),
        (b"year", time.year().into()),
        (b"wday", fields.weekday() + 1),
        (b"yday", fields.yearday() + 1),
    ];
    for (name, number) in numbers {
        table.set_bytes(name, Value::Number(number as f64))?;
    }
    table.set_bytes(b"isdst", Value::Boolean(fields.is_dst))?;
    cx.ret(Value::Table(table))
}

/// Implements `os.time` (§5.8): now, or the local time that a table describes, in seconds
/// since the epoch. Fields out of range carry over; nil for a time outside the calendar.
/// Errors with `field 'day' missing in date table`.
pub(super) fn time(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg(1).is_nil() {
        return cx.ret_number(Timestamp::now().as_second() as f64);
    }
    let table = cx.check_table(1)?;
    let second = field(cx, table, "sec", Some(0))?;
    let minute = field(cx, table, "min", Some(0))?;
    let hour = field(cx, table, "hour", Some(12))?;
    let day = field(cx, table, "day", None)?;
    let month = field(cx, table, "month", None)?;
    let year = field(cx, table, "year", None)?;
    let is_dst = match table.get_bytes(b"isdst") {
        Value::Nil => None,
        value => Some(value.truthy()),
    };
    match local_seconds([year, month, day, hour, minute, second], is_dst) {
        Some(seconds) => cx.ret_number(seconds as f64),
        None => cx.ret_nil(),
    }
}

/// A field of a date table as C's `int`; `default` for anything but numbers and numerals.
fn field(
    cx: &CallCx<'_>,
    table: Table<'_>,
    name: &str,
    default: Option<i64>,
) -> Result<i64, LuaError> {
    match table.get_bytes(name.as_bytes()).to_number() {
        Some(number) => Ok(i64::from(crate::string::to_signed(number) as i32)),
        None => default.ok_or_else(|| cx.error(format!("field '{name}' missing in date table"))),
    }
}

/// C's `mktime`: year, month, day, hour, minute, second in local time.
fn local_seconds(fields: [i64; 6], is_dst: Option<bool>) -> Option<i64> {
    let [year, month, day, hour, minute, second] = fields;
    let months = year.checked_mul(12)?.checked_add(month - 1)?;
    let first = DateTime::new(
        i16::try_from(months.div_euclid(12)).ok()?,
        months.rem_euclid(12) as i8 + 1,
        1,
        0,
        0,
        0,
        0,
    )
    .ok()?;
    let seconds = (day - 1) * 86_400 + hour * 3600 + minute * 60 + second;
    let local = first.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    let zone = TimeZone::system();
    let zoned = zone
        .to_ambiguous_zoned(local)
        .disambiguate(Disambiguation::Compatible)
        .ok()?;
    let found = zoned.timestamp().as_second();
    // A stated season that does not hold at that time moves the clock by the difference.
    let info = zone.to_offset_info(zoned.timestamp());
    match is_dst {
        Some(true) if !info.dst().is_dst() => {
            let summer = zone
                .following(zoned.timestamp())
                .find(|change| change.dst().is_dst());
            let shift = summer.map_or(0, |s| s.offset().seconds() - info.offset().seconds());
            Some(found - i64::from(shift))
        }
        Some(false) if info.dst().is_dst() => {
            let winter = zone
                .following(zoned.timestamp())
                .find(|change| !change.dst().is_dst());
            let shift = winter.map_or(0, |w| info.offset().seconds() - w.offset().seconds());
            Some(found + i64::from(shift))
        }
        _ => Some(found),
    }
}

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Appends `format` with its conversions filled in. A zero byte ends the format.
fn strftime(out: &mut Vec<u8>, fields: &Fields, format: &[u8]) {
    let end = memchr::memchr(0, format).unwrap_or(format.len());
    let mut rest = &format[..end];
    while let Some(percent) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..percent]);
        let Some(&conversion) = rest.get(percent + 1) else {
            out.push(b'%');
            return;
        };
        match convert(fields, conversion) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => out.extend_from_slice(&[b'%', conversion]),
        }
        rest = &rest[percent + 2..];
    }
    out.extend_from_slice(rest);
}

/// One conversion of `strftime`, in the "C" locale; `None` if there is no such conversion.
fn convert(fields: &Fields, conversion: u8) -> Option<String> {
    let time = &fields.time;
    let day_name = DAYS[fields.weekday() as usize % 7];
    let month_name = MONTHS[(time.month() as usize - 1) % 12];
    let year = i64::from(time.year());
    let hour12 = (time.hour() + 11) % 12 + 1;
    let composed = |format: &[u8]| {
        let mut out = Vec::new();
        strftime(&mut out, fields, format);
        String::from_utf8_lossy(&out).into_owned()
    };
    Some(match conversion {
        b'a' => day_name[..3].into(),
        b'A' => day_name.into(),
        b'b' | b'h' => month_name[..3].into(),
        b'B' => month_name.into(),
        b'c' => composed(b"%a %b %e %H:%M:%S %Y"),
        b'C' => format!("{:02}", year.div_euclid(100)),
        b'd' => format!("{:02}", time.day()),
        b'D' | b'x' => composed(b"%m/%d/%y"),
        b'e' => format!("{:2}", time.day()),
        b'F' => composed(b"%Y-%m-%d"),
        b'g' => format!("{:02}", time.iso_week_date().year().rem_euclid(100)),
        b'G' => time.iso_week_date().year().to_string(),
        b'H' => format!("{:02}", time.hour()),
        b'I' => format!("{hour12:02}"),
        b'j' => format!("{:03}", fields.yearday() + 1),
        b'k' => format!("{:2}", time.hour()),
        b'l' => format!("{hour12:2}"),
        b'm' => format!("{:02}", time.month()),
        b'M' => format!("{:02}", time.minute()),
        b'n' => "\n".into(),
        b'p' => if time.hour() < 12 { "AM" } else { "PM" }.into(),
        b'P' => if time.hour() < 12 { "am" } else { "pm" }.into(),
        b'r' => composed(b"%I:%M:%S %p"),
        b'R' => composed(b"%H:%M"),
        b's' => fields.seconds.to_string(),
        b'S' => format!("{:02}", time.second()),
        b't' => "\t".into(),
        b'T' | b'X' => composed(b"%H:%M:%S"),
        b'u' => ((fields.weekday() + 6) % 7 + 1).to_string(),
        b'U' => format!("{:02}", (fields.yearday() + 7 - fields.weekday()) / 7),
        b'V' => format!("{:02}", time.iso_week_date().week()),
        b'w' => fields.weekday().to_string(),
        b'W' => format!(
            "{:02}",
            (fields.yearday() + 7 - (fields.weekday() + 6) % 7) / 7
        ),
        b'y' => format!("{:02}", year.rem_euclid(100)),
        b'Y' => year.to_string(),
        b'z' => {
            let minutes = fields.offset.abs() / 60;
            let sign = if fields.offset < 0 { '-' } else { '+' };
            format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
        b'Z' => fields.zone_name.clone(),
        b'%' => "%".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, format: &str, expected: &str) {
        let fields = Fields::new(seconds, true).unwrap();
        let mut out = Vec::new();
        strftime(&mut out, &fields, format.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{format}");
    }

    #[test]
    fn conversions() {
        check(0, "%c", "Thu Jan  1 00:00:00 1970");
        check(0, "%x %X %p %%", "01/01/70 00:00:00 AM %");
        check(
            1e9 as i64,
            "%A %B %d %j %U %W %V %G %u %w",
            "Sunday September 09 252 36 36 36 2001 7 0",
        );
        check(
            1e9 as i64,
            "%I %r %s %z %Z %C",
            "01 01:46:40 AM 1000000000 +0000 GMT 20",
        );
        check(0, "%Q%", "%Q%");
    }
}
