//! What a suite did: counts, the reasons of skips, and the last line people and scripts read.
//! Knows nothing of how a suite runs.

use std::fmt;

/// The outcome of one suite or of several added up.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: usize,
    /// Names of the failed cases; the details were printed when they failed.
    pub(crate) failures: Vec<String>,
    pub(crate) skipped: usize,
    /// Why cases were skipped, and how to get what they need; one line per reason.
    pub(crate) skip_reasons: Vec<String>,
}

impl Summary {
    /// How many cases failed.
    pub(crate) fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Counts one more case that passed.
    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }

    /// Counts a failed case and keeps its name for the list at the end.
    pub(crate) fn fail(&mut self, name: impl Into<String>) {
        self.failures.push(name.into());
    }

    /// Counts `n_cases` skipped cases; equal reasons are listed once.
    pub(crate) fn skip(&mut self, n_cases: usize, reason: impl Into<String>) {
        self.skipped += n_cases;
        let reason = reason.into();
        if !self.skip_reasons.contains(&reason) {
            self.skip_reasons.push(reason);
        }
    }

    /// Adds what another suite did.
    pub(crate) fn add(&mut self, other: Summary) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        if other.skipped > 0 || !other.skip_reasons.is_empty() {
            self.skipped += other.skipped;
            for reason in other.skip_reasons {
                self.skip(0, reason);
            }
        }
    }

    /// No case failed; skips alone are a success.
    pub(crate) fn is_success(&self) -> bool {
        self.failures.is_empty()
    }

    /// Counts on one line: `1 passed, 0 failed, 2 skipped`.
    pub(crate) fn counts(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed,
            self.failed(),
            self.skipped
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.failures {
            writeln!(f, "failed: {name}")?;
        }
        for reason in &self.skip_reasons {
            writeln!(f, "skipped: {reason}")?;
        }
        writeln!(f, "{}", self.counts())
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn adds_up_and_prints_the_plain_last_line() {
        let mut all = Summary::default();
        all.pass();
        all.skip(2, "no lua5.1: apt-get install lua5.1");
        let mut other = Summary::default();
        other.fail("lua/2.2/arith");
        other.skip(1, "no lua5.1: apt-get install lua5.1");
        all.add(other);
        assert_eq!(
            all.to_string(),
            "failed: lua/2.2/arith\n\
             skipped: no lua5.1: apt-get install lua5.1\n\
             1 passed, 1 failed, 3 skipped\n"
        );
    }
}
