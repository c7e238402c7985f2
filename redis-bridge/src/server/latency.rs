//! Events that took long (`latency-monitor-threshold`), as `LATENCY` shows them.

use std::collections::BTreeMap;

/// One moment at which something took long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, in seconds since 1970.
    pub unix_s: u64,
    /// How long, in milliseconds.
    pub ms: u64,
}

/// The samples of one kind of event.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The last ones, oldest first.
    pub samples: Vec<Sample>,
    /// The longest ever, in milliseconds.
    pub max_ms: u64,
}

/// All series, by the name of the event.
#[derive(Debug, Default)]
pub struct LatencyMonitor {
    series: BTreeMap<&'static str, Series>,
}

impl LatencyMonitor {
    /// Samples that a series keeps.
    const MAX_SAMPLES: usize = 160;

    /// Something took so long. Samples of one second are one, that of the longest.
    pub fn add(&mut self, event: &'static str, unix_s: u64, ms: u64) {
        let series = self.series.entry(event).or_default();
        series.max_ms = series.max_ms.max(ms);
        match series.samples.last_mut() {
            Some(last) if last.unix_s == unix_s => last.ms = last.ms.max(ms),
            _ => {
                if series.samples.len() == Self::MAX_SAMPLES {
                    series.samples.remove(0);
                }
                series.samples.push(Sample { unix_s, ms });
            }
        }
    }

    /// The series of an event.
    #[must_use]
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        let name = std::str::from_utf8(event).ok()?;
        self.series.get(name)
    }

    /// All series.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Series)> {
        self.series.iter().map(|(name, series)| (*name, series))
    }

    /// Forgets these events, or all if none is named; returns how many there were.
    pub fn reset(&mut self, events: &[&[u8]]) -> usize {
        let n_before = self.series.len();
        let is_named = |name: &str| events.is_empty() || events.contains(&name.as_bytes());
        self.series.retain(|name, _| !is_named(name));
        n_before - self.series.len()
    }
}

/// How often something took how long, in classes that double.
#[derive(Clone, Copy, Debug, Default)]
pub struct Histogram {
    counts: [u64; Self::N_CLASSES],
}

impl Histogram {
    const N_CLASSES: usize = 24;
    /// The upper end of the first class, in nanoseconds.
    const FIRST_NS: u64 = 1024;

    /// Counts one that took so many nanoseconds.
    pub fn add(&mut self, ns: u64) {
        let class = (ns.saturating_sub(1) / Self::FIRST_NS).checked_ilog2();
        let class = class.map_or(0, |log| log as usize + 1);
        self.counts[class.min(Self::N_CLASSES - 1)] += 1;
    }

    /// What so many percent took no longer than, in microseconds: the upper end of a class.
    #[must_use]
    pub fn percentile_us(&self, percent: f64) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let wanted = ((percent / 100.0) * total as f64 + 0.5).max(1.0) as u64;
        let mut sum = 0;
        let class = self.counts.iter().position(|n| {
            sum += n;
            sum >= wanted
        });
        class.map_or(0.0, |class| (Self::FIRST_NS << class) as f64 / 1000.0)
    }

    /// Upper ends of classes in microseconds, each with how many took no longer; classes
    /// that add nothing are left out.
    #[must_use]
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut sum = 0;
        let classes = self.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        let end_us = |class: usize| {
            let ns = Self::FIRST_NS << class;
            // Redis's histogram has two digits, and says the largest value it takes for
            // the same.
            let slack = if class > 4 { ns >> 7 } else { 0 };
            (ns + slack) / 1000
        };
        classes
            .map(|(class, n)| {
                sum += n;
                (end_us(class), sum)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_double() {
        let mut histogram = Histogram::default();
        for ns in [0, 1024, 1025, 2048, 2049, 33_000, 10_000_000] {
            histogram.add(ns);
        }
        let expected = [(1, 2), (2, 4), (4, 5), (66, 6), (16_908, 7)];
        assert_eq!(histogram.cumulative(), expected);
        let percentiles = [0.0, 50.0, 80.0, 100.0].map(|p| histogram.percentile_us(p));
        assert_eq!(percentiles, [1.024, 2.048, 65.536, 16_777.216]);
        assert_eq!(Histogram::default().percentile_us(50.0), 0.0);
    }

    #[test]
    fn a_second_has_one_sample() {
        let mut monitor = LatencyMonitor::default();
        for (unix_s, ms) in [(5, 10), (5, 30), (5, 20), (6, 1)] {
            monitor.add("command", unix_s, ms);
        }
        let series = monitor.get(b"command").expect("a series");
        let samples: Vec<_> = series.samples.iter().map(|it| (it.unix_s, it.ms)).collect();
        assert_eq!((samples, series.max_ms), (vec![(5, 30), (6, 1)], 30));
        assert_eq!(monitor.reset(&[b"x"]), 0);
        assert_eq!(monitor.reset(&[]), 1);
    }
}
