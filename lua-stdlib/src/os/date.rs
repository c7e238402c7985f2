//! `os.date` and `os.time` (§5.8): the calendar.
//!
//! Owns the fields of a broken-down time and C's `strftime` in the "C" locale. Time zone rules
//! and calendar come from `jiff`, which ends at the year 9999: what lies beyond is moved by whole
//! [`CYCLE`]s first, and the years are put back afterwards.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lua_vm::{CallCx, LuaError, Returned, Value};

use super::zone::Zone;

/// 400 years, after which the calendar repeats, days of the week included; in seconds.
const CYCLE: i64 = 146_097 * 86_400;
const CYCLE_YEARS: i64 = 400;

/// The starts of the years 1, 2000 and 9999, in seconds since the epoch.
const YEAR_1: i64 = -62_135_596_800;
const YEAR_2000: i64 = 946_684_800;
const YEAR_9999: i64 = 253_370_764_800;

/// How many cycles after a time that `jiff` knows `seconds` lies.
fn cycles_beyond(seconds: i64) -> i64 {
    match seconds {
        ..YEAR_1 => (seconds - YEAR_1).div_euclid(CYCLE),
        YEAR_1..YEAR_9999 => 0,
        _ => (seconds - YEAR_2000).div_euclid(CYCLE),
    }
}

/// Whether C's `struct tm`, which counts years from 1900 in an `int`, can hold a year.
fn is_c_year(year: i64) -> bool {
    i32::try_from(year - 1900).is_ok()
}

/// A time as the fields of C's `struct tm`, with what `strftime` wants besides.
struct Fields {
    /// In a year that may be whole cycles off.
    time: DateTime,
    /// The years to add to those of `time`.
    years_off: i64,
    is_dst: bool,
    zone_name: String,
    /// East of UTC, in seconds.
    offset: i32,
    /// Since 1970-01-01 00:00:00 UTC, in seconds.
    seconds: i64,
}

impl Fields {
    /// The time `seconds` after the epoch, local or UTC; `None` beyond the years of C.
    fn new(seconds: i64, utc: bool) -> Option<Fields> {
        // Far outside these years, and still without overflow below.
        if seconds.unsigned_abs() > 1 << 60 {
            return None;
        }
        let cycles = cycles_beyond(seconds);
        let timestamp = Timestamp::from_second(seconds - cycles * CYCLE).ok()?;
        let utc_zone = TimeZone::UTC;
        let info = if utc {
            utc_zone.to_offset_info(timestamp)
        } else {
            Zone::local().info(timestamp)
        };
        let fields = Fields {
            time: info.offset().to_datetime(timestamp),
            years_off: cycles * CYCLE_YEARS,
            is_dst: info.dst().is_dst(),
            zone_name: if utc {
                "GMT".into()
            } else {
                info.abbreviation().into()
            },
            offset: info.offset().seconds(),
            seconds,
        };
        is_c_year(fields.year()).then_some(fields)
    }

    fn year(&self) -> i64 {
        i64::from(self.time.year()) + self.years_off
    }

    /// The year as C's `int`, which the last years that C knows overflow.
    fn shown_year(&self) -> i64 {
        i64::from(self.year() as i32)
    }

