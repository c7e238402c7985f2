//! The server's log: one line for each message, in the format of Redis. `redis.log`
//! ends here too.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::host::LogLevel;
use crate::server::config::Config;

/// Writes messages of some level and above to a file or to standard output.
#[derive(Debug)]
pub struct Logger {
    /// `None` logs nothing.
    lowest: Option<LogLevel>,
    file: Option<File>,
}

impl Logger {
    /// A logger as the settings `loglevel` and `logfile` want it; if the file cannot be
    /// opened it logs to standard output.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let path = config.get("logfile");
        let open = || OpenOptions::new().create(true).append(true).open(path).ok();
        let file = if path.is_empty() { None } else { open() };
        let mut logger = Self { lowest: None, file };
        logger.set_level(config.get("loglevel"));
        logger
    }

    /// Logs messages of that level and above from now on (`loglevel`).
    pub fn set_level(&mut self, name: &str) {
        self.lowest = match name {
            "debug" => Some(LogLevel::Debug),
            "verbose" => Some(LogLevel::Verbose),
            "warning" => Some(LogLevel::Warning),
            "nothing" => None,
            _ => Some(LogLevel::Notice),
        };
    }

    /// One line. That it cannot be written is no reason to fail.
    pub fn log(&mut self, level: LogLevel, message: &[u8]) {
        if self.lowest.is_none_or(|lowest| level < lowest) {
            return;
        }
        let mark = match level {
            LogLevel::Debug => '.',
            LogLevel::Verbose => '-',
            LogLevel::Notice => '*',
            LogLevel::Warning => '#',
        };
        let mut line = format!("{}:M {} {mark} ", std::process::id(), timestamp()).into_bytes();
        line.extend_from_slice(message);
        line.push(b'\n');
        let _ = match &mut self.file {
            Some(file) => file.write_all(&line),
            None => io::stdout().lock().write_all(&line),
        };
    }
}

/// Now, in UTC: `22 Nov 2026 15:37:44.123`.
fn timestamp() -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let month = MONTHS[month];
    format!("{day:02} {month} {year} {hour:02}:{minute:02}:{second:02}.{millis:03}")
}

/// Year, month (from 0) and day (from 1) of a day since 1970.
fn civil_date(days: u64) -> (u64, usize, u64) {
    // Eras of 400 years begin on 1 March, so that leap days come last.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    (year, usize::try_from((month + 2) % 12).unwrap_or(0), day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(civil_date(0), (1970, 0, 1));
        assert_eq!(civil_date(11_016), (2000, 1, 29));
        assert_eq!(civil_date(20_779), (2026, 10, 22));
    }
}