    /// The year of the ISO week, as shown.
    fn shown_week_year(&self) -> i64 {
        let year = i64::from(self.time.iso_week_date().year()) + self.years_off;
        i64::from(year as i32)
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
    // As C's `strcmp`: up to a zero byte.
    if format.split(|&byte| byte == 0).next() != Some(b"*t") {
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
        (b"year", fields.shown_year()),
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
/// since the epoch. Fields out of range carry over; nil for a time outside the calendar, and for
/// the second before the epoch, which C's `mktime` cannot tell from a failure.
/// Errors with `field 'day' missing in date table`.
pub(super) fn time(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if cx.arg(1).is_nil() {
        return cx.ret_number(Timestamp::now().as_second() as f64);
    }
    cx.check_table(1)?;
    let second = field(cx, "sec", Some(0))?;
    let minute = field(cx, "min", Some(0))?;
    let hour = field(cx, "hour", Some(12))?;
    let day = field(cx, "day", None)?;
    let month = field(cx, "month", None)?;
    let year = field(cx, "year", None)?;
    push_field(cx, "isdst")?;
    let is_dst = match cx.value(-1) {
        Value::Nil => None,
        value => Some(value.truthy()),
    };
    match local_seconds([year, month, day, hour, minute, second], is_dst) {
        None | Some(-1) => cx.ret_nil(),
        Some(seconds) => cx.ret_number(seconds as f64),
    }
}

/// Pushes a field of the date table, by metamethods if it is not there.
fn push_field(cx: &mut CallCx<'_>, name: &str) -> Result<(), LuaError> {
    cx.push_arg(1);
    cx.push_bytes(name.as_bytes())?;
    cx.get_index()
}

/// A field of the date table as C's `int`; `default` for anything but numbers and numerals.
fn field(cx: &mut CallCx<'_>, name: &str, default: Option<i64>) -> Result<i64, LuaError> {
    push_field(cx, name)?;
    let number = cx.value(-1).to_number();
    cx.pop(1);
    match number {
        Some(number) => Ok(i64::from(crate::string::to_signed(number) as i32)),
        None => default.ok_or_else(|| cx.error(format!("field '{name}' missing in date table"))),
    }
}

/// C's `mktime`: year, month, day, hour, minute, second in local time.
fn local_seconds(fields: [i64; 6], is_dst: Option<bool>) -> Option<i64> {
    let [year, month, day, hour, minute, second] = fields;
    // C counts years from 1900 and months from 0, in ints that may overflow.
    let year = i64::from((year as i32).wrapping_sub(1900)) + 1900;
    let month = i64::from((month as i32).wrapping_sub(1));
    // All are C's ints: nothing below overflows.
    let months = year * 12 + month;
    let year = months.div_euclid(12);
    let month_start = DateTime::new(
        2000 + year.rem_euclid(CYCLE_YEARS) as i16,
        months.rem_euclid(12) as i8 + 1,
        1,
        0,
        0,
        0,
        0,
    )
    .ok()?;
    let local = utc_seconds(month_start)?
        + (year.div_euclid(CYCLE_YEARS) - 2000 / CYCLE_YEARS) * CYCLE
        + (day - 1) * 86_400
        + hour * 3600
        + minute * 60
        + second;
    let cycles = cycles_beyond(local);
    let local = Timestamp::from_second(local - cycles * CYCLE).ok()?;
    let local = TimeZone::UTC.to_datetime(local);
    if !is_c_year(i64::from(local.year()) + cycles * CYCLE_YEARS) {
        return None;
    }
    Some(Zone::local().instant(local, is_dst)? + cycles * CYCLE)
}

/// A time of day in UTC, in seconds since the epoch.
fn utc_seconds(time: DateTime) -> Option<i64> {
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
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
            // C sees a width without a conversion, and pads what it does not know.
            None if conversion.is_ascii_digit() => {
                let width = usize::from(conversion - b'0');
                let unknown = format!("%{}", char::from(conversion));
                out.extend_from_slice(format!("{unknown:>width$}").as_bytes());
            }
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
    let year = fields.year();
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
        b'C' => format!("{:02}", fields.shown_year().div_euclid(100)),
        b'd' => format!("{:02}", time.day()),
        b'D' | b'x' => composed(b"%m/%d/%y"),
        b'e' => format!("{:2}", time.day()),
        b'F' => composed(b"%Y-%m-%d"),
        b'g' => format!("{:02}", fields.shown_week_year().rem_euclid(100)),
        b'G' => fields.shown_week_year().to_string(),
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
        b'Y' => fields.shown_year().to_string(),
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
